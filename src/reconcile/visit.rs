//! Visit to one source, from the first look at it and its thumbnails to the check that finds them current.
//!
//! The state machine knows results only, not how they were obtained. It ends after a bounded number of
//! rounds.

#[cfg(test)]
mod tests;

use crate::recipe::RecipeHash;
use crate::reconcile::manifest::ManifestState;
use crate::reconcile::{Action, OnForeign, SeenThumbnail, SourceState, decide};

/// Most rounds of a visit that changes of the source or other writers overtake. After these its event has to be
/// delivered again.
const ROUNDS: u32 = 3;

/// Next step of a visit.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub enum VisitStep {
    /// No further step.
    End(VisitEnd),
    /// Read the source and make its thumbnails; then call [`Visit::on_fetched`].
    Fetch,
    /// Request the headers of the source, and those of [`VisitStep::HeadThumbnails`] at the same time; then call
    /// [`Visit::on_first_look`].
    FirstLook,
    /// Request the headers of the source; then call [`Visit::on_source`].
    HeadSource,
    /// Request the headers of the objects under the keys of the thumbnails and of the manifest; then call
    /// [`Visit::on_thumbnails`].
    HeadThumbnails,
    /// Upload the manifest; then call [`Visit::on_manifest_stored`].
    StoreManifest,
    /// Delete the manifest; then call [`Visit::on_manifest_withdrawn`].
    WithdrawManifest,
    /// Carry out one action for each thumbnail; then call [`Visit::on_written`].
    Write(Vec<Action>),
}

/// End of a visit.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum VisitEnd {
    /// The source changed, or another writer was first, in every round. The event has to be delivered again.
    NotConverged,
    /// The last check found every thumbnail as it should be.
    Converged,
}

/// Result of reading a source.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct FetchOutcome {
    /// State of the source: [`SourceState::NotAnImage`] when none of its thumbnails can be made.
    pub source: SourceState,
    /// Numbers of the thumbnails that cannot be made of it, although others can.
    pub impossible: Vec<usize>,
}

/// Result of the actions for all thumbnails.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Written {
    /// `true` if another writer was first at a missing key.
    pub lost_race: bool,
    /// `true` if every thumbnail that was to be made is stored.
    pub is_complete: bool,
}

/// State of a visit.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct Visit {
    /// Recipe of each thumbnail.
    recipes: Vec<RecipeHash>,
    on_foreign: OnForeign,
    round: u32,
    /// Source in its latest known state.
    source: Option<SourceState>,
    /// Numbers of the thumbnails that cannot be made of this source; `None` before it was read.
    impossible: Option<Vec<usize>>,
    seen: Vec<SeenThumbnail>,
    /// `None` if the rule has no manifest.
    manifest: Option<ManifestState>,
    /// `true` if a thumbnail of this round could not be stored.
    is_incomplete: bool,
    /// `true` if something was written since the last check of the source.
    unverified: bool,
    next: VisitStep,
}

impl Visit {
    /// Starts a visit to a source with one thumbnail for each recipe.
    #[must_use]
    pub fn new(recipes: Vec<RecipeHash>, on_foreign: OnForeign) -> Self {
        Self {
            recipes,
            on_foreign,
            round: 1,
            source: None,
            impossible: None,
            seen: Vec::new(),
            manifest: None,
            is_incomplete: false,
            unverified: false,
            next: VisitStep::FirstLook,
        }
    }

    /// The visit, with a manifest of the thumbnails that has this hash.
    #[must_use]
    pub fn with_manifest(self, hash: RecipeHash) -> Self {
        let manifest = ManifestState { hash, seen: SeenThumbnail::Absent, is_stored: false };
        Self { manifest: Some(manifest), ..self }
    }

    /// Returns the next step.
    #[must_use]
    pub fn step(&self) -> &VisitStep {
        &self.next
    }

    /// Returns the latest known state of the source.
    #[must_use]
    pub fn source(&self) -> Option<&SourceState> {
        self.source.as_ref()
    }

    /// Returns the objects under the keys of the thumbnails, in their order.
    #[must_use]
    pub fn seen(&self) -> &[SeenThumbnail] {
        &self.seen
    }

    /// Returns the object under the key of the manifest, if the rule has one.
    #[must_use]
    pub fn seen_manifest(&self) -> Option<&SeenThumbnail> {
        self.manifest.as_ref().map(|manifest| &manifest.seen)
    }

    /// Returns the action for each thumbnail; empty before the state of the source is known.
    #[must_use]
    pub fn actions(&self) -> Vec<Action> {
        self.source.as_ref().map(|source| self.actions_for(source)).unwrap_or_default()
    }

    /// Returns the action for the manifest; [`Action::Keep`] if the rule has none.
    #[must_use]
    pub fn manifest_action(&self) -> Action {
        self.source.as_ref().map_or(Action::Keep, |source| self.manifest_action_for(source))
    }

    fn manifest_action_for(&self, source: &SourceState) -> Action {
        let Some(manifest) = &self.manifest else { return Action::Keep };
        let thumbnails: Vec<_> = self.actions_for(source).into_iter().zip(&self.seen).collect();
        let can_make =
            matches!(source, SourceState::Image(_)) && self.impossible.as_ref().is_none_or(Vec::is_empty);
        manifest.decide(source, &thumbnails, can_make, self.on_foreign)
    }

    fn actions_for(&self, source: &SourceState) -> Vec<Action> {
        let impossible = self.impossible.as_deref().unwrap_or_default();
        let thumbnails = self.recipes.iter().zip(&self.seen).enumerate();
        thumbnails
            .map(|(number, (recipe, seen))| match source {
                SourceState::Image(content) if impossible.contains(&number) => {
                    decide(&SourceState::NotAnImage(content.clone()), recipe, seen, self.on_foreign)
                }
                source => decide(source, recipe, seen, self.on_foreign),
            })
            .collect()
    }

    /// Notes that a thumbnail cannot be made of the source, which has turned out after it was fetched.
    pub fn set_impossible(&mut self, number: usize) {
        self.impossible.get_or_insert_default().push(number);
    }

    /// Returns `true` if a source in this state has to be read. Otherwise [`VisitStep::Fetch`] needs no body.
    #[must_use]
    pub fn needs_fetch(&self, source: &SourceState) -> bool {
        let is_missing = |(recipe, seen)| decide(source, recipe, seen, self.on_foreign) == Action::Make;
        self.recipes.iter().zip(&self.seen).any(is_missing)
            || self.manifest_action_for(source) == Action::Make
    }

    /// Takes the result of [`VisitStep::FirstLook`]. Source and thumbnails may have been looked at in any order.
    pub fn on_first_look(&mut self, source: SourceState, seen: Vec<SeenThumbnail>, manifest: SeenThumbnail) {
        self.source = Some(source);
        self.on_thumbnails(seen, manifest);
    }

    /// Takes the result of [`VisitStep::HeadThumbnails`]. The manifest of a rule without one is not looked at.
    pub fn on_thumbnails(&mut self, seen: Vec<SeenThumbnail>, manifest: SeenThumbnail) {
        self.seen = seen;
        if let Some(known) = &mut self.manifest {
            known.seen = manifest;
        }
        // Readers are better off without it, whatever the source is.
        self.next =
            if self.manifest.as_ref().is_some_and(|known| known.is_misleading(&self.recipes, &self.seen)) {
                VisitStep::WithdrawManifest
            } else {
                self.next_step()
            };
    }

    /// Takes the result of [`VisitStep::WithdrawManifest`].
    pub fn on_manifest_withdrawn(&mut self) {
        self.unverified = true;
        if let Some(manifest) = &mut self.manifest {
            manifest.seen = SeenThumbnail::Absent;
        }
        self.next = self.next_step();
    }

    /// Takes the result of [`VisitStep::HeadSource`], which checks what was written.
    pub fn on_source(&mut self, source: SourceState) {
        self.unverified = false;
        let is_same = match self.source.as_ref().map(|known| (known.content(), source.content())) {
            Some((Some(known), Some(now))) => known.agrees_with(now),
            Some((None, None)) => true,
            Some((None, Some(_)) | (Some(_), None)) | None => false,
        };
        if !is_same {
            self.source = Some(source);
            self.impossible = None;
            self.start_next_round();
        } else if self.is_manifest_due() {
            self.next = VisitStep::StoreManifest;
        } else {
            self.next = VisitStep::End(VisitEnd::Converged);
        }
    }

    /// Takes the result of [`VisitStep::Fetch`].
    pub fn on_fetched(&mut self, outcome: FetchOutcome) {
        self.source = Some(outcome.source);
        self.impossible = Some(outcome.impossible);
        self.next = self.next_step();
    }

    /// Takes the result of [`VisitStep::Write`].
    pub fn on_written(&mut self, written: Written) {
        self.unverified = true;
        self.is_incomplete = !written.is_complete;
        if written.lost_race {
            self.start_next_round();
        } else {
            self.next = VisitStep::HeadSource;
        }
    }

    /// Takes the result of [`VisitStep::StoreManifest`]. `lost_race` means that another writer was first.
    pub fn on_manifest_stored(&mut self, lost_race: bool) {
        self.unverified = true;
        if lost_race {
            self.start_next_round();
        } else {
            if let Some(manifest) = &mut self.manifest {
                manifest.is_stored = true;
            }
            self.next = VisitStep::HeadSource;
        }
    }

    /// Returns `true` if all thumbnails are there and only the manifest is to be stored.
    fn is_manifest_due(&self) -> bool {
        let is_stored = self.manifest.as_ref().is_none_or(|manifest| manifest.is_stored);
        !is_stored && !self.is_incomplete && self.manifest_action() == Action::Make
    }

    fn start_next_round(&mut self) {
        self.round = self.round.saturating_add(1);
        self.is_incomplete = false;
        if let Some(manifest) = &mut self.manifest {
            manifest.is_stored = false;
        }
        self.next = if self.round > ROUNDS {
            VisitStep::End(VisitEnd::NotConverged)
        } else {
            VisitStep::HeadThumbnails
        };
    }

    /// Derives the next step from the known source, thumbnails and manifest.
    fn next_step(&mut self) -> VisitStep {
        let (actions, manifest) = (self.actions(), self.manifest_action());
        let makes = actions.contains(&Action::Make);
        let has_manifest = matches!(self.seen_manifest(), Some(SeenThumbnail::Ours { .. }));
        if (makes || manifest == Action::Make) && self.impossible.is_none() {
            VisitStep::Fetch
        } else if makes || actions.contains(&Action::Remove) {
            if has_manifest { VisitStep::WithdrawManifest } else { VisitStep::Write(actions) }
        } else if manifest == Action::Remove {
            VisitStep::WithdrawManifest
        } else if self.unverified || manifest == Action::Make {
            // A manifest is stored only directly after a look at the source.
            self.unverified = true;
            VisitStep::HeadSource
        } else {
            VisitStep::End(VisitEnd::Converged)
        }
    }
}
