//! SSE2 by the safe functions of `safe_arch`.

use safe_arch::{
    add_i16_m128i, add_i32_m128i, bitand_m128i, bitor_m128i, bitxor_m128i, byte_shl_imm_u128_m128i,
    byte_shr_imm_u128_m128i, cmp_eq_mask_i8_m128i, m128i, max_i16_m128i, min_i16_m128i, move_mask_i8_m128i,
    mul_i16_horizontal_add_m128i, mul_i16_keep_high_m128i, mul_i16_keep_low_m128i, mul_u16_keep_high_m128i,
    pack_i16_to_u8_m128i, pack_i32_to_i16_m128i, set_i64_m128i, set_splat_i16_m128i, set_splat_i32_m128i,
    set_splat_i64_m128i, shr_all_u16_m128i, shr_imm_i16_m128i, shr_imm_i32_m128i, shr_imm_u64_m128i,
    shuffle_ai_i16_h64all_m128i, shuffle_ai_i16_l64all_m128i, sub_i16_m128i, sub_i32_m128i,
    unpack_high_i8_m128i, unpack_high_i16_m128i, unpack_high_i32_m128i, unpack_high_i64_m128i,
    unpack_low_i8_m128i, unpack_low_i16_m128i, unpack_low_i32_m128i, unpack_low_i64_m128i, zeroed_m128i,
};

/// Eight signed 16-bit numbers.
#[derive(Clone, Copy, Debug)]
pub(in crate::samples) struct I16x8(m128i);

/// Four signed 32-bit numbers.
#[derive(Clone, Copy, Debug)]
pub(in crate::samples) struct I32x4(m128i);

/// Sixteen samples.
#[derive(Clone, Copy, Debug)]
pub(in crate::samples) struct U8x16(m128i);

impl I16x8 {
    /// The numbers of an array.
    #[inline(always)]
    pub(in crate::samples) fn new(numbers: [i16; 8]) -> Self {
        Self(numbers.into())
    }

    /// One number eight times.
    #[inline(always)]
    pub(in crate::samples) fn splat(value: i16) -> Self {
        Self(set_splat_i16_m128i(value))
    }

    /// Each number held within `-limit..=limit`.
    #[inline(always)]
    pub(in crate::samples) fn clamp(self, limit: Self) -> Self {
        let low = sub_i16_m128i(zeroed_m128i(), limit.0);
        Self(max_i16_m128i(min_i16_m128i(self.0, limit.0), low))
    }

    /// Sums modulo 2^16.
    #[inline(always)]
    pub(in crate::samples) fn add(self, other: Self) -> Self {
        Self(add_i16_m128i(self.0, other.0))
    }

    /// Differences modulo 2^16.
    #[inline(always)]
    pub(in crate::samples) fn sub(self, other: Self) -> Self {
        Self(sub_i16_m128i(self.0, other.0))
    }

    /// Products modulo 2^16.
    #[inline(always)]
    pub(in crate::samples) fn mul(self, other: Self) -> Self {
        Self(mul_i16_keep_low_m128i(self.0, other.0))
    }

    /// The upper 16 bits of the products with one factor.
    #[inline(always)]
    pub(in crate::samples) fn mul_high(self, factor: i16) -> Self {
        Self(mul_i16_keep_high_m128i(self.0, set_splat_i16_m128i(factor)))
    }

    /// The upper 16 bits of the products of unsigned numbers.
    #[inline(always)]
    pub(in crate::samples) fn mul_high_unsigned(self, other: Self) -> Self {
        Self(mul_u16_keep_high_m128i(self.0, other.0))
    }

    /// Unsigned numbers without their lowest `count` bits, 0 to 15.
    #[inline(always)]
    pub(in crate::samples) fn shift_unsigned(self, count: u32) -> Self {
        Self(shr_all_u16_m128i(self.0, set_i64_m128i(0, i64::from(count))))
    }

    /// The first four numbers in the order of `LOW`, and the last four in that of `HIGH`: two bits for each place say
    /// which of the four comes there, those of the first place lowest.
    #[inline(always)]
    pub(in crate::samples) fn shuffle_fours<const LOW: i32, const HIGH: i32>(self) -> Self {
        Self(shuffle_ai_i16_h64all_m128i::<HIGH>(shuffle_ai_i16_l64all_m128i::<LOW>(self.0)))
    }

    /// Halves, rounded down.
    #[inline(always)]
    pub(in crate::samples) fn half(self) -> Self {
        Self(shr_imm_i16_m128i::<1>(self.0))
    }

    /// Eighths, rounded down.
    #[inline(always)]
    pub(in crate::samples) fn eighth(self) -> Self {
        Self(shr_imm_i16_m128i::<3>(self.0))
    }

    /// `a0 b0 a1 b1 a2 b2 a3 b3` of `self` a and `other` b.
    #[inline(always)]
    pub(in crate::samples) fn zip_low(self, other: Self) -> Self {
        Self(unpack_low_i16_m128i(self.0, other.0))
    }

    /// `a4 b4 a5 b5 a6 b6 a7 b7` of `self` a and `other` b.
    #[inline(always)]
    pub(in crate::samples) fn zip_high(self, other: Self) -> Self {
        Self(unpack_high_i16_m128i(self.0, other.0))
    }

    /// `a0 a1 a2 a3 b0 b1 b2 b3` of `self` a and `other` b.
    #[inline(always)]
    pub(in crate::samples) fn join_low(self, other: Self) -> Self {
        Self(unpack_low_i64_m128i(self.0, other.0))
    }

    /// `a4 a5 a6 a7 b4 b5 b6 b7` of `self` a and `other` b.
    #[inline(always)]
    pub(in crate::samples) fn join_high(self, other: Self) -> Self {
        Self(unpack_high_i64_m128i(self.0, other.0))
    }

    /// For each pair of neighbours `x y` the sum `a x + b y`.
    #[inline(always)]
    pub(in crate::samples) fn dot(self, a: i16, b: i16) -> I32x4 {
        I32x4(mul_i16_horizontal_add_m128i(self.0, [a, b, a, b, a, b, a, b].into()))
    }

    /// Bits that are set in both.
    #[inline(always)]
    pub(in crate::samples) fn and(self, other: Self) -> Self {
        Self(bitand_m128i(self.0, other.0))
    }

    /// Bits that are set in either.
    #[inline(always)]
    pub(in crate::samples) fn or(self, other: Self) -> Self {
        Self(bitor_m128i(self.0, other.0))
    }

    /// True when all numbers are zero.
    #[inline(always)]
    pub(in crate::samples) fn is_zero(self) -> bool {
        move_mask_i8_m128i(cmp_eq_mask_i8_m128i(self.0, zeroed_m128i())) == 0xffff
    }

    /// The samples nearest to sixteen numbers.
    #[inline(always)]
    pub(in crate::samples) fn saturate(low: Self, high: Self) -> U8x16 {
        U8x16(pack_i16_to_u8_m128i(low.0, high.0))
    }
}

impl I32x4 {
    /// One number four times.
    #[inline(always)]
    pub(in crate::samples) fn splat(value: i32) -> Self {
        Self(set_splat_i32_m128i(value))
    }

    /// Sums modulo 2^32.
    #[inline(always)]
    pub(in crate::samples) fn add(self, other: Self) -> Self {
        Self(add_i32_m128i(self.0, other.0))
    }

    /// Differences modulo 2^32.
    #[inline(always)]
    pub(in crate::samples) fn sub(self, other: Self) -> Self {
        Self(sub_i32_m128i(self.0, other.0))
    }

    /// Divided by 2^`SHIFT`, rounded down.
    #[inline(always)]
    pub(in crate::samples) fn shift<const SHIFT: i32>(self) -> Self {
        Self(shr_imm_i32_m128i::<SHIFT>(self.0))
    }

    /// The 16-bit numbers nearest to eight numbers.
    #[inline(always)]
    pub(in crate::samples) fn saturate(low: Self, high: Self) -> I16x8 {
        I16x8(pack_i32_to_i16_m128i(low.0, high.0))
    }
}

impl U8x16 {
    /// The samples of an array.
    #[inline(always)]
    pub(in crate::samples) fn new(samples: &[u8; 16]) -> Self {
        Self((*samples).into())
    }

    /// The first eight and the last eight samples, first sample lowest.
    #[inline(always)]
    pub(in crate::samples) fn halves(self) -> [u64; 2] {
        self.0.into()
    }

    /// The first eight and the last eight samples as numbers.
    #[inline(always)]
    pub(in crate::samples) fn widen(self) -> [I16x8; 2] {
        let zero = zeroed_m128i();
        [I16x8(unpack_low_i8_m128i(self.0, zero)), I16x8(unpack_high_i8_m128i(self.0, zero))]
    }

    /// `a0 b0 a1 b1 ... a7 b7` of `self` a and `other` b.
    #[inline(always)]
    pub(in crate::samples) fn zip_low(self, other: Self) -> Self {
        Self(unpack_low_i8_m128i(self.0, other.0))
    }

    /// `a8 b8 a9 b9 ... a15 b15` of `self` a and `other` b.
    #[inline(always)]
    pub(in crate::samples) fn zip_high(self, other: Self) -> Self {
        Self(unpack_high_i8_m128i(self.0, other.0))
    }

    /// Fours of samples of `self` and `other` in turns, from the first half of each.
    #[inline(always)]
    pub(in crate::samples) fn zip4_low(self, other: Self) -> Self {
        Self(unpack_low_i32_m128i(self.0, other.0))
    }

    /// Fours of samples of `self` and `other` in turns, from the second half of each.
    #[inline(always)]
    pub(in crate::samples) fn zip4_high(self, other: Self) -> Self {
        Self(unpack_high_i32_m128i(self.0, other.0))
    }

    /// Each sample with the bits of `mask` flipped.
    #[inline(always)]
    pub(in crate::samples) fn flip(self, mask: u8) -> Self {
        Self(bitxor_m128i(self.0, set_splat_i64_m128i(i64::from_ne_bytes([mask; 8]))))
    }

    /// Sixteen pixels `a0 b0 c0 a1 b1 c1 ...`: four times twelve samples, put together to three times sixteen.
    #[inline(always)]
    pub(in crate::samples) fn interleave3([a, b, c]: [Self; 3]) -> [Self; 3] {
        let zero = Self(zeroed_m128i());
        let [first, second, third, fourth] = Self::interleave4([a, b, c, zero]).map(|four| four.close().0);
        [
            Self(bitor_m128i(first, byte_shl_imm_u128_m128i::<12>(second))),
            Self(bitor_m128i(byte_shr_imm_u128_m128i::<4>(second), byte_shl_imm_u128_m128i::<8>(third))),
            Self(bitor_m128i(byte_shr_imm_u128_m128i::<8>(third), byte_shl_imm_u128_m128i::<4>(fourth))),
        ]
    }

    /// Sixteen pixels `a0 b0 c0 d0 a1 b1 c1 d1 ...`.
    #[inline(always)]
    pub(in crate::samples) fn interleave4([a, b, c, d]: [Self; 4]) -> [Self; 4] {
        let (ac_low, ac_high) = (a.zip_low(c), a.zip_high(c));
        let (bd_low, bd_high) = (b.zip_low(d), b.zip_high(d));
        [ac_low.zip_low(bd_low), ac_low.zip_high(bd_low), ac_high.zip_low(bd_high), ac_high.zip_high(bd_high)]
    }

    /// Four pixels of three samples and a zero each, without the zeros: twelve samples, then four zeros.
    ///
    /// In each half of the vector, which are two pixels `a b c 0 d e f 0`, the lowest three bytes stay and the rest
    /// is shifted down by one byte: `a b c d e f 0 0`. Then the upper half is shifted down by two bytes, to follow on
    /// the six of the lower one.
    #[inline(always)]
    fn close(self) -> Self {
        let even = bitand_m128i(self.0, set_splat_i64_m128i(0x00ff_ffff));
        let odd = bitand_m128i(shr_imm_u64_m128i::<8>(self.0), set_splat_i64_m128i(0xffff_ff00_0000));
        let pairs = bitor_m128i(even, odd);
        let first = bitand_m128i(pairs, set_i64_m128i(0, -1));
        Self(bitor_m128i(first, byte_shl_imm_u128_m128i::<6>(byte_shr_imm_u128_m128i::<8>(pairs))))
    }
}
