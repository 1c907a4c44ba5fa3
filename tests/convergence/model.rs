//! A model of COS with one source and its thumbnails, as visits see it.

use cos_thumbnailer::object::ETag;
use cos_thumbnailer::recipe::RecipeHash;
use cos_thumbnailer::reconcile::{FetchOutcome, SeenThumbnail, SourceState};

/// The content under the key of a source.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Content {
    /// An empty object, which its headers tell.
    Empty(u8),
    /// An image. Two with the same number have the same bytes.
    Image(u8),
    /// An image from which the first thumbnail cannot be made.
    Narrow(u8),
    /// A non-image, which only its content tells.
    Text(u8),
}

impl Content {
    pub fn etag(self) -> ETag {
        let (Self::Empty(number) | Self::Image(number) | Self::Narrow(number) | Self::Text(number)) = self;
        let kind = match self {
            Self::Empty(_) => 'e',
            Self::Image(_) => 'i',
            Self::Narrow(_) => 'n',
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
    /// True if the target bucket obeys `x-cos-forbid-overwrite`, which one with versioning ignores.
    pub obeys_forbid: bool,
}

impl Model {
    pub fn empty(thumbnails: usize, obeys_forbid: bool) -> Self {
        Self { source: None, thumbnails: vec![SeenThumbnail::Absent; thumbnails], obeys_forbid }
    }

    /// HEAD of the source.
    pub fn head(&self) -> SourceState {
        match self.source {
            None => SourceState::Gone,
            Some(empty @ Content::Empty(_)) => SourceState::NotAnImage(empty.etag()),
            Some(content) => SourceState::Image(content.etag()),
        }
    }

    /// GET of the source, and the result of decoding it.
    pub fn get(&self) -> FetchOutcome {
        let source = match self.source {
            Some(text @ Content::Text(_)) => SourceState::NotAnImage(text.etag()),
            Some(_) | None => self.head(),
        };
        let impossible = if matches!(self.source, Some(Content::Narrow(_))) { vec![0] } else { Vec::new() };
        FetchOutcome { source, impossible }
    }

    /// PUT of a thumbnail; true if it was refused because the key is taken.
    pub fn put(&mut self, number: usize, thumbnail: SeenThumbnail, only_if_absent: bool) -> bool {
        let refused = only_if_absent && self.obeys_forbid && self.thumbnails[number] != SeenThumbnail::Absent;
        if !refused {
            self.thumbnails[number] = thumbnail;
        }
        refused
    }

    /// The difference between the thumbnails and those of the current source, if any.
    pub fn wrong(&self, recipes: &[RecipeHash]) -> Option<String> {
        let is_right = |(number, seen): (usize, &SeenThumbnail)| match (self.source, seen) {
            (_, SeenThumbnail::Foreign | SeenThumbnail::OfAnother(_)) => true,
            (None | Some(Content::Empty(_) | Content::Text(_)), seen) => *seen == SeenThumbnail::Absent,
            (Some(Content::Narrow(_)), seen) if number == 0 => *seen == SeenThumbnail::Absent,
            (Some(content), SeenThumbnail::Ours { etag, recipe }) => {
                etag.as_ref() == Some(&content.etag()) && *recipe == recipes[number]
            }
            (Some(_), SeenThumbnail::Absent) => false,
        };
        let all_right = self.thumbnails.iter().enumerate().all(is_right);
        (!all_right).then(|| format!("{:?} has {:?}", self.source, self.thumbnails))
    }
}
