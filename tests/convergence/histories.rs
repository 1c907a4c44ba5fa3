//! Random histories of the logic over the model: several handlers, foreign objects, another source with the same target
//! keys, changes of the recipe, faults.

use cos_thumbnailer::object::{Bucket, Key};
use cos_thumbnailer::recipe::RecipeHash;
use cos_thumbnailer::reconcile::{OnForeign, SeenThumbnail, SourceName};

use crate::handler::{Event, Handler, Mistake, Progress};
use crate::model::{Content, Model};
use crate::random::{Random, seeds};

/// Largest number of handlers at work.
const INSTANCES: usize = 3;

struct History {
    random: Random,
    /// True if handlers crash, answers are lost and the recipe changes. Half of the histories have none of these: they
    /// deliver events again, which repairs thumbnails and could hide a mistake.
    has_faults: bool,
    cos: Model,
    /// Every version of the source, the newest last; `None` is a delete marker.
    versions: Vec<Option<Content>>,
    keeps_versions: bool,
    on_foreign: OnForeign,
    recipe: u8,
    events: Vec<Event>,
    /// Handlers at work. Mostly the last one advances, so that others wait for long.
    handlers: Vec<Handler>,
    /// Thumbnails with a foreign object under their key.
    foreign: Vec<usize>,
    /// Thumbnails whose key another source has.
    taken: Vec<usize>,
    log: Vec<String>,
}

impl History {
    fn new(seed: u64) -> Self {
        let mut random = Random::new(seed);
        let thumbnails = 1 + random.below(3);
        let obeys_forbid = !random.once_in(3);
        Self {
            has_faults: random.once_in(2),
            cos: Model {
                names_crc64: !random.once_in(4),
                manifest: random.once_in(2).then_some(SeenThumbnail::Absent),
                ..Model::empty(thumbnails, obeys_forbid)
            },
            versions: Vec::new(),
            keeps_versions: random.once_in(2),
            on_foreign: if random.once_in(4) { OnForeign::Overwrite } else { OnForeign::Skip },
            recipe: 0,
            events: Vec::new(),
            handlers: Vec::new(),
            foreign: Vec::new(),
            taken: Vec::new(),
            log: Vec::new(),
            random,
        }
    }

    fn recipes(&self) -> Vec<RecipeHash> {
        let hash = |number| RecipeHash::from_stamp(&format!("{}-{number}", self.recipe));
        (0..self.cos.thumbnails.len()).map(hash).collect()
    }

    fn run(&mut self) {
        for _ in 0..10 + self.random.below(40) {
            match self.random.below(20) {
                0 | 1 => self.put(),
                2 => self.remove(),
                3 => self.remove_version(),
                4 => self.put_foreign(),
                5 if self.has_faults => self.change_recipe(),
                6 if self.has_faults => self.crash(),
                7 if self.has_faults => self.take_or_free(),
                7..=10 => self.start(),
                _ => self.advance(),
            }
        }
        // In the end every event is delivered and every handler finishes.
        while !self.events.is_empty() || !self.handlers.is_empty() {
            self.start();
            self.advance();
        }
    }

    fn note(&mut self, text: String) {
        self.log.push(text);
    }

    fn changed(&mut self, created: bool) {
        self.cos.source = self.versions.last().copied().flatten();
        let etag = self.cos.source.filter(|_| created).map(|content| content.id().etag.to_string());
        self.note(format!("source: {:?}", self.cos.source));
        self.events.push(Event { created, etag });
    }

    fn put(&mut self) {
        // Few contents, so that earlier ones return.
        let number = u8::try_from(self.random.below(3)).unwrap();
        let content = match self.random.below(9) {
            0 => Content::Text(number),
            1 => Content::Narrow(number),
            2 => Content::Empty(number),
            3 if self.cos.names_crc64 => Content::Twin(number),
            _ => Content::Image(number),
        };
        if !self.keeps_versions {
            self.versions.clear();
        }
        self.versions.push(Some(content));
        self.changed(true);
    }

    fn remove(&mut self) {
        if self.keeps_versions {
            self.versions.push(None);
        } else {
            self.versions.clear();
        }
        self.changed(false);
    }

    /// Removes a version that is not a delete marker: Tencent documents no event for a removed marker.
    fn remove_version(&mut self) {
        let candidates: Vec<usize> =
            (0..self.versions.len()).filter(|&index| self.versions[index].is_some()).collect();
        if !candidates.is_empty() {
            let chosen = candidates[self.random.below(candidates.len())];
            self.versions.remove(chosen);
            self.changed(false);
        }
    }

    /// Stores a foreign object, unless a handler is at work: COS has no condition for a PUT over an existing object.
    fn put_foreign(&mut self) {
        if self.handlers.is_empty() {
            let number = self.random.below(self.cos.thumbnails.len());
            self.cos.thumbnails[number] = SeenThumbnail::Foreign;
            self.foreign.push(number);
            self.taken.retain(|taken| *taken != number);
            self.note(format!("foreign object at {number}"));
        }
    }

    /// Another source takes a free key, or is removed and frees it. Only a later event, as sync sends it, tells this source
    /// of a free key.
    fn take_or_free(&mut self) {
        if !self.handlers.is_empty() {
            return;
        }
        let number = self.random.below(self.cos.thumbnails.len());
        if self.taken.contains(&number) {
            self.taken.retain(|taken| *taken != number);
            self.cos.thumbnails[number] = SeenThumbnail::Absent;
            self.note(format!("{number} is free"));
            self.changed(true);
        } else if self.cos.thumbnails[number] == SeenThumbnail::Absent {
            let owner = SourceName::new(&Bucket::parse("p-1").unwrap(), &Key::parse("another").unwrap());
            self.cos.thumbnails[number] = SeenThumbnail::OfAnother(owner);
            self.taken.push(number);
            self.note(format!("{number} is taken"));
        }
    }

    /// Replaces all instances by new ones with another recipe, and sends an event for the current source.
    fn change_recipe(&mut self) {
        self.recipe += 1;
        while !self.handlers.is_empty() {
            self.crash();
        }
        self.note(format!("recipe {}", self.recipe));
        self.changed(true);
    }

    fn start(&mut self) {
        if self.events.is_empty() || self.handlers.len() >= INSTANCES {
            return;
        }
        let chosen = self.random.below(self.events.len());
        let event = self.events[chosen].clone();
        if !self.random.once_in(5) {
            self.events.remove(chosen);
        }
        self.note(format!("handler {} starts on {event:?}", self.handlers.len()));
        let has_manifest = self.cos.manifest.is_some();
        let handler = Handler::new(event, self.recipes(), has_manifest, self.on_foreign, Mistake::None);
        if self.random.once_in(3) {
            self.handlers.insert(0, handler);
        } else {
            self.handlers.push(handler);
        }
    }

    fn crash(&mut self) {
        if !self.handlers.is_empty() {
            let chosen = self.random.below(self.handlers.len());
            let handler = self.handlers.remove(chosen);
            self.note(format!("handler {chosen} crashes"));
            self.events.push(handler.event);
        }
    }

    /// Advances a handler by one request. It may crash before the request, or lose the answer.
    fn advance(&mut self) {
        if self.handlers.is_empty() {
            return;
        }
        let last = self.handlers.len() - 1;
        let chosen = if self.random.once_in(8) { self.random.below(last + 1) } else { last };
        if self.has_faults && self.random.once_in(30) {
            return self.crash();
        }
        let source_first = self.random.once_in(2);
        let progress = self.handlers[chosen].advance(&mut self.cos, source_first);
        let Model { thumbnails, manifest, .. } = &self.cos;
        let now = format!("handler {chosen}: {progress:?}, now {thumbnails:?}, {manifest:?}");
        self.note(now);
        let lost = self.has_faults && self.random.once_in(30);
        if progress != Progress::Going || lost {
            let handler = self.handlers.remove(chosen);
            if progress == Progress::Unsettled || lost {
                self.events.push(handler.event);
            }
        }
    }

    fn check(&self) -> Result<(), String> {
        let untouched = |number: &usize| {
            self.on_foreign == OnForeign::Overwrite || self.cos.thumbnails[*number] == SeenThumbnail::Foreign
        };
        if !self.foreign.iter().all(untouched) {
            return Err(format!("a foreign object was touched: {:?}", self.cos.thumbnails));
        }
        let is_taken = |number: &usize| matches!(self.cos.thumbnails[*number], SeenThumbnail::OfAnother(_));
        if !self.taken.iter().all(is_taken) {
            return Err(format!("a thumbnail of another source was touched: {:?}", self.cos.thumbnails));
        }
        self.cos.wrong(&self.recipes()).map_or(Ok(()), Err)
    }
}

#[test]
fn random_histories_of_the_logic_converge() {
    for seed in seeds(0..20_000) {
        let mut history = History::new(seed);
        history.run();
        if let Err(wrong) = history.check() {
            panic!("CONVERGENCE_SEED={seed}: {wrong}\n{}", history.log.join("\n"));
        }
    }
}
