//! Keys that sign requests.
//!
//! Their values reach the signer and the security-token header only: `Debug` prints asterisks, and
//! [`Credential::redact`] removes them from texts of COS.

use std::fmt;

/// Text that must not be printed.
#[derive(Clone, Eq, PartialEq)]
pub(crate) struct Secret(String);

impl Secret {
    /// Returns the secret, for signing and for the header that carries the token.
    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }
}

/// Prints asterisks.
impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("******")
    }
}

/// Keys of an account or, with a session token, of a role.
#[derive(Clone, Eq, PartialEq)]
pub struct Credential {
    pub(crate) secret_id: Secret,
    pub(crate) secret_key: Secret,
    pub(crate) session_token: Option<Secret>,
}

impl Credential {
    /// Creates a credential from a pair of keys, and the session token of temporary keys.
    pub fn new(id: impl Into<String>, key: impl Into<String>, token: Option<String>) -> Self {
        Self {
            secret_id: Secret(id.into()),
            secret_key: Secret(key.into()),
            session_token: token.map(Secret),
        }
    }

    /// Returns `true` for temporary keys, which have a session token.
    #[must_use]
    pub fn has_token(&self) -> bool {
        self.session_token.is_some()
    }

    /// Replaces these keys in a text from outside by asterisks, plain and percent-encoded: COS repeats parts
    /// of a request in some error messages.
    pub(crate) fn redact(&self, text: &str) -> String {
        let secrets = [Some(&self.secret_id), Some(&self.secret_key), self.session_token.as_ref()];
        secrets.into_iter().flatten().filter(|secret| !secret.0.is_empty()).fold(
            text.to_owned(),
            |text, secret| {
                let encoded = crate::object::percent_encode(&secret.0);
                text.replace(&secret.0, "******").replace(&encoded, "******")
            },
        )
    }
}

/// Prints which keys are present, and no values.
impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credential")
            .field("secret_id", &self.secret_id)
            .field("secret_key", &self.secret_key)
            .field("session_token", &self.session_token)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_output_hides_the_keys() {
        let credential = Credential::new("AKIDvisible", "keyvisible", Some("tokenvisible".to_owned()));
        assert_eq!(
            format!("{credential:?}"),
            r"Credential { secret_id: ******, secret_key: ******, session_token: Some(******) }"
        );
    }

    #[test]
    fn redact_finds_keys_plain_and_encoded() {
        let credential = Credential::new("AKIDx", "k/y", Some("t+k=".to_owned()));
        let text = credential.redact("id AKIDx key k/y k%2Fy token t+k= t%2Bk%3D end");
        assert_eq!(text, "id ****** key ****** ****** token ****** ****** end");
        assert_eq!(Credential::new("", "", None).redact("as it was"), "as it was");
    }
}
