//! Blocks that lie beside each other in a plane, wherever their coefficients are.

/// Coefficients of blocks from left to right.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Line<'a> {
    numbers: &'a [i16],
    /// Coefficients a block.
    length: usize,
    /// From a block to the next one of the same unit, numbers.
    pitch: usize,
    /// From the last block of a unit to the first one of the next, numbers.
    leap: usize,
    /// Blocks of a unit beside each other.
    across: usize,
    /// Blocks left in the unit.
    here: usize,
    /// Blocks left.
    left: usize,
}

/// Where the blocks of a [`Line`] are among numbers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Places {
    /// Coefficients a block.
    pub(crate) length: usize,
    /// From a block to the next one of the same unit, numbers.
    pub(crate) pitch: usize,
    /// From a unit to the next, numbers.
    pub(crate) unit: usize,
    /// Blocks of a unit beside each other.
    pub(crate) across: usize,
}

impl<'a> Line<'a> {
    /// `count` blocks, the first of which has its coefficients at the head of `numbers`.
    pub(crate) fn new(numbers: &'a [i16], places: Places, count: usize) -> Self {
        let Places { length, pitch, unit, across } = places;
        let leap = unit.saturating_sub(pitch * across.saturating_sub(1));
        Self { numbers, length, pitch, leap, across, here: across, left: count }
    }

    /// Blocks one after the other.
    pub(crate) fn packed(numbers: &'a [i16], length: usize) -> Self {
        let count = numbers.len() / length.max(1);
        Self::new(numbers, Places { length, pitch: length, unit: 0, across: count }, count)
    }

    /// The next blocks, and how many there were; `None` at the end. What is not there is all zero.
    #[inline(always)]
    pub(crate) fn take_blocks<const COUNT: usize, const LENGTH: usize>(
        &mut self,
    ) -> Option<([[i16; LENGTH]; COUNT], usize)> {
        let count = self.left.min(COUNT);
        if count == 0 {
            return None;
        }
        let mut blocks = [[0; LENGTH]; COUNT];
        for place in &mut blocks {
            if let Some(block) = self.next().and_then(<[i16]>::first_chunk) {
                *place = *block;
            }
        }
        Some((blocks, count))
    }
}

impl<'a> Iterator for Line<'a> {
    type Item = &'a [i16];

    #[inline(always)]
    fn next(&mut self) -> Option<&'a [i16]> {
        self.left = self.left.checked_sub(1)?;
        let block = self.numbers.get(..self.length)?;
        self.here -= 1;
        let step = if self.here == 0 { self.leap } else { self.pitch };
        if self.here == 0 {
            self.here = self.across;
        }
        self.numbers = self.numbers.get(step..).unwrap_or_default();
        Some(block)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_come_unit_by_unit() {
        let numbers: Vec<i16> = (0..24).collect();
        // Units of twelve numbers, two blocks beside each other in each, four numbers apart.
        let places = Places { length: 2, pitch: 4, unit: 12, across: 2 };
        let line: Vec<&[i16]> = Line::new(&numbers[1..], places, 4).collect();
        assert_eq!(line, [&[1, 2], &[5, 6], &[13, 14], &[17, 18]]);
    }

    #[test]
    fn several_are_taken_at_once_and_the_rest_is_zero() {
        let numbers: Vec<i16> = (1..=6).collect();
        let mut line = Line::packed(&numbers, 2);
        assert_eq!(line.take_blocks::<2, 2>(), Some(([[1, 2], [3, 4]], 2)));
        assert_eq!(line.take_blocks::<2, 2>(), Some(([[5, 6], [0, 0]], 1)));
        assert_eq!(line.take_blocks::<2, 2>(), None);
    }
}
