//! Speeds of the encoder.
//!
//! Every speed gives a valid thumbnail of the same look: a quicker one has more bytes. Which one is taken depends on the
//! time that is left, so that the bytes of an AVIF may differ between two makings of it; its size and quality do not.

use rav1e::prelude::{BlockSize, PartitionRange, SceneDetectionSpeed, SpeedSettings};

/// Effort of the encoder.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub enum Speed {
    /// Fewest bytes.
    #[default]
    Small,
    /// Two thirds of the time, 1 to 2 % more bytes.
    Medium,
    /// A third of the time, 5 to 8 % more bytes.
    Quick,
    /// A sixth of the time, an eighth to a fifth more bytes.
    Quickest,
}

impl Speed {
    /// All speeds, the slowest first.
    pub const ALL: [Self; 4] = [Self::Small, Self::Medium, Self::Quick, Self::Quickest];

    /// Nanoseconds per pixel of a photograph at quality 80, on one core of the machine of docs/performance.md.
    pub(super) fn per_pixel(self) -> u64 {
        match self {
            Self::Small => 1840,
            Self::Medium => 1200,
            Self::Quick => 600,
            Self::Quickest => 320,
        }
    }

    /// Settings of rav1e.
    ///
    /// Chosen on photographs of 300 px at equal SSIMULACRA2 (docs/performance.md, "AVIF out"): CDEF costs bytes at that size,
    /// blocks above 16 pixels cost time, and loop restoration saves nothing.
    pub(super) fn settings(self) -> SpeedSettings {
        use BlockSize::{BLOCK_4X4, BLOCK_8X8, BLOCK_16X16};
        let (preset, smallest_block) = match self {
            Self::Small | Self::Medium => (8, BLOCK_4X4),
            Self::Quick => (9, BLOCK_8X8),
            Self::Quickest => (10, BLOCK_16X16),
        };
        let mut settings = SpeedSettings::from_preset(preset);
        // A still picture has nothing before or after it.
        settings.multiref = false;
        settings.rdo_lookahead_frames = 1;
        settings.scene_detection_mode = SceneDetectionSpeed::None;
        settings.cdef = false;
        settings.partition.partition_range = PartitionRange::new(smallest_block, BLOCK_16X16);
        settings.partition.encode_bottomup = self == Self::Small;
        settings.prediction.fine_directional_intra = self <= Self::Medium;
        settings
    }
}
