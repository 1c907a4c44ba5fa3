//! The coded picture of an item: its parameter sets and slices, as the decoder gets them.

use crate::imaging::decode::heif::hevc::configuration::Configuration;
use crate::imaging::decode::heif::hevc::nal_unit::{self, UnitKind};
use crate::imaging::decode::heif::hevc::parameters::SequenceParameters;
use crate::imaging::error::Error;
use crate::imaging::picture::geometry::Size;
use crate::imaging::source_format::SourceFormat;

/// Most parameter sets: 16 for video, 16 for sequences, and 64 for pictures (ITU-T H.265, section 7.4.3).
const MOST_SETS: usize = 96;

/// Most slice segments of a picture (table A.8).
const MOST_SLICES: usize = 600;

/// The first picture of an item.
#[derive(Debug)]
pub(super) struct CodedPicture<'a> {
    /// Parameter sets, each with its header.
    pub(super) sets: Vec<&'a [u8]>,
    /// Slice segments, each with its header.
    pub(super) slices: Vec<&'a [u8]>,
    pub(super) parameters: SequenceParameters,
    /// `true` if the picture refers to no other, so that a decoder of video holds none beside it.
    pub(super) is_refresh: bool,
}

impl<'a> CodedPicture<'a> {
    /// Reads the units of an item and of its configuration.
    ///
    /// # Errors
    /// [`Error::Damaged`], or [`Error::Unsupported`] for pictures that depend on others.
    pub(super) fn read(item: &'a [u8], configuration: &'a [u8]) -> Result<Self, Error> {
        let broken = |what| Error::damaged(SourceFormat::Heic, what);
        let configuration =
            Configuration::read(configuration).ok_or_else(|| broken("its HEVC configuration is broken"))?;
        let (mut sets, mut slices) = (Vec::new(), Vec::new());
        let (mut parameters, mut is_refresh) = (None, true);
        // Many tiles may name one configuration, which must take no time.
        let configured = configuration.units().take(MOST_SETS);
        for unit in configured.chain(nal_unit::units(item, configuration.length_bytes)) {
            let Some(kind) = UnitKind::of(unit) else { continue };
            match kind {
                UnitKind::Dependent if slices.is_empty() => {
                    return Err(Error::unsupported(SourceFormat::Heic, "a picture that depends on others"));
                }
                // A second picture begins.
                _ if kind.is_slice() && nal_unit::begins_picture(unit) && !slices.is_empty() => break,
                UnitKind::Refresh | UnitKind::RandomAccess | UnitKind::Dependent => {
                    is_refresh &= kind == UnitKind::Refresh;
                    slices.push(unit);
                }
                UnitKind::SequenceParameters => {
                    let read = SequenceParameters::read(&nal_unit::content(unit))
                        .ok_or_else(|| broken("its HEVC parameters are broken"))?;
                    if *parameters.get_or_insert(read) != read {
                        return Err(broken("its HEVC parameters differ"));
                    }
                    sets.push(unit);
                }
                UnitKind::OtherParameters => sets.push(unit),
                UnitKind::Other => (),
            }
            if sets.len() > MOST_SETS || slices.len() > MOST_SLICES {
                return Err(broken("it has more HEVC parameters or slices than there can be"));
            }
        }
        let parameters = parameters.ok_or_else(|| broken("its HEVC parameters are missing"))?;
        if slices.is_empty() {
            return Err(broken("its HEVC data are missing"));
        }
        Ok(Self { sets, slices, parameters, is_refresh })
    }

    /// The picture in pieces of a sixteenth, one for each slice segment after the first. A slice may extend over those
    /// after it, so that many slices take more time than one.
    pub(super) fn more_slices(&self) -> (Size, u32) {
        let Size { width, height } = self.parameters.coded;
        let count = u32::try_from(self.slices.len().saturating_sub(1)).unwrap_or(u32::MAX);
        (Size { width: width / 4, height: height / 4 }, count)
    }
}
