//! The blocks of a GIF file (GIF89a, sections 15 to 27), read forward.
//!
//! Unknown blocks are skipped (section 24). A file without a global palette gets one, so that frames have a palette in
//! any case: section 19 leaves it to the decoder then, and suggests black and white.
//!
//! Memory: the profile, which is at most 1 MB, and XMP of at most 64 KB, both from before the first frame.

use std::io::Read;
use std::time::Duration;

use crate::imaging::decode::animation_screen::Disposal;
use crate::imaging::error::Error;
use crate::imaging::input::forward::ForwardReader;
use crate::imaging::input::source::{SourceReader, TRUNCATED};
use crate::imaging::picture::geometry::Size;
use crate::imaging::provenance::LONGEST_STREAMED_PACKET;
use crate::imaging::source_format::SourceFormat;

/// Longest profile, bytes.
pub(super) const LONGEST_PROFILE: usize = 1_000_000;

/// Bytes of LZW that are read at a time, in whole sub-blocks.
const DATA_STEP: usize = 4096;

/// Error detail of blocks that are none.
const NO_GIF: &str = "its blocks are not those of a GIF";

/// Labels of blocks.
mod label {
    pub(super) const APPLICATION: u8 = 0xff;
    pub(super) const CONTROL: u8 = 0xf9;
    pub(super) const EXTENSION: u8 = 0x21;
    pub(super) const IMAGE: u8 = 0x2c;
    pub(super) const TRAILER: u8 = 0x3b;
}

/// A file from its first block on.
pub(super) struct GifBlocks<'s, 'a, R> {
    file: ForwardReader<'s, 'a, R>,
    /// Size of the logical screen.
    pub(super) screen: Size,
    palette: Vec<u8>,
    /// Times that the animation is played; 0 for an endless loop.
    pub(super) plays: u16,
    /// The ICC profile before the first frame.
    pub(super) profile: Option<Vec<u8>>,
    /// The XMP before the first frame with a part of its trailer, unless it is longer than
    /// [`LONGEST_STREAMED_PACKET`].
    pub(super) xmp: Vec<u8>,
    /// `true` if a manifest of C2PA comes before the first frame.
    pub(super) has_c2pa: bool,
    /// What was said of the next frame.
    control: Control,
    /// `true` from the first frame on.
    has_frame: bool,
    /// The image data that comes next.
    data: Data,
}

/// What follows in the file.
#[derive(Clone, Copy)]
enum Data {
    /// A sub-block of image data, whose length was read. 0 ends the data.
    Block(u8),
    /// The length of a sub-block of image data.
    Length,
    /// Another block.
    None,
}

/// The graphic control extension (section 23).
#[derive(Clone, Copy, Default)]
struct Control {
    flags: u8,
    /// Hundredths of a second.
    delay: u16,
    transparent: u8,
}

/// A frame whose image data comes next.
pub(super) struct GifFrame {
    pub(super) left: u32,
    pub(super) top: u32,
    pub(super) size: Size,
    pub(super) is_interlaced: bool,
    control: Control,
    /// Colours of red, green and blue.
    pub(super) palette: Vec<u8>,
    /// The minimum code size of LZW, 1 to 11 bits.
    pub(super) literal_bits: u32,
}

impl GifFrame {
    /// Display time.
    pub(super) fn duration(&self) -> Duration {
        Duration::from_millis(u64::from(self.control.delay) * 10)
    }

    pub(super) fn disposal(&self) -> Disposal {
        match self.control.flags >> 2 & 7 {
            2 => Disposal::Clear,
            3 => Disposal::Restore,
            _ => Disposal::Keep,
        }
    }

    /// The index that is transparent.
    pub(super) fn transparent(&self) -> Option<u8> {
        (self.control.flags & 1 == 1).then_some(self.control.transparent)
    }
}

/// Kind of an application extension (section 26).
#[derive(Clone, Copy)]
enum Application {
    Loop,
    Other,
    Profile,
    /// The name comes next.
    Unnamed,
    /// Bytes of XMP so far.
    Xmp(usize),
}

impl<'s, 'a, R: Read> GifBlocks<'s, 'a, R> {
    /// Reads the header, from the first byte on.
    pub(super) fn read(source: &'s mut SourceReader<'a, R>) -> Result<Self, Error> {
        let mut file = ForwardReader::new(source, SourceFormat::Gif);
        let magic: [u8; 6] = file.array()?;
        if !matches!(&magic, b"GIF87a" | b"GIF89a") {
            return Err(file.damaged(NO_GIF));
        }
        let [w0, w1, h0, h1, flags, _background, _aspect] = file.array()?;
        let palette = read_palette(&mut file, flags)?.unwrap_or_else(|| vec![0, 0, 0, 255, 255, 255]);
        Ok(Self {
            file,
            screen: size([w0, w1], [h0, h1]),
            palette,
            plays: 1,
            profile: None,
            xmp: Vec::new(),
            has_c2pa: false,
            control: Control::default(),
            has_frame: false,
            data: Data::None,
        })
    }

    /// Skips to the data of the next frame; `None` at the end of the file.
    ///
    /// # Errors
    /// The file is damaged, or its reader fails.
    pub(super) fn next_frame(&mut self) -> Result<Option<GifFrame>, Error> {
        self.skip_data()?;
        loop {
            match self.file.byte()? {
                label::IMAGE => return self.read_frame().map(Some),
                label::TRAILER => return Ok(None),
                label::EXTENSION => {
                    let label = self.file.byte()?;
                    self.read_extension(label)?;
                }
                _ => self.read_extension(0)?,
            }
        }
    }

    /// Appends as many sub-blocks of image data to `data` as fit into [`DATA_STEP`] bytes, or as came. There are none
    /// at the end.
    pub(super) fn read_data(&mut self, data: &mut Vec<u8>) -> Result<(), Error> {
        while data.len() + usize::from(u8::MAX) <= DATA_STEP {
            let length = self.next_length()?;
            if length == 0 {
                return Ok(());
            }
            let start = data.len();
            data.resize(start + usize::from(length), 0);
            let came = self.file.read_start(data.get_mut(start..).unwrap_or_default())?;
            data.truncate(start + came);
            if came < usize::from(length) {
                return Err(self.file.damaged(TRUNCATED));
            }
        }
        Ok(())
    }

    fn skip_data(&mut self) -> Result<(), Error> {
        loop {
            match self.next_length()? {
                0 => {
                    self.data = Data::None;
                    return Ok(());
                }
                length => self.file.skip_to(self.file.position() + u64::from(length))?,
            }
        }
    }

    /// The length of the next sub-block of image data, which is read next; 0 at the end.
    fn next_length(&mut self) -> Result<u8, Error> {
        let length = match self.data {
            Data::Block(length) => length,
            Data::Length => self.file.byte()?,
            Data::None => 0,
        };
        // Nothing is read beyond the end.
        self.data = if length == 0 { Data::None } else { Data::Length };
        Ok(length)
    }

    fn read_frame(&mut self) -> Result<GifFrame, Error> {
        let [l0, l1, t0, t1, w0, w1, h0, h1, flags] = self.file.array()?;
        let palette = read_palette(&mut self.file, flags)?.unwrap_or_else(|| self.palette.clone());
        let [literal_bits, length] = self.file.array()?;
        if !(1..=11).contains(&literal_bits) {
            return Err(self.file.damaged(NO_GIF));
        }
        self.data = Data::Block(length);
        self.has_frame = true;
        Ok(GifFrame {
            left: u16::from_le_bytes([l0, l1]).into(),
            top: u16::from_le_bytes([t0, t1]).into(),
            size: size([w0, w1], [h0, h1]),
            is_interlaced: flags & 0x40 != 0,
            control: std::mem::take(&mut self.control),
            palette,
            literal_bits: literal_bits.into(),
        })
    }

    /// Reads all sub-blocks of an extension.
    fn read_extension(&mut self, label: u8) -> Result<(), Error> {
        let (mut bytes, mut count) = ([0; 255], 0);
        let mut application = Application::Unnamed;
        loop {
            let length = usize::from(self.file.byte()?);
            if length == 0 {
                break;
            }
            count = length;
            let block = bytes.get_mut(..count).unwrap_or_default();
            self.file.read(block)?;
            if label == label::APPLICATION && !self.has_frame {
                application = self.read_application(application, block)?;
            }
        }
        if label == label::CONTROL {
            let Some([flags, d0, d1, transparent]) = bytes.get(..count) else {
                return Err(self.file.damaged(NO_GIF));
            };
            let delay = u16::from_le_bytes([*d0, *d1]);
            self.control = Control { flags: *flags, delay, transparent: *transparent };
        }
        Ok(())
    }

    /// Takes a sub-block of an application extension, and returns the kind of those that follow.
    fn read_application(&mut self, kind: Application, block: &[u8]) -> Result<Application, Error> {
        Ok(match kind {
            Application::Unnamed => match block {
                b"ICCRGBG1012" => {
                    self.profile = Some(Vec::new());
                    Application::Profile
                }
                b"NETSCAPE2.0" => Application::Loop,
                b"XMP DataXMP" => {
                    self.xmp.clear();
                    Application::Xmp(0)
                }
                // Three more bytes stand for a code.
                [b'C', b'2', b'P', b'A', b'_', b'G', b'I', b'F', ..] => {
                    self.has_c2pa = true;
                    Application::Other
                }
                _ => Application::Other,
            },
            Application::Loop => {
                // The file stores the repetitions after the first play.
                if let [1, low, high] = block {
                    self.plays = match u16::from_le_bytes([*low, *high]) {
                        0 => 0,
                        repetitions => repetitions.saturating_add(1),
                    };
                }
                Application::Other
            }
            Application::Other => Application::Other,
            Application::Profile => {
                let profile = self.profile.get_or_insert_default();
                if profile.len() + block.len() > LONGEST_PROFILE {
                    return Err(self.file.damaged("its colour profile takes more than 1 MB"));
                }
                profile.extend_from_slice(block);
                Application::Profile
            }
            // Lengths of sub-blocks are part of XMP.
            Application::Xmp(length) => {
                let length = length.saturating_add(1 + block.len());
                self.take_xmp(length, block);
                Application::Xmp(length)
            }
        })
    }

    /// Appends a sub-block and its length, with which XMP has `length` bytes. One that is too long is forgotten.
    fn take_xmp(&mut self, length: usize, block: &[u8]) {
        if length > LONGEST_STREAMED_PACKET {
            self.xmp.clear();
        } else if let Ok(count) = u8::try_from(block.len()) {
            self.xmp.push(count);
            self.xmp.extend_from_slice(block);
        }
    }
}

/// Reads the palette that flags announce: 2 to the power of (lowest three bits + 1) colours.
fn read_palette<R: Read>(file: &mut ForwardReader<'_, '_, R>, flags: u8) -> Result<Option<Vec<u8>>, Error> {
    if flags & 0x80 == 0 {
        return Ok(None);
    }
    let mut palette = vec![0; 3 << ((flags & 7) + 1)];
    file.read(&mut palette)?;
    Ok(Some(palette))
}

fn size(width: [u8; 2], height: [u8; 2]) -> Size {
    Size { width: u16::from_le_bytes(width).into(), height: u16::from_le_bytes(height).into() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::imaging::limits::Cancel;

    /// A screen of 3 x 2 pixels with a palette of two colours.
    const HEADER: &[u8] = b"GIF89a\x03\0\x02\0\x80\0\0\x01\x02\x03\x04\x05\x06";

    /// A frame of 2 x 1 pixels without a palette, interlaced, with two bytes of data.
    const FRAME: &[u8] = b",\x01\0\0\0\x02\0\x01\0\x40\x02\x02\x44\x0a\0";

    fn with_blocks<T>(
        parts: &[&[u8]],
        test: impl FnOnce(GifBlocks<'_, '_, &[u8]>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let (file, cancel) = (parts.concat(), Cancel::default());
        let mut source = SourceReader::new(file.as_slice(), None, &cancel);
        GifBlocks::read(&mut source).and_then(test)
    }

    #[test]
    fn extensions_before_the_first_frame_describe_it_and_the_animation() {
        let extensions: &[u8] = b"!\xff\x0bNETSCAPE2.0\x03\x01\x04\0\0!\xff\x0bICCRGBG1012\x02ab\x01c\0\
            !\xf9\x04\x0d\x07\0\x01\0\x55\x01\x02\0!\xfe\0";
        let later: &[u8] = b"!\xff\x0bNETSCAPE2.0\x03\x01\0\0\0";
        with_blocks(&[HEADER, extensions, FRAME, later, FRAME, b";"], |mut blocks| {
            let first = blocks.next_frame()?.unwrap();
            assert_eq!((first.left, first.size, first.is_interlaced), (1, size([2, 0], [1, 0]), true));
            assert_eq!((first.duration(), first.disposal()), (Duration::from_millis(70), Disposal::Restore));
            assert_eq!((first.transparent(), first.palette), (Some(1), vec![1, 2, 3, 4, 5, 6]));
            let second = blocks.next_frame()?.unwrap();
            assert_eq!((second.transparent(), second.disposal()), (None, Disposal::Keep));
            let mut data = Vec::new();
            blocks.read_data(&mut data)?;
            assert_eq!(data, [0x44, 0x0a]);
            assert!(blocks.next_frame()?.is_none());
            assert_eq!((blocks.plays, blocks.profile), (5, Some(b"abc".to_vec())));
            Ok(())
        })
        .unwrap();
    }

    #[test]
    fn xmp_before_the_first_frame_is_kept_unless_it_is_long() {
        let xmp = |text: &[u8]| [b"!\xff\x0bXMP DataXMP", text, b"\0"].concat();
        let long = xmp(&[b'<'; 61 * 5000]);
        for (first, kept) in [(&b""[..], &b"\x03abc\x01d"[..]), (&long, &[])] {
            let blocks: &[&[u8]] =
                &[HEADER, &xmp(b"\x03abc\x01d"), first, FRAME, &xmp(b"\x01e"), FRAME, b";"];
            with_blocks(blocks, |mut blocks| {
                while blocks.next_frame()?.is_some() {}
                assert_eq!(blocks.xmp, kept);
                Ok(())
            })
            .unwrap();
        }
    }

    #[test]
    fn data_that_is_cut_is_read_as_far_as_it_came() {
        let mut data = Vec::new();
        let end = with_blocks(&[HEADER, &FRAME[..13]], |mut blocks| {
            blocks.next_frame()?;
            blocks.read_data(&mut data)
        });
        assert_eq!(data, [0x44]);
        assert!(matches!(end, Err(Error::Damaged { detail, .. }) if detail == TRUNCATED));
    }

    #[test]
    fn short_control_extension_and_long_profile_are_refused() {
        let long = [b"!\xff\x0bICCRGBG1012".as_slice(), &[255; 256 * 4000], b"\0"].concat();
        for (blocks, want) in [(b"!\xf9\x01\0\0".as_slice(), NO_GIF), (&long, "profile takes more than 1 MB")]
        {
            let end = with_blocks(&[HEADER, blocks, FRAME], |mut blocks| blocks.next_frame());
            assert!(matches!(end, Err(Error::Damaged { detail, .. }) if detail.contains(want)), "{want}");
        }
    }
}
