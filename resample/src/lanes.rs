//! The vector operations of the two passes, with AVX2 where the processor has it, and with arrays elsewhere.
//!
//! Both multiply pairs of neighbouring samples by pairs of weights and add the products in 32 bits, so they give the
//! same results to the bit.

/// Rows of a band, which are convolved together across.
pub(crate) const LANES: usize = 8;

/// A sample of a picture: eight or sixteen bits.
pub trait Sample: Copy + Default + 'static {
    /// Eight pairs as numbers of [`Self::number`].
    #[cfg(target_arch = "x86_64")]
    fn widen(simd: avx2::V3, pairs: &[[Self; 2]; 8]) -> std::arch::x86_64::__m256i;
    /// The sample as a signed number: unchanged for eight bits, less 2^15 for sixteen.
    fn number(self) -> i16;
    /// Sums of the pass down, in sixteen bits.
    fn narrow<L: Lanes>(lanes: L, low: L::Numbers, high: L::Numbers) -> [i16; 16];
    /// Eight rows of four samples, from their sums of the pass across, column by column.
    fn rows<L: Lanes>(lanes: L, columns: [L::Numbers; 4]) -> [[Self; 4]; 8];
    /// Bits that the pass down drops of its sums. Their weights have 14 bits of fraction. Eight bits keep 6 bits of fraction;
    /// sixteen bits lose one, so that what exceeds their range on either side fits in 16 bits.
    const DOWN_SHIFT: i32;
    /// Bits that the pass across drops.
    const ACROSS_SHIFT: i32;
}

impl Sample for u8 {
    #[cfg(target_arch = "x86_64")]
    #[inline(always)]
    fn widen(simd: avx2::V3, pairs: &[[Self; 2]; 8]) -> std::arch::x86_64::__m256i {
        avx2::widen_bytes(simd, *pairs)
    }

    fn number(self) -> i16 {
        self.into()
    }

    #[inline(always)]
    fn narrow<L: Lanes>(lanes: L, low: L::Numbers, high: L::Numbers) -> [i16; 16] {
        lanes.narrow::<{ Self::DOWN_SHIFT }>(low, high)
    }

    #[inline(always)]
    fn rows<L: Lanes>(lanes: L, columns: [L::Numbers; 4]) -> [[Self; 4]; 8] {
        lanes.bytes::<{ Self::ACROSS_SHIFT }>(columns)
    }

    const DOWN_SHIFT: i32 = 8;
    const ACROSS_SHIFT: i32 = 20;
}

impl Sample for u16 {
    #[cfg(target_arch = "x86_64")]
    #[inline(always)]
    fn widen(simd: avx2::V3, pairs: &[[Self; 2]; 8]) -> std::arch::x86_64::__m256i {
        avx2::center_words(simd, *pairs)
    }

    fn number(self) -> i16 {
        (self ^ 0x8000).cast_signed()
    }

    #[inline(always)]
    fn narrow<L: Lanes>(lanes: L, low: L::Numbers, high: L::Numbers) -> [i16; 16] {
        lanes.narrow::<{ Self::DOWN_SHIFT }>(low, high)
    }

    #[inline(always)]
    fn rows<L: Lanes>(lanes: L, columns: [L::Numbers; 4]) -> [[Self; 4]; 8] {
        let rows = lanes.words::<{ Self::ACROSS_SHIFT }>(columns);
        rows.map(|row| row.map(|word| word.cast_unsigned() ^ 0x8000))
    }

    const DOWN_SHIFT: i32 = 15;
    const ACROSS_SHIFT: i32 = 13;
}

/// Vectors of eight 32-bit numbers.
pub trait Lanes: Copy {
    type Numbers: Copy;

    /// One number eight times.
    fn splat(self, number: i32) -> Self::Numbers;

    /// Eight pairs of samples times a pair of weights, added to eight sums.
    fn add_products<S: Sample>(
        self,
        sums: Self::Numbers,
        pairs: &[[S; 2]; 8],
        weights: Self::Numbers,
    ) -> Self::Numbers;

    /// Eight pairs of numbers times a pair of weights, added to eight sums.
    fn add_wide_products(
        self,
        sums: Self::Numbers,
        pairs: &[[i16; 2]; 8],
        weights: Self::Numbers,
    ) -> Self::Numbers;

    /// Sums without their lowest bits, in sixteen bits.
    fn narrow<const SHIFT: i32>(self, low: Self::Numbers, high: Self::Numbers) -> [i16; 16];

    /// Eight rows of eight pairs to eight columns of them.
    fn transpose(self, rows: [&[[i16; 2]; 8]; 8]) -> [[[i16; 2]; 8]; 8];

    /// Eight rows of four samples, from their sums column by column: the bytes nearest to them.
    fn bytes<const SHIFT: i32>(self, columns: [Self::Numbers; 4]) -> [[u8; 4]; 8];

    /// The same for the nearest numbers of sixteen bits.
    fn words<const SHIFT: i32>(self, columns: [Self::Numbers; 4]) -> [[i16; 4]; 8];
}

/// Work that is done with vectors. Its code must be inlined, so that it is compiled for the vectors that it is given.
pub(crate) trait Work {
    fn run(self, lanes: impl Lanes);
}

/// Does work with the best vectors that the processor has.
pub(crate) fn run(work: impl Work) {
    #[cfg(target_arch = "x86_64")]
    if let Some(simd) = avx2::V3::try_new() {
        return simd.vectorize(avx2::WithAvx2(simd, work));
    }
    work.run(Plain);
}

/// Weights of a pair of samples as one number: the first in the lower half.
pub(crate) fn packed([first, second]: [i16; 2]) -> i32 {
    i32::from(first) & 0xffff | i32::from(second) << 16
}

/// Arrays, for any processor.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plain;

impl Lanes for Plain {
    type Numbers = [i32; 8];

    #[inline(always)]
    fn splat(self, number: i32) -> [i32; 8] {
        [number; 8]
    }

    #[inline(always)]
    fn add_products<S: Sample>(self, sums: [i32; 8], pairs: &[[S; 2]; 8], weights: [i32; 8]) -> [i32; 8] {
        self.add_wide_products(sums, &pairs.map(|pair| pair.map(S::number)), weights)
    }

    #[inline(always)]
    fn add_wide_products(self, mut sums: [i32; 8], pairs: &[[i16; 2]; 8], weights: [i32; 8]) -> [i32; 8] {
        for (sum, ([first, second], weights)) in sums.iter_mut().zip(pairs.iter().zip(weights)) {
            *sum += i32::from(*first) * (weights << 16 >> 16) + i32::from(*second) * (weights >> 16);
        }
        sums
    }

    #[inline(always)]
    fn narrow<const SHIFT: i32>(self, low: [i32; 8], high: [i32; 8]) -> [i16; 16] {
        let mut narrow = [0; 16];
        for (place, sum) in narrow.iter_mut().zip(low.iter().chain(&high)) {
            *place = word(sum >> SHIFT);
        }
        narrow
    }

    #[inline(always)]
    fn transpose(self, rows: [&[[i16; 2]; 8]; 8]) -> [[[i16; 2]; 8]; 8] {
        let mut columns = [[[0; 2]; 8]; 8];
        for (y, row) in rows.into_iter().enumerate() {
            for (column, pair) in columns.iter_mut().zip(row) {
                column.iter_mut().skip(y).take(1).for_each(|place| *place = *pair);
            }
        }
        columns
    }

    #[inline(always)]
    fn bytes<const SHIFT: i32>(self, columns: [[i32; 8]; 4]) -> [[u8; 4]; 8] {
        self.words::<SHIFT>(columns)
            .map(|row| row.map(|word| u8::try_from(word.clamp(0, 255)).unwrap_or_default()))
    }

    #[inline(always)]
    fn words<const SHIFT: i32>(self, columns: [[i32; 8]; 4]) -> [[i16; 4]; 8] {
        let mut rows = [[0; 4]; 8];
        for (x, column) in columns.into_iter().enumerate() {
            for (row, sum) in rows.iter_mut().zip(column) {
                row.iter_mut().skip(x).take(1).for_each(|place| *place = word(sum >> SHIFT));
            }
        }
        rows
    }
}

/// The nearest number of sixteen bits.
#[inline(always)]
fn word(number: i32) -> i16 {
    i16::try_from(number.clamp(i16::MIN.into(), i16::MAX.into())).unwrap_or_default()
}

#[cfg(target_arch = "x86_64")]
pub(crate) mod avx2 {
    use std::arch::x86_64::{__m128i, __m256i};

    use pulp::cast;
    pub(crate) use pulp::x86::V3;

    use super::{Lanes, Sample};

    /// Work with these vectors.
    pub(crate) struct WithAvx2<W>(pub(crate) V3, pub(crate) W);

    impl<W: super::Work> pulp::NullaryFnOnce for WithAvx2<W> {
        type Output = ();

        #[inline(always)]
        fn call(self) {
            let Self(simd, work) = self;
            work.run(simd);
        }
    }

    #[inline(always)]
    pub(crate) fn widen_bytes(simd: V3, pairs: [[u8; 2]; 8]) -> __m256i {
        simd.avx2._mm256_cvtepu8_epi16(cast::<_, __m128i>(pairs))
    }

    #[inline(always)]
    pub(crate) fn center_words(simd: V3, pairs: [[u16; 2]; 8]) -> __m256i {
        simd.avx2._mm256_xor_si256(cast(pairs), simd.avx._mm256_set1_epi16(i16::MIN))
    }

    impl Lanes for V3 {
        type Numbers = __m256i;

        #[inline(always)]
        fn splat(self, number: i32) -> __m256i {
            self.avx._mm256_set1_epi32(number)
        }

        #[inline(always)]
        fn add_products<S: Sample>(self, sums: __m256i, pairs: &[[S; 2]; 8], weights: __m256i) -> __m256i {
            self.avx2._mm256_add_epi32(sums, self.avx2._mm256_madd_epi16(S::widen(self, pairs), weights))
        }

        #[inline(always)]
        fn add_wide_products(self, sums: __m256i, pairs: &[[i16; 2]; 8], weights: __m256i) -> __m256i {
            let pairs: __m256i = cast(*pairs);
            self.avx2._mm256_add_epi32(sums, self.avx2._mm256_madd_epi16(pairs, weights))
        }

        #[inline(always)]
        fn narrow<const SHIFT: i32>(self, low: __m256i, high: __m256i) -> [i16; 16] {
            let low = self.avx2._mm256_srai_epi32::<SHIFT>(low);
            let high = self.avx2._mm256_srai_epi32::<SHIFT>(high);
            // The halves of both vectors come by turns.
            cast(self.avx2._mm256_permute4x64_epi64::<0b11_01_10_00>(self.avx2._mm256_packs_epi32(low, high)))
        }

        #[inline(always)]
        fn transpose(self, rows: [&[[i16; 2]; 8]; 8]) -> [[[i16; 2]; 8]; 8] {
            let [a, b, c, d, e, f, g, h] = rows;
            let (top, bottom) = (transposed(self, [a, b, c, d]), transposed(self, [e, f, g, h]));
            let ([i, j, k, l], [m, n, o, p]) = (top, bottom);
            [
                cast(self.avx2._mm256_permute2x128_si256::<0x20>(i, m)),
                cast(self.avx2._mm256_permute2x128_si256::<0x20>(j, n)),
                cast(self.avx2._mm256_permute2x128_si256::<0x20>(k, o)),
                cast(self.avx2._mm256_permute2x128_si256::<0x20>(l, p)),
                cast(self.avx2._mm256_permute2x128_si256::<0x31>(i, m)),
                cast(self.avx2._mm256_permute2x128_si256::<0x31>(j, n)),
                cast(self.avx2._mm256_permute2x128_si256::<0x31>(k, o)),
                cast(self.avx2._mm256_permute2x128_si256::<0x31>(l, p)),
            ]
        }

        #[inline(always)]
        fn bytes<const SHIFT: i32>(self, columns: [__m256i; 4]) -> [[u8; 4]; 8] {
            // Within each half of the vector: four rows of the first column, of the second, and so on.
            const BY_ROW: [u8; 16] = [0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15];
            let [a, b, c, d] = columns;
            let (a, b) = (self.avx2._mm256_srai_epi32::<SHIFT>(a), self.avx2._mm256_srai_epi32::<SHIFT>(b));
            let (c, d) = (self.avx2._mm256_srai_epi32::<SHIFT>(c), self.avx2._mm256_srai_epi32::<SHIFT>(d));
            let (ab, cd) = (self.avx2._mm256_packs_epi32(a, b), self.avx2._mm256_packs_epi32(c, d));
            let bytes = self.avx2._mm256_packus_epi16(ab, cd);
            cast(self.avx2._mm256_shuffle_epi8(bytes, cast([BY_ROW; 2])))
        }

        #[inline(always)]
        fn words<const SHIFT: i32>(self, columns: [__m256i; 4]) -> [[i16; 4]; 8] {
            let [a, b, c, d] = columns;
            super::Plain.words::<SHIFT>([cast(a), cast(b), cast(c), cast(d)])
        }
    }

    /// Four rows of eight pairs to columns: of the first four pairs in the lower halves, of the others in the upper ones.
    #[inline(always)]
    fn transposed(simd: V3, [a, b, c, d]: [&[[i16; 2]; 8]; 4]) -> [__m256i; 4] {
        let (a, b, c, d) = (cast(*a), cast(*b), cast(*c), cast(*d));
        let (ab, ab2) = (simd.avx2._mm256_unpacklo_epi32(a, b), simd.avx2._mm256_unpackhi_epi32(a, b));
        let (cd, cd2) = (simd.avx2._mm256_unpacklo_epi32(c, d), simd.avx2._mm256_unpackhi_epi32(c, d));
        [
            simd.avx2._mm256_unpacklo_epi64(ab, cd),
            simd.avx2._mm256_unpackhi_epi64(ab, cd),
            simd.avx2._mm256_unpacklo_epi64(ab2, cd2),
            simd.avx2._mm256_unpackhi_epi64(ab2, cd2),
        ]
    }
}
