//! One thumbnail on its way to a file: written once, or again until a limit of bytes or a score is met.

use crate::imaging::encode::avif::AvifFile;
use crate::imaging::encode::avif::speed::Speed;
use crate::imaging::encode::jpeg::Jpeg;
use crate::imaging::encode::score::{MOST_PIXELS, Reference};
use crate::imaging::encode::score_search::{Found, lowest, serves_better};
use crate::imaging::encode::{
    KeptMetadata, avif, gif, png, quality_search, read_back, score_search, webp, webp_metadata,
};
use crate::imaging::error::Error;
use crate::imaging::limits::Cancel;
use crate::imaging::picture::Picture;
use crate::imaging::picture::geometry::Size;
use crate::recipe::{Format, Loss, Quality, Recipe, Subsampling};

/// Most AVIF files that are written for a limit of bytes after the first was too large.
pub(super) const AVIF_BYTE_TRIALS: u32 = 3;

/// Most AVIF files that are written for a score.
pub(super) const AVIF_SCORE_TRIALS: u32 = 3;

/// Most files in other formats that are written for a score, with one resolution of chroma.
const SCORE_TRIALS: u32 = 5;

/// A JPEG of this quality or more is tried with chroma of the full resolution, which may reach the score with fewer
/// bytes.
const CHROMA_SHOWS_FROM: u8 = 90;

/// A picture in the layout that its format encodes, with all that decides its file but quality.
pub(super) struct EncodeJob<'a> {
    picture: Picture,
    format: Format,
    recipe: &'a Recipe,
    metadata: &'a KeptMetadata<'a>,
    speed: Speed,
    /// The picture in the form that several JPEG files are written from.
    jpeg: Option<Jpeg<'a>>,
}

/// A file.
pub(super) struct Encoded {
    pub(super) file: Vec<u8>,
    /// That with which it was written, 1 to 100.
    pub(super) quality: u8,
    /// SSIMULACRA2 against the pixels, if it was compared with them.
    pub(super) score: Option<f64>,
}

impl<'a> EncodeJob<'a> {
    pub(super) fn new(
        picture: Picture,
        format: Format,
        recipe: &'a Recipe,
        metadata: &'a KeptMetadata<'a>,
        speed: Speed,
    ) -> Self {
        Self { picture, format, recipe, metadata, speed, jpeg: None }
    }

    pub(super) fn format(&self) -> Format {
        self.format
    }

    /// [`Error::TooManyBytes`] of this limit.
    pub(super) fn too_many_bytes(&self, allowed: u64) -> Error {
        let Size { width, height } = self.picture.size;
        Error::TooManyBytes { format: self.format, width, height, allowed }
    }

    /// The file of this quality, 1 to 100; GIF and PNG have none.
    pub(super) fn encode(&mut self, quality: u8) -> Result<Encoded, Error> {
        let file = match self.format {
            Format::Avif => self.encode_avif(quality).map(|file| file.bytes),
            Format::Gif => {
                gif::encode(self.picture.clone(), self.recipe.background, self.metadata.xmp.as_deref())
            }
            Format::Jpeg => self.encode_jpeg(quality),
            Format::Png => self.encode_png(png::Effort::Usual),
            Format::WebP => self.encode_webp(quality),
        };
        Ok(Encoded { file: self.checked(file)?, quality, score: None })
    }

    /// [`Self::encode`] for the only file, in less memory.
    pub(super) fn encode_once(mut self, quality: u8) -> Result<Encoded, Error> {
        if self.format != Format::Jpeg {
            return self.encode(quality);
        }
        let jpeg = Jpeg::new(&self.picture, quality, self.recipe.subsampling, self.recipe, self.metadata);
        self.picture.samples = Vec::new();
        let file = jpeg.and_then(|jpeg| jpeg.into_file(quality));
        Ok(Encoded { file: self.checked(file)?, quality, score: None })
    }

    /// The file of the lowest quality that has this score, or of the best; and after that, for JPEG whose chroma may be of
    /// any resolution, the same with the full one if that serves better.
    ///
    /// # Errors
    /// [`Error::TooLargeToScore`], and those of encoding.
    pub(super) fn encode_for_score(&mut self, score: u8, cancel: &Cancel) -> Result<Encoded, Error> {
        let size = self.picture.size;
        if size.pixels() > MOST_PIXELS {
            return Err(Error::TooLargeToScore {
                width: size.width,
                height: size.height,
                allowed: MOST_PIXELS,
            });
        }
        let reference = self.checked(Reference::new(&self.picture))?;
        let wanted = f64::from(score);
        let mut found = self.search(&reference, wanted, cancel)?;
        let may_have_full_chroma =
            self.format == Format::Jpeg && self.recipe.subsampling == Subsampling::Auto && !self.is_full();
        if may_have_full_chroma && found.quality >= CHROMA_SHOWS_FROM {
            let quality = found.quality;
            let full = Jpeg::new(&self.picture, quality, Subsampling::Full, self.recipe, self.metadata);
            let quarter = self.jpeg.replace(self.checked(full)?);
            let with_full = self.search(&reference, wanted, cancel)?;
            if serves_better(wanted, (with_full.score, with_full.file.len()), (found.score, found.file.len()))
            {
                found = with_full;
            } else {
                self.jpeg = quarter;
            }
        }
        let Found { quality, score, file } = found;
        Ok(Encoded { file, quality, score: Some(score) })
    }

    /// The best file of at most `limit` bytes, after the one of quality `tried` was too large; `None` if there is none.
    pub(super) fn encode_within(
        &mut self,
        limit: u64,
        tried: u8,
        cancel: &Cancel,
    ) -> Result<Option<Encoded>, Error> {
        let trials = match self.format {
            Format::Gif => return Ok(None),
            Format::Png => {
                let file = self.checked(self.encode_png(png::Effort::Most))?;
                let fits = quality_search::fits(&file, limit);
                return Ok(fits.then_some(Encoded { file, quality: tried, score: None }));
            }
            Format::WebP if self.recipe.loss != Loss::ByQuality => return Ok(None),
            Format::Avif => AVIF_BYTE_TRIALS,
            Format::Jpeg | Format::WebP => quality_search::ENOUGH_TRIALS,
        };
        let best = quality_search::below(trials, tried, limit, |quality| {
            cancel.check()?;
            Ok(self.encode(quality)?.file)
        })?;
        Ok(best.map(|(quality, file)| Encoded { file, quality, score: None }))
    }

    fn search(
        &mut self,
        reference: &Reference,
        wanted: f64,
        cancel: &Cancel,
    ) -> Result<Found<Vec<u8>>, Error> {
        let means = score_search::means(self.format);
        let trials = if self.format == Format::Avif { AVIF_SCORE_TRIALS } else { SCORE_TRIALS };
        lowest(wanted, means, trials, |quality| {
            cancel.check()?;
            let (file, pixels) = self.encode_and_read(quality)?;
            Ok((self.checked(reference.score(pixels))?, file))
        })
    }

    /// The file of this quality, and its pixels as other programs see them.
    fn encode_and_read(&mut self, quality: u8) -> Result<(Vec<u8>, Picture), Error> {
        if self.format == Format::Avif {
            let AvifFile { bytes, reconstruction } = self.checked(self.encode_avif(quality))?;
            return Ok((bytes, reconstruction.pixels()));
        }
        let Encoded { file, .. } = self.encode(quality)?;
        let pixels = read_back::pixels(&file, self.format, self.picture.size);
        Ok((file, self.checked(pixels)?))
    }

    /// `true` if the JPEG has chroma of the full resolution.
    fn is_full(&self) -> bool {
        self.jpeg.as_ref().is_some_and(Jpeg::is_full)
    }

    fn encode_avif(&self, quality: u8) -> Result<AvifFile, String> {
        avif::encode(&self.picture, quality, self.speed, self.metadata)
    }

    fn encode_jpeg(&mut self, quality: u8) -> Result<Vec<u8>, String> {
        let jpeg = match self.jpeg.take() {
            Some(jpeg) => jpeg,
            None => Jpeg::new(&self.picture, quality, self.recipe.subsampling, self.recipe, self.metadata)?,
        };
        let file = jpeg.write(quality);
        self.jpeg = Some(jpeg);
        file
    }

    fn encode_png(&self, effort: png::Effort) -> Result<Vec<u8>, String> {
        png::encode(&self.picture, self.recipe.colors, effort, self.metadata)
    }

    fn encode_webp(&self, quality: u8) -> Result<Vec<u8>, String> {
        // Files of one search differ in nothing but the quality, so that scores rise with it.
        let sharp_chroma = match self.recipe.quality {
            Quality::Auto(score) => score >= webp::SHARP_CHROMA_FROM_SCORE,
            _ => quality >= webp::SHARP_CHROMA_FROM,
        };
        let webp = webp::encode(self.picture.clone(), quality, self.recipe.loss, sharp_chroma)?;
        Ok(webp_metadata::with_metadata(webp, self.picture.size, self.metadata))
    }

    /// The result, or [`Error::Encode`] with the description.
    fn checked<T>(&self, result: Result<T, String>) -> Result<T, Error> {
        result.map_err(|detail| Error::Encode { format: self.format, detail })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::imaging::encode::encode;
    use crate::imaging::picture::{Depth, Layout};
    use crate::imaging::rendering::Thumbnail;
    use crate::imaging::source_format::SourceFormat;
    use crate::imaging::source_properties::SourceFile;

    fn picture(size: Size, pixel: impl Fn(u32, u32) -> [u8; 3]) -> Picture {
        let pixels = (0..size.height).flat_map(|y| (0..size.width).map(move |x| (x, y)));
        let samples = pixels.flat_map(|(x, y)| pixel(x, y)).collect();
        Picture { size, layout: Layout::Rgb, depth: Depth::Eight, samples }
    }

    /// A photograph, 300 px wide.
    fn photograph() -> Picture {
        let file = image::open("tests/data/kodim23-768x512.png").unwrap();
        let photograph = file.resize(300, 300, image::imageops::FilterType::Lanczos3).into_rgb8();
        let (width, height) = photograph.dimensions();
        picture(Size { width, height }, |x, y| photograph.get_pixel(x, y).0)
    }

    fn written(picture: Picture, recipe: &Recipe) -> Result<Thumbnail, Error> {
        let source_file =
            SourceFile { format: SourceFormat::Png, size: picture.size, quality: None, bytes: None };
        let metadata = KeptMetadata::default();
        encode(picture, recipe, &source_file, &metadata, Speed::Quickest, &Cancel::default())
    }

    fn recipe(format: Format, score: u8) -> Recipe {
        Recipe { format: Some(format), quality: Quality::Auto(score), ..Recipe::default() }
    }

    #[test]
    fn scores_are_met_within_a_point() {
        let photograph = photograph();
        let reference = Reference::new(&photograph).unwrap();
        for format in [Format::Jpeg, Format::WebP]
            .into_iter()
            .filter(|format| *format == Format::Jpeg || cfg!(feature = "libwebp"))
        {
            let mut last = 0;
            for score in [50, 65, 75, 85] {
                let made = written(photograph.clone(), &recipe(format, score)).unwrap();
                let told = made.score.unwrap();
                assert!((told - f64::from(score)).abs() <= 1.0, "{format:?} {score}: {told}");
                let read = read_back::pixels(&made.bytes, format, photograph.size).unwrap();
                assert_eq!(reference.score(read), Ok(told), "{format:?} {score}");
                assert!(made.quality > Some(last), "{format:?} {score}: {:?}", made.quality);
                last = made.quality.unwrap();
            }
        }
    }

    #[test]
    fn another_reader_sees_the_same_score() {
        let photograph = photograph();
        let made = written(photograph.clone(), &recipe(Format::Jpeg, 75)).unwrap();
        let mut decoder = jpeg_decoder::Decoder::new(&*made.bytes);
        let samples = decoder.decode().unwrap();
        let reference = Reference::new(&photograph).unwrap();
        let score = reference.score(Picture { samples, ..photograph }).unwrap();
        assert!((score - made.score.unwrap()).abs() < 0.5, "{score} {:?}", made.score);
    }

    /// Letters in strong colours, which chroma of half the resolution blurs.
    fn strong_colors() -> Picture {
        picture(Size { width: 200, height: 150 }, |x, y| {
            if (x / 3 + y / 5) % 3 == 0 { [230, 20, 30] } else { [20, 40, 220] }
        })
    }

    #[test]
    fn chroma_has_the_full_resolution_where_the_score_needs_it() {
        let auto = written(strong_colors(), &recipe(Format::Jpeg, 85)).unwrap();
        let quarter = Recipe { subsampling: Subsampling::Quarter, ..recipe(Format::Jpeg, 85) };
        let quarter = written(strong_colors(), &quarter).unwrap();
        assert!(auto.score.unwrap() >= 84.0, "{:?}", auto.score);
        assert!(quarter.score.unwrap() < 84.0, "{:?}", quarter.score);
    }

    #[test]
    fn a_limit_of_bytes_is_kept_at_the_cost_of_the_score() {
        let all = written(photograph(), &recipe(Format::Jpeg, 85)).unwrap();
        let allowed = all.length() / 2;
        let less = Recipe { max_bytes: Some(allowed), ..recipe(Format::Jpeg, 85) };
        let less = written(photograph(), &less).unwrap();
        assert!(less.length() <= allowed && less.quality < all.quality);
        assert_eq!(less.score, None);
    }

    #[test]
    fn formats_without_loss_are_not_searched() {
        let made = written(photograph(), &recipe(Format::Png, 75)).unwrap();
        assert_eq!((made.quality, made.score), (None, None));
        let lossless = Recipe { loss: Loss::Nothing, ..recipe(Format::WebP, 75) };
        let made = written(strong_colors(), &lossless).unwrap();
        assert_eq!((made.quality, made.score), (None, None));
        assert_eq!(
            image::load_from_memory(&made.bytes).unwrap().into_rgb8().into_raw(),
            strong_colors().samples
        );
    }

    #[test]
    fn pictures_too_large_to_compare_are_refused() {
        let large = picture(Size { width: 1601, height: 1600 }, |_, _| [9; 3]);
        let error = written(large, &recipe(Format::Jpeg, 75)).unwrap_err();
        assert!(matches!(error, Error::TooLargeToScore { width: 1601, height: 1600, .. }), "{error}");
    }
}
