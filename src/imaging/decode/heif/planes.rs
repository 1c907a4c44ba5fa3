//! Decoded images as planes: luma, and both of chroma if there is chroma. Alpha is an image of its own.

use crate::imaging::decode::heif::container::property::CodePoints;
use crate::imaging::picture::geometry::Size;
use crate::imaging::picture::side;

/// A decoded image.
pub(super) struct Planes {
    /// Luma and, if there is chroma, both chroma planes.
    pub(super) planes: Vec<Plane>,
    pub(super) format: PlaneFormat,
    /// Code points of the bitstream.
    pub(super) color: CodePoints,
}

/// A decoded item, and what is reserved for it.
pub(super) struct DecodedItem {
    pub(super) planes: Planes,
    /// Bytes reserved in all.
    pub(super) reserved_bytes: u64,
    /// Part of them that is needed as long as the planes are.
    pub(super) picture_bytes: u64,
}

impl Planes {
    /// Leaves out what extends past the right and lower edge of an image.
    pub(super) fn crop(&mut self, image: Size) {
        for (number, plane) in self.planes.iter_mut().enumerate() {
            let Size { width, height } = match self.format.chroma {
                Some(chroma) if number > 0 => chroma.size(image),
                _ => image,
            };
            plane.size = Size { width: plane.size.width.min(width), height: plane.size.height.min(height) };
        }
    }
}

/// Samples of one component, of one byte each, or of two in the machine's byte order.
pub(super) struct Plane {
    pub(super) samples: PlaneSamples,
    /// Bytes from row to row.
    pub(super) stride: usize,
    /// Samples without padding.
    pub(super) size: Size,
}

/// Owner of a plane's samples.
pub(super) enum PlaneSamples {
    /// The decoder of AV1.
    Av1(re_rav1d::dav1d::Plane),
    Own(Vec<u8>),
}

impl Plane {
    /// A row with its padding; empty past the last row.
    pub(super) fn row(&self, y: u32) -> &[u8] {
        let samples: &[u8] = match &self.samples {
            PlaneSamples::Av1(plane) => plane,
            PlaneSamples::Own(samples) => samples,
        };
        let start = side(y).saturating_mul(self.stride);
        samples.get(start..start.saturating_add(self.stride)).unwrap_or_default()
    }
}

impl ChromaSubsampling {
    /// Size of a chroma plane.
    pub(super) fn size(self, luma: Size) -> Size {
        let half = |side: u32, halved: bool| if halved { side.div_ceil(2) } else { side };
        Size { width: half(luma.width, self.across), height: half(luma.height, self.down) }
    }
}

/// Storage of samples.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct PlaneFormat {
    /// Bits of a sample: 8, 10 or 12.
    pub(super) bits: u8,
    /// Subsampling of chroma; `None` without chroma.
    pub(super) chroma: Option<ChromaSubsampling>,
}

/// Directions in which chroma has half the resolution of luma.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct ChromaSubsampling {
    pub(super) across: bool,
    pub(super) down: bool,
}

impl PlaneFormat {
    /// Returns `true` if samples have two bytes.
    pub(super) fn is_wide(self) -> bool {
        self.bits > 8
    }

    /// Bytes of a sample.
    pub(super) fn sample_bytes(self) -> usize {
        if self.is_wide() { 2 } else { 1 }
    }
}
