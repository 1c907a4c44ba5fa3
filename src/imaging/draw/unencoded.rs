//! A thumbnail that is drawn but not encoded yet, because its format takes long.
//!
//! Everything that its file depends on is in it, so that it outlives the source: the caller stores the other thumbnails
//! first, and then encodes this one if there is time.

use std::time::{Duration, Instant};

use crate::imaging::draw::job::DrawJob;
use crate::imaging::encode;
use crate::imaging::encode::KeptMetadata;
use crate::imaging::encode::avif::speed::Speed;
use crate::imaging::error::Error;
use crate::imaging::limits::{Cancel, bytes_of, to_u64};
use crate::imaging::picture::Picture;
use crate::imaging::picture::geometry::Size;
use crate::imaging::pixels::placeholder::placeholder;
use crate::imaging::rendering::{Motion, Placeholder, Thumbnail};
use crate::imaging::source_properties::{SourceFile, SourceProperties};
use crate::recipe::Recipe;

/// A thumbnail, or what remains to be encoded.
#[derive(Debug)]
pub enum DraftThumbnail {
    /// Drawn, in a format that takes long.
    Drawn(Box<UnencodedThumbnail>),
    /// Ready to be stored.
    Encoded(Thumbnail),
}

/// The pixels of a thumbnail, and its recipe.
#[derive(Debug)]
pub struct UnencodedThumbnail {
    picture: Picture,
    recipe: Recipe,
    source_file: SourceFile,
    profile: Option<Vec<u8>>,
    exif: Option<Vec<u8>>,
    xmp: Option<Vec<u8>>,
    motion: Motion,
}

impl UnencodedThumbnail {
    /// The drawn thumbnail of a job.
    pub(in crate::imaging) fn new(
        picture: Picture,
        job: &DrawJob<'_>,
        motion: Motion,
        properties: &SourceProperties,
    ) -> Self {
        let KeptMetadata { profile, exif, xmp } = KeptMetadata::of(properties, job.recipe);
        Self {
            picture,
            recipe: job.recipe.clone(),
            source_file: properties.source_file(),
            profile: profile.map(<[u8]>::to_vec),
            exif,
            xmp,
            motion,
        }
    }

    /// Width and height, pixels.
    #[must_use]
    pub fn size(&self) -> (u32, u32) {
        let Size { width, height } = self.picture.size;
        (width, height)
    }

    /// What a page can show before it has come, if the recipe asks for it.
    #[must_use]
    pub fn placeholder(&self) -> Option<Placeholder> {
        self.recipe.placeholder.then(|| placeholder(&self.picture)).flatten()
    }

    /// Bytes that it takes while it waits.
    #[must_use]
    pub fn held_bytes(&self) -> u64 {
        let metadata = [&self.profile, &self.xmp].into_iter().flatten().map(Vec::len).sum();
        self.picture.bytes().saturating_add(to_u64(metadata))
    }

    /// Bytes that encoding takes beside [`Self::held_bytes`].
    #[must_use]
    pub fn encoding_bytes(&self) -> u64 {
        let Picture { size, layout, .. } = self.picture;
        let pixel = encode::working_bytes_per_pixel(&self.recipe, &self.source_file, layout, size);
        bytes_of(size, pixel).saturating_sub(self.picture.bytes())
    }

    /// Longest time that encoding is expected to take, by what this process has measured.
    #[must_use]
    pub fn estimate(&self, speed: Speed) -> Duration {
        let Picture { size, layout, .. } = self.picture;
        encode::estimate(&self.recipe, self.source_file.quality, size, layout, speed)
    }

    /// Encodes it. Returns the time as well.
    ///
    /// # Errors
    /// As those of other formats: [`Error::Impossible`], [`Error::TooManyBytes`], [`Error::Encode`],
    /// [`Error::Cancelled`].
    pub fn encode(self, speed: Speed, cancel: &Cancel) -> (Result<Thumbnail, Error>, Duration) {
        let start = Instant::now();
        cancel.set_reserved(self.held_bytes().saturating_add(self.encoding_bytes()));
        let Self { picture, recipe, source_file, profile, exif, xmp, motion } = self;
        let metadata = KeptMetadata { profile: profile.as_deref(), exif, xmp };
        let thumbnail = cancel
            .check()
            .and_then(|()| encode::encode(picture, &recipe, &source_file, &metadata, speed, cancel))
            .map(|thumbnail| Thumbnail { motion, ..thumbnail });
        (thumbnail, start.elapsed())
    }
}

/// The slowest speed at which all are expected to be encoded within this time, or else the quickest.
#[must_use]
pub fn speed_within(thumbnails: &[&UnencodedThumbnail], time: Duration) -> Speed {
    let total = |speed| -> Duration {
        thumbnails.iter().fold(Duration::ZERO, |sum, one| sum.saturating_add(one.estimate(speed)))
    };
    Speed::ALL.into_iter().find(|speed| total(*speed) <= time).unwrap_or(Speed::Quickest)
}
