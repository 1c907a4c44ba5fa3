//! One instance at work on one event: the logic of the function, one request at a time.

use cos_thumbnailer::object::{ContentId, ETag};
use cos_thumbnailer::recipe::RecipeHash;
use cos_thumbnailer::reconcile::{
    Action, FetchOutcome, OnForeign, SeenThumbnail, SourceState, Visit, VisitEnd, VisitStep, Written,
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
    /// Answers to HEAD of the thumbnails and of the manifest so far.
    heads: Vec<SeenThumbnail>,
    /// Answer to the first request of the source, while headers of thumbnails are missing.
    first: Option<SourceState>,
    /// Source whose body is open since its first request, and what it is made into.
    open: Option<FetchOutcome>,
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

/// The objects whose headers a visit requests: the thumbnails, and the manifest last.
fn objects(cos: &Model) -> impl Iterator<Item = &SeenThumbnail> {
    cos.thumbnails.iter().chain(&cos.manifest)
}

impl Handler {
    pub fn new(
        event: Event,
        recipes: Vec<RecipeHash>,
        has_manifest: bool,
        on_foreign: OnForeign,
        mistake: Mistake,
    ) -> Self {
        let visit = Visit::new(recipes.clone(), on_foreign);
        let visit = if has_manifest { visit.with_manifest(manifest_hash()) } else { visit };
        let (heads, first, open, written, lost_race, rendered) = (Vec::new(), None, None, 0, false, None);
        Self { event, visit, recipes, mistake, heads, first, open, written, lost_race, rendered }
    }

    /// True if the next request may be either of two: that of the source, or that of the next thumbnail.
    pub fn has_choice(&self, cos: &Model) -> bool {
        *self.visit.step() == VisitStep::FirstLook
            && self.first.is_none()
            && self.heads.len() < objects(cos).count()
    }

    /// Sends one request and handles its answer. Where there is a choice, `source_first` makes it.
    pub fn advance(&mut self, cos: &mut Model, source_first: bool) -> Progress {
        match self.visit.step().clone() {
            VisitStep::FirstLook => {
                let all_seen = self.heads.len() == objects(cos).count();
                if self.first.is_none() && (source_first || all_seen) {
                    self.first = Some(self.request_source(cos));
                } else {
                    self.head_next(cos);
                }
                if self.heads.len() == objects(cos).count()
                    && let Some(source) = self.first.take()
                {
                    let (seen, manifest) = self.take_heads(cos);
                    self.visit.on_first_look(source, seen, manifest);
                }
            }
            VisitStep::HeadThumbnails => {
                self.head_next(cos);
                if self.heads.len() == objects(cos).count() {
                    let (seen, manifest) = self.take_heads(cos);
                    self.visit.on_thumbnails(seen, manifest);
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
                // What was opened by the first request is read as it was then.
                let fetched = self.open.take().unwrap_or_else(|| cos.get());
                self.rendered = fetched.source.content().cloned();
                let source = self.noticed(fetched.source);
                self.visit.on_fetched(FetchOutcome { source, ..fetched });
            }
            VisitStep::Write(actions) => self.write(&actions, cos),
            VisitStep::End(VisitEnd::NotConverged) => return Progress::Unsettled,
            VisitStep::End(VisitEnd::Converged) => return Progress::Done,
        }
        if !matches!(self.visit.step(), VisitStep::FirstLook | VisitStep::WithdrawManifest | VisitStep::Fetch)
        {
            self.open = None;
        }
        match self.visit.step() {
            VisitStep::End(VisitEnd::NotConverged) => Progress::Unsettled,
            VisitStep::End(VisitEnd::Converged) => Progress::Done,
            _ => Progress::Going,
        }
    }

    /// First request of the source: GET if the event tells of an object, else HEAD.
    fn request_source(&mut self, cos: &Model) -> SourceState {
        match (self.mistake, &self.event.etag) {
            (Mistake::TrustsTheEvent, Some(etag)) => return SourceState::Image(named_by(etag)),
            _ if self.event.created => self.open = Some(cos.get()),
            _ => {}
        }
        self.noticed(cos.head())
    }

    fn head_source(&self, cos: &Model) -> SourceState {
        match (self.mistake, self.visit.source()) {
            (Mistake::SkipsLastHead, Some(known)) => known.clone(),
            _ => cos.head(),
        }
    }

    fn head_next(&mut self, cos: &Model) {
        let next = objects(cos).nth(self.heads.len()).unwrap();
        self.heads.push(self.noticed_thumbnail(next.clone()));
    }

    fn take_heads(&mut self, cos: &Model) -> (Vec<SeenThumbnail>, SeenThumbnail) {
        let mut seen = std::mem::take(&mut self.heads);
        let manifest = seen.split_off(cos.thumbnails.len()).pop();
        (seen, manifest.unwrap_or(SeenThumbnail::Absent))
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
