//! README.md and README.zh-CN.md are one text in two languages: everything of them that is no language is compared, so
//! that a change to one is not forgotten in the other. And every link of the documentation leads somewhere.

#![expect(clippy::unwrap_used, reason = "a test that cannot read a document has failed")]

use std::path::{Path, PathBuf};

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
        document
    }

    /// Takes a line that is no code.
    fn take(&mut self, line: &str) {
        let text = line.trim_start_matches('#');
        if text.len() < line.len() {
            self.headings.push((line.len() - text.len(), text.trim().to_owned()));
        } else if let Some(cells) = line.strip_prefix('|') {
            self.rows
                .push(cells.trim_end_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect());
        }
        let targets = line.split("](").skip(1).filter_map(|rest| rest.split_once(')'));
        self.links.extend(targets.map(|(target, _)| target.to_owned()));
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

/// What stands between backticks.
fn code(cell: &str) -> Vec<&str> {
    cell.split('`').skip(1).step_by(2).collect()
}

/// The commands of a block without what is said about them.
fn commands(lines: &[String]) -> Vec<&str> {
    let commands = lines.iter().map(|line| line.split(" #").next().unwrap_or_default().trim_end());
    commands.filter(|command| !command.is_empty() && !command.starts_with('#')).collect()
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The English README and the Chinese one.
fn both() -> (Document, Document) {
    (Document::read(&root().join("README.md")), Document::read(&root().join("README.zh-CN.md")))
}

#[test]
fn both_languages_have_the_same_sections() {
    let (english, chinese) = both();
    let levels =
        |document: &Document| document.headings.iter().map(|(level, _)| *level).collect::<Vec<usize>>();
    assert_eq!(levels(&english), levels(&chinese), "{:?}\n{:?}", english.headings, chinese.headings);
    assert!(english.headings.len() > 5, "{:?}", english.headings);
}

#[test]
fn both_languages_have_the_same_commands_and_json() {
    let (english, chinese) = both();
    let languages = |document: &Document| {
        document.blocks.iter().map(|(language, _)| language.clone()).collect::<Vec<String>>()
    };
    assert_eq!(languages(&english), languages(&chinese));
    for language in ["sh", "json"] {
        assert!(languages(&english).iter().any(|other| other == language), "there is no {language}");
    }
    for ((language, ours), (_, theirs)) in english.blocks.iter().zip(&chinese.blocks) {
        match language.as_str() {
            "sh" => assert_eq!(commands(ours), commands(theirs)),
            "json" => assert_eq!(ours, theirs),
            _ => {}
        }
    }
}

#[test]
fn both_languages_list_the_same_settings_and_outcomes() {
    let (english, chinese) = both();
    let mut names = Vec::new();
    for (ours, theirs) in english.rows.iter().zip(&chinese.rows) {
        assert_eq!(code(&ours[0]), code(&theirs[0]), "{ours:?}\n{theirs:?}");
        assert_eq!(ours.len(), theirs.len(), "{ours:?}\n{theirs:?}");
        // Languages differ in the order of words.
        let [mut all_ours, mut all_theirs] = [ours, theirs].map(|row| code_of(row));
        all_ours.sort_unstable();
        all_theirs.sort_unstable();
        assert_eq!(all_ours, all_theirs, "{ours:?}\n{theirs:?}");
        if ["skipped", "permanent", "transient", "fatal"].contains(&ours[1].as_str()) {
            assert_eq!(ours[1], theirs[1], "{ours:?}\n{theirs:?}");
        }
        names.extend(code(&ours[0]));
    }
    assert_eq!(english.rows.len(), chinese.rows.len());
    for name in ["TARGET_BUCKET", "LOG_LEVEL", "skip.empty", "cos.denied", "panic"] {
        assert!(names.contains(&name), "{name} is in no table: {names:?}");
    }
}

fn code_of(row: &[String]) -> Vec<&str> {
    row.iter().flat_map(|cell| code(cell)).collect()
}

#[test]
fn every_link_of_the_documentation_leads_somewhere() {
    let mut paths = ["README.md", "README.zh-CN.md", "CHANGELOG.md"].map(|name| root().join(name)).to_vec();
    let docs = std::fs::read_dir(root().join("docs")).unwrap().map(|entry| entry.unwrap().path());
    paths.extend(docs.filter(|path| path.extension().is_some_and(|extension| extension == "md")));
    let mut seen = 0;
    for path in paths {
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
    assert!(seen > 20, "only {seen} links were found");
}
