//! Credentials of an invocation.
//!
//! Tencent does not document how a custom runtime gets fresh temporary keys. So every known source is tried
//! anew at each invocation: headers of the event, variables of the execution role, then fixed keys. Nothing
//! is cached.

use crate::config::Environment;
use crate::cos::Credential;
use crate::runtime::Context;

/// No source has credentials.
#[derive(Debug, thiserror::Error)]
#[error(
    "there are no COS credentials: give the function an execution role (it sets TENCENTCLOUD_SECRETID and \
     TENCENTCLOUD_SECRETKEY), or set COS_SECRET_ID and COS_SECRET_KEY"
)]
pub struct NoCredentials;

/// Source of credentials.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum CredentialOrigin {
    /// Headers of the event.
    Event,
    /// Variables that the user sets, `COS_SECRET_ID` and `COS_SECRET_KEY`.
    Fixed,
    /// Variables of the execution role.
    Role,
}

/// Finds the credentials of one invocation, and their source.
///
/// # Errors
/// [`NoCredentials`] when no source has any.
pub(crate) fn find(
    context: &Context,
    environment: &Environment,
) -> Result<(Credential, CredentialOrigin), NoCredentials> {
    let header = |name| context.header(name).map(str::to_owned);
    let variable = |name| environment.get(name).map(str::to_owned);
    let of_event =
        || pair(header("x-scf-secret-id"), header("x-scf-secret-key"), header("x-scf-session-token"));
    let of_role = || {
        pair(
            variable("TENCENTCLOUD_SECRETID"),
            variable("TENCENTCLOUD_SECRETKEY"),
            variable("TENCENTCLOUD_SESSIONTOKEN"),
        )
    };
    let fixed = || pair(variable("COS_SECRET_ID"), variable("COS_SECRET_KEY"), None);
    let from = |origin| move |credential| (credential, origin);
    of_event()
        .map(from(CredentialOrigin::Event))
        .or_else(|| of_role().map(from(CredentialOrigin::Role)))
        .or_else(|| fixed().map(from(CredentialOrigin::Fixed)))
        .ok_or(NoCredentials)
}

/// The credentials of a command, which has no event.
///
/// # Errors
/// [`NoCredentials`] when no variables have any.
pub fn of_environment(environment: &Environment) -> Result<Credential, NoCredentials> {
    find(&Context::default(), environment).map(|(credential, _)| credential)
}

/// Returns a credential if both halves are there. An empty text counts as missing.
fn pair(id: Option<String>, key: Option<String>, token: Option<String>) -> Option<Credential> {
    let full = |text: Option<String>| text.filter(|text| !text.is_empty());
    Some(Credential::new(full(id)?, full(key)?, full(token)))
}

#[cfg(test)]
mod tests {
    use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

    use super::*;

    const HEADERS: [(&str, &str); 3] = [
        ("X-Scf-Secret-Id", "header-id"),
        ("X-Scf-Secret-Key", "header-key"),
        ("X-Scf-Session-Token", "header-token"),
    ];
    const ROLE: [(&str, &str); 3] = [
        ("TENCENTCLOUD_SECRETID", "role-id"),
        ("TENCENTCLOUD_SECRETKEY", "role-key"),
        ("TENCENTCLOUD_SESSIONTOKEN", "role-token"),
    ];
    const FIXED: [(&str, &str); 2] = [("COS_SECRET_ID", "fixed-id"), ("COS_SECRET_KEY", "fixed-key")];

    fn found(headers: &[(&str, &str)], variables: &[(&str, &str)]) -> Option<Credential> {
        let pair = |(name, value): &(&str, &str)| {
            (HeaderName::from_bytes(name.as_bytes()).unwrap(), HeaderValue::from_str(value).unwrap())
        };
        let context = Context::from_headers(&headers.iter().map(pair).collect::<HeaderMap>());
        find(&context, &Environment::from_pairs(variables.iter().copied()))
            .ok()
            .map(|(credential, _)| credential)
    }

    fn credential(name: &str, token: bool) -> Option<Credential> {
        let token = token.then(|| format!("{name}-token"));
        Some(Credential::new(format!("{name}-id"), format!("{name}-key"), token))
    }

    #[test]
    fn the_event_wins_over_the_role_and_the_role_over_fixed_keys() {
        let all = [&ROLE[..], &FIXED[..]].concat();
        assert_eq!(found(&HEADERS, &all), credential("header", true));
        assert_eq!(found(&[], &all), credential("role", true));
        assert_eq!(found(&[], &FIXED), credential("fixed", false));
        assert_eq!(found(&[], &[]), None);
    }

    #[test]
    fn headers_are_read_with_underscores_as_well() {
        let underscores = HEADERS.map(|(name, value)| (name.replace('-', "_"), value));
        let underscores: Vec<_> = underscores.iter().map(|(name, value)| (name.as_str(), *value)).collect();
        assert_eq!(found(&underscores, &ROLE), credential("header", true));
    }

    #[test]
    fn half_a_pair_of_keys_is_ignored() {
        assert_eq!(found(&HEADERS[..1], &ROLE), credential("role", true));
        assert_eq!(found(&[], &ROLE[..1]), None);
        assert_eq!(found(&[], &[("TENCENTCLOUD_SECRETID", ""), ("TENCENTCLOUD_SECRETKEY", "k")]), None);
        assert_eq!(found(&[], &ROLE[..2]), credential("role", false));
    }
}
