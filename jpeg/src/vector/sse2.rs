//! SSE2 by the safe functions of `safe_arch`.

use safe_arch::{
    add_i16_m128i, add_i32_m128i, bitand_m128i, bitor_m128i, bitxor_m128i, byte_shr_imm_u128_m128i,
    cmp_eq_mask_i8_m128i, cmp_eq_mask_i16_m128i, m128i, max_i16_m128i, min_i16_m128i, move_mask_i8_m128i,
    mul_i16_horizontal_add_m128i, mul_i16_keep_high_m128i, mul_i16_keep_low_m128i, mul_u16_keep_high_m128i,
    pack_i16_to_i8_m128i, pack_i16_to_u8_m128i, pack_i32_to_i16_m128i, set_i64_m128i, set_splat_i16_m128i,
    set_splat_i32_m128i, set_splat_i64_m128i, shl_imm_u16_m128i, shr_all_u16_m128i, shr_imm_i16_m128i,
    shr_imm_i32_m128i, shr_imm_u16_m128i, shuffle_ai_i16_h64all_m128i, shuffle_ai_i16_l64all_m128i,
    sub_i16_m128i, sub_i32_m128i, unpack_high_i8_m128i, unpack_high_i16_m128i, unpack_high_i32_m128i,
    unpack_high_i64_m128i, unpack_low_i8_m128i, unpack_low_i16_m128i, unpack_low_i32_m128i,
    unpack_low_i64_m128i, zeroed_m128i,
};

/// Eight signed 16-bit numbers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct I16x8(m128i);

/// Four signed 32-bit numbers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct I32x4(m128i);

/// Sixteen samples.
#[derive(Clone, Copy, Debug)]
pub(crate) struct U8x16(m128i);

impl I16x8 {
    /// The numbers of an array.
    #[inline(always)]
    pub(crate) fn new(numbers: [i16; 8]) -> Self {
        Self(numbers.into())
    }

    /// One number eight times.
    #[inline(always)]
    pub(crate) fn splat(value: i16) -> Self {
        Self(set_splat_i16_m128i(value))
    }

    /// Each number held within `-limit..=limit`.
    #[inline(always)]
    pub(crate) fn clamp(self, limit: Self) -> Self {
        let low = sub_i16_m128i(zeroed_m128i(), limit.0);
        Self(max_i16_m128i(min_i16_m128i(self.0, limit.0), low))
    }

    /// Sums modulo 2^16.
    #[inline(always)]
    pub(crate) fn add(self, other: Self) -> Self {
        Self(add_i16_m128i(self.0, other.0))
    }

    /// Differences modulo 2^16.
    #[inline(always)]
    pub(crate) fn sub(self, other: Self) -> Self {
        Self(sub_i16_m128i(self.0, other.0))
    }

    /// Products modulo 2^16.
    #[inline(always)]
    pub(crate) fn mul(self, other: Self) -> Self {
        Self(mul_i16_keep_low_m128i(self.0, other.0))
    }

    /// The upper 16 bits of the products with one factor.
    #[inline(always)]
    pub(crate) fn mul_high(self, factor: i16) -> Self {
        Self(mul_i16_keep_high_m128i(self.0, set_splat_i16_m128i(factor)))
    }

    /// The upper 16 bits of the products of unsigned numbers.
    #[inline(always)]
    pub(crate) fn mul_high_unsigned(self, other: Self) -> Self {
        Self(mul_u16_keep_high_m128i(self.0, other.0))
    }

    /// Unsigned numbers without their lowest `count` bits, 0 to 15.
    #[inline(always)]
    pub(crate) fn shift_unsigned(self, count: u32) -> Self {
        Self(shr_all_u16_m128i(self.0, set_i64_m128i(0, i64::from(count))))
    }

    /// The first four numbers in the order of `LOW`, and the last four in that of `HIGH`: two bits for each place say
    /// which of the four comes there, those of the first place lowest.
    #[inline(always)]
    pub(crate) fn shuffle_fours<const LOW: i32, const HIGH: i32>(self) -> Self {
        Self(shuffle_ai_i16_h64all_m128i::<HIGH>(shuffle_ai_i16_l64all_m128i::<LOW>(self.0)))
    }

    /// Halves, rounded down.
    #[inline(always)]
    pub(crate) fn half(self) -> Self {
        Self(shr_imm_i16_m128i::<1>(self.0))
    }

    /// Eighths, rounded down.
    #[inline(always)]
    pub(crate) fn eighth(self) -> Self {
        Self(shr_imm_i16_m128i::<3>(self.0))
    }

    /// Divided by 2^`SHIFT`, rounded down.
    #[inline(always)]
    pub(crate) fn shift<const SHIFT: i32>(self) -> Self {
        Self(shr_imm_i16_m128i::<SHIFT>(self.0))
    }

    /// Times 2^`SHIFT`, modulo 2^16.
    #[inline(always)]
    pub(crate) fn shift_left<const SHIFT: i32>(self) -> Self {
        Self(shl_imm_u16_m128i::<SHIFT>(self.0))
    }

    /// All bits set where two numbers are equal, none elsewhere.
    #[inline(always)]
    pub(crate) fn equals(self, other: Self) -> Self {
        Self(cmp_eq_mask_i16_m128i(self.0, other.0))
    }

    /// Bits that are set in either, but not in both.
    #[inline(always)]
    pub(crate) fn xor(self, other: Self) -> Self {
        Self(bitxor_m128i(self.0, other.0))
    }

    /// A bit for each of sixteen numbers, the first lowest: 0 where it is zero.
    #[inline(always)]
    pub(crate) fn non_zero(low: Self, high: Self) -> u16 {
        let bytes = pack_i16_to_i8_m128i(low.0, high.0);
        let zeros = move_mask_i8_m128i(cmp_eq_mask_i8_m128i(bytes, zeroed_m128i()));
        let [low, high, ..] = zeros.to_le_bytes();
        !u16::from_le_bytes([low, high])
    }

    /// The numbers as an array.
    #[inline(always)]
    pub(crate) fn numbers(self) -> [i16; 8] {
        self.0.into()
    }

    /// `a0 b0 a1 b1 a2 b2 a3 b3` of `self` a and `other` b.
    #[inline(always)]
    pub(crate) fn zip_low(self, other: Self) -> Self {
        Self(unpack_low_i16_m128i(self.0, other.0))
    }

    /// `a4 b4 a5 b5 a6 b6 a7 b7` of `self` a and `other` b.
    #[inline(always)]
    pub(crate) fn zip_high(self, other: Self) -> Self {
        Self(unpack_high_i16_m128i(self.0, other.0))
    }

    /// `a0 a1 a2 a3 b0 b1 b2 b3` of `self` a and `other` b.
    #[inline(always)]
    pub(crate) fn join_low(self, other: Self) -> Self {
        Self(unpack_low_i64_m128i(self.0, other.0))
    }

    /// `a4 a5 a6 a7 b4 b5 b6 b7` of `self` a and `other` b.
    #[inline(always)]
    pub(crate) fn join_high(self, other: Self) -> Self {
        Self(unpack_high_i64_m128i(self.0, other.0))
    }

    /// For each pair of neighbours `x y` the sum `a x + b y`.
    #[inline(always)]
    pub(crate) fn dot(self, a: i16, b: i16) -> I32x4 {
        I32x4(mul_i16_horizontal_add_m128i(self.0, [a, b, a, b, a, b, a, b].into()))
    }

    /// For each pair of neighbours the sum of their squares.
    #[inline(always)]
    pub(crate) fn squares(self) -> I32x4 {
        I32x4(mul_i16_horizontal_add_m128i(self.0, self.0))
    }

    /// Bits that are set in both.
    #[inline(always)]
    pub(crate) fn and(self, other: Self) -> Self {
        Self(bitand_m128i(self.0, other.0))
    }

    /// Bits that are set in either.
    #[inline(always)]
    pub(crate) fn or(self, other: Self) -> Self {
        Self(bitor_m128i(self.0, other.0))
    }

    /// True when all numbers are zero.
    #[inline(always)]
    pub(crate) fn is_zero(self) -> bool {
        move_mask_i8_m128i(cmp_eq_mask_i8_m128i(self.0, zeroed_m128i())) == 0xffff
    }

    /// The bytes of all numbers, the lower one first.
    #[inline(always)]
    pub(crate) fn bytes(self) -> U8x16 {
        U8x16(self.0)
    }

    /// The samples nearest to sixteen numbers.
    #[inline(always)]
    pub(crate) fn saturate(low: Self, high: Self) -> U8x16 {
        U8x16(pack_i16_to_u8_m128i(low.0, high.0))
    }
}

impl I32x4 {
    /// One number four times.
    #[inline(always)]
    pub(crate) fn splat(value: i32) -> Self {
        Self(set_splat_i32_m128i(value))
    }

    /// Sums modulo 2^32.
    #[inline(always)]
    pub(crate) fn add(self, other: Self) -> Self {
        Self(add_i32_m128i(self.0, other.0))
    }

    /// Differences modulo 2^32.
    #[inline(always)]
    pub(crate) fn sub(self, other: Self) -> Self {
        Self(sub_i32_m128i(self.0, other.0))
    }

    /// Divided by 2^`SHIFT`, rounded down.
    #[inline(always)]
    pub(crate) fn shift<const SHIFT: i32>(self) -> Self {
        Self(shr_imm_i32_m128i::<SHIFT>(self.0))
    }

    /// The numbers as an array.
    #[inline(always)]
    pub(crate) fn numbers(self) -> [i32; 4] {
        self.0.into()
    }

    /// The 16-bit numbers nearest to eight numbers.
    #[inline(always)]
    pub(crate) fn saturate(low: Self, high: Self) -> I16x8 {
        I16x8(pack_i32_to_i16_m128i(low.0, high.0))
    }
}

impl U8x16 {
    /// The samples of an array.
    #[inline(always)]
    pub(crate) fn new(samples: &[u8; 16]) -> Self {
        Self((*samples).into())
    }

    /// The samples as an array.
    #[inline(always)]
    pub(crate) fn samples(self) -> [u8; 16] {
        self.0.into()
    }

    /// The first eight and the last eight samples, first sample lowest.
    #[inline(always)]
    pub(crate) fn halves(self) -> [u64; 2] {
        self.0.into()
    }

    /// The samples at even places and those at odd places, as numbers.
    #[inline(always)]
    pub(crate) fn widen(self) -> [I16x8; 2] {
        [I16x8(bitand_m128i(self.0, set_splat_i16_m128i(0xff))), I16x8(shr_imm_u16_m128i::<8>(self.0))]
    }

    /// The samples nearest to numbers at even places and at odd places.
    #[inline(always)]
    pub(crate) fn narrow([even, odd]: [I16x8; 2]) -> Self {
        let parted = I16x8::saturate(even, odd);
        parted.zip_low(parted.high())
    }

    /// `a0 b0 a1 b1 ... a7 b7` of `self` a and `other` b.
    #[inline(always)]
    pub(crate) fn zip_low(self, other: Self) -> Self {
        Self(unpack_low_i8_m128i(self.0, other.0))
    }

    /// `a8 b8 a9 b9 ... a15 b15` of `self` a and `other` b.
    #[inline(always)]
    pub(crate) fn zip_high(self, other: Self) -> Self {
        Self(unpack_high_i8_m128i(self.0, other.0))
    }

    /// Fours of samples of `self` and `other` in turns, from the first half of each.
    #[inline(always)]
    pub(crate) fn zip4_low(self, other: Self) -> Self {
        Self(unpack_low_i32_m128i(self.0, other.0))
    }

    /// Fours of samples of `self` and `other` in turns, from the second half of each.
    #[inline(always)]
    pub(crate) fn zip4_high(self, other: Self) -> Self {
        Self(unpack_high_i32_m128i(self.0, other.0))
    }

    /// Each sample with the bits of `mask` flipped.
    #[inline(always)]
    pub(crate) fn flip(self, mask: u8) -> Self {
        Self(bitxor_m128i(self.0, set_splat_i64_m128i(i64::from_ne_bytes([mask; 8]))))
    }

    /// Sixteen pixels `a0 b0 c0 a1 b1 c1 ...`, of samples nearest to numbers at even places and at odd places.
    ///
    /// Three steps each join neighbours: samples to pairs, pairs to fours, fours to eights. A pixel has three samples,
    /// so of every two pixels one pair, or four, or eight, has samples of both. Numbers are those of pixels:
    ///
    /// ```text
    /// pairs   a0b0 a2b2 ...   c0a1 c2a3 ...   b1c1 b3c3 ...
    /// fours   a0b0c0a1 ...    b1c1a2b2 ...    c2a3b3c3 ...
    /// eights  a0b0c0a1b1c1a2b2 ...
    /// ```
    #[inline(always)]
    pub(crate) fn interleave3(planes: [[I16x8; 2]; 3]) -> [Self; 3] {
        let [a, b, c] = planes.map(|[even, odd]| I16x8::saturate(even, odd));
        let [ab, ca, bc] = [a.zip_low(b), c.zip_low(a.high()), b.zip_high(c)].map(|pairs| I16x8(pairs.0));
        let [next_ab, next_ca, next_bc] =
            [ab, ca, bc].map(|pairs| I16x8(byte_shr_imm_u128_m128i::<2>(pairs.0)));
        // The first and the second half of the pixels.
        let first = [ab.zip_low(ca), bc.zip_low(next_ab), next_ca.zip_low(next_bc)];
        let second = [ab.zip_high(ca), bc.zip_high(next_ab), next_ca.zip_high(next_bc)];
        let eights = |fours: [I16x8; 3]| {
            let [a, b, c] = fours.map(|fours| Self(fours.0));
            [a.zip4_low(b), c.zip4_low(a.high()), b.zip4_high(c)]
        };
        let ([a, b, c], [d, e, f]) = (eights(first), eights(second));
        [(a, b), (c, d), (e, f)].map(|(low, high)| Self(unpack_low_i64_m128i(low.0, high.0)))
    }

    /// The samples of sixteen pixels `a0 b0 c0 a1 b1 c1 ...`, each channel by itself: the inverse of
    /// [`Self::interleave3`].
    ///
    /// A round interleaves the first 24 bytes with the last 24. It takes byte `p` to place `2p` modulo 47, but the last
    /// one stays. Four rounds take it to `16p`; the sample of channel `c` of pixel `j`, `p = 3j + c`, to `48j + 16c`,
    /// which is `j + 16c` modulo 47.
    #[inline(always)]
    pub(crate) fn deinterleave3(pixels: [Self; 3]) -> [Self; 3] {
        let round = |[a, b, c]: [Self; 3]| [a.zip_low(b.high()), a.high().zip_low(c), b.zip_low(c.high())];
        round(round(round(round(pixels))))
    }

    /// The last eight samples in the place of the first.
    #[inline(always)]
    fn high(self) -> Self {
        Self(byte_shr_imm_u128_m128i::<8>(self.0))
    }

    /// Sixteen pixels `a0 b0 c0 d0 a1 b1 c1 d1 ...`.
    #[inline(always)]
    pub(crate) fn interleave4([a, b, c, d]: [Self; 4]) -> [Self; 4] {
        let (ac_low, ac_high) = (a.zip_low(c), a.zip_high(c));
        let (bd_low, bd_high) = (b.zip_low(d), b.zip_high(d));
        [ac_low.zip_low(bd_low), ac_low.zip_high(bd_low), ac_high.zip_low(bd_high), ac_high.zip_high(bd_high)]
    }
}
