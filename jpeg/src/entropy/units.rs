//! The units of coding of a scan: MCUs and the blocks in them (ITU-T T.81, section A.2).

use crate::entropy::lookup::BlockCoding;
use crate::error::Error;
use crate::index::index;
use crate::scale::Scale;
use crate::syntax::frame::Frame;
use crate::syntax::huffman::HuffmanTable;
use crate::syntax::tables::{ScanHeader, Tables};

/// The minimum coded units of a scan.
pub(crate) struct ScanUnits {
    /// The blocks of an MCU, in their order in the stream.
    pub(crate) blocks: Vec<McuBlock>,
    /// For each component of the frame, blocks of an MCU across and down.
    pub(crate) sizes: Vec<(usize, usize)>,
    /// MCUs across and down.
    pub(crate) mcus: (usize, usize),
}

/// A block of an MCU.
#[derive(Clone, Copy, Debug)]
pub(crate) struct McuBlock {
    /// Index of its component in the frame.
    pub(crate) component: usize,
    /// Column among the blocks of the component in the MCU.
    pub(crate) column: usize,
    /// Row among the blocks of the component in the MCU.
    pub(crate) row: usize,
}

impl ScanUnits {
    /// The units of a scan. In a scan of one component an MCU is one block, and blocks that show nothing are not
    /// coded (section A.2.2); else it has as many blocks of each component as the sampling factors say (section
    /// A.2.3).
    pub(crate) fn new(frame: &Frame, scan: &ScanHeader) -> Self {
        let whole = |(across, down): (u32, u32)| (index(across), index(down));
        if let [only] = *scan.components.as_slice() {
            let component = only.component;
            let mcus = frame.components.get(component).map_or((0, 0), |component| frame.blocks(component));
            return Self {
                blocks: vec![McuBlock { component, column: 0, row: 0 }],
                sizes: vec![(1, 1); frame.components.len()],
                mcus: whole(mcus),
            };
        }
        let sizes: Vec<(usize, usize)> =
            frame.components.iter().map(|component| whole((component.across, component.down))).collect();
        let components = scan.components.iter().map(|component| component.component);
        let blocks = components.flat_map(|component| {
            let (across, down) = sizes.get(component).copied().unwrap_or((0, 0));
            let rows = 0..down;
            rows.flat_map(move |row| (0..across).map(move |column| McuBlock { component, column, row }))
        });
        Self { blocks: blocks.collect(), sizes, mcus: whole(frame.mcus()) }
    }

    /// Number of MCUs.
    pub(crate) fn count(&self) -> usize {
        self.mcus.0.saturating_mul(self.mcus.1)
    }

    /// The coding of each block of an MCU of a sequential scan, and the coefficients that a scale wants of it.
    pub(crate) fn codings<'a>(
        &self,
        frame: &Frame,
        scan: &ScanHeader,
        tables: &'a Tables,
        scale: Scale,
    ) -> Result<Vec<BlockCoding<'a>>, Error> {
        let missing = || Error::damaged("a Huffman table is missing");
        let code = |codes: &'a [Option<HuffmanTable>; 4], number: usize| {
            codes.get(number).and_then(Option::as_ref).ok_or_else(missing)
        };
        let coding = |block: &McuBlock| {
            let selected = scan.components.iter().find(|selected| selected.component == block.component);
            let (selected, component) =
                selected.zip(frame.components.get(block.component)).ok_or_else(missing)?;
            let size = frame.block_size(component, scale);
            Ok(BlockCoding {
                dc: code(&tables.dc, selected.dc_table)?,
                ac: code(&tables.ac, selected.ac_table)?,
                size,
            })
        };
        self.blocks.iter().map(coding).collect()
    }
}
