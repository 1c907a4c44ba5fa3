//! Scaling of a source to all sizes that are made of its rows, while they come.
//!
//! Decoders push rows. Each [`Target`] has a [`PictureScaler`]; no other pixels of the source are kept. Rows of a damaged
//! file may never come: they are filled in, or left out of the means of which they would be a part, and counted.

use crate::imaging::damage::{Damage, PartialRow};
use crate::imaging::error::Error;
use crate::imaging::limits::Budget;
use crate::imaging::picture::geometry::Size;
use crate::imaging::picture::orientation::Orientation;
use crate::imaging::picture::{Depth, Layout, Picture, side};
use crate::imaging::pixels::picture_scaler::PictureScaler;
use crate::imaging::pixels::reduce::fill_gap;
use crate::imaging::pixels::source_rows::{RowOrder, SourceRows};
use crate::imaging::plan::demand::Demand;
use crate::imaging::plan::target::Target;

/// Takes the rows of a source and gives pictures of all targets.
pub(crate) struct SourceScaler {
    rows: SourceRows,
    scalers: Vec<(Target, PictureScaler)>,
    refused: Vec<RefusedTarget>,
    /// Rows taken or skipped so far.
    taken: u32,
    /// Pixels of the rows so far that never came.
    lost: u64,
}

/// A source at all sizes that were made of its rows.
#[derive(Clone, Debug)]
pub(crate) struct ScaledSource {
    /// Size in the file, pixels.
    pub(crate) full: Size,
    /// Layout and depth of all pictures.
    pub(crate) layout: Layout,
    pub(crate) depth: Depth,
    pub(crate) pictures: Vec<ScaledPicture>,
    pub(crate) refused: Vec<RefusedTarget>,
}

/// A target that takes too much memory. The others are made.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RefusedTarget {
    pub(crate) target: Target,
    /// Bytes needed in all.
    pub(crate) needed: u64,
    /// Bytes allowed.
    pub(crate) allowed: u64,
}

/// A part of a source at some size, as it is stored: not turned upright, in the source's colours.
#[derive(Clone, Debug)]
pub(crate) struct ScaledPicture {
    pub(crate) target: Target,
    pub(crate) picture: Picture,
}

impl ScaledSource {
    /// Bytes of all pictures.
    pub(crate) fn bytes(&self) -> u64 {
        self.pictures.iter().map(|scaled| scaled.picture.bytes()).fold(0, u64::saturating_add)
    }
}

impl SourceScaler {
    /// Reserves and allocates what it takes to scale rows to all sizes demanded. The source is made upright by
    /// `orientation`; `None` is one that is not known yet, so that any must be possible.
    ///
    /// # Errors
    /// [`Error::TooMuchMemory`] if the budget allows for none of the sizes.
    pub(crate) fn new(
        rows: SourceRows,
        demand: Demand<'_>,
        orientation: Option<Orientation>,
        budget: &mut Budget,
    ) -> Result<Self, Error> {
        let (targets, refused) = reserved_targets(&rows, demand, orientation, budget)?;
        let scalers =
            targets.into_iter().map(|target| (target, PictureScaler::new(&rows, &target))).collect();
        Ok(Self { rows, scalers, refused, taken: 0, lost: 0 })
    }

    /// Placeholders of the pictures. Reserves what [`Self::new`] does.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub(crate) fn placeholder(
        rows: &SourceRows,
        demand: Demand<'_>,
        orientation: Option<Orientation>,
        budget: &mut Budget,
    ) -> Result<ScaledSource, Error> {
        let (targets, refused) = reserved_targets(rows, demand, orientation, budget)?;
        let picture = |target: Target| ScaledPicture {
            target,
            picture: Picture::placeholder(target.size, rows.layout, rows.depth),
        };
        let SourceRows { full, layout, depth, .. } = *rows;
        let pictures = targets.into_iter().map(picture).collect();
        Ok(ScaledSource { full, layout, depth, pictures, refused })
    }

    /// Takes the next row, in the layout and depth of the rows. Rows past the last are ignored.
    pub(crate) fn push(&mut self, row: &[u8]) {
        self.next_row(Some(row));
    }

    /// `true` if rows may come plane by plane: all samples of the first channel, then all of the next.
    pub(crate) fn takes_planes(&self) -> bool {
        self.scalers.iter().all(|(_, scaler)| scaler.takes_planes())
    }

    /// Takes the next row plane by plane, if [`Self::takes_planes`]. Either all rows come so or none.
    pub(crate) fn push_planes(&mut self, row: &[u8]) {
        if self.taken < self.rows.size.height {
            self.taken += 1;
            self.scalers.iter_mut().for_each(|(_, scaler)| scaler.push_planes(row));
        }
    }

    /// Takes the next row, of which only the first `pixels` came, and fills in the others.
    pub(crate) fn push_start(&mut self, row: &mut [u8], pixels: u32) {
        let SourceRows { size, layout, depth, .. } = self.rows;
        if self.taken >= size.height {
            return;
        }
        let came = side(pixels).saturating_mul(layout.channels() * depth.bytes());
        fill_gap(row.get_mut(came..).unwrap_or_default(), layout, depth);
        self.lost = self.lost.saturating_add(size.width.saturating_sub(pixels).into());
        self.next_row(Some(row));
    }

    /// Takes the next row, whole or as far as it came.
    ///
    /// # Errors
    /// The reason why the row ended early.
    pub(crate) fn push_decoded(
        &mut self,
        row: &mut [u8],
        decoded: Result<(), PartialRow>,
    ) -> Result<(), Error> {
        match decoded {
            Ok(()) => {
                self.push(row);
                Ok(())
            }
            Err(PartialRow { pixels, error }) => {
                self.push_start(row, u32::try_from(pixels).unwrap_or(u32::MAX));
                Err(error)
            }
        }
    }

    /// Takes all rows of a picture.
    pub(crate) fn push_picture(&mut self, picture: &Picture) {
        picture.rows().for_each(|row| self.push(row));
    }

    /// Skips the next `rows` rows, which never came.
    pub(crate) fn skip(&mut self, rows: u32) {
        let size = self.rows.size;
        let rows = rows.min(size.height - self.taken);
        self.lost = self.lost.saturating_add(Size { height: rows, ..size }.pixels());
        (0..rows).for_each(|_| self.next_row(None));
    }

    /// The pixels that never came: those left out so far, and those after the rows so far.
    pub(crate) fn missing(&self) -> Damage {
        let size = self.rows.size;
        let rest = Size { height: size.height - self.taken, ..size };
        Damage { lost: self.lost.saturating_add(rest.pixels()), total: size.pixels() }
    }

    /// Hands the next row to all scalers.
    fn next_row(&mut self, row: Option<&[u8]>) {
        if self.taken < self.rows.size.height {
            self.taken += 1;
            self.scalers.iter_mut().for_each(|(_, scaler)| scaler.push(row));
        }
    }

    /// The pictures. Rows that did not arrive are filled in.
    pub(crate) fn finish(mut self) -> ScaledSource {
        self.skip(u32::MAX);
        let SourceRows { full, layout, depth, order, .. } = self.rows;
        let pictures = self.scalers.into_iter().map(|(target, scaler)| {
            let picture = scaler.finish();
            ScaledPicture {
                target,
                picture: match order {
                    RowOrder::BottomUp => picture.flipped(),
                    RowOrder::TopDown => picture,
                },
            }
        });
        ScaledSource { full, layout, depth, pictures: pictures.collect(), refused: self.refused }
    }
}

/// The targets that are made of the rows themselves, from the largest to the smallest, and those for which memory does not
/// suffice. What their scalers take is reserved.
fn reserved_targets(
    rows: &SourceRows,
    demand: Demand<'_>,
    orientation: Option<Orientation>,
    budget: &mut Budget,
) -> Result<(Vec<Target>, Vec<RefusedTarget>), Error> {
    let orientations = orientation.map_or_else(Orientation::all, |orientation| vec![orientation]);
    let (mut kept, mut refused) = (Vec::<Target>::new(), Vec::new());
    for target in demand.targets(rows.full, &orientations) {
        // Pictures of sixteen bits are not scaled again: that is done at eight.
        if rows.depth == Depth::Eight && kept.iter().any(|larger| larger.serves(&target)) {
            continue;
        }
        match budget.reserve(PictureScaler::bytes(rows, &target)) {
            Ok(()) => kept.push(target),
            Err(Error::TooMuchMemory { needed, allowed }) => {
                refused.push(RefusedTarget { target, needed, allowed });
            }
            Err(error) => return Err(error),
        }
    }
    match (kept.is_empty(), refused.last()) {
        (true, Some(RefusedTarget { needed, allowed, .. })) => {
            Err(Error::TooMuchMemory { needed: *needed, allowed: *allowed })
        }
        _ => Ok((kept, refused)),
    }
}
