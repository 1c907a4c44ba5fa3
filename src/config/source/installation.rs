//! Where an installed function finds its `thumbnails.json`.

use std::io::ErrorKind;
use std::path::PathBuf;

use crate::config::mistake::{Findings, Mistake, Mistakes};
use crate::config::{Config, Environment};

/// The name of the file.
const FILE: &str = "thumbnails.json";

impl Config {
    /// Loads the configuration of this installation: the variables, and `thumbnails.json` in the folder that
    /// `USER_CODE_ROOT` names (the platform sets it to where the zip is unpacked, 583/30228), or beside the
    /// program where that is not set. Having no such file is the ordinary case.
    ///
    /// # Errors
    /// [`Mistakes`], also when the file is there and cannot be read.
    pub fn of_installation(environment: &Environment) -> Result<Self, Mistakes> {
        let folder = environment.get("USER_CODE_ROOT").map(PathBuf::from).or_else(|| {
            let program = std::env::current_exe().ok()?;
            program.parent().map(PathBuf::from)
        });
        let Some(path) = folder.map(|folder| folder.join(FILE)) else { return Self::load(environment, None) };
        match std::fs::read_to_string(&path) {
            Ok(text) => Self::load(environment, Some(&text)),
            Err(error) if error.kind() == ErrorKind::NotFound => Self::load(environment, None),
            Err(error) => {
                let mut findings = Findings::default();
                findings.push(Mistake::File(format!("{} cannot be read: {error}", path.display())));
                let loaded = Self::load(environment, None)?;
                findings.into_result(loaded)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(folder: &std::path::Path) -> Result<Config, Mistakes> {
        Config::of_installation(&Environment::from_pairs([("USER_CODE_ROOT", folder.to_str().unwrap())]))
    }

    #[test]
    fn the_file_is_read_where_the_zip_is_unpacked() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(load(folder.path()).unwrap().rules().len(), 1);
        std::fs::write(folder.path().join(FILE), r#"{"max_pixels": 1000}"#).unwrap();
        assert_eq!(load(folder.path()).unwrap().settings().max_pixels, 1000);
    }

    #[test]
    fn a_file_that_cannot_be_read_is_a_mistake() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(FILE), b"\xff\xfe").unwrap();
        let mistakes = load(folder.path()).unwrap_err().to_string();
        assert!(mistakes.contains("thumbnails.json") && mistakes.contains("cannot be read"), "{mistakes}");
    }
}
