//! The doctor, by its test event in the cloud and as a local command.

use std::process::Command;
use std::time::Duration;

use scf_local::{Fault, FaultKind, Outcome};
use serde_json::{Value, json};

use crate::setup::{Options, REGION, Response, SOURCE, Setup, TARGET, example, program};

/// The key under which the default rule stores a canary.
const CANARY: &str = "cos-thumbnailer-doctor.jpg";

/// The function's response to the test event of the doctor.
struct Report(Value);

impl Report {
    async fn of(setup: &Setup) -> Self {
        Self::of_response(&setup.invoke(&example("doctor")).await)
    }

    fn of_response(response: &Response) -> Self {
        let Outcome::Response(text) = &response.0.outcome else { panic!("{:?}", response.0.outcome) };
        Self(serde_json::from_str(text).unwrap())
    }

    fn is_healthy(&self) -> bool {
        self.0["healthy"].as_bool().unwrap()
    }

    /// Sentences and remedies of the findings of a check with this status.
    fn of_status(&self, check: &str, status: &str) -> Vec<(&str, &str)> {
        let findings = self.0["findings"].as_array().unwrap();
        let wanted =
            findings.iter().filter(|finding| finding["check"] == check && finding["status"] == status);
        wanted.map(|finding| (text(&finding["sentence"]), text(&finding["remedy"]))).collect()
    }

    /// Sentence and remedy of the only finding of a check with this status.
    fn only(&self, check: &str, status: &str) -> (&str, &str) {
        let found = self.of_status(check, status);
        assert_eq!(found.len(), 1, "{check} {status}: {:#}", self.0);
        found[0]
    }

    fn count(&self, status: &str) -> usize {
        self.0["findings"].as_array().unwrap().iter().filter(|finding| finding["status"] == status).count()
    }
}

fn text(member: &Value) -> &str {
    member.as_str().unwrap_or_default()
}

fn denied() -> FaultKind {
    FaultKind::Status { status: 403, code: "AccessDenied".to_owned() }
}

#[tokio::test]
async fn healthy_setup_is_reported_and_nothing_is_left_behind() {
    let setup = Setup::new().await;
    let response = setup.invoke(&example("doctor")).await;
    let report = Report::of_response(&response);
    assert!(report.is_healthy(), "{:#}", report.0);
    assert_eq!((report.count("wrong"), report.count("warning")), (0, 0), "{:#}", report.0);
    assert!(report.only("credentials", "ok").0.contains("execution role"));
    assert!(report.only("region", "ok").0.contains(REGION));
    assert!(report.only("memory", "ok").0.contains("512 MB take"));
    assert_eq!(report.only("time", "ok").0, "the time limit is 60 s");
    assert!(report.only("triggers", "note").0.contains("cos:ObjectCreated:*"));
    let rights = report.of_status("rights", "ok");
    assert!(rights[0].0.contains("as for an object that is not there"), "{rights:?}");
    assert_eq!(rights[1].0, format!("HEAD, PUT and DELETE are allowed on {TARGET}/{CANARY}"));
    let requests = setup.requests();
    let methods: Vec<&str> = requests.iter().map(|(method, _)| method.as_str()).collect();
    assert_eq!(methods, ["GET", "HEAD", "HEAD", "PUT", "HEAD", "DELETE"]);
    assert!(setup.cos.keys(TARGET).is_empty() && setup.cos.keys(SOURCE).is_empty());
    let log = response.log();
    assert_eq!(log.len(), report.0["findings"].as_array().unwrap().len());
    assert!(log.iter().all(|line| line["message"].as_str().unwrap().starts_with("doctor: ")), "{log:#?}");
}

#[tokio::test]
async fn each_denied_right_is_named_with_its_grant() {
    let table = [
        (SOURCE, "GET", "GetObject"),
        (SOURCE, "HEAD", "HeadObject"),
        (TARGET, "HEAD", "HeadObject"),
        (TARGET, "PUT", "PutObject"),
        (TARGET, "DELETE", "DeleteObject"),
    ];
    for (bucket, method, action) in table {
        let setup = Setup::new().await;
        setup.cos.fail(Fault::new(denied()).bucket(bucket).method(method).times(99));
        let report = Report::of(&setup).await;
        assert!(!report.is_healthy());
        let (sentence, remedy) = report.only("rights", "wrong");
        assert!(sentence.starts_with(&format!("COS denied {method} {bucket}/{CANARY} (403")), "{sentence}");
        let (grant, unknown) = remedy.split_once(" (").unwrap_or((remedy, ""));
        assert_eq!(
            grant,
            format!(
                "grant name/cos:{action} on qcs::cos:{REGION}:uid/1250000000:{bucket}/* to the role of the function, \
                 and look for a denying bucket policy"
            )
        );
        assert_eq!(unknown.contains("name/cos:GetBucket"), method == "GET" || method == "HEAD", "{remedy}");
        assert_eq!(report.count("wrong"), 1, "{method} {bucket}: {:#}", report.0);
        if method != "DELETE" {
            assert!(setup.cos.keys(TARGET).is_empty(), "{method} {bucket}: {:?}", setup.cos.keys(TARGET));
            continue;
        }
        let (sentence, remedy) = report.only("rights", "warning");
        assert!(sentence.contains(CANARY), "{sentence}");
        assert_eq!((remedy, setup.cos.keys(TARGET)), ("delete it by hand", vec![CANARY.to_owned()]));
        setup.cos.clear_faults();
        assert!(Report::of(&setup).await.is_healthy(), "the canary of an earlier doctor is no obstacle");
        assert!(setup.cos.keys(TARGET).is_empty());
    }
}

#[tokio::test]
async fn the_key_of_manifests_is_tried_too() {
    let setup = Setup::with(Options::default().setting("MANIFEST", "manifests/{key}.json")).await;
    let report = Report::of(&setup).await;
    let told = report.of_status("rights", "ok");
    let manifest = format!("HEAD, PUT and DELETE are allowed on {TARGET}/manifests/{CANARY}.json");
    assert!(told.iter().any(|(sentence, _)| *sentence == manifest), "{told:?}");
    assert!(setup.cos.keys(TARGET).is_empty());
}

#[tokio::test]
async fn denied_upload_with_an_acl_names_the_right_to_set_it_too() {
    let setup = Setup::with(Options::default().setting("ACL", "public-read")).await;
    setup.cos.fail(Fault::new(denied()).bucket(TARGET).method("PUT").times(99));
    let report = Report::of(&setup).await;
    let (_, remedy) = report.only("rights", "wrong");
    assert!(remedy.contains("name/cos:PutObject on") && remedy.contains("name/cos:PutObjectACL"), "{remedy}");
}

#[tokio::test]
async fn denial_for_missing_objects_only_names_the_right_to_list() {
    let setup = Setup::new().await;
    setup.cos.fail(Fault::new(denied()).bucket(TARGET).method("HEAD").times(1));
    let report = Report::of(&setup).await;
    let (sentence, remedy) = report.only("rights", "wrong");
    assert!(sentence.contains("for a missing object, and allows it for an existing one"), "{sentence}");
    assert!(remedy.starts_with(&format!("grant name/cos:GetBucket on {TARGET}")), "{remedy}");
    assert!(setup.cos.keys(TARGET).is_empty());
}

#[tokio::test]
async fn bucket_in_another_region_and_missing_bucket_are_told_apart() {
    let setup = Setup::new().await;
    let moved = FaultKind::Status { status: 301, code: "PermanentRedirect".to_owned() };
    setup.cos.fail(Fault::new(moved).bucket(SOURCE).times(99));
    let report = Report::of(&setup).await;
    let (sentence, remedy) = report.only("region", "wrong");
    assert!(sentence.starts_with(&format!("{SOURCE} is not in {REGION}: COS sent GET")), "{sentence}");
    assert_eq!(remedy, "function and buckets must be in one region");
    assert_eq!(report.of_status("rights", "ok").len(), 1, "the target is tried all the same: {:#}", report.0);

    let report =
        Report::of_response(&setup.invoke(&json!({"doctor": {"sources": ["another-1250000000"]}})).await);
    let wrong = report.of_status("region", "wrong");
    let sentences: Vec<&str> = wrong.iter().filter_map(|(sentence, _)| sentence.split(" (").next()).collect();
    let there_is_no = |bucket| format!("there is no bucket {bucket} in {REGION}");
    assert_eq!(sentences, [there_is_no("another-1250000000"), there_is_no("anotherresized-1250000000")]);
}

#[tokio::test]
async fn missing_expired_and_tokenless_keys_are_told_apart() {
    let setup = Setup::with(Options { role: false, ..Options::default() }).await;
    let report = Report::of(&setup).await;
    assert!(report.only("credentials", "wrong").0.contains("there are no COS credentials"));
    assert!(report.only("memory", "ok").0.contains("512 MB"), "the rest is checked: {:#}", report.0);

    let token = Some("a-temporary-token".to_owned());
    let setup = Setup::with(Options { session_token: token.clone(), ..Options::default() }).await;
    assert!(Report::of(&setup).await.is_healthy());
    setup.cos.expire_token(true);
    let report = Report::of(&setup).await;
    assert!(report.only("credentials", "wrong").0.contains("they have expired"), "{:#}", report.0);
    assert!(!report.0.to_string().contains("temporary-token"));

    let options =
        Options { session_token: token, ..Options::default() }.setting("TENCENTCLOUD_SESSIONTOKEN", "");
    let report = Report::of(&Setup::with(options).await).await;
    assert!(report.only("credentials", "wrong").0.contains("without their session token"), "{:#}", report.0);
    assert!(report.only("credentials", "warning").1.contains("set TENCENTCLOUD_SESSIONTOKEN"));
}

#[tokio::test]
async fn wrong_clock_is_reported_and_the_rest_is_checked() {
    for (offset, status, words) in
        [(100, "warning", "behind"), (-700, "wrong", "ahead of"), (5000, "wrong", "behind")]
    {
        let setup = Setup::with(Options { clock_offset: offset, ..Options::default() }).await;
        let report = Report::of(&setup).await;
        let (sentence, _) = report.only("clock", status);
        assert!(sentence.contains(words), "{offset}: {sentence}");
        assert_eq!(report.of_status("rights", "ok").len(), 2, "{offset}: {:#}", report.0);
    }
}

#[tokio::test]
async fn foreign_object_under_the_canary_key_stays() {
    let setup = Setup::new().await;
    let theirs = setup.cos.put(TARGET, CANARY, "theirs", &[("x-cos-meta-owner", "somebody")]).await;
    let report = Report::of(&setup).await;
    assert!(
        report.only("rights", "warning").0.contains("is an object that this function did not make"),
        "{:#}",
        report.0
    );
    assert_eq!(setup.stored(CANARY).etag, theirs.etag);
    assert!(setup.requests().iter().all(|(method, _)| method == "GET" || method == "HEAD"));
}

#[tokio::test]
async fn foreign_object_stored_at_the_same_moment_stays() {
    let setup = Setup::new().await;
    let slow = FaultKind::Slow { before_ms: 800, chunk: 0, pause_ms: 0 };
    setup.cos.fail(Fault::new(slow).method("PUT"));
    let order = example("doctor");
    let somebody = async {
        while setup.requests().len() < 3 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        setup.cos.put(TARGET, CANARY, "theirs", &[]).await
    };
    let (response, theirs) = tokio::join!(setup.invoke(&order), somebody);
    let report = Report::of_response(&response);
    assert_eq!(report.only("rights", "warning").1, "ask again", "{:#}", report.0);
    assert_eq!(setup.stored(CANARY).etag, theirs.etag);
}

#[tokio::test]
async fn canary_whose_upload_lost_its_answer_is_deleted() {
    let setup = Setup::new().await;
    setup.cos.fail(Fault::new(FaultKind::LostAnswer).method("PUT").times(1));
    assert!(Report::of(&setup).await.is_healthy());
    setup.cos.fail(Fault::new(FaultKind::LostAnswer).method("PUT").times(9));
    let report = Report::of(&setup).await;
    assert!(report.only("rights", "wrong").0.contains("the network failed PUT"), "{:#}", report.0);
    assert!(setup.cos.keys(TARGET).is_empty());
}

#[tokio::test]
async fn canary_is_deleted_by_its_version() {
    let setup = Setup::new().await;
    setup.cos.versioning(TARGET, true).unwrap();
    assert!(Report::of(&setup).await.is_healthy());
    let journal = setup.cos.journal();
    let deletion = journal.iter().find(|request| request.method == "DELETE").unwrap();
    assert!(deletion.query.iter().any(|(name, _)| name == "versionId"), "{deletion:?}");
    assert!(setup.cos.keys(TARGET).is_empty());
}

#[tokio::test]
async fn canaries_have_keys_that_the_policy_covers() {
    let rules = r#"{"rules": [
        {"source": {"bucket": "example-1250000000", "prefix": "up/", "suffix": [".png"]},
         "target": {"bucket": "exampleresized-1250000000", "cache_control": "no-cache"},
         "thumbnails": "small=10x10;large=20x20"},
        {"source": {"bucket": "example-1250000000", "prefix": "other/"},
         "target": {"bucket": "exampleresized-1250000000", "key": "o/{key}"}}
    ]}"#;
    let setup = Setup::with(Options { rules: Some(rules), ..Options::default() }).await;
    let report = Report::of_response(&setup.invoke(&json!({"doctor": {}})).await);
    assert!(report.is_healthy(), "{:#}", report.0);
    let journal = setup.cos.journal();
    let read = journal.iter().filter(|request| request.method == "GET").map(|request| request.key.as_str());
    assert_eq!(
        read.collect::<Vec<_>>(),
        ["up/cos-thumbnailer-doctor.png", "other/cos-thumbnailer-doctor.jpg"]
    );
    let stored = journal.iter().filter(|request| request.method == "PUT");
    let stored: Vec<_> = stored.map(|put| (put.key.as_str(), put.headers.get("cache-control"))).collect();
    let no_cache = "no-cache".to_owned();
    assert_eq!(
        stored,
        [
            ("small/up/cos-thumbnailer-doctor.png", Some(&no_cache)),
            ("large/up/cos-thumbnailer-doctor.png", Some(&no_cache)),
            ("o/other/cos-thumbnailer-doctor.jpg", None),
        ]
    );
    assert!(setup.cos.keys(TARGET).is_empty());
}

#[tokio::test]
async fn wrong_configuration_is_reported_with_its_mistakes() {
    let setup = Setup::with(Options::default().setting("QUALITY", "0").setting("THUMBNAIL", "1x1")).await;
    let report = Report::of(&setup).await;
    let wrong = report.of_status("configuration", "wrong");
    assert_eq!(wrong.len(), 2, "{:#}", report.0);
    assert!(wrong.iter().any(|(sentence, _)| sentence.contains("QUALITY")), "{wrong:?}");
    assert!(setup.requests().is_empty());
}

#[tokio::test]
async fn small_memory_and_short_time_limit_are_warned_of() {
    let options = Options { memory_mb: 128, time_limit: Duration::from_secs(3), ..Options::default() }
        .setting("THUMBNAILS", "4000x4000");
    let report = Report::of(&Setup::with(options).await).await;
    assert!(report.is_healthy(), "warnings are no faults");
    assert_eq!(report.only("time", "warning").1, "set 30 s");
    let refused = report.of_status("memory", "warning");
    assert!(
        refused[0].0.contains("12 megapixels would be refused") && refused[0].1 == "set 256 MB",
        "{refused:?}"
    );
}

#[tokio::test]
async fn cos_without_an_answer_is_reported_within_the_time_limit() {
    let setup = Setup::with(Options { time_limit: Duration::from_secs(4), ..Options::default() }).await;
    setup.cos.fail(Fault::new(FaultKind::Stall).method("PUT").times(99));
    let response = setup.invoke(&example("doctor")).await;
    let report = Report::of_response(&response);
    assert!(!report.is_healthy());
    assert!(response.0.elapsed < Duration::from_secs(4), "{:?}", response.0.elapsed);
    assert_eq!(report.of_status("rights", "wrong").len(), 1, "{:#}", report.0);
}

fn command(setup: &Setup) -> Command {
    let mut command = Command::new(program());
    command.env_clear().envs(setup.cos.environment()).env("COS_ENDPOINT", setup.cos.endpoint()).arg("doctor");
    command
}

#[tokio::test]
async fn command_reports_the_same_locally() {
    let setup = Setup::new().await;
    let output = command(&setup).args(["--region", REGION, "--source", SOURCE]).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{text}");
    assert!(text.contains(&format!("HEAD, PUT and DELETE are allowed on {TARGET}/{CANARY}")), "{text}");
    assert!(
        !text.contains("memory") && !text.contains("time limit"),
        "what is not known is left out: {text}"
    );

    setup.cos.fail(Fault::new(denied()).method("PUT").times(9));
    let wrong = ["--json", "--memory", "256", "--region", REGION, "--source", SOURCE];
    let output = command(&setup).args(wrong).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let report = Report(serde_json::from_slice(&output.stdout).unwrap());
    assert!(report.only("rights", "wrong").0.starts_with("COS denied PUT"), "{:#}", report.0);
    assert!(report.only("memory", "ok").0.contains("256 MB take"));

    let output = command(&setup).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(
        text.contains("give the region with --region") && text.contains("name one with --source"),
        "{text}"
    );
    assert_eq!(command(&setup).arg("--sorce").output().unwrap().status.code(), Some(1));
}

#[tokio::test]
async fn buckets_of_an_open_segment_are_named_and_not_tried() {
    let options = Options::default()
        .setting("SOURCE_PREFIX", "{tenant}/up/")
        .setting("TARGET_BUCKET", "thumbs-{tenant}-1250000000");
    let setup = Setup::with(options).await;
    let report = Report::of(&setup).await;
    let (sentence, _) = report.only("rights", "note");
    assert!(sentence.contains("thumbs-{tenant}-1250000000"), "{sentence}");
    let (sentence, _) = report.only("rights", "ok");
    assert!(sentence.contains("example-1250000000/*/up/*"), "{sentence}");

    let options =
        Options::default().setting("SOURCE_PREFIX", "{tenant}/up/").setting("TARGET_KEY", "{tenant}/t/{key}");
    let setup = Setup::with(options).await;
    let tried = Report::of(&setup).await;
    let sentences = tried.of_status("rights", "ok");
    let key = "cos-thumbnailer-doctor/t/cos-thumbnailer-doctor/up/cos-thumbnailer-doctor.jpg";
    assert!(sentences.iter().any(|(sentence, _)| sentence.ends_with(key)), "{sentences:?}");
    assert!(setup.cos.keys(TARGET).is_empty());
}
