//! Pictures beside those of the function: previews, exact reductions, scores, and other formats at the same look.
//!
//! All of them are rendered by the function's own program, in processes that stay ([`renderer`]), from files of the latest
//! photo ([`source_files`]). Nothing here is stored in a bucket, and nothing replaces a run of the function: a preview is
//! shown until the run has ended, and the others come after it.
//!
//! - [`previews`]: thumbnails of changed settings within some tens of milliseconds;
//! - [`scores`]: SSIMULACRA2 of the thumbnails that the function stored, and the parts of the photo that they show;
//! - [`same_look`]: the quality at which another format has the same score.

mod compared;
mod picture_service;
mod pixels;
mod previews;
mod quality_search;
mod renderer;
mod same_look;
mod score;
mod scores;
mod shown_pictures;
mod source_files;

pub(super) use self::picture_service::PictureService;
pub(super) use self::previews::PreviewReport;
pub(super) use self::scores::ScoresReport;
