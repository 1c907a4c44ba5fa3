//! Reconciliation of the target bucket with the current sources, for any number and order of events.
//!
//! An event only names a source to visit; nothing else of it is trusted. A visit requests the headers of the
//! source and of its thumbnails at the same time, and [`decide`] returns the action for each thumbnail.
//!
//! There is no network here. A [`Visit`] is a state machine that asks for one step after the other and is
//! told its result. Tests can therefore place other visits, crashes and changes of the source between any two
//! requests.
//!
//! A rule may have a manifest of all thumbnails of a source. It is one more object of the visit, stored last and
//! withdrawn first.
//!
//! The invariant: after every write the source is checked once more. So the last write to a thumbnail is
//! always followed by a check that finds it current, or its event is delivered again.

mod manifest;
mod stamp;
mod visit;

pub use self::stamp::{ManifestStamp, SourceName, Stamp, is_stamped, set_of};
pub use self::visit::{FetchOutcome, Visit, VisitEnd, VisitStep, Written};

use std::collections::BTreeMap;

use crate::object::ContentId;
use crate::recipe::RecipeHash;

/// State of a source.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub enum SourceState {
    /// Object with this content, of which no thumbnail can be made.
    NotAnImage(ContentId),
    /// No object.
    Gone,
    /// Object with this content, which may be an image.
    Image(ContentId),
}

impl SourceState {
    /// Returns the content; `None` when there is no object.
    #[must_use]
    pub fn content(&self) -> Option<&ContentId> {
        match self {
            Self::NotAnImage(content) | Self::Image(content) => Some(content),
            Self::Gone => None,
        }
    }
}

/// Object under the key of a thumbnail.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub enum SeenThumbnail {
    /// No object.
    Absent,
    /// Object without a stamp.
    Foreign,
    /// Thumbnail of another source.
    OfAnother(SourceName),
    /// Thumbnail of this source.
    Ours {
        /// Content that it was made from.
        content: Option<ContentId>,
        /// Recipe that it was made by.
        recipe: RecipeHash,
    },
}

impl SeenThumbnail {
    /// Reads the metadata (names without `x-cos-meta-`) of the object under the key of a thumbnail of `source`.
    #[must_use]
    pub fn of(meta: &BTreeMap<String, String>, source: &SourceName) -> Self {
        match Stamp::read(meta) {
            None => Self::Foreign,
            Some(stamp) if stamp.source == *source => {
                Self::Ours { content: stamp.content, recipe: stamp.recipe }
            }
            Some(stamp) => Self::OfAnother(stamp.source),
        }
    }
}

impl SeenThumbnail {
    /// Reads the metadata of the object under the key of the manifest of `source`. `set` is the result of [`set_of`] for the
    /// thumbnails that are there. A manifest of other files has no content that is known, and so is never current.
    #[must_use]
    pub fn of_manifest(meta: &BTreeMap<String, String>, source: &SourceName, set: Option<&str>) -> Self {
        match Self::of(meta, source) {
            Self::Ours { recipe, .. } if !ManifestStamp::describes(meta, set) => {
                Self::Ours { content: None, recipe }
            }
            seen => seen,
        }
    }
}

/// Treatment of foreign objects under the keys of thumbnails. They are never deleted.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub enum OnForeign {
    /// The thumbnail replaces the foreign object.
    Overwrite,
    /// The foreign object stays, and the thumbnail is not stored.
    #[default]
    Skip,
}

/// Action for one thumbnail.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Action {
    /// None: the thumbnail is current, or rightly missing.
    Keep,
    /// None: the key holds a foreign object.
    Leave,
    /// Make and upload the thumbnail.
    Make,
    /// None: the key holds the thumbnail of another source, which is an error.
    Refuse,
    /// Delete the thumbnail.
    Remove,
}

/// Returns the action for one thumbnail: a pure function of the source, the recipe and the object under the
/// key.
///
/// Contents that agree are the same, whatever the versions. If a source can no longer be made into a thumbnail,
/// a current thumbnail stays and a stale one is removed.
#[must_use]
pub fn decide(
    source: &SourceState,
    recipe: &RecipeHash,
    seen: &SeenThumbnail,
    on_foreign: OnForeign,
) -> Action {
    match (source, seen) {
        (
            SourceState::Gone | SourceState::NotAnImage(_),
            SeenThumbnail::Absent | SeenThumbnail::Foreign | SeenThumbnail::OfAnother(_),
        ) => Action::Keep,
        (SourceState::Gone, SeenThumbnail::Ours { .. }) => Action::Remove,
        (SourceState::NotAnImage(now), SeenThumbnail::Ours { content, .. }) => {
            if is_of(content.as_ref(), now) { Action::Keep } else { Action::Remove }
        }
        (SourceState::Image(_), SeenThumbnail::Absent) => Action::Make,
        (SourceState::Image(_), SeenThumbnail::Foreign) => match on_foreign {
            OnForeign::Overwrite => Action::Make,
            OnForeign::Skip => Action::Leave,
        },
        (SourceState::Image(_), SeenThumbnail::OfAnother(_)) => Action::Refuse,
        (SourceState::Image(now), SeenThumbnail::Ours { content, recipe: made_by }) => {
            if is_of(content.as_ref(), now) && made_by == recipe { Action::Keep } else { Action::Make }
        }
    }
}

/// Returns `true` if a stamp with `content` is of a source that is `now`.
fn is_of(content: Option<&ContentId>, now: &ContentId) -> bool {
    content.is_some_and(|content| content.agrees_with(now))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::object::{Bucket, Crc64, ETag, Key};
    use crate::recipe::Recipe;

    fn content(etag: &str) -> ContentId {
        ContentId { etag: ETag::parse(etag).unwrap(), length: Some(9), crc64: Crc64::parse("1") }
    }

    fn recipe(side: u32) -> RecipeHash {
        Recipe::fit_inside(side, side).hash_among(&[])
    }

    fn ours(etag: &str, side: u32) -> SeenThumbnail {
        SeenThumbnail::Ours { content: Some(content(etag)), recipe: recipe(side) }
    }

    #[test]
    fn every_state_has_one_action() {
        let other = SeenThumbnail::OfAnother(SourceName::new(
            &Bucket::parse("p-1").unwrap(),
            &Key::parse("b").unwrap(),
        ));
        let unknown = SeenThumbnail::Ours { content: None, recipe: recipe(9) };
        let (picture, not_an_image) =
            (SourceState::Image(content("new")), SourceState::NotAnImage(content("new")));
        let made_of = |length, crc64| {
            let content = ContentId { length, crc64, ..content("new") };
            SeenThumbnail::Ours { content: Some(content), recipe: recipe(9) }
        };
        let table = [
            // The object under the key; its action if the source is an image, if it is not one, and if it is
            // gone.
            (SeenThumbnail::Absent, Action::Make, Action::Keep, Action::Keep),
            (SeenThumbnail::Foreign, Action::Leave, Action::Keep, Action::Keep),
            (other, Action::Refuse, Action::Keep, Action::Keep),
            (ours("new", 9), Action::Keep, Action::Keep, Action::Remove),
            (ours("new", 8), Action::Make, Action::Keep, Action::Remove),
            (ours("old", 9), Action::Make, Action::Remove, Action::Remove),
            (unknown, Action::Make, Action::Remove, Action::Remove),
            // A stamp from before CRC-64 was stamped, and one of another content with the same ETag.
            (made_of(None, None), Action::Keep, Action::Keep, Action::Remove),
            (made_of(Some(9), Crc64::parse("2")), Action::Make, Action::Remove, Action::Remove),
            (made_of(Some(8), None), Action::Make, Action::Remove, Action::Remove),
        ];
        for (seen, if_picture, if_not_an_image, if_gone) in table {
            let decided = [&picture, &not_an_image, &SourceState::Gone]
                .map(|source| decide(source, &recipe(9), &seen, OnForeign::Skip));
            assert_eq!(decided, [if_picture, if_not_an_image, if_gone], "{seen:?}");
        }
    }

    #[test]
    fn foreign_objects_are_replaced_on_request_and_never_removed() {
        let of =
            |source: &SourceState| decide(source, &recipe(9), &SeenThumbnail::Foreign, OnForeign::Overwrite);
        assert_eq!(of(&SourceState::Image(content("new"))), Action::Make);
        assert_eq!(of(&SourceState::NotAnImage(content("new"))), Action::Keep);
        assert_eq!(of(&SourceState::Gone), Action::Keep);
    }
}
