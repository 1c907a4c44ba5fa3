//! A file as numbers instead of pixels: the coefficients that a scale keeps.

use std::io::BufRead;

use crate::error::Error;
use crate::index::index;
use crate::scale::{Scale, Wanted};
use crate::scans::ScanReader;
use crate::scans::store::CoefficientPlane;
use crate::syntax::head::Head;
use crate::syntax::input::Input;

/// The coefficients that a scale keeps of a file.
#[derive(Clone, Debug, PartialEq)]
pub struct Coefficients {
    /// The components, in the order of the frame.
    pub components: Vec<ComponentBlocks>,
    /// Share of the picture that was lost to damage, as in [`Summary::lost`](crate::Summary::lost).
    pub lost: f64,
}

/// The blocks of one component.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ComponentBlocks {
    /// Blocks across and down, whole MCUs (ITU-T T.81, section A.2.4).
    pub count: (usize, usize),
    /// Coefficients kept of each block, those of the lowest frequencies across and down: 1 to 8.
    pub size: (usize, usize),
    /// Steps of quantisation, natural order; all zero when no scan of the component came.
    pub steps: [u16; 64],
    values: Vec<i16>,
}

impl ComponentBlocks {
    /// The quantised coefficients of a block, by its column and row; `None` past the last.
    ///
    /// They are [`Self::size`] in natural order: the first is DC, and frequencies across rise along each row. What
    /// did not come is zero; the numbers of a damaged block mean nothing.
    #[must_use]
    pub fn block(&self, column: usize, row: usize) -> Option<&[i16]> {
        let length = self.size.0 * self.size.1;
        let number = row.checked_mul(self.count.0)?.checked_add(column)?;
        if column >= self.count.0 {
            return None;
        }
        let start = number.checked_mul(length)?;
        self.values.get(start..start.checked_add(length)?)
    }
}

impl From<CoefficientPlane> for ComponentBlocks {
    fn from(plane: CoefficientPlane) -> Self {
        Self {
            count: plane.blocks,
            size: (index(plane.size.0), index(plane.size.1)),
            steps: plane.steps.unwrap_or([0; 64]),
            values: plane.coefficients,
        }
    }
}

impl Head {
    /// Reads on behind [`Self::read`] and gives the coefficients that a scale keeps, of every scan that has one of
    /// them. Memory: two bytes for each coefficient, and up to nine for each block.
    ///
    /// # Errors
    /// As [`Self::decode`].
    pub fn coefficients(&self, reader: impl BufRead, scale: Scale) -> Result<Coefficients, Error> {
        self.require_height()?;
        let mut scans = ScanReader::new(self, Wanted::all(scale));
        let lost = scans.read(&mut Input::new(reader))?;
        Ok(Coefficients {
            components: scans.store.planes.into_iter().map(ComponentBlocks::from).collect(),
            lost,
        })
    }
}
