//! One instance at work on one event: the logic of the function, one request at a time.

use cos_thumbnailer::object::ETag;
use cos_thumbnailer::recipe::RecipeHash;
use cos_thumbnailer::reconcile::{
    Action, OnForeign, SeenThumbnail, SourceRequest, SourceState, Visit, VisitEnd, VisitStep,
};

use crate::model::Model;

/// An event as the function reads it.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Event {
    pub created: bool,
    /// The content that was created.
    pub etag: Option<String>,
}

/// Deliberate mistakes that the tests must detect.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Mistake {
    /// Takes the ETag of the event for that of the current source.
    TrustsTheEvent,
    /// Ends without HEAD of the source after the last write.
    SkipsLastHead,
    None,
}

/// Progress after a request.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Progress {
    Done,
    Going,
    /// The event must be delivered again.
    Unsettled,
}

#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct Handler {
    pub event: Event,
    visit: Visit,
    recipes: Vec<RecipeHash>,
    mistake: Mistake,
    /// Answers to HEAD of the thumbnails so far.
    heads: Vec<SeenThumbnail>,
    /// Actions carried out so far.
    written: usize,
    /// True if a thumbnail was refused because its key was taken meanwhile.
    lost_race: bool,
    /// ETag of the content that its rendered thumbnails show.
    rendered: Option<ETag>,
}

impl Handler {
    pub fn new(event: Event, recipes: Vec<RecipeHash>, on_foreign: OnForeign, mistake: Mistake) -> Self {
        let first_request = if event.created { SourceRequest::Get } else { SourceRequest::Head };
        let event_etag = event.etag.as_deref().map(|etag| ETag::parse(etag).unwrap());
        let visit = Visit::new(recipes.clone(), on_foreign, first_request, event_etag);
        let (heads, written, lost_race, rendered) = (Vec::new(), 0, false, None);
        Self { event, visit, recipes, mistake, heads, written, lost_race, rendered }
    }

    /// Sends one request and handles its answer.
    pub fn advance(&mut self, cos: &mut Model) -> Progress {
        match self.visit.step().clone() {
            VisitStep::HeadThumbnails => {
                self.heads.push(cos.thumbnails[self.heads.len()].clone());
                if self.heads.len() == cos.thumbnails.len() {
                    self.visit.on_thumbnails(std::mem::take(&mut self.heads));
                }
            }
            VisitStep::HeadSource => {
                let source = self.head_source(cos);
                self.visit.on_source(source);
            }
            VisitStep::Fetch => {
                let fetched = cos.get();
                self.rendered = fetched.source.etag().cloned();
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

    fn head_source(&self, cos: &Model) -> SourceState {
        let first = self.visit.source().is_none();
        match (self.mistake, &self.event.etag, self.visit.source()) {
            (Mistake::TrustsTheEvent, Some(etag), _) if first => {
                SourceState::Image(ETag::parse(etag).unwrap())
            }
            (Mistake::SkipsLastHead, _, Some(known)) => known.clone(),
            _ => cos.head(),
        }
    }

    /// Carries out the next action that needs a request.
    fn write(&mut self, actions: &[Action], cos: &mut Model) {
        while let Some(action) = actions.get(self.written) {
            let number = self.written;
            self.written += 1;
            match action {
                Action::Make => {
                    let recipe = self.recipes[number].clone();
                    let thumbnail = SeenThumbnail::Ours { etag: self.rendered.clone(), recipe };
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
