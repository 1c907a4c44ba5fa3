//! The container of AVIF (AV1 Image File Format 1.1) around coded images: boxes of ISO/IEC 14496-12 and items of HEIF,
//! ISO/IEC 23008-12.
//!
//! A file is `ftyp`, `meta` and `mdat`. `meta` lists the items: the colours, alpha as an auxiliary image of them, a
//! block of EXIF, and a packet of XMP; the properties of each; and where their bytes are in `mdat`. The same function
//! gives the same `meta` with and without final offsets, because all of its numbers have a fixed length.
//!
//! Own code, because `avif-serialize` writes no ICC profiles.

use crate::imaging::picture::geometry::Size;

/// A coded image, as the encoder gives it.
pub(super) struct CodedImage {
    /// Open bitstream units of one frame, the sequence header included.
    pub(super) units: Vec<u8>,
    /// The content of `av1C` (AV1 Codec ISO Media File Format Binding, 2.3.3), without units.
    pub(super) configuration: Vec<u8>,
    /// Planes: 1 for grey and alpha, 3 for colours.
    pub(super) planes: u8,
}

/// Everything in a file.
pub(super) struct Content<'a> {
    pub(super) size: Size,
    pub(super) colors: &'a CodedImage,
    pub(super) alpha: Option<&'a CodedImage>,
    pub(super) profile: Option<&'a [u8]>,
    /// From its TIFF header on.
    pub(super) exif: Option<&'a [u8]>,
    /// A packet of XMP.
    pub(super) xmp: Option<&'a [u8]>,
}

/// Code points of sRGB (ITU-T H.273): primaries of BT.709 and the curve of sRGB, or both unspecified beside a profile,
/// and the matrix of BT.601.
pub(super) const PRIMARIES_BT709: u16 = 1;
pub(super) const CURVE_SRGB: u16 = 13;
pub(super) const UNSPECIFIED: u16 = 2;
pub(super) const MATRIX_BT601: u16 = 6;

/// Bits of `ipma`: a reader that does not know the property must not show the item.
const ESSENTIAL: u8 = 0x80;

const COLORS: u16 = 1;
const ALPHA: u16 = 2;
const EXIF: u16 = 3;
const XMP: u16 = 4;

/// End of the entry of an item: an empty name, and for XMP its media type (ISO/IEC 23008-12, A.3).
const NO_NAME: &[u8] = b"\0";
const NO_NAME_AND_RDF: &[u8] = b"\0application/rdf+xml\0";

/// One item: its number, type, and the parts of its bytes.
struct Item<'a> {
    id: u16,
    kind: [u8; 4],
    parts: [&'a [u8]; 2],
}

impl Item<'_> {
    fn length(&self) -> u32 {
        self.parts.iter().fold(0, |sum, part| sum.saturating_add(length(part)))
    }
}

/// The file.
pub(super) fn write(content: &Content<'_>) -> Vec<u8> {
    let items = items(content);
    let ftyp = boxed(*b"ftyp", &[b"avif", &[0; 4], b"avifmif1miaf"]);
    let start = |meta: &[u8]| length(&ftyp).saturating_add(length(meta)).saturating_add(8);
    let meta = meta(content, &items, start(&meta(content, &items, 0)));
    let data: Vec<&[u8]> = items.iter().flat_map(|item| item.parts).collect();
    [ftyp, meta, boxed(*b"mdat", &data)].concat()
}

/// The items in the order of their bytes. Alpha comes before the colours, so that a file that is still arriving can be
/// shown as it will be.
fn items<'a>(content: &Content<'a>) -> Vec<Item<'a>> {
    let mut items = Vec::new();
    if let Some(exif) = content.exif {
        // The offset of the TIFF header comes first (ISO/IEC 23008-12, A.2.1).
        items.push(Item { id: EXIF, kind: *b"Exif", parts: [&[0; 4], exif] });
    }
    if let Some(xmp) = content.xmp {
        items.push(Item { id: XMP, kind: *b"mime", parts: [xmp, &[]] });
    }
    if let Some(alpha) = content.alpha {
        items.push(Item { id: ALPHA, kind: *b"av01", parts: [&alpha.units, &[]] });
    }
    items.push(Item { id: COLORS, kind: *b"av01", parts: [&content.colors.units, &[]] });
    items
}

/// `meta`, with the bytes of the first item at `offset` of the file.
fn meta(content: &Content<'_>, items: &[Item<'_>], offset: u32) -> Vec<u8> {
    let handler = full_box(*b"hdlr", 0, 0, &[&[0; 4], b"pict", &[0; 13]]);
    let primary = full_box(*b"pitm", 0, 0, &[&COLORS.to_be_bytes()]);
    let count = u16::try_from(items.len()).unwrap_or(u16::MAX).to_be_bytes();
    // Offsets and lengths of four bytes, no base offset.
    let (mut locations, mut entries, mut next) = (vec![0x44, 0x00], Vec::new(), offset);
    locations.extend(count);
    for item in items {
        // Data reference 0, which is this file, and one extent.
        let numbers = [item.id.to_be_bytes(), [0, 0], [0, 1]];
        locations.extend(numbers.as_flattened());
        locations.extend(next.to_be_bytes());
        locations.extend(item.length().to_be_bytes());
        next = next.saturating_add(item.length());
        let end = if item.id == XMP { NO_NAME_AND_RDF } else { NO_NAME };
        // No protection.
        entries.extend(full_box(*b"infe", 2, 0, &[&item.id.to_be_bytes(), &[0; 2], &item.kind, end]));
    }
    let locations = full_box(*b"iloc", 0, 0, &[&locations]);
    let entries = full_box(*b"iinf", 0, 0, &[&count, &entries]);
    let mut references = Vec::new();
    for (is_there, kind, from) in [
        (content.alpha.is_some(), *b"auxl", ALPHA),
        (content.exif.is_some(), *b"cdsc", EXIF),
        (content.xmp.is_some(), *b"cdsc", XMP),
    ] {
        if is_there {
            references.extend(boxed(kind, &[&from.to_be_bytes(), &[0, 1], &COLORS.to_be_bytes()]));
        }
    }
    if !references.is_empty() {
        references = full_box(*b"iref", 0, 0, &[&references]);
    }
    full_box(*b"meta", 0, 0, &[&handler, &primary, &locations, &entries, &references, &properties(content)])
}

/// `iprp`: the properties of all images in `ipco`, and in `ipma` which image has which, by their position from 1 on.
fn properties(content: &Content<'_>) -> Vec<u8> {
    let Size { width, height } = content.size;
    let mut list = full_box(*b"ispe", 0, 0, &[&width.to_be_bytes(), &height.to_be_bytes()]);
    list.extend(depths(content.colors));
    list.extend(boxed(*b"av1C", &[&content.colors.configuration]));
    list.extend(code_points(content.profile.is_some()));
    let mut of_colors = vec![1, 2, 3 | ESSENTIAL, 4];
    let mut next = 5;
    if let Some(profile) = content.profile {
        list.extend(boxed(*b"colr", &[b"prof", profile]));
        of_colors.push(next);
        next += 1;
    }
    let mut associations = association(COLORS, &of_colors);
    if let Some(alpha) = content.alpha {
        list.extend(depths(alpha));
        list.extend(boxed(*b"av1C", &[&alpha.configuration]));
        list.extend(full_box(*b"auxC", 0, 0, &[b"urn:mpeg:mpegB:cicp:systems:auxiliary:alpha\0"]));
        associations.extend(association(ALPHA, &[1, next, (next + 1) | ESSENTIAL, next + 2]));
    }
    let images: u32 = if content.alpha.is_some() { 2 } else { 1 };
    let associations = full_box(*b"ipma", 0, 0, &[&images.to_be_bytes(), &associations]);
    boxed(*b"iprp", &[&boxed(*b"ipco", &[&list]), &associations])
}

/// An entry of `ipma`: the item and its properties.
fn association(item: u16, properties: &[u8]) -> Vec<u8> {
    let count = u8::try_from(properties.len()).unwrap_or(u8::MAX);
    [&item.to_be_bytes(), &[count][..], properties].concat()
}

/// `pixi`: ten bits in each plane.
fn depths(image: &CodedImage) -> Vec<u8> {
    let depths = vec![10; usize::from(image.planes)];
    full_box(*b"pixi", 0, 0, &[&[image.planes], &depths])
}

/// `colr` of code points, full range.
fn code_points(has_profile: bool) -> Vec<u8> {
    let (primaries, curve) =
        if has_profile { (UNSPECIFIED, UNSPECIFIED) } else { (PRIMARIES_BT709, CURVE_SRGB) };
    let points = [primaries, curve, MATRIX_BT601].map(u16::to_be_bytes);
    boxed(*b"colr", &[b"nclx", points.as_flattened(), &[0x80]])
}

/// A box with a version and flags (ISO/IEC 14496-12, 4.2).
fn full_box(kind: [u8; 4], version: u8, flags: u8, parts: &[&[u8]]) -> Vec<u8> {
    boxed(kind, &[&[version, 0, 0, flags], &parts.concat()])
}

/// A box: its length in 32 bits, its kind, its content.
fn boxed(kind: [u8; 4], parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.iter().fold(0, |sum: u32, part| sum.saturating_add(length(part)));
    let mut file = content.saturating_add(8).to_be_bytes().to_vec();
    file.extend(kind);
    parts.iter().for_each(|part| file.extend(*part));
    file
}

/// A length in 32 bits, which a thumbnail does not exceed.
fn length(bytes: &[u8]) -> u32 {
    u32::try_from(bytes.len()).unwrap_or(u32::MAX)
}
