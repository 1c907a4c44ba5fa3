//! The levels of `docs/architecture.md`, executable: a module imports only modules of levels below its own, and no files
//! import each other in a circle.

mod imports;

use std::collections::BTreeSet;
use std::path::Path;

use self::imports::{Crate, Module};

/// The modules of the function from the bottom up. Modules of one level do not import each other.
const FUNCTION: &[&[&str]] = &[
    &["http_client", "text"],
    &["object", "recipe"],
    &["credential", "reconcile"],
    &["runtime", "event", "config", "cos", "scf", "inventory", "imaging"],
    &["error", "credential_source"],
    &["report"],
    &["plan", "deployment"],
    &["pipeline"],
    &["doctor"],
    &["function"],
    &["sync"],
];

/// The modules of `imaging`, from the bottom up.
const IMAGING: &[&[&str]] = &[
    &["source_format"],
    &["error"],
    &["damage", "picture", "rendering"],
    &["color", "limits", "plan"],
    &["exif", "input", "pixels"],
    &["provenance"],
    &["decoded"],
    &["source_properties"],
    &["encode"],
    &["draw"],
    &["decode"],
    &["memory_estimate"],
];

/// The library of the function; `main.rs` and `command` are the program beside it.
fn function() -> Crate {
    Crate::read(Path::new("src"), &["main.rs", "command"])
}

fn crates() -> [(&'static str, Crate); 5] {
    [
        ("cos_thumbnailer", function()),
        ("the program", Crate::read_only(Path::new("src"), &["main.rs", "command"])),
        ("thumbnail_jpeg", Crate::read(Path::new("jpeg/src"), &[])),
        ("thumbnail_resample", Crate::read(Path::new("resample/src"), &[])),
        ("scf_local", Crate::read(Path::new("local/src"), &[])),
    ]
}

fn level(levels: &[&[&str]], name: &str) -> usize {
    let level = levels.iter().position(|level| level.contains(&name));
    level.unwrap_or_else(|| panic!("the module {name} stands on no level"))
}

/// Imports that do not go down. `prefix` is the module whose children have the levels.
fn upward(library: &Crate, levels: &[&[&str]], prefix: &[&str]) -> Vec<String> {
    let child = |module: &Module| {
        let rest = prefix.iter().enumerate().all(|(at, name)| module.get(at).is_some_and(|own| own == name));
        if rest { module.get(prefix.len()).cloned() } else { None }
    };
    let mut wrong = Vec::new();
    for module in library.modules() {
        let Some(own) = child(module) else { continue };
        for imported in library.imports(module) {
            let Some(other) = child(&imported) else { continue };
            if own != other && level(levels, &other) >= level(levels, &own) {
                wrong.push(format!("{} imports {}", library.path(module).display(), imported.join("::")));
            }
        }
    }
    wrong
}

#[test]
fn modules_import_only_levels_below_their_own() {
    let library = function();
    let mut wrong = upward(&library, FUNCTION, &[]);
    wrong.extend(upward(&library, IMAGING, &["imaging"]));
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// `imaging/mod.rs` may import all modules below it, and none of them imports it.
#[test]
fn modules_of_imaging_do_not_import_imaging_itself() {
    let library = function();
    let above = vec!["imaging".to_owned()];
    let below = library.modules().filter(|module| module.len() > 1 && module.starts_with(&above));
    let wrong: Vec<_> = below.filter(|module| library.imports(module).contains(&above)).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_module_stands_on_exactly_one_level() {
    let library = function();
    for (levels, prefix) in [(FUNCTION, &[][..]), (IMAGING, &["imaging".to_owned()][..])] {
        let listed: Vec<&str> = levels.concat();
        assert_eq!(listed.len(), listed.iter().collect::<BTreeSet<_>>().len(), "listed twice");
        let modules = library.modules().filter(|module| module.starts_with(prefix));
        let present: BTreeSet<&str> =
            modules.filter_map(|module| module.get(prefix.len()).map(String::as_str)).collect();
        assert_eq!(present, listed.into_iter().collect(), "levels and modules differ below {prefix:?}");
    }
}

#[test]
fn files_do_not_import_each_other_in_a_circle() {
    for (name, own) in crates() {
        let circles = own.circles();
        assert!(circles.is_empty(), "{name}: {circles:#?}");
    }
}

/// The reader of JPEG knows nothing of the function, the local SCF and COS nothing of either, and pixels nothing of the
/// network.
#[test]
fn crates_stay_apart() {
    let foreign: [(&str, &[&str]); 5] = [
        ("cos_thumbnailer", &["scf_local", "lexopt"]),
        ("the program", &["scf_local", "thumbnail_jpeg"]),
        ("thumbnail_jpeg", &["cos_thumbnailer", "scf_local", "reqwest", "tokio"]),
        ("thumbnail_resample", &["cos_thumbnailer", "scf_local", "thumbnail_jpeg", "reqwest", "tokio"]),
        ("scf_local", &["cos_thumbnailer", "thumbnail_jpeg", "thumbnail_resample"]),
    ];
    for ((name, own), (expected, foreign)) in crates().iter().zip(foreign) {
        assert_eq!(*name, expected);
        for module in own.modules() {
            for other in foreign {
                assert!(
                    !own.external(module).contains(*other),
                    "{} uses {other}",
                    own.path(module).display()
                );
            }
        }
    }
    let library = function();
    for module in library.modules().filter(|module| module.first().is_some_and(|name| name == "imaging")) {
        for other in ["reqwest", "rustls", "tokio"] {
            let path = library.path(module).display();
            assert!(!library.external(module).contains(other), "{path} uses {other}");
        }
    }
}

/// The tables of levels in the documents are the levels that are tested.
#[test]
fn documents_show_these_levels() {
    for file in ["docs/architecture.md", "src/lib.rs"] {
        let text = std::fs::read_to_string(file).unwrap();
        let lines = text.lines().map(|line| line.trim_start_matches("//! "));
        let rows = lines.skip_while(|line| !line.starts_with("| level, from the top ")).skip(2);
        let modules = |row: &str| -> BTreeSet<String> {
            let cell = row.split('|').nth(2).unwrap();
            cell.split('`').skip(1).step_by(2).map(str::to_owned).collect()
        };
        let mut shown: Vec<_> = rows.take_while(|line| line.starts_with('|')).map(modules).collect();
        assert_eq!(shown.remove(0), ["command".to_owned(), "main".to_owned()].into(), "{file}");
        shown.reverse();
        let levels = FUNCTION.iter().map(|level| level.iter().map(|name| (*name).to_owned()).collect());
        assert_eq!(shown, levels.collect::<Vec<BTreeSet<_>>>(), "{file}");
    }
}

/// A folder and a file stay small enough to be read as a whole.
#[test]
fn folders_and_files_are_small() {
    const MOST_FILES: usize = 16;
    const MOST_LINES: usize = 500;
    let mut wrong = Vec::new();
    for root in ["benches", "deploy", "fuzz", "jpeg", "local", "src", "tests"] {
        measure(Path::new(root), MOST_FILES, MOST_LINES, &mut wrong);
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

fn measure(folder: &Path, most_files: usize, most_lines: usize, wrong: &mut Vec<String>) {
    let mut files = 0;
    for entry in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        let is_source = entry.extension().is_some_and(|extension| extension == "rs" || extension == "py");
        if entry.is_dir() && !entry.ends_with("target") {
            measure(&entry, most_files, most_lines, wrong);
        } else if is_source {
            files += 1;
            let lines = std::fs::read_to_string(&entry).unwrap().lines().count();
            if lines > most_lines {
                wrong.push(format!("{} has {lines} lines", entry.display()));
            }
        }
    }
    if files > most_files {
        wrong.push(format!("{} has {files} files", folder.display()));
    }
}
