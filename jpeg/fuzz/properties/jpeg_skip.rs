//! Property: of any bytes as a JPEG, a reduced scale, which skips codes, keeps the same coefficients as reading all.
//!
//! For sequential files this holds whatever their damage, down to the block that is lost, because each code is
//! decoded in any case. Of a progressive file a reduced scale reads fewer scans. So it may meet less damage, and may
//! know more bits than a reader that stopped at a scan which the reduced scale does not need. But a file that is
//! whole must be whole at each scale, with the same coefficients.

use thumbnail_jpeg::{Coefficients, Head, Process, Scale, height_at_end};

use super::jpeg_input::{Input, is_huge};

/// Checks the property; true when the input is worth keeping.
pub(crate) fn check(data: &[u8]) -> bool {
    let Some(input) = Input::new(data) else { return false };
    let [reduced @ .., Scale::Full] = &Scale::ALL else { unreachable!("the largest comes last") };
    let scale = input.scale(reduced);
    let mut file = input.file;
    let Ok(mut head) = Head::read(&mut file) else { return true };
    if head.frame.height == 0 {
        head.frame.height = height_at_end(input.file).unwrap_or(0);
        if is_huge(head.frame.width, head.frame.height) {
            return false;
        }
    }
    let mut chunks = input.chunks();
    assert!(Head::read(&mut chunks).is_ok(), "the size of reads shows");
    let reduced = head.coefficients(chunks, scale).ok();
    let whole = head.coefficients(file, Scale::Full).ok();
    let lost = |read: &Option<Coefficients>| read.as_ref().map(|read| read.lost);
    match head.frame.process {
        Process::Sequential => assert_eq!(lost(&reduced), lost(&whole), "damage depends on the scale"),
        Process::Progressive if lost(&whole) == Some(0.0) => {
            assert_eq!(lost(&reduced), Some(0.0), "a whole file is damaged at {scale:?}");
        }
        Process::Progressive => return true,
    }
    if let (Some(reduced), Some(whole)) = (reduced, whole) {
        assert_kept(&reduced, &whole);
    }
    true
}

/// Compares each coefficient that is kept with that of the whole file.
fn assert_kept(reduced: &Coefficients, whole: &Coefficients) {
    assert_eq!(reduced.components.len(), whole.components.len());
    for (component, (kept, all)) in reduced.components.iter().zip(&whole.components).enumerate() {
        assert_eq!((kept.count, kept.steps, all.size), (all.count, all.steps, (8, 8)));
        let places = (0..all.count.1).flat_map(|row| (0..all.count.0).map(move |column| (column, row)));
        for (column, row) in places {
            let (kept_block, all_block) = (kept.block(column, row), all.block(column, row));
            let rows = all_block.into_iter().flat_map(|block| block.chunks(8).take(kept.size.1));
            let expected = rows.flat_map(|row| row.iter().take(kept.size.0));
            let is_same = kept_block.is_some_and(|block| block.iter().eq(expected));
            assert!(is_same, "component {component}, block {column}, {row}: {kept_block:?} of {all_block:?}");
        }
    }
}
