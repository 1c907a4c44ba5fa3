//! How the blocks of a scan are grouped (ITU-T T.81, section A.2).

use crate::entropy::huffman::Huffman;
use crate::entropy::lookup::Block;
use crate::error::Error;
use crate::scale::{Scale, index};
use crate::syntax::frame::Frame;
use crate::syntax::tables::{ScanHeader, Tables};

/// The units of coding of one scan.
pub(crate) struct Layout {
    /// For each block of an MCU, its component in the frame and its place, blocks.
    pub(crate) spots: Vec<(usize, (usize, usize))>,
    /// For each component of the frame, blocks of an MCU across and down.
    pub(crate) unit: Vec<(usize, usize)>,
    /// MCUs across and down.
    pub(crate) mcus: (usize, usize),
}

impl Layout {
    pub(crate) fn new(frame: &Frame, scan: &ScanHeader) -> Self {
        let whole = |(across, down): (u32, u32)| (index(across), index(down));
        if let [only] = *scan.components.as_slice() {
            let mcus = frame.components.get(only.place).map_or((0, 0), |component| frame.blocks(component));
            let unit = vec![(1, 1); frame.components.len()];
            return Self { spots: vec![(only.place, (0, 0))], unit, mcus: whole(mcus) };
        }
        let unit: Vec<(usize, usize)> =
            frame.components.iter().map(|component| whole((component.across, component.down))).collect();
        let places = scan.components.iter().map(|component| component.place);
        let spots = places.flat_map(|place| {
            let (across, down) = unit.get(place).copied().unwrap_or((0, 0));
            (0..down).flat_map(move |y| (0..across).map(move |x| (place, (x, y))))
        });
        let spots = spots.collect();
        Self { spots, unit, mcus: whole(frame.mcus()) }
    }

    pub(crate) fn blocks<'a>(
        &self,
        frame: &Frame,
        scan: &ScanHeader,
        tables: &'a Tables,
        scale: Scale,
    ) -> Result<Vec<Block<'a>>, Error> {
        let missing = || Error::damaged("a Huffman table is missing");
        let code = |codes: &'a [Option<Huffman>; 4], number: usize| {
            codes.get(number).and_then(Option::as_ref).ok_or_else(missing)
        };
        self.spots
            .iter()
            .map(|(place, _)| {
                let chosen = scan.components.iter().find(|component| component.place == *place);
                let (chosen, component) = chosen.zip(frame.components.get(*place)).ok_or_else(missing)?;
                let size = frame.block_size(component, scale);
                Ok(Block { dc: code(&tables.dc, chosen.dc)?, ac: code(&tables.ac, chosen.ac)?, size })
            })
            .collect()
    }
}
