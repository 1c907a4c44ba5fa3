//! Formats without a signature, by headers whose values hardly any other file has: TGA and PCX.
//!
//! TGA version 2 has a signature at its end, which older writers leave out, and which has not arrived when the format is
//! decided. All fields of the header are therefore checked against each other.

use crate::imaging::source_format::SourceFormat;

/// The format whose header begins these bytes; `None` if they match none.
pub(super) fn format(head: &[u8]) -> Option<SourceFormat> {
    if is_pcx(head) {
        return Some(SourceFormat::Pcx);
    }
    is_tga(head).then_some(SourceFormat::Tga)
}

/// ZSoft PCX: version, run lengths, bits per plane; a window that is not empty; a reserved 0, and the number of planes.
fn is_pcx(head: &[u8]) -> bool {
    let [0x0a, 0 | 2..=5, 1, bits @ (1 | 2 | 4 | 8), window @ ..] = head else { return false };
    let [l0, l1, t0, t1, r0, r1, b0, b1, ..] = window else { return false };
    let [left, top, right, bottom] = [[*l0, *l1], [*t0, *t1], [*r0, *r1], [*b0, *b1]].map(u16::from_le_bytes);
    let has_planes = matches!(
        (bits, head.get(64..66)),
        (1, Some([0, 1..=4])) | (2 | 4, Some([0, 1])) | (8, Some([0, 1 | 3]))
    );
    left <= right && top <= bottom && has_planes
}

/// Truevision TGA 2.0: kinds of palette and of image; first entry, length and depth of the palette; origin; size; depth;
/// and bits of alpha, order of rows and columns.
fn is_tga(head: &[u8]) -> bool {
    let [_, palette, kind, p0, p1, l0, l1, entry, x0, x1, y0, y1, w0, w1, h0, h1, depth, attributes, ..] =
        head
    else {
        return false;
    };
    let [first, length, x, y, width, height] =
        [[*p0, *p1], [*l0, *l1], [*x0, *x1], [*y0, *y1], [*w0, *w1], [*h0, *h1]].map(u16::from_le_bytes);
    let alpha = attributes & 0x0f;
    let is_plausible = match (palette, kind) {
        (1, 1 | 9) => {
            let has_entries = length > 0 && first < length && matches!(entry, 15 | 16 | 24 | 32);
            has_entries && matches!(depth, 8 | 16) && matches!(alpha, 0 | 1 | 8)
        }
        (0, 2 | 10) => {
            let has_alpha = match depth {
                15 => alpha == 0,
                16 => alpha <= 1,
                24 => alpha == 0,
                32 => matches!(alpha, 0 | 8),
                _ => false,
            };
            has_alpha && [first, length] == [0; 2] && *entry == 0
        }
        (0, 3 | 11) => {
            let has_alpha = matches!((depth, alpha), (8, 0 | 8) | (16, 8));
            has_alpha && [first, length] == [0; 2] && *entry == 0
        }
        _ => false,
    };
    // Interleaving of rows, the two highest bits, was never used.
    let is_upright = attributes & 0xc0 == 0 && x <= width && y <= height;
    is_plausible && is_upright && width > 0 && height > 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_of_which_all_fields_agree_are_found() {
        let tga = Some(SourceFormat::Tga);
        assert_eq!(format(&[0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 64, 0, 48, 0, 24, 0x20]), tga);
        assert_eq!(format(&[26, 1, 9, 0, 0, 0, 1, 24, 0, 0, 48, 0, 64, 0, 48, 0, 8, 0x20]), tga);
        assert_eq!(format(&[0, 0, 11, 0, 0, 0, 0, 0, 0, 0, 0, 0, 64, 0, 48, 0, 16, 8]), tga);
        let mut pcx = [0; 128];
        pcx[..12].copy_from_slice(&[10, 5, 1, 8, 0, 0, 0, 0, 63, 0, 47, 0]);
        pcx[65] = 3;
        assert_eq!(format(&pcx), Some(SourceFormat::Pcx));
    }

    #[test]
    fn headers_with_one_impossible_field_are_not() {
        let tga = [0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 64, 0, 48, 0, 24, 0x20];
        // Kind, palette of none, left edge, width, depth, alpha, interleaving.
        for (place, value) in [(2, 4), (5, 1), (8, 65), (12, 0), (16, 20), (17, 8), (17, 0x40)] {
            let mut other = tga;
            other[place] = value;
            assert_eq!(format(&other), None, "{place}");
        }
        for text in [b"\nhello, this is text".as_slice(), b"hello", b"\0\0\0\0", &[0; 100], b"<html>"] {
            assert_eq!(format(text), None, "{}", text.escape_ascii());
        }
        assert_eq!(format(&[10, 5, 1, 8, 0, 0, 0, 0]), None, "a PCX without its planes");
    }
}
