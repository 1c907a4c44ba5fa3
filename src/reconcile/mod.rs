//! How the target bucket comes to hold the thumbnails of the current sources, whatever events come, how often and in
//! which order.
//!
//! Nothing depends on what an event says: it only names a source to visit. A visit looks at the source and at what
//! lies under the keys of its thumbnails, and [`decide`] says what is to be done. There is no network in here: a
//! [`Visit`] asks for one step after the other and is told what came of it, so that tests can put any two visits, a
//! crash and a change of the source between any two of their requests.
//!
//! The invariant: after every write the source is looked at once more. So the last write to a thumbnail is always
//! followed by a look that finds it right, or its event is delivered again.

mod stamp;
mod visit;

pub use self::stamp::{SourceName, Stamp, is_stamped};
pub use self::visit::{FetchOutcome, SourceRequest, Visit, VisitEnd, VisitStep};

use crate::object::ETag;
use crate::recipe::RecipeHash;

/// What is known of a source.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub enum SourceState {
    /// An object with this content, of which no thumbnail can be made.
    NotAnImage(ETag),
    /// There is none.
    Gone,
    /// An object with this content, which may be a picture.
    Image(ETag),
}

impl SourceState {
    /// Names the content; `None` when there is no object.
    #[must_use]
    pub fn etag(&self) -> Option<&ETag> {
        match self {
            Self::NotAnImage(etag) | Self::Image(etag) => Some(etag),
            Self::Gone => None,
        }
    }
}

/// What lies under the key of a thumbnail.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub enum SeenThumbnail {
    /// Nothing.
    Absent,
    /// An object that bears no stamp.
    Foreign,
    /// A thumbnail of another source.
    OfAnother(SourceName),
    /// A thumbnail of this source.
    Ours {
        /// The content that it was made from.
        etag: Option<ETag>,
        /// How it was made.
        recipe: RecipeHash,
    },
}

/// What becomes of an object that somebody else put under the key of a thumbnail. It is never deleted.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub enum OnForeign {
    /// The thumbnail takes its place.
    Overwrite,
    /// It stays, and the thumbnail is not stored.
    #[default]
    Skip,
}

/// What is to be done about one thumbnail.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Action {
    /// Nothing: it is as it should be.
    Keep,
    /// Nothing: the object there is somebody else's.
    Leave,
    /// Make it, and store it.
    Make,
    /// Nothing: the key belongs to another source.
    Refuse,
    /// Take it away.
    Remove,
}

/// Decides about one thumbnail: a pure function of the source, the recipe and what lies under the thumbnail's key.
///
/// Two things with one ETag have the same content, whatever their versions. A thumbnail that cannot be made of the
/// source as it is now stays as long as it shows that same content, and goes when it shows an older one.
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
        (SourceState::NotAnImage(now), SeenThumbnail::Ours { etag, .. }) => {
            if etag.as_ref() == Some(now) {
                Action::Keep
            } else {
                Action::Remove
            }
        }
        (SourceState::Image(_), SeenThumbnail::Absent) => Action::Make,
        (SourceState::Image(_), SeenThumbnail::Foreign) => match on_foreign {
            OnForeign::Overwrite => Action::Make,
            OnForeign::Skip => Action::Leave,
        },
        (SourceState::Image(_), SeenThumbnail::OfAnother(_)) => Action::Refuse,
        (SourceState::Image(now), SeenThumbnail::Ours { etag, recipe: made_by }) => {
            if etag.as_ref() == Some(now) && made_by == recipe { Action::Keep } else { Action::Make }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::object::{Bucket, Key};
    use crate::recipe::Recipe;

    fn etag(text: &str) -> ETag {
        ETag::parse(text).unwrap()
    }

    fn recipe(side: u32) -> RecipeHash {
        Recipe::fit_inside(side, side).hash_among(&[])
    }

    fn ours(content: &str, side: u32) -> SeenThumbnail {
        SeenThumbnail::Ours { etag: Some(etag(content)), recipe: recipe(side) }
    }

    #[test]
    fn every_state_has_one_action() {
        let other = SeenThumbnail::OfAnother(SourceName::new(
            &Bucket::parse("p-1").unwrap(),
            &Key::parse("b").unwrap(),
        ));
        let unknown = SeenThumbnail::Ours { etag: None, recipe: recipe(9) };
        let (picture, barren) = (SourceState::Image(etag("new")), SourceState::NotAnImage(etag("new")));
        let table = [
            // What lies there: if the source is a picture, if none can be made of it, if it is gone.
            (SeenThumbnail::Absent, Action::Make, Action::Keep, Action::Keep),
            (SeenThumbnail::Foreign, Action::Leave, Action::Keep, Action::Keep),
            (other, Action::Refuse, Action::Keep, Action::Keep),
            (ours("new", 9), Action::Keep, Action::Keep, Action::Remove),
            (ours("new", 8), Action::Make, Action::Keep, Action::Remove),
            (ours("old", 9), Action::Make, Action::Remove, Action::Remove),
            (unknown, Action::Make, Action::Remove, Action::Remove),
        ];
        for (seen, if_picture, if_barren, if_gone) in table {
            let decided = [&picture, &barren, &SourceState::Gone]
                .map(|source| decide(source, &recipe(9), &seen, OnForeign::Skip));
            assert_eq!(decided, [if_picture, if_barren, if_gone], "{seen:?}");
        }
    }

    #[test]
    fn foreign_objects_are_replaced_on_request_and_never_removed() {
        let of =
            |source: &SourceState| decide(source, &recipe(9), &SeenThumbnail::Foreign, OnForeign::Overwrite);
        assert_eq!(of(&SourceState::Image(etag("new"))), Action::Make);
        assert_eq!(of(&SourceState::NotAnImage(etag("new"))), Action::Keep);
        assert_eq!(of(&SourceState::Gone), Action::Keep);
    }
}
