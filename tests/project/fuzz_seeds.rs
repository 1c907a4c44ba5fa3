//! Seeds and findings of fuzzing as ordinary tests: the fuzzed properties hold for every file.

#[path = "../../fuzz/properties/answers.rs"]
mod answers;
#[path = "../../fuzz/properties/chunks.rs"]
mod chunks;
#[path = "../../fuzz/properties/configuration.rs"]
mod configuration;
#[path = "../../fuzz/properties/cos.rs"]
mod cos;
#[path = "../../fuzz/properties/event.rs"]
mod event;
#[path = "../../fuzz/properties/formats.rs"]
mod formats;
#[path = "../../fuzz/properties/inventory.rs"]
mod inventory;
#[path = "../../fuzz/properties/keys.rs"]
mod keys;
#[path = "../../fuzz/properties/limits.rs"]
mod limits;
#[path = "../../fuzz/properties/recipe.rs"]
mod recipe;
#[path = "../../fuzz/properties/rendering.rs"]
mod rendering;
#[path = "../../fuzz/properties/runtime.rs"]
mod runtime;
#[path = "../../fuzz/properties/validator.rs"]
pub(crate) mod validator;

use std::path::Path;

/// Files in `fuzz/<folder>`; none if the folder does not exist.
fn files(folder: &str) -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz").join(folder);
    let paths = std::fs::read_dir(folder).into_iter().flatten().map(|entry| entry.unwrap().path());
    paths.map(|path| (path.display().to_string(), std::fs::read(&path).unwrap())).collect()
}

/// Checks a property on the seeds and the findings of a target.
fn check(target: &str, property: fn(&[u8]) -> bool) {
    let seeds = files(&format!("seeds/{target}"));
    assert!(seeds.len() > 4, "{} seeds", seeds.len());
    for (name, bytes) in seeds {
        // The last name printed is that of the file that panicked.
        println!("{name}");
        assert!(property(&bytes), "{name} says nothing");
    }
    for (name, bytes) in files(&format!("findings/{target}")) {
        println!("{name}");
        property(&bytes);
    }
}

#[test]
fn rendering_survives_seeds_and_findings() {
    check("formats", formats::check);
}

#[test]
fn recipes_promise_what_they_render() {
    check("rendering", rendering::check);
}

#[test]
fn events_are_read_the_same_in_every_form() {
    check("event", event::check);
}

#[test]
fn configurations_are_explained_or_refused_with_their_place() {
    check("configuration", configuration::check);
}

#[test]
fn recipes_are_the_same_in_every_spelling() {
    check("recipe", recipe::check);
}

#[test]
fn accepted_templates_tell_all_thumbnails_apart() {
    check("keys", keys::check);
}

#[test]
fn answers_of_cos_never_mislead_the_client() {
    check("cos", cos::check);
}

#[test]
fn answers_of_the_runtime_api_are_read_or_refused() {
    check("runtime", runtime::check);
}

#[test]
fn inventories_are_read_or_refused() {
    check("inventory", inventory::check);
}
