//! A picture as columns: every table of a scene by name.

use serde_json::{Map, Value, json};

use super::Lens;
use super::pack::Packer;
use super::scene::{CellRow, Picture, Rect};
use super::size::{CELL, PITCH};

fn signed(row: Option<usize>) -> i32 {
    row.and_then(|row| i32::try_from(row).ok()).unwrap_or(-1)
}

fn plain(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

/// Where the rows of a table stand, a column for each number.
fn rects<'a>(p: &mut Packer, [x, y, w, h]: [&'static str; 4], rows: impl Iterator<Item = &'a Rect> + Clone) {
    p.f32(x, rows.clone().map(|rect| rect.x as f32));
    p.f32(y, rows.clone().map(|rect| rect.y as f32));
    p.f32(w, rows.clone().map(|rect| rect.w as f32));
    p.f32(h, rows.map(|rect| rect.h as f32));
}

impl Picture {
    pub(super) fn pack(&self, lens: Lens, revision: u32) -> Vec<u8> {
        let mut p = Packer::for_texts(2 * (self.cells.len() + self.houses.len() + self.cases.len()));
        let districts = &self.districts;
        if !districts.is_empty() {
            p.table("districts", districts.len());
            rects(
                &mut p,
                ["districts.x", "districts.y", "districts.w", "districts.h"],
                districts.iter().map(|d| &d.rect),
            );
            p.text("districts.id", districts.iter().map(|d| d.id.as_str()));
            p.text("districts.name", districts.iter().map(|d| d.name.as_str()));
            p.text("districts.why", districts.iter().map(|d| d.why.as_str()));
            p.u8("districts.flags", districts.iter().map(|d| d.flags));
        }
        let blocks = &self.blocks;
        p.table("blocks", blocks.len());
        rects(&mut p, ["blocks.x", "blocks.y", "blocks.w", "blocks.h"], blocks.iter().map(|b| &b.rect));
        p.text("blocks.id", blocks.iter().map(|b| b.id.as_str()));
        p.text("blocks.name", blocks.iter().map(|b| b.name.as_str()));
        p.text("blocks.why", blocks.iter().map(|b| b.why.as_str()));
        p.u8("blocks.health", blocks.iter().map(|b| b.health));
        p.u8("blocks.flags", blocks.iter().map(|b| b.flags));
        p.u32("blocks.pods", blocks.iter().map(|b| b.pods));
        p.u32("blocks.firing", blocks.iter().map(|b| b.firing));
        let houses = &self.houses;
        p.table("houses", houses.len());
        rects(&mut p, ["houses.x", "houses.y", "houses.w", "houses.h"], houses.iter().map(|h| &h.rect));
        p.text("houses.id", houses.iter().map(|h| h.id.as_str()));
        p.text("houses.name", houses.iter().map(|h| h.name.as_str()));
        p.text("houses.kind", houses.iter().map(|h| h.kind.as_str()));
        p.text("houses.badge", houses.iter().map(|h| h.badge.as_str()));
        p.i32("houses.block", houses.iter().map(|h| signed(Some(h.block))));
        p.u8("houses.health", houses.iter().map(|h| h.health));
        p.u8("houses.flags", houses.iter().map(|h| h.flags));
        p.u32("houses.cell_from", houses.iter().map(|h| plain(h.cell_from)));
        p.u32("houses.cell_count", houses.iter().map(|h| plain(h.cell_count)));
        let cells = &self.cells;
        let name_of = |cell: &CellRow| self.names.get(cell.name.clone()).unwrap_or_default();
        p.table("cells", cells.len());
        p.f32("cells.x", cells.iter().map(|c| c.x as f32));
        p.f32("cells.y", cells.iter().map(|c| c.y as f32));
        p.i32("cells.house", cells.iter().map(|c| signed(Some(c.house))));
        p.u8("cells.health", cells.iter().map(|c| c.health));
        p.u8("cells.flags", cells.iter().map(|c| c.flags));
        p.spelled("cells.id", cells, |c, out| {
            let Some(house) = houses.get(c.house) else { return };
            let namespace = c.namespace.as_ref().unwrap_or(&house.namespace);
            for part in [&house.cluster, "//Pod/", namespace, "/", name_of(c)] {
                out.push_str(part);
            }
        });
        p.text("cells.name", cells.iter().map(name_of));
        p.shared("cells.place", cells.iter().map(|c| &c.place));
        let streets = &self.streets;
        p.table("streets", streets.len());
        p.i32("streets.from", streets.iter().map(|s| signed(Some(s.from))));
        p.i32("streets.to", streets.iter().map(|s| signed(Some(s.to))));
        p.u32("streets.load", streets.iter().map(|s| s.load));
        p.u8("streets.health", streets.iter().map(|s| s.health));
        p.u8("streets.flags", streets.iter().map(|s| s.flags));
        if streets.iter().any(|street| street.verdict != 0) {
            p.u8("streets.verdict", streets.iter().map(|s| s.verdict));
        }
        let starts = streets.iter().scan(0, |from, street| {
            let start = *from;
            *from += plain(street.line.len());
            Some(start)
        });
        p.u32("streets.point_from", starts);
        p.u32("streets.point_count", streets.iter().map(|s| plain(s.line.len())));
        p.table("points", streets.iter().map(|s| s.line.len()).sum());
        p.f32("points.x", streets.iter().flat_map(|s| &s.line).map(|(x, _)| *x as f32));
        p.f32("points.y", streets.iter().flat_map(|s| &s.line).map(|(_, y)| *y as f32));
        let cases = &self.cases;
        p.table("cases", cases.len());
        p.text("cases.alert", cases.iter().map(|c| c.alert.as_str()));
        p.text("cases.name", cases.iter().map(|c| c.name.as_str()));
        p.u8("cases.severity", cases.iter().map(|c| c.severity));
        p.u8("cases.state", cases.iter().map(|c| c.state));
        p.u8("cases.told", cases.iter().map(|c| c.told));
        p.i32("cases.house", cases.iter().map(|c| signed(c.house)));
        p.i32("cases.block", cases.iter().map(|c| signed(c.block)));
        let Rect { x, y, w, h } = self.bounds;
        let mut header: Map<String, Value> = Map::new();
        header.insert("revision".to_owned(), json!(revision));
        header.insert("lens".to_owned(), json!(lens));
        header.insert("bounds".to_owned(), json!([x, y, w, h]));
        header.insert("cell".to_owned(), json!(CELL));
        header.insert("pitch".to_owned(), json!(PITCH));
        header.insert("tray".to_owned(), json!(self.tray));
        p.finish(header)
    }
}
