//! A local COS and one instance of the function, with the actions that tests need.

use std::path::PathBuf;
use std::time::Duration;

use scf_local::{Cos, CosOptions, HeaderCase, Invocation, Object, Outcome, Scf, ScfOptions, event};
use serde_json::Value;

pub const SOURCE: &str = "example-1250000000";
pub const TARGET: &str = "exampleresized-1250000000";
pub const REGION: &str = "ap-guangzhou";

/// Differences from the default setup.
pub struct Options {
    pub environment: Vec<(&'static str, String)>,
    pub memory_mb: u64,
    pub time_limit: Duration,
    pub header_case: HeaderCase,
    pub session_token: Option<String>,
    /// True gives the function the credentials of a role.
    pub role: bool,
    pub rules: Option<&'static str>,
    /// Buckets beside `SOURCE` and `TARGET`.
    pub buckets: Vec<&'static str>,
    /// The COS endpoint that the function is response, if another.
    pub endpoint: Option<String>,
    /// Seconds by which the clock of COS is ahead.
    pub clock_offset: i64,
    /// True freezes the process between invocations.
    pub freeze: bool,
    /// Commands of a shell that becomes the program.
    pub shell: Option<String>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            environment: Vec::new(),
            memory_mb: 512,
            time_limit: Duration::from_secs(60),
            header_case: HeaderCase::Lower,
            session_token: None,
            role: true,
            rules: None,
            buckets: Vec::new(),
            endpoint: None,
            clock_offset: 0,
            freeze: false,
            shell: None,
        }
    }
}

impl Options {
    pub fn setting(mut self, name: &'static str, value: &str) -> Self {
        self.environment.push((name, value.to_owned()));
        self
    }
}

pub struct Setup {
    pub cos: Cos,
    pub scf: Scf,
    _folder: tempfile::TempDir,
}

/// The program of this build, or the one that `BOOTSTRAP` names: that of a zip.
pub fn program() -> PathBuf {
    std::env::var_os("BOOTSTRAP").map_or_else(|| env!("CARGO_BIN_EXE_cos-thumbnailer").into(), PathBuf::from)
}

impl Setup {
    pub async fn new() -> Self {
        Self::with(Options::default()).await
    }

    pub async fn with(options: Options) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let code = folder.path().join("code");
        std::fs::create_dir(&code).unwrap();
        if let Some(rules) = options.rules {
            std::fs::write(code.join("thumbnails.json"), rules).unwrap();
        }
        let cos_options = CosOptions {
            root: folder.path().join("cos"),
            session_token: options.session_token,
            strict: true,
            clock_offset: options.clock_offset,
            buckets: [SOURCE, TARGET].into_iter().chain(options.buckets).map(str::to_owned).collect(),
            ..CosOptions::default()
        };
        let cos = Cos::start(cos_options).await.unwrap();
        let mut environment = if options.role { cos.environment() } else { Vec::new() };
        environment.push(("COS_ENDPOINT".to_owned(), options.endpoint.unwrap_or_else(|| cos.endpoint())));
        environment.extend(options.environment.into_iter().map(|(name, value)| (name.to_owned(), value)));
        let (program, args) = match options.shell {
            None => (program(), Vec::new()),
            Some(commands) => {
                let line = format!("{commands}\nexec \"$0\"");
                ("/bin/sh".into(), vec!["-c".to_owned(), line, program().display().to_string()])
            }
        };
        let scf_options = ScfOptions {
            program,
            args,
            environment,
            code_root: Some(code),
            memory_mb: options.memory_mb,
            time_limit: options.time_limit,
            header_case: options.header_case,
            freeze: options.freeze,
            ..ScfOptions::default()
        };
        let scf = Scf::start(scf_options).await.unwrap();
        Self { cos, scf, _folder: folder }
    }

    /// Stores a source and returns its event.
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

    pub async fn invoke(&self, message: &Value) -> Response {
        Response(self.scf.invoke(&message.to_string()).await)
    }

    /// Uploads a source and invokes the function with its event.
    pub async fn thumbnail_of(&self, key: &str, bytes: impl Into<bytes::Bytes>) -> Response {
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

/// The result of one invocation.
pub struct Response(pub Invocation);

impl Response {
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

/// Width and height of an encoded image, by an independent reader.
pub fn size_of(bytes: &[u8]) -> (u32, u32) {
    let reader = image::ImageReader::new(std::io::Cursor::new(bytes)).with_guessed_format().unwrap();
    if reader.format() == Some(image::ImageFormat::Jpeg) {
        let mut decoder = jpeg_decoder::Decoder::new(bytes);
        decoder.decode().unwrap();
        let info = decoder.info().unwrap();
        return (info.width.into(), info.height.into());
    }
    let image = reader.decode().unwrap();
    (image.width(), image.height())
}

/// The photograph of the README.
pub fn photo() -> Vec<u8> {
    std::fs::read("events/photos/lake.jpg").unwrap()
}

/// A small JPEG.
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

/// A TIFF with its directory behind its pixels, so that the function must hold the whole file in memory.
pub fn tiff_with_directory_last(width: u32, height: u32) -> Vec<u8> {
    let image = image::DynamicImage::ImageRgb8(image::RgbImage::new(width, height));
    let mut file = std::io::Cursor::new(Vec::new());
    image.write_to(&mut file, image::ImageFormat::Tiff).unwrap();
    file.into_inner()
}

/// An example event of the folder `events`.
pub fn example(name: &str) -> Value {
    let path = PathBuf::from("events").join(name).with_extension("json");
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}
