//! The screen on which the frames of an animation are composed (GIF89a, section 23; PNG, section 11.3.8).
//!
//! Each frame is drawn over what the disposal of the frame before left. Colours have straight alpha.
//!
//! Memory: 8 bytes per pixel of the screen, reserved at once: the pixels, and those saved for a disposal.

use crate::imaging::error::Error;
use crate::imaging::limits::{Budget, bytes_of};
use crate::imaging::picture::geometry::Size;
use crate::imaging::picture::orientation::Orientation;
use crate::imaging::picture::{Depth, Layout, side};
use crate::imaging::pixels::source_rows::SourceRows;
use crate::imaging::pixels::source_scaler::{ScaledSource, SourceScaler};
use crate::imaging::plan::demand::Demand;

/// A transparent pixel.
pub(super) const TRANSPARENT: [u8; 4] = [0; 4];

/// Blending of a frame's pixels with those of the screen.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Blend {
    /// Composes by alpha.
    Over,
    /// Replaces colour and alpha.
    Replace,
}

/// Action after the display time of a frame.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Disposal {
    /// Clears the frame's rectangle to transparent. Viewers ignore the background colour of the file.
    Clear,
    /// Leaves the screen as it is.
    Keep,
    /// Restores the pixels from before the frame.
    Restore,
}

/// Position and size of a frame, pixels. It may extend past the screen.
#[derive(Clone, Copy, Debug)]
pub(super) struct FrameRect {
    pub(super) left: u32,
    pub(super) top: u32,
    pub(super) size: Size,
}

/// The visible pixels of an animation.
pub(super) struct Screen {
    size: Size,
    /// RGBA with straight alpha, row by row.
    pixels: Vec<[u8; 4]>,
    /// Disposal of the last frame, applied before the next.
    pending: Option<(FrameRect, Disposal)>,
    /// Pixels of the last frame's rectangle from before it, for [`Disposal::Restore`].
    saved: Vec<[u8; 4]>,
}

impl Screen {
    /// A transparent screen. Reserves 8 bytes per pixel.
    ///
    /// # Errors
    /// [`Error::TooMuchMemory`].
    pub(super) fn new(size: Size, budget: &mut Budget) -> Result<Self, Error> {
        budget.reserve(bytes_of(size, 8))?;
        let count = side(size.width).saturating_mul(side(size.height));
        Ok(Self { size, pixels: vec![TRANSPARENT; count], pending: None, saved: Vec::new() })
    }

    /// Disposes of the last frame, and draws one from its rows of RGBA.
    pub(super) fn draw_frame<R: Iterator<Item = [u8; 4]>>(
        &mut self,
        rect: FrameRect,
        (blend, disposal): (Blend, Disposal),
        rows: impl Iterator<Item = R>,
    ) {
        self.dispose();
        if disposal == Disposal::Restore {
            self.saved.clear();
            for row in rows_within(&mut self.pixels, self.size, rect) {
                self.saved.extend_from_slice(row);
            }
        }
        for (below, row) in rows_within(&mut self.pixels, self.size, rect).zip(rows) {
            for (below, pixel) in below.iter_mut().zip(row) {
                *below = match (blend, pixel) {
                    (Blend::Replace, pixel) | (Blend::Over, pixel @ [.., 255]) => pixel,
                    (Blend::Over, [.., 0]) => continue,
                    (Blend::Over, pixel) => over(pixel, *below),
                };
            }
        }
        self.pending = Some((rect, disposal));
    }

    /// Applies the pending disposal.
    fn dispose(&mut self) {
        match self.pending.take() {
            Some((rect, Disposal::Clear)) => {
                rows_within(&mut self.pixels, self.size, rect).for_each(|row| row.fill(TRANSPARENT));
            }
            Some((rect, Disposal::Restore)) => {
                let mut saved = self.saved.as_slice();
                for row in rows_within(&mut self.pixels, self.size, rect) {
                    let (before, rest) = saved.split_at_checked(row.len()).unwrap_or_default();
                    row.iter_mut().zip(before).for_each(|(pixel, before)| *pixel = *before);
                    saved = rest;
                }
            }
            Some((_, Disposal::Keep)) | None => {}
        }
    }

    /// The screen scaled to all sizes demanded.
    ///
    /// # Errors
    /// [`Error::TooMuchMemory`].
    pub(super) fn scaled(
        &self,
        demand: Demand<'_>,
        orientation: Option<Orientation>,
        budget: &mut Budget,
    ) -> Result<ScaledSource, Error> {
        let rows = SourceRows::all(self.size, Layout::RgbAlpha, Depth::Eight);
        let mut scaler = SourceScaler::new(rows, demand, orientation, budget)?;
        for row in self.pixels.chunks_exact(side(self.size.width).max(1)) {
            scaler.push(row.as_flattened());
        }
        Ok(scaler.finish())
    }
}

/// The part of each screen row that lies within `rect`, from the top.
fn rows_within(pixels: &mut [[u8; 4]], size: Size, rect: FrameRect) -> impl Iterator<Item = &mut [[u8; 4]]> {
    let left = side(rect.left.min(size.width));
    let right = side(rect.left.saturating_add(rect.size.width).min(size.width));
    pixels
        .chunks_exact_mut(side(size.width).max(1))
        .skip(side(rect.top))
        .take(side(rect.size.height))
        .map(move |row| row.get_mut(left..right).unwrap_or_default())
}

/// Composes `top` over `below`, both with straight alpha (PNG, section 13.16).
///
/// With alphas a and b from 0 to 1, the weights of the colours are a and b·(1 − a). The composed colour is their
/// weighted mean, and the composed alpha is the sum of the weights. Here alphas are in 0..=255, so the weights are
/// scaled by 255².
fn over(top: [u8; 4], below: [u8; 4]) -> [u8; 4] {
    let ([.., a], [.., b]) = (top.map(u32::from), below.map(u32::from));
    let (top_weight, below_weight) = (a * 255, b * (255 - a));
    let total = top_weight + below_weight;
    // Alphas are at most 255, thus also the composed one.
    debug_assert!(total <= 255 * 255);
    if total == 0 {
        return TRANSPARENT;
    }
    let mut mixed = TRANSPARENT;
    for ((target, top), below) in mixed.iter_mut().zip(top).zip(below) {
        // At most 255³, which fits in 24 bits. Adding half the divisor rounds to nearest.
        let sum = u32::from(top) * top_weight + u32::from(below) * below_weight;
        *target = u8::try_from((sum + total / 2) / total).unwrap_or(u8::MAX);
    }
    let [r, g, b, _] = mixed;
    [r, g, b, u8::try_from((total + 127) / 255).unwrap_or(u8::MAX)]
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

    fn draw(screen: &mut Screen, left: u32, colors: &[[u8; 4]], how: (Blend, Disposal)) {
        let size = Size { width: u32::try_from(colors.len()).unwrap(), height: 1 };
        screen.draw_frame(FrameRect { left, top: 0, size }, how, std::iter::once(colors.iter().copied()));
    }

    #[test]
    fn disposal_is_applied_before_the_next_frame() {
        for (disposal, left) in [
            (Disposal::Keep, [RED, BLUE, BLUE, RED]),
            (Disposal::Clear, [RED, TRANSPARENT, TRANSPARENT, RED]),
            (Disposal::Restore, [RED, RED, RED, RED]),
        ] {
            let mut screen = screen();
            draw(&mut screen, 0, &[RED; 4], (Blend::Over, Disposal::Keep));
            draw(&mut screen, 1, &[BLUE; 2], (Blend::Over, disposal));
            assert_eq!(screen.pixels, [RED, BLUE, BLUE, RED], "{disposal:?}");
            draw(&mut screen, 0, &[TRANSPARENT; 4], (Blend::Over, Disposal::Keep));
            assert_eq!(screen.pixels, left, "{disposal:?}");
        }
    }

    #[test]
    fn frames_are_clipped_to_the_screen() {
        let mut screen = screen();
        draw(&mut screen, 3, &[RED, BLUE], (Blend::Over, Disposal::Restore));
        draw(&mut screen, 9, &[RED, BLUE], (Blend::Over, Disposal::Clear));
        draw(&mut screen, 0, &[BLUE], (Blend::Over, Disposal::Keep));
        assert_eq!(screen.pixels, [BLUE, TRANSPARENT, TRANSPARENT, TRANSPARENT]);
    }

    #[test]
    fn translucent_pixels_are_composed_or_replace() {
        let translucent = [255, 0, 0, 128];
        let mut screen = screen();
        draw(&mut screen, 0, &[BLUE, TRANSPARENT, translucent], (Blend::Over, Disposal::Keep));
        draw(&mut screen, 0, &[translucent; 4], (Blend::Over, Disposal::Keep));
        assert_eq!(screen.pixels, [[128, 0, 127, 255], translucent, [255, 0, 0, 192], translucent]);
        draw(&mut screen, 0, &[translucent, TRANSPARENT], (Blend::Replace, Disposal::Keep));
        assert_eq!(screen.pixels, [translucent, TRANSPARENT, [255, 0, 0, 192], translucent]);
    }
}
