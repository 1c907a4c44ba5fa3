//! Properties of items: their boxes in `ipco` (ISO/IEC 14496-12, section 12.1; ISO/IEC 23008-12, section 6.5).

use crate::imaging::decode::heif::container::boxes::ByteReader;
use crate::imaging::picture::geometry::Size;

/// A property of an item.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::imaging::decode::heif) enum Property<'a> {
    /// `auxC`: type of an auxiliary image.
    Auxiliary(&'a [u8]),
    /// `clap`: clean aperture; width, height and the offsets of the centre, each a numerator and a denominator.
    CleanAperture([u32; 8]),
    /// `colr` of the type `nclx`.
    CodePoints(CodePoints),
    /// `hvcC`: the decoder configuration of HEVC.
    HevcConfiguration(&'a [u8]),
    /// `colr` with an ICC profile.
    Icc(&'a [u8]),
    /// `lsel`: the layer to be shown.
    Layer(u16),
    /// `imir`: mirroring; 0 exchanges top and bottom, 1 left and right.
    Mirror(u8),
    /// `a1op`: the operating point to be decoded.
    OperatingPoint(u8),
    /// A known property without effect here, or one that repeats the bitstream.
    Ignored,
    /// `ispe`: size of the image.
    Size(Size),
    /// `irot`: quarter turns anti-clockwise.
    Rotation(u8),
    /// Any other property.
    Unknown([u8; 4]),
}

/// Colour code points of ITU-T H.273.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in crate::imaging::decode::heif) struct CodePoints {
    pub(in crate::imaging::decode::heif) primaries: u8,
    pub(in crate::imaging::decode::heif) transfer: u8,
    pub(in crate::imaging::decode::heif) matrix: u8,
    pub(in crate::imaging::decode::heif) full_range: bool,
}

impl CodePoints {
    /// Code points for samples that are not colours, such as alpha.
    pub(in crate::imaging::decode::heif) fn grey(self) -> Self {
        Self { matrix: 2, ..self }
    }
}

impl<'a> Property<'a> {
    /// Reads the content of a property box; `None` if it is broken.
    pub(in crate::imaging::decode::heif) fn read(kind: [u8; 4], mut bytes: ByteReader<'a>) -> Option<Self> {
        Some(match &kind {
            b"a1op" => Self::OperatingPoint(bytes.u8()?),
            b"auxC" => {
                bytes.full_box_header()?;
                Self::Auxiliary(bytes.0.split(|byte| *byte == 0).next().unwrap_or_default())
            }
            b"clap" => {
                // Zeros, which are no aperture, stand for numbers that are missing.
                Self::CleanAperture(std::array::from_fn(|_| bytes.u32().unwrap_or_default()))
            }
            b"colr" => match &bytes.array()? {
                b"nclx" => {
                    let [primaries, transfer, matrix] = [bytes.u16()?, bytes.u16()?, bytes.u16()?];
                    // Numbers over 255 are not assigned; 2 is "unspecified".
                    let [primaries, transfer, matrix] =
                        [primaries, transfer, matrix].map(|point| u8::try_from(point).unwrap_or(2));
                    let full_range = bytes.u8()? >> 7 == 1;
                    Self::CodePoints(CodePoints { primaries, transfer, matrix, full_range })
                }
                b"prof" | b"rICC" => Self::Icc(bytes.0),
                _ => Self::Ignored,
            },
            b"hvcC" => Self::HevcConfiguration(bytes.0),
            b"imir" => Self::Mirror(bytes.u8()? & 1),
            b"irot" => Self::Rotation(bytes.u8()? & 3),
            b"ispe" => {
                bytes.full_box_header()?;
                Self::Size(Size { width: bytes.u32()?, height: bytes.u32()? })
            }
            b"lsel" => Self::Layer(bytes.u16()?),
            b"a1lx" | b"amve" | b"av1C" | b"cclv" | b"clli" | b"mdcv" | b"pasp" | b"pixi" => Self::Ignored,
            _ => Self::Unknown(kind),
        })
    }
}
