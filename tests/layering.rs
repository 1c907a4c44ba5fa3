//! The picture in the crate's documentation, executable: a module uses only modules of levels below its own.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]

use std::path::Path;

/// From the bottom up. Modules of one level do not know each other, except the names.
const LEVELS: &[&[&str]] = &[
    &["http_client", "object", "recipe", "reconcile", "text"],
    &["runtime", "event", "config", "cos", "imaging"],
    &["error", "credentials"],
    &["report"],
    &["plan", "deployment"],
    &["pipeline"],
    &["doctor"],
    &["function"],
];

fn level(module: &str) -> usize {
    LEVELS
        .iter()
        .position(|level| level.contains(&module))
        .unwrap_or_else(|| panic!("{module} stands on no level"))
}

/// Every `crate::module` that a file names.
fn used(text: &str) -> Vec<String> {
    let names = text.split("crate::").skip(1);
    let modules = names.flat_map(|rest| match rest.strip_prefix('{') {
        Some(list) => list.split('}').next().unwrap().split(',').collect(),
        None => vec![rest],
    });
    modules
        .map(|name| {
            name.trim().chars().take_while(|c| c.is_ascii_lowercase() || *c == '_').collect::<String>()
        })
        .filter(|name| !name.is_empty())
        .collect()
}

fn check(path: &Path, module: &str, wrong: &mut Vec<String>) {
    if path.is_dir() {
        for entry in std::fs::read_dir(path).unwrap() {
            check(&entry.unwrap().path(), module, wrong);
        }
        return;
    }
    let own = level(module);
    for other in used(&std::fs::read_to_string(path).unwrap()) {
        let sideways_is_fine = own == 0;
        let allowed = other == module || level(&other) < own || (sideways_is_fine && level(&other) == own);
        if !allowed {
            wrong.push(format!("{} uses {other}", path.display()));
        }
    }
}

#[test]
fn modules_use_only_levels_below_their_own() {
    let mut wrong = Vec::new();
    for module in LEVELS.iter().copied().flatten() {
        let file = format!("src/{module}.rs");
        let path = if Path::new(&file).exists() { file } else { format!("src/{module}") };
        check(Path::new(&path), module, &mut wrong);
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_module_stands_on_a_level() {
    let lib = std::fs::read_to_string("src/lib.rs").unwrap();
    for line in lib.lines() {
        if let Some(module) = line.strip_prefix("pub mod ") {
            level(module.trim_end_matches(';'));
        }
    }
}
