//! Decision about the manifest of a source: the object that describes all its thumbnails.
//!
//! A manifest is stored last and withdrawn first. So it never names a thumbnail that is missing, or that shows another
//! content than the manifest itself, except while another visit to the same source works on an older content.

use crate::recipe::RecipeHash;
use crate::reconcile::{Action, OnForeign, SeenThumbnail, SourceState, is_of};

/// Manifest of a visit.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub(super) struct ManifestState {
    /// Hash of everything but the source that decides its content.
    pub(super) hash: RecipeHash,
    /// Object under its key.
    pub(super) seen: SeenThumbnail,
    /// `true` once this round has stored it.
    pub(super) is_stored: bool,
}

impl ManifestState {
    /// Returns the action for the manifest. `thumbnails` are the objects under the keys of the thumbnails with their
    /// actions, and `can_make` says whether every thumbnail can be made of the source.
    pub(super) fn decide(
        &self,
        source: &SourceState,
        thumbnails: &[(Action, &SeenThumbnail)],
        can_make: bool,
        on_foreign: OnForeign,
    ) -> Action {
        let is_there = |(action, seen): &(Action, &SeenThumbnail)| match action {
            Action::Keep => matches!(seen, SeenThumbnail::Ours { .. }),
            Action::Make => true,
            Action::Leave | Action::Refuse | Action::Remove => false,
        };
        let is_complete = thumbnails.iter().all(is_there);
        let makes = is_complete && can_make;
        match &self.seen {
            SeenThumbnail::Absent if makes => Action::Make,
            SeenThumbnail::Foreign if makes => match on_foreign {
                OnForeign::Overwrite => Action::Make,
                OnForeign::Skip => Action::Leave,
            },
            SeenThumbnail::OfAnother(_) if makes => Action::Refuse,
            SeenThumbnail::Absent | SeenThumbnail::Foreign | SeenThumbnail::OfAnother(_) => Action::Keep,
            SeenThumbnail::Ours { content, recipe } => {
                let changes = thumbnails.iter().any(|(action, _)| *action == Action::Make);
                let is_current = source.content().is_some_and(|now| is_of(content.as_ref(), now));
                if is_complete && is_current && *recipe == self.hash && !changes {
                    Action::Keep
                } else if makes {
                    Action::Make
                } else {
                    Action::Remove
                }
            }
        }
    }

    /// Returns `true` if a thumbnail is missing, or made of another content than the manifest tells.
    pub(super) fn is_misleading(&self, recipes: &[RecipeHash], thumbnails: &[SeenThumbnail]) -> bool {
        let SeenThumbnail::Ours { content: told, recipe } = &self.seen else { return false };
        let Some(told) = told else { return true };
        let is_present = *recipe == self.hash;
        recipes.iter().zip(thumbnails).any(|(wanted, seen)| match seen {
            SeenThumbnail::Ours { content, recipe } => {
                !is_of(content.as_ref(), told) || (is_present && recipe != wanted)
            }
            SeenThumbnail::Absent | SeenThumbnail::Foreign | SeenThumbnail::OfAnother(_) => true,
        })
    }
}
