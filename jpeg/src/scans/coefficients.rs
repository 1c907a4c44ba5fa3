//! A file as numbers instead of pixels: the coefficients that a scale keeps.

use std::io::BufRead;

use crate::error::Error;
use crate::scale::{Scale, Wanted, index};
use crate::scans::Scans;
use crate::scans::store::Plane;
use crate::syntax::head::Head;
use crate::syntax::input::Input;

/// What a scale keeps of a file.
#[derive(Clone, Debug, PartialEq)]
pub struct Coefficients {
    /// In the order of the frame's components.
    pub components: Vec<Blocks>,
    /// Share of the picture that was lost to damage, as in [`Summary::lost`](crate::Summary::lost).
    pub lost: f64,
}

/// What is kept of one component.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Blocks {
    /// Blocks across and down, whole MCUs (ITU-T T.81, section A.2.4).
    pub count: (usize, usize),
    /// Coefficients kept of each block, those of the lowest frequencies across and down: 1, 2, 4 or 8.
    pub size: (usize, usize),
    /// Steps of quantisation, natural order; all zero when no scan of the component came.
    pub steps: [u16; 64],
    values: Vec<i16>,
}

impl Blocks {
    /// The quantised coefficients of a block, by its column and row: [`Self::size`] in natural order, so that the
    /// first is DC and frequencies across rise along each row. Zero is what did not come; numbers of blocks that
    /// are damaged mean nothing.
    #[must_use]
    pub fn block(&self, column: usize, row: usize) -> Option<&[i16]> {
        let length = self.size.0 * self.size.1;
        let place = row.checked_mul(self.count.0)?.checked_add(column)?;
        if column >= self.count.0 {
            return None;
        }
        let start = place.checked_mul(length)?;
        self.values.get(start..start.checked_add(length)?)
    }
}

impl From<Plane> for Blocks {
    fn from(plane: Plane) -> Self {
        Self {
            count: plane.blocks,
            size: (index(plane.size.0), index(plane.size.1)),
            steps: plane.steps.unwrap_or([0; 64]),
            values: plane.coefficients,
        }
    }
}

impl Head {
    /// Reads on behind [`Self::read`] and gives the coefficients that a scale keeps, in memory of two bytes for each
    /// and some for each block. Every scan is read that has one of them.
    ///
    /// # Errors
    /// As [`Self::decode`].
    pub fn coefficients(&self, reader: impl BufRead, scale: Scale) -> Result<Coefficients, Error> {
        self.has_height()?;
        let mut scans = Scans::new(self, Wanted::all(scale));
        let lost = scans.read(&mut Input::new(reader))?;
        Ok(Coefficients { components: scans.store.planes.into_iter().map(Blocks::from).collect(), lost })
    }
}
