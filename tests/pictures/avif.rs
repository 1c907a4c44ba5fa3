//! AVIF whose boxes are unusual or hostile: items that overlap and repeat, tables that cost time, sequences.

mod out;

use cos_thumbnailer::imaging::{Cancel, Error, Limits, Rendering, Upright, render};
use cos_thumbnailer::recipe::Recipe;
use image::RgbaImage;
use rustix::time::{ClockId, clock_gettime};

use crate::fixture::{LIMITS, data, open, run};

/// Sides of [`tile`].
const TILE: (u32, u32) = (48, 32);

/// An item whose extents lie in `idat`.
struct Item<'a> {
    id: u16,
    kind: &'a [u8; 4],
    /// Offset and length of each extent.
    extents: Vec<(u32, u32)>,
    /// Indices of properties, counted from 1; 0x80 is added for essential ones.
    properties: &'a [u8],
}

fn boxed(kind: &[u8; 4], content: &[u8]) -> Vec<u8> {
    let length = u32::try_from(content.len() + 8).unwrap();
    [&length.to_be_bytes(), kind.as_slice(), content].concat()
}

fn full(kind: &[u8; 4], version: u8, content: &[u8]) -> Vec<u8> {
    boxed(kind, &[&[version, 0, 0, 0], content].concat())
}

/// A reference from an item to others, as `iref` has it.
fn reference(kind: &[u8; 4], from: u16, to: impl IntoIterator<Item = u16>) -> Vec<u8> {
    let to: Vec<u8> = to.into_iter().flat_map(u16::to_be_bytes).collect();
    let count = u16::try_from(to.len() / 2).unwrap();
    boxed(kind, &[&from.to_be_bytes(), &count.to_be_bytes(), to.as_slice()].concat())
}

fn ispe((width, height): (u32, u32)) -> Vec<u8> {
    full(b"ispe", 0, &[width.to_be_bytes(), height.to_be_bytes()].concat())
}

/// Content of a grid item.
fn grid(columns: u8, rows: u8, (width, height): (u32, u32)) -> Vec<u8> {
    let size = [width.to_be_bytes(), height.to_be_bytes()].concat();
    [&[0, 1, rows - 1, columns - 1], size.as_slice()].concat()
}

/// A file whose first item is the primary one.
fn file(items: &[Item<'_>], properties: &[Vec<u8>], references: &[Vec<u8>], idat: &[u8]) -> Vec<u8> {
    let count = u16::try_from(items.len()).unwrap().to_be_bytes();
    let (mut iinf, mut iloc) = (count.to_vec(), [&[0x44, 0], count.as_slice()].concat());
    let mut ipma = [&[0, 0], count.as_slice()].concat();
    for item in items {
        let id = item.id.to_be_bytes();
        iinf.extend(full(b"infe", 2, &[&id, &[0, 0], item.kind.as_slice(), &[0]].concat()));
        // Construction method 1: offsets are relative to `idat`.
        iloc.extend(
            [id, [0, 1], [0, 0], u16::try_from(item.extents.len()).unwrap().to_be_bytes()].as_flattened(),
        );
        for (offset, length) in &item.extents {
            iloc.extend([offset.to_be_bytes(), length.to_be_bytes()].as_flattened());
        }
        ipma.extend(
            [id.as_slice(), &[u8::try_from(item.properties.len()).unwrap()], item.properties].concat(),
        );
    }
    let boxes = [
        full(b"hdlr", 0, b"\0\0\0\0pict\0\0\0\0\0\0\0\0\0\0\0\0\0"),
        full(b"pitm", 0, &items[0].id.to_be_bytes()),
        full(b"iinf", 0, &iinf),
        full(b"iloc", 1, &iloc),
        full(b"iref", 0, &references.concat()),
        boxed(b"iprp", &[boxed(b"ipco", &properties.concat()), full(b"ipma", 0, &ipma)].concat()),
        boxed(b"idat", idat),
    ];
    [boxed(b"ftyp", b"avif\0\0\0\0mif1"), full(b"meta", 0, &boxes.concat())].concat()
}

/// A coded image of 48x32 pixels: red and green above blue and yellow, left and right exchanged.
fn tile() -> Vec<u8> {
    let file = data("orientation-2.avif");
    let at = file.windows(4).position(|kind| kind == b"mdat").unwrap();
    file[at + 4..].to_vec()
}

fn extent(offset: usize, length: usize) -> (u32, u32) {
    (u32::try_from(offset).unwrap(), u32::try_from(length).unwrap())
}

/// A grid of 48x32 tiles in which item 2, the only tile, is named for every place.
fn grid_of_one_tile(columns: u8, rows: u8, tile: &[u8], references: &[Vec<u8>]) -> Vec<u8> {
    let size = (TILE.0 * u32::from(columns), TILE.1 * u32::from(rows));
    let grid = grid(columns, rows, size);
    let items = [
        Item { id: 1, kind: b"grid", extents: vec![extent(0, grid.len())], properties: &[1] },
        Item { id: 2, kind: b"av01", extents: vec![extent(grid.len(), tile.len())], properties: &[2] },
        Item { id: 3, kind: b"av01", extents: vec![extent(grid.len(), tile.len())], properties: &[2, 3] },
    ];
    let auxiliary = full(b"auxC", 0, b"urn:mpeg:mpegB:cicp:systems:auxiliary:alpha\0");
    let places = std::iter::repeat_n(2, usize::from(columns) * usize::from(rows));
    let references = [&[reference(b"dimg", 1, places)], references].concat();
    file(&items, &[ispe(size), ispe(TILE), auxiliary], &references, &[grid.as_slice(), tile].concat())
}

/// A plain image with an EXIF item of these extents.
fn with_exif(extents: Vec<(u32, u32)>, padding: usize) -> Vec<u8> {
    let tile = tile();
    let items = [
        Item { id: 1, kind: b"av01", extents: vec![extent(0, tile.len())], properties: &[1] },
        Item { id: 2, kind: b"Exif", extents, properties: &[] },
    ];
    file(&items, &[ispe(TILE)], &[reference(b"cdsc", 2, [1])], &[tile, vec![0; padding]].concat())
}

/// The outcome within a function of 512 MB, and the seconds of processor time that it took.
fn timed(file: &[u8]) -> (Result<Rendering, Error>, f64) {
    let limits = Limits { memory: 488 << 20, max_pixels: 1 << 28, ..LIMITS };
    let seconds = || {
        let time = clock_gettime(ClockId::ThreadCPUTime);
        time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
    };
    let start = seconds();
    let recipe = Recipe::fit_inside(300, 300);
    let length = u64::try_from(file.len()).ok();
    let result = render(file, length, &[&recipe], Upright::ByExif, &limits, &Cancel::default());
    (result, seconds() - start)
}

/// The image at this size or smaller.
fn pixels(file: &[u8], (width, height): (u32, u32)) -> RgbaImage {
    let recipe =
        Recipe { format: Some(cos_thumbnailer::recipe::Format::Png), ..Recipe::fit_inside(width, height) };
    open(&run(file, &[&recipe]).unwrap().thumbnails[0].as_ref().unwrap().bytes)
}

/// Names of the corners' colours: top left and right, bottom left and right.
fn corners(image: &RgbaImage) -> [&'static str; 4] {
    let (right, bottom) = (image.width() - 4, image.height() - 4);
    [(3, 3), (right, 3), (3, bottom), (right, bottom)].map(|(x, y)| {
        match image.get_pixel(x, y).0.map(|sample| sample >= 128) {
            [true, true, ..] => "yellow",
            [true, false, ..] => "red",
            [false, true, ..] => "green",
            [false, false, true, _] => "blue",
            _ => "black",
        }
    })
}

#[test]
fn extents_of_more_bytes_than_the_file_are_not_joined() {
    let limits = Limits { memory: 40 << 20, ..LIMITS };
    let recipe = Recipe::fit_inside(50, 50);
    let outcome = |file: &[u8]| {
        let length = u64::try_from(file.len()).ok();
        render(file, length, &[&recipe], Upright::ByExif, &limits, &Cancel::default()).map(|_| ())
    };
    // 60,000 times 900,000 bytes: 54 GB. The picture is shown without its EXIF data.
    let exif = with_exif(vec![(0, 900_000); 60_000], 900_000);
    assert!(matches!(outcome(&exif), Ok(())), "{:?}", outcome(&exif));
    let fault = data("faults/avif-exif-extents.avif");
    assert!(matches!(outcome(&fault), Err(Error::Damaged { .. })), "{:?}", outcome(&fault));
    for kind in [b"av01", b"grid"] {
        let items = [Item { id: 1, kind, extents: vec![(0, 500_000); 5000], properties: &[1] }];
        let picture = file(&items, &[ispe(TILE)], &[], &[0; 500_000]);
        assert!(matches!(outcome(&picture), Err(Error::Damaged { .. })), "{:?}", outcome(&picture));
    }
}

/// Each of 4,096 tiles of AV1 has its own probabilities in the decoder: 56 MB together, beside 32 MB for 16 megapixels.
#[test]
fn memory_of_tiles_is_reserved_before_they_are_decoded() {
    let bytes = data("faults/avif-4096-tiles.avif");
    let recipe = Recipe::fit_inside(50, 50);
    let outcome = |memory| {
        let limits = Limits { memory, ..LIMITS };
        let length = u64::try_from(bytes.len()).ok();
        render(bytes.as_slice(), length, &[&recipe], Upright::ByExif, &limits, &Cancel::default()).map(|_| ())
    };
    assert!(matches!(outcome(80 << 20), Err(Error::TooMuchMemory { .. })), "{:?}", outcome(80 << 20));
    assert!(matches!(outcome(100 << 20), Ok(())), "{:?}", outcome(100 << 20));
}

/// The size of the image bounds the time: layers, and tiles beside it, must not have many times its pixels.
#[test]
fn coded_pixels_are_bounded_by_the_size_of_the_image() {
    let coded = data("faults/avif-4096-tiles.avif");
    let at = coded.windows(4).position(|kind| kind == b"mdat").unwrap() + 4;
    let small = ispe((64, 64));
    let idat = &coded[at..];
    let items = [Item { id: 1, kind: b"av01", extents: vec![extent(0, idat.len())], properties: &[1] }];
    let (result, seconds) = timed(&file(&items, &[small], &[], idat));
    let refusal = result.map(|_| ()).unwrap_err().to_string();
    assert!(refusal.contains("more than three times its pixels") && seconds < 0.5, "{seconds} s: {refusal}");
}

#[test]
fn item_in_several_extents_is_joined() {
    let (tile, half) = (tile(), 40);
    let extents = vec![extent(0, half), extent(half, tile.len() - half)];
    let items = [Item { id: 1, kind: b"av01", extents, properties: &[1] }];
    let image = pixels(&file(&items, &[ispe(TILE)], &[], &tile), TILE);
    assert_eq!(corners(&image), ["green", "red", "yellow", "blue"]);
}

#[test]
fn tile_that_a_grid_repeats_is_decoded_once_and_shown_everywhere() {
    let image = pixels(&grid_of_one_tile(3, 2, &tile(), &[]), (144, 64));
    assert_eq!(image.dimensions(), (144, 64));
    let first = pixels(&grid_of_one_tile(1, 1, &tile(), &[]), TILE);
    for (x, y, pixel) in image.enumerate_pixels() {
        assert_eq!(pixel, first.get_pixel(x % 48, y % 32), "{x} {y}");
    }
    let (result, seconds) = timed(&data("faults/avif-grid-of-one-tile.avif"));
    assert_eq!((result.unwrap().source.width, seconds < 8.0), (15_360, true), "{seconds} s");
}

/// Tiles that differ only in their extents cannot be recognised as one.
#[test]
fn different_tiles_that_overlap_to_more_bytes_than_the_file_are_damaged() {
    let (grid, tile) = (grid(100, 10, (4800, 320)), tile());
    let mut items =
        vec![Item { id: 1, kind: b"grid", extents: vec![extent(0, grid.len())], properties: &[1] }];
    items.extend((2..1002).map(|id| Item {
        id,
        kind: b"av01",
        extents: vec![extent(grid.len(), tile.len() + usize::from(id))],
        properties: &[2],
    }));
    let references = [reference(b"dimg", 1, 2..1002)];
    let idat = [grid, tile, vec![0; 1002]].concat();
    let refusal =
        run(&file(&items, &[ispe((4800, 320)), ispe(TILE)], &references, &idat), &[&Recipe::default()]);
    let refusal = refusal.map(|_| ()).unwrap_err().to_string();
    assert!(refusal.contains("overlap to more bytes"), "{refusal}");
}

/// A look-up of every tile in every reference would be 65,280 times 520,000 comparisons.
#[test]
fn tables_cost_time_by_their_length_alone() {
    let references = vec![reference(b"auxl", 3, std::iter::repeat_n(9, 65_000)); 8];
    let (result, seconds) = timed(&grid_of_one_tile(255, 255, &[0; 20], &references));
    assert!(seconds < 2.0, "{seconds} s: {:?}", result.map(|_| ()));
    let free = boxed(b"free", &[]).repeat(130_000);
    let (result, seconds) = timed(&[boxed(b"ftyp", b"avif\0\0\0\0mif1"), free].concat());
    assert!(seconds < 2.0, "{seconds} s: {:?}", result.map(|_| ()));
}

#[test]
fn tiles_have_their_own_alpha() {
    let image = pixels(&grid_of_one_tile(2, 1, &tile(), &[reference(b"auxl", 3, [2])]), (96, 32));
    let opacity = |x, y| image.get_pixel(x, y).0[3];
    // The luma of the colours: yellow is lighter than blue.
    assert!(opacity(3, 28) > 180 && opacity(44, 28) < 80, "{} {}", opacity(3, 28), opacity(44, 28));
    assert_eq!((opacity(51, 28), opacity(92, 28)), (opacity(3, 28), opacity(44, 28)));
}

#[test]
fn clean_aperture_that_is_invalid_is_ignored() {
    let whole = data("cropped-and-turned.avif");
    let at = whole.windows(4).position(|kind| kind == b"clap").unwrap() + 4;
    assert_eq!(pixels(&whole, (100, 100)).dimensions(), (48, 32));
    // A width of 0, no denominator, a height beyond the image, and a centre outside of it.
    for (place, number) in [(0, 0_u32), (4, 0), (8, 57), (16, 200)] {
        let mut file = whole.clone();
        file[at + place..at + place + 4].copy_from_slice(&number.to_be_bytes());
        let image = pixels(&file, (100, 100));
        assert_eq!(image.dimensions(), (56, 44), "{place}");
        assert_eq!(corners(&image)[3], "black", "{place}");
    }
    let cut = boxed(b"clap", &[0; 12]);
    let tile = tile();
    let items = [Item { id: 1, kind: b"av01", extents: vec![extent(0, tile.len())], properties: &[1, 0x82] }];
    let image = pixels(&file(&items, &[ispe(TILE), cut], &[], &tile), TILE);
    assert_eq!(image.dimensions(), TILE);
}

#[test]
fn properties_apply_in_their_order() {
    let tile = tile();
    let clap = |width: u32, height: u32, x: i32, y: i32| {
        let numbers = [width, 1, height, 1, x.cast_unsigned(), 1, y.cast_unsigned(), 1].map(u32::to_be_bytes);
        boxed(b"clap", numbers.as_flattened())
    };
    let shown = |properties: &[u8], clap: Vec<u8>| {
        let items = [Item { id: 1, kind: b"av01", extents: vec![extent(0, tile.len())], properties }];
        let turn = boxed(b"irot", &[1]);
        pixels(&file(&items, &[ispe(TILE), turn, clap], &[], &tile), (48, 48))
    };
    let turned = shown(&[1, 0x82], clap(1, 1, 0, 0));
    assert_eq!((turned.dimensions(), corners(&turned)), ((32, 48), ["red", "blue", "green", "yellow"]));
    // The left half of the image as it is turned, and of the image before.
    let after = shown(&[1, 0x82, 0x83], clap(16, 48, -8, 0));
    assert_eq!((after.dimensions(), corners(&after)), ((16, 48), ["red", "red", "green", "green"]));
    let before = shown(&[1, 0x83, 0x82], clap(24, 32, -12, 0));
    assert_eq!((before.dimensions(), corners(&before)), ((32, 24), ["green", "yellow", "green", "yellow"]));
}

#[test]
fn sequence_without_a_still_image_shows_its_first_frame() {
    let whole = data("animated.avif");
    let at = whole.windows(4).position(|kind| kind == b"meta").unwrap();
    let mut sequence = whole.clone();
    sequence[at..at + 4].copy_from_slice(b"free");
    assert_eq!(pixels(&sequence, (60, 40)), pixels(&whole, (60, 40)));
    // Nor does it need one if there is no primary item.
    let mut without_primary = whole.clone();
    let at = whole.windows(4).position(|kind| kind == b"pitm").unwrap();
    without_primary[at..at + 4].copy_from_slice(b"free");
    assert_eq!(pixels(&without_primary, (60, 40)), pixels(&whole, (60, 40)));
    let refused = |kind: &[u8; 4], other: &[u8; 4]| {
        let mut file = sequence.clone();
        let at = file.windows(4).rposition(|found| found == kind).unwrap();
        file[at..at + 4].copy_from_slice(other);
        run(&file, &[&Recipe::default()]).map(|_| ()).unwrap_err()
    };
    let hevc = refused(b"av01", b"hvc1");
    let is_decoded = cfg!(feature = "heic");
    assert!(matches!(hevc, Error::Damaged { .. }) && is_decoded || matches!(hevc, Error::Heic), "{hevc}");
    assert!(matches!(refused(b"stco", b"free"), Error::Unsupported { .. }));
    assert!(matches!(refused(b"trak", b"free"), Error::Unsupported { .. }));
}

#[test]
fn heif_is_refused_by_the_coding_of_its_items() {
    for (kind, name) in [
        (b"avc1", "a HEIF picture that holds AVC (H.264) cannot"),
        (b"jpeg", "a HEIF picture that holds JPEG cannot"),
        (b"vvc1", "a HEIF picture that holds VVC (H.266) cannot"),
        (b"hvc1", if cfg!(feature = "heic") { "the HEIC file is damaged" } else { "a HEIC picture cannot" }),
        (b"iovl", "a picture of the type iovl"),
    ] {
        let items = [Item { id: 1, kind, extents: vec![(0, 4)], properties: &[1] }];
        let mut structural = file(&items, &[ispe(TILE)], &[], &[0; 4]);
        structural[8..12].copy_from_slice(b"mif1");
        let refusal = run(&structural, &[&Recipe::default()]).map(|_| ()).unwrap_err().to_string();
        assert!(refusal.contains(name), "{refusal}");
    }
}
