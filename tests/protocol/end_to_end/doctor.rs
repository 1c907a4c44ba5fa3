//! The doctor, in the cloud by its test event and locally as a command.

use std::process::Command;
use std::time::Duration;

use scf_local::{Fault, FaultKind, Outcome};
use serde_json::{Value, json};

use crate::world::{REGION, SOURCE, TARGET, Told, Wishes, World, example, program};

/// The key under which the default rule stores a canary.
const CANARY: &str = "cos-thumbnailer-doctor.jpg";

/// What the function answered to the doctor's test event.
struct Report(Value);

impl Report {
    async fn of(world: &World) -> Self {
        Self::told(&world.invoke(&example("doctor")).await)
    }

    fn told(told: &Told) -> Self {
        let Outcome::Response(text) = &told.0.outcome else { panic!("{:?}", told.0.outcome) };
        Self(serde_json::from_str(text).unwrap())
    }

    fn is_healthy(&self) -> bool {
        self.0["healthy"].as_bool().unwrap()
    }

    /// Sentences and remedies of one check in one status.
    fn of_status(&self, check: &str, status: &str) -> Vec<(&str, &str)> {
        let findings = self.0["findings"].as_array().unwrap();
        let wanted =
            findings.iter().filter(|finding| finding["check"] == check && finding["status"] == status);
        wanted.map(|finding| (text(&finding["sentence"]), text(&finding["remedy"]))).collect()
    }

    /// The one finding of a check in a status.
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
async fn all_is_well_and_nothing_stays_behind() {
    let world = World::new().await;
    let told = world.invoke(&example("doctor")).await;
    let report = Report::told(&told);
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
    let requests = world.requests();
    let methods: Vec<&str> = requests.iter().map(|(method, _)| method.as_str()).collect();
    assert_eq!(methods, ["GET", "HEAD", "HEAD", "PUT", "HEAD", "DELETE"]);
    assert!(world.cos.keys(TARGET).is_empty() && world.cos.keys(SOURCE).is_empty());
    let log = told.log();
    assert_eq!(log.len(), report.0["findings"].as_array().unwrap().len());
    assert!(log.iter().all(|line| line["message"].as_str().unwrap().starts_with("doctor: ")), "{log:#?}");
}

#[tokio::test]
async fn each_right_that_is_denied_is_named_with_what_to_grant() {
    let table = [
        (SOURCE, "GET", "GetObject"),
        (SOURCE, "HEAD", "HeadObject"),
        (TARGET, "HEAD", "HeadObject"),
        (TARGET, "PUT", "PutObject"),
        (TARGET, "DELETE", "DeleteObject"),
    ];
    for (bucket, method, action) in table {
        let world = World::new().await;
        world.cos.fail(Fault::new(denied()).bucket(bucket).method(method).times(99));
        let report = Report::of(&world).await;
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
            assert!(world.cos.keys(TARGET).is_empty(), "{method} {bucket}: {:?}", world.cos.keys(TARGET));
            continue;
        }
        let (sentence, remedy) = report.only("rights", "warning");
        assert!(sentence.contains(CANARY), "{sentence}");
        assert_eq!((remedy, world.cos.keys(TARGET)), ("delete it by hand", vec![CANARY.to_owned()]));
        world.cos.clear_faults();
        assert!(Report::of(&world).await.is_healthy(), "what an earlier doctor left is no obstacle");
        assert!(world.cos.keys(TARGET).is_empty());
    }
}

#[tokio::test]
async fn an_upload_with_an_acl_that_is_denied_may_lack_the_right_to_set_it() {
    let world = World::with(Wishes::default().setting("ACL", "public-read")).await;
    world.cos.fail(Fault::new(denied()).bucket(TARGET).method("PUT").times(99));
    let report = Report::of(&world).await;
    let (_, remedy) = report.only("rights", "wrong");
    assert!(remedy.contains("name/cos:PutObject on") && remedy.contains("name/cos:PutObjectACL"), "{remedy}");
}

#[tokio::test]
async fn a_cos_that_denies_what_is_not_there_is_told_from_one_that_lacks_the_right() {
    let world = World::new().await;
    world.cos.fail(Fault::new(denied()).bucket(TARGET).method("HEAD").times(1));
    let report = Report::of(&world).await;
    let (sentence, remedy) = report.only("rights", "wrong");
    assert!(sentence.contains("for a missing object, and allows it for an existing one"), "{sentence}");
    assert!(remedy.starts_with(&format!("grant name/cos:GetBucket on {TARGET}")), "{remedy}");
    assert!(world.cos.keys(TARGET).is_empty());
}

#[tokio::test]
async fn a_bucket_that_is_elsewhere_and_one_that_is_not_are_told_apart() {
    let world = World::new().await;
    let moved = FaultKind::Status { status: 301, code: "PermanentRedirect".to_owned() };
    world.cos.fail(Fault::new(moved).bucket(SOURCE).times(99));
    let report = Report::of(&world).await;
    let (sentence, remedy) = report.only("region", "wrong");
    assert!(sentence.starts_with(&format!("{SOURCE} is not in {REGION}: COS sent GET")), "{sentence}");
    assert_eq!(remedy, "function and buckets must be in one region");
    assert_eq!(report.of_status("rights", "ok").len(), 1, "the target is tried all the same: {:#}", report.0);

    let report = Report::told(&world.invoke(&json!({"doctor": {"sources": ["another-1250000000"]}})).await);
    let wrong = report.of_status("region", "wrong");
    let sentences: Vec<&str> = wrong.iter().filter_map(|(sentence, _)| sentence.split(" (").next()).collect();
    let there_is_no = |bucket| format!("there is no bucket {bucket} in {REGION}");
    assert_eq!(sentences, [there_is_no("another-1250000000"), there_is_no("anotherresized-1250000000")]);
}

#[tokio::test]
async fn keys_that_are_missing_expired_or_without_their_token_are_named_as_such() {
    let world = World::with(Wishes { role: false, ..Wishes::default() }).await;
    let report = Report::of(&world).await;
    assert!(report.only("credentials", "wrong").0.contains("there are no COS credentials"));
    assert!(report.only("memory", "ok").0.contains("512 MB"), "the rest is looked at: {:#}", report.0);

    let token = Some("a-temporary-token".to_owned());
    let world = World::with(Wishes { session_token: token.clone(), ..Wishes::default() }).await;
    assert!(Report::of(&world).await.is_healthy());
    world.cos.expire_token(true);
    let report = Report::of(&world).await;
    assert!(report.only("credentials", "wrong").0.contains("they have expired"), "{:#}", report.0);
    assert!(!report.0.to_string().contains("temporary-token"));

    let wishes =
        Wishes { session_token: token, ..Wishes::default() }.setting("TENCENTCLOUD_SESSIONTOKEN", "");
    let report = Report::of(&World::with(wishes).await).await;
    assert!(report.only("credentials", "wrong").0.contains("without their session token"), "{:#}", report.0);
    assert!(report.only("credentials", "warning").1.contains("set TENCENTCLOUD_SESSIONTOKEN"));
}

#[tokio::test]
async fn a_clock_that_is_off_is_told_and_does_not_keep_the_rest_from_being_tried() {
    for (offset, status, words) in
        [(100, "warning", "behind"), (-700, "wrong", "ahead of"), (5000, "wrong", "behind")]
    {
        let world = World::with(Wishes { clock_offset: offset, ..Wishes::default() }).await;
        let report = Report::of(&world).await;
        let (sentence, _) = report.only("clock", status);
        assert!(sentence.contains(words), "{offset}: {sentence}");
        assert_eq!(report.of_status("rights", "ok").len(), 2, "{offset}: {:#}", report.0);
    }
}

#[tokio::test]
async fn an_object_of_somebody_else_is_left_alone() {
    let world = World::new().await;
    let theirs = world.cos.put(TARGET, CANARY, "theirs", &[("x-cos-meta-owner", "somebody")]).await;
    let report = Report::of(&world).await;
    assert!(
        report.only("rights", "warning").0.contains("is an object that this function did not make"),
        "{:#}",
        report.0
    );
    assert_eq!(world.stored(CANARY).etag, theirs.etag);
    assert!(world.requests().iter().all(|(method, _)| method == "GET" || method == "HEAD"));
}

#[tokio::test]
async fn somebody_who_stores_at_the_same_moment_is_neither_overwritten_nor_deleted() {
    let world = World::new().await;
    let slow = FaultKind::Slow { before_ms: 800, chunk: 0, pause_ms: 0 };
    world.cos.fail(Fault::new(slow).method("PUT"));
    let order = example("doctor");
    let somebody = async {
        while world.requests().len() < 3 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        world.cos.put(TARGET, CANARY, "theirs", &[]).await
    };
    let (told, theirs) = tokio::join!(world.invoke(&order), somebody);
    let report = Report::told(&told);
    assert_eq!(report.only("rights", "warning").1, "ask again", "{:#}", report.0);
    assert_eq!(world.stored(CANARY).etag, theirs.etag);
}

#[tokio::test]
async fn an_upload_whose_answer_was_lost_is_cleared_away() {
    let world = World::new().await;
    world.cos.fail(Fault::new(FaultKind::LostAnswer).method("PUT").times(1));
    assert!(Report::of(&world).await.is_healthy());
    world.cos.fail(Fault::new(FaultKind::LostAnswer).method("PUT").times(9));
    let report = Report::of(&world).await;
    assert!(report.only("rights", "wrong").0.contains("the network failed PUT"), "{:#}", report.0);
    assert!(world.cos.keys(TARGET).is_empty());
}

#[tokio::test]
async fn of_a_bucket_with_versions_the_very_version_is_deleted() {
    let world = World::new().await;
    world.cos.versioning(TARGET, true).unwrap();
    assert!(Report::of(&world).await.is_healthy());
    let journal = world.cos.journal();
    let deletion = journal.iter().find(|request| request.method == "DELETE").unwrap();
    assert!(deletion.query.iter().any(|(name, _)| name == "versionId"), "{deletion:?}");
    assert!(world.cos.keys(TARGET).is_empty());
}

#[tokio::test]
async fn canaries_lie_where_the_rules_of_a_policy_for_real_objects_hold() {
    let rules = r#"{"rules": [
        {"source": {"bucket": "example-1250000000", "prefix": "up/", "suffix": [".png"]},
         "target": {"bucket": "exampleresized-1250000000", "cache_control": "no-cache"},
         "thumbnails": "small=10x10;large=20x20"},
        {"source": {"bucket": "example-1250000000", "prefix": "other/"},
         "target": {"bucket": "exampleresized-1250000000", "key": "o/{key}"}}
    ]}"#;
    let world = World::with(Wishes { rules: Some(rules), ..Wishes::default() }).await;
    let report = Report::told(&world.invoke(&json!({"doctor": {}})).await);
    assert!(report.is_healthy(), "{:#}", report.0);
    let journal = world.cos.journal();
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
    assert!(world.cos.keys(TARGET).is_empty());
}

#[tokio::test]
async fn a_wrong_configuration_is_answered_with_its_mistakes() {
    let world = World::with(Wishes::default().setting("QUALITY", "0").setting("THUMBNAIL", "1x1")).await;
    let report = Report::of(&world).await;
    let wrong = report.of_status("configuration", "wrong");
    assert_eq!(wrong.len(), 2, "{:#}", report.0);
    assert!(wrong.iter().any(|(sentence, _)| sentence.contains("QUALITY")), "{wrong:?}");
    assert!(world.requests().is_empty());
}

#[tokio::test]
async fn a_small_function_with_the_default_time_limit_is_warned() {
    let wishes = Wishes { memory_mb: 128, time_limit: Duration::from_secs(3), ..Wishes::default() }
        .setting("THUMBNAILS", "2000x2000/linear/1");
    let report = Report::of(&World::with(wishes).await).await;
    assert!(report.is_healthy(), "warnings are no faults");
    assert_eq!(report.only("time", "warning").1, "set 30 s");
    let refused = report.of_status("memory", "warning");
    assert!(
        refused[0].0.contains("12 megapixels would be refused") && refused[0].1 == "set 256 MB",
        "{refused:?}"
    );
}

#[tokio::test]
async fn a_cos_that_does_not_answer_is_given_up_in_time() {
    let world = World::with(Wishes { time_limit: Duration::from_secs(4), ..Wishes::default() }).await;
    world.cos.fail(Fault::new(FaultKind::Stall).method("PUT").times(99));
    let told = world.invoke(&example("doctor")).await;
    let report = Report::told(&told);
    assert!(!report.is_healthy());
    assert!(told.0.elapsed < Duration::from_secs(4), "{:?}", told.0.elapsed);
    assert_eq!(report.of_status("rights", "wrong").len(), 1, "{:#}", report.0);
}

fn command(world: &World) -> Command {
    let mut command = Command::new(program());
    command.env_clear().envs(world.cos.environment()).env("COS_ENDPOINT", world.cos.endpoint()).arg("doctor");
    command
}

#[tokio::test]
async fn the_command_says_the_same_on_the_users_machine() {
    let world = World::new().await;
    let output = command(&world).args(["--region", REGION, "--source", SOURCE]).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{text}");
    assert!(text.contains(&format!("HEAD, PUT and DELETE are allowed on {TARGET}/{CANARY}")), "{text}");
    assert!(
        !text.contains("memory") && !text.contains("time limit"),
        "what is not known is left out: {text}"
    );

    world.cos.fail(Fault::new(denied()).method("PUT").times(9));
    let wrong = ["--json", "--memory", "256", "--region", REGION, "--source", SOURCE];
    let output = command(&world).args(wrong).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let report = Report(serde_json::from_slice(&output.stdout).unwrap());
    assert!(report.only("rights", "wrong").0.starts_with("COS denied PUT"), "{:#}", report.0);
    assert!(report.only("memory", "ok").0.contains("256 MB take"));

    let output = command(&world).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(
        text.contains("give the region with --region") && text.contains("name one with --source"),
        "{text}"
    );
    assert_eq!(command(&world).arg("--sorce").output().unwrap().status.code(), Some(1));
}
