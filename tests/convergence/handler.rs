//! One instance of the function at work on one event: the production logic, one request at a time.

use cos_thumbnailer::object::ETag;
use cos_thumbnailer::recipe::RecipeHash;
use cos_thumbnailer::reconcile::{
    Action, OnForeign, SeenThumbnail, SourceRequest, SourceState, Visit, VisitEnd, VisitStep,
};

use crate::model::Model;

/// What an event tells.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Event {
    pub created: bool,
    /// The content that was created.
    pub etag: Option<String>,
}

/// Ways to be wrong, which the proofs have to notice.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Mistake {
    /// Takes the content that the event names for the present one.
    BelievesTheEvent,
    /// Ends without a look at the source after the last write.
    NeverLooksAgain,
    None,
}

/// What came of a request.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Progress {
    Done,
    Going,
    /// The event has to be delivered again.
    Unsettled,
}

#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct Handler {
    pub event: Event,
    visit: Visit,
    recipes: Vec<RecipeHash>,
    mistake: Mistake,
    /// What the looks at the thumbnails have shown so far.
    looks: Vec<SeenThumbnail>,
    /// Actions carried out so far, and whether somebody was quicker.
    written: usize,
    lost_race: bool,
    /// The content that the thumbnails in its memory show.
    holds: Option<ETag>,
}

impl Handler {
    pub fn new(event: Event, recipes: Vec<RecipeHash>, on_foreign: OnForeign, mistake: Mistake) -> Self {
        let first_request = if event.created { SourceRequest::Get } else { SourceRequest::Head };
        let told = event.etag.as_deref().map(|etag| ETag::parse(etag).unwrap());
        let visit = Visit::new(recipes.clone(), on_foreign, first_request, told);
        let (looks, written, lost_race, holds) = (Vec::new(), 0, false, None);
        Self { event, visit, recipes, mistake, looks, written, lost_race, holds }
    }

    /// Sends one request and takes its answer in.
    pub fn advance(&mut self, cos: &mut Model) -> Progress {
        match self.visit.step().clone() {
            VisitStep::HeadThumbnails => {
                self.looks.push(cos.thumbnails[self.looks.len()].clone());
                if self.looks.len() == cos.thumbnails.len() {
                    self.visit.on_thumbnails(std::mem::take(&mut self.looks));
                }
            }
            VisitStep::HeadSource => {
                let source = self.look_at_source(cos);
                self.visit.on_source(source);
            }
            VisitStep::Fetch => {
                let fetched = cos.get();
                self.holds = fetched.source.etag().cloned();
                self.visit.on_fetched(fetched);
            }
            VisitStep::Write(actions) => self.write(&actions, cos),
            VisitStep::End(VisitEnd::NotConverged) => return Progress::Unsettled,
            VisitStep::End(VisitEnd::Converged) => return Progress::Done,
        }
        match self.visit.step() {
            VisitStep::End(VisitEnd::NotConverged) => Progress::Unsettled,
            VisitStep::End(VisitEnd::Converged) => Progress::Done,
            _ => Progress::Going,
        }
    }

    fn look_at_source(&self, cos: &Model) -> SourceState {
        let first = self.visit.source().is_none();
        match (self.mistake, &self.event.etag, self.visit.source()) {
            (Mistake::BelievesTheEvent, Some(etag), _) if first => {
                SourceState::Image(ETag::parse(etag).unwrap())
            }
            (Mistake::NeverLooksAgain, _, Some(known)) => known.clone(),
            _ => cos.head(),
        }
    }

    /// Carries the next action out that needs a request.
    fn write(&mut self, actions: &[Action], cos: &mut Model) {
        while let Some(action) = actions.get(self.written) {
            let number = self.written;
            self.written += 1;
            match action {
                Action::Make => {
                    let recipe = self.recipes[number].clone();
                    let thumbnail = SeenThumbnail::Ours { etag: self.holds.clone(), recipe };
                    let only_if_absent = self.visit.seen()[number] == SeenThumbnail::Absent;
                    self.lost_race |= cos.put(number, thumbnail, only_if_absent);
                    break;
                }
                Action::Remove => {
                    cos.thumbnails[number] = SeenThumbnail::Absent;
                    break;
                }
                Action::Keep | Action::Leave | Action::Refuse => {}
            }
        }
        if actions.iter().skip(self.written).all(|action| !matches!(action, Action::Make | Action::Remove)) {
            self.written = 0;
            self.visit.on_written(std::mem::take(&mut self.lost_race));
        }
    }
}
