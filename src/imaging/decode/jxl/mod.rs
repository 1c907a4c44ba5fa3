//! JPEG XL decoder (ISO/IEC 18181): the first frame, by the crate `jxl`.
//!
//! The bare codestream and the container are read, while they arrive. The decoder gives whole pictures only: neither
//! rows nor a smaller scale. Colours of XYB, the format's own space, are asked for in the colours that the file names
//! or else in sRGB. The orientation is the codestream's; that of EXIF repeats it and is ignored (ISO/IEC 18181-2,
//! section 9.4). EXIF, XMP and manifests of C2PA are boxes of the container, before or behind the pixels. They are not read
//! if they are compressed with Brotli, or behind the frames of an animation.
//!
//! Memory ([`memory`]): the picture, the decoder's state for one frame, the pixels that later frames refer to, the
//! compressed data of the frame, and the scaler.
//!
//! A truncated file is an error: the decoder does not tell which pixels came.

mod color;
mod frame_header;
mod memory;

use std::io::{BufRead as _, Read, Seek as _, SeekFrom};
use std::ops::Range;

use jxl::api::{
    AlphaMode, Endianness, Event, ExtraChannel, JxlAuxBox, JxlAuxBoxType, JxlBasicInfo, JxlBitDepth,
    JxlColorProfile, JxlColorType, JxlDataFormat, JxlDecoder, JxlDecoderOptions, JxlOutputBuffer,
    JxlPixelFormat, ProfileLevel,
};

use crate::imaging::decode::jxl::frame_header::FrameCoding;
use crate::imaging::decode::jxl::memory::{FrameMemory, HiddenFrames, MeteredRunner};
use crate::imaging::decoded::Decoded;
use crate::imaging::error::Error;
use crate::imaging::exif::copyright::Copyright;
use crate::imaging::input::source::{SourceReader, TRUNCATED};
use crate::imaging::limits::{Budget, to_u64};
use crate::imaging::picture::geometry::Size;
use crate::imaging::picture::orientation::Orientation;
use crate::imaging::picture::{Depth, Layout, side};
use crate::imaging::pixels::source_rows::SourceRows;
use crate::imaging::pixels::source_scaler::SourceScaler;
use crate::imaging::plan::demand::Demand;
use crate::imaging::provenance::{LONGEST_PACKET, Provenance};
use crate::imaging::source_format::SourceFormat;

const FORMAT: SourceFormat = SourceFormat::Jxl;

/// Bytes of the file that the decoder is given at a time, so that its work does not depend on the sizes of reads.
const PIECE: usize = 64 * 1024;

/// Most bytes that are read behind the pixels.
const MOST_BEHIND: usize = LONGEST_PACKET;

/// Places in a JUMBF superbox: the kind of its first box, which describes it, and the label there (ISO/IEC 19566-5).
const JUMBF_KIND: Range<usize> = 4..8;
const JUMBF_LABEL: Range<usize> = 25..30;

/// Decodes the picture, or the first frame.
///
/// # Errors
/// As [`decode::decode`](crate::imaging::decode::decode).
pub(super) fn decode<R: Read>(
    source: &mut SourceReader<'_, R>,
    demand: Demand<'_>,
    budget: &mut Budget,
) -> Result<Decoded, Error> {
    let header = read_header(source, budget)?;
    let full = header.size;
    budget.admit(full)?;
    let mut frame = FrameReader::new(source, &header, budget)?;
    let StoredPicture { samples, start } = frame.read(&header, budget)?;
    if !header.is_animated {
        frame.read_boxes_behind(budget)?;
    }
    let copyright = frame.exif().map(Copyright::read).unwrap_or_default();
    let provenance = frame.provenance(budget)?;
    let profile = frame.decoder.output_color_profile().and_then(|profile| color::icc(profile, header.layout));
    drop(frame);
    budget.reserve(to_u64(profile.as_ref().map_or(0, Vec::len)))?;
    let rows = SourceRows::all(full, header.layout, header.depth);
    let mut scaler = SourceScaler::new(rows, demand, Some(header.orientation), budget)?;
    let pixels = samples.get(start..).unwrap_or_default();
    for row in pixels.chunks_exact(header.row_bytes().max(1)).take(side(full.height)) {
        source.cancel().check()?;
        scaler.push(row);
    }
    Ok(Decoded {
        orientation: header.orientation,
        profile,
        copyright,
        provenance,
        ..Decoded::plain(FORMAT, scaler.finish())
    })
}

/// Facts of the header, and how the picture is wanted.
struct Header {
    /// Size as it is stored, pixels.
    size: Size,
    layout: Layout,
    depth: Depth,
    orientation: Orientation,
    /// Channels beside the colours: alpha, black, depth and others.
    extra_channels: usize,
    is_animated: bool,
    /// `true` if colours are stored in XYB.
    is_xyb: bool,
}

impl Header {
    fn new(info: &JxlBasicInfo, profile: &JxlColorProfile) -> Result<Self, Error> {
        let (width, height) = info.size;
        let side =
            |pixels| u32::try_from(pixels).map_err(|_| Error::damaged(FORMAT, "its sides are too long"));
        let has = |wanted| info.extra_channels.iter().any(|channel| channel.ec_type == wanted);
        let has_alpha = has(ExtraChannel::Alpha);
        let layout = match (profile.channels(), has_alpha) {
            _ if profile.is_cmyk() && has(ExtraChannel::Black) => Layout::Cmyk,
            _ if profile.is_cmyk() => {
                return Err(Error::unsupported(FORMAT, "CMYK without a channel of black"));
            }
            (1, false) => Layout::Grey,
            (1, true) => Layout::GreyAlpha,
            (_, false) => Layout::Rgb,
            (_, true) => Layout::RgbAlpha,
        };
        let depth = match info.bit_depth {
            JxlBitDepth::Int { bits_per_sample: 0..=8 } => Depth::Eight,
            _ if layout == Layout::Cmyk => Depth::Eight,
            JxlBitDepth::Int { .. } | JxlBitDepth::Float { .. } => Depth::Sixteen,
        };
        Ok(Self {
            size: Size { width: side(width)?, height: side(height)? },
            layout,
            depth,
            orientation: Orientation::from_exif(info.orientation as u16),
            extra_channels: info.extra_channels.len(),
            is_animated: info.animation.is_some(),
            is_xyb: !info.uses_original_profile,
        })
    }

    fn row_bytes(&self) -> usize {
        side(self.size.width).saturating_mul(self.layout.channels() * self.depth.bytes())
    }

    /// The picture as the decoder shall write it: colours, black and alpha interleaved, all other channels left out.
    fn pixel_format(&self) -> JxlPixelFormat {
        JxlPixelFormat {
            color_type: match self.layout {
                Layout::Cmyk => JxlColorType::Cmyk,
                Layout::Grey => JxlColorType::Grayscale,
                Layout::GreyAlpha => JxlColorType::GrayscaleAlpha,
                Layout::Rgb => JxlColorType::Rgb,
                Layout::RgbAlpha => JxlColorType::Rgba,
            },
            color_data_format: Some(match self.depth {
                Depth::Eight => JxlDataFormat::U8 { bit_depth: 8 },
                Depth::Sixteen => JxlDataFormat::U16 { endianness: Endianness::native(), bit_depth: 16 },
            }),
            extra_channel_format: vec![None; self.extra_channels],
        }
    }

    fn memory(&self) -> FrameMemory {
        FrameMemory::new(self.size, self.extra_channels, self.depth)
    }
}

/// Reads the header and the ICC profile, and returns to the first byte.
fn read_header<R: Read>(source: &mut SourceReader<'_, R>, budget: &mut Budget) -> Result<Header, Error> {
    let used = budget.used();
    let mut decoder = JxlDecoder::new(options(None));
    let event = advance(&mut decoder, source, budget, Stage::Header)?;
    let (Event::BasicInfo, Some(info), Some(profile)) =
        (event, decoder.basic_info(), decoder.embedded_color_profile())
    else {
        return Err(Error::damaged(FORMAT, "it has no header"));
    };
    let header = Header::new(info, profile)?;
    source.seek(SeekFrom::Start(0)).map_err(Error::Read)?;
    budget.release(budget.used().saturating_sub(used));
    Ok(header)
}

/// Pixels in the layout and depth of the header, from the byte `start` on.
struct StoredPicture {
    samples: Vec<u8>,
    start: usize,
}

/// The decoder of the first frame, and the file from which it reads.
struct FrameReader<'s, 'a, R> {
    decoder: JxlDecoder,
    source: &'s mut SourceReader<'a, R>,
}

impl<'s, 'a, R: Read> FrameReader<'s, 'a, R> {
    /// Reserves the memory of the decoder, and reads up to the header of the first frame that is shown.
    fn new(source: &'s mut SourceReader<'a, R>, header: &Header, budget: &mut Budget) -> Result<Self, Error> {
        let memory = header.memory();
        budget.reserve(memory.least_bytes(header.is_animated))?;
        let mut decoder = JxlDecoder::new(options(Some(memory.sample_limit())));
        advance(&mut decoder, source, budget, Stage::Header)?;
        decoder.set_pixel_format(header.pixel_format()).map_err(decode_error)?;
        let mut hidden = HiddenFrames::new(memory);
        if advance(&mut decoder, source, budget, Stage::Hidden(&mut hidden))? != Event::FrameHeader {
            return Err(Error::damaged(FORMAT, "it has no picture"));
        }
        if !hidden.are_there() {
            let offset = decoder.scanned_frames().first().map_or(0, |frame| frame.file_offset);
            let offset = usize::try_from(offset).unwrap_or(usize::MAX);
            let head = source.head(offset.saturating_add(frame_header::LONGEST))?;
            let frame = head.get(offset..).unwrap_or_default();
            let coding = FrameCoding::read(frame, header.is_xyb, header.extra_channels);
            budget.reserve(memory.more_bytes(coding))?;
        }
        source.discard_consumed();
        Ok(Self { decoder, source })
    }

    /// Decodes the frame.
    fn read(&mut self, header: &Header, budget: &mut Budget) -> Result<StoredPicture, Error> {
        let (row, height) = (header.row_bytes(), side(header.size.height));
        let length = row.saturating_mul(height);
        // Rows of sixteen bits must begin at even addresses.
        let capacity = length.saturating_add(1);
        budget.reserve(to_u64(capacity))?;
        let mut samples = Vec::new();
        samples
            .try_reserve_exact(capacity)
            .map_err(|_| Error::TooMuchMemory { needed: to_u64(capacity), allowed: budget.left() })?;
        samples.resize(capacity, 0);
        let start = samples.as_ptr().align_offset(2).min(1);
        let pixels = samples.get_mut(start..).and_then(|rest| rest.get_mut(..length)).unwrap_or_default();
        let mut buffers = [JxlOutputBuffer::new(pixels, height, row)];
        let end = advance(&mut self.decoder, self.source, budget, Stage::Shown(&mut buffers))?;
        if !matches!(end, Event::FrameComplete { .. }) {
            return Err(Error::damaged(FORMAT, TRUNCATED));
        }
        if header.layout == Layout::Cmyk {
            // The largest sample of the file is no ink.
            samples.iter_mut().for_each(|sample| *sample = u8::MAX - *sample);
        }
        Ok(StoredPicture { samples, start })
    }

    /// Reads the boxes behind the only frame that is shown. What cannot be read there does not fail the picture.
    fn read_boxes_behind(&mut self, budget: &mut Budget) -> Result<(), Error> {
        let mut left = MOST_BEHIND;
        while left > 0 {
            self.source.cancel().check()?;
            if self.source.fill_buf().is_err() {
                return self.source.take_external_error().map_or(Ok(()), Err);
            }
            let mut input = self.source.ahead(PIECE.min(left))?;
            let available = input.len();
            if available == 0 {
                self.decoder.close_input();
            }
            budget.reserve(to_u64(available).saturating_mul(2))?;
            let event = self.decoder.process(&mut input, None, None);
            let consumed = available - input.len();
            self.source.consume(consumed);
            left = left.saturating_sub(consumed);
            if consumed == 0 || !matches!(event, Ok(Event::NeedMoreInput { .. })) {
                break;
            }
        }
        Ok(())
    }

    /// The content of boxes that are not compressed.
    fn boxes(&self, kind: JxlAuxBoxType) -> impl Iterator<Item = &[u8]> {
        let boxes = self.decoder.aux_boxes(kind).iter();
        boxes.filter(|found| !found.is_compressed()).map(JxlAuxBox::raw_data)
    }

    /// The first block of EXIF, from its TIFF header on. The first four bytes of its box are the offset of that header from
    /// there; some writers leave them out.
    fn exif(&self) -> Option<&[u8]> {
        let exif = self.boxes(JxlAuxBoxType::EXIF).next()?;
        let tiff = exif
            .split_first_chunk()
            .and_then(|(offset, content)| content.get(usize::try_from(u32::from_be_bytes(*offset)).ok()?..));
        Some(tiff.unwrap_or(exif))
    }

    fn provenance(&self, budget: &mut Budget) -> Result<Provenance, Error> {
        let is_c2pa = |superbox: &[u8]| {
            superbox.get(JUMBF_KIND) == Some(b"jumd") && superbox.get(JUMBF_LABEL) == Some(b"c2pa\0")
        };
        let mut provenance = Provenance::new(self.boxes(JxlAuxBoxType::JUMBF).any(is_c2pa));
        for packet in self.boxes(JxlAuxBoxType::XMP) {
            provenance.read_xmp(packet, budget)?;
        }
        if let Some(exif) = self.exif() {
            provenance.read_exif(exif);
        }
        Ok(provenance)
    }
}

/// Options of both decoders. `sample_limit` bounds pixels times channels of every frame.
fn options(sample_limit: Option<usize>) -> JxlDecoderOptions {
    let mut options = JxlDecoderOptions::default();
    options.adjust_orientation = false;
    options.alpha_mode = AlphaMode::Unpremultiplied;
    // CMYK and more than four extra channels need level 10.
    options.max_profile_level = ProfileLevel::Main10;
    options.request_aux_boxes = vec![JxlAuxBoxType::EXIF, JxlAuxBoxType::XMP, JxlAuxBoxType::JUMBF];
    options.sample_limit = sample_limit;
    options
}

/// What the decoder works on.
enum Stage<'s, 'b> {
    /// The header and the ICC profile.
    Header,
    /// Frames before the first that is shown.
    Hidden(&'s mut HiddenFrames),
    /// The frame that is shown, written to this buffer.
    Shown(&'s mut [JxlOutputBuffer<'b>]),
}

/// Decodes to the next event.
fn advance<R: Read>(
    decoder: &mut JxlDecoder,
    source: &mut SourceReader<'_, R>,
    budget: &mut Budget,
    mut stage: Stage<'_, '_>,
) -> Result<Event, Error> {
    let cancel = source.cancel();
    loop {
        cancel.check()?;
        if matches!(&stage, Stage::Hidden(hidden) if hidden.are_there()) {
            // No header is read again then.
            source.discard_consumed();
        }
        // Discards what is consumed.
        if let Err(error) = source.fill_buf() {
            let external = source.take_external_error();
            return Err(external.unwrap_or_else(|| Error::damaged(FORMAT, error.to_string())));
        }
        let mut input = source.ahead(PIECE)?;
        let available = input.len();
        // Data wait in buffers that double until their part of the frame is there.
        budget.reserve(to_u64(available).saturating_mul(2))?;
        let (hidden, buffers) = match &mut stage {
            Stage::Header => (None, None),
            Stage::Hidden(hidden) => (Some(&mut **hidden), None),
            Stage::Shown(buffers) => (None, Some(&mut **buffers)),
        };
        let mut runner = MeteredRunner::new(budget, cancel, hidden);
        let event = decoder.process(&mut input, buffers, Some(&mut runner));
        let failure = runner.failure();
        let consumed = available - input.len();
        source.consume(consumed);
        match (event, failure) {
            (_, Some(failure)) => return Err(failure),
            (Err(error), None) => return Err(decode_error(error)),
            (Ok(Event::NeedMoreInput { .. }), None) if consumed > 0 => (),
            (Ok(Event::NeedMoreInput { .. }), None) => return Err(Error::damaged(FORMAT, TRUNCATED)),
            (Ok(event), None) => return Ok(event),
        }
    }
}

fn decode_error(error: jxl::error::Error) -> Error {
    use jxl::error::Error as Jxl;
    match error {
        Jxl::OutOfBounds(_) | Jxl::SectionTooShort | Jxl::UnexpectedCodestreamBoxEnd => {
            Error::damaged(FORMAT, TRUNCATED)
        }
        // The size of the picture itself is below the limit.
        Jxl::ImageSizeTooLarge(..) => Error::unsupported(FORMAT, "frames larger than the picture"),
        other => Error::damaged(FORMAT, other.to_string()),
    }
}
