//! One visit to a source: from the first look at its thumbnails to the look that finds everything right.

use crate::object::ETag;
use crate::recipe::RecipeHash;
use crate::reconcile::{Action, OnForeign, SeenThumbnail, SourceState, decide};

/// Times a visit begins anew because the source changed meanwhile. Then its event is left to be delivered again.
const ROUNDS: u32 = 3;

/// How a visit learns of the source when its thumbnails do not look finished.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum SourceRequest {
    /// It reads the source at once: there probably is one, and its thumbnails are to be made.
    Get,
    /// It asks for the headers first: there probably is nothing to read.
    Head,
}

/// What a visit needs done next.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub enum VisitStep {
    /// Nothing more.
    End(VisitEnd),
    /// Read the source and make its thumbnails; answered by [`Visit::on_fetched`].
    Fetch,
    /// Ask for the headers of the source; answered by [`Visit::on_source`].
    HeadSource,
    /// Ask for the headers of what lies under the keys of the thumbnails; answered by [`Visit::on_thumbnails`].
    HeadThumbnails,
    /// Carry this out, one action for each thumbnail; answered by [`Visit::on_written`].
    Write(Vec<Action>),
}

/// How a visit ends.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum VisitEnd {
    /// The source changed again and again. Its event has to be delivered once more.
    SourceKeepsChanging,
    /// Everything was right when it was looked at last.
    Converged,
}

/// What became of a source that was read.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct FetchOutcome {
    /// What it was: [`SourceState::NotAnImage`] when none of its thumbnails can be made.
    pub source: SourceState,
    /// The thumbnails that cannot be made of it, although others can; by number.
    pub impossible: Vec<usize>,
}

/// The state of a visit.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct Visit {
    /// One for each thumbnail.
    recipes: Vec<RecipeHash>,
    on_foreign: OnForeign,
    first_request: SourceRequest,
    /// The content that the event names. It may be an old one: no more than a hint whether reading will be needed.
    event_etag: Option<ETag>,
    round: u32,
    /// The source as it was seen last.
    source: Option<SourceState>,
    /// What its thumbnails are known to be impossible of, once it has been read.
    impossible: Option<Vec<usize>>,
    seen: Vec<SeenThumbnail>,
    /// Whether something was written since the source was looked at last.
    unverified: bool,
    next: VisitStep,
}

impl Visit {
    /// Begins a visit to a source with a thumbnail for each of `recipes`. `event_etag` is the content that the event names.
    #[must_use]
    pub fn new(
        recipes: Vec<RecipeHash>,
        on_foreign: OnForeign,
        first_request: SourceRequest,
        event_etag: Option<ETag>,
    ) -> Self {
        Self {
            recipes,
            on_foreign,
            first_request,
            event_etag,
            round: 1,
            source: None,
            impossible: None,
            seen: Vec::new(),
            unverified: false,
            next: VisitStep::HeadThumbnails,
        }
    }

    /// What is to be done next.
    #[must_use]
    pub fn step(&self) -> &VisitStep {
        &self.next
    }

    /// The source as it was seen last.
    #[must_use]
    pub fn source(&self) -> Option<&SourceState> {
        self.source.as_ref()
    }

    /// What lay under the keys of the thumbnails, in their order.
    #[must_use]
    pub fn seen(&self) -> &[SeenThumbnail] {
        &self.seen
    }

    /// What is to be done about each thumbnail as far as is known; nothing before the source was seen.
    #[must_use]
    pub fn actions(&self) -> Vec<Action> {
        let Some(source) = &self.source else { return Vec::new() };
        let impossible = self.impossible.as_deref().unwrap_or_default();
        let thumbnails = self.recipes.iter().zip(&self.seen).enumerate();
        thumbnails
            .map(|(number, (recipe, seen))| match source {
                SourceState::Image(etag) if impossible.contains(&number) => {
                    decide(&SourceState::NotAnImage(etag.clone()), recipe, seen, self.on_foreign)
                }
                source => decide(source, recipe, seen, self.on_foreign),
            })
            .collect()
    }

    /// Whether a source with this content has to be read. If not, [`VisitStep::Fetch`] is answered without.
    #[must_use]
    pub fn needs_fetch(&self, source: &SourceState) -> bool {
        let is_missing = |(recipe, seen)| decide(source, recipe, seen, self.on_foreign) == Action::Make;
        self.recipes.iter().zip(&self.seen).any(is_missing)
    }

    /// Answers [`VisitStep::HeadThumbnails`].
    pub fn on_thumbnails(&mut self, seen: Vec<SeenThumbnail>) {
        self.seen = seen;
        self.next = if self.source.is_some() {
            self.next_step()
        } else if self.first_request == SourceRequest::Head || self.seems_current() {
            VisitStep::HeadSource
        } else {
            VisitStep::Fetch
        };
    }

    /// Answers [`VisitStep::HeadSource`].
    pub fn on_source(&mut self, source: SourceState) {
        let verified = std::mem::take(&mut self.unverified);
        let same = self.source.as_ref().map(SourceState::etag) == Some(source.etag());
        if verified && same {
            self.next = VisitStep::End(VisitEnd::Converged);
        } else if verified {
            self.source = Some(source);
            self.impossible = None;
            self.start_next_round();
        } else {
            self.source = Some(source);
            self.next = self.next_step();
        }
    }

    /// Answers [`VisitStep::Fetch`].
    pub fn on_fetched(&mut self, outcome: FetchOutcome) {
        self.source = Some(outcome.source);
        self.impossible = Some(outcome.impossible);
        self.next = self.next_step();
    }

    /// Answers [`VisitStep::Write`]. `lost_race` tells that somebody else stored something first where nothing was.
    pub fn on_written(&mut self, lost_race: bool) {
        self.unverified = true;
        if lost_race {
            self.start_next_round();
        } else {
            self.next = VisitStep::HeadSource;
        }
    }

    fn start_next_round(&mut self) {
        self.round = self.round.saturating_add(1);
        self.next = if self.round > ROUNDS {
            VisitStep::End(VisitEnd::SourceKeepsChanging)
        } else {
            VisitStep::HeadThumbnails
        };
    }

    /// Whether nothing would have to be done if the source had the content that its event names, or else its thumbnails.
    fn seems_current(&self) -> bool {
        let named = self.seen.iter().find_map(|seen| match seen {
            SeenThumbnail::Ours { etag, .. } => etag.clone(),
            SeenThumbnail::Absent | SeenThumbnail::Foreign | SeenThumbnail::OfAnother(_) => None,
        });
        match self.event_etag.clone().or(named) {
            Some(etag) => !self.needs_fetch(&SourceState::Image(etag)),
            None => self
                .seen
                .iter()
                .all(|seen| matches!(seen, SeenThumbnail::Foreign | SeenThumbnail::OfAnother(_))),
        }
    }

    /// What follows from the source and the thumbnails as they were seen.
    fn next_step(&self) -> VisitStep {
        let actions = self.actions();
        if actions.contains(&Action::Make) && self.impossible.is_none() {
            VisitStep::Fetch
        } else if actions.contains(&Action::Make) || actions.contains(&Action::Remove) {
            VisitStep::Write(actions)
        } else if self.unverified {
            VisitStep::HeadSource
        } else {
            VisitStep::End(VisitEnd::Converged)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(name: &str) -> SourceState {
        SourceState::Image(ETag::parse(name).unwrap())
    }

    fn fetched(source: SourceState) -> FetchOutcome {
        FetchOutcome { source, impossible: Vec::new() }
    }

    fn recipe() -> RecipeHash {
        RecipeHash::from_stamp("recipe")
    }

    fn visit(told: Option<&str>) -> Visit {
        let told = told.map(|etag| ETag::parse(etag).unwrap());
        Visit::new(vec![recipe()], OnForeign::Skip, SourceRequest::Get, told)
    }

    fn ours(etag: &str) -> Vec<SeenThumbnail> {
        vec![SeenThumbnail::Ours { etag: ETag::parse(etag).ok(), recipe: recipe() }]
    }

    #[test]
    fn a_source_that_never_rests_ends_the_visit() {
        let mut visit = visit(None);
        for round in 0..ROUNDS {
            visit.on_thumbnails(vec![SeenThumbnail::Absent]);
            visit.on_fetched(fetched(picture(&format!("{round}"))));
            assert_eq!(*visit.step(), VisitStep::Write(vec![Action::Make]), "round {round}");
            visit.on_written(false);
            visit.on_source(picture(&format!("{round}, and then another").replace(' ', "")));
        }
        assert_eq!(*visit.step(), VisitStep::End(VisitEnd::SourceKeepsChanging));
    }

    #[test]
    fn what_the_event_names_is_only_a_hint() {
        for (told, step) in [
            (None, VisitStep::HeadSource),
            (Some("old"), VisitStep::HeadSource),
            (Some("new"), VisitStep::Fetch),
        ] {
            let mut visit = visit(told);
            visit.on_thumbnails(ours("old"));
            assert_eq!(*visit.step(), step, "{told:?}");
        }
        let mut late = visit(Some("older"));
        late.on_thumbnails(ours("newest"));
        assert!(!late.needs_fetch(&picture("newest")), "its body need not be read");
        late.on_fetched(fetched(picture("newest")));
        assert_eq!(*late.step(), VisitStep::End(VisitEnd::Converged));
    }

    #[test]
    fn who_was_beaten_looks_at_the_thumbnails_again_and_at_the_source_before_the_end() {
        let mut visit = visit(None);
        visit.on_thumbnails(vec![SeenThumbnail::Absent]);
        visit.on_fetched(fetched(picture("a")));
        visit.on_written(true);
        assert_eq!(*visit.step(), VisitStep::HeadThumbnails);
        visit.on_thumbnails(ours("a"));
        assert_eq!(*visit.step(), VisitStep::HeadSource);
        visit.on_source(picture("a"));
        assert_eq!(*visit.step(), VisitStep::End(VisitEnd::Converged));
    }
}
