//! What is sent of a picture: all of it, or how its tables come from those of the picture before. In columns, each table by
//! name.

use serde_json::{Map, Value, json};

use super::Lens;
use super::districts::DistrictRow;
use super::pack::Packer;
use super::rows::{BlockRow, CaseRow, CellRow, HouseRow, Picture, Rect, StreetRow};
use super::size::{CELL, PITCH};
use super::weave::Weave;
use crate::time::Moment;

/// A picture with what of it is new to whoever holds the one before.
pub(super) struct Sheet<'p> {
    pub picture: &'p Picture,
    pub districts: Table<&'p DistrictRow>,
    pub blocks: Table<&'p BlockRow>,
    pub houses: Table<&'p HouseRow>,
    pub cells: Table<(&'p HouseRow, &'p CellRow)>,
    pub streets: Table<&'p StreetRow>,
    pub cases: Table<&'p CaseRow>,
}

/// How a table comes from the one before, and its new rows.
pub(super) struct Table<R> {
    pub weave: Weave,
    pub fresh: Vec<R>,
    /// Which rows of the table before the new ones are in the place of, where others name rows of it.
    pub was: Vec<Option<usize>>,
    /// Whether nothing of it differs.
    pub is_same: bool,
}

impl<R> Table<R> {
    /// All of its rows are new.
    pub fn whole(rows: impl IntoIterator<Item = R>) -> Self {
        let fresh: Vec<R> = rows.into_iter().collect();
        Self { weave: Weave::fresh_all(fresh.len()), fresh, was: Vec::new(), is_same: false }
    }

    /// Those of its rows that a weave of so many rows before has new.
    pub fn woven(weave: Weave, fresh: Vec<R>, before: usize) -> Self {
        let is_same = weave.is_same(before);
        Self { weave, fresh, was: Vec::new(), is_same }
    }
}

/// What a sheet says of itself.
pub(super) struct Title<'a> {
    pub mark: &'a str,
    /// The mark of the picture before; none where all of it is sent.
    pub base: Option<&'a str>,
    pub revision: u32,
    pub lens: Lens,
    /// Whether streets tell what the network policies are predicted to do.
    pub policies: bool,
    /// When it was drawn, where that was for a recording.
    pub drawn: Option<Moment>,
}

fn signed(row: Option<usize>) -> i32 {
    row.and_then(|row| i32::try_from(row).ok()).unwrap_or(-1)
}

fn plain(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

fn short(n: i32) -> u16 {
    u16::try_from(n).unwrap_or(u16::MAX)
}

/// The names of the four columns of rectangles.
type Rects = [&'static str; 4];

fn rects<'a>(p: &mut Packer, [x, y, w, h]: Rects, rows: impl Iterator<Item = &'a Rect> + Clone) {
    p.f32(x, rows.clone().map(|rect| rect.x as f32));
    p.f32(y, rows.clone().map(|rect| rect.y as f32));
    p.f32(w, rows.clone().map(|rect| rect.w as f32));
    p.f32(h, rows.map(|rect| rect.h as f32));
}

impl<'p> Sheet<'p> {
    /// All of a picture.
    pub fn whole(picture: &'p Picture) -> Self {
        let cells = picture.houses().flat_map(|(_, house)| house.cells.iter().map(move |cell| (house, cell)));
        Self {
            picture,
            districts: Table::whole(&picture.districts),
            blocks: Table::whole(&picture.blocks),
            houses: Table::whole(picture.houses().map(|(_, house)| house)),
            cells: Table::whole(cells),
            streets: Table::whole(&picture.streets),
            cases: Table::whole(&picture.cases),
        }
    }

    /// As the bytes the screen reads.
    pub fn pack(&self, title: &Title<'_>) -> Vec<u8> {
        let mut p = Packer::for_texts(self.houses.fresh.len() + 2 * self.cases.fresh.len() + 64);
        self.pack_districts(&mut p);
        self.pack_blocks(&mut p);
        self.pack_houses(&mut p);
        self.pack_cells(&mut p, title.lens);
        self.pack_streets(&mut p, title.policies);
        self.pack_cases(&mut p);
        let Rect { x, y, w, h } = self.picture.bounds;
        let mut header: Map<String, Value> = Map::new();
        header.insert("mark".to_owned(), json!(title.mark));
        header.insert("base".to_owned(), json!(title.base));
        header.insert("revision".to_owned(), json!(title.revision));
        header.insert("lens".to_owned(), json!(title.lens));
        header.insert("bounds".to_owned(), json!([x, y, w, h]));
        header.insert("cell".to_owned(), json!(CELL));
        header.insert("pitch".to_owned(), json!(PITCH));
        header.insert("tray".to_owned(), json!(self.picture.tray));
        if let Some(drawn) = title.drawn {
            header.insert("drawn".to_owned(), json!(drawn));
        }
        p.finish(header)
    }

    fn pack_districts(&self, p: &mut Packer) {
        let rows = || self.districts.fresh.iter();
        p.table("districts", "districts.kept", &self.districts.weave, self.districts.is_same);
        if self.districts.fresh.is_empty() || self.districts.is_same {
            return;
        }
        rects(p, ["districts.x", "districts.y", "districts.w", "districts.h"], rows().map(|d| &d.rect));
        p.text("districts.id", rows().map(|d| d.id.as_str()));
        p.text("districts.name", rows().map(|d| d.name.as_str()));
        p.text("districts.why", rows().map(|d| d.why.as_str()));
        p.u8("districts.flags", rows().map(|d| d.flags));
    }

    fn pack_blocks(&self, p: &mut Packer) {
        let rows = || self.blocks.fresh.iter();
        p.table("blocks", "blocks.kept", &self.blocks.weave, self.blocks.is_same);
        if self.blocks.fresh.is_empty() {
            return;
        }
        rects(p, ["blocks.x", "blocks.y", "blocks.w", "blocks.h"], rows().map(|b| &b.rect));
        p.text("blocks.id", rows().map(|b| b.id.as_str()));
        p.text("blocks.name", rows().map(|b| b.name.as_str()));
        p.text("blocks.why", rows().map(|b| b.why.as_str()));
        p.u8("blocks.health", rows().map(|b| b.health));
        p.u8("blocks.flags", rows().map(|b| b.flags));
        p.u32("blocks.pods", rows().map(|b| plain(b.cells())));
        p.u32("blocks.firing", rows().map(|b| b.firing));
        p.u32("blocks.houses", rows().map(|b| plain(b.houses.len())));
        if !self.blocks.was.is_empty() {
            p.i32("blocks.was", self.blocks.was.iter().map(|was| signed(*was)));
        }
    }

    fn pack_houses(&self, p: &mut Packer) {
        let rows = || self.houses.fresh.iter();
        p.table("houses", "houses.kept", &self.houses.weave, self.houses.is_same);
        if self.houses.fresh.is_empty() {
            return;
        }
        rects(p, ["houses.x", "houses.y", "houses.w", "houses.h"], rows().map(|h| &h.rect));
        p.spelled("houses.id", rows(), |h, out| {
            for part in [&h.key.cluster, "/", &h.key.group, "/", &h.key.kind, "/", &h.key.namespace, "/", &h.key.name] {
                out.push_str(part);
            }
        });
        p.shared("houses.name", rows().map(|h| &h.key.name));
        p.shared("houses.kind", rows().map(|h| &h.key.kind));
        p.text("houses.badge", rows().map(|h| h.badge.as_str()));
        p.u8("houses.health", rows().map(|h| h.health));
        p.u8("houses.flags", rows().map(|h| h.flags));
        p.u32("houses.cells", rows().map(|h| plain(h.cell_count)));
        if !self.houses.was.is_empty() {
            p.i32("houses.was", self.houses.was.iter().map(|was| signed(*was)));
        }
    }

    fn pack_cells(&self, p: &mut Packer, lens: Lens) {
        let rows = || self.cells.fresh.iter();
        p.table("cells", "cells.kept", &self.cells.weave, self.cells.is_same);
        if self.cells.fresh.is_empty() {
            return;
        }
        p.u16("cells.x", rows().map(|(_, c)| short(c.x)));
        p.u16("cells.y", rows().map(|(_, c)| short(c.y)));
        p.u8("cells.health", rows().map(|(_, c)| c.health));
        p.u8("cells.flags", rows().map(|(_, c)| c.flags));
        // Before the names, of which there are more or fewer with every pod: two scenes differ in fewer bytes.
        p.shared("cells.place", rows().map(|(_, c)| &c.place));
        p.names("cells.name", rows().map(|(_, c)| c.name.as_str()));
        if lens == Lens::Nodes {
            p.shared("cells.namespace", rows().map(|(h, c)| c.namespace.as_ref().unwrap_or(&h.key.namespace)));
        }
    }

    fn pack_streets(&self, p: &mut Packer, policies: bool) {
        let rows = || self.streets.fresh.iter();
        p.table("streets", "streets.kept", &self.streets.weave, self.streets.is_same);
        if self.streets.fresh.is_empty() {
            return;
        }
        p.i32("streets.from", rows().map(|s| signed(Some(s.from))));
        p.i32("streets.to", rows().map(|s| signed(Some(s.to))));
        p.u32("streets.load", rows().map(|s| s.load));
        p.u8("streets.health", rows().map(|s| s.health));
        p.u8("streets.flags", rows().map(|s| s.flags));
        if policies {
            p.u8("streets.verdict", rows().map(|s| s.verdict));
        }
        p.u32("streets.points", rows().map(|s| plain(s.line.len())));
        p.f32("points.x", rows().flat_map(|s| s.line.iter()).map(|(x, _)| *x as f32));
        p.f32("points.y", rows().flat_map(|s| s.line.iter()).map(|(_, y)| *y as f32));
    }

    fn pack_cases(&self, p: &mut Packer) {
        let rows = || self.cases.fresh.iter();
        p.table("cases", "cases.kept", &self.cases.weave, self.cases.is_same);
        if self.cases.fresh.is_empty() {
            return;
        }
        p.text("cases.alert", rows().map(|c| c.alert.as_str()));
        p.text("cases.name", rows().map(|c| c.name.as_str()));
        p.u8("cases.severity", rows().map(|c| c.severity));
        p.u8("cases.state", rows().map(|c| c.state));
        p.u8("cases.told", rows().map(|c| c.told));
        p.u32("cases.ended", rows().map(|c| c.ended));
        p.i32("cases.house", rows().map(|c| signed(c.house)));
        p.i32("cases.block", rows().map(|c| signed(c.block)));
    }
}
