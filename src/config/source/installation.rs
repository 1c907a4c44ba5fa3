//! The settings of an installed function: its variables and its `thumbnails.json`.

use std::fmt;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::environment::Environment;
use crate::config::Config;
use crate::config::mistake::{Findings, Mistake, Mistakes};

/// The name of the file.
const FILE: &str = "thumbnails.json";

/// The variable that names the folder of the code.
const CODE_ROOT: &str = "USER_CODE_ROOT";

/// A configuration, with its provenance.
#[derive(Debug)]
pub struct Installation {
    /// The configuration, or its mistakes.
    pub config: Result<Config, Mistakes>,
    /// The file and variables that it was read from.
    pub provenance: Provenance,
}

/// The provenance of a configuration: "settings: from /code/thumbnails.json and 2 variables".
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Provenance {
    /// Path at which the file is looked for; `None` if that is unknown.
    pub file: Option<PathBuf>,
    /// `true` if the file exists.
    pub is_there: bool,
    /// Number of settings that come from variables.
    pub variables: usize,
}

impl Installation {
    /// The configuration of this installation: the variables, and `thumbnails.json` in the folder that
    /// `USER_CODE_ROOT` names (the platform sets it to where the zip is unpacked, 583/30228), or beside the
    /// program where that is not set. Having no such file is the ordinary case.
    #[must_use]
    pub fn of_environment(environment: &Environment) -> Self {
        let mut findings = Findings::default();
        let folder = match environment.written(CODE_ROOT) {
            Some(folder) => {
                let remedy =
                    "there is no such folder; name the one with thumbnails.json, or remove the variable";
                let check = |path: &str| Path::new(path).is_dir().then(|| PathBuf::from(path)).ok_or(remedy);
                findings.note(folder.parse(check))
            }
            None => std::env::current_exe().ok().and_then(|program| program.parent().map(PathBuf::from)),
        };
        let file = folder.map(|folder| folder.join(FILE));
        let text = file.as_deref().and_then(|path| match std::fs::read_to_string(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            other => Some(other),
        });
        Self::new(environment, file, text, findings)
    }

    /// The configuration of the variables and this file.
    #[must_use]
    pub fn of_file(environment: &Environment, file: &Path) -> Self {
        let text = std::fs::read_to_string(file);
        Self::new(environment, Some(file.to_owned()), Some(text), Findings::default())
    }

    fn new(
        environment: &Environment,
        file: Option<PathBuf>,
        text: Option<std::io::Result<String>>,
        mut findings: Findings,
    ) -> Self {
        // With links followed, as far as the file is there.
        let file = file.map(|path| path.canonicalize().unwrap_or(path));
        let is_there = text.is_some();
        let text = text.and_then(|text| {
            let path = file.as_deref().unwrap_or_else(|| Path::new(FILE));
            let mistake = |error| Mistake::File(format!("{} cannot be read: {error}", path.display()));
            findings.note(text.map_err(mistake))
        });
        let folder = file.as_deref().and_then(Path::parent);
        let config = match Config::load_in(environment, text.as_deref(), folder) {
            Ok(config) => findings.into_result(config),
            Err(mistakes) => Err(findings.followed_by(mistakes)),
        };
        Self { config, provenance: Provenance { file, is_there, variables: environment.settings_set() } }
    }
}

impl fmt::Display for Provenance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let variables = match self.variables {
            1 => "1 variable".to_owned(),
            count => format!("{count} variables"),
        };
        match (&self.file, self.variables) {
            (Some(file), 0) if self.is_there => write!(f, "settings: from {}", file.display()),
            (Some(file), _) if self.is_there => {
                write!(f, "settings: from {} and {variables}", file.display())
            }
            (Some(file), 0) => write!(f, "settings: the defaults; there is no {}", file.display()),
            (Some(file), _) => write!(f, "settings: from {variables}; there is no {}", file.display()),
            (None, 0) => f.write_str("settings: the defaults"),
            (None, _) => write!(f, "settings: from {variables}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(folder: &Path) -> Installation {
        let folder = folder.to_str().unwrap();
        Installation::of_environment(&Environment::from_pairs([(CODE_ROOT, folder), ("QUALITY", "7")]))
    }

    #[test]
    fn the_file_is_read_where_the_zip_is_unpacked() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().canonicalize().unwrap().join(FILE);
        let without = load(folder.path());
        assert_eq!(without.config.unwrap().rules().len(), 1);
        let sentence = without.provenance.to_string();
        assert!(sentence.starts_with("settings: from 1 variable; there is no /"), "{sentence}");
        std::fs::write(&path, r#"{"max_pixels": 1000}"#).unwrap();
        let with = load(folder.path());
        assert_eq!(with.config.unwrap().settings().max_pixels, 1000);
        assert_eq!(with.provenance.to_string(), format!("settings: from {} and 1 variable", path.display()));
        let of_file = Installation::of_file(&Environment::default(), &path);
        assert_eq!(of_file.provenance.to_string(), format!("settings: from {}", path.display()));
    }

    #[test]
    fn watermarks_lie_beside_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rules.json");
        let thumbnail = r#"{"size": "9x", "watermark": {"image": "logo.png", "dx": 5}}"#;
        let rules = format!(r#"{{"rules": [{{"thumbnails": {{"a": {thumbnail}, "b": {thumbnail}}}}}]}}"#);
        std::fs::write(&path, rules).unwrap();
        let without = Installation::of_file(&Environment::default(), &path).config.unwrap_err().to_string();
        assert!(without.contains("the watermark \"logo.png\" cannot be used: it is not in /"), "{without}");
        std::fs::copy("tests/data/watermarks/logo.png", folder.path().join("logo.png")).unwrap();
        let config = Installation::of_file(&Environment::default(), &path).config.unwrap();
        assert_eq!(config.watermark_bytes(), 48 * 20 * 4, "both thumbnails share the pixels");
        let told = config.to_string();
        let words = "marked with logo.png of 48 x 20, 5 and 0 pixels from the southeast, at 100 %";
        assert!(told.contains(words), "{told}");
    }

    #[test]
    fn a_file_that_cannot_be_read_is_a_mistake() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(FILE), b"\xff\xfe").unwrap();
        let mistakes = load(folder.path()).config.unwrap_err().to_string();
        assert!(mistakes.contains("thumbnails.json cannot be read: "), "{mistakes}");
        let missing = Installation::of_file(&Environment::default(), &folder.path().join("none.json"));
        let mistakes = missing.config.unwrap_err().to_string();
        assert!(mistakes.contains("none.json cannot be read: "), "{mistakes}");
    }

    #[test]
    fn a_folder_that_is_not_there_is_a_mistake_among_others() {
        let environment = Environment::from_pairs([(CODE_ROOT, "/nowhere/at/all"), ("QUALITY", "x")]);
        let mistakes = Installation::of_environment(&environment).config.unwrap_err();
        assert_eq!(
            mistakes.to_string(),
            "USER_CODE_ROOT is \"/nowhere/at/all\"; there is no such folder; name the one with thumbnails.json, or \
             remove the variable\nQUALITY is \"x\"; it must be a whole number from 1 to 100, auto, or auto:<score> from 40 to 95"
        );
    }
}
