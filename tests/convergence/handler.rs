//! One instance at work on one event: the logic of the function, one request at a time.

use cos_thumbnailer::object::{ContentId, ETag};
use cos_thumbnailer::recipe::RecipeHash;
use cos_thumbnailer::reconcile::{
    Action, FetchOutcome, OnForeign, SeenThumbnail, SourceRequest, SourceState, Visit, VisitEnd, VisitStep,
    Written,
};

use crate::model::{Model, manifest_hash};

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
    /// Compares contents by their ETags and lengths only.
    IgnoresCrc64,
    /// Takes the ETag of the event for that of the current source.
    TrustsTheEvent,
    /// Leaves the manifest where it is while thumbnails are written.
    KeepsManifest,
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
    /// Content that its rendered thumbnails show.
    rendered: Option<ContentId>,
}

/// Content that an event names: by its ETag alone.
fn named_by(etag: &str) -> ContentId {
    ContentId { etag: ETag::parse(etag).unwrap(), length: None, crc64: None }
}

impl Handler {
    pub fn new(
        event: Event,
        recipes: Vec<RecipeHash>,
        has_manifest: bool,
        on_foreign: OnForeign,
        mistake: Mistake,
    ) -> Self {
        let first_request = if event.created { SourceRequest::Get } else { SourceRequest::Head };
        let visit =
            Visit::new(recipes.clone(), on_foreign, first_request, event.etag.as_deref().map(named_by));
        let visit = if has_manifest { visit.with_manifest(manifest_hash()) } else { visit };
        let (heads, written, lost_race, rendered) = (Vec::new(), 0, false, None);
        Self { event, visit, recipes, mistake, heads, written, lost_race, rendered }
    }

    /// Sends one request and handles its answer.
    pub fn advance(&mut self, cos: &mut Model) -> Progress {
        match self.visit.step().clone() {
            VisitStep::HeadThumbnails => {
                let objects = cos.thumbnails.iter().chain(&cos.manifest);
                let last = objects.clone().count() - 1;
                let next = objects.clone().nth(self.heads.len()).unwrap();
                let seen = self.noticed_thumbnail(next.clone());
                if self.heads.len() < last {
                    self.heads.push(seen);
                } else {
                    let mut seen = [std::mem::take(&mut self.heads), vec![seen]].concat();
                    let manifest = seen.split_off(cos.thumbnails.len()).pop();
                    self.visit.on_thumbnails(seen, manifest.unwrap_or(SeenThumbnail::Absent));
                }
            }
            VisitStep::WithdrawManifest => {
                if self.mistake != Mistake::KeepsManifest {
                    cos.manifest = Some(SeenThumbnail::Absent);
                }
                self.visit.on_manifest_withdrawn();
            }
            VisitStep::StoreManifest => {
                let manifest =
                    SeenThumbnail::Ours { content: self.rendered.clone(), recipe: manifest_hash() };
                let only_if_absent = self.visit.seen_manifest() == Some(&SeenThumbnail::Absent);
                let lost_race = cos.put_manifest(manifest, only_if_absent);
                self.visit.on_manifest_stored(lost_race);
            }
            VisitStep::HeadSource => {
                let source = self.head_source(cos);
                self.visit.on_source(self.noticed(source));
            }
            VisitStep::Fetch => {
                let fetched = cos.get();
                self.rendered = fetched.source.content().cloned();
                let source = self.noticed(fetched.source);
                self.visit.on_fetched(FetchOutcome { source, ..fetched });
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
            (Mistake::TrustsTheEvent, Some(etag), _) if first => SourceState::Image(named_by(etag)),
            (Mistake::SkipsLastHead, _, Some(known)) => known.clone(),
            _ => cos.head(),
        }
    }

    fn noticed(&self, source: SourceState) -> SourceState {
        match source {
            SourceState::Gone => SourceState::Gone,
            SourceState::Image(content) => SourceState::Image(self.noticed_content(content)),
            SourceState::NotAnImage(content) => SourceState::NotAnImage(self.noticed_content(content)),
        }
    }

    fn noticed_thumbnail(&self, seen: SeenThumbnail) -> SeenThumbnail {
        match seen {
            SeenThumbnail::Ours { content, recipe } => {
                SeenThumbnail::Ours { content: content.map(|content| self.noticed_content(content)), recipe }
            }
            SeenThumbnail::Absent | SeenThumbnail::Foreign | SeenThumbnail::OfAnother(_) => seen,
        }
    }

    fn noticed_content(&self, content: ContentId) -> ContentId {
        let crc64 = content.crc64.filter(|_| self.mistake != Mistake::IgnoresCrc64);
        ContentId { crc64, ..content }
    }

    /// Carries out the next action that needs a request.
    fn write(&mut self, actions: &[Action], cos: &mut Model) {
        while let Some(action) = actions.get(self.written) {
            let number = self.written;
            self.written += 1;
            match action {
                Action::Make => {
                    let recipe = self.recipes[number].clone();
                    let thumbnail = SeenThumbnail::Ours { content: self.rendered.clone(), recipe };
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
            let lost_race = std::mem::take(&mut self.lost_race);
            self.visit.on_written(Written { lost_race, is_complete: !lost_race });
        }
    }
}
