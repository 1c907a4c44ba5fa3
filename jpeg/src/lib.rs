//! A JPEG decoder and encoder for thumbnails. The decoder reads as much of a file as a picture of a reduced size needs,
//! and no more; the encoder writes small files for their look.
//!
//! # Reading
//!
//! Most of the time that a thumbnail of a photo takes goes into Huffman codes of coefficients that nobody will see.
//! At 1/8 only the mean of each block of 8 x 8 pixels matters, at `n`/8 its lowest `n` x `n` coefficients. This crate
//! skips the codes of all others, several at a time, decodes at several places of the file in turns and on several
//! threads, and reads of a progressive file only the scans that show.
//!
//! # Decoding a file to 1/8
//!
//! ```
//! use std::fs::File;
//! use std::io::BufReader;
//!
//! use thumbnail_jpeg::{Scale, decode};
//!
//! # fn main() -> Result<(), thumbnail_jpeg::Error> {
//! let file = File::open("../tests/data/photo-2048x1365.jpg").map_err(thumbnail_jpeg::Error::Read)?;
//! let mut pixels = Vec::new();
//! let summary = decode(BufReader::new(file), Scale::Eighth, |row| pixels.extend_from_slice(row))?;
//! assert_eq!((summary.width, summary.height), (256, 171));
//! assert_eq!(pixels.len(), 256 * 171 * 3);
//! assert_eq!(summary.lost, 0.0);
//! # Ok(())
//! # }
//! ```
//!
//! # Planning before decoding
//!
//! [`Head::read`] reads what stands before the first scan: size, components, metadata. From that the caller chooses a
//! scale and learns what decoding takes, and then reads on.
//!
//! ```
//! use thumbnail_jpeg::{Head, Scale, Wanted};
//!
//! # fn main() -> Result<(), thumbnail_jpeg::Error> {
//! let file = std::fs::read("../tests/data/photo-2048x878-progressive.jpg").map_err(thumbnail_jpeg::Error::Read)?;
//! let mut reader = file.as_slice();
//! let head = Head::read(&mut reader)?;
//!
//! // The smallest scale that leaves at least twice the 200 pixels of the thumbnail, if its memory is granted.
//! let is_enough = |scale: &Scale| head.frame.reduced(*scale).0 >= 400;
//! let scale = Scale::ALL.into_iter().find(is_enough).unwrap_or(Scale::Full);
//! assert_eq!(scale, Scale::Quarter);
//! assert!(head.memory(scale) < 4_000_000);
//!
//! let (width, height) = head.frame.reduced(scale);
//! let reduction = f64::from(width) / 200.0;
//! let mut rows = 0;
//! let summary = head.decode(reader, Wanted { reduction, ..Wanted::all(scale) }, |row| {
//!     assert_eq!(row.len(), width as usize * head.frame.components.len());
//!     rows += 1;
//!     Ok(())
//! })?;
//! assert_eq!(rows, height);
//! // Scans whose bits would not show at this size were not read.
//! assert!(summary.bytes_read < file.len() as u64);
//! # Ok(())
//! # }
//! ```
//!
//! # Writing
//!
//! [`Transformed::new`] makes coefficients of a picture, and [`Transformed::write`] a file of them, as often as asked:
//! a search for a quality transforms once.
//!
//! ```
//! use thumbnail_jpeg::{Channels, Order, Pixels, Sampling, Transformed, WriteOptions};
//!
//! # fn main() -> Result<(), thumbnail_jpeg::EncodeError> {
//! let samples: Vec<u8> = (0..120 * 80).flat_map(|at| [at as u8, 90, (at / 120) as u8]).collect();
//! let pixels = Pixels { width: 120, height: 80, samples: &samples, channels: Channels::Rgb };
//! let transformed = Transformed::new(&pixels, Sampling::Quarter)?;
//! let good = transformed.write(&WriteOptions::of_quality(80))?;
//! let progressive = WriteOptions { order: Order::Progressive, ..WriteOptions::of_quality(40) };
//! assert!(transformed.write(&progressive)?.len() < good.len());
//! # Ok(())
//! # }
//! ```
//!
//! Files are baseline or progressive, 8 bits, 4:4:4, 4:2:2, 4:2:0 or grey, with Huffman codes of the fewest bits. Tables
//! of quantisation were fitted to photographs by SSIMULACRA2 ([`Tables`]), a quality means a look like that of
//! libjpeg's quality of the same number ([`scale_of_quality`]), chroma of half the resolution is sharpened, and levels are
//! those of the least bits for their error ([`Effort`]). All arithmetic is in whole numbers, so that a picture gives
//! the same file on every processor.
//!
//! # Files read
//!
//! Read: baseline, extended sequential and progressive files of 8 bits a sample (ITU-T T.81, SOF0, SOF1, SOF2, and
//! SOF9 and SOF10 of arithmetic coding), of one, three or four components with any sampling factors, with restart
//! markers or without, in one scan or several; files whose height stands at their end ([`height_at_end`]); files
//! without Huffman tables, as in Motion JPEG. Refused, as [`Error::Unsupported`]: lossless and hierarchical processes,
//! 12 bits a sample, two components or more than four.
//!
//! Faults that libjpeg passes over are passed over here: stray bytes between segments, segments shorter than their own
//! length, components of one name, scans that come twice or lack those that they refine.
//!
//! # Pixels read
//!
//! Rows come from top to bottom, each as a slice of `width * components` bytes: grey, RGB or CMYK, interleaved, or plane
//! after plane ([`Wanted::is_planar`]). Inks
//! are 0 for none and 255 for full. The size is that of the file divided by the [reduction](Scale::reduction) of the
//! scale, fractions counting as one ([`Frame::reduced`]). `YCbCr` and YCCK are converted as by libjpeg; orientation
//! and colour profile are told ([`Metadata`]) and not applied.
//!
//! At [`Scale::Full`] pixels are those of libjpeg-turbo's accurate transform (`islow`) with fancy upsampling, bit by
//! bit. Chroma of less than half the resolution is an exception: libjpeg-turbo repeats its samples, and this crate
//! interpolates. At reduced scales each block is the scaled inverse transform of its lowest coefficients, a sharper
//! filter than the mean of pixels. Chroma of less than the full resolution is then made of more of its coefficients,
//! and interpolated only where all of them are too few.
//!
//! # Damage
//!
//! A file that is cut or damaged gives a picture as long as anything can be made of it. What is lost gets the colours
//! of the blocks above; how much that is, [`Summary::lost`] tells. It counts what filler stands for, too, such as the
//! zeros of a file that was never downloaded to its end, though that is decoded as if it were data. Only where nothing comes is it [`Error::Damaged`],
//! or [`Error::CutShort`]. No file makes this crate panic, and the result does not depend on how the bytes arrive,
//! nor on the number of threads.
//!
//! # Memory and work
//!
//! A sequential file of one scan takes some rows of blocks, whatever its height; all others the coefficients that the
//! scale keeps, of all blocks. [`Head::memory`] says how much before it is taken. Each byte is read once. Each block
//! is visited once for each scan, and there is a limit to scans that grows with the picture and with the file, so
//! that a small file cannot ask for endless work.
//!
//! # The way through the code
//!
//! | module | what it does | T.81 |
//! |---|---|---|
//! | `syntax::input` | finds markers and segments | B.1.1 |
//! | `syntax::{head, frame, tables, metadata}` | read what stands before a scan | B.2 |
//! | `syntax::{huffman, default_tables}` | decode single codes; the tables of files without any | C, F.2.2.3, K.3.3 |
//! | `entropy::window` | holds the data of a scan, without stuffing | B.1.1.5 |
//! | `entropy::units` | groups blocks to MCUs | A.2 |
//! | `entropy::{step_tables, lookup}` | decode or skip several codes with one look-up | F.2.2 |
//! | `entropy::{lanes, threads, sequential, mcus}` | decode a sequential scan at several places at once | E.2, F.2 |
//! | `entropy::filler` | tells data from what stands in its place | |
//! | `scans::{kept_scan, bits}` | go through a scan whose coefficients are kept | A.2, E.2 |
//! | `scans::progressive` | decodes the blocks of a progressive scan | G |
//! | `scans::arithmetic`, `entropy::binary` | decode the blocks of arithmetic coding | D, F.2.4, G.1.3 |
//! | `scans::{store, losses, stop_rule}` | keep coefficients of several scans, and decide when to stop | G.1.1 |
//! | `samples::{transform, passes, small_blocks}` | turn coefficients into samples of any size | A.3.3 |
//! | `samples::{streamed, rows, upsample, interpolate, color}` | turn samples into rows of pixels | A.1, A.2 |
//! | `decode` | puts all of that together | |
//! | `encode::{picture, color, chroma}` | turn pixels into rows of samples | A.1, A.2, A.3.1 |
//! | `encode::{transform, transformed}` | turn samples into coefficients | A.3.3 |
//! | `encode::{tables, quantise, trellis}` | turn coefficients into levels | A.3.4 |
//! | `encode::{huffman, symbols}` | find codes, count and write symbols | C, F.1.2, K.2 |
//! | `encode::{sequential, progressive, script}` | code the levels of scans | F.1, G.1 |
//! | `encode::{file, write}` | write segments, and put all of that together | B.2 |
//! | `vector` | SIMD | |
//!
//! `syntax` imports from no other folder, `entropy` from `syntax`, `samples` from both, and `scans` from all
//! three; `encode` imports from `syntax` the order of coefficients only.

#![forbid(unsafe_code)]

mod decode;
mod encode;
mod entropy;
mod error;
mod index;
mod samples;
mod scale;
mod scans;
mod syntax;
mod vector;

pub use crate::decode::decode;
pub use crate::encode::picture::{Channels, EncodeError, Pixels, Sampling};
pub use crate::encode::tables::{Tables, scale_of_quality};
pub use crate::encode::transformed::Transformed;
pub use crate::encode::write::{Effort, Order, WriteOptions};
pub use crate::error::Error;
pub use crate::scale::{Scale, Summary, Wanted};
pub use crate::scans::coefficients::{Coefficients, ComponentBlocks};
pub use crate::syntax::frame::{Coding, Component, Frame, Process};
pub use crate::syntax::head::{Head, height_at_end};
pub use crate::syntax::metadata::Metadata;

/// The examples of the README, which run as tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
