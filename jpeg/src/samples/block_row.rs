//! A row of blocks of a component, wherever their coefficients are kept.

/// Coefficients of blocks from left to right.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BlockRow<'a> {
    numbers: &'a [i16],
    /// Number of the first coefficient of the next block.
    at: usize,
    /// Coefficients of a block.
    length: usize,
    /// From a block to the next one of the same MCU, numbers.
    pitch: usize,
    /// From the last block of an MCU to the first one of the next, numbers.
    leap: usize,
    /// Blocks of an MCU side by side.
    across: usize,
    /// Blocks left in the MCU.
    left_in_mcu: usize,
    /// Blocks left.
    left: usize,
}

/// Distances between the blocks of a [`BlockRow`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct BlockSpacing {
    /// Coefficients of a block.
    pub(crate) length: usize,
    /// From a block to the next one of the same MCU, numbers.
    pub(crate) pitch: usize,
    /// From an MCU to the next, numbers.
    pub(crate) mcu: usize,
    /// Blocks of an MCU side by side.
    pub(crate) across: usize,
}

impl<'a> BlockRow<'a> {
    /// `count` blocks, the first of which has its coefficients at the start of `numbers`.
    pub(crate) fn new(numbers: &'a [i16], spacing: BlockSpacing, count: usize) -> Self {
        let BlockSpacing { length, pitch, mcu, across } = spacing;
        let leap = mcu.saturating_sub(pitch * across.saturating_sub(1));
        Self { numbers, at: 0, length, pitch, leap, across, left_in_mcu: across, left: count }
    }

    /// Blocks one after the other, nothing between them.
    pub(crate) fn packed(numbers: &'a [i16], length: usize) -> Self {
        let count = numbers.len() / length.max(1);
        Self::new(numbers, BlockSpacing { length, pitch: length, mcu: 0, across: count }, count)
    }

    /// The next block and what stands behind it, `length` numbers in all if there are so many.
    #[inline(always)]
    pub(super) fn next_of(&mut self, length: usize) -> Option<&'a [i16]> {
        let at = self.at;
        let block = self.next()?;
        Some(self.numbers.get(at..at.saturating_add(length)).unwrap_or(block))
    }

    /// The next `COUNT` blocks, and how many of them there were; `None` at the end. Blocks past the end are all zero.
    #[inline(always)]
    pub(super) fn take_blocks<const COUNT: usize, const LENGTH: usize>(
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

impl<'a> Iterator for BlockRow<'a> {
    type Item = &'a [i16];

    #[inline(always)]
    fn next(&mut self) -> Option<&'a [i16]> {
        self.left = self.left.checked_sub(1)?;
        let block = self.numbers.get(self.at..self.at.saturating_add(self.length))?;
        self.left_in_mcu -= 1;
        let step = if self.left_in_mcu == 0 { self.leap } else { self.pitch };
        if self.left_in_mcu == 0 {
            self.left_in_mcu = self.across;
        }
        self.at = self.at.saturating_add(step);
        Some(block)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_come_mcu_by_mcu() {
        let numbers: Vec<i16> = (0..24).collect();
        // MCUs of twelve numbers, two blocks beside each other in each, four numbers apart.
        let spacing = BlockSpacing { length: 2, pitch: 4, mcu: 12, across: 2 };
        let line: Vec<&[i16]> = BlockRow::new(&numbers[1..], spacing, 4).collect();
        assert_eq!(line, [&[1, 2], &[5, 6], &[13, 14], &[17, 18]]);
    }

    #[test]
    fn several_are_taken_at_once_and_the_rest_is_zero() {
        let numbers: Vec<i16> = (1..=6).collect();
        let mut line = BlockRow::packed(&numbers, 2);
        assert_eq!(line.take_blocks::<2, 2>(), Some(([[1, 2], [3, 4]], 2)));
        assert_eq!(line.take_blocks::<2, 2>(), Some(([[5, 6], [0, 0]], 1)));
        assert_eq!(line.take_blocks::<2, 2>(), None);
    }
}
