//! The reference reader: T.81 read literally, bit by bit, every coefficient kept, and the inverse DCT in `f64`. It
//! shares no code with the [`writer`](super::writer) nor with the reader under test. A file that T.81 does not allow
//! is an error; what follows the last scan is ignored.

mod plane;
mod scan;

pub use plane::Plane;

use scan::{Data, Huffman, Member, Scan};

/// A file as its coefficients.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// The code of the frame header: 0xc0, 0xc1 or 0xc2.
    pub process: u8,
    /// Columns of pixels.
    pub width: usize,
    /// Rows of pixels, from the frame header or from DNL.
    pub height: usize,
    /// The components in the order of the frame header.
    pub components: Vec<Component>,
    /// Number of scans.
    pub scans: usize,
    /// True when the file ends with an end marker.
    pub ended: bool,
}

/// One component.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Component {
    /// The identifier in the frame header.
    pub id: u8,
    /// Horizontal sampling factor.
    pub h: u8,
    /// Vertical sampling factor.
    pub v: u8,
    /// The quantisation table in natural order, as it stands at the component's first scan.
    pub table: [u16; 64],
    /// Samples in a row, without padding (T.81 A.1.1).
    pub width: usize,
    /// Rows of samples, without padding.
    pub height: usize,
    /// Blocks in a row, padded to whole MCUs (T.81 A.2.4).
    pub blocks_wide: usize,
    /// Rows of blocks, padded to whole MCUs.
    pub blocks_high: usize,
    /// The quantised coefficients, block after block, in natural order.
    pub blocks: Vec<[i16; 64]>,
    slot: usize,
    seen: bool,
}

/// T.81 Figure A.6.
const ZIGZAG: [usize; 64] = [
    0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7,
    14, 21, 28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39,
    46, 53, 60, 61, 54, 47, 55, 62, 63,
];

/// Reads a file.
pub fn read(bytes: &[u8]) -> Result<Frame, String> {
    if bytes.get(..2) != Some(&[0xff, 0xd8]) {
        return Err("no SOI".into());
    }
    let mut reader =
        Reader { bytes, at: 2, quantisation: [None; 4], huffman: Default::default(), interval: 0 };
    let mut frame: Option<Frame> = None;
    loop {
        let code = match reader.marker() {
            Ok(code) => code,
            Err(error) => return frame.filter(|frame| frame.scans > 0).ok_or(error),
        };
        match (code, &mut frame) {
            (0xd9, _) => {
                let mut frame = frame.ok_or("no frame")?;
                frame.ended = true;
                return Ok(frame);
            }
            (0xc0..=0xc2, None) => frame = Some(reader.frame(code)?),
            (0xda, Some(frame)) => reader.scan(frame)?,
            (0xc4, _) => reader.define_huffman()?,
            (0xdb, _) => reader.define_quantisation()?,
            (0xdd, _) => {
                let segment = reader.segment()?;
                reader.interval = word(segment, 0)?;
            }
            (0xdc, Some(frame)) => {
                if frame.scans != 1 || word(reader.segment()?, 0)? != frame.height {
                    return Err("DNL out of place".into());
                }
            }
            (0xe0..=0xef | 0xfe, _) => drop(reader.segment()?),
            (code, _) => return Err(format!("marker {code:#04x} out of place")),
        }
    }
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    quantisation: [Option<[u16; 64]>; 4],
    /// By class, DC and AC, and slot.
    huffman: [[Option<Huffman>; 4]; 2],
    interval: usize,
}

fn byte(segment: &[u8], at: usize) -> Result<usize, String> {
    segment.get(at).map(|&byte| usize::from(byte)).ok_or_else(|| "segment too short".into())
}

fn word(segment: &[u8], at: usize) -> Result<usize, String> {
    Ok(byte(segment, at)? << 8 | byte(segment, at + 1)?)
}

impl<'a> Reader<'a> {
    /// Reads a marker, which must come next, maybe after fill bytes.
    fn marker(&mut self) -> Result<u8, String> {
        if byte(self.bytes, self.at)? != 0xff {
            return Err(format!("no marker at {}", self.at));
        }
        while byte(self.bytes, self.at)? == 0xff {
            self.at += 1;
        }
        self.at += 1;
        Ok(self.bytes[self.at - 1])
    }

    fn segment(&mut self) -> Result<&'a [u8], String> {
        let length = word(self.bytes, self.at)?;
        let segment = self.bytes.get(self.at + 2..self.at + length).ok_or("segment cut")?;
        self.at += length;
        Ok(segment)
    }

    /// Reads a DQT segment (B.2.4.1).
    fn define_quantisation(&mut self) -> Result<(), String> {
        let segment = self.segment()?;
        let mut at = 0;
        while at < segment.len() {
            let (precision, slot) = (byte(segment, at)? >> 4, byte(segment, at)? & 15);
            at += 1;
            let mut table = [0; 64];
            for position in ZIGZAG {
                let entry = if precision == 0 { byte(segment, at)? } else { word(segment, at)? };
                at += 1 + precision;
                table[position] = entry as u16;
            }
            *self.quantisation.get_mut(slot).ok_or("DQT slot")? = Some(table);
        }
        Ok(())
    }

    /// Reads a DHT segment (B.2.4.2).
    fn define_huffman(&mut self) -> Result<(), String> {
        let segment = self.segment()?;
        let mut at = 0;
        while at < segment.len() {
            let (class, slot) = (byte(segment, at)? >> 4, byte(segment, at)? & 15);
            let lengths = segment.get(at + 1..at + 17).ok_or("DHT cut")?;
            let count: usize = lengths.iter().map(|&count| usize::from(count)).sum();
            let symbols = segment.get(at + 17..at + 17 + count).ok_or("DHT cut")?;
            at += 17 + count;
            let place =
                self.huffman.get_mut(class).and_then(|slots| slots.get_mut(slot)).ok_or("DHT slot")?;
            *place = Some(Huffman::new(lengths, symbols)?);
        }
        Ok(())
    }

    /// Reads a frame header (B.2.2 and A.1.1).
    fn frame(&mut self, process: u8) -> Result<Frame, String> {
        let segment = self.segment()?;
        let (mut height, width, count) = (word(segment, 1)?, word(segment, 3)?, byte(segment, 5)?);
        if height == 0 {
            height = self.number_of_lines()?;
        }
        if byte(segment, 0)? != 8 || segment.len() != 6 + 3 * count || width == 0 || count == 0 {
            return Err("frame header".into());
        }
        let parameters: Vec<&[u8]> = segment[6..].chunks(3).collect();
        let h_max = usize::from(parameters.iter().map(|p| p[1] >> 4).max().unwrap());
        let v_max = usize::from(parameters.iter().map(|p| p[1] & 15).max().unwrap());
        let mut components = Vec::new();
        for parameter in parameters {
            let (h, v) = (parameter[1] >> 4, parameter[1] & 15);
            if !(1..=4).contains(&h) || !(1..=4).contains(&v) || parameter[2] > 3 {
                return Err("component parameters".into());
            }
            let blocks_wide = width.div_ceil(8 * h_max) * usize::from(h);
            let blocks_high = height.div_ceil(8 * v_max) * usize::from(v);
            components.push(Component {
                id: parameter[0],
                h,
                v,
                table: [0; 64],
                width: (width * usize::from(h)).div_ceil(h_max),
                height: (height * usize::from(v)).div_ceil(v_max),
                blocks_wide,
                blocks_high,
                blocks: vec![[0; 64]; blocks_wide * blocks_high],
                slot: usize::from(parameter[2]),
                seen: false,
            });
        }
        Ok(Frame { process, width, height, components, scans: 0, ended: false })
    }

    /// Looks ahead for the DNL segment behind the first scan (B.2.5).
    fn number_of_lines(&self) -> Result<usize, String> {
        let mut at = self.at;
        let mut in_scan = false;
        loop {
            let code = byte(self.bytes, at + 1)?;
            if byte(self.bytes, at)? != 0xff || code == 0xff || code == 0 || (0xd0..=0xd7).contains(&code) {
                at += 1;
            } else if code == 0xdc {
                return word(self.bytes, at + 4);
            } else if in_scan {
                return Err("no DNL".into());
            } else {
                in_scan = code == 0xda;
                at += 2 + word(self.bytes, at + 2)?;
            }
        }
    }

    /// Reads a scan (B.2.3).
    fn scan(&mut self, frame: &mut Frame) -> Result<(), String> {
        let segment = self.segment()?;
        let count = byte(segment, 0)?;
        let last = segment.get(1 + 2 * count..).filter(|last| last.len() == 3).ok_or("scan header")?;
        let mut members = Vec::new();
        for selector in segment[1..=2 * count].chunks(2) {
            let index =
                frame.components.iter().position(|c| c.id == selector[0]).ok_or("no such component")?;
            let component = &mut frame.components[index];
            if !component.seen {
                component.table = self.quantisation[component.slot].ok_or("no quantisation table")?;
                component.seen = true;
            }
            members.push(Member {
                index,
                dc: self.huffman[0].get(usize::from(selector[1] >> 4)).ok_or("DC slot")?.clone(),
                ac: self.huffman[1].get(usize::from(selector[1] & 15)).ok_or("AC slot")?.clone(),
                prediction: 0,
            });
        }
        let (ss, se) = (usize::from(last[0]), usize::from(last[1]));
        let (ah, al) = (last[2] >> 4, last[2] & 15);
        let progressive = frame.process == 0xc2;
        let sequential = (ss, se, ah, al) == (0, 63, 0, 0);
        let band = if ss == 0 { se == 0 } else { ss <= se && se < 64 && count == 1 };
        let bits = al <= 13 && (ah == 0 || ah == al + 1);
        if if progressive { !band || !bits } else { !sequential } || count == 0 {
            return Err("scan parameters".into());
        }
        let data = Data::new(self.bytes, self.at);
        let mut scan = Scan { data, ss, se, ah, al, progressive, end_of_band: 0 };
        scan.run(frame, &mut members, self.interval)?;
        self.at = scan.data.at;
        frame.scans += 1;
        Ok(())
    }
}
