//! The passes of the inverse cosine transform: along the columns of a block, then along its rows, in integers.
//!
//! # Scale
//!
//! The transform of T.81 along one axis, for samples `x`, is `1/√8 (C0 + Σ √2 cos((2x + 1) u π / 16) Cu)`, and with
//! `2n` for 16 that of `n` samples. A pass computes the bracket, `√8` times too much; both passes together are 8 times
//! too much, which are the 3 bits in [`ROW_SHIFT`]. Constants have [`FRACTION_BITS`] bits of fraction. The pass along
//! columns leaves [`BETWEEN_BITS`] of them in its results, which still fit in 16 bits: samples are within 128 of the
//! middle, so the bracket along one axis is within 8 * 128. The pass along rows drops the rest. All this is as in
//! libjpeg's `jidctint`, and size eight is that transform bit by bit.
//!
//! # Ranges
//!
//! A coefficient of a legal file, times its step, is at most 1024 and half a step, and a step above 2048 leaves only
//! zeros, so it is at most 2048. A file may hold anything, so products are limited to [`MOST_MAGNITUDE`], 7900:
//!
//! - An output of the 8-point pass is a sum of the eight inputs with weights that add up to at most
//!   2 * 8192 + 4433 + 10704 for the even ones and 6437 + 11362 + 2261 + 9633 for the odd ones, 61 214 together. The
//!   column pass stays below 61 214 * 7900 = 4.9e8. Its results are saturated to 16 bits, so the row pass stays below
//!   61 214 * 32 768 + 2^17 + 128 * 2^18 = 2.04e9. Both fit in 32 bits, the latter just so.
//! - Passes of fewer points have fewer inputs, and smaller sums of weights: that of 7 points, the largest, is at most
//!   8192 + 20 239 + 25 380 = 53 811.
//! - Blocks of 2 x 2 add four coefficients, rounding and the middle of the range in 16 bits: 4 * 7900 + 1028 = 32
//!   628.

use crate::vector::{I16x8, I32x4, U8x16, transposed};

/// Most that a coefficient times its step may be: see the module.
pub(super) const MOST_MAGNITUDE: u16 = 7900;

/// Fraction bits of constants.
const FRACTION_BITS: i32 = 13;

/// Fraction bits that the results of the column pass keep.
const BETWEEN_BITS: i32 = 2;

/// Bits that the column pass drops.
pub(super) const COLUMN_SHIFT: i32 = FRACTION_BITS - BETWEEN_BITS;

/// Bits that the row pass drops.
pub(super) const ROW_SHIFT: i32 = FRACTION_BITS + BETWEEN_BITS + 3;

/// Half of what the column pass drops: added to round to the nearest.
pub(super) const COLUMN_BIAS: i32 = 1 << (COLUMN_SHIFT - 1);

/// Half of what the row pass drops, and 128, the middle of the range of samples, which coefficients leave out
/// (section A.3.1).
pub(super) const ROW_BIAS: i32 = (1 << (ROW_SHIFT - 1)) + (128 << ROW_SHIFT);

// Ranges as in the module: the row pass, and the products themselves.
const _: () = assert!(61_214 * 32_768 + ROW_BIAS as i64 <= i32::MAX as i64 && MOST_MAGNITUDE < 32_768);

/// 1.
const ONE: i16 = 1 << FRACTION_BITS;

/// √2 cos(π/8), rounded.
const COS_1_8: i16 = 10703;

/// √2 cos(3π/8), rounded.
const COS_3_8: i16 = 4433;

/// √2, rounded.
const ROOT: i16 = 11585;

/// Both passes: the samples of a block of `W` x `H`, a row in each number, its first sample lowest. `LOW` when all
/// but the lowest 4 x 4 coefficients are zero.
#[inline(always)]
pub(super) fn samples_of<const W: usize, const H: usize, const LOW: bool>(rows: [I16x8; 8]) -> [u64; 8] {
    let columns = if W > 4 && !LOW {
        transposed(pass::<H, LOW, COLUMN_SHIFT>(rows, COLUMN_BIAS, true))
    } else {
        four_columns(points::<H, LOW>(rows, I16x8::zip_low, I32x4::splat(COLUMN_BIAS)))
    };
    let [a, b, c, d, e, f, g, h] = pass::<W, LOW, ROW_SHIFT>(columns, ROW_BIAS, H > 4);
    let columns = [(a, b), (c, d), (e, f), (g, h)].map(|(a, b)| I16x8::saturate(a, b));
    let [a, b, c, d] = shuffled(shuffled(shuffled(columns))).map(U8x16::halves);
    let ([a, b], [c, d], [e, f], [g, h]) = (a, b, c, d);
    [a, b, c, d, e, f, g, h]
}

/// One of the three rotations of [`transposed`], for eight rows of samples of which every two are in one vector: the
/// last bit of the row is the first one of the lane.
#[inline(always)]
fn shuffled([a, b, c, d]: [U8x16; 4]) -> [U8x16; 4] {
    [a.zip_low(c), a.zip_high(c), b.zip_low(d), b.zip_high(d)]
}

/// The first four columns of the sums of a pass along the columns: [`transposed`], with two rows in one vector as in
/// [`shuffled`], and without the last four columns, which are of no use.
#[inline(always)]
fn four_columns(sums: [I32x4; 8]) -> [I16x8; 8] {
    let [a, b, c, d, e, f, g, h] = sums.map(I32x4::shift::<COLUMN_SHIFT>);
    let shuffled = |[a, b, c, d]: [I16x8; 4]| [a.zip_low(c), a.zip_high(c), b.zip_low(d), b.zip_high(d)];
    let rows = [(a, b), (c, d), (e, f), (g, h)].map(|(a, b)| I32x4::saturate(a, b));
    let [a, b, c, d] = shuffled(shuffled(shuffled(rows)));
    let zero = I16x8::splat(0);
    [a, b, c, d, zero, zero, zero, zero]
}

/// The `N`-point pass along the columns, of all eight if `is_wide`, else of the first four, with `bias` added before
/// the lowest `SHIFT` bits are dropped.
#[inline(always)]
pub(super) fn pass<const N: usize, const LOW: bool, const SHIFT: i32>(
    rows: [I16x8; 8],
    bias: i32,
    is_wide: bool,
) -> [I16x8; 8] {
    let bias = I32x4::splat(bias);
    let left = points::<N, LOW>(rows, I16x8::zip_low, bias).map(I32x4::shift::<SHIFT>);
    let right = if is_wide {
        points::<N, LOW>(rows, I16x8::zip_high, bias).map(I32x4::shift::<SHIFT>)
    } else {
        [I32x4::splat(0); 8]
    };
    let ([a, b, c, d, e, f, g, h], [i, j, k, l, m, n, o, p]) = (left, right);
    [(a, i), (b, j), (c, k), (d, l), (e, m), (f, n), (g, o), (h, p)].map(|(a, b)| I32x4::saturate(a, b))
}

/// The sums of [`pass`] for the four columns that `zip` pairs up: two rows in one vector, so that one instruction
/// multiplies both and adds the products ([`I16x8::dot`]).
///
/// Coefficients with odd numbers are antisymmetric over the block, those with even numbers symmetric. So the sums of
/// both kinds are computed once, and give an output by their sum and its mirror image by their difference.
#[inline(always)]
fn points<const N: usize, const LOW: bool>(
    rows: [I16x8; 8],
    zip: impl Fn(I16x8, I16x8) -> I16x8,
    bias: I32x4,
) -> [I32x4; 8] {
    let (zero, none) = (I32x4::splat(0), I16x8::splat(0));
    let [a, b, c, d, e, f, g, h] = rows;
    match N {
        1 => {
            let mean = zip(a, none).dot(ONE, 0).add(bias);
            [mean, zero, zero, zero, zero, zero, zero, zero]
        }
        // √2 cos(π/4) is 1.
        2 => {
            let ab = zip(a, b);
            [ab.dot(ONE, ONE).add(bias), ab.dot(ONE, -ONE).add(bias), zero, zero, zero, zero, zero, zero]
        }
        3 => three(zip(a, c), zip(b, none), bias),
        4 => {
            let (ac, bd) = (zip(a, c), zip(b, d));
            let (even, odd) = (ac.dot(ONE, ONE).add(bias), ac.dot(ONE, -ONE).add(bias));
            let (outer, inner) = (bd.dot(COS_1_8, COS_3_8), bd.dot(COS_3_8, -COS_1_8));
            [even.add(outer), odd.add(inner), odd.sub(inner), even.sub(outer), zero, zero, zero, zero]
        }
        5 if LOW => five(zip(a, none).dot(ONE, 0).add(bias), zip(c, none), zip(b, d)),
        5 => five(zip(a, none).dot(ONE, 0).add(bias), zip(c, e), zip(b, d)),
        6 if LOW => six(zip(a, none), zip(c, d), zip(b, none), bias),
        6 => six(zip(a, e), zip(c, d), zip(b, f), bias),
        7 if LOW => seven(low_even_of_seven(zip(a, c), bias), low_odd_of_seven(zip(b, d))),
        7 => seven(even_of_seven(zip(a, c), zip(e, g), bias), odd_of_seven(zip(b, d), zip(f, none))),
        _ if LOW => eight(low_even(zip(a, c), bias), low_odd(zip(b, d))),
        _ => eight(even(zip(a, e), zip(c, g), bias), odd(zip(b, d), zip(f, h))),
    }
}

/// Eight points of their even and odd parts.
///
/// The factors of the parts are those of libjpeg's `jpeg_idct_islow` multiplied out: it saves multiplications by
/// adding inputs first, which a processor that multiplies eight numbers at once need not do. Its constants are
/// rounded one by one, and so the factors here are sums of rounded ones: with `C(x) = round(8192 x)`, the odd part of
/// libjpeg is
///
/// ```text
/// z5 = (b + d + f + h) C(1.175875602)           C = 9633
/// z1 = -(b + h) C(0.899976223)                  C = 7373
/// z2 = -(d + f) C(2.562915447)                  C = 20995
/// z3 = -(d + h) C(1.961570560) + z5             C = 16069
/// z4 = -(b + f) C(0.390180644) + z5             C = 3196
/// out 0: b C(1.501321110) + z1 + z4             C = 12299
/// out 1: d C(3.072711026) + z2 + z3             C = 25172
/// out 2: f C(2.053119869) + z2 + z4             C = 16819
/// out 3: h C(0.298631336) + z1 + z3             C = 2446
/// ```
///
/// so that in out 0 the factor of `b` is 12299 - 7373 - 3196 + 9633 = 11363, in out 1 that of `d` is 25172 - 20995 -
/// 16069 + 9633 = -2259, although both outputs have the same cosine, 2260, elsewhere. In the even part `(c + g)
/// C(0.541196100) + c C(0.765366865)` gives `c` 4433 + 6270 = 10703, and `- g C(1.847759065)` gives `g` 4433 - 15137
/// = -10704. No sum is rounded before the shift and none overflows, so their order is free, and the result is the
/// same to the last bit.
#[inline(always)]
fn eight([a, b, c, d]: [I32x4; 4], [e, f, g, h]: [I32x4; 4]) -> [I32x4; 8] {
    [a.add(e), b.add(f), c.add(g), d.add(h), d.sub(h), c.sub(g), b.sub(f), a.sub(e)]
}

#[inline(always)]
fn even(ae: I16x8, cg: I16x8, bias: I32x4) -> [I32x4; 4] {
    let (sum, difference) = (ae.dot(ONE, ONE).add(bias), ae.dot(ONE, -ONE).add(bias));
    let (outer, inner) = (cg.dot(10703, 4433), cg.dot(4433, -10704));
    [sum.add(outer), difference.add(inner), difference.sub(inner), sum.sub(outer)]
}

#[inline(always)]
fn odd(bd: I16x8, fh: I16x8) -> [I32x4; 4] {
    [
        bd.dot(11363, 9633).add(fh.dot(6437, 2260)),
        bd.dot(9633, -2259).add(fh.dot(-11362, -6436)),
        bd.dot(6437, -11362).add(fh.dot(2261, 9633)),
        bd.dot(2260, -6436).add(fh.dot(9633, -11363)),
    ]
}

/// [`even`] without the fifth and seventh coefficient.
#[inline(always)]
fn low_even(ac: I16x8, bias: I32x4) -> [I32x4; 4] {
    [ac.dot(ONE, 10703), ac.dot(ONE, 4433), ac.dot(ONE, -4433), ac.dot(ONE, -10703)].map(|sum| sum.add(bias))
}

/// [`odd`] without the sixth and eighth coefficient.
#[inline(always)]
fn low_odd(bd: I16x8) -> [I32x4; 4] {
    [bd.dot(11363, 9633), bd.dot(9633, -2259), bd.dot(6437, -11362), bd.dot(2260, -6436)]
}

/// Three points. With `C(x) = √2 cos(x)`, whose values at multiples of π/3 are 1/√2 and √2:
///
/// ```text
/// out 0, 2: a + c / √2 ± b C(π/6)
/// out 1:    a - c √2
/// ```
#[inline(always)]
fn three(ac: I16x8, b: I16x8, bias: I32x4) -> [I32x4; 8] {
    let zero = I32x4::splat(0);
    let (even, middle) = (ac.dot(ONE, 5793).add(bias), ac.dot(ONE, -ROOT).add(bias));
    let odd = b.dot(10033, 0);
    [even.add(odd), middle, even.sub(odd), zero, zero, zero, zero, zero]
}

/// Five points, where `a` is that coefficient and the bias:
///
/// ```text
/// out 0, 4: a + c C(π/5)  + e C(2π/5) ± (b C(π/10)  + d C(3π/10))
/// out 1, 3: a - c C(2π/5) - e C(π/5)  ± (b C(3π/10) - d C(π/10))
/// out 2:    a - c √2      + e √2
/// ```
#[inline(always)]
fn five(a: I32x4, ce: I16x8, bd: I16x8) -> [I32x4; 8] {
    let zero = I32x4::splat(0);
    let (outer, inner) = (a.add(ce.dot(9373, 3580)), a.add(ce.dot(-3580, -9373)));
    let middle = a.add(ce.dot(-ROOT, ROOT));
    let (outer_odd, inner_odd) = (bd.dot(11018, 6810), bd.dot(6810, -11018));
    let (first, second) = (outer.add(outer_odd), inner.add(inner_odd));
    let (fourth, fifth) = (inner.sub(inner_odd), outer.sub(outer_odd));
    [first, second, middle, fourth, fifth, zero, zero, zero]
}

/// Six points. `C(π/4)` is 1:
///
/// ```text
/// out 0, 5: a + c C(π/6) + e / √2 ± (b C(π/12)  + d + f C(5π/12))
/// out 1, 4: a            - e √2   ± (b          - d - f)
/// out 2, 3: a - c C(π/6) + e / √2 ± (b C(5π/12) - d + f C(π/12))
/// ```
#[inline(always)]
fn six(ae: I16x8, cd: I16x8, bf: I16x8, bias: I32x4) -> [I32x4; 8] {
    let zero = I32x4::splat(0);
    let (sum, middle) = (ae.dot(ONE, 5793).add(bias), ae.dot(ONE, -ROOT).add(bias));
    let (c, d) = (cd.dot(10033, 0), cd.dot(0, ONE));
    let (outer, inner) = (sum.add(c), sum.sub(c));
    let (outer_odd, inner_odd) = (bf.dot(11190, 2998).add(d), bf.dot(2998, 11190).sub(d));
    let middle_odd = bf.dot(ONE, -ONE).sub(d);
    [
        outer.add(outer_odd),
        middle.add(middle_odd),
        inner.add(inner_odd),
        inner.sub(inner_odd),
        middle.sub(middle_odd),
        outer.sub(outer_odd),
        zero,
        zero,
    ]
}

/// Seven points of their even and odd parts. The middle one has no odd part.
#[inline(always)]
fn seven([a, b, c, d]: [I32x4; 4], [e, f, g]: [I32x4; 3]) -> [I32x4; 8] {
    [a.add(e), b.add(f), c.add(g), d, c.sub(g), b.sub(f), a.sub(e), I32x4::splat(0)]
}

/// ```text
/// out 0, 6: a + c C(π/7)  + e C(2π/7) + g C(3π/7)
/// out 1, 5: a + c C(3π/7) - e C(π/7)  - g C(2π/7)
/// out 2, 4: a - c C(2π/7) - e C(3π/7) + g C(π/7)
/// out 3:    a - c √2      + e √2      - g √2
/// ```
#[inline(always)]
fn even_of_seven(ac: I16x8, eg: I16x8, bias: I32x4) -> [I32x4; 4] {
    let [a, b, c, d] = low_even_of_seven(ac, bias);
    [
        a.add(eg.dot(7223, 2578)),
        b.add(eg.dot(-10438, -7223)),
        c.add(eg.dot(-2578, 10438)),
        d.add(eg.dot(ROOT, -ROOT)),
    ]
}

/// [`even_of_seven`] without the fifth and seventh coefficient.
#[inline(always)]
fn low_even_of_seven(ac: I16x8, bias: I32x4) -> [I32x4; 4] {
    [ac.dot(ONE, 10438), ac.dot(ONE, 2578), ac.dot(ONE, -7223), ac.dot(ONE, -ROOT)].map(|sum| sum.add(bias))
}

/// ```text
/// out 0, 6: b C(π/14)  + d C(3π/14) + f C(5π/14)
/// out 1, 5: b C(3π/14) - d C(5π/14) - f C(π/14)
/// out 2, 4: b C(5π/14) - d C(π/14)  + f C(3π/14)
/// ```
#[inline(always)]
fn odd_of_seven(bd: I16x8, f: I16x8) -> [I32x4; 3] {
    let [a, b, c] = low_odd_of_seven(bd);
    [a.add(f.dot(5027, 0)), b.sub(f.dot(11295, 0)), c.add(f.dot(9058, 0))]
}

/// [`odd_of_seven`] without the sixth coefficient.
#[inline(always)]
fn low_odd_of_seven(bd: I16x8) -> [I32x4; 3] {
    [bd.dot(11295, 9058), bd.dot(9058, -5027), bd.dot(5027, -11295)]
}
