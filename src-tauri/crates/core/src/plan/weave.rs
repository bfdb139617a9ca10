//! What rows of a table are made of: stretches of the table before, and new rows between them.

/// A stretch of rows that are kept, and how many new ones follow it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Run {
    from: usize,
    kept: usize,
    fresh: usize,
}

/// How a table comes from the one before.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Weave {
    runs: Vec<Run>,
}

impl Weave {
    /// All rows of a table that has so many are new.
    pub fn fresh_all(many: usize) -> Self {
        let mut weave = Self::default();
        weave.fresh(many);
        weave
    }

    /// Takes rows of the table before.
    pub fn keep(&mut self, from: usize, many: usize) {
        if many == 0 {
            return;
        }
        match self.runs.last_mut() {
            Some(run) if run.fresh == 0 && run.from + run.kept == from => run.kept += many,
            _ => self.runs.push(Run { from, kept: many, fresh: 0 }),
        }
    }

    /// Adds new rows.
    pub fn fresh(&mut self, many: usize) {
        if many == 0 {
            return;
        }
        match self.runs.last_mut() {
            Some(run) => run.fresh += many,
            None => self.runs.push(Run { from: 0, kept: 0, fresh: many }),
        }
    }

    /// Keeps a stretch but for some rows of it, which are in order and told from its beginning.
    pub fn keep_but(&mut self, from: usize, many: usize, but: &[usize]) {
        let mut next = 0;
        for at in but {
            self.keep(from + next, at - next);
            self.fresh(1);
            next = at + 1;
        }
        self.keep(from + next, many - next);
    }

    /// Whether it is the table before, which had so many rows.
    pub fn is_same(&self, many: usize) -> bool {
        match self.runs.as_slice() {
            [] => many == 0,
            [run] => (run.from, run.kept, run.fresh) == (0, many, 0),
            _ => false,
        }
    }

    /// How many rows the table has.
    pub fn rows(&self) -> usize {
        self.runs.iter().map(|run| run.kept + run.fresh).sum()
    }

    /// Three numbers for each stretch: where it begins, how long it is, how many new rows follow it.
    pub fn numbers(&self) -> impl Iterator<Item = usize> {
        self.runs.iter().flat_map(|run| [run.from, run.kept, run.fresh])
    }

    /// The places of the new rows.
    pub fn fresh_rows(&self) -> impl Iterator<Item = usize> {
        let ends = self.runs.iter().scan(0, |end, run| {
            *end += run.kept + run.fresh;
            Some((*end - run.fresh)..*end)
        });
        ends.flatten()
    }

    /// Where each row of the table before, which had so many, stands now.
    pub fn moved(&self, many: usize) -> Vec<Option<usize>> {
        let mut moved = vec![None; many];
        let mut row = 0;
        for run in &self.runs {
            for at in run.from..run.from + run.kept {
                if let Some(place) = moved.get_mut(at) {
                    *place = Some(row);
                }
                row += 1;
            }
            row += run.fresh;
        }
        moved
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stretches_join_and_say_where_each_row_went() {
        let mut weave = Weave::default();
        weave.keep(0, 2);
        weave.keep_but(2, 4, &[1, 3]);
        weave.keep(8, 1);
        assert_eq!(weave.numbers().collect::<Vec<_>>(), [0, 3, 1, 4, 1, 1, 8, 1, 0]);
        assert_eq!(weave.rows(), 7);
        assert_eq!(weave.fresh_rows().collect::<Vec<_>>(), [3, 5]);
        let places = [Some(0), Some(1), Some(2), None, Some(4), None, None, None, Some(6)];
        assert_eq!(weave.moved(9), places);
        assert!(!weave.is_same(9) && Weave::default().is_same(0) && Weave::fresh_all(0).is_same(0));
        let mut same = Weave::default();
        same.keep_but(0, 3, &[]);
        same.keep(3, 2);
        assert!(same.is_same(5) && !same.is_same(6));
    }
}
