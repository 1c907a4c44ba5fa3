//! A COS of one source and its thumbnails, as far as visits see it.

use cos_thumbnailer::object::ETag;
use cos_thumbnailer::recipe::RecipeHash;
use cos_thumbnailer::reconcile::{FetchOutcome, SeenThumbnail, SourceState};

/// What lies under the key of a source.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Content {
    /// Nothing, and its headers say so.
    Empty(u8),
    /// A picture. Two with one number are the same, byte for byte.
    Picture(u8),
    /// A picture that cannot be made into the first of its thumbnails.
    Slim(u8),
    /// No picture, which only those find out who read it.
    Text(u8),
}

impl Content {
    pub fn etag(self) -> ETag {
        let (Self::Empty(number) | Self::Picture(number) | Self::Slim(number) | Self::Text(number)) = self;
        let kind = match self {
            Self::Empty(_) => 'e',
            Self::Picture(_) => 'p',
            Self::Slim(_) => 's',
            Self::Text(_) => 't',
        };
        ETag::parse(&format!("{kind}{number}")).unwrap()
    }
}

/// The part of COS that belongs to one source.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct Model {
    pub source: Option<Content>,
    pub thumbnails: Vec<SeenThumbnail>,
    /// Whether the target bucket heeds `x-cos-forbid-overwrite`: one that keeps versions does not.
    pub heeds_forbid: bool,
}

impl Model {
    pub fn empty(thumbnails: usize, heeds_forbid: bool) -> Self {
        Self { source: None, thumbnails: vec![SeenThumbnail::Absent; thumbnails], heeds_forbid }
    }

    /// HEAD of the source.
    pub fn head(&self) -> SourceState {
        match self.source {
            None => SourceState::Gone,
            Some(empty @ Content::Empty(_)) => SourceState::NotAnImage(empty.etag()),
            Some(content) => SourceState::Image(content.etag()),
        }
    }

    /// GET of the source, and what the pixels come to.
    pub fn get(&self) -> FetchOutcome {
        let source = match self.source {
            Some(text @ Content::Text(_)) => SourceState::NotAnImage(text.etag()),
            Some(_) | None => self.head(),
        };
        let impossible = if matches!(self.source, Some(Content::Slim(_))) { vec![0] } else { Vec::new() };
        FetchOutcome { source, impossible }
    }

    /// PUT of a thumbnail. Whether it was refused because something is there.
    pub fn put(&mut self, number: usize, thumbnail: SeenThumbnail, only_if_absent: bool) -> bool {
        let refused = only_if_absent && self.heeds_forbid && self.thumbnails[number] != SeenThumbnail::Absent;
        if !refused {
            self.thumbnails[number] = thumbnail;
        }
        refused
    }

    /// What is wrong with the thumbnails; nothing when they are those of the source as it is.
    pub fn wrong(&self, recipes: &[RecipeHash]) -> Option<String> {
        let is_right = |(number, seen): (usize, &SeenThumbnail)| match (self.source, seen) {
            (_, SeenThumbnail::Foreign | SeenThumbnail::OfAnother(_)) => true,
            (None | Some(Content::Empty(_) | Content::Text(_)), seen) => *seen == SeenThumbnail::Absent,
            (Some(Content::Slim(_)), seen) if number == 0 => *seen == SeenThumbnail::Absent,
            (Some(content), SeenThumbnail::Ours { etag, recipe }) => {
                etag.as_ref() == Some(&content.etag()) && *recipe == recipes[number]
            }
            (Some(_), SeenThumbnail::Absent) => false,
        };
        let all_right = self.thumbnails.iter().enumerate().all(is_right);
        (!all_right).then(|| format!("{:?} has {:?}", self.source, self.thumbnails))
    }
}
