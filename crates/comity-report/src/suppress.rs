//! Small cells of a published table: hidden, and so that nobody can compute them.
//!
//! ```text
//! counts -> merge    categories below the threshold become one, until every row and column total is at least that
//!        -> primary  every cell below the threshold is hidden, a zero too
//!        -> complementary   more are hidden, as little as can be, until each hidden cell could have many values
//! ```
//! **What holds.** All totals are published and none is below the threshold `t`. Whoever solves the equations of the
//! table (each row and each column adds up to its total, no count is negative) finds for every hidden cell an interval
//! whose ends are at least `t` apart. Hidden cells are not told apart: which were small and which only hide them is not
//! shown.
//!
//! **Why it ends.** With every cell hidden, the interval of a cell in row r and column c of a table of N is
//! min(r, c, N-r, N-c) wide, and that is at least `t`, because there are at least two rows and two columns, and none is
//! smaller. With one row or one column every cell is a total, so nothing is hidden.
//!
//! **How wide an interval is** is found exactly. A cell can grow as far as others in its row and column can make room:
//! that is a maximal flow from its column to its row, in which a hidden cell carries what can be taken from it one
//! way, and anything the other way. Rows and columns of a transport table make this exact for whole numbers (Gusfield
//! 1988, Kelly, Golden and Assad 1992).

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::limits::CATEGORIES_MAX;

/// Counts by two categories.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Counts {
    /// Names of the rows.
    pub rows: Vec<String>,
    /// Names of the columns.
    pub columns: Vec<String>,
    /// By row, by column.
    pub cells: Vec<Vec<u64>>,
}

/// What may be shown of them: `None` is hidden. Every total is shown.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Shown {
    /// The counts, with small categories merged.
    pub counts: Counts,
    /// Which cells are hidden, by row, by column.
    pub hidden: Vec<Vec<bool>>,
}

/// The name of what was merged.
pub const OTHER: &str = "other";

/// Which columns can be shown: totals of at least the threshold, and what is merged of the others. Decided once, so
/// that tables that share columns share them all. `None`: there is too little to show anything.
#[must_use]
pub fn merged_columns(totals: &[(String, u64)], threshold: u64) -> Option<Vec<Vec<String>>> {
    let mut kept: Vec<_> = totals.to_vec();
    kept.sort_by_key(|(_, total)| std::cmp::Reverse(*total));
    let mut other: Vec<(String, u64)> = Vec::new();
    let too_small = |other: &[(String, u64)]| {
        let sum: u64 = other.iter().map(|(_, total)| total).sum();
        !other.is_empty() && sum < threshold
    };
    while let Some((_, smallest)) = kept.last() {
        if *smallest >= threshold && kept.len() < CATEGORIES_MAX && !too_small(&other) {
            break;
        }
        other.extend(kept.pop());
    }
    if too_small(&other) {
        return None;
    }
    let mut groups: Vec<Vec<String>> = totals
        .iter()
        .filter(|(name, _)| kept.iter().any(|(known, _)| known == name))
        .map(|(name, _)| vec![name.clone()])
        .collect();
    let merged: Vec<String> = other.into_iter().map(|(name, _)| name).collect();
    if !merged.is_empty() {
        groups.push(merged);
    }
    Some(groups).filter(|groups| !groups.is_empty())
}

impl Counts {
    /// The sum of each row.
    #[must_use]
    pub fn row_totals(&self) -> Vec<u64> {
        self.cells.iter().map(|row| row.iter().sum()).collect()
    }

    /// The sum of each column.
    #[must_use]
    pub fn column_totals(&self) -> Vec<u64> {
        let of = |column: usize| self.cells.iter().filter_map(|row| row.get(column)).sum();
        (0..self.columns.len()).map(of).collect()
    }

    /// The counts with their columns merged so.
    #[must_use]
    pub fn with_columns(&self, groups: &[Vec<String>]) -> Self {
        let sum = |row: &[u64], group: &[String]| {
            let named = self.columns.iter().zip(row);
            named
                .filter(|(name, _)| group.contains(name))
                .map(|(_, count)| count)
                .sum()
        };
        Self {
            rows: self.rows.clone(),
            columns: groups.iter().map(|group| name_of(group)).collect(),
            cells: self
                .cells
                .iter()
                .map(|row| groups.iter().map(|group| sum(row, group)).collect())
                .collect(),
        }
    }

    fn transposed(&self) -> Self {
        let column = |place: usize| {
            self.cells
                .iter()
                .filter_map(|row| row.get(place))
                .copied()
                .collect()
        };
        Self {
            rows: self.columns.clone(),
            columns: self.rows.clone(),
            cells: (0..self.columns.len()).map(column).collect(),
        }
    }

    /// The counts with small rows merged; `None`: there is too little to show.
    fn with_rows_merged(&self, threshold: u64) -> Option<Self> {
        let totals: Vec<_> = self.rows.iter().cloned().zip(self.row_totals()).collect();
        let groups = merged_columns(&totals, threshold)?;
        Some(self.transposed().with_columns(&groups).transposed())
    }
}

/// Hides what must be hidden. The columns have been merged before ([`merged_columns`]), so that none of them is below
/// the threshold. `None`: there is too little to show anything.
#[must_use]
pub fn suppress(counts: &Counts, threshold: u64) -> Option<Shown> {
    if counts
        .column_totals()
        .iter()
        .any(|total| *total < threshold)
    {
        return None;
    }
    let counts = counts.with_rows_merged(threshold)?;
    let hidden = counts
        .cells
        .iter()
        .map(|row| row.iter().map(|count| *count < threshold).collect())
        .collect();
    let mut shown = Shown { counts, hidden };
    shown.protect(threshold);
    Some(shown)
}

impl Shown {
    /// A cell, if it is shown.
    #[must_use]
    pub fn cell(&self, row: usize, column: usize) -> Option<u64> {
        let is_hidden = self.hidden.get(row)?.get(column)?;
        (!is_hidden).then(|| self.count(row, column))
    }

    /// Hides more, until every hidden cell has room enough. What has room keeps it when more is hidden, so each is
    /// looked at until it has, and never again.
    fn protect(&mut self, threshold: u64) {
        let hidden = self.places().filter(|at| self.is_hidden(*at));
        let mut waiting: VecDeque<(usize, usize)> = hidden.collect();
        while let Some(at) = waiting.pop_front() {
            if self.width(at, threshold) >= threshold {
                continue;
            }
            let more = match self.cheapest_round(at, threshold) {
                Some(round) if !round.is_empty() => round,
                _ => self.smallest_shown(at).into_iter().collect(),
            };
            if more.is_empty() {
                continue;
            }
            for (row, column) in &more {
                let place = self
                    .hidden
                    .get_mut(*row)
                    .and_then(|row| row.get_mut(*column));
                if let Some(hidden) = place {
                    *hidden = true;
                }
            }
            waiting.push_back(at);
            waiting.extend(more);
        }
    }

    /// The smallest cell that is shown: in the same row or column, else anywhere.
    fn smallest_shown(&self, at: (usize, usize)) -> Option<(usize, usize)> {
        let open = || self.places().filter(|place| !self.is_hidden(*place));
        let beside = open().filter(|place| place.0 == at.0 || place.1 == at.1);
        let size = |place: &(usize, usize)| (self.count(place.0, place.1), *place);
        beside.min_by_key(size).or_else(|| open().min_by_key(size))
    }

    /// What is shown and would have to be hidden so that this cell could grow by the threshold: a way round from its
    /// column to its row, of cells that can give as much where they shrink, with the least sum of what is hidden anew.
    fn cheapest_round(&self, at: (usize, usize), threshold: u64) -> Option<Vec<(usize, usize)>> {
        let (rows, columns) = (self.counts.rows.len(), self.counts.columns.len());
        let target = Node::Row(at.0);
        let mut open = BTreeMap::from([(Node::Column(at.1), (0, Vec::new()))]);
        let mut done: BTreeSet<Node> = BTreeSet::new();
        loop {
            let next = open.iter().min_by_key(|(node, (cost, _))| (*cost, **node));
            let here = *next?.0;
            let (cost, way) = open.remove(&here)?;
            if here == target {
                return Some(way);
            }
            done.insert(here);
            let steps: Vec<(Node, (usize, usize))> = match here {
                Node::Row(row) => (0..columns)
                    .map(|column| (Node::Column(column), (row, column)))
                    .collect(),
                Node::Column(column) => (0..rows)
                    .filter(|row| self.count(*row, column) >= threshold)
                    .map(|row| (Node::Row(row), (row, column)))
                    .collect(),
            };
            for (to, place) in steps {
                if place == at || done.contains(&to) {
                    continue;
                }
                let is_new = !self.is_hidden(place);
                let more = if is_new {
                    self.count(place.0, place.1).saturating_add(1)
                } else {
                    0
                };
                let dearer = cost + more;
                if open.get(&to).is_none_or(|(known, _)| dearer < *known) {
                    let step = is_new.then_some(place);
                    let way = way.iter().copied().chain(step).collect();
                    open.insert(to, (dearer, way));
                }
            }
        }
    }

    /// How far apart the least and the greatest value of a hidden cell are; no more than `enough` is looked for.
    #[must_use]
    pub fn width(&self, at: (usize, usize), enough: u64) -> u64 {
        let (row, column) = (Node::Row(at.0), Node::Column(at.1));
        let up = self.flow(column, row, at, enough);
        let down = self.flow(row, column, at, enough.saturating_sub(up));
        up.saturating_add(down.min(self.count(at.0, at.1)))
    }

    fn places(&self) -> impl Iterator<Item = (usize, usize)> + use<> {
        let (rows, columns) = (self.counts.rows.len(), self.counts.columns.len());
        (0..rows).flat_map(move |row| (0..columns).map(move |column| (row, column)))
    }

    fn is_hidden(&self, at: (usize, usize)) -> bool {
        let row = self.hidden.get(at.0);
        row.and_then(|row| row.get(at.1))
            .copied()
            .unwrap_or_default()
    }

    fn count(&self, row: usize, column: usize) -> u64 {
        let row = self.counts.cells.get(row);
        row.and_then(|row| row.get(column))
            .copied()
            .unwrap_or_default()
    }

    // ---- The flow

    /// The maximal flow between a row and a column that passes by one cell, up to `enough`. From a row to a column a
    /// cell grows without a bound; from a column to a row it shrinks, to nothing at the most.
    fn flow(&self, from: Node, to: Node, without: (usize, usize), enough: u64) -> u64 {
        let mut now = self.counts.cells.clone();
        let mut flown = 0;
        while flown < enough {
            let Some(path) = self.path(from, to, without, &now) else {
                break;
            };
            let takes = path.windows(2).filter_map(|step| match step {
                [Node::Column(column), Node::Row(row)] => now.get(*row)?.get(*column).copied(),
                _ => None,
            });
            let amount = takes.min().unwrap_or(enough).min(enough - flown);
            for step in path.windows(2) {
                match step {
                    [Node::Row(row), Node::Column(column)] => {
                        change(&mut now, *row, *column, |count| {
                            count.saturating_add(amount)
                        });
                    }
                    [Node::Column(column), Node::Row(row)] => {
                        change(&mut now, *row, *column, |count| {
                            count.saturating_sub(amount)
                        });
                    }
                    _ => {}
                }
            }
            flown += amount;
        }
        flown
    }

    /// A shortest way with room left.
    fn path(
        &self,
        from: Node,
        to: Node,
        without: (usize, usize),
        now: &[Vec<u64>],
    ) -> Option<Vec<Node>> {
        let mut ways = VecDeque::from([vec![from]]);
        let mut seen = vec![from];
        while let Some(way) = ways.pop_front() {
            let here = *way.last()?;
            if here == to {
                return Some(way);
            }
            for next in self.neighbours(here, without, now) {
                if !seen.contains(&next) {
                    seen.push(next);
                    ways.push_back([way.as_slice(), &[next]].concat());
                }
            }
        }
        None
    }

    fn neighbours(&self, here: Node, without: (usize, usize), now: &[Vec<u64>]) -> Vec<Node> {
        let goes = |at: (usize, usize)| at != without && self.is_hidden(at);
        let left = |row: usize, column: usize| {
            now.get(row)
                .and_then(|row| row.get(column))
                .is_some_and(|count| *count > 0)
        };
        match here {
            Node::Row(row) => (0..self.counts.columns.len())
                .filter(|column| goes((row, *column)))
                .map(Node::Column)
                .collect(),
            Node::Column(column) => (0..self.counts.rows.len())
                .filter(|row| goes((*row, column)) && left(*row, column))
                .map(Node::Row)
                .collect(),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Node {
    Row(usize),
    Column(usize),
}

fn change(cells: &mut [Vec<u64>], row: usize, column: usize, by: impl Fn(u64) -> u64) {
    if let Some(count) = cells.get_mut(row).and_then(|row| row.get_mut(column)) {
        *count = by(*count);
    }
}

fn name_of(group: &[String]) -> String {
    match group {
        [one] => one.clone(),
        _ => OTHER.to_owned(),
    }
}
