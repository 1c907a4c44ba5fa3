//! One local COS and one instance of the function, with the verbs of a test.

use std::path::PathBuf;
use std::time::Duration;

use scf_local::{Cos, CosOptions, HeaderCase, Invocation, Object, Outcome, Scf, ScfOptions, event};
use serde_json::Value;

pub const SOURCE: &str = "example-1250000000";
pub const TARGET: &str = "exampleresized-1250000000";
pub const REGION: &str = "ap-guangzhou";

/// What a test wants different from the ordinary.
pub struct Wishes {
    pub environment: Vec<(&'static str, String)>,
    pub memory_mb: u64,
    pub time_limit: Duration,
    pub header_case: HeaderCase,
    pub session_token: Option<String>,
    /// Whether the function gets the credentials of a role.
    pub role: bool,
    pub rules: Option<&'static str>,
    /// Where the function believes COS is, if not where it is.
    pub endpoint: Option<String>,
    /// Seconds by which the clock of COS is ahead.
    pub clock_offset: i64,
    /// Whether the process is frozen between invocations.
    pub freeze: bool,
}

impl Default for Wishes {
    fn default() -> Self {
        Self {
            environment: Vec::new(),
            memory_mb: 512,
            time_limit: Duration::from_secs(60),
            header_case: HeaderCase::Lower,
            session_token: None,
            role: true,
            rules: None,
            endpoint: None,
            clock_offset: 0,
            freeze: false,
        }
    }
}

impl Wishes {
    pub fn setting(mut self, name: &'static str, value: &str) -> Self {
        self.environment.push((name, value.to_owned()));
        self
    }
}

pub struct World {
    pub cos: Cos,
    pub scf: Scf,
    _folder: tempfile::TempDir,
}

/// The program of this build, or the one that `BOOTSTRAP` names: what is in a zip.
pub fn program() -> PathBuf {
    std::env::var_os("BOOTSTRAP").map_or_else(|| env!("CARGO_BIN_EXE_cos-thumbnailer").into(), PathBuf::from)
}

impl World {
    pub async fn new() -> Self {
        Self::with(Wishes::default()).await
    }

    pub async fn with(wishes: Wishes) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let code = folder.path().join("code");
        std::fs::create_dir(&code).unwrap();
        if let Some(rules) = wishes.rules {
            std::fs::write(code.join("thumbnails.json"), rules).unwrap();
        }
        let options = CosOptions {
            root: folder.path().join("cos"),
            session_token: wishes.session_token,
            strict: true,
            clock_offset: wishes.clock_offset,
            buckets: vec![SOURCE.to_owned(), TARGET.to_owned()],
            ..CosOptions::default()
        };
        let cos = Cos::start(options).await.unwrap();
        let mut environment = if wishes.role { cos.environment() } else { Vec::new() };
        environment.push(("COS_ENDPOINT".to_owned(), wishes.endpoint.unwrap_or_else(|| cos.endpoint())));
        environment.extend(wishes.environment.into_iter().map(|(name, value)| (name.to_owned(), value)));
        let options = ScfOptions {
            program: program(),
            environment,
            code_root: Some(code),
            memory_mb: wishes.memory_mb,
            time_limit: wishes.time_limit,
            header_case: wishes.header_case,
            freeze: wishes.freeze,
            ..ScfOptions::default()
        };
        let scf = Scf::start(options).await.unwrap();
        Self { cos, scf, _folder: folder }
    }

    /// Stores a source, and gives the event of it.
    pub async fn upload(&self, key: &str, bytes: impl Into<bytes::Bytes>) -> Value {
        self.upload_with(key, bytes, &[("Content-Type", "image/jpeg")]).await
    }

    pub async fn upload_with(
        &self,
        key: &str,
        bytes: impl Into<bytes::Bytes>,
        headers: &[(&str, &str)],
    ) -> Value {
        let object = self.cos.put(SOURCE, key, bytes, headers).await;
        event::created("cos:ObjectCreated:Put", SOURCE, REGION, key, &object)
    }

    pub async fn invoke(&self, message: &Value) -> Told {
        Told(self.scf.invoke(&message.to_string()).await)
    }

    /// Uploads and invokes in one go.
    pub async fn thumbnail_of(&self, key: &str, bytes: impl Into<bytes::Bytes>) -> Told {
        let message = self.upload(key, bytes).await;
        self.invoke(&message).await
    }

    pub fn stored(&self, key: &str) -> Object {
        let found = self.cos.object(TARGET, key);
        found.unwrap_or_else(|| panic!("there is no {key} among {:?}", self.cos.keys(TARGET)))
    }

    /// Methods and statuses of all requests so far.
    pub fn requests(&self) -> Vec<(String, u16)> {
        self.cos.journal().into_iter().map(|request| (request.method, request.status)).collect()
    }
}

/// What the function answered.
pub struct Told(pub Invocation);

impl Told {
    /// The outcomes of a response.
    pub fn outcomes(&self) -> Vec<Value> {
        let Outcome::Response(text) = &self.0.outcome else {
            panic!("{:?}\n{:#?}", self.0.outcome, self.0.log)
        };
        let body: Value = serde_json::from_str(text).unwrap();
        body["outcomes"].as_array().unwrap().clone()
    }

    /// The one outcome of a response.
    pub fn outcome(&self) -> Value {
        let outcomes = self.outcomes();
        assert_eq!(outcomes.len(), 1, "{outcomes:#?}");
        outcomes[0].clone()
    }

    /// The one outcome, which must be `stored`.
    pub fn stored(&self) -> Value {
        let outcome = self.outcome();
        assert_eq!(outcome["outcome"], "stored", "{outcome:#}");
        outcome
    }

    /// The sentence of an error.
    pub fn error(&self) -> &str {
        let Outcome::Error(text) = &self.0.outcome else { panic!("{:?}", self.0.outcome) };
        text
    }

    /// The JSON lines the function logged.
    pub fn log(&self) -> Vec<Value> {
        self.0
            .log
            .iter()
            .map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}")))
            .collect()
    }
}

/// Width and height of an encoded picture, by an independent reader.
pub fn size_of(bytes: &[u8]) -> (u32, u32) {
    let reader = image::ImageReader::new(std::io::Cursor::new(bytes)).with_guessed_format().unwrap();
    if reader.format() == Some(image::ImageFormat::Jpeg) {
        let mut decoder = jpeg_decoder::Decoder::new(bytes);
        decoder.decode().unwrap();
        let info = decoder.info().unwrap();
        return (info.width.into(), info.height.into());
    }
    let picture = reader.decode().unwrap();
    (picture.width(), picture.height())
}

/// The photograph of the README.
pub fn photo() -> Vec<u8> {
    std::fs::read("events/photos/lake.jpg").unwrap()
}

/// A small JPEG of one colour.
pub fn small_jpeg() -> Vec<u8> {
    jpeg_of(64, 48)
}

/// A JPEG with a gradient.
pub fn jpeg_of(width: u16, height: u16) -> Vec<u8> {
    let mut pixels = Vec::with_capacity(usize::from(width) * usize::from(height) * 3);
    for y in 0..u32::from(height) {
        for x in 0..u32::from(width) {
            let shade = |value: u32| u8::try_from(value % 256).unwrap();
            pixels.extend([shade(x / 16), shade(y / 16), shade((x ^ y) / 8)]);
        }
    }
    let mut bytes = Vec::new();
    let mut encoder = jpeg_encoder::Encoder::new(&mut bytes, 90);
    encoder.set_sampling_factor(jpeg_encoder::SamplingFactor::F_2_2);
    encoder.encode(&pixels, width, height, jpeg_encoder::ColorType::Rgb).unwrap();
    bytes
}

pub fn example(name: &str) -> Value {
    let path = PathBuf::from("events").join(name).with_extension("json");
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}
