//! The table of all settings, which the help text and `docs/configuration.md` are compared with.

/// A setting: a variable, and in most cases a member of `thumbnails.json`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Setting {
    /// The variable.
    pub name: &'static str,
    /// The value when it is not set, in words where no single text means the same.
    pub default: &'static str,
    /// Path of the member in `thumbnails.json`; `rules[]` is any rule. Secrets have none.
    pub member: Option<&'static str>,
    /// Its meaning, on one line.
    pub summary: &'static str,
}

impl Setting {
    /// The member of `thumbnails.json` that stands beside `rules`.
    pub(in crate::config) fn general_member(&self) -> Option<&'static str> {
        self.member.filter(|member| !member.starts_with("rules"))
    }
}

const fn setting(
    name: &'static str,
    default: &'static str,
    member: &'static str,
    summary: &'static str,
) -> Setting {
    Setting { name, default, member: Some(member), summary }
}

const fn secret(name: &'static str, summary: &'static str) -> Setting {
    Setting { name, default: "the function's role", member: None, summary }
}

pub(in crate::config) const SECRET_ID: &str = "COS_SECRET_ID";
pub(in crate::config) const SECRET_KEY: &str = "COS_SECRET_KEY";

/// Every setting, in the order of `docs/configuration.md`.
pub const SETTINGS: [Setting; 25] = [
    setting(
        "TARGET_BUCKET",
        "<source name>resized-<appid>",
        "rules[].target.bucket",
        "full name of the bucket that thumbnails go to",
    ),
    setting(
        "THUMBNAILS",
        "300x300",
        "rules[].thumbnails",
        "thumbnails to make, such as small=150x150;large=1600x1600",
    ),
    setting(
        "TARGET_KEY",
        "{key}; {name}/{key} for several",
        "rules[].target.key",
        "their keys, from {key} {dir} {stem} {ext} {name} {hash}",
    ),
    setting(
        "COLLISIONS",
        "refuse",
        "rules[].collisions",
        "refuse templates by which sources could share a key, or first: the first has it",
    ),
    setting(
        "SOURCE_PREFIX",
        "any key",
        "rules[].source.prefix",
        "how keys of sources begin, such as uploads/ or {tenant}/uploads/",
    ),
    setting(
        "SOURCE_SUFFIX",
        "any key",
        "rules[].source.suffix",
        "how keys of sources end, such as .jpg;.png",
    ),
    setting("FORMAT", "as the source", "rules[].format", "jpeg, png, webp, avif or gif"),
    setting("QUALITY", "80", "rules[].quality", "1 to 100, auto or auto:<score>, for JPEG, WebP and AVIF"),
    setting(
        "BACKGROUND",
        "#ffffff",
        "rules[].background",
        "colour behind transparent images in JPEG, and of padding: #rrggbb",
    ),
    setting("CACHE_CONTROL", "none", "rules[].target.cache_control", "Cache-Control of thumbnails"),
    setting(
        "STORAGE_CLASS",
        "that of COS, STANDARD",
        "rules[].target.storage_class",
        "storage class of thumbnails",
    ),
    setting(
        "ACL",
        "that of the bucket",
        "rules[].target.acl",
        "default, private or public-read, for thumbnails",
    ),
    setting(
        "HEIC",
        "refuse",
        "rules[].heic",
        "refuse; ci: Cloud Infinite turns HEIC into JPEG first; decode: in a build with --heic",
    ),
    setting(
        "MANIFEST",
        "none",
        "rules[].manifest",
        "key of a JSON object that describes all thumbnails of a source, such as {key}.json",
    ),
    setting(
        "AIGC_LABEL",
        "keep",
        "rules[].aigc_label",
        "keep or drop: the labels of AI-generated content that a source carries",
    ),
    setting(
        "AIGC_PROPAGATOR",
        "none",
        "rules[].aigc_propagator",
        "code of the service that spreads the thumbnails, for labels that name none",
    ),
    setting("MAX_PIXELS", "250000000", "max_pixels", "most pixels of a source"),
    setting("ON_DAMAGE", "store", "on_damage", "store or fail: damaged images that are at least 90 % intact"),
    setting(
        "ON_FAILURE",
        "response",
        "on_failure",
        "response or error: the answer for sources that can never become a thumbnail",
    ),
    setting(
        "ON_FOREIGN",
        "skip",
        "on_foreign",
        "skip or overwrite: objects under the keys of thumbnails that this function did not make",
    ),
    setting("LOG_LEVEL", "info", "log_level", "error, info or debug"),
    setting(
        "COS_DOMAIN",
        "public",
        "cos_domain",
        "public, internal, accelerate or a host suffix with {region}",
    ),
    setting(
        "COS_ENDPOINT",
        "none",
        "cos_endpoint",
        "http://host:port to connect to instead of the real host",
    ),
    secret(SECRET_ID, "id of fixed keys, where there is no execution role"),
    secret(SECRET_KEY, "key of that id"),
];
