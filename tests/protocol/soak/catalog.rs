//! What the function makes of each source, by a process that has handled few others.

use std::collections::BTreeMap;

use bytes::Bytes;
use serde_json::{Map, Value};

use super::sources::Source;
use crate::setup::{Options, SOURCE, Setup, TARGET};

/// A thumbnail for a photo page, a set of four, and AVIF.
pub(super) const RULES: &str = r#"{"rules": [
    {"source": {"prefix": "one/"}, "thumbnails": "300x300"},
    {"source": {"prefix": "four/"}, "thumbnails": {"a": "1600x1600", "b": "800x800", "c": "400x400", "d": "150x150"}},
    {"source": {"prefix": "avif/"}, "thumbnails": "96x96/format/avif"}
]}"#;

/// Folders of the rules that every source goes through.
pub(super) const FOLDERS: [&str; 2] = ["one", "four"];

/// The folder of AVIF, for few sources: its encoder is slow.
pub(super) const AVIF: &str = "avif";

/// One source in so many becomes an AVIF too.
const AVIF_EVERY: usize = 20;

/// Sources that one process handles for the catalog.
const SOURCES_OF_PROCESS: usize = 10;

/// Stands for the name of a key.
const NAME: &str = "NAME";

/// Outcome of a source, and the thumbnails that are there afterwards.
#[derive(Debug)]
pub(super) struct Expected {
    pub(super) outcome: Value,
    thumbnails: BTreeMap<String, Bytes>,
}

impl Expected {
    pub(super) fn is_stored(&self) -> bool {
        self.outcome["outcome"] == "stored"
    }

    /// True if at least one of the thumbnails is stored.
    pub(super) fn has_thumbnails(&self) -> bool {
        self.outcome["thumbnails"].as_array().is_some_and(|made| !made.is_empty())
    }

    /// The thumbnails for the source under this name.
    pub(super) fn thumbnails(&self, name: &str) -> impl Iterator<Item = (String, &Bytes)> {
        self.thumbnails.iter().map(move |(key, bytes)| (key.replace(NAME, name), bytes))
    }
}

/// A source in the folder of a rule.
pub(super) type Subject = (usize, &'static str);

/// Sources, and what becomes of them under each rule.
pub(super) struct Catalog {
    pub(super) sources: Vec<Source>,
    pub(super) expected: BTreeMap<Subject, Expected>,
}

/// The members of an outcome that are the same whenever the source is handled, without its name.
///
/// The sizes of AVIF differ, because the effort of its encoder follows the time that is left.
pub(super) fn comparable(outcome: &Value, name: &str) -> Value {
    let mut kept = Map::new();
    for member in ["outcome", "code", "kind", "source", "thumbnails", "removed", "foreign"] {
        kept.insert(member.to_owned(), outcome[member].clone());
    }
    if let Some(source) = kept["source"].as_object_mut() {
        // It depends on how much had arrived when no more was needed.
        source.remove("unfetched");
    }
    for thumbnail in kept["thumbnails"].as_array_mut().into_iter().flatten().filter_map(Value::as_object_mut)
    {
        if thumbnail["format"] == "avif" {
            thumbnail.remove("bytes");
            thumbnail.remove("quality");
        }
    }
    let text = Value::Object(kept).to_string();
    serde_json::from_str(&text.replace(name, NAME)).unwrap()
}

impl Catalog {
    /// Handles each source in a function of `memory_mb`, in many processes.
    pub(super) async fn new(memory_mb: u64, sources: Vec<Source>) -> Self {
        let setup = Setup::with(Options { memory_mb, rules: Some(RULES), ..Options::default() }).await;
        let mut expected = BTreeMap::new();
        for (number, (_, bytes)) in sources.iter().enumerate() {
            if number % SOURCES_OF_PROCESS == 0 {
                setup.scf.recycle().await;
            }
            let avif = (number % AVIF_EVERY == 0).then_some(AVIF);
            for folder in FOLDERS.into_iter().chain(avif) {
                expected.insert((number, folder), Self::expected_of(&setup, folder, bytes).await);
            }
        }
        Self { sources, expected }
    }

    async fn expected_of(setup: &Setup, folder: &str, bytes: &Bytes) -> Expected {
        let key = format!("{folder}/{NAME}");
        let response = setup.thumbnail_of(&key, bytes.clone()).await;
        let outcome = comparable(&response.outcome(), NAME);
        let take = |key: String| {
            let bytes = setup.stored(&key).bytes;
            setup.cos.delete(TARGET, &key);
            (key, bytes)
        };
        let thumbnails = setup.cos.keys(TARGET).into_iter().map(take).collect();
        setup.cos.delete(SOURCE, &key);
        setup.cos.clear_journal();
        Expected { outcome, thumbnails }
    }

    /// Sources with a folder, in the order of the sources.
    pub(super) fn subjects(&self) -> Vec<Subject> {
        self.expected.keys().copied().collect()
    }

    pub(super) fn bytes(&self, subject: Subject) -> Bytes {
        self.sources[subject.0].1.clone()
    }

    /// Asserts that the target bucket holds exactly these thumbnails: of a source, or none, under each name.
    pub(super) fn assert_target(
        &self,
        setup: &Setup,
        names: impl Iterator<Item = (String, Option<Subject>)>,
    ) -> usize {
        let mut expected = BTreeMap::new();
        for (name, subject) in names {
            let Some(subject) = subject else { continue };
            expected.extend(
                self.expected[&subject].thumbnails(&name).map(|(key, bytes)| (key, (subject, bytes))),
            );
        }
        let keys = setup.cos.keys(TARGET);
        assert_eq!(keys, expected.keys().cloned().collect::<Vec<_>>());
        for (key, (subject, bytes)) in &expected {
            // Two makings of one AVIF may differ: docs/guarantees.md.
            let is_same = subject.1 == AVIF || setup.stored(key).bytes == *bytes;
            assert!(is_same, "{key} of {} is another thumbnail", self.sources[subject.0].0);
        }
        expected.len()
    }
}
