//! Policies of form uploads (436/14690): their signature, and the conditions that a form must meet.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::Value;
use sha1::{Digest, Sha1};

use crate::cos::signature::authenticator::{Authenticator, check_window};
use crate::cos::signature::native::hmac_sha1;
use crate::cos::wire::error::{CosError, ErrorCode};
use crate::cos::wire::form::Form;
use crate::cos::wire::request::CosRequest;
use crate::dates::iso_date;

/// Conditions that every policy has (436/14690).
const REQUIRED: [&str; 3] = ["q-sign-algorithm", "q-ak", "q-sign-time"];

/// The document of a policy.
#[derive(Deserialize)]
struct Policy {
    /// `2030-01-01T00:00:00.000Z`
    expiration: String,
    conditions: Vec<Value>,
}

/// Condition of a policy.
enum Condition {
    Equal(String, String),
    StartsWith(String, String),
    /// Smallest and largest size of the file, in bytes.
    ContentLength(u64, u64),
}

/// Verifies a form and its signature. `request` has the fields as headers, and the key in which `${filename}` is replaced.
pub(crate) fn verify(
    authenticator: &Authenticator,
    request: &CosRequest,
    form: &Form,
    now: u64,
) -> Result<(), CosError> {
    let field = |name: &str| {
        form.field(name).ok_or_else(|| {
            CosError::with_message(ErrorCode::ACCESS_DENIED, format!("The form has no field {name}."))
        })
    };
    let encoded = field("policy")?;
    if field("q-sign-algorithm")? != "sha1" {
        return Err(CosError::with_message(ErrorCode::ACCESS_DENIED, "q-sign-algorithm is not sha1."));
    }
    authenticator.check_id(field("q-ak")?, request)?;
    let key_time = field("q-key-time")?;
    check_window(key_time, "q-key-time", i64::try_from(now).unwrap_or(i64::MAX))?;
    let text = STANDARD.decode(encoded).map_err(|_| invalid("it is not Base64"))?;
    let string_to_sign = hex::encode(Sha1::digest(&text));
    let sign_key = hmac_sha1(&authenticator.secret_key, key_time);
    if hmac_sha1(&sign_key, &string_to_sign) != field("q-signature")? {
        return Err(CosError::from(ErrorCode::SIGNATURE_DOES_NOT_MATCH)
            .detail("Policy", String::from_utf8_lossy(&text))
            .detail("StringToSign", string_to_sign));
    }
    let policy: Policy = serde_json::from_slice(&text).map_err(|error| invalid(&error.to_string()))?;
    if !is_date(&policy.expiration) {
        return Err(invalid("expiration is not of the form 2030-01-01T00:00:00.000Z"));
    }
    if policy.expiration < iso_date(now) {
        return Err(CosError::with_message(
            ErrorCode::ACCESS_DENIED,
            "Invalid according to Policy: Policy expired.",
        ));
    }
    let conditions: Vec<Condition> =
        policy.conditions.iter().map(read).collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect();
    let has = |name: &str| conditions.iter().any(|c| matches!(c, Condition::Equal(have, _) if have == name));
    if let Some(missing) = REQUIRED.iter().find(|name| !has(name)) {
        return Err(invalid(&format!("it has no condition for {missing}")));
    }
    conditions.iter().try_for_each(|condition| condition.check(request, form))
}

/// Reads one entry of the conditions, which is one condition or an object of several.
fn read(entry: &Value) -> Result<Vec<Condition>, CosError> {
    let unknown = || invalid(&format!("the condition {entry} has no known form"));
    if let Value::Object(members) = entry {
        let equal = |(name, value): (&String, &Value)| {
            let value = value.as_str().ok_or_else(unknown)?;
            Ok(Condition::Equal(name.to_ascii_lowercase(), value.to_owned()))
        };
        return members.iter().map(equal).collect();
    }
    let parts = entry.as_array().map(Vec::as_slice).unwrap_or_default();
    let [Value::String(kind), first, second] = parts else { return Err(unknown()) };
    let name = first.as_str().and_then(|name| name.strip_prefix('$')).map(str::to_ascii_lowercase);
    let text = second.as_str().map(str::to_owned);
    let condition = match (kind.as_str(), name, text) {
        ("eq", Some(name), Some(text)) => Condition::Equal(name, text),
        ("starts-with", Some(name), Some(text)) => Condition::StartsWith(name, text),
        ("content-length-range", None, None) => {
            let (Some(least), Some(most)) = (first.as_u64(), second.as_u64()) else { return Err(unknown()) };
            Condition::ContentLength(least, most)
        }
        _ => return Err(unknown()),
    };
    Ok(vec![condition])
}

impl Condition {
    fn check(&self, request: &CosRequest, form: &Form) -> Result<(), CosError> {
        let value = |name: &str| match name {
            "bucket" => Some(request.bucket.clone()),
            "key" => Some(request.key.clone()),
            // The times have this name in policies.
            "q-sign-time" => form.field("q-key-time").map(str::to_owned),
            _ => form.field(name).map(str::to_owned),
        };
        let (is_met, text) = match self {
            Self::Equal(name, expected) => {
                (value(name).as_ref() == Some(expected), format!("[\"eq\", \"${name}\", \"{expected}\"]"))
            }
            Self::StartsWith(name, prefix) => {
                let is_met = value(name).is_some_and(|value| value.starts_with(prefix));
                (is_met, format!("[\"starts-with\", \"${name}\", \"{prefix}\"]"))
            }
            Self::ContentLength(least, most) => {
                let size = form.file.len() as u64;
                ((*least..=*most).contains(&size), format!("[\"content-length-range\", {least}, {most}]"))
            }
        };
        if is_met {
            return Ok(());
        }
        let message = format!("Invalid according to Policy: Policy Condition failed: {text}");
        Err(CosError::with_message(ErrorCode::ACCESS_DENIED, message))
    }
}

/// Returns whether a text has the form of [`iso_date`], so that texts compare as their times do.
fn is_date(text: &str) -> bool {
    let shape: String = text.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    matches!(shape.as_str(), "0000-00-00T00:00:00.000Z" | "0000-00-00T00:00:00Z")
}

fn invalid(reason: &str) -> CosError {
    let message = format!("The policy of the form is invalid: {reason}.");
    CosError::with_message(ErrorCode::INVALID_POLICY_DOCUMENT, message)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use bytes::Bytes;

    use super::*;

    /// The example of the facts: invented keys, signed by an independent implementation.
    const POLICY: &str = r#"{"expiration":"2030-01-01T00:00:00.000Z","conditions":[{"bucket":"pics-1250000000"},["starts-with","$key","in/"],["content-length-range",1,10485760],{"q-sign-algorithm":"sha1"},{"q-ak":"AKIDEXAMPLEexampleEXAMPLEexample0001"},{"q-sign-time":"1700000000;1700003600"}]}"#;
    const SIGNATURE: &str = "fc20f6fdb9e58aa4559cf20ba107dd571fcb681e";
    const DURING: u64 = 1_700_000_100;

    fn authenticator() -> Authenticator {
        Authenticator {
            secret_id: "AKIDEXAMPLEexampleEXAMPLEexample0001".to_owned(),
            secret_key: "ExampleSecretKeyNotReal0123456789".to_owned(),
            session_token: None,
            token_expired: false,
            strict: false,
        }
    }

    fn verdict(policy: &str, signature: &str, key: &str, size: usize, now: u64) -> Result<(), CosError> {
        let fields = [
            ("policy", STANDARD.encode(policy)),
            ("q-sign-algorithm", "sha1".to_owned()),
            ("q-ak", authenticator().secret_id),
            ("q-key-time", "1700000000;1700003600".to_owned()),
            ("q-signature", signature.to_owned()),
        ];
        let fields: BTreeMap<String, String> =
            fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        let form = Form { fields, file_name: String::new(), file: Bytes::from(vec![0; size]) };
        let mut request = CosRequest::for_tests("POST", "/", &[]);
        "pics-1250000000".clone_into(&mut request.bucket);
        key.clone_into(&mut request.key);
        verify(&authenticator(), &request, &form, now)
    }

    /// Signs a policy as the document describes it.
    fn sign(policy: &str) -> String {
        let key = hmac_sha1(&authenticator().secret_key, "1700000000;1700003600");
        hmac_sha1(&key, &hex::encode(Sha1::digest(policy.as_bytes())))
    }

    #[test]
    fn a_form_must_meet_its_policy() {
        assert_eq!(sign(POLICY), SIGNATURE);
        verdict(POLICY, SIGNATURE, "in/cat.jpg", 5, DURING).unwrap();
        let cases = [
            ("out/cat.jpg", 5, DURING, "[\"starts-with\", \"$key\", \"in/\"]"),
            ("in/cat.jpg", 0, DURING, "content-length-range"),
            ("in/cat.jpg", 5, 1_700_003_601, "expired"),
        ];
        for (key, size, now, text) in cases {
            let error = verdict(POLICY, SIGNATURE, key, size, now).unwrap_err();
            assert!(error.code() == "AccessDenied" && error.message().contains(text), "{}", error.message());
        }
        let wrong = verdict(POLICY, &sign("{}"), "in/cat.jpg", 5, DURING).unwrap_err();
        assert_eq!(wrong.code(), "SignatureDoesNotMatch");
        let other = POLICY.replace("pics-", "other-");
        let error = verdict(&other, &sign(&other), "in/cat.jpg", 5, DURING).unwrap_err();
        assert!(error.message().contains("$bucket"), "{}", error.message());
    }

    #[test]
    fn an_impossible_policy_is_refused() {
        let cases = [
            ("2030-01-01", "2030-1-1", "InvalidPolicyDocument"),
            ("2030-01-01", "2020-01-01", "AccessDenied"),
            (r#"{"q-ak":"#, r#"{"q-bk":"#, "InvalidPolicyDocument"),
            ("starts-with", "begins-with", "InvalidPolicyDocument"),
            ("]}", "]", "InvalidPolicyDocument"),
        ];
        for (good, bad, code) in cases {
            let policy = POLICY.replace(good, bad);
            assert_eq!(
                verdict(&policy, &sign(&policy), "in/a", 5, DURING).unwrap_err().code(),
                code,
                "{bad}"
            );
        }
    }
}
