//! The page's server with the real program: an upload, runs with several settings, mistakes, and requests of other sites.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;

use scf_local::{Cos, CosOptions, Playground, PlaygroundOptions, ScfOptions};
use serde_json::{Value, json};

use crate::setup::{REGION, SOURCE, TARGET, program};

pub(crate) const PHOTO: &[u8] = include_bytes!("../../events/photos/lake.jpg");

pub(crate) struct Page {
    playground: Playground,
    pub(crate) cos: Arc<Cos>,
    _folder: tempfile::TempDir,
}

pub(crate) struct Answer {
    pub(crate) status: u16,
    head: String,
    body: Vec<u8>,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

impl Page {
    pub(crate) async fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("cos");
        let buckets = vec![SOURCE.to_owned(), TARGET.to_owned()];
        let cos_options = CosOptions { root, strict: true, buckets, ..CosOptions::default() };
        let cos = Arc::new(Cos::start(cos_options).await.unwrap());
        let mut environment = cos.environment();
        environment.push(("COS_ENDPOINT".to_owned(), cos.endpoint()));
        environment.push(("QUALITY".to_owned(), "70".to_owned()));
        let photos = folder.path().join("photos");
        std::fs::create_dir(&photos).unwrap();
        std::fs::write(photos.join("lake.jpg"), PHOTO).unwrap();
        std::fs::write(folder.path().join("secret.jpg"), "secret").unwrap();
        let options = PlaygroundOptions {
            function: ScfOptions { program: program(), environment, memory_mb: 512, ..ScfOptions::default() },
            region: REGION.to_owned(),
            photos,
            port: 0,
            clears_journal: true,
        };
        let playground = Playground::start(Arc::clone(&cos), options).await.unwrap();
        Self { playground, cos, _folder: folder }
    }

    /// Sends a request with these headers in addition to Content-Length and Connection.
    fn send(&self, method: &str, target: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        let mut socket = TcpStream::connect(self.playground.address()).unwrap();
        let mut head =
            format!("{method} {target} HTTP/1.1\r\nConnection: close\r\nContent-Length: {}\r\n", body.len());
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        socket.write_all(format!("{head}\r\n").as_bytes()).unwrap();
        socket.write_all(body).unwrap();
        let mut answer = Vec::new();
        socket.read_to_end(&mut answer).unwrap();
        let at = answer.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
        let head = String::from_utf8(answer[..at].to_vec()).unwrap().to_lowercase();
        Answer { status: head[9..12].parse().unwrap(), head, body: answer[at + 4..].to_vec() }
    }

    fn host(&self) -> String {
        self.playground.address().to_string()
    }

    pub(crate) fn get(&self, target: &str) -> Answer {
        self.send("GET", target, &[("Host", &self.host())], b"")
    }

    pub(crate) fn post(&self, target: &str, content_type: &str, body: &[u8]) -> Answer {
        let (host, origin) = (self.host(), self.playground.endpoint());
        let headers = [("Host", host.as_str()), ("Origin", &origin), ("Content-Type", content_type)];
        self.send("POST", target, &headers, body)
    }

    pub(crate) fn upload(&self, key: &str) -> Answer {
        self.post(&format!("/api/photos?bucket={SOURCE}&key={key}"), "image/jpeg", PHOTO)
    }

    fn call(&self, name: &str, configuration: &Value, others: &Value) -> Answer {
        let mut call = others.clone();
        call["configuration"] = configuration.clone();
        self.post(&format!("/api/{name}"), "application/json", call.to_string().as_bytes())
    }

    fn run(&self, configuration: &Value, key: &str) -> Answer {
        self.call("runs", configuration, &json!({ "bucket": SOURCE, "key": key }))
    }

    fn check(&self, configuration: &Value) -> Value {
        let answer =
            self.call("configuration", configuration, &json!({ "region": REGION, "source": SOURCE }));
        assert_eq!(answer.status, 200);
        answer.json()
    }
}

pub(crate) fn variables(pairs: &[(&str, &str)]) -> Value {
    json!({ "variables": pairs, "memory_mb": 512 })
}

fn thumbnails(run: &Value) -> Vec<(u64, u64, String)> {
    let list = run["answer"]["outcomes"][0]["thumbnails"].as_array().unwrap().iter();
    let number = |one: &Value, name: &str| one[name].as_u64().unwrap();
    list.map(|one| (number(one, "width"), number(one, "height"), one["format"].as_str().unwrap().to_owned()))
        .collect()
}

#[tokio::test]
async fn a_photo_becomes_thumbnails_which_follow_the_settings() {
    let page = Page::open().await;
    let upload = page.upload("photos/a%20lake%2B%E7%8C%AB.jpg").json();
    let key = "photos/a lake+猫.jpg";
    assert_eq!((&upload["key"], &upload["bytes"]), (&json!(key), &json!(PHOTO.len())));
    let record = &upload["event"]["Records"][0];
    assert_eq!(record["event"]["eventName"], "cos:ObjectCreated:Put");
    assert_eq!(page.cos.object(SOURCE, key).unwrap().bytes, PHOTO);

    let two = variables(&[("THUMBNAILS", "s=150x150;l=600x600"), ("FORMAT", "webp")]);
    let run = page.run(&two, key).json();
    assert_eq!(thumbnails(&run), [(150, 100, "webp".to_owned()), (600, 400, "webp".to_owned())]);
    assert!(run["start_ms"].is_number() && run["peak_bytes"].as_u64() > Some(1 << 20), "{run}");
    assert_eq!(run["log"].as_array().unwrap().len(), 1, "{run}");
    let puts = run["requests"].as_array().unwrap().iter().filter(|request| request["method"] == "PUT");
    assert_eq!(puts.count(), 2, "{run}");
    let path = "s%2Fphotos%2Fa%20lake%2B%E7%8C%AB.jpg";
    let image = page.get(&format!("/api/objects/{TARGET}/{path}?v=1"));
    assert!(
        image.head.contains("content-type: image/webp") && image.head.contains("sandbox"),
        "{}",
        image.head
    );
    assert_eq!(image.body, page.cos.object(TARGET, &format!("s/{key}")).unwrap().bytes);

    // The same settings again: the process is not started anew, and all thumbnails are made.
    let again = page.run(&two, key).json();
    assert_eq!((thumbnails(&again).len(), &again["start_ms"]), (2, &Value::Null));

    let file = json!({ "memory_mb": 128, "file": r#"{"rules":[{"thumbnails":{"t":"90x90"}}]}"# });
    let run = page.run(&file, key).json();
    assert_eq!(thumbnails(&run), [(90, 60, "jpeg".to_owned())]);
    assert_eq!(run["memory_mb"], 128);
}

#[tokio::test]
async fn previews_scores_and_formats_are_those_of_the_program() {
    let page = Page::open().await;
    page.upload("a.jpg");
    let settings = variables(&[("THUMBNAILS", "s=90x90;c=100x100/fit/cover/gravity/east/quality/60")]);
    let place = json!({ "bucket": SOURCE, "key": "a.jpg" });
    let ask = |name: &str, settings: &Value, others: &Value| {
        let answer = page.call(name, settings, others);
        assert_eq!(answer.status, 200, "{name}: {}", String::from_utf8_lossy(&answer.body));
        answer.json()
    };
    assert_eq!(ask("previews", &settings, &place)["thumbnails"], json!([]), "the photo is not prepared yet");
    page.run(&settings, "a.jpg");
    let scores = ask("scores", &settings, &place);
    let scored = scores["thumbnails"].as_array().unwrap();
    assert_eq!((scored.len(), &scored[1]["name"], &scored[1]["quality"]), (2, &json!("c"), &json!(60)));
    for one in scored {
        assert_eq!((&one["bucket"], &one["no_score"]), (&json!(TARGET), &Value::Null));
        let score = one["score"].as_f64().unwrap();
        assert!(score > 30.0 && score < 100.0, "{one}");
        let exact = page.get(&format!("/api/pictures/{}", one["exact"]));
        assert!(
            exact.head.contains("content-type: image/png") && exact.head.contains("sandbox"),
            "{}",
            exact.head
        );
    }
    let part: Vec<f64> = serde_json::from_value(scored[1]["part"].clone()).unwrap();
    assert!((part[0] + part[2] - 1.0).abs() < 1e-9 && part[0] > 0.3 && part[1].abs() < 1e-9, "{part:?}");

    // A preview has the geometry of the run that follows, and stores nothing.
    let wider = variables(&[("THUMBNAILS", "s=120x120"), ("FORMAT", "webp")]);
    let preview = ask("previews", &wider, &place)["thumbnails"][0].clone();
    assert_eq!(
        (&preview["width"], &preview["height"], &preview["key"]),
        (&json!(120), &json!(80), &json!("a.jpg"))
    );
    assert!(
        page.get(&format!("/api/pictures/{}", preview["picture"])).head.contains("content-type: image/webp")
    );
    assert!(page.cos.object(TARGET, "a.jpg").is_none());
    assert_eq!(ask("previews", &variables(&[("QUALITY", "101")]), &place)["thumbnails"], json!([]));

    // The run makes the file that the search for the same look has found.
    let wanted = scored[0]["score"].as_f64().unwrap();
    let mut look = place;
    look.as_object_mut().unwrap().extend([
        ("index".to_owned(), json!(0)),
        ("format".to_owned(), json!("webp")),
        ("score".to_owned(), json!(wanted)),
    ]);
    let found = ask("looks", &settings, &look);
    assert!((found["score"].as_f64().unwrap() - wanted).abs() < 3.0, "{found} for {wanted}");
    let quality = found["quality"].as_u64().unwrap().to_string();
    let taken = format!("s=90x90/format/webp/quality/{quality};c=100x100/fit/cover/gravity/east/quality/60");
    let run = page.run(&variables(&[("THUMBNAILS", &taken)]), "a.jpg").json();
    assert_eq!(run["answer"]["outcomes"][0]["thumbnails"][0]["bytes"], found["bytes"]);
    assert_eq!(ask("looks", &wider, &look)["reason"], "the thumbnails have no scores yet");
    assert_eq!(page.get("/api/pictures/0").status, 404);
    assert_eq!(page.get("/api/pictures/..%2F").status, 404);
}

#[tokio::test]
async fn thumbnails_of_an_earlier_start_are_made_again() {
    let page = Page::open().await;
    let settings = variables(&[("THUMBNAILS", "90x90")]);
    page.upload("a.jpg");
    assert_eq!(thumbnails(&page.run(&settings, "a.jpg").json()).len(), 1);
    // The upload is forgotten with its thumbnails, as after a restart.
    page.upload("a.jpg");
    assert_eq!(thumbnails(&page.run(&settings, "a.jpg").json()).len(), 1);
}

#[tokio::test]
async fn the_program_itself_says_what_the_settings_mean() {
    let page = Page::open().await;
    let state = page.get("/api/state").json();
    assert_eq!(state["variables"], json!([["QUALITY", "70"]]));
    assert_eq!(state["samples"][0]["name"], "lake.jpg");
    assert!(state["formats"].as_array().unwrap().contains(&json!("webp")), "{state}");

    let right = page.check(&variables(&[("THUMBNAILS", "s=150x150")]));
    assert!(right["meaning"].as_str().unwrap().contains("s: scaled down only, to fit 150 x 150"), "{right}");
    assert!(right["policy"].as_str().unwrap().contains(TARGET) && right["mistakes"] == json!([]), "{right}");
    assert!(right["triggers"].as_str().unwrap().contains("cos:ObjectCreated:*"), "{right}");

    let wrong = page.check(&variables(&[("THUMBNAILS", "300"), ("QUALITY", "101"), ("PATH", "/")]));
    assert_eq!(wrong["mistakes"][0]["setting"], "PATH");
    let wrong = page.check(&variables(&[("THUMBNAILS", "300"), ("QUALITY", "101")]));
    let settings: Vec<&Value> =
        wrong["mistakes"].as_array().unwrap().iter().map(|one| &one["setting"]).collect();
    assert_eq!(settings, ["THUMBNAILS", "QUALITY"]);
    let sentence =
        "QUALITY is \"101\"; it must be a whole number from 1 to 100, auto, or auto:<score> from 40 to 95";
    assert_eq!(wrong["mistakes"][1]["sentence"], sentence);
    assert_eq!(wrong["policy"], "");
}

#[tokio::test]
async fn mistaken_calls_get_a_sentence() {
    let page = Page::open().await;
    let settings = variables(&[]);
    let missing = page.run(&settings, "never.jpg");
    assert_eq!(missing.status, 409);
    assert!(missing.json()["error"].as_str().unwrap().contains("never.jpg"));
    assert_eq!(page.post("/api/runs", "text/plain", b"{}").status, 400);
    assert_eq!(page.post("/api/runs", "application/json", b"{").status, 400);
    assert_eq!(page.post("/api/photos?bucket=../x&key=a", "image/jpeg", PHOTO).status, 400);
    assert_eq!(page.post("/api/photos?bucket=photos-1250000000", "image/jpeg", PHOTO).status, 400);
    assert_eq!(page.post("/api/nothing", "application/json", b"{}").status, 404);
    assert_eq!(
        page.send("DELETE", "/", &[("Host", &page.host()), ("Origin", &page.playground.endpoint())], b"")
            .status,
        405
    );
}

#[tokio::test]
async fn only_the_files_of_the_page_and_the_offered_photos_are_served() {
    let page = Page::open().await;
    let index = page.get("/");
    assert!(
        index.status == 200 && index.head.contains("content-security-policy: default-src 'none'"),
        "{}",
        index.head
    );
    // Every file that the page refers to is there.
    let text = String::from_utf8(index.body).unwrap();
    let script = String::from_utf8(page.get("/main.js").body).unwrap();
    let named = text.split('"').filter(|word| word.starts_with('/')).map(str::to_owned);
    let imported =
        script.split('"').filter_map(|word| word.strip_prefix("./")).map(|name| format!("/{name}"));
    let files: Vec<String> = named.chain(imported).collect();
    assert!(files.len() >= 10, "{files:?}");
    for file in files {
        assert_eq!(page.get(&file).status, 200, "{file}");
    }
    assert_eq!(page.get("/api/samples/lake.jpg").body, PHOTO);
    let outside = [
        "/../Cargo.toml",
        "/%2e%2e/Cargo.toml",
        "//etc/passwd",
        "/etc/passwd",
        "/api/samples/..%2Fsecret.jpg",
        "/api/samples/%2e%2e/secret.jpg",
        "/api/samples/",
        "/api/objects/..%2F..%2Fetc/passwd",
        "/api/objects/example-1250000000/..%2F..%2Fsecret.jpg",
        "/api/objects/example-1250000000",
    ];
    for path in outside {
        assert_eq!(page.get(path).status, 404, "{path}");
    }
}

#[tokio::test]
async fn other_sites_get_nothing_and_change_nothing() {
    let page = Page::open().await;
    let (host, own) = (page.host(), page.playground.endpoint());
    let target = format!("/api/photos?bucket={SOURCE}&key=evil.jpg");
    let rebound = [("Host", "evil.example"), ("Origin", "http://evil.example")];
    let drive_by = [("Host", host.as_str()), ("Origin", "https://evil.example")];
    let without_origin = [("Host", host.as_str())];
    let framed = [("Host", host.as_str()), ("Origin", own.as_str()), ("Sec-Fetch-Site", "cross-site")];
    for headers in [&rebound[..], &drive_by, &without_origin, &framed] {
        let answer = page.send("POST", &target, headers, PHOTO);
        assert_eq!(answer.status, 403, "{headers:?}");
        assert!(!answer.head.contains("access-control-allow"), "{}", answer.head);
    }
    assert!(page.cos.object(SOURCE, "evil.jpg").is_none());
    assert_eq!(page.send("GET", "/api/state", &[("Host", "evil.example")], b"").status, 403);
    let embedded = [("Host", host.as_str()), ("Sec-Fetch-Site", "cross-site")];
    assert_eq!(page.send("GET", "/api/samples/lake.jpg", &embedded, b"").status, 403);
}
