//! Houses inside a block: columns from callers to called, with channels between the columns and gaps between the houses
//! for streets.

use rustc_hash::FxHashSet;
use serde::{Deserialize, Serialize};

use super::calls::Streets;
use super::{Block, House};

/// From the left wall of a block to its first channel's end.
const LEFT: i32 = 14;
/// From the upper wall to the first house: the name stands there.
const TOP: i32 = 36;
/// From the last house to the lower wall.
const LOW: i32 = 16;
/// Between two houses of a column: room for streets that pass.
pub(super) const GAP: i32 = 18;
/// Between two columns, and right of the last: room for bars beside the houses.
const CHANNEL: i32 = 36;
/// What each street adds to a channel.
const TRACK: i32 = 8;
/// Streets a channel makes room for; more of them run closer together.
const TRACKS: i32 = 8;
/// A block is never too wide for a screen on which its names can be read.
const SCREEN: i32 = 2400;
/// Width by height of a block laid out afresh, at most.
const SHAPE: f64 = 2.2;
/// Room for the name of a block, one letter.
const LETTER: f32 = 8.0;

/// A column of houses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Column {
    pub x: i32,
    pub w: i32,
}

/// Calls between the houses of a block, by number.
struct Web {
    pairs: Vec<(usize, usize)>,
    /// Who calls each house.
    callers: Vec<Vec<usize>>,
    /// Whether a house calls or is called.
    joined: Vec<bool>,
}

impl Web {
    fn callers(&self, at: usize) -> &[usize] {
        self.callers.get(at).map_or(&[], Vec::as_slice)
    }

    fn is_joined(&self, at: usize) -> bool {
        self.joined.get(at).copied().unwrap_or(false)
    }
}

impl Block {
    /// Lays every house out anew.
    pub(super) fn lay(&mut self, streets: &Streets<'_>) {
        let calls = streets.inside(&self.houses);
        self.lay_by(calls);
    }

    /// Lays every house out anew for calls between them, by number.
    fn lay_by(&mut self, calls: Vec<(usize, usize)>) {
        self.laid_for = self.houses.len();
        for house in &mut self.houses {
            house.measure();
        }
        let web = self.web(calls);
        let area: i64 = self.houses.iter().map(|house| i64::from(house.w + CHANNEL) * i64::from(house.h + GAP)).sum();
        let tallest = self.houses.iter().map(|house| house.h).max().unwrap_or(0);
        let target = ((area as f64 / SHAPE).sqrt() as i32).max(tallest);
        let layers = self.layers(&web);
        // Houses nobody in the block calls and that call nobody stand apart.
        let alone: Vec<usize> = (0..self.houses.len()).filter(|at| !web.is_joined(*at)).collect();
        let mut columns: Vec<Vec<usize>> = layers.iter().flat_map(|layer| self.split(layer, 2 * target)).collect();
        columns.extend(self.split(&alone, self.reach(&columns).max(target)));
        if self.is_too_wide(&columns, &web) {
            columns = self.wrapped(&layers.concat(), &alone, target, &web);
        }
        self.stand(&columns, &web);
    }

    /// Whether columns would be far wider than high, and wider than a screen.
    fn is_too_wide(&self, columns: &[Vec<usize>], web: &Web) -> bool {
        let channel = CHANNEL + TRACK * i32::try_from(web.pairs.len()).map_or(TRACKS, |streets| streets.min(TRACKS));
        let widest = |column: &Vec<usize>| column.iter().filter_map(|at| self.houses.get(*at)).map(|it| it.w).max();
        let wide: i64 = columns.iter().map(|column| i64::from(widest(column).unwrap_or(0) + channel)).sum();
        wide > i64::from(SCREEN) && wide as f64 > SHAPE * f64::from(TOP + self.reach(columns) + LOW)
    }

    /// Columns filled to the last: layers that are many or thin run on, as the lines of a text do.
    fn wrapped(&self, joined: &[usize], alone: &[usize], target: i32, web: &Web) -> Vec<Vec<usize>> {
        let mut most = target;
        loop {
            let mut columns = self.split(joined, most);
            columns.extend(self.split(alone, most));
            if columns.len() < 2 || !self.is_too_wide(&columns, web) {
                return columns;
            }
            most = most.saturating_add((most / 8).max(1));
        }
    }

    /// How high the highest of some columns stands.
    fn reach(&self, columns: &[Vec<usize>]) -> i32 {
        columns.iter().map(|column| self.height(column)).max().unwrap_or(0).max(0)
    }

    /// Who calls whom in this block.
    fn web(&self, pairs: Vec<(usize, usize)>) -> Web {
        let n = self.houses.len();
        let mut web = Web { pairs: Vec::new(), callers: vec![Vec::new(); n], joined: vec![false; n] };
        for (from, to) in &pairs {
            if let Some(callers) = web.callers.get_mut(*to) {
                callers.push(*from);
            }
            for at in [from, to] {
                if let Some(joined) = web.joined.get_mut(*at) {
                    *joined = true;
                }
            }
        }
        Web { pairs, ..web }
    }

    /// How high a column of houses stands.
    fn height(&self, column: &[usize]) -> i32 {
        let houses = column.iter().filter_map(|at| self.houses.get(*at));
        houses.map(|house| house.h + GAP).sum::<i32>() - GAP
    }

    /// The houses that call or are called by layer, callers first.
    fn layers(&self, web: &Web) -> Vec<Vec<usize>> {
        let mut layers: Vec<Vec<usize>> = Vec::new();
        for (at, level) in levels(self.houses.len(), &web.pairs).into_iter().enumerate() {
            if web.is_joined(at) {
                layers.resize_with(layers.len().max(level + 1), Vec::new);
                layers[level].push(at);
            }
        }
        layers.retain(|layer| !layer.is_empty());
        // How far down in its layer each house stands, once that is in order.
        let mut order: Vec<Option<f64>> = vec![None; self.houses.len()];
        for layer in &mut layers {
            // Below the middle of those who call it, else by age.
            let wish = |at: &usize| {
                let callers = || web.callers(*at).iter().filter_map(|from| *order.get(*from)?);
                let many = callers().count();
                if many == 0 { 0.5 } else { callers().sum::<f64>() / many as f64 }
            };
            let mut wished: Vec<(f64, usize)> = layer.iter().map(|at| (wish(at), *at)).collect();
            wished.sort_by(|(a, x), (b, y)| a.total_cmp(b).then(x.cmp(y)));
            *layer = wished.into_iter().map(|(_, at)| at).collect();
            for (place, at) in layer.iter().enumerate() {
                order[*at] = Some((place as f64 + 0.5) / layer.len() as f64);
            }
        }
        layers
    }

    /// Breaks a list of houses into columns no higher than `most`.
    fn split(&self, houses: &[usize], most: i32) -> Vec<Vec<usize>> {
        let mut columns: Vec<Vec<usize>> = Vec::new();
        let mut high = 0;
        for at in houses {
            let h = self.houses.get(*at).map_or(0, |house| house.h);
            if let Some(column) = columns.last_mut().filter(|_| high + GAP + h <= most) {
                column.push(*at);
                high += GAP + h;
            } else {
                columns.push(vec![*at]);
                high = h;
            }
        }
        columns
    }

    /// Gives every house of the columns its place, and the block its size.
    fn stand(&mut self, columns: &[Vec<usize>], web: &Web) {
        for (number, column) in columns.iter().enumerate() {
            for at in column {
                if let Some(house) = self.houses.get_mut(*at) {
                    house.column = number;
                }
            }
        }
        let reach = self.reach(columns);
        for column in columns {
            self.stack(column, web, reach);
        }
        let tracks = self.tracks(columns.len(), web);
        let wide = |channel: usize, least: i32| least + TRACK * tracks.get(channel).copied().unwrap_or(0).min(TRACKS);
        let mut x = wide(0, LEFT);
        self.columns.clear();
        for (number, column) in columns.iter().enumerate() {
            let w = column.iter().filter_map(|at| self.houses.get(*at)).map(|house| house.w).max().unwrap_or(0);
            for at in column {
                if let Some(house) = self.houses.get_mut(*at) {
                    house.x = x;
                }
            }
            self.columns.push(Column { x, w });
            x += w + wide(number + 1, CHANNEL);
        }
        let title = (self.name.chars().count().min(40) as f32 * LETTER) as i32 + 90;
        self.w = x.max(title);
        self.h = TOP + reach + LOW;
    }

    /// How many houses send streets through each channel.
    fn tracks(&self, columns: usize, web: &Web) -> Vec<i32> {
        // All streets of a house begin in one channel, so they run through one span of channels.
        let mut spans: Vec<Option<(usize, usize)>> = vec![None; self.houses.len()];
        for (from, to) in &web.pairs {
            let (Some(a), Some(b)) = (self.houses.get(*from), self.houses.get(*to)) else { continue };
            let out = a.column + 1;
            let (first, last) = spans[*from].get_or_insert((out, out));
            (*first, *last) = ((*first).min(b.column), (*last).max(b.column));
        }
        let mut tracks = vec![0; columns + 1];
        for (first, last) in spans.into_iter().flatten() {
            for track in tracks.iter_mut().take(last + 1).skip(first) {
                *track += 1;
            }
        }
        tracks
    }

    /// Stacks a column, each house as near as can be to the doors of its callers.
    fn stack(&mut self, column: &[usize], web: &Web, reach: i32) {
        let high = self.height(column);
        let mut y = if column.iter().any(|at| web.is_joined(*at)) { (reach - high) / 2 } else { 0 };
        let mut tops = Vec::with_capacity(column.len());
        let mut floor = 0;
        for at in column {
            let h = self.houses.get(*at).map_or(0, |house| house.h);
            let number = self.houses.get(*at).map_or(0, |house| house.column);
            let doors: Vec<i32> = web
                .callers(*at)
                .iter()
                .filter_map(|from| self.houses.get(*from))
                .filter(|house| house.column < number)
                .map(|house| house.door() - TOP)
                .collect();
            let wish = match i32::try_from(doors.len()) {
                Ok(n) if n > 0 => doors.iter().sum::<i32>() / n - h + 10,
                _ => y,
            };
            let top = wish.max(floor);
            tops.push((top, h));
            floor = top + h + GAP;
            y += h + GAP;
        }
        let mut ceiling = reach;
        for (top, h) in tops.iter_mut().rev() {
            *top = (*top).min(ceiling - *h);
            ceiling = *top - GAP;
        }
        for (at, (top, _)) in column.iter().zip(tops) {
            if let Some(house) = self.houses.get_mut(*at) {
                house.y = TOP + top;
            }
        }
    }

    /// Finds a place for one more house; none of the others moves.
    pub(super) fn append(&mut self, house: House, streets: &Streets<'_>) {
        self.houses.push(house);
        self.settle(self.houses.len() - 1, streets);
    }

    /// A house that outgrew its walls gets wider or higher where it stands, or a new place; none of the others moves.
    pub(super) fn enlarge(&mut self, at: usize, streets: &Streets<'_>) {
        let Some(house) = self.houses.get_mut(at) else { return };
        house.measure();
        let (column, y, w, h) = (house.column, house.y, house.w, house.h);
        let narrow = self.columns.get(column).is_some_and(|column| column.w >= w);
        if narrow && self.is_free(column, y, h, at) {
            self.h = self.h.max(y + h + LOW);
        } else {
            self.settle(at, streets);
        }
    }

    fn is_free(&self, column: usize, y: i32, h: i32, except: usize) -> bool {
        let others = self.houses.iter().enumerate().filter(|(at, house)| *at != except && house.column == column);
        let mut others = others.map(|(_, house)| house);
        !others.any(|house| y < house.y + house.h + GAP && house.y < y + h + GAP)
    }

    /// The highest free place of a height in a column.
    fn hole(&self, column: usize, h: i32, except: usize) -> i32 {
        let others = self.houses.iter().enumerate().filter(|(at, house)| *at != except && house.column == column);
        let mut taken: Vec<(i32, i32)> = others.map(|(_, house)| (house.y, house.y + house.h)).collect();
        taken.sort_unstable();
        let mut y = TOP;
        for (top, low) in taken {
            if y + h + GAP <= top {
                break;
            }
            y = y.max(low + GAP);
        }
        y
    }

    /// Places one house among the others: near those it calls or is called by, where there is room, else the block
    /// grows below or to the right.
    fn settle(&mut self, at: usize, streets: &Streets<'_>) {
        let Some((w, h)) = self.houses.get(at).map(|house| (house.w, house.h)) else { return };
        let (callers, called) = streets.around(&self.houses, at);
        let column_of = |at: &usize| self.houses.get(*at).map_or(0, |house| house.column);
        let right = callers.iter().map(|from| column_of(from) + 1).max();
        let wish = right.or_else(|| called.iter().map(|to| column_of(to).saturating_sub(1)).min());
        let mut fitting: Vec<(bool, usize, i32, usize, i32)> = (0..self.columns.len())
            .filter(|number| self.columns.get(*number).is_some_and(|column| column.w >= w))
            .map(|number| {
                let y = self.hole(number, h, at);
                let away = wish.map_or(0, |wish| wish.abs_diff(number));
                (y + h + LOW > self.h, away, y, number, y)
            })
            .collect();
        fitting.sort_unstable();
        let wide = self.w > 2 * self.h;
        let place = fitting.first().filter(|(grows, ..)| !grows || wide).map(|(.., number, y)| (*number, *y));
        let (number, y) = place.unwrap_or_else(|| {
            let x = self.columns.last().map_or(LEFT + TRACK, |column| column.x + column.w + CHANNEL + TRACK);
            self.columns.push(Column { x, w });
            (self.columns.len() - 1, TOP)
        });
        let x = self.columns.get(number).map_or(0, |column| column.x);
        if let Some(house) = self.houses.get_mut(at) {
            house.column = number;
            house.x = x;
            house.y = y;
        }
        self.h = self.h.max(y + h + LOW);
        self.w = self.w.max(self.columns.last().map_or(0, |column| column.x + column.w + CHANNEL));
    }
}

/// The layer of each house: one right of the last of its callers. Circles are broken where a walk in order of age
/// closes them.
fn levels(n: usize, calls: &[(usize, usize)]) -> Vec<usize> {
    let mut out = vec![Vec::new(); n];
    let mut called = vec![false; n];
    for (from, to) in calls {
        if let (Some(list), Some(called)) = (out.get_mut(*from), called.get_mut(*to)) {
            list.push(*to);
            *called = true;
        }
    }
    // A walk in depth: what it leaves last comes first, and a call back into the walk is left out.
    let mut state = vec![0u8; n];
    let mut left = Vec::with_capacity(n);
    let mut forward = FxHashSet::default();
    let starts = (0..n).filter(|at| !called[*at]).chain((0..n).filter(|at| called[*at]));
    for start in starts {
        if state[start] != 0 {
            continue;
        }
        state[start] = 1;
        let mut walk = vec![(start, 0)];
        while let Some((at, next)) = walk.last_mut() {
            let at = *at;
            if let Some(to) = out[at].get(*next).copied() {
                *next += 1;
                if state[to] != 1 {
                    forward.insert((at, to));
                }
                if state[to] == 0 {
                    state[to] = 1;
                    walk.push((to, 0));
                }
            } else {
                state[at] = 2;
                left.push(at);
                walk.pop();
            }
        }
    }
    let mut level = vec![0; n];
    for at in left.into_iter().rev() {
        for to in &out[at] {
            if forward.contains(&(at, *to)) {
                level[*to] = level[*to].max(level[at] + 1);
            }
        }
    }
    level
}

#[cfg(test)]
mod tests {
    use super::super::survey::WantedHouse;
    use super::super::tenant::Hint;
    use super::*;
    use crate::id::ObjectKey;

    fn house(number: usize) -> House {
        let pods =
            (0..number % 7).map(|pod| Some(serde_json::from_value(format!("p-{pod}").into()).unwrap())).collect();
        let key = ObjectKey::new("c", "apps", "Deployment", "s", &format!("service-of-the-city-{number}"));
        House::fresh(WantedHouse { key, hint: Hint::default(), pods })
    }

    /// A block whose houses call others, by number.
    fn laid(many: usize, calls: &[(usize, usize)]) -> Block {
        let mut block = Block { name: "s".to_owned(), houses: (0..many).map(house).collect(), ..Block::default() };
        block.lay_by(calls.iter().copied().filter(|(from, to)| from != to).collect());
        block
    }

    #[test]
    fn a_block_has_the_shape_of_a_screen_whoever_calls_whom() {
        for many in [40, 300, 1000] {
            let all_over: Vec<(usize, usize)> = (0..3 * many).map(|n| (n % many, n * 7919 % many)).collect();
            let chain: Vec<(usize, usize)> = (1..many).map(|n| (n - 1, n)).collect();
            let hub: Vec<(usize, usize)> = (1..many).map(|n| (n, 0)).collect();
            let few: Vec<(usize, usize)> = (1..many / 10).map(|n| (n - 1, n)).collect();
            for (what, calls) in
                [("all over", all_over), ("chain", chain), ("hub", hub), ("few", few), ("none", Vec::new())]
            {
                let block = laid(many, &calls);
                let aspect = f64::from(block.w) / f64::from(block.h);
                let fits = (0.75..2.3).contains(&aspect) || block.w < SCREEN && aspect < 4.0;
                assert!(fits, "{many} houses, {what}: {aspect:.2} times as wide as high");
            }
        }
    }
}
