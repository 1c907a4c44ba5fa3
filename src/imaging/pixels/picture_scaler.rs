//! Scaling of one part of a source to one size, while the rows of the source come.
//!
//! A row passes: conversion to linear light, if that is wanted; averaging over cells, if the size is much smaller;
//! multiplication by alpha, if there is alpha; and the kernel, Lanczos-3. Parts that are not scaled are copied.
//!
//! # Contrast of means
//!
//! Averaging, and decoding at an eighth, give means over the area of a pixel, which are blurred. With `f` periods per
//! pixel, a mean passes `sinc(f) = sin(πf) / πf`, about `1 - (πf)²/6`. Subtracting the share `g` of the second
//! difference, `s - g (s₋₁ - 2s + s₊₁)`, passes `1 + 4g sin²(πf)`, about `1 + 4g (πf)²`. The product is flat at low
//! frequencies for `g = 1/24`; see [`SHARPENING`] for the value used. It costs nothing, since it is part of the weights.

use thumbnail_resample::{Axis, RowScaler};

use crate::imaging::limits::to_u64;
use crate::imaging::picture::geometry::{Cell, Reduction, Size, Window};
use crate::imaging::picture::{Depth, Layout, Picture, side};
use crate::imaging::pixels::alpha;
use crate::imaging::pixels::linear_light::{self, LightRows};
use crate::imaging::pixels::reduce::{self, Reducer};
use crate::imaging::pixels::source_rows::SourceRows;
use crate::imaging::plan::target::Target;

/// The share of the second difference that is subtracted. 1/24 would restore low frequencies fully, but part of the
/// high ones is aliasing: by SSIMULACRA2 on photographs of 24 and 48 MP, 0.03 is best.
const SHARPENING: f64 = 0.03;

/// Takes the rows of a source and scales a part of them.
pub(crate) struct PictureScaler {
    size: Size,
    layout: Layout,
    depth: Depth,
    light: Option<LightRows>,
    reducer: Reducer,
    kernel: Kernel,
}

/// The way from rows to the picture.
enum Kernel {
    /// Samples of eight bits, and room for their products with alpha.
    Bytes { scaler: RowScaler<u8>, products: Vec<u8> },
    /// The part is not scaled: whole pixels are copied.
    Copy(CopiedPart),
    /// Samples of sixteen bits, and room for their products with alpha.
    Words { scaler: RowScaler<u16>, products: Vec<u16> },
}

/// How a target is made of rows.
struct Steps {
    is_linear: bool,
    cell: Cell,
    /// The part of the averaged rows.
    window: Window,
    across: Axis,
    down: Axis,
    kind: KernelKind,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum KernelKind {
    Bytes,
    Copy,
    Words,
}

impl Steps {
    fn new(rows: &SourceRows, target: &Target) -> Self {
        let is_linear = target.is_linear && linear_light::applies_to(rows.layout);
        let Reduction { across, down } = rows.reduction;
        let cell = reduce::cell(target.ratio().times(across, down));
        let window = rows.locate(target.window);
        let averaged = cell.reduced(rows.size);
        let is_copy = cell == Cell::PIXEL && is_whole(window, target.size, rows.size);
        let window = Reduction::from(cell).window(window);
        let sharpening = |cells: u32| if rows.are_means || cells > 1 { SHARPENING } else { 0.0 };
        let axis = |source, start, length, target, cells| Axis {
            source,
            start,
            length,
            target,
            sharpening: sharpening(cells),
        };
        let is_wide = is_linear || rows.depth == Depth::Sixteen;
        Self {
            is_linear,
            cell,
            window,
            across: axis(averaged.width, window.x, window.width, target.size.width, cell.across),
            down: axis(averaged.height, window.y, window.height, target.size.height, cell.down),
            kind: match is_copy {
                true => KernelKind::Copy,
                false if is_wide => KernelKind::Words,
                false => KernelKind::Bytes,
            },
        }
    }

    /// Depth of the rows that are averaged.
    fn depth(&self, rows: &SourceRows) -> Depth {
        if self.is_linear && self.kind != KernelKind::Copy { Depth::Sixteen } else { rows.depth }
    }
}

impl PictureScaler {
    /// Bytes that [`Self::new`] takes, and [`Self::finish`] for the picture.
    pub(crate) fn bytes(rows: &SourceRows, target: &Target) -> u64 {
        let steps = Steps::new(rows, target);
        let (channels, depth) = (rows.layout.channels(), steps.depth(rows));
        let row = u64::from(rows.size.width).saturating_mul(to_u64(channels));
        let picture = Picture::placeholder(target.size, rows.layout, rows.depth).bytes();
        let is_converted = steps.is_linear && steps.kind != KernelKind::Copy;
        let light = if is_converted { row.saturating_mul(2).saturating_add(LightRows::BYTES) } else { 0 };
        let kernel = match steps.kind {
            KernelKind::Copy => picture,
            KernelKind::Bytes => RowScaler::<u8>::bytes(&steps.across, &steps.down, channels)
                .saturating_add(if rows.layout.has_alpha() { row } else { 0 }),
            // The picture of sixteen bits, and the one that is made of it.
            KernelKind::Words => RowScaler::<u16>::bytes(&steps.across, &steps.down, channels)
                .saturating_add(row.saturating_mul(2))
                .saturating_add(picture.saturating_mul(2)),
        };
        Reducer::bytes(rows.size, rows.layout, depth, steps.cell).saturating_add(kernel).saturating_add(light)
    }

    /// A scaler of rows to a target.
    pub(crate) fn new(rows: &SourceRows, target: &Target) -> Self {
        let steps = Steps::new(rows, target);
        let channels = rows.layout.channels();
        let is_converted = steps.is_linear && steps.kind != KernelKind::Copy;
        Self {
            size: target.size,
            layout: rows.layout,
            depth: rows.depth,
            light: is_converted.then(|| LightRows::new(rows.layout, rows.depth)),
            reducer: Reducer::new(rows.size, rows.layout, steps.depth(rows), steps.cell),
            kernel: match steps.kind {
                KernelKind::Bytes => Kernel::Bytes {
                    scaler: RowScaler::new(&steps.across, &steps.down, channels),
                    products: Vec::new(),
                },
                KernelKind::Copy => {
                    let pixel = channels * rows.depth.bytes();
                    Kernel::Copy(CopiedPart::new(steps.window, target.size, pixel))
                }
                KernelKind::Words => Kernel::Words {
                    scaler: RowScaler::new(&steps.across, &steps.down, channels),
                    products: Vec::new(),
                },
            },
        }
    }

    /// Takes the next row; `None` is one that never came.
    pub(crate) fn push(&mut self, row: Option<&[u8]>) {
        let Self { layout, light, reducer, kernel, .. } = self;
        let row = match light {
            Some(light) => row.map(|row| light.convert(row)),
            None => row,
        };
        let Some(cells) = reducer.push(row) else { return };
        match kernel {
            Kernel::Bytes { scaler, products } => scaler.push(alpha::premultiplied(cells, *layout, products)),
            Kernel::Copy(part) => part.push(cells),
            Kernel::Words { scaler, products } => {
                alpha::premultiplied_words(cells, *layout, products);
                scaler.push(products);
            }
        }
    }

    /// `true` if rows may come plane by plane.
    pub(crate) fn takes_planes(&self) -> bool {
        let is_simple = self.reducer.is_passing() && !self.layout.has_alpha();
        is_simple && matches!(self.kernel, Kernel::Bytes { .. })
    }

    /// Takes the next row plane by plane, if [`Self::takes_planes`].
    pub(crate) fn push_planes(&mut self, row: &[u8]) {
        debug_assert!(self.takes_planes());
        if let Kernel::Bytes { scaler, .. } = &mut self.kernel {
            scaler.push_planes(row);
        }
    }

    /// The scaled picture, once all rows came.
    pub(crate) fn finish(self) -> Picture {
        let Self { size, layout, depth, light, kernel, .. } = self;
        let samples = match kernel {
            Kernel::Bytes { scaler, .. } => {
                let mut samples = scaler.finish();
                alpha::straighten(&mut samples, layout);
                samples
            }
            Kernel::Copy(part) => part.samples,
            Kernel::Words { scaler, .. } => {
                let mut words = scaler.finish();
                alpha::straighten_words(&mut words, layout);
                let samples = words.into_iter().flat_map(u16::to_ne_bytes).collect();
                let picture = Picture { size, layout, depth: Depth::Sixteen, samples };
                return if light.is_some() { linear_light::from_linear(&picture, depth) } else { picture };
            }
        };
        Picture { size, layout, depth, samples }
    }
}

/// `true` if a part of a picture is not scaled and lies on whole pixels within it.
fn is_whole(window: Window, size: Size, picture: Size) -> bool {
    let near = |a: f64, b: f64| (a - b).abs() < 1e-6;
    near(window.width, f64::from(size.width))
        && near(window.height, f64::from(size.height))
        && near(window.x, window.x.round())
        && near(window.y, window.y.round())
        && Window::whole(picture).contains(window)
}

/// Whole pixels that are copied.
struct CopiedPart {
    /// Rows before the first.
    above: usize,
    /// Bytes of a row before the first pixel.
    start: usize,
    /// Bytes of a row of the part.
    length: usize,
    /// All bytes of the part.
    total: usize,
    samples: Vec<u8>,
}

impl CopiedPart {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "within a picture")]
    fn new(window: Window, size: Size, pixel: usize) -> Self {
        let length = side(size.width).saturating_mul(pixel);
        let total = length.saturating_mul(side(size.height));
        Self {
            above: window.y.round() as usize,
            start: (window.x.round() as usize).saturating_mul(pixel),
            length,
            total,
            samples: Vec::with_capacity(total),
        }
    }

    fn push(&mut self, row: &[u8]) {
        if self.above > 0 {
            self.above -= 1;
        } else if self.samples.len() < self.total {
            let part = row.get(self.start..).and_then(|rest| rest.get(..self.length));
            self.samples.extend_from_slice(part.unwrap_or_default());
        }
    }
}
