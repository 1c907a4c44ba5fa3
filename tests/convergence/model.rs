//! A model of COS with one source and its thumbnails, as visits see it.

use cos_thumbnailer::object::{ContentId, Crc64, ETag};
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
    /// Another image with the ETag and the length of the image with this number.
    Twin(u8),
    /// A non-image, which only its content tells.
    Text(u8),
}

impl Content {
    /// What the headers tell of the content. Two contents that are not the same differ in it.
    pub fn id(self) -> ContentId {
        let (kind, number, crc64) = match self {
            Self::Empty(number) => ('e', number, "1"),
            Self::Image(number) => ('i', number, "1"),
            Self::Narrow(number) => ('n', number, "1"),
            Self::Twin(number) => ('i', number, "2"),
            Self::Text(number) => ('t', number, "1"),
        };
        let etag = ETag::parse(&format!("{kind}{number}")).unwrap();
        ContentId { etag, length: Some(u64::from(kind != 'e')), crc64: Crc64::parse(crc64) }
    }
}

/// The part of COS that belongs to one source.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct Model {
    pub source: Option<Content>,
    pub thumbnails: Vec<SeenThumbnail>,
    /// Object under the key of the manifest; `None` if the rule has none.
    pub manifest: Option<SeenThumbnail>,
    /// True if the target bucket obeys `x-cos-forbid-overwrite`, which one with versioning ignores.
    pub obeys_forbid: bool,
    /// True if the store names the CRC-64 of a content. Without it no content has a twin.
    pub names_crc64: bool,
}

impl Model {
    pub fn empty(thumbnails: usize, obeys_forbid: bool) -> Self {
        Self {
            source: None,
            thumbnails: vec![SeenThumbnail::Absent; thumbnails],
            manifest: None,
            obeys_forbid,
            names_crc64: true,
        }
    }

    /// What the headers of this store tell of a content.
    fn id(&self, content: Content) -> ContentId {
        let id = content.id();
        ContentId { crc64: id.crc64.filter(|_| self.names_crc64), ..id }
    }

    /// HEAD of the source.
    pub fn head(&self) -> SourceState {
        match self.source {
            None => SourceState::Gone,
            Some(empty @ Content::Empty(_)) => SourceState::NotAnImage(self.id(empty)),
            Some(content) => SourceState::Image(self.id(content)),
        }
    }

    /// GET of the source, and the result of decoding it.
    pub fn get(&self) -> FetchOutcome {
        let source = match self.source {
            Some(text @ Content::Text(_)) => SourceState::NotAnImage(self.id(text)),
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

    /// PUT of the manifest; true if it was refused because the key is taken.
    pub fn put_manifest(&mut self, manifest: SeenThumbnail, only_if_absent: bool) -> bool {
        let is_taken = self.manifest != Some(SeenThumbnail::Absent);
        let refused = only_if_absent && self.obeys_forbid && is_taken;
        if !refused {
            self.manifest = Some(manifest);
        }
        refused
    }

    /// The manifest, if it names a thumbnail that is missing or shows another content than it tells.
    pub fn misleads(&self, recipes: &[RecipeHash]) -> Option<String> {
        let Some(SeenThumbnail::Ours { content: told, .. }) = &self.manifest else { return None };
        let is_named = |(recipe, seen): (&RecipeHash, &SeenThumbnail)| {
            *seen == SeenThumbnail::Ours { content: told.clone(), recipe: recipe.clone() }
        };
        let all_named = recipes.iter().zip(&self.thumbnails).all(is_named);
        (!all_named).then(|| format!("the manifest tells {told:?} of {:?}", self.thumbnails))
    }

    /// The difference between the thumbnails and those of the current source, if any.
    pub fn wrong(&self, recipes: &[RecipeHash]) -> Option<String> {
        let is_right = |(number, seen): (usize, &SeenThumbnail)| match (self.source, seen) {
            (_, SeenThumbnail::Foreign | SeenThumbnail::OfAnother(_)) => true,
            (None | Some(Content::Empty(_) | Content::Text(_)), seen) => *seen == SeenThumbnail::Absent,
            (Some(Content::Narrow(_)), seen) if number == 0 => *seen == SeenThumbnail::Absent,
            (Some(now), SeenThumbnail::Ours { content, recipe }) => {
                content.as_ref() == Some(&self.id(now)) && *recipe == recipes[number]
            }
            (Some(_), SeenThumbnail::Absent) => false,
        };
        let all_right = self.thumbnails.iter().enumerate().all(is_right);
        (!all_right || !self.is_manifest_right())
            .then(|| format!("{:?} has {:?} and {:?}", self.source, self.thumbnails, self.manifest))
    }

    /// True if there is a manifest of the current source exactly if all its thumbnails are there.
    fn is_manifest_right(&self) -> bool {
        let is_ours = |seen: &SeenThumbnail| matches!(seen, SeenThumbnail::Ours { .. });
        match (&self.manifest, self.source) {
            (None | Some(SeenThumbnail::Foreign | SeenThumbnail::OfAnother(_)), _) => true,
            (Some(SeenThumbnail::Absent), _) => !self.thumbnails.iter().all(is_ours),
            (Some(SeenThumbnail::Ours { content, recipe }), Some(now)) => {
                // A foreign object may have come after it, without an event.
                self.thumbnails.iter().all(|seen| is_ours(seen) || *seen == SeenThumbnail::Foreign)
                    && content.as_ref() == Some(&self.id(now))
                    && *recipe == manifest_hash()
            }
            (Some(SeenThumbnail::Ours { .. }), None) => false,
        }
    }
}

/// The hash of every manifest.
pub fn manifest_hash() -> RecipeHash {
    RecipeHash::from_stamp("manifest")
}
