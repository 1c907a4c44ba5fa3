//! Which keys an invocation signs with.
//!
//! How a custom runtime gets fresh temporary keys is not documented, so every way that is known is tried anew
//! for each invocation: headers that came with the event, the variables of the execution role, then fixed keys.

use crate::config::Environment;
use crate::cos::Credential;
use crate::runtime::Context;

/// No keys anywhere.
#[derive(Debug, thiserror::Error)]
#[error(
    "there are no COS credentials: give the function an execution role (it sets TENCENTCLOUD_SECRETID and \
     TENCENTCLOUD_SECRETKEY), or set COS_SECRET_ID and COS_SECRET_KEY"
)]
pub struct Missing;

/// Finds the credential for one invocation.
///
/// # Errors
/// [`Missing`] when there is none.
pub fn find(context: &Context, environment: &Environment) -> Result<Credential, Missing> {
    let header = |name| context.header(name).map(str::to_owned);
    let variable = |name| environment.get(name).map(str::to_owned);
    pair(header("x-scf-secret-id"), header("x-scf-secret-key"), header("x-scf-session-token"))
        .or_else(|| {
            pair(
                variable("TENCENTCLOUD_SECRETID"),
                variable("TENCENTCLOUD_SECRETKEY"),
                variable("TENCENTCLOUD_SESSIONTOKEN"),
            )
        })
        .or_else(|| pair(variable("COS_SECRET_ID"), variable("COS_SECRET_KEY"), None))
        .ok_or(Missing)
}

/// Both halves, or nothing. An empty text is as good as none.
fn pair(id: Option<String>, key: Option<String>, token: Option<String>) -> Option<Credential> {
    let full = |text: Option<String>| text.filter(|text| !text.is_empty());
    Some(Credential::new(full(id)?, full(key)?, full(token)))
}
