//! The CAM policy of the execution role (policy syntax 598/10603, COS actions 436/30580).

use super::pairs::Pairs;
use super::{Deployment, Error, json};
use crate::cos::Method;
use crate::object::Bucket;

/// What `x-cos-acl` may need beside `name/cos:PutObject`. The page of PUT Object (436/7749) does not say so; this is the
/// action of PUT Object acl (436/7748), which the header stands for.
const PUT_ACL: &str = "name/cos:PutObjectACL";

/// GET Bucket (436/7734).
const LIST: &str = "name/cos:GetBucket";

/// The policy as JSON, the same for the same configuration.
pub(super) fn policy(deployment: &Deployment<'_>) -> Result<String, Error> {
    let mut resources = Pairs::default();
    for (action, beginning) in grants(deployment)?.iter() {
        resources.add(beginning, action.clone());
    }
    let mut statements = Pairs::default();
    for actions in resources.groups() {
        let Some((beginning, _)) = actions.first() else { continue };
        let actions: Vec<String> = actions.iter().map(|(_, action)| json(action)).collect();
        statements.add(&actions.join(", "), json(&format!("{beginning}*")));
    }
    let statements: Vec<String> = statements.groups().map(statement).collect();
    Ok(format!("{{\n  \"version\": \"2.0\",\n  \"statement\": [\n{}\n  ]\n}}\n", statements.join(",\n")))
}

/// Actions with the beginnings of the resources they are needed on.
fn grants(deployment: &Deployment<'_>) -> Result<Pairs, Error> {
    let mut grants = Pairs::default();
    let mut grant = |action: &str, bucket: &Bucket, prefix: &str| {
        grants.add(action, deployment.place(bucket).resource(&prefix));
    };
    for (rule, source) in &deployment.uses {
        for method in [Method::Get, Method::Head] {
            grant(method.action(), source, rule.source().prefix());
        }
        let target = rule.target_bucket(source).map_err(|error| Error::Target(source.clone(), error))?;
        let sets_acl = rule.acl().is_some_and(|acl| acl.as_str() != "default");
        if deployment.allows_listing {
            grant(LIST, source, "");
            grant(LIST, &target, "");
        }
        for thumbnail in rule.thumbnails() {
            let prefix = rule.target_prefix(thumbnail);
            for method in [Method::Delete, Method::Head, Method::Put] {
                grant(method.action(), &target, &prefix);
            }
            if sets_acl {
                grant(PUT_ACL, &target, &prefix);
            }
        }
    }
    grants.keep_shortest();
    Ok(grants)
}

/// The statement of the resources with the same actions.
fn statement(resources: &[(String, String)]) -> String {
    let actions = resources.first().map_or("", |(actions, _)| actions);
    let resources: Vec<&str> = resources.iter().map(|(_, resource)| resource.as_str()).collect();
    format!(
        "    {{\n      \"effect\": \"allow\",\n      \"action\": [{actions}],\n      \"resource\": [\n        {}\n      ]\n    }}",
        resources.join(",\n        ")
    )
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
    fn what_a_wider_resource_allows_is_not_said_twice() {
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
    fn keys_of_all_scripts_stay_as_they_are() {
        let variables = [("SOURCE_PREFIX", "图片/"), ("TARGET_KEY", "缩略图/{key}")];
        let policy = statements(&config(&variables, None), &["photos-125"]);
        assert_eq!(policy[1], "GetObject HeadObject on photos-125/图片/*");
        assert!(policy[0].ends_with("photosresized-125/缩略图/图片/*"), "{policy:?}");
    }
}
