//! Arrays, for processors other than x86-64. Their operations are those of [`sse2`](super::sse2), described there,
//! and are held to them by tests.

use std::array::from_fn;

/// Eight signed 16-bit numbers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct I16x8([i16; 8]);

/// Four signed 32-bit numbers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct I32x4([i32; 4]);

/// Sixteen samples.
#[derive(Clone, Copy, Debug)]
pub(crate) struct U8x16([u8; 16]);

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
    pub(crate) fn new(numbers: [i16; 8]) -> Self {
        Self(numbers)
    }

    pub(crate) fn splat(value: i16) -> Self {
        Self([value; 8])
    }

    pub(crate) fn clamp(self, limit: Self) -> Self {
        Self(each(self.0, limit.0, |a, limit| a.min(limit).max(-limit)))
    }

    pub(crate) fn add(self, other: Self) -> Self {
        Self(each(self.0, other.0, i16::wrapping_add))
    }

    pub(crate) fn sub(self, other: Self) -> Self {
        Self(each(self.0, other.0, i16::wrapping_sub))
    }

    pub(crate) fn mul(self, other: Self) -> Self {
        Self(each(self.0, other.0, i16::wrapping_mul))
    }

    pub(crate) fn mul_high(self, factor: i16) -> Self {
        Self(self.0.map(|a| i16::try_from((i32::from(a) * i32::from(factor)) >> 16).unwrap_or(0)))
    }

    pub(crate) fn mul_high_unsigned(self, other: Self) -> Self {
        let high = |a: u16, b: u16| u16::try_from((u32::from(a) * u32::from(b)) >> 16).unwrap_or(0);
        Self(each(self.0, other.0, |a, b| high(a.cast_unsigned(), b.cast_unsigned()).cast_signed()))
    }

    pub(crate) fn shift_unsigned(self, count: u32) -> Self {
        Self(self.0.map(|a| (a.cast_unsigned() >> count).cast_signed()))
    }

    pub(crate) fn shuffle_fours<const LOW: i32, const HIGH: i32>(self) -> Self {
        let [a, b, c, d, e, f, g, h] = self.0;
        let pick = |four: [i16; 4], order: i32| {
            [0, 2, 4, 6].map(|bit| four.into_iter().zip(0..).find(|(_, at)| *at == order >> bit & 3))
        };
        let (low, high) = (pick([a, b, c, d], LOW), pick([e, f, g, h], HIGH));
        let mut numbers = low.into_iter().chain(high);
        Self(from_fn(|_| numbers.next().flatten().map_or(0, |(number, _)| number)))
    }

    pub(crate) fn half(self) -> Self {
        Self(self.0.map(|a| a >> 1))
    }

    pub(crate) fn eighth(self) -> Self {
        Self(self.0.map(|a| a >> 3))
    }

    pub(crate) fn shift<const SHIFT: i32>(self) -> Self {
        Self(self.0.map(|a| a >> SHIFT))
    }

    pub(crate) fn shift_left<const SHIFT: i32>(self) -> Self {
        Self(self.0.map(|a| a << SHIFT))
    }

    pub(crate) fn equals(self, other: Self) -> Self {
        Self(each(self.0, other.0, |a, b| if a == b { -1 } else { 0 }))
    }

    pub(crate) fn xor(self, other: Self) -> Self {
        Self(each(self.0, other.0, |a, b| a ^ b))
    }

    pub(crate) fn non_zero(low: Self, high: Self) -> u16 {
        let numbers = low.0.into_iter().chain(high.0).rev();
        numbers.fold(0, |bits, number| bits << 1 | u16::from(number != 0))
    }

    pub(crate) fn numbers(self) -> [i16; 8] {
        self.0
    }

    pub(crate) fn zip_low(self, other: Self) -> Self {
        Self(zip(self.0, other.0, 0))
    }

    pub(crate) fn zip_high(self, other: Self) -> Self {
        Self(zip(self.0, other.0, 4))
    }

    pub(crate) fn join_low(self, other: Self) -> Self {
        let ([a, b, c, d, ..], [e, f, g, h, ..]) = (self.0, other.0);
        Self([a, b, c, d, e, f, g, h])
    }

    pub(crate) fn join_high(self, other: Self) -> Self {
        let ([.., a, b, c, d], [.., e, f, g, h]) = (self.0, other.0);
        Self([a, b, c, d, e, f, g, h])
    }

    pub(crate) fn dot(self, a: i16, b: i16) -> I32x4 {
        let [i, j, k, l, m, n, o, p] = self.0.map(i32::from);
        let pairs = [(i, j), (k, l), (m, n), (o, p)];
        I32x4(pairs.map(|(x, y)| (x * i32::from(a)).wrapping_add(y * i32::from(b))))
    }

    pub(crate) fn squares(self) -> I32x4 {
        let [a, b, c, d, e, f, g, h] = self.0.map(|number| i32::from(number) * i32::from(number));
        I32x4([a.wrapping_add(b), c.wrapping_add(d), e.wrapping_add(f), g.wrapping_add(h)])
    }

    pub(crate) fn and(self, other: Self) -> Self {
        Self(each(self.0, other.0, |a, b| a & b))
    }

    pub(crate) fn or(self, other: Self) -> Self {
        Self(each(self.0, other.0, |a, b| a | b))
    }

    pub(crate) fn is_zero(self) -> bool {
        self.0 == [0; 8]
    }

    pub(crate) fn bytes(self) -> U8x16 {
        let mut bytes = self.0.into_iter().flat_map(i16::to_le_bytes);
        U8x16(from_fn(|_| bytes.next().unwrap_or(0)))
    }

    pub(crate) fn saturate(low: Self, high: Self) -> U8x16 {
        let mut numbers = low.0.into_iter().chain(high.0);
        U8x16(from_fn(|_| u8::try_from(numbers.next().unwrap_or(0).clamp(0, 255)).unwrap_or(0)))
    }
}

impl I32x4 {
    pub(crate) fn splat(value: i32) -> Self {
        Self([value; 4])
    }

    pub(crate) fn add(self, other: Self) -> Self {
        Self(each(self.0, other.0, i32::wrapping_add))
    }

    pub(crate) fn sub(self, other: Self) -> Self {
        Self(each(self.0, other.0, i32::wrapping_sub))
    }

    pub(crate) fn shift<const SHIFT: i32>(self) -> Self {
        Self(self.0.map(|a| a >> SHIFT))
    }

    pub(crate) fn numbers(self) -> [i32; 4] {
        self.0
    }

    pub(crate) fn saturate(low: Self, high: Self) -> I16x8 {
        let mut numbers = low.0.into_iter().chain(high.0);
        let limits = (i32::from(i16::MIN), i32::from(i16::MAX));
        I16x8(from_fn(|_| i16::try_from(numbers.next().unwrap_or(0).clamp(limits.0, limits.1)).unwrap_or(0)))
    }
}

impl U8x16 {
    pub(crate) fn new(samples: &[u8; 16]) -> Self {
        Self(*samples)
    }

    pub(crate) fn samples(self) -> [u8; 16] {
        self.0
    }

    pub(crate) fn halves(self) -> [u64; 2] {
        let [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p] = self.0;
        [[a, b, c, d, e, f, g, h], [i, j, k, l, m, n, o, p]].map(u64::from_le_bytes)
    }

    pub(crate) fn widen(self) -> [I16x8; 2] {
        let every_other = |first| {
            let mut samples = self.0.into_iter().skip(first).step_by(2);
            I16x8(from_fn(|_| samples.next().map_or(0, i16::from)))
        };
        [every_other(0), every_other(1)]
    }

    pub(crate) fn narrow([even, odd]: [I16x8; 2]) -> Self {
        let mut pairs = zip(even.0, odd.0, 0).into_iter().chain(zip(even.0, odd.0, 4));
        Self(from_fn(|_| u8::try_from(pairs.next().unwrap_or(0).clamp(0, 255)).unwrap_or(0)))
    }

    pub(crate) fn zip_low(self, other: Self) -> Self {
        Self(zip(self.0, other.0, 0))
    }

    pub(crate) fn zip_high(self, other: Self) -> Self {
        Self(zip(self.0, other.0, 8))
    }

    pub(crate) fn zip4_low(self, other: Self) -> Self {
        self.zip4(other, 0)
    }

    pub(crate) fn zip4_high(self, other: Self) -> Self {
        self.zip4(other, 2)
    }

    fn zip4(self, other: Self, first: usize) -> Self {
        let fours = self.0.as_chunks::<4>().0.iter().zip(other.0.as_chunks::<4>().0);
        let mut samples = fours.skip(first).flat_map(|(a, b)| [*a, *b]).flatten();
        Self(from_fn(|_| samples.next().unwrap_or(0)))
    }

    pub(crate) fn flip(self, mask: u8) -> Self {
        Self(self.0.map(|a| a ^ mask))
    }

    pub(crate) fn interleave3(planes: [[I16x8; 2]; 3]) -> [Self; 3] {
        let [a, b, c] = planes.map(Self::narrow);
        let mut samples = a.0.into_iter().zip(b.0).zip(c.0).flat_map(|((a, b), c)| [a, b, c]);
        from_fn(|_| Self(from_fn(|_| samples.next().unwrap_or(0))))
    }

    pub(crate) fn deinterleave3(pixels: [Self; 3]) -> [Self; 3] {
        let samples = pixels.map(Self::samples);
        [0, 1, 2].map(|channel| {
            let mut samples = samples.iter().flatten().skip(channel).step_by(3);
            Self(from_fn(|_| samples.next().copied().unwrap_or(0)))
        })
    }

    pub(crate) fn interleave4([a, b, c, d]: [Self; 4]) -> [Self; 4] {
        let pixels = a.0.into_iter().zip(b.0).zip(c.0).zip(d.0);
        let mut samples = pixels.flat_map(|(((a, b), c), d)| [a, b, c, d]);
        from_fn(|_| Self(from_fn(|_| samples.next().unwrap_or(0))))
    }
}
