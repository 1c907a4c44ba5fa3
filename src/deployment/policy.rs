//! The CAM policy of the execution role, and the form of all policies (policy syntax 598/10603, COS actions 436/30580).

use serde_json::{Value, json};

use super::pairs::Pairs;
use super::{Deployment, Error};
use crate::config::TargetBucket;
use crate::cos::{ACL_ACTION, LIST_ACTION, Method};

/// The policy as JSON, the same for the same configuration.
pub(super) fn policy(deployment: &Deployment<'_>) -> Result<String, Error> {
    Ok(document(&grants(deployment)?, Vec::new()))
}

/// A policy that grants actions, each on the resources with a beginning, after some statements of other kinds.
pub(super) fn document(grants: &Pairs, mut statements: Vec<Value>) -> String {
    let mut resources = Pairs::default();
    for (action, beginning) in grants.iter() {
        resources.add(beginning, action.clone());
    }
    let mut groups = Pairs::default();
    for actions in resources.groups() {
        let Some((beginning, _)) = actions.first() else { continue };
        let actions: Vec<&str> = actions.iter().map(|(_, action)| action.as_str()).collect();
        groups.add(&actions.join(" "), format!("{beginning}*"));
    }
    statements.extend(groups.groups().map(statement));
    format!("{:#}\n", json!({ "version": "2.0", "statement": statements }))
}

/// Actions, each with the beginning of a resource that it is needed on.
fn grants(deployment: &Deployment<'_>) -> Result<Pairs, Error> {
    let mut grants = Pairs::default();
    let mut grant = |action: &str, bucket: &TargetBucket, prefix: &str| {
        grants.add(action, deployment.resource(bucket, prefix));
    };
    for (rule, source) in &deployment.rule_buckets {
        let target = rule.target_bucket(source).map_err(|error| Error::Target(source.clone(), error))?;
        let source = TargetBucket::One(source.clone());
        for method in [Method::Get, Method::Head] {
            grant(method.action(), &source, &rule.source().prefix().filled("*"));
        }
        if deployment.allows_listing {
            grant(LIST_ACTION, &source, "");
            grant(LIST_ACTION, &target, "");
        }
        for prefix in rule.target_prefixes() {
            let prefix = prefix.filled("*");
            for method in [Method::Delete, Method::Head, Method::Put] {
                grant(method.action(), &target, &prefix);
            }
            if rule.sets_acl() {
                grant(ACL_ACTION, &target, &prefix);
            }
        }
    }
    grants.keep_shortest();
    Ok(grants)
}

/// The statement for resources with the same actions.
fn statement(resources: &[(String, String)]) -> Value {
    let actions: Vec<&str> = resources.first().map_or("", |(actions, _)| actions).split(' ').collect();
    let resources: Vec<&str> = resources.iter().map(|(_, resource)| resource.as_str()).collect();
    json!({ "effect": "allow", "action": actions, "resource": resources })
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::super::tests::{config, deployment};
    use crate::config::Config;

    fn statements(config: &Config, sources: &[&str]) -> Vec<String> {
        written(&deployment(config, sources).unwrap().policy().unwrap())
    }

    /// The statements as `actions on resources`, without what all names have in common.
    fn written(policy: &str) -> Vec<String> {
        let policy: Value = serde_json::from_str(policy).unwrap();
        assert_eq!(policy["version"], "2.0");
        let list = |value: &Value, start: &str| {
            let words = value.as_array().unwrap().iter().map(|word| word.as_str().unwrap());
            words.map(|word| word.strip_prefix(start).unwrap().to_owned()).collect::<Vec<_>>().join(" ")
        };
        let statement = |statement: &Value| {
            assert_eq!(statement["effect"], "allow");
            let resources = list(&statement["resource"], "qcs::cos:ap-guangzhou:uid/125:");
            format!("{} on {resources}", list(&statement["action"], "name/cos:"))
        };
        policy["statement"].as_array().unwrap().iter().map(statement).collect()
    }

    #[test]
    fn the_tutorial_needs_two_statements() {
        assert_eq!(
            statements(&config(&[], None), &["photos-125"]),
            [
                "DeleteObject HeadObject PutObject on photosresized-125/*",
                "GetObject HeadObject on photos-125/*"
            ]
        );
    }

    #[test]
    fn a_manifest_needs_the_rights_of_a_thumbnail() {
        let variables = [("TARGET_KEY", "thumbs/{key}"), ("MANIFEST", "manifests/{key}.json")];
        assert_eq!(
            statements(&config(&variables, None), &["photos-125"])[0],
            "DeleteObject HeadObject PutObject on photosresized-125/manifests/* photosresized-125/thumbs/*"
        );
    }

    #[test]
    fn rights_end_at_known_prefixes() {
        let variables = [
            ("SOURCE_PREFIX", "up/"),
            ("TARGET_BUCKET", "photos-125"),
            ("TARGET_KEY", "thumbs/{name}/{key}"),
            ("THUMBNAILS", "s=9x9;l=99x99"),
            ("ACL", "public-read"),
        ];
        assert_eq!(
            statements(&config(&variables, None), &["photos-125"]),
            [
                "DeleteObject HeadObject PutObject PutObjectACL on photos-125/thumbs/l/up/* photos-125/thumbs/s/up/*",
                "GetObject HeadObject on photos-125/up/*"
            ]
        );
        let inherited = config(&[("ACL", "default")], None);
        assert!(!statements(&inherited, &["photos-125"]).iter().any(|text| text.contains("ACL")));
    }

    #[test]
    fn rights_that_a_wider_resource_grants_are_not_repeated() {
        let file = r#"{"rules": [
            {"source": {"bucket": "a-125", "prefix": "in/"}, "target": {"bucket": "t-125", "key": "a/{key}"}},
            {"source": {"bucket": "b-125"}, "target": {"bucket": "a-125", "key": "{stem}-b/{key}"}}
        ]}"#;
        let file = file.replace(r#""prefix": "in/""#, r#""prefix": "in/", "suffix": [".raw"]"#);
        let file = file.replace("{stem}-b/{key}", "{stem}-b/{key}.webp");
        assert_eq!(
            statements(&config(&[], Some(&file)), &[]),
            [
                "DeleteObject HeadObject PutObject on a-125/* t-125/a/in/*",
                "GetObject on a-125/in/*",
                "GetObject HeadObject on b-125/*"
            ]
        );
    }

    #[test]
    fn listing_is_allowed_on_request_only() {
        let config = config(&[("SOURCE_PREFIX", "up/")], None);
        let policy = deployment(&config, &["photos-125"]).unwrap().allowing_listing().policy().unwrap();
        assert!(written(&policy).contains(&"GetBucket on photos-125/* photosresized-125/*".to_owned()));
    }

    #[test]
    fn an_open_segment_is_an_asterisk() {
        let variables = [
            ("SOURCE_PREFIX", "{tenant}/up/"),
            ("TARGET_BUCKET", "thumbs-{tenant}-125"),
            ("TARGET_KEY", "{name}/{key}"),
        ];
        assert_eq!(
            statements(&config(&variables, None), &["photos-125"]),
            [
                "DeleteObject HeadObject PutObject on thumbs-*-125/300x300/*/up/*",
                "GetObject HeadObject on photos-125/*/up/*"
            ]
        );
        let one_bucket = [
            ("SOURCE_PREFIX", "in/{tenant}/up/"),
            ("TARGET_BUCKET", "photos-125"),
            ("TARGET_KEY", "in/{tenant}/thumbs/{stem}-{hash}.{ext}"),
        ];
        assert_eq!(
            statements(&config(&one_bucket, None), &["photos-125"]),
            [
                "DeleteObject HeadObject PutObject on photos-125/in/*/thumbs/*",
                "GetObject HeadObject on photos-125/in/*/up/*"
            ]
        );
    }

    #[test]
    fn keys_of_all_scripts_stay_as_they_are() {
        let variables = [("SOURCE_PREFIX", "图片/"), ("TARGET_KEY", "缩略图/{key}")];
        let policy = statements(&config(&variables, None), &["photos-125"]);
        assert_eq!(policy[1], "GetObject HeadObject on photos-125/图片/*");
        assert!(policy[0].ends_with("photosresized-125/缩略图/图片/*"), "{policy:?}");
    }
}
