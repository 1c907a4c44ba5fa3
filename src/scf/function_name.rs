//! Name of a function: its namespace, its own name, and a version or alias.

use std::fmt;

use crate::object::Region;
use crate::text::excerpt;

/// Text that does not name a function.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error(
    "{0:?} does not name a function; write its name, namespace/name or namespace/name:version, with at most 60 \
     letters, digits, hyphens and underscores each"
)]
pub struct InvalidName(String);

/// Function in an account and region.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct FunctionName {
    namespace: String,
    function: String,
    qualifier: Option<String>,
}

impl FunctionName {
    /// Namespace of functions that are created without one.
    pub const DEFAULT_NAMESPACE: &'static str = "default";

    /// Joins a name from its parts. `qualifier` is a version such as `3` or `$LATEST`, or an alias; `None` is
    /// the alias `$DEFAULT`, as for triggers.
    ///
    /// # Errors
    /// [`InvalidName`] when a part is empty, longer than 60 characters, or has others than letters, digits,
    /// `-` and `_`.
    pub fn new(namespace: &str, function: &str, qualifier: Option<&str>) -> Result<Self, InvalidName> {
        let name = Self {
            namespace: namespace.to_owned(),
            function: function.to_owned(),
            qualifier: qualifier.map(str::to_owned),
        };
        let qualifier = qualifier.map(|text| text.strip_prefix('$').unwrap_or(text));
        if [Some(namespace), Some(function), qualifier].into_iter().flatten().all(is_name) {
            Ok(name)
        } else {
            Err(InvalidName(excerpt(&name.to_string())))
        }
    }

    /// Parses `[<namespace>/]<function>[:<version or alias>]`. The namespace is `default` if it is left out.
    ///
    /// # Errors
    /// [`InvalidName`] for other texts.
    pub fn parse(text: &str) -> Result<Self, InvalidName> {
        let (name, qualifier) = text.split_once(':').map_or((text, None), |(name, part)| (name, Some(part)));
        let (namespace, function) = name.split_once('/').unwrap_or((Self::DEFAULT_NAMESPACE, name));
        Self::new(namespace, function, qualifier).map_err(|_| InvalidName(excerpt(text)))
    }

    /// Returns the namespace.
    #[must_use]
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// Returns the name within its namespace.
    #[must_use]
    pub fn function(&self) -> &str {
        &self.function
    }

    /// Returns the version or alias, if one was given.
    #[must_use]
    pub fn qualifier(&self) -> Option<&str> {
        self.qualifier.as_deref()
    }

    /// Resource name in CAM policies (583/38177). The account is left empty, which is that of the policy
    /// (598/10606).
    #[must_use]
    pub fn resource(&self, region: &Region) -> String {
        format!("qcs::scf:{region}::namespace/{}/function/{}", self.namespace, self.function)
    }
}

/// Prints the form that [`FunctionName::parse`] reads, without the default namespace.
impl fmt::Display for FunctionName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.namespace != Self::DEFAULT_NAMESPACE {
            write!(f, "{}/", self.namespace)?;
        }
        f.write_str(&self.function)?;
        self.qualifier.as_ref().map_or(Ok(()), |qualifier| write!(f, ":{qualifier}"))
    }
}

fn is_name(text: &str) -> bool {
    (1..=60).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_one_to_three_parts() {
        let table = [
            ("thumbnails", ("default", "thumbnails", None)),
            ("default/thumbnails", ("default", "thumbnails", None)),
            ("images/thumbnails-2_x", ("images", "thumbnails-2_x", None)),
            ("thumbnails:$LATEST", ("default", "thumbnails", Some("$LATEST"))),
            ("images/thumbnails:3", ("images", "thumbnails", Some("3"))),
        ];
        for (text, parts) in table {
            let name = FunctionName::parse(text).unwrap();
            assert_eq!((name.namespace(), name.function(), name.qualifier()), parts, "{text}");
            assert_eq!(name.to_string(), text.trim_start_matches("default/"));
        }
    }

    #[test]
    fn other_texts_are_refused() {
        let long = "a".repeat(61);
        for text in ["", "/a", "a/", "a:", ":1", "a/b/c", "a b", "a\"", "猫", "$a", "a:$", "a:b:c", &long] {
            let error = FunctionName::parse(text).unwrap_err();
            assert!(error.to_string().contains("does not name a function"), "{error}");
        }
    }

    #[test]
    fn resource_names_leave_the_account_open() {
        let region = Region::parse("ap-guangzhou").unwrap();
        let name = FunctionName::parse("images/thumbnails:3").unwrap();
        assert_eq!(name.resource(&region), "qcs::scf:ap-guangzhou::namespace/images/function/thumbnails");
    }
}
