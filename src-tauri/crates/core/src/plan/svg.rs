//! The plan as a picture for documents: self-contained SVG on a light ground, its text as text.

use std::fmt::Write;

use super::districts::DistrictRow;
use super::rows::{BlockRow, CellRow, HouseRow, Picture, Rect, StreetRow};
use super::size::CELL;
use super::{Lens, Plan};
use crate::alerts::Placed;
use crate::world::World;

/// Colours of the light theme.
mod ink {
    pub const CANVAS: &str = "#ece5d5";
    pub const BLOCK: &str = "#f8f4ea";
    pub const BLOCK_LINE: &str = "#57503f";
    pub const ENGRAVE: &str = "#a89d86";
    pub const HOUSE: &str = "#fffdf8";
    pub const HOUSE_LINE: &str = "#8d836c";
    pub const STREET: &str = "#837a66";
    pub const LABEL: &str = "#3a372f";
    pub const INK: &str = "#1d1b18";
    pub const FAINT: &str = "#696456";
    pub const WELL: &str = "#6f9a8f";
    pub const WELL_TEXT: &str = "#2f665c";
    pub const REST: &str = "#b5a98f";
    pub const UNKNOWN: &str = "#99917f";
    pub const WARN: &str = "#c37a06";
    pub const WARN_TEXT: &str = "#865100";
    pub const CRIT: &str = "#bf2a16";
    pub const CRIT_TEXT: &str = "#a82312";
    pub const CRIT_INK: &str = "#ffffff";
    pub const CONTAINED: &str = "#6443c4";
}

/// Draws a lens of the plan as SVG.
#[must_use]
pub fn svg(world: &World, plan: &Plan, placed: &Placed, lens: Lens) -> String {
    let picture = Picture::of(world, plan, placed, lens, &[]);
    let mut out = String::new();
    draw(&picture, &mut out);
    out
}

/// Text as XML wants it.
fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

/// What fires at each house: how many, and the worst severity.
fn heat(picture: &Picture) -> Vec<(u32, u8)> {
    let mut heat = vec![(0, 0); picture.starts().houses()];
    for case in picture.cases.iter().filter(|case| case.state == 0 && case.severity >= 2) {
        if let Some((n, worst)) = case.house.and_then(|house| heat.get_mut(house)) {
            *n += 1;
            *worst = (*worst).max(case.severity);
        }
    }
    heat
}

/// The worse of a house's own health and what fires at it.
fn verdict(house: &HouseRow, worst: u8) -> u8 {
    house.health.max(match worst {
        3 => 6,
        2 => 5,
        _ => 0,
    })
}

fn draw(picture: &Picture, out: &mut String) {
    let Rect { x, y, w, h } = picture.bounds;
    let (w, h) = (w.max(1), h.max(1));
    let _ = write!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"{x} {y} {w} {h}\" width=\"{w}\" height=\"{h}\" \
         font-family=\"IBM Plex Mono, ui-monospace, DejaVu Sans Mono, monospace\">\n<title>{}</title>\n\
         <defs><pattern id=\"hatch\" width=\"4\" height=\"4\" patternUnits=\"userSpaceOnUse\">\
         <path d=\"M0 4L4 0\" stroke=\"{}\" stroke-width=\"1\"/></pattern></defs>\n\
         <rect x=\"{x}\" y=\"{y}\" width=\"{w}\" height=\"{h}\" fill=\"{}\"/>\n",
        plain(&title(picture)),
        ink::UNKNOWN,
        ink::CANVAS,
    );
    let heat = heat(picture);
    for district in &picture.districts {
        draw_district(district, out);
    }
    for block in &picture.blocks {
        let Rect { x, y, w, h } = block.rect;
        let _ = writeln!(
            out,
            "<rect x=\"{x}.5\" y=\"{y}.5\" width=\"{}\" height=\"{}\" rx=\"3\" fill=\"{}\" stroke=\"{}\"/>\
             <rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" rx=\"1.5\" fill=\"none\" stroke=\"{}\" stroke-width=\"0.7\"/>",
            w - 1,
            h - 1,
            ink::BLOCK,
            ink::BLOCK_LINE,
            x + 3,
            y + 3,
            w - 6,
            h - 6,
            ink::ENGRAVE,
        );
        if block.flags != 0 {
            let _ = writeln!(
                out,
                "<rect x=\"{x}\" y=\"{y}\" width=\"{w}\" height=\"{h}\" fill=\"url(#hatch)\" opacity=\"0.35\"/>"
            );
        }
    }
    // Quiet streets first, those between two houses in trouble last.
    let troubled: Vec<bool> =
        picture.houses().zip(&heat).map(|((_, house), (_, worst))| verdict(house, *worst) >= 5).collect();
    let is_troubled = |row: usize| troubled.get(row).copied().unwrap_or_default();
    let hot = |street: &StreetRow| is_troubled(street.from) && is_troubled(street.to);
    for street in picture.streets.iter().filter(|street| !hot(street)) {
        draw_street(street, ink::STREET, 1.3, out);
    }
    for street in picture.streets.iter().filter(|street| hot(street)) {
        draw_street(street, ink::CRIT, 2.4, out);
    }
    for block in &picture.blocks {
        let Rect { x, y, w, .. } = block.rect;
        let _ = writeln!(
            out,
            "<text x=\"{}\" y=\"{}\" font-size=\"12\" font-weight=\"600\" fill=\"{}\" stroke=\"{}\" stroke-width=\"3\" \
             paint-order=\"stroke\">{}</text>",
            x + 12,
            y + 19,
            ink::LABEL,
            ink::BLOCK,
            plain(&block.name),
        );
        let colour = match (block.firing, block.health) {
            (0, ..=4) => ink::FAINT,
            (_, 6) => ink::CRIT_TEXT,
            _ => ink::WARN_TEXT,
        };
        let fire = if block.firing > 0 { format!("{} firing, ", block.firing) } else { String::new() };
        let _ = writeln!(
            out,
            "<text x=\"{}\" y=\"{}\" font-size=\"10.5\" text-anchor=\"end\" fill=\"{colour}\" stroke=\"{}\" \
             stroke-width=\"3\" paint-order=\"stroke\">{fire}{} pods</text>",
            x + w - 12,
            y + 19,
            ink::BLOCK,
            block.cells(),
        );
    }
    for ((block, house), (_, worst)) in picture.houses().zip(&heat) {
        draw_house(block, house, *worst, out);
    }
    draw_cases(picture, out);
    out.push_str("</svg>\n");
}

/// The ground of a cluster with its name, and what is wrong with it.
fn draw_district(district: &DistrictRow, out: &mut String) {
    let Rect { x, y, w, h } = district.rect;
    let line = if district.flags == 0 { "" } else { " stroke-dasharray=\"8 6\"" };
    let _ = writeln!(
        out,
        "<rect x=\"{x}\" y=\"{y}\" width=\"{w}\" height=\"{h}\" rx=\"6\" fill=\"none\" stroke=\"{}\" \
         stroke-width=\"2\"{line}/><text x=\"{}\" y=\"{}\" font-size=\"26\" font-weight=\"600\" fill=\"{}\">{}</text>",
        ink::ENGRAVE,
        x + 18,
        y + 36,
        ink::LABEL,
        plain(&district.name),
    );
    if !district.why.is_empty() {
        let _ = writeln!(
            out,
            "<text x=\"{}\" y=\"{}\" font-size=\"12\" fill=\"{}\">{}</text>",
            x + 18,
            y + 56,
            ink::FAINT,
            plain(&district.why),
        );
    }
}

fn title(picture: &Picture) -> String {
    let firing = picture.cases.iter().filter(|case| case.state == 0).count();
    format!(
        "{} blocks, {} houses, {} pods, {firing} alerts firing, {} without an address",
        picture.blocks.len(),
        picture.houses().count(),
        picture.cells(),
        picture.tray
    )
}

fn draw_street(street: &StreetRow, colour: &str, width: f32, out: &mut String) {
    // As on the screen: declared is a line, only seen a dashed one, both a broad one.
    let (width, dashes) = match (street.is_declared(), street.is_observed()) {
        (false, true) => (width, " stroke-dasharray=\"5 3.5\""),
        (true, true) => (width * 1.8, ""),
        _ => (width, ""),
    };
    let mut points = String::new();
    for (x, y) in street.line.iter() {
        let _ = write!(points, "{x},{y} ");
    }
    let _ = writeln!(
        out,
        "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"{width}\"{dashes} stroke-linejoin=\"round\"/>",
        points.trim_end()
    );
    // Every street arrives at the left wall of a house.
    if let Some((x, y)) = street.line.last() {
        let _ = writeln!(out, "<path d=\"M{x} {y}l-6 -3.4v6.8z\" fill=\"{colour}\"/>");
    }
}

fn draw_house(block: &BlockRow, house: &HouseRow, worst: u8, out: &mut String) {
    let Rect { x, y, w, h } = house.rect.from(block.rect.corner());
    let own = verdict(house, worst);
    let (line, width) = match own {
        _ if house.flags & 1 != 0 => (ink::CONTAINED, "2"),
        6 => (ink::CRIT, "1.5"),
        5 => (ink::WARN, "1.5"),
        _ => (ink::HOUSE_LINE, "1"),
    };
    if house.flags & 1 != 0 {
        // Contained: the corner is cut off.
        let _ = write!(
            out,
            "<path d=\"M{x}.5 {y}.5h{}l10 10v{}h-{}z\" fill=\"{}\" stroke=\"{line}\" stroke-width=\"{width}\"/>",
            w - 11,
            h - 11,
            w - 1,
            ink::HOUSE,
        );
    } else {
        let _ = write!(
            out,
            "<rect x=\"{x}.5\" y=\"{y}.5\" width=\"{}\" height=\"{}\" rx=\"2\" fill=\"{}\" stroke=\"{line}\" stroke-width=\"{width}\"/>",
            w - 1,
            h - 1,
            ink::HOUSE,
        );
    }
    if own == 4 || house.flags & 6 != 0 {
        let _ = write!(
            out,
            "<rect x=\"{x}.5\" y=\"{}.5\" width=\"{}\" height=\"{}\" fill=\"url(#hatch)\" stroke=\"{}\"/>",
            y + 17,
            w - 1,
            h - 18,
            ink::UNKNOWN,
        );
    }
    // As on the screen: the left wall is solid where it fails, its lower half where it is degraded.
    let wall = match own {
        6 => Some((y, h, ink::CRIT)),
        5 => Some((y + h / 2, h - h / 2, ink::WARN)),
        _ => None,
    };
    if let Some((y, h, colour)) = wall {
        let _ = write!(out, "<rect x=\"{x}\" y=\"{y}\" width=\"4\" height=\"{h}\" fill=\"{colour}\"/>");
    }
    let letters = usize::try_from((w - 12) / 6).unwrap_or(1);
    let (weight, colour) = if own >= 5 { (600, ink::INK) } else { (400, ink::LABEL) };
    let _ = writeln!(
        out,
        "<text x=\"{}\" y=\"{}\" font-size=\"10.5\" font-weight=\"{weight}\" fill=\"{colour}\">{}</text>",
        x + 7,
        y + 14,
        plain(&shortened(&house.key.name, letters)),
    );
    if house.health == 4 {
        return; // the hatching says it for all its pods
    }
    for CellRow { x: dx, y: dy, health, flags, .. } in house.cells.iter() {
        draw_cell(x + dx, y + dy, *health, *flags, out);
    }
    out.push('\n');
}

fn shortened(name: &str, most: usize) -> String {
    let letters: Vec<char> = name.chars().collect();
    if letters.len() <= most {
        return name.to_owned();
    }
    let head = most.saturating_sub(1).div_ceil(2);
    let tail = most.saturating_sub(1) - head;
    letters.iter().take(head).chain(&['…']).chain(letters.iter().skip(letters.len() - tail)).collect()
}

fn draw_cell(x: i32, y: i32, health: u8, flags: u8, out: &mut String) {
    let full = |fill: &str| format!("<rect x=\"{x}\" y=\"{y}\" width=\"{CELL}\" height=\"{CELL}\" fill=\"{fill}\"/>");
    let hollow = |fill: &str, stroke: &str, more: &str| {
        let edge = CELL - 1;
        format!(
            "<rect x=\"{x}.5\" y=\"{y}.5\" width=\"{edge}\" height=\"{edge}\" fill=\"{fill}\" stroke=\"{stroke}\"{more}/>"
        )
    };
    let cross =
        format!("<path d=\"M{} {}l4 4m0 -4l-4 4\" stroke=\"{}\" stroke-width=\"1.3\"/>", x + 2, y + 2, ink::CRIT_INK);
    let lower = format!("<path d=\"M{x} {}v-7l7 7z\" fill=\"{}\"/>", y + CELL, ink::WARN);
    let drawn = match health {
        6 => full(ink::CRIT) + &cross,
        5 => hollow("none", ink::WARN, "") + &lower,
        3 => hollow("none", ink::WELL_TEXT, " stroke-dasharray=\"2 1.4\""),
        2 => full(ink::WELL),
        1 => hollow("none", ink::REST, ""),
        _ => hollow("url(#hatch)", ink::UNKNOWN, ""),
    };
    if flags & 1 == 0 {
        out.push_str(&drawn);
        return;
    }
    // Contained: the corner is cut off; what it holds says its state as elsewhere, and what starts has a dot.
    let edge = f64::from(CELL) - 3.5;
    let wall = format!("M{x}.5 {y}.5h{edge}l2.5 2.5v{edge}h-{}z", CELL - 1);
    let (running, held) = match health {
        6 => (ink::CRIT, cross),
        5 => ("none", lower),
        3 => {
            let dot =
                format!("<rect x=\"{}\" y=\"{}\" width=\"2\" height=\"2\" fill=\"{}\"/>", x + 3, y + 3, ink::WELL_TEXT);
            ("none", dot)
        }
        2 => (ink::WELL, String::new()),
        1 => ("none", String::new()),
        _ => ("url(#hatch)", String::new()),
    };
    let _ = write!(
        out,
        "<path d=\"{wall}\" fill=\"{running}\"/>{held}<path d=\"{wall}\" fill=\"none\" stroke=\"{}\" stroke-width=\"1.4\"/>",
        ink::CONTAINED
    );
}

/// Bars beside the doors, one a case; at most six, the last then says how many more there are.
fn draw_cases(picture: &Picture, out: &mut String) {
    const PILE: usize = 6;
    for (row, (block, house)) in picture.houses().enumerate() {
        let rect = house.rect.from(block.rect.corner());
        let mut pile: Vec<_> = picture.cases.iter().filter(|case| case.house == Some(row)).collect();
        pile.sort_by(|a, b| (b.severity, a.state, &a.alert).cmp(&(a.severity, b.state, &b.alert)));
        let shown = if pile.len() > PILE { PILE - 1 } else { pile.len() };
        let x = rect.x + rect.w + 5;
        let door = rect.y + rect.h - 10;
        for (at, case) in pile.iter().take(shown).enumerate() {
            let y = door - 13 - i32::try_from(at).unwrap_or(0) * 10;
            draw_bar(x, y, case.severity, case.state, &case.name, out);
        }
        if shown < pile.len() {
            let y = door - 6 - i32::try_from(shown).unwrap_or(0) * 10;
            let _ = writeln!(
                out,
                "<text x=\"{x}\" y=\"{y}\" font-size=\"10\" font-weight=\"600\" fill=\"{}\">+{}</text>",
                ink::LABEL,
                pile.len() - shown
            );
        }
    }
}

/// One alert: long with a notched tail, short, or square; firing solid, pending dashed, silenced hollow, inhibited struck
/// through, resolved low.
fn draw_bar(x: i32, y: i32, severity: u8, state: u8, name: &str, out: &mut String) {
    let (w, colour) = match severity {
        3 => (20, ink::CRIT),
        2 => (12, ink::WARN),
        _ => (7, ink::FAINT),
    };
    let look = match state {
        0 => format!("fill=\"{colour}\""),
        1 => format!("fill=\"none\" stroke=\"{colour}\" stroke-dasharray=\"2 1.4\""),
        4 => format!("fill=\"{colour}\" opacity=\"0.5\""),
        _ => format!("fill=\"none\" stroke=\"{}\"", ink::FAINT),
    };
    let path = match (state, severity) {
        (4, _) => format!("M{x} {}h{w}v2h-{w}z", y + 5),
        (_, 3) => format!("M{x} {y}h{w}l-3 3.5l3 3.5h-{w}z"),
        _ => format!("M{x} {y}h{w}v7h-{w}z"),
    };
    let _ = writeln!(out, "<path d=\"{path}\" {look}><title>{}</title></path>", plain(name));
    if state == 3 {
        let _ = writeln!(out, "<path d=\"M{x} {y}m0 3.5h{}\" stroke=\"{}\"/>", w - 3, ink::FAINT);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{draw_bar, draw_cell};

    /// What is drawn, in one ink.
    fn in_one_ink(draw: impl FnOnce(&mut String)) -> String {
        let mut out = String::new();
        draw(&mut out);
        let mut parts = out.split('#');
        let first = parts.next().unwrap_or_default().to_owned();
        // A colour has six digits; the address of the hatch stays.
        parts.fold(first, |text, part| {
            let is_colour = part.get(..6).is_some_and(|head| head.bytes().all(|it| it.is_ascii_hexdigit()));
            text + "#" + if is_colour { part.get(6..).unwrap_or_default() } else { part }
        })
    }

    #[test]
    fn every_state_and_every_alert_of_the_saved_drawing_has_a_shape_of_its_own() {
        let pods: BTreeSet<String> = (1..=6)
            .flat_map(|health| [(health, 0), (health, 1)])
            .map(|(health, flags)| in_one_ink(|out| draw_cell(0, 0, health, flags, out)))
            .collect();
        assert_eq!(pods.len(), 12);
        let bars: BTreeSet<String> = (1..=3)
            .flat_map(|severity| (0..=4).map(move |state| (severity, state)))
            .map(|(severity, state)| in_one_ink(|out| draw_bar(0, 0, severity, state, "", out)))
            .collect();
        assert_eq!(bars.len(), 15);
    }
}
