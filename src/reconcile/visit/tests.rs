use super::*;
use crate::object::{Crc64, ETag};

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

fn visit(told: Option<&str>) -> Visit {
    Visit::new(vec![recipe()], OnForeign::Skip, SourceRequest::Get, told.map(content))
}

fn ours(name: &str) -> Vec<SeenThumbnail> {
    vec![SeenThumbnail::Ours { content: Some(content(name)), recipe: recipe() }]
}

#[test]
fn a_source_that_keeps_changing_ends_the_visit() {
    let mut visit = visit(None);
    for round in 0..ROUNDS {
        visit.on_thumbnails(vec![SeenThumbnail::Absent], SeenThumbnail::Absent);
        visit.on_fetched(fetched(picture(&format!("{round}"))));
        assert_eq!(*visit.step(), VisitStep::Write(vec![Action::Make]), "round {round}");
        visit.on_written(STORED);
        visit.on_source(picture(&format!("{round}, and then another").replace(' ', "")));
    }
    assert_eq!(*visit.step(), VisitStep::End(VisitEnd::NotConverged));
}

#[test]
fn the_etag_of_the_event_is_only_a_hint() {
    for (told, step) in
        [(None, VisitStep::HeadSource), (Some("old"), VisitStep::HeadSource), (Some("new"), VisitStep::Fetch)]
    {
        let mut visit = visit(told);
        visit.on_thumbnails(ours("old"), SeenThumbnail::Absent);
        assert_eq!(*visit.step(), step, "{told:?}");
    }
    let mut late = visit(Some("older"));
    late.on_thumbnails(ours("newest"), SeenThumbnail::Absent);
    assert!(!late.needs_fetch(&picture("newest")), "its body need not be read");
    late.on_fetched(fetched(picture("newest")));
    assert_eq!(*late.step(), VisitStep::End(VisitEnd::Converged));
}

#[test]
fn another_content_with_the_same_etag_is_noticed_by_every_check() {
    let mut visit = visit(Some("a"));
    visit.on_thumbnails(ours("a/1"), SeenThumbnail::Absent);
    assert_eq!(*visit.step(), VisitStep::HeadSource, "the event names no CRC-64");
    visit.on_source(picture("a/2"));
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
        let mut visit = visit(Some("a"));
        visit.on_thumbnails(ours(stamp), SeenThumbnail::Absent);
        visit.on_source(picture(source));
        assert_eq!(*visit.step(), VisitStep::End(VisitEnd::Converged), "{stamp}, {source}");
    }
}

#[test]
fn a_lost_race_is_followed_by_checks_of_thumbnails_and_source() {
    let mut visit = visit(None);
    visit.on_thumbnails(vec![SeenThumbnail::Absent], SeenThumbnail::Absent);
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
    let mut visit = visit(None).with_manifest(manifest());
    visit.on_thumbnails(vec![SeenThumbnail::Absent], SeenThumbnail::Absent);
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
    let mut replaced = visit(Some("b")).with_manifest(manifest());
    replaced.on_thumbnails(ours("a"), described("a"));
    assert_eq!(*replaced.step(), VisitStep::Fetch);
    replaced.on_fetched(fetched(picture("b")));
    assert_eq!(*replaced.step(), VisitStep::WithdrawManifest);
    replaced.on_manifest_withdrawn();
    assert_eq!(*replaced.step(), VisitStep::Write(vec![Action::Make]));
    let mut removed = visit(Some("a")).with_manifest(manifest());
    removed.on_thumbnails(ours("a"), described("a"));
    removed.on_source(SourceState::Gone);
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
        let mut visit = visit(Some("a")).with_manifest(manifest());
        visit.on_thumbnails(seen.clone(), told);
        assert_eq!(*visit.step(), VisitStep::WithdrawManifest, "{seen:?}");
    }
    let mut current = visit(Some("a")).with_manifest(manifest());
    current.on_thumbnails(ours("a"), described("a"));
    current.on_source(picture("a"));
    assert_eq!(*current.step(), VisitStep::End(VisitEnd::Converged));
}

#[test]
fn there_is_no_manifest_unless_all_thumbnails_are_stored() {
    let written = Written { is_complete: false, ..STORED };
    let impossible = FetchOutcome { source: picture("a"), impossible: vec![1] };
    for (outcome, written) in [(fetched(picture("a")), written), (impossible, STORED)] {
        let recipes = vec![recipe(), recipe()];
        let visit = Visit::new(recipes, OnForeign::Skip, SourceRequest::Get, None);
        let mut visit = visit.with_manifest(manifest());
        visit.on_thumbnails(vec![SeenThumbnail::Absent; 2], SeenThumbnail::Absent);
        visit.on_fetched(outcome);
        visit.on_written(written);
        visit.on_source(picture("a"));
        assert_eq!(*visit.step(), VisitStep::End(VisitEnd::Converged));
    }
}

#[test]
fn the_manifest_alone_is_made_anew_by_one_more_look_at_the_source() {
    let mut visit = visit(Some("a")).with_manifest(manifest());
    visit.on_thumbnails(ours("a"), SeenThumbnail::Absent);
    visit.on_fetched(fetched(picture("a")));
    assert_eq!(*visit.step(), VisitStep::HeadSource);
    visit.on_source(picture("a"));
    assert_eq!(*visit.step(), VisitStep::StoreManifest);
}
