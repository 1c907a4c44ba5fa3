use super::*;
use crate::object::{ContentId, Crc64, ETag};

/// Content by its ETag, and after a slash its CRC-64 if it is known.
fn content(text: &str) -> ContentId {
    let (etag, crc64) = text.split_once('/').unwrap_or((text, ""));
    ContentId { etag: ETag::parse(etag).unwrap(), length: Some(9), crc64: Crc64::parse(crc64) }
}

fn picture(name: &str) -> SourceState {
    SourceState::Image(content(name))
}

fn fetched(source: SourceState) -> FetchOutcome {
    FetchOutcome { source, impossible: Vec::new() }
}

fn recipe() -> RecipeHash {
    RecipeHash::from_stamp("recipe")
}

const STORED: Written = Written { lost_race: false, is_complete: true };

fn visit() -> Visit {
    Visit::new(vec![recipe()], OnForeign::Skip)
}

fn ours(name: &str) -> Vec<SeenThumbnail> {
    vec![SeenThumbnail::Ours { content: Some(content(name)), recipe: recipe() }]
}

#[test]
fn a_source_that_keeps_changing_ends_the_visit() {
    let mut visit = visit();
    for round in 0..ROUNDS {
        let source = picture(&format!("{round}"));
        if round == 0 {
            visit.on_first_look(source.clone(), vec![SeenThumbnail::Absent], SeenThumbnail::Absent);
        } else {
            visit.on_thumbnails(vec![SeenThumbnail::Absent], SeenThumbnail::Absent);
        }
        visit.on_fetched(fetched(source));
        assert_eq!(*visit.step(), VisitStep::Write(vec![Action::Make]), "round {round}");
        visit.on_written(STORED);
        visit.on_source(picture(&format!("{round}, and then another").replace(' ', "")));
    }
    assert_eq!(*visit.step(), VisitStep::End(VisitEnd::NotConverged));
}

#[test]
fn a_source_is_read_only_if_a_thumbnail_is_not_of_it() {
    for (source, step) in [("old", VisitStep::End(VisitEnd::Converged)), ("new", VisitStep::Fetch)] {
        let mut visit = visit();
        assert_eq!(*visit.step(), VisitStep::FirstLook);
        visit.on_first_look(picture(source), ours("old"), SeenThumbnail::Absent);
        assert_eq!(*visit.step(), step, "{source}");
    }
    let mut overtaken = visit();
    overtaken.on_first_look(picture("new"), ours("old"), SeenThumbnail::Absent);
    assert!(!overtaken.needs_fetch(&picture("old")), "its body need not be read");
    overtaken.on_fetched(fetched(picture("old")));
    assert_eq!(*overtaken.step(), VisitStep::End(VisitEnd::Converged));
}

#[test]
fn another_content_with_the_same_etag_is_noticed_by_every_check() {
    let mut visit = visit();
    visit.on_first_look(picture("a/2"), ours("a/1"), SeenThumbnail::Absent);
    assert_eq!(*visit.step(), VisitStep::Fetch);
    visit.on_fetched(fetched(picture("a/2")));
    assert_eq!(*visit.step(), VisitStep::Write(vec![Action::Make]));
    visit.on_written(STORED);
    visit.on_source(picture("a/3"));
    assert_eq!(*visit.step(), VisitStep::HeadThumbnails, "it was overwritten meanwhile");
}

#[test]
fn a_store_without_crc64_costs_no_request_more() {
    for (stamp, source) in [("a", "a"), ("a", "a/1"), ("a/1", "a")] {
        let mut visit = visit();
        visit.on_first_look(picture(source), ours(stamp), SeenThumbnail::Absent);
        assert_eq!(*visit.step(), VisitStep::End(VisitEnd::Converged), "{stamp}, {source}");
    }
}

#[test]
fn a_lost_race_is_followed_by_checks_of_thumbnails_and_source() {
    let mut visit = visit();
    visit.on_first_look(picture("a"), vec![SeenThumbnail::Absent], SeenThumbnail::Absent);
    visit.on_fetched(fetched(picture("a")));
    visit.on_written(Written { lost_race: true, ..STORED });
    assert_eq!(*visit.step(), VisitStep::HeadThumbnails);
    visit.on_thumbnails(ours("a"), SeenThumbnail::Absent);
    assert_eq!(*visit.step(), VisitStep::HeadSource);
    visit.on_source(picture("a"));
    assert_eq!(*visit.step(), VisitStep::End(VisitEnd::Converged));
}

fn manifest() -> RecipeHash {
    RecipeHash::from_stamp("manifest")
}

fn described(name: &str) -> SeenThumbnail {
    SeenThumbnail::Ours { content: Some(content(name)), recipe: manifest() }
}

#[test]
fn a_manifest_is_stored_last_and_between_two_looks_at_the_source() {
    let mut visit = visit().with_manifest(manifest());
    visit.on_first_look(picture("a"), vec![SeenThumbnail::Absent], SeenThumbnail::Absent);
    visit.on_fetched(fetched(picture("a")));
    visit.on_written(STORED);
    assert_eq!(*visit.step(), VisitStep::HeadSource);
    visit.on_source(picture("a"));
    assert_eq!(*visit.step(), VisitStep::StoreManifest);
    visit.on_manifest_stored(false);
    assert_eq!(*visit.step(), VisitStep::HeadSource);
    visit.on_source(picture("a"));
    assert_eq!(*visit.step(), VisitStep::End(VisitEnd::Converged));
}

#[test]
fn a_manifest_is_withdrawn_before_its_thumbnails_change_and_not_before_they_are_made() {
    let mut replaced = visit().with_manifest(manifest());
    replaced.on_first_look(picture("b"), ours("a"), described("a"));
    assert_eq!(*replaced.step(), VisitStep::Fetch);
    replaced.on_fetched(fetched(picture("b")));
    assert_eq!(*replaced.step(), VisitStep::WithdrawManifest);
    replaced.on_manifest_withdrawn();
    assert_eq!(*replaced.step(), VisitStep::Write(vec![Action::Make]));
    let mut removed = visit().with_manifest(manifest());
    removed.on_first_look(SourceState::Gone, ours("a"), described("a"));
    assert_eq!(*removed.step(), VisitStep::WithdrawManifest);
    removed.on_manifest_withdrawn();
    assert_eq!(*removed.step(), VisitStep::Write(vec![Action::Remove]));
}

#[test]
fn a_manifest_of_missing_stale_or_foreign_thumbnails_is_withdrawn_at_once() {
    for (seen, told) in [
        (vec![SeenThumbnail::Absent], described("a")),
        (vec![SeenThumbnail::Foreign], described("a")),
        (ours("b"), described("a")),
        (ours("a"), SeenThumbnail::Ours { content: None, recipe: manifest() }),
    ] {
        let mut visit = visit().with_manifest(manifest());
        visit.on_first_look(picture("a"), seen.clone(), told);
        assert_eq!(*visit.step(), VisitStep::WithdrawManifest, "{seen:?}");
    }
    let mut current = visit().with_manifest(manifest());
    current.on_first_look(picture("a"), ours("a"), described("a"));
    assert_eq!(*current.step(), VisitStep::End(VisitEnd::Converged));
}

#[test]
fn there_is_no_manifest_unless_all_thumbnails_are_stored() {
    let written = Written { is_complete: false, ..STORED };
    let impossible = FetchOutcome { source: picture("a"), impossible: vec![1] };
    for (outcome, written) in [(fetched(picture("a")), written), (impossible, STORED)] {
        let recipes = vec![recipe(), recipe()];
        let mut visit = Visit::new(recipes, OnForeign::Skip).with_manifest(manifest());
        visit.on_first_look(picture("a"), vec![SeenThumbnail::Absent; 2], SeenThumbnail::Absent);
        visit.on_fetched(outcome);
        visit.on_written(written);
        visit.on_source(picture("a"));
        assert_eq!(*visit.step(), VisitStep::End(VisitEnd::Converged));
    }
}

#[test]
fn the_manifest_alone_is_made_anew_by_one_more_look_at_the_source() {
    let mut visit = visit().with_manifest(manifest());
    visit.on_first_look(picture("a"), ours("a"), SeenThumbnail::Absent);
    visit.on_fetched(fetched(picture("a")));
    assert_eq!(*visit.step(), VisitStep::HeadSource);
    visit.on_source(picture("a"));
    assert_eq!(*visit.step(), VisitStep::StoreManifest);
}

#[test]
fn a_manifest_withdrawn_after_the_first_look_is_followed_by_another_look() {
    let mut visit = visit().with_manifest(manifest());
    visit.on_first_look(SourceState::Gone, vec![SeenThumbnail::Absent], described("a"));
    assert_eq!(*visit.step(), VisitStep::WithdrawManifest);
    visit.on_manifest_withdrawn();
    assert_eq!(*visit.step(), VisitStep::HeadSource);
    visit.on_source(picture("b"));
    assert_eq!(*visit.step(), VisitStep::HeadThumbnails, "it was uploaded again");
}
