//! Vectors of 128 bits: SSE2, which every x86-64 processor has, and arrays elsewhere.
//!
//! Left to itself the compiler finds neither the multiplication that adds pairs nor the narrowing that saturates, and
//! the inverse transform and the conversion of colours consist of these.

#[cfg(target_arch = "x86_64")]
pub(crate) use sse2::{I16x8, I32x4, U8x16};

#[cfg(not(target_arch = "x86_64"))]
pub(crate) use plain::{I16x8, I32x4, U8x16};

#[cfg(any(test, not(target_arch = "x86_64")))]
mod plain;
#[cfg(target_arch = "x86_64")]
mod sse2;

/// Transposes eight rows.
///
/// A number's place has six bits: three of its row, three of its lane. Interleaving row `i` with row `i + 4` moves
/// the highest bit of the row to the end of the lane, and all other bits up by one: a rotation of the six bits. Three
/// of them exchange row and lane.
#[inline(always)]
pub(crate) fn transposed(rows: [I16x8; 8]) -> [I16x8; 8] {
    let shuffled = |[a, b, c, d, e, f, g, h]: [I16x8; 8]| {
        let [i, j, k, l] = [(a, e), (b, f), (c, g), (d, h)].map(|(x, y)| [x.zip_low(y), x.zip_high(y)]);
        let ([i, j], [k, l], [m, n], [o, p]) = (i, j, k, l);
        [i, j, k, l, m, n, o, p]
    };
    shuffled(shuffled(shuffled(rows)))
}

#[cfg(all(test, target_arch = "x86_64"))]
mod tests {
    use super::{plain, sse2};

    fn numbers(seed: &mut u32) -> [i16; 8] {
        [i16::MIN, -32767, -129, -1, 0, 128, 255, i16::MAX].map(|extreme| {
            *seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let [_, _, low, high] = seed.to_le_bytes();
            if *seed >> 29 == 0 { extreme } else { i16::from_le_bytes([low, high]) }
        })
    }

    /// Results of all operations, as samples and numbers.
    macro_rules! results {
        ($module:ident, $a:expr, $b:expr) => {{
            use $module::{I16x8, I32x4, U8x16};
            let (a, b) = (I16x8::new($a), I16x8::new($b));
            let limit = I16x8::new($b.map(|limit: i16| limit.saturating_abs()));
            let (low, high) = (a.zip_low(b).dot(11363, -9633), a.zip_high(b).dot(-16069, 2260));
            let all = [
                I32x4::saturate(low.shift::<16>(), high.shift::<15>()),
                I32x4::saturate(low, high),
                I32x4::saturate(
                    low.add(high).shift::<18>(),
                    low.sub(high).add(I32x4::splat(9)).shift::<17>(),
                ),
                a.clamp(limit),
                a.add(b),
                a.sub(b),
                a.mul(b),
                a.mul_high(26345),
                a.mul_high_unsigned(b),
                a.shift_unsigned(5),
                a.shuffle_fours::<0b10_01_11_01, 0b00_11_10_10>(),
                a.half(),
                a.eighth(),
                a.join_low(b),
                a.join_high(b),
                a.and(b),
                a.or(I16x8::splat(3)),
                a.shift::<4>(),
                a.shift_left::<7>(),
                a.equals(b),
                a.half().equals(I16x8::splat(63)),
                a.xor(b),
            ];
            let samples: [U8x16; 2] = [I16x8::saturate(a, b), I16x8::saturate(a.half(), b.mul_high(999))];
            let [c, d] = samples;
            let [e, f] = c.widen();
            let three = U8x16::interleave3([c.widen(), [a, b], [e.add(a), f.sub(b)]]);
            let (flipped, few) = (d.flip(0x55), U8x16::new(&[201; 16]));
            let four = U8x16::interleave4([flipped, few, I16x8::saturate(f, e), U8x16::narrow([a, f])]);
            let parted = U8x16::deinterleave3(three).map(U8x16::halves);
            let (three, four) = (three.map(U8x16::halves), four.map(U8x16::halves));
            let bytes =
                [a.bytes(), c.zip_low(d), c.zip_high(d), c.zip4_low(d), c.zip4_high(d)].map(U8x16::halves);
            let zero = [a.is_zero(), a.sub(a).is_zero()];
            // A product with one leaves each number in 32 bits, of which both halves fit in samples.
            let all = all.map(|numbers: I16x8| {
                let low = numbers.zip_low(I16x8::splat(0)).dot(1, 0);
                let high = numbers.zip_high(I16x8::splat(0)).dot(1, 0);
                let upper = I32x4::saturate(low.shift::<8>(), high.shift::<8>()).add(I16x8::splat(128));
                let lower = numbers.sub(upper.sub(I16x8::splat(128)).mul(I16x8::splat(256)));
                [I16x8::saturate(upper, lower), I16x8::saturate(numbers, numbers)].map(U8x16::halves)
            });
            let masks = [I16x8::non_zero(a, b), I16x8::non_zero(a.equals(b), a.and(b))];
            let sums = (a.squares().numbers(), low.numbers());
            (all, three, four, bytes, (zero, c.samples(), parted, masks, sums, a.numbers()))
        }};
    }

    #[test]
    fn arrays_and_sse2_agree() {
        let mut seed = 1;
        for _ in 0..2000 {
            let (a, b) = (numbers(&mut seed), numbers(&mut seed));
            assert_eq!(results!(plain, a, b), results!(sse2, a, b), "{a:?} {b:?}");
        }
    }

    #[test]
    fn pixels_are_parted_in_order() {
        let bytes = |first: u8| move |at: usize| first + u8::try_from(at).unwrap();
        let vector = |first| sse2::U8x16::new(&std::array::from_fn(bytes(first)));
        let parted = sse2::U8x16::deinterleave3([0, 16, 32].map(vector));
        let channels = (0..3_u8).map(|channel| (0..16).map(move |pixel| 3 * pixel + channel));
        assert!(parted.into_iter().flat_map(sse2::U8x16::samples).eq(channels.flatten()));
    }

    #[test]
    fn pixels_are_interleaved_in_order() {
        let plane = |first: u8| {
            sse2::U8x16::new(&[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15].map(|n| first + 4 * n))
        };
        let four = sse2::U8x16::interleave4([plane(0), plane(1), plane(2), plane(3)]);
        assert!(four.into_iter().flat_map(sse2::U8x16::halves).flat_map(u64::to_le_bytes).eq(0..64));
    }
}
