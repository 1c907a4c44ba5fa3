//! Arrays, for processors other than x86-64. Their operations are those of [`sse2`](super::sse2), described there,
//! and are held to them by tests.

use std::array::from_fn;

/// Eight signed 16-bit numbers.
#[derive(Clone, Copy, Debug)]
pub(in crate::samples) struct I16x8([i16; 8]);

/// Four signed 32-bit numbers.
#[derive(Clone, Copy, Debug)]
pub(in crate::samples) struct I32x4([i32; 4]);

/// Sixteen samples.
#[derive(Clone, Copy, Debug)]
pub(in crate::samples) struct U8x16([u8; 16]);

/// Applies a function to each pair of numbers.
fn each<T: Copy, const N: usize>(a: [T; N], b: [T; N], step: impl Fn(T, T) -> T) -> [T; N] {
    let mut pairs = a.into_iter().zip(b);
    a.map(|other| pairs.next().map_or(other, |(a, b)| step(a, b)))
}

/// Numbers of `a` and `b` in turns, from number `first` of each on.
fn zip<T: Copy, const N: usize>(a: [T; N], b: [T; N], first: usize) -> [T; N] {
    let mut turns = a.into_iter().zip(b).skip(first).flat_map(|(a, b)| [a, b]);
    a.map(|other| turns.next().unwrap_or(other))
}

impl I16x8 {
    pub(in crate::samples) fn new(numbers: [i16; 8]) -> Self {
        Self(numbers)
    }

    pub(in crate::samples) fn splat(value: i16) -> Self {
        Self([value; 8])
    }

    pub(in crate::samples) fn clamp(self, limit: Self) -> Self {
        Self(each(self.0, limit.0, |a, limit| a.min(limit).max(-limit)))
    }

    pub(in crate::samples) fn add(self, other: Self) -> Self {
        Self(each(self.0, other.0, i16::wrapping_add))
    }

    pub(in crate::samples) fn sub(self, other: Self) -> Self {
        Self(each(self.0, other.0, i16::wrapping_sub))
    }

    pub(in crate::samples) fn mul(self, other: Self) -> Self {
        Self(each(self.0, other.0, i16::wrapping_mul))
    }

    pub(in crate::samples) fn mul_high(self, factor: i16) -> Self {
        Self(self.0.map(|a| i16::try_from((i32::from(a) * i32::from(factor)) >> 16).unwrap_or(0)))
    }

    pub(in crate::samples) fn mul_high_unsigned(self, other: Self) -> Self {
        let high = |a: u16, b: u16| u16::try_from((u32::from(a) * u32::from(b)) >> 16).unwrap_or(0);
        Self(each(self.0, other.0, |a, b| high(a.cast_unsigned(), b.cast_unsigned()).cast_signed()))
    }

    pub(in crate::samples) fn shift_unsigned(self, count: u32) -> Self {
        Self(self.0.map(|a| (a.cast_unsigned() >> count).cast_signed()))
    }

    pub(in crate::samples) fn shuffle_fours<const LOW: i32, const HIGH: i32>(self) -> Self {
        let [a, b, c, d, e, f, g, h] = self.0;
        let pick = |four: [i16; 4], order: i32| {
            [0, 2, 4, 6].map(|bit| four.into_iter().zip(0..).find(|(_, at)| *at == order >> bit & 3))
        };
        let (low, high) = (pick([a, b, c, d], LOW), pick([e, f, g, h], HIGH));
        let mut numbers = low.into_iter().chain(high);
        Self(from_fn(|_| numbers.next().flatten().map_or(0, |(number, _)| number)))
    }

    pub(in crate::samples) fn half(self) -> Self {
        Self(self.0.map(|a| a >> 1))
    }

    pub(in crate::samples) fn eighth(self) -> Self {
        Self(self.0.map(|a| a >> 3))
    }

    pub(in crate::samples) fn zip_low(self, other: Self) -> Self {
        Self(zip(self.0, other.0, 0))
    }

    pub(in crate::samples) fn zip_high(self, other: Self) -> Self {
        Self(zip(self.0, other.0, 4))
    }

    pub(in crate::samples) fn join_low(self, other: Self) -> Self {
        let ([a, b, c, d, ..], [e, f, g, h, ..]) = (self.0, other.0);
        Self([a, b, c, d, e, f, g, h])
    }

    pub(in crate::samples) fn join_high(self, other: Self) -> Self {
        let ([.., a, b, c, d], [.., e, f, g, h]) = (self.0, other.0);
        Self([a, b, c, d, e, f, g, h])
    }

    pub(in crate::samples) fn dot(self, a: i16, b: i16) -> I32x4 {
        let [i, j, k, l, m, n, o, p] = self.0.map(i32::from);
        let pairs = [(i, j), (k, l), (m, n), (o, p)];
        I32x4(pairs.map(|(x, y)| (x * i32::from(a)).wrapping_add(y * i32::from(b))))
    }

    pub(in crate::samples) fn and(self, other: Self) -> Self {
        Self(each(self.0, other.0, |a, b| a & b))
    }

    pub(in crate::samples) fn or(self, other: Self) -> Self {
        Self(each(self.0, other.0, |a, b| a | b))
    }

    pub(in crate::samples) fn is_zero(self) -> bool {
        self.0 == [0; 8]
    }

    pub(in crate::samples) fn bytes(self) -> U8x16 {
        let mut bytes = self.0.into_iter().flat_map(i16::to_le_bytes);
        U8x16(from_fn(|_| bytes.next().unwrap_or(0)))
    }

    pub(in crate::samples) fn saturate(low: Self, high: Self) -> U8x16 {
        let mut numbers = low.0.into_iter().chain(high.0);
        U8x16(from_fn(|_| u8::try_from(numbers.next().unwrap_or(0).clamp(0, 255)).unwrap_or(0)))
    }
}

impl I32x4 {
    pub(in crate::samples) fn splat(value: i32) -> Self {
        Self([value; 4])
    }

    pub(in crate::samples) fn add(self, other: Self) -> Self {
        Self(each(self.0, other.0, i32::wrapping_add))
    }

    pub(in crate::samples) fn sub(self, other: Self) -> Self {
        Self(each(self.0, other.0, i32::wrapping_sub))
    }

    pub(in crate::samples) fn shift<const SHIFT: i32>(self) -> Self {
        Self(self.0.map(|a| a >> SHIFT))
    }

    pub(in crate::samples) fn saturate(low: Self, high: Self) -> I16x8 {
        let mut numbers = low.0.into_iter().chain(high.0);
        let limits = (i32::from(i16::MIN), i32::from(i16::MAX));
        I16x8(from_fn(|_| i16::try_from(numbers.next().unwrap_or(0).clamp(limits.0, limits.1)).unwrap_or(0)))
    }
}

impl U8x16 {
    pub(in crate::samples) fn new(samples: &[u8; 16]) -> Self {
        Self(*samples)
    }

    pub(in crate::samples) fn samples(self) -> [u8; 16] {
        self.0
    }

    pub(in crate::samples) fn halves(self) -> [u64; 2] {
        let [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p] = self.0;
        [[a, b, c, d, e, f, g, h], [i, j, k, l, m, n, o, p]].map(u64::from_le_bytes)
    }

    pub(in crate::samples) fn widen(self) -> [I16x8; 2] {
        let every_other = |first| {
            let mut samples = self.0.into_iter().skip(first).step_by(2);
            I16x8(from_fn(|_| samples.next().map_or(0, i16::from)))
        };
        [every_other(0), every_other(1)]
    }

    pub(in crate::samples) fn narrow([even, odd]: [I16x8; 2]) -> Self {
        let mut pairs = zip(even.0, odd.0, 0).into_iter().chain(zip(even.0, odd.0, 4));
        Self(from_fn(|_| u8::try_from(pairs.next().unwrap_or(0).clamp(0, 255)).unwrap_or(0)))
    }

    pub(in crate::samples) fn zip_low(self, other: Self) -> Self {
        Self(zip(self.0, other.0, 0))
    }

    pub(in crate::samples) fn zip_high(self, other: Self) -> Self {
        Self(zip(self.0, other.0, 8))
    }

    pub(in crate::samples) fn zip4_low(self, other: Self) -> Self {
        self.zip4(other, 0)
    }

    pub(in crate::samples) fn zip4_high(self, other: Self) -> Self {
        self.zip4(other, 2)
    }

    fn zip4(self, other: Self, first: usize) -> Self {
        let fours = self.0.as_chunks::<4>().0.iter().zip(other.0.as_chunks::<4>().0);
        let mut samples = fours.skip(first).flat_map(|(a, b)| [*a, *b]).flatten();
        Self(from_fn(|_| samples.next().unwrap_or(0)))
    }

    pub(in crate::samples) fn flip(self, mask: u8) -> Self {
        Self(self.0.map(|a| a ^ mask))
    }

    pub(in crate::samples) fn interleave3(planes: [[I16x8; 2]; 3]) -> [Self; 3] {
        let [a, b, c] = planes.map(Self::narrow);
        let mut samples = a.0.into_iter().zip(b.0).zip(c.0).flat_map(|((a, b), c)| [a, b, c]);
        from_fn(|_| Self(from_fn(|_| samples.next().unwrap_or(0))))
    }

    pub(in crate::samples) fn interleave4([a, b, c, d]: [Self; 4]) -> [Self; 4] {
        let pixels = a.0.into_iter().zip(b.0).zip(c.0).zip(d.0);
        let mut samples = pixels.flat_map(|(((a, b), c), d)| [a, b, c, d]);
        from_fn(|_| Self(from_fn(|_| samples.next().unwrap_or(0))))
    }
}
