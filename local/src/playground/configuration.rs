//! The configuration that the page sends: variables, `thumbnails.json`, and the memory of the function.
//!
//! The function's program alone decides whether the settings are right. What is refused here are variables that belong to
//! the platform, the shell or the connection to the local COS.

use serde::Deserialize;

/// Most bytes of variables together, far above the 4 KB of SCF, which the program reports itself.
const MAX_VARIABLES: usize = 64 << 10;

/// Most bytes of `thumbnails.json`.
const MAX_FILE: usize = 1 << 20;

/// Variables that a configuration cannot have here, by their first letters.
const RESERVED: [&str; 14] = [
    "BOOTSTRAP",
    "COS_ENDPOINT",
    "COS_SECRET_",
    "GLIBC_",
    "HOME",
    "LD_",
    "MALLOC_",
    "PATH",
    "RUST_",
    "SCF_",
    "SHELL",
    "TENCENTCLOUD_",
    "USER_CODE_ROOT",
    "_",
];

/// Reason to refuse a configuration before the program sees it.
#[derive(Debug, Eq, PartialEq, thiserror::Error)]
pub(super) enum ConfigurationError {
    /// No size of a function.
    #[error("memory is {0} MB; a function of SCF has 64 MB, or 128 to 3072 MB in steps of 128")]
    Memory(u64),
    /// No name of a variable.
    #[error(
        "{0} is not a name of a variable; write NAME=value, the name in capital letters, digits and underscores"
    )]
    Name(String),
    /// A variable of the platform.
    #[error("{0} cannot be set here; the platform or this page sets it")]
    Reserved(String),
    /// More text than a configuration has.
    #[error("the configuration is larger than {0} KB; shorten it")]
    TooLarge(usize),
    /// A value that no variable can have.
    #[error("{0} contains a zero byte; remove it")]
    Value(String),
}

/// Configuration as the page sends it.
#[derive(Debug, Deserialize)]
pub(super) struct RawConfiguration {
    #[serde(default)]
    variables: Vec<(String, String)>,
    #[serde(default)]
    file: Option<String>,
    memory_mb: u64,
}

/// Configuration that the function can be started with.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Configuration {
    pub(super) variables: Vec<(String, String)>,
    /// Content of `thumbnails.json`, if there is one.
    pub(super) file: Option<String>,
    /// Memory of the function, MB.
    pub(super) memory_mb: u64,
}

impl TryFrom<RawConfiguration> for Configuration {
    type Error = ConfigurationError;

    fn try_from(raw: RawConfiguration) -> Result<Self, ConfigurationError> {
        let RawConfiguration { variables, file, memory_mb } = raw;
        let is_memory = memory_mb == 64 || ((128..=3072).contains(&memory_mb) && memory_mb % 128 == 0);
        if !is_memory {
            return Err(ConfigurationError::Memory(memory_mb));
        }
        let bytes = variables.iter().map(|(name, value)| name.len().saturating_add(value.len()));
        if bytes.fold(0_usize, usize::saturating_add) > MAX_VARIABLES {
            return Err(ConfigurationError::TooLarge(MAX_VARIABLES >> 10));
        }
        if file.as_ref().is_some_and(|file| file.len() > MAX_FILE) {
            return Err(ConfigurationError::TooLarge(MAX_FILE >> 10));
        }
        for (name, value) in &variables {
            check_variable(name, value)?;
        }
        Ok(Self { variables, file, memory_mb })
    }
}

fn check_variable(name: &str, value: &str) -> Result<(), ConfigurationError> {
    let is_name = name.starts_with(|first: char| first.is_ascii_uppercase() || first == '_')
        && name.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_');
    if !is_name {
        return Err(ConfigurationError::Name(name.chars().take(80).collect()));
    }
    if is_reserved(name) {
        return Err(ConfigurationError::Reserved(name.to_owned()));
    }
    if value.contains('\0') {
        return Err(ConfigurationError::Value(name.to_owned()));
    }
    Ok(())
}

/// Returns whether a variable is the platform's, the shell's, or leads to the local COS.
pub(super) fn is_reserved(name: &str) -> bool {
    RESERVED.iter().any(|prefix| name.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(name: &str, value: &str, memory_mb: u64) -> Result<Configuration, ConfigurationError> {
        let variables = vec![(name.to_owned(), value.to_owned())];
        RawConfiguration { variables, file: None, memory_mb }.try_into()
    }

    #[test]
    fn variables_of_the_platform_and_the_loader_are_refused() {
        let reserved = [
            "PATH",
            "LD_PRELOAD",
            "BOOTSTRAP_PROGRAM",
            "USER_CODE_ROOT",
            "SCF_RUNTIME_API",
            "TENCENTCLOUD_SECRETKEY",
            "COS_ENDPOINT",
            "COS_SECRET_KEY",
            "_HANDLER",
        ];
        for name in reserved {
            assert_eq!(read(name, "x", 512), Err(ConfigurationError::Reserved(name.to_owned())), "{name}");
        }
        // The program tells what was probably meant.
        for name in ["THUMBNAILS", "THUMBNAIL", "COS_DOMAIN", "MAX_PIXELS"] {
            assert!(read(name, "x", 512).is_ok(), "{name}");
        }
    }

    #[test]
    fn names_and_values_that_no_environment_can_have_are_refused() {
        for name in ["", "a", "A=B", "A B", "1A", "A\n"] {
            assert!(matches!(read(name, "x", 512), Err(ConfigurationError::Name(_))), "{name:?}");
        }
        assert_eq!(read("QUALITY", "8\0", 512), Err(ConfigurationError::Value("QUALITY".to_owned())));
        let long = "x".repeat(MAX_VARIABLES);
        assert_eq!(read("QUALITY", &long, 512), Err(ConfigurationError::TooLarge(64)));
    }

    #[test]
    fn memory_is_that_of_a_function() {
        for memory in [64, 128, 512, 3072] {
            assert!(read("QUALITY", "80", memory).is_ok(), "{memory}");
        }
        for memory in [0, 63, 100, 192, 3200, u64::MAX] {
            assert_eq!(read("QUALITY", "80", memory), Err(ConfigurationError::Memory(memory)));
        }
    }
}
