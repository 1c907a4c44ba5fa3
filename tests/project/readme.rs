//! The documents of the repository: links and paths lead somewhere, the README stays short, and its two languages have
//! one structure.

use std::path::{Path, PathBuf};

/// Longest README, lines.
const README_LINES: usize = 140;

/// Folders whose files documents name by their path from the root.
const FOLDERS: [&str; 11] =
    ["benches", "deploy", "docs", "events", "examples", "fuzz", "jpeg", "local", "scripts", "src", "tests"];

/// A Markdown document, taken apart.
#[derive(Debug, Default)]
struct Document {
    /// Level and text of each heading.
    headings: Vec<(usize, String)>,
    /// Language and lines of each fenced block.
    blocks: Vec<(String, Vec<String>)>,
    /// Cells of each line of a table.
    rows: Vec<Vec<String>>,
    /// Targets of links, as written.
    links: Vec<String>,
    /// Texts between backticks.
    codes: Vec<String>,
    /// Number of list items.
    items: usize,
    /// Number of passages in bold.
    bold: usize,
}

impl Document {
    fn read(path: &Path) -> Self {
        Self::parse(&std::fs::read_to_string(path).unwrap())
    }

    fn parse(text: &str) -> Self {
        let mut document = Self::default();
        let mut is_code = false;
        for line in text.lines() {
            if let Some(language) = line.trim_start().strip_prefix("```") {
                is_code = !is_code;
                if is_code {
                    document.blocks.push((language.to_owned(), Vec::new()));
                }
            } else if is_code {
                document.blocks.last_mut().unwrap().1.push(line.trim().to_owned());
            } else {
                document.take(line);
            }
        }
        assert!(!is_code, "a fenced block has no end");
        document.bold = text.matches("**").count() / 2;
        document
    }

    /// Takes a line outside of fenced blocks.
    fn take(&mut self, line: &str) {
        let text = line.trim_start_matches('#');
        if text.len() < line.len() {
            self.headings.push((line.len() - text.len(), text.trim().to_owned()));
        } else if let Some(cells) = line.trim_start().strip_prefix('|') {
            self.rows.push(
                cells
                    .trim_end()
                    .trim_end_matches('|')
                    .split('|')
                    .map(|cell| cell.trim().to_owned())
                    .collect(),
            );
        } else if line.starts_with("- ") {
            self.items += 1;
        }
        let targets = line.split("](").skip(1).filter_map(|rest| rest.split_once(')'));
        self.links.extend(targets.map(|(target, _)| target.to_owned()));
        self.codes.extend(code(line).into_iter().map(str::to_owned));
    }

    /// The anchors of the headings, as GitHub makes them.
    fn anchors(&self) -> Vec<String> {
        self.headings.iter().map(|(_, text)| anchor(text)).collect()
    }
}

fn anchor(heading: &str) -> String {
    let kept = heading.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.collect::<String>().to_lowercase().replace(' ', "-")
}

/// The texts between backticks.
fn code(text: &str) -> Vec<&str> {
    text.split('`').skip(1).step_by(2).collect()
}

/// The commands of a block, without comments.
fn commands(lines: &[String]) -> Vec<&str> {
    let commands = lines.iter().map(|line| line.split(" #").next().unwrap_or_default().trim_end());
    commands.filter(|command| !command.is_empty() && !command.starts_with('#')).collect()
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The English README and the Chinese one.
fn both() -> [Document; 2] {
    ["README.md", "README.zh-CN.md"].map(|name| Document::read(&root().join(name)))
}

/// Every Markdown file of the repository, without what is built or downloaded.
fn documents() -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![root()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap();
            if path.is_dir() {
                if !name.starts_with('.') && !["target", "dist", "corpus", "artifacts"].contains(&name) {
                    folders.push(path);
                }
            } else if name.ends_with(".md") {
                found.push(path);
            }
        }
    }
    assert!(found.len() > 10, "only {found:?} were found");
    found
}

#[test]
fn the_readme_is_short() {
    for name in ["README.md", "README.zh-CN.md"] {
        let lines = std::fs::read_to_string(root().join(name)).unwrap().lines().count();
        assert!(lines <= README_LINES, "{name} has {lines} lines, of {README_LINES} at most");
    }
}

#[test]
fn both_languages_have_the_same_structure() {
    let [english, chinese] = both();
    let levels =
        |document: &Document| document.headings.iter().map(|(level, _)| *level).collect::<Vec<usize>>();
    assert_eq!(levels(&english), levels(&chinese), "{:?}\n{:?}", english.headings, chinese.headings);
    assert!(english.headings.len() > 5, "{:?}", english.headings);
    assert_eq!((english.items, english.bold), (chinese.items, chinese.bold), "list items and bold passages");
    let to_other = |document: &Document| document.links.first().cloned();
    assert_eq!(to_other(&english).as_deref(), Some("README.zh-CN.md"));
    assert_eq!(to_other(&chinese).as_deref(), Some("README.md"));
    assert_eq!(english.links[1..], chinese.links[1..]);
}

#[test]
fn both_languages_have_the_same_commands() {
    let [english, chinese] = both();
    let languages = |document: &Document| {
        document.blocks.iter().map(|(language, _)| language.clone()).collect::<Vec<String>>()
    };
    assert_eq!(languages(&english), languages(&chinese));
    assert!(languages(&english).iter().any(|language| language == "sh"));
    for ((_, ours), (_, theirs)) in english.blocks.iter().zip(&chinese.blocks) {
        assert_eq!(commands(ours), commands(theirs));
    }
}

#[test]
fn both_languages_have_the_same_tables() {
    let [english, chinese] = both();
    assert_eq!(english.rows.len(), chinese.rows.len());
    for (ours, theirs) in english.rows.iter().zip(&chinese.rows) {
        assert_eq!(ours.len(), theirs.len(), "{ours:?}\n{theirs:?}");
        assert_eq!(code(&ours[0]), code(&theirs[0]), "{ours:?}\n{theirs:?}");
        // Languages differ in the order of words.
        let [mut all_ours, mut all_theirs] = [ours, theirs].map(|row| code_of(row));
        all_ours.sort_unstable();
        all_theirs.sort_unstable();
        assert_eq!(all_ours, all_theirs, "{ours:?}\n{theirs:?}");
    }
}

fn code_of(row: &[String]) -> Vec<&str> {
    row.iter().flat_map(|cell| code(cell)).collect()
}

/// The settings of a document with the code of their defaults.
fn defaults(document: &Document) -> Vec<(String, Vec<String>)> {
    let settings = document.rows.iter().filter_map(|row| {
        let [name, default, _] = row.as_slice() else { return None };
        let name = *code(name).first()?;
        let default = code(default).into_iter().map(str::to_owned).collect();
        let is_variable = name.chars().all(|c| c.is_ascii_uppercase() || c == '_');
        is_variable.then(|| (name.to_owned(), default))
    });
    settings.collect()
}

#[test]
fn eight_settings_of_the_readme_have_the_defaults_of_the_document_on_configuration() {
    let told = defaults(&Document::read(&root().join("docs/configuration.md")));
    let [english, _] = both();
    let settings = defaults(&english);
    assert_eq!(settings.len(), 8, "{settings:?}");
    for setting in settings {
        assert!(told.contains(&setting), "{setting:?} is not as docs/configuration.md has it");
    }
}

#[test]
fn every_link_of_the_documents_leads_somewhere() {
    let mut seen = 0;
    for path in documents() {
        let document = Document::read(&path);
        for link in document.links.iter().filter(|link| !link.contains("://")) {
            seen += 1;
            let (file, place) =
                link.split_once('#').map_or((link.as_str(), None), |(file, at)| (file, Some(at)));
            let target = if file.is_empty() { path.clone() } else { path.parent().unwrap().join(file) };
            assert!(target.exists(), "{} links to {link}, which is not there", path.display());
            if let Some(place) = place {
                let anchors = Document::read(&target).anchors();
                assert!(
                    anchors.iter().any(|anchor| anchor == place),
                    "{}: {link} of {anchors:?}",
                    path.display()
                );
            }
        }
    }
    assert!(seen > 80, "only {seen} links were found");
}

/// Names of files and folders, such as `src/error.rs`, in documents about the repository as it is.
#[test]
fn every_path_that_a_document_names_exists() {
    let mut seen = 0;
    let mut missing = Vec::new();
    for path in documents().into_iter().filter(|path| !path.ends_with("CHANGELOG.md")) {
        for code in Document::read(&path).codes {
            for word in code.split_whitespace() {
                let Some((folder, _)) = word.split_once('/') else { continue };
                let is_path = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '/' | '-' | '_');
                if !FOLDERS.contains(&folder) || !word.chars().all(is_path) {
                    continue;
                }
                seen += 1;
                let beside = path.parent().unwrap().join(word);
                if !root().join(word).exists() && !beside.exists() {
                    missing.push(format!("{}: {word}", path.display()));
                }
            }
        }
    }
    assert!(missing.is_empty(), "{missing:#?}");
    assert!(seen > 80, "only {seen} paths were found");
}
