//! The few moments kept in memory, from which others are near.

use std::sync::Arc;

use broadstreet_core::recording::Known;

/// As many are kept at most.
const MOMENTS: usize = 8;

/// As many objects as all of them may have, unless one alone has more.
const OBJECTS: usize = 400_000;

/// A place in a recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Spot {
    /// The number of the segment; none where the store does not have it yet, which is like no other.
    pub id: Option<i64>,
    /// How many of its changes are known.
    pub place: usize,
    /// Until when it was known, where it is looked at past that.
    pub ended: Option<chrono::DateTime<chrono::Utc>>,
}

/// The moments, the one used last at the end.
#[derive(Default)]
pub(super) struct Kept {
    moments: Vec<(Vec<Spot>, Arc<Known>)>,
}

impl Kept {
    /// What was known at these places.
    pub fn find(&mut self, spots: &[Spot]) -> Option<Arc<Known>> {
        let at = self.moments.iter().position(|(known, _)| known == spots)?;
        let moment = self.moments.remove(at);
        let known = Arc::clone(&moment.1);
        self.moments.push(moment);
        Some(known)
    }

    /// Whether a moment of a segment is kept that knows more of its changes.
    pub fn is_ahead(&self, id: i64, changes: usize) -> bool {
        self.moments.iter().flat_map(|(spots, _)| spots).any(|spot| spot.id == Some(id) && spot.place > changes)
    }

    /// Whether a moment of a segment is kept that is no more changes away than `most`.
    pub fn is_near(&self, id: i64, place: usize, most: usize) -> bool {
        let spots = self.moments.iter().flat_map(|(spots, _)| spots);
        spots.into_iter().any(|spot| spot.id == Some(id) && spot.place.abs_diff(place) <= most)
    }

    /// Takes the moment of the same segment out from which another is nearest, of those that know no more than so many
    /// changes.
    pub fn take_nearest(&mut self, spot: &Spot, changes: usize) -> Option<Arc<Known>> {
        let near = |of: &[Spot]| match of {
            [one] if one.id.is_some() && one.id == spot.id && one.ended.is_none() && one.place <= changes => {
                Some(one.place.abs_diff(spot.place))
            }
            _ => None,
        };
        let all = self.moments.iter().enumerate().filter_map(|(at, (of, _))| Some((near(of)?, at)));
        let (_, at) = all.min()?;
        Some(self.moments.remove(at).1)
    }

    /// Keeps a moment, and lets those go that were not used for longest.
    pub fn keep(&mut self, spots: Vec<Spot>, known: &Arc<Known>) {
        if spots.iter().any(|spot| spot.id.is_none()) {
            return;
        }
        self.moments.push((spots, Arc::clone(known)));
        let mut objects: usize = self.moments.iter().map(|(_, known)| known.world().len()).sum();
        while self.moments.len() > 1 && (self.moments.len() > MOMENTS || objects > OBJECTS) {
            objects -= self.moments.remove(0).1.world().len();
        }
    }

    /// Lets all go.
    pub fn forget(&mut self) {
        self.moments.clear();
    }
}
