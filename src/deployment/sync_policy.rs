//! The CAM policy of the keys that run `sync` and `verify` (SCF resources 583/38177, COS actions 436/30580).
//!
//! They list sources and thumbnails, look at single ones, and invoke the function. They neither read nor write
//! photos and thumbnails: the function does, with its own role.

use serde_json::{Value, json};

use super::pairs::Pairs;
use super::policy::document;
use super::{Deployment, Error};
use crate::config::TargetBucket;
use crate::cos::{LIST_ACTION, Method};
use crate::object::{Bucket, Key};
use crate::scf::{Action, FunctionName};

/// What `sync` uses besides sources and thumbnails.
#[derive(Clone, Debug)]
pub struct SyncPlaces {
    /// Function that is invoked.
    pub function: FunctionName,
    /// `manifest.json` of an inventory report.
    pub inventory: Option<(Bucket, Key)>,
    /// Object with the checkpoint. Keys that begin with its own belong to its leases.
    pub checkpoint: Option<(Bucket, Key)>,
}

/// The policy as JSON, the same for the same configuration and places.
pub(super) fn policy(deployment: &Deployment<'_>, places: &SyncPlaces) -> Result<String, Error> {
    Ok(document(&grants(deployment, places)?, vec![function_statement(deployment, &places.function)]))
}

fn function_statement(deployment: &Deployment<'_>, function: &FunctionName) -> Value {
    let actions = [Action::GetFunction, Action::InvokeFunction].map(Action::right);
    json!({ "effect": "allow", "action": actions, "resource": [function.resource(&deployment.region)] })
}

/// Actions, each with the beginning of a resource that it is needed on.
fn grants(deployment: &Deployment<'_>, places: &SyncPlaces) -> Result<Pairs, Error> {
    let mut grants = Pairs::default();
    let mut grant = |action: &str, bucket: &TargetBucket, prefix: &str| {
        grants.add(action, deployment.resource(bucket, prefix));
    };
    for (rule, source) in &deployment.rule_buckets {
        let target = rule.target_bucket(source).map_err(|error| Error::Target(source.clone(), error))?;
        let source = &TargetBucket::One(source.clone());
        // Tencent does not say which resource a list of one prefix is, apart from the bucket.
        grant(LIST_ACTION, source, "");
        grant(LIST_ACTION, &target, "");
        grant(Method::Head.action(), source, &rule.source().prefix().filled("*"));
        for prefix in rule.target_prefixes() {
            grant(Method::Head.action(), &target, &prefix.filled("*"));
        }
    }
    if let Some((bucket, manifest)) = &places.inventory {
        grant(Method::Get.action(), &TargetBucket::One(bucket.clone()), report_folder(manifest));
    }
    if let Some((bucket, checkpoint)) = &places.checkpoint {
        let bucket = &TargetBucket::One(bucket.clone());
        grant(LIST_ACTION, bucket, "");
        for method in [Method::Delete, Method::Get, Method::Put] {
            grant(method.action(), bucket, checkpoint.as_str());
        }
    }
    grants.keep_shortest();
    Ok(grants)
}

/// Folder of the data files of a report, which have the manifest of a day in a folder beside them (436/30622).
fn report_folder(manifest: &Key) -> &str {
    let day = manifest.dir().trim_end_matches('/');
    day.rfind('/').and_then(|slash| day.get(..=slash)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::super::tests::{config, deployment};
    use super::*;
    use crate::config::Config;

    fn places(inventory: Option<&str>, checkpoint: Option<&str>) -> SyncPlaces {
        let place = |text: &str| {
            let (bucket, key) = text.split_once('/').unwrap();
            (Bucket::parse(bucket).unwrap(), Key::parse(key).unwrap())
        };
        SyncPlaces {
            function: FunctionName::parse("images/thumbnails-sync").unwrap(),
            inventory: inventory.map(place),
            checkpoint: checkpoint.map(place),
        }
    }

    /// The statements as `actions on resources`, without what the names of COS have in common.
    fn statements(config: &Config, places: &SyncPlaces) -> Vec<String> {
        let policy = deployment(config, &["photos-125"]).unwrap().sync_policy(places).unwrap();
        let policy: Value = serde_json::from_str(&policy).unwrap();
        assert_eq!(policy["version"], "2.0");
        let list = |value: &Value| {
            let words = value.as_array().unwrap().iter().map(|word| word.as_str().unwrap());
            let short =
                |word: &str| word.replace("name/cos:", "").replace("qcs::cos:ap-guangzhou:uid/125:", "");
            words.map(short).collect::<Vec<_>>().join(" ")
        };
        let statement = |statement: &Value| {
            assert_eq!(statement["effect"], "allow");
            format!("{} on {}", list(&statement["action"]), list(&statement["resource"]))
        };
        policy["statement"].as_array().unwrap().iter().map(statement).collect()
    }

    const FUNCTION: &str = "scf:GetFunction scf:InvokeFunction on \
        qcs::scf:ap-guangzhou::namespace/images/function/thumbnails-sync";

    #[test]
    fn sync_lists_looks_and_invokes() {
        assert_eq!(
            statements(&config(&[], None), &places(None, None)),
            [FUNCTION, "GetBucket HeadObject on photos-125/* photosresized-125/*"]
        );
    }

    #[test]
    fn looking_ends_at_known_prefixes() {
        let variables = [("SOURCE_PREFIX", "up/"), ("TARGET_KEY", "thumbs/{key}"), ("ACL", "public-read")];
        assert_eq!(
            statements(&config(&variables, None), &places(None, None)),
            [
                FUNCTION,
                "GetBucket on photos-125/* photosresized-125/*",
                "HeadObject on photos-125/up/* photosresized-125/thumbs/up/*"
            ]
        );
    }

    #[test]
    fn buckets_of_an_open_segment_are_a_pattern() {
        let variables = [("SOURCE_PREFIX", "{t}/up/"), ("TARGET_BUCKET", "thumbs-{t}-125")];
        assert_eq!(
            statements(&config(&variables, None), &places(None, None)),
            [
                FUNCTION,
                "GetBucket on photos-125/* thumbs-*-125/*",
                "HeadObject on photos-125/*/up/* thumbs-*-125/*/up/*"
            ]
        );
    }

    #[test]
    fn report_and_checkpoint_have_rights_of_their_own() {
        let manifest = "reports-125/inv/125/photos/nightly/20241103/manifest.json";
        assert_eq!(
            statements(&config(&[], None), &places(Some(manifest), Some("state-125/sync/photos.json"))),
            [
                FUNCTION,
                "DeleteObject GetObject PutObject on state-125/sync/photos.json*",
                "GetBucket on state-125/*",
                "GetBucket HeadObject on photos-125/* photosresized-125/*",
                "GetObject on reports-125/inv/125/photos/nightly/*",
            ]
        );
    }

    #[test]
    fn reports_lie_two_folders_above_the_manifest() {
        for (manifest, folder) in
            [("inv/id/20241103/manifest.json", "inv/id/"), ("id/d/m", "id/"), ("d/m", ""), ("m", "")]
        {
            assert_eq!(report_folder(&Key::parse(manifest).unwrap()), folder, "{manifest}");
        }
    }
}
