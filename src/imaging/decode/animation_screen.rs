//! The screen on which the frames of an animation are laid, one over what the last one left.

use crate::imaging::error::Error;
use crate::imaging::limits::{Budget, bytes_of};
use crate::imaging::picture::geometry::Size;
use crate::imaging::picture::{Depth, Layout, Picture, side};
use crate::imaging::pixels::reduce::Reducer;

/// No ink.
pub(super) const CLEAR: [u8; 4] = [0; 4];

/// How the pixels of a frame meet those below.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Blend {
    /// As far as they are opaque.
    Over,
    /// They replace them.
    Replace,
}

/// What is done when the time of a frame is over.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Disposal {
    /// Its place becomes transparent, as viewers do it whatever the file says of a background.
    Clear,
    Keep,
    /// What was there before it comes back.
    Restore,
}

/// Where a frame lies, pixels. It may reach beyond the screen.
#[derive(Clone, Copy, Debug)]
pub(super) struct FrameRect {
    pub(super) left: u32,
    pub(super) top: u32,
    pub(super) size: Size,
}

/// What is seen.
pub(super) struct Screen {
    size: Size,
    /// Straight alpha; row by row.
    pixels: Vec<[u8; 4]>,
    /// What is done before the next frame.
    due: Option<(FrameRect, Disposal)>,
    /// Pixels of the last frame's place before it, when they come back.
    saved: Vec<[u8; 4]>,
}

impl Screen {
    /// Transparent. Reserves 8 bytes a pixel.
    pub(super) fn new(size: Size, budget: &mut Budget) -> Result<Self, Error> {
        budget.reserve(bytes_of(size, 8))?;
        let count = side(size.width).saturating_mul(side(size.height));
        Ok(Self { size, pixels: vec![CLEAR; count], due: None, saved: Vec::new() })
    }

    /// Lays a frame, given by its rows.
    pub(super) fn lay<R: Iterator<Item = [u8; 4]>>(
        &mut self,
        place: FrameRect,
        (blend, disposal): (Blend, Disposal),
        rows: impl Iterator<Item = R>,
    ) {
        self.clear_up();
        if disposal == Disposal::Restore {
            self.saved.clear();
            for row in rows_of(&mut self.pixels, self.size, place) {
                self.saved.extend_from_slice(row);
            }
        }
        for (below, row) in rows_of(&mut self.pixels, self.size, place).zip(rows) {
            for (below, pixel) in below.iter_mut().zip(row) {
                *below = match (blend, pixel) {
                    (Blend::Replace, pixel) | (Blend::Over, pixel @ [.., 255]) => pixel,
                    (Blend::Over, [.., 0]) => continue,
                    (Blend::Over, pixel) => over(pixel, *below),
                };
            }
        }
        self.due = Some((place, disposal));
    }

    /// Does what the last frame left to be done.
    fn clear_up(&mut self) {
        match self.due.take() {
            Some((place, Disposal::Clear)) => {
                rows_of(&mut self.pixels, self.size, place).for_each(|row| row.fill(CLEAR));
            }
            Some((place, Disposal::Restore)) => {
                let mut saved = self.saved.as_slice();
                for row in rows_of(&mut self.pixels, self.size, place) {
                    let (before, rest) = saved.split_at_checked(row.len()).unwrap_or_default();
                    row.iter_mut().zip(before).for_each(|(pixel, before)| *pixel = *before);
                    saved = rest;
                }
            }
            Some((_, Disposal::Keep)) | None => {}
        }
    }

    /// What is seen, or means of it over cells of so many pixels' sides.
    pub(super) fn picture(&self, cell: u32, budget: &mut Budget) -> Result<(Picture, u32), Error> {
        let mut reducer = Reducer::new(self.size, Layout::RgbAlpha, Depth::Eight, cell, budget)?;
        for row in self.pixels.chunks_exact(side(self.size.width).max(1)) {
            reducer.push(row.as_flattened());
        }
        Ok(reducer.finish())
    }
}

/// The parts of the rows of a screen where a frame lies.
fn rows_of(pixels: &mut [[u8; 4]], size: Size, place: FrameRect) -> impl Iterator<Item = &mut [[u8; 4]]> {
    let left = side(place.left.min(size.width));
    let right = side(place.left.saturating_add(place.size.width).min(size.width));
    pixels
        .chunks_exact_mut(side(size.width).max(1))
        .skip(side(place.top))
        .take(side(place.size.height))
        .map(move |row| row.get_mut(left..right).unwrap_or_default())
}

/// One colour over another, both with straight alpha (PNG, section 13.16).
fn over(top: [u8; 4], below: [u8; 4]) -> [u8; 4] {
    let ([.., a], [.., b]) = (top.map(u32::from), below.map(u32::from));
    // In 255ths of 255ths.
    let (mine, its) = (a * 255, b * (255 - a));
    let all = mine + its;
    if all == 0 {
        return CLEAR;
    }
    let mut mixed = CLEAR;
    for ((place, top), below) in mixed.iter_mut().zip(top).zip(below) {
        let sum = u32::from(top) * mine + u32::from(below) * its;
        *place = u8::try_from((sum + all / 2) / all).unwrap_or(u8::MAX);
    }
    let [r, g, b, _] = mixed;
    [r, g, b, u8::try_from((all + 127) / 255).unwrap_or(u8::MAX)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::imaging::damage::Tolerance;
    use crate::imaging::limits::Limits;

    const RED: [u8; 4] = [255, 0, 0, 255];
    const BLUE: [u8; 4] = [0, 0, 255, 255];

    fn screen() -> Screen {
        let limits = Limits {
            max_pixels: 100,
            memory: 1000,
            damage: Tolerance::default(),
            threads: std::num::NonZeroUsize::MIN,
        };
        Screen::new(Size { width: 4, height: 1 }, &mut Budget::new(limits)).unwrap()
    }

    fn lay(screen: &mut Screen, left: u32, colors: &[[u8; 4]], how: (Blend, Disposal)) {
        let size = Size { width: u32::try_from(colors.len()).unwrap(), height: 1 };
        screen.lay(FrameRect { left, top: 0, size }, how, std::iter::once(colors.iter().copied()));
    }

    #[test]
    fn each_disposal_leaves_what_it_says() {
        for (disposal, left) in [
            (Disposal::Keep, [RED, BLUE, BLUE, RED]),
            (Disposal::Clear, [RED, CLEAR, CLEAR, RED]),
            (Disposal::Restore, [RED, RED, RED, RED]),
        ] {
            let mut screen = screen();
            lay(&mut screen, 0, &[RED; 4], (Blend::Over, Disposal::Keep));
            lay(&mut screen, 1, &[BLUE; 2], (Blend::Over, disposal));
            assert_eq!(screen.pixels, [RED, BLUE, BLUE, RED], "{disposal:?}");
            lay(&mut screen, 0, &[CLEAR; 4], (Blend::Over, Disposal::Keep));
            assert_eq!(screen.pixels, left, "{disposal:?}");
        }
    }

    #[test]
    fn frames_beyond_the_screen_are_cut_off() {
        let mut screen = screen();
        lay(&mut screen, 3, &[RED, BLUE], (Blend::Over, Disposal::Restore));
        lay(&mut screen, 9, &[RED, BLUE], (Blend::Over, Disposal::Clear));
        lay(&mut screen, 0, &[BLUE], (Blend::Over, Disposal::Keep));
        assert_eq!(screen.pixels, [BLUE, CLEAR, CLEAR, CLEAR]);
    }

    #[test]
    fn sheer_pixels_are_mixed_or_replace() {
        let sheer = [255, 0, 0, 128];
        let mut screen = screen();
        lay(&mut screen, 0, &[BLUE, CLEAR, sheer], (Blend::Over, Disposal::Keep));
        lay(&mut screen, 0, &[sheer, sheer, sheer, sheer], (Blend::Over, Disposal::Keep));
        assert_eq!(screen.pixels, [[128, 0, 127, 255], sheer, [255, 0, 0, 192], sheer]);
        lay(&mut screen, 0, &[sheer, CLEAR], (Blend::Replace, Disposal::Keep));
        assert_eq!(screen.pixels, [sheer, CLEAR, [255, 0, 0, 192], sheer]);
    }
}
