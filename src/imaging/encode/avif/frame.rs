//! One AV1 frame: a still picture of one or three planes, by rav1e.

use std::sync::Arc;

use rav1e::prelude::{
    ChromaSampling, ColorDescription, ColorPrimaries, Config, Context, EncoderConfig, EncoderStatus, Frame,
    MatrixCoefficients, PixelRange, Rational, TransferCharacteristics,
};

use crate::imaging::encode::avif::container::CodedImage;
use crate::imaging::encode::avif::planes;
use crate::imaging::encode::avif::planes::Channels;
use crate::imaging::encode::avif::speed::Speed;
use crate::imaging::picture::{Picture, side};

/// A temporal delimiter, an open bitstream unit without content. Items of AVIF have none (AV1 Image File Format, 2.1).
const TEMPORAL_DELIMITER: &[u8] = &[0x12, 0x00];

/// An encoded frame.
pub(super) struct EncodedFrame {
    pub(super) image: CodedImage,
    /// The planes that every decoder makes of it.
    pub(super) decoded: Arc<Frame<u16>>,
}

/// Encodes planes of a picture. `has_profile` tells that an ICC profile describes the colours.
///
/// # Errors
/// The encoder's description.
pub(super) fn encode(
    picture: &Picture,
    channels: Channels,
    quantizer: u8,
    speed: Speed,
    has_profile: bool,
) -> Result<EncodedFrame, String> {
    let (width, height) = (side(picture.size.width), side(picture.size.height));
    let config = EncoderConfig {
        width,
        height,
        time_base: Rational::new(1, 1),
        sample_aspect_ratio: Rational::new(1, 1),
        bit_depth: 10,
        chroma_sampling: match channels {
            Channels::Colors => ChromaSampling::Cs420,
            Channels::Grey | Channels::Alpha => ChromaSampling::Cs400,
        },
        pixel_range: PixelRange::Full,
        color_description: color_description(channels, has_profile),
        still_picture: true,
        low_latency: true,
        min_key_frame_interval: 0,
        max_key_frame_interval: 0,
        quantizer: usize::from(quantizer),
        min_quantizer: quantizer,
        bitrate: 0,
        tiles: 1,
        speed_settings: speed.settings(),
        ..EncoderConfig::default()
    };
    let config = Config::new().with_encoder_config(config).with_threads(1);
    let mut context: Context<u16> = config.new_context().map_err(|error| error.to_string())?;
    let mut frame = context.new_frame();
    planes::fill(&mut frame.planes, picture, channels);
    context.send_frame(frame).map_err(|status| status.to_string())?;
    context.flush();
    let packet = loop {
        match context.receive_packet() {
            Ok(packet) => break packet,
            Err(EncoderStatus::Encoded) => {}
            Err(status) => return Err(status.to_string()),
        }
    };
    let units = packet.data;
    let units = match units.strip_prefix(TEMPORAL_DELIMITER) {
        Some(rest) => rest.to_vec(),
        None => units,
    };
    let planes = if channels == Channels::Colors { 3 } else { 1 };
    let image = CodedImage { units, configuration: context.container_sequence_header(), planes };
    let decoded = packet.rec.ok_or("the frame is not shown")?;
    Ok(EncodedFrame { image, decoded })
}

/// The meaning of the samples, as the container tells it; alpha has none.
fn color_description(channels: Channels, has_profile: bool) -> Option<ColorDescription> {
    let (color_primaries, transfer_characteristics) = if has_profile {
        (ColorPrimaries::Unspecified, TransferCharacteristics::Unspecified)
    } else {
        (ColorPrimaries::BT709, TransferCharacteristics::SRGB)
    };
    let matrix_coefficients = MatrixCoefficients::BT601;
    let description = ColorDescription { color_primaries, transfer_characteristics, matrix_coefficients };
    (channels != Channels::Alpha).then_some(description)
}
