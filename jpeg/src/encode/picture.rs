//! The picture that is written.

/// Channels of the samples.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Channels {
    /// One byte a pixel.
    Grey,
    /// Red, green and blue bytes, interleaved.
    Rgb,
}

impl Channels {
    /// Bytes of a pixel.
    #[must_use]
    pub fn count(self) -> usize {
        match self {
            Self::Grey => 1,
            Self::Rgb => 3,
        }
    }
}

/// A picture to write: rows from top to bottom, without gaps.
#[derive(Clone, Copy, Debug)]
pub struct Pixels<'a> {
    /// Pixels of a row, 1 or more.
    pub width: u16,
    /// Rows, 1 or more.
    pub height: u16,
    /// Samples: `width * height` pixels.
    pub samples: &'a [u8],
    /// Channels of the samples.
    pub channels: Channels,
}

impl<'a> Pixels<'a> {
    /// Checks the size and the number of samples.
    pub(super) fn check(&self) -> Result<(), EncodeError> {
        let (width, height) = (usize::from(self.width), usize::from(self.height));
        let expected = width.checked_mul(height).and_then(|pixels| pixels.checked_mul(self.channels.count()));
        match expected {
            Some(0) => Err(EncodeError::Empty),
            Some(expected) if expected == self.samples.len() => Ok(()),
            _ => Err(EncodeError::Samples {
                width: self.width,
                height: self.height,
                found: self.samples.len(),
            }),
        }
    }

    /// A row of samples; the last one for numbers beyond it.
    pub(super) fn row(&self, number: usize) -> &'a [u8] {
        let length = usize::from(self.width) * self.channels.count();
        let start = number.min(usize::from(self.height).saturating_sub(1)) * length;
        self.samples.get(start..start + length).unwrap_or_default()
    }
}

/// Resolution of chroma.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Sampling {
    /// 4:4:4: that of luma.
    Full,
    /// 4:2:2: half of luma's across.
    Half,
    /// 4:2:0: half of luma's across and down.
    Quarter,
}

impl Sampling {
    /// Blocks of luma in an MCU across and down: the sampling factors of luma, where those of chroma are 1.
    #[must_use]
    pub fn factors(self) -> (u8, u8) {
        match self {
            Self::Full => (1, 1),
            Self::Half => (2, 1),
            Self::Quarter => (2, 2),
        }
    }
}

/// Reason for a picture not to be written.
#[derive(Debug, Eq, PartialEq, thiserror::Error)]
pub enum EncodeError {
    /// A side of the picture is zero.
    #[error("a picture without pixels cannot be written as JPEG")]
    Empty,
    /// The number of samples is not that of the size.
    #[error("{found} bytes of samples do not make a picture of {width}x{height} pixels")]
    Samples {
        /// Pixels of a row.
        width: u16,
        /// Rows.
        height: u16,
        /// Bytes of the samples.
        found: usize,
    },
    /// An EXIF block or a colour profile does not fit in its segments.
    #[error("{bytes} bytes of {kind} do not fit in a JPEG, which holds at most {most}")]
    Metadata {
        /// What it is.
        kind: &'static str,
        /// Its length.
        bytes: usize,
        /// The largest length.
        most: usize,
    },
    /// The memory for coefficients or for the file is not there.
    #[error("there is no memory to write the JPEG")]
    Memory,
}

impl From<std::collections::TryReserveError> for EncodeError {
    fn from(_: std::collections::TryReserveError) -> Self {
        Self::Memory
    }
}
