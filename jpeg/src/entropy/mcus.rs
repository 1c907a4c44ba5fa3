//! MCUs as a sequential scan gives them, and what takes them.

use std::ops::Range;

use crate::entropy::lookup::McuLayout;
use crate::error::Error;

/// Takes what a scan gives.
pub(crate) trait McuSink {
    /// Takes the next MCUs in order.
    fn take(&mut self, mcus: DecodedMcus<'_>) -> Result<(), Error>;

    /// Fills in for the next MCU, which is lost.
    fn conceal(&mut self) -> Result<(), Error>;

    /// Takes note that some of the MCUs that it took are lost.
    fn note_lost(&mut self, mcus: Range<usize>);
}

/// MCUs one after the other, DC with its prediction.
#[derive(Clone, Copy, Debug)]
pub(crate) struct DecodedMcus<'a> {
    /// See [`McuLayout`].
    numbers: &'a [i16],
    layout: &'a McuLayout,
}

impl<'a> DecodedMcus<'a> {
    pub(crate) fn new(numbers: &'a [i16], layout: &'a McuLayout) -> Self {
        Self { numbers, layout }
    }

    pub(crate) fn count(&self) -> usize {
        self.numbers.len() / self.layout.length.max(1)
    }

    /// The first `count`, and the rest.
    pub(crate) fn split(self, count: usize) -> (Self, Self) {
        let at = (count * self.layout.length).min(self.numbers.len());
        let (first, rest) = self.numbers.split_at_checked(at).unwrap_or((self.numbers, &[]));
        (Self { numbers: first, ..self }, Self { numbers: rest, ..self })
    }

    /// All numbers from the coefficients of a block of the first MCU on.
    pub(crate) fn block(&self, number: usize) -> &'a [i16] {
        let start = self.layout.starts.get(number).map_or(usize::MAX, |start| start + 1);
        self.numbers.get(start..).unwrap_or_default()
    }

    /// For each MCU its blocks: the coefficients that are kept, row by row, and more numbers behind them.
    pub(crate) fn iter(&self) -> impl Iterator<Item = impl Iterator<Item = &'a [i16]>> {
        let layout = self.layout;
        self.numbers.chunks_exact(layout.length.max(1)).map(move |numbers| {
            layout.starts.iter().map(move |start| numbers.get(start + 1..).unwrap_or_default())
        })
    }
}
