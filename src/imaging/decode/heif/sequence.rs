//! The first frame of an image sequence without a still image (ISO/IEC 14496-12, sections 8.3 to 8.7; AV1 Codec ISO
//! Media File Format Binding, section 2.2).
//!
//! The frame and its alpha are presented as items, as a still image has them. Nothing is allocated by numbers of the
//! file: only the first sample of a track is looked up.

use crate::imaging::decode::heif::container::boxes::ByteReader;
use crate::imaging::decode::heif::container::meta::{ItemIds, Meta};
use crate::imaging::decode::heif::container::property::Property;
use crate::imaging::decode::heif::grid::{is_decoded, undecoded};
use crate::imaging::error::Error;
use crate::imaging::picture::geometry::Size;
use crate::imaging::source_format::SourceFormat;

/// Bytes of a visual sample entry before its boxes (ISO/IEC 14496-12, section 12.1.3).
const VISUAL_ENTRY_BYTES: usize = 78;

/// Levels of boxes with tables of samples: `mdia`, `minf` and `stbl`.
const MEDIA_LEVELS: u32 = 3;

/// IDs of the items for colour and for alpha.
const COLOR: u32 = 1;
const ALPHA: u32 = 2;

/// A track of images.
#[derive(Debug, Default)]
struct Track<'a> {
    id: u32,
    handler: [u8; 4],
    /// Tracks to which this one is auxiliary: `auxl`.
    auxiliary_to: ItemIds<'a>,
    /// Tracks by whose samples colours are multiplied: `prem`.
    premultiplied_by: ItemIds<'a>,
    /// Type of the first sample entry.
    coding: [u8; 4],
    /// Size, code points, ICC profile, auxiliary type and configuration of the first sample entry, where it has them.
    properties: [Option<Property<'a>>; 5],
    /// Offset of the first sample in the file.
    offset: Option<u64>,
    /// Length of the first sample, bytes.
    length: Option<u64>,
}

/// The first frame of the tracks in a `moov` box, as items.
///
/// # Errors
/// [`Error::Unsupported`] or [`Error::Heic`] without a track of images that are decoded and whose samples are in the file.
pub(super) fn first_frame(moov: &[u8], format: SourceFormat) -> Result<Meta<'_>, Error> {
    let missing = || Error::unsupported(format, "neither a primary picture nor a sequence of pictures");
    let (color, alpha) = color_and_alpha(moov);
    let color = color.ok_or_else(missing)?;
    if is_decoded(color.coding) {
        items(&color, alpha.as_ref()).ok_or_else(missing)
    } else {
        Err(undecoded(&Meta::default(), color.coding))
    }
}

/// The first track of images, and the first one that is auxiliary to it.
fn color_and_alpha(moov: &[u8]) -> (Option<Track<'_>>, Option<Track<'_>>) {
    let (mut color, mut alpha) = (None, None);
    let mut bytes = ByteReader(moov);
    while let Some((kind, content)) = bytes.next_box() {
        if kind != *b"trak" {
            continue;
        }
        match Track::read(content) {
            Some(track) if !track.auxiliary_to.is_empty() => alpha = alpha.or(Some(track)),
            Some(track) if matches!(&track.handler, b"pict" | b"vide") => color = color.or(Some(track)),
            // Sound, and broken tracks.
            _ => (),
        }
    }
    let color: Option<Track<'_>> = color;
    let belongs = |alpha: &Track<'_>| {
        color.as_ref().is_some_and(|color| alpha.auxiliary_to.iter().any(|id| id == color.id))
    };
    let alpha = alpha.filter(belongs);
    (color, alpha)
}

/// The first samples of the tracks as items; `None` if a sample is not in the file.
fn items<'a>(color: &Track<'a>, alpha: Option<&Track<'a>>) -> Option<Meta<'a>> {
    let mut meta = Meta::default();
    meta.primary = Some(COLOR);
    let is_premultiplied = alpha.is_some_and(|alpha| color.premultiplied_by.iter().any(|id| id == alpha.id));
    let premultiplied = is_premultiplied.then_some((*b"prem", ItemIds::short(&[0, 2])));
    meta.add_image((COLOR, color.coding), color.sample()?, color.properties(), premultiplied)?;
    if let Some(alpha) = alpha {
        let of_color = (*b"auxl", ItemIds::short(&[0, 1]));
        meta.add_image((ALPHA, alpha.coding), alpha.sample()?, alpha.properties(), [of_color])?;
    }
    Some(meta)
}

impl<'a> Track<'a> {
    /// Reads a `trak` box; `None` if it is broken.
    fn read(mut bytes: ByteReader<'a>) -> Option<Self> {
        let mut track = Self::default();
        while !bytes.is_empty() {
            let (kind, mut content) = bytes.next_box()?;
            match &kind {
                b"mdia" => track.media(content, MEDIA_LEVELS)?,
                b"tkhd" => {
                    // Two times, of 64 bits each from version 1.
                    let times = if content.full_box_header()?.version > 0 { 16 } else { 8 };
                    content.take(times)?;
                    track.id = content.u32()?;
                }
                b"tref" => {
                    while !content.is_empty() {
                        let (kind, list) = content.next_box()?;
                        match &kind {
                            b"auxl" => track.auxiliary_to = ItemIds::long(list.0),
                            b"prem" => track.premultiplied_by = ItemIds::long(list.0),
                            _ => (),
                        }
                    }
                }
                _ => (),
            }
        }
        Some(track)
    }

    /// Reads `mdia` and the boxes inside it; `None` if they are nested deeper than `levels`.
    fn media(&mut self, mut bytes: ByteReader<'a>, levels: u32) -> Option<()> {
        let inner = levels.checked_sub(1)?;
        while !bytes.is_empty() {
            let (kind, mut content) = bytes.next_box()?;
            match &kind {
                b"hdlr" => {
                    content.full_box_header()?;
                    content.u32()?;
                    self.handler = content.array()?;
                }
                b"minf" | b"stbl" => self.media(content, inner)?,
                b"stsd" => self.sample_entry(content)?,
                b"co64" => self.offset = first_entry(content, 0, 8)?,
                b"stco" => self.offset = first_entry(content, 0, 4)?,
                b"stsz" => {
                    let same_for_all = ByteReader(content.0.get(4..)?).u32()?;
                    let first = if same_for_all > 0 {
                        Some(same_for_all.into())
                    } else {
                        first_entry(content, 4, 4)?
                    };
                    self.length = first;
                }
                _ => (),
            }
        }
        Some(())
    }

    /// Offset and length of the first sample.
    fn sample(&self) -> Option<(u64, u64)> {
        // A length of 0 would mean up to the end of the file.
        self.length.filter(|length| *length > 0).and_then(|length| Some((self.offset?, length)))
    }

    /// Properties of the first sample.
    fn properties(&self) -> impl Iterator<Item = Property<'a>> {
        self.properties.into_iter().flatten()
    }

    /// Reads the first entry of `stsd`.
    fn sample_entry(&mut self, mut bytes: ByteReader<'a>) -> Option<()> {
        bytes.full_box_header()?;
        bytes.u32()?;
        let (kind, mut content) = bytes.next_box()?;
        self.coding = kind;
        let mut fixed = ByteReader(content.take(VISUAL_ENTRY_BYTES)?);
        // Reserved bytes, and the index of the data.
        fixed.take(24)?;
        let size = Size { width: fixed.u16()?.into(), height: fixed.u16()?.into() };
        let [mut code_points, mut icc, mut auxiliary, mut configuration] = [None; 4];
        while !content.is_empty() {
            let (kind, content) = content.next_box()?;
            match Property::read(if kind == *b"auxi" { *b"auxC" } else { kind }, content)? {
                property @ Property::Auxiliary(_) => auxiliary = Some(property),
                property @ Property::CodePoints(_) => code_points = Some(property),
                property @ Property::Icc(_) => icc = Some(property),
                property @ Property::HevcConfiguration(_) => configuration = Some(property),
                _ => (),
            }
        }
        self.properties = [Some(Property::Size(size)), code_points, icc, auxiliary, configuration];
        Some(())
    }
}

/// The first number of a table: a full box, `skipped` bytes, the count of entries, and entries of `bytes` each. `None`
/// if it is broken, `Some(None)` if it is empty.
fn first_entry(mut table: ByteReader<'_>, skipped: usize, bytes: u8) -> Option<Option<u64>> {
    table.full_box_header()?;
    table.take(skipped)?;
    if table.u32()? == 0 {
        return Some(None);
    }
    table.uint(bytes).map(Some)
}
