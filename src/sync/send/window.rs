//! Window: the tasks between the survey and their outcomes.
//!
//! Tasks end in any order. The window knows the place up to which all have ended, where a later run can begin, and what was
//! counted beyond it, which such a run counts again.

use std::collections::{BTreeSet, VecDeque};

use crate::sync::record::checkpoint::Phase;
use crate::sync::record::tally::Tally;

/// Most bytes of tasks in the window, so that memory does not depend on the number of sources.
const MOST_BYTES: usize = 12 * 1024 * 1024;

/// Tasks that have begun and not ended.
#[derive(Debug, Default)]
pub(super) struct Window {
    /// Number of the next task.
    next: u64,
    open: BTreeSet<u64>,
    bytes: usize,
    pages: VecDeque<Page>,
}

/// A surveyed page, some of whose tasks may be open.
#[derive(Debug)]
pub(super) struct Page {
    /// Number of the task after the last of the page.
    after: u64,
    pub(super) phase: Phase,
    /// Key up to which the page goes.
    pub(super) end: String,
    /// Counts of the survey, and of the outcomes so far.
    pub(super) tally: Tally,
}

impl Window {
    /// Returns `true` if there is room for the tasks of another page.
    pub(super) fn has_room(&self) -> bool {
        self.bytes < MOST_BYTES
    }

    /// Opens a task of the page that [`Self::end_page`] ends, and returns its number.
    pub(super) fn open(&mut self, bytes: usize) -> u64 {
        let number = self.next;
        self.next = self.next.saturating_add(1);
        self.open.insert(number);
        self.bytes = self.bytes.saturating_add(bytes);
        number
    }

    /// Notes that all tasks of a page are open.
    pub(super) fn end_page(&mut self, phase: Phase, end: String, tally: Tally) {
        self.pages.push_back(Page { after: self.next, phase, end, tally });
    }

    /// Ends a task, and counts its outcome.
    pub(super) fn close(&mut self, number: u64, bytes: usize, code: &str, is_failure: bool) {
        if !self.open.remove(&number) {
            return;
        }
        self.bytes = self.bytes.saturating_sub(bytes);
        let at = self.pages.partition_point(|page| page.after <= number);
        if let Some(page) = self.pages.get_mut(at) {
            page.tally.count_outcome(code, is_failure);
        }
    }

    /// Removes the oldest page if all its tasks and all before them have ended.
    pub(super) fn advance(&mut self) -> Option<Page> {
        let oldest = self.open.first().copied().unwrap_or(self.next);
        let is_ended = self.pages.front().is_some_and(|page| page.after <= oldest);
        if is_ended { self.pages.pop_front() } else { None }
    }

    /// Counts of all pages in the window.
    pub(super) fn tally(&self) -> Tally {
        let mut sum = Tally::default();
        self.pages.iter().for_each(|page| sum.merge(&page.tally));
        sum
    }

    /// Number of open tasks.
    pub(super) fn len(&self) -> usize {
        self.open.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_can_begin_after_the_last_page_whose_tasks_have_all_ended() {
        let mut window = Window::default();
        let end_page = |window: &mut Window, end: &str| {
            window.end_page(Phase::Sources, end.to_owned(), Tally { sources: 1, ..Tally::default() });
        };
        let ends = |window: &mut Window| {
            let pages = std::iter::from_fn(|| window.advance());
            pages.map(|page| (page.end, page.tally.done(), page.tally.failed)).collect::<Vec<_>>()
        };
        let numbers: Vec<u64> = (0..4).map(|_| window.open(10)).collect();
        end_page(&mut window, "d");
        end_page(&mut window, "e");
        let last = window.open(10);
        end_page(&mut window, "f");
        assert_eq!(ends(&mut window), []);
        window.close(last, 10, "image.damaged", true);
        numbers[1..].iter().for_each(|number| window.close(*number, 10, "stored", false));
        assert_eq!(ends(&mut window), [], "the first is open");
        assert_eq!((window.tally().sources, window.tally().done()), (3, 4));
        window.close(numbers[0], 10, "stored", false);
        let expected =
            [("d", 4, 0), ("e", 0, 0), ("f", 1, 1)].map(|(end, done, failed)| (end.to_owned(), done, failed));
        assert_eq!(ends(&mut window), expected);
        assert_eq!((window.advance().is_none(), window.len(), window.bytes), (true, 0, 0));
    }
}
