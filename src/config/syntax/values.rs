//! The values of single settings, from text: the same whether a variable or the file holds it.
//!
//! The error of each parser is the rule that the text breaks, as the end of a sentence.

use std::str::FromStr;

use super::form::{self, Form};
use crate::config::prefix::KeyPrefix;
use crate::config::rule::{Collisions, Heic, KeptLabels};
use crate::config::settings::{LogLevel, OnDamage, OnFailure};
use crate::config::target::TargetBucket;
use crate::object::{Acl, Bucket, Domain, Endpoint, Key, StorageClass};
use crate::recipe::{Format, Propagator, Quality, Rgb};
use crate::reconcile::OnForeign;

/// The largest `MAX_PIXELS`: as many pixels of three bytes as the memory of the largest usual function holds (3,072 MB,
/// 583/11637).
const MOST_PIXELS: u32 = 1_000_000_000;

/// Longest `Cache-Control`: any real one is far shorter, and COS bounds all headers of a request together.
const MAX_CACHE_CONTROL: usize = 1024;

const FORMATS: [(&str, Format); 6] = [
    ("jpeg", Format::Jpeg),
    ("jpg", Format::Jpeg),
    ("png", Format::Png),
    ("webp", Format::WebP),
    ("avif", Format::Avif),
    ("gif", Format::Gif),
];
const COLLISIONS_TREATMENTS: [(&str, Collisions); 2] =
    [("first", Collisions::First), ("refuse", Collisions::Refuse)];
const HEIC_TREATMENTS: [(&str, Heic); 3] =
    [("ci", Heic::CloudInfinite), ("decode", Heic::Decode), ("refuse", Heic::Refuse)];
const LABEL_TREATMENTS: [(&str, KeptLabels); 2] = [("drop", KeptLabels::None), ("keep", KeptLabels::All)];
const LOG_LEVELS: [(&str, LogLevel); 3] =
    [("debug", LogLevel::Debug), ("error", LogLevel::Error), ("info", LogLevel::Info)];
const DAMAGE_TREATMENTS: [(&str, OnDamage); 2] = [("fail", OnDamage::Fail), ("store", OnDamage::Store)];
const FAILURE_ANSWERS: [(&str, OnFailure); 2] =
    [("error", OnFailure::Error), ("response", OnFailure::Response)];
const FOREIGN_TREATMENTS: [(&str, OnForeign); 2] =
    [("overwrite", OnForeign::Overwrite), ("skip", OnForeign::Skip)];

/// Pattern of a full bucket name.
const BUCKET_PATTERN: &str = "^[a-z0-9]([a-z0-9-]*[a-z0-9])?-[0-9]+$";

/// Pattern of a full bucket name, which may have a segment in braces.
const TARGET_BUCKET_PATTERN: &str =
    r"^([a-z0-9]([a-z0-9-]*[a-z0-9])?|[a-z0-9-]*\{[a-z][a-z0-9_]*\}[a-z0-9-]*)-[0-9]+$";

/// Forms of values in `thumbnails.json`.
pub(in crate::config) const ACL: Form = Form::Words(|| Acl::NAMES.to_vec());
pub(in crate::config) const AIGC_LABEL: Form = Form::Words(|| form::words(&LABEL_TREATMENTS));
pub(in crate::config) const AIGC_PROPAGATOR: Form = Form::TextOrNumber(r"^[!#-\[\]-~]{1,128}$");
pub(in crate::config) const BACKGROUND: Form = Form::Text("^#([0-9A-Fa-f]{3}|[0-9A-Fa-f]{6})$");
pub(in crate::config) const BUCKET: Form = Form::Text(BUCKET_PATTERN);
pub(in crate::config) const CACHE_CONTROL: Form = Form::TextOrNumber("^[ -~]{1,1024}$");
pub(in crate::config) const COLLISIONS: Form = Form::Words(|| form::words(&COLLISIONS_TREATMENTS));
pub(in crate::config) const DOMAIN: Form =
    Form::WordsOr(|| vec!["public", "internal", "accelerate"], r"^[a-z0-9{}-]+(\.[a-z0-9{}-]+)+$");
pub(in crate::config) const ENDPOINT: Form = Form::Text("^https?://[!-~]+$");
pub(in crate::config) const FORMAT: Form = Form::Words(|| form::words(&FORMATS));
pub(in crate::config) const HEIC: Form = Form::Words(|| form::words(&HEIC_TREATMENTS));
pub(in crate::config) const LOG_LEVEL: Form = Form::Words(|| form::words(&LOG_LEVELS));
pub(in crate::config) const MAX_PIXELS: Form = Form::Number(1..=MOST_PIXELS);
pub(in crate::config) const ON_DAMAGE: Form = Form::Words(|| form::words(&DAMAGE_TREATMENTS));
pub(in crate::config) const ON_FAILURE: Form = Form::Words(|| form::words(&FAILURE_ANSWERS));
pub(in crate::config) const ON_FOREIGN: Form = Form::Words(|| form::words(&FOREIGN_TREATMENTS));
pub(in crate::config) const PREFIX: Form = Form::TextOrNumber(r"^([^/\\*]|[^/\\][\s\S]*[^*])?$");
pub(in crate::config) const QUALITY: Form = Form::NumberOr(1..=100, "^([0-9]+|auto(:[0-9]+)?)$");
pub(in crate::config) const STORAGE_CLASS: Form = Form::Words(|| StorageClass::NAMES.to_vec());
pub(in crate::config) const SUFFIX: Form = Form::TextOrNumber("^[^*,][^,]*$");
pub(in crate::config) const TARGET_BUCKET: Form = Form::Text(TARGET_BUCKET_PATTERN);

pub(in crate::config) fn acl(text: &str) -> Result<Acl, String> {
    Acl::parse(text).ok_or_else(|| format!("it must be one of {}", Acl::NAMES.join(", ")))
}

pub(in crate::config) fn aigc_label(text: &str) -> Result<KeptLabels, &'static str> {
    form::find(&LABEL_TREATMENTS, text).ok_or("it must be keep or drop")
}

pub(in crate::config) fn aigc_propagator(text: &str) -> Result<Propagator, &'static str> {
    Propagator::parse(text).ok_or(
        "it must be 1 to 128 printable ASCII characters without spaces, quotation marks and backslashes, such as \
         001191110102MACQD9K64010001",
    )
}

/// Parses `#rrggbb`, or `#rgb` with each digit for two.
pub(in crate::config) fn background(text: &str) -> Result<Rgb, &'static str> {
    let short = text.strip_prefix('#').filter(|digits| digits.len() == 3);
    let long = short.map(|digits| digits.chars().fold("#".to_owned(), |long, c| format!("{long}{c}{c}")));
    Rgb::parse(long.as_deref().unwrap_or(text))
        .ok_or("a colour reads #rrggbb or #rgb: #ffffff is white, #000000 is black")
}

pub(in crate::config) fn bucket(text: &str) -> Result<Bucket, &'static str> {
    Bucket::parse(text).map_err(|_| {
        "a full bucket name reads <name>-<appid>, such as thumbs-1250000000: lower-case letters, digits and \
         hyphens, at most 60 characters"
    })
}

pub(in crate::config) fn cache_control(text: &str) -> Result<String, &'static str> {
    let printable = text.bytes().all(|b| (0x20..=0x7e).contains(&b));
    if printable && !text.trim().is_empty() && text.len() <= MAX_CACHE_CONTROL {
        Ok(text.trim().to_owned())
    } else {
        Err("it must be 1 to 1024 printable ASCII characters, such as public, max-age=31536000")
    }
}

pub(in crate::config) fn collisions(text: &str) -> Result<Collisions, &'static str> {
    form::find(&COLLISIONS_TREATMENTS, text)
        .ok_or("it must be refuse, or first: the first of several sources has the key")
}

pub(in crate::config) fn domain(text: &str) -> Result<Domain, &'static str> {
    Domain::parse(text)
        .ok_or("it must be public, internal, accelerate or a host suffix such as cos.{region}.example.com")
}

pub(in crate::config) fn endpoint(text: &str) -> Result<Endpoint, &'static str> {
    Endpoint::parse(text)
        .ok_or("it must read http://host:port or https://host:port, without user, path or query")
}

pub(in crate::config) fn format(text: &str) -> Result<Format, &'static str> {
    form::find(&FORMATS, text).ok_or(
        "it must be one of jpeg, jpg, png, webp, avif, gif; without it thumbnails keep the source's format",
    )
}

pub(in crate::config) fn heic(text: &str) -> Result<Heic, &'static str> {
    match form::find(&HEIC_TREATMENTS, text) {
        Some(Heic::Decode) if cfg!(not(feature = "heic")) => {
            Err("this program was built without a decoder of HEIC; scripts/package --heic builds one with it")
        }
        treatment => treatment.ok_or("it must be refuse, decode or ci, which stands for Cloud Infinite"),
    }
}

pub(in crate::config) fn log_level(text: &str) -> Result<LogLevel, &'static str> {
    form::find(&LOG_LEVELS, text).ok_or("it must be one of error, info, debug")
}

pub(in crate::config) fn max_pixels(text: &str) -> Result<u64, &'static str> {
    whole_number(text)
        .filter(|pixels| (1..=u64::from(MOST_PIXELS)).contains(pixels))
        .ok_or("it must be a whole number of pixels from 1 to 1000000000, in digits only")
}

pub(in crate::config) fn on_foreign(text: &str) -> Result<OnForeign, &'static str> {
    form::find(&FOREIGN_TREATMENTS, text).ok_or("it must be skip or overwrite")
}

pub(in crate::config) fn on_damage(text: &str) -> Result<OnDamage, &'static str> {
    form::find(&DAMAGE_TREATMENTS, text).ok_or("it must be store or fail")
}

pub(in crate::config) fn on_failure(text: &str) -> Result<OnFailure, &'static str> {
    form::find(&FAILURE_ANSWERS, text).ok_or("it must be response or error")
}

pub(in crate::config) fn prefix(text: &str) -> Result<KeyPrefix, &'static str> {
    if text.starts_with(['/', '\\']) {
        Err("no key begins with a slash; leave it out, as in uploads/")
    } else if text.ends_with('*') {
        Err("a prefix is literal; write uploads/ and not uploads/*")
    } else if text.len() > Key::MAX_LEN {
        Err("no key is longer than 850 bytes")
    } else {
        KeyPrefix::parse(text).ok_or(
            "braces stand for one whole folder, as in {tenant}/uploads/; its name has a to z, 0 to 9 and _, begins \
             with a letter, and is no other placeholder",
        )
    }
}

pub(in crate::config) fn quality(text: &str) -> Result<Quality, &'static str> {
    whole_number(text)
        .filter(|quality: &u8| (1..=100).contains(quality))
        .map(Quality::Fixed)
        .or_else(|| auto_quality(text))
        .ok_or("it must be a whole number from 1 to 100, auto, or auto:<score> from 40 to 95")
}

/// Parses `auto` and `auto:<score>`.
pub(super) fn auto_quality(text: &str) -> Option<Quality> {
    let score = match text.strip_prefix("auto")? {
        "" => Some(Quality::DEFAULT_SCORE),
        score => whole_number(score.strip_prefix(':')?).filter(|score| Quality::SCORES.contains(score)),
    };
    score.map(Quality::Auto)
}

pub(in crate::config) fn storage_class(text: &str) -> Result<StorageClass, String> {
    StorageClass::parse(text).ok_or_else(|| format!("it must be one of {}", StorageClass::NAMES.join(", ")))
}

/// Parses a suffix to lower case, in which suffixes are compared.
pub(in crate::config) fn suffix(text: &str) -> Result<String, &'static str> {
    if text.is_empty() {
        Err("a suffix in the list is empty; write .jpg;.png")
    } else if text.contains(',') {
        Err("suffixes are separated by semicolons and not by commas; write .jpg;.png")
    } else if text.starts_with('*') {
        Err("a suffix is literal; write .jpg and not *.jpg")
    } else if text.len() > Key::MAX_LEN {
        Err("no key is longer than 850 bytes")
    } else {
        Ok(text.to_ascii_lowercase())
    }
}

pub(in crate::config) fn target_bucket(text: &str) -> Result<TargetBucket, &'static str> {
    TargetBucket::parse(text).ok_or(
        "a full bucket name reads <name>-<appid>, such as thumbs-1250000000: lower-case letters, digits and \
         hyphens, at most 60 characters; a folder of the source prefix may stand in <name>, as in \
         thumbs-{tenant}-1250000000",
    )
}

pub(in crate::config) fn thumbnail_name(text: &str) -> Result<(), &'static str> {
    let plain = text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    if plain && (1..=64).contains(&text.len()) {
        Ok(())
    } else {
        Err("a thumbnail's name is 1 to 64 letters, digits, hyphens and underscores")
    }
}

/// Parses digits only: the standard parsers would take a plus sign.
fn whole_number<T: FromStr>(text: &str) -> Option<T> {
    text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_digits_within_bounds() {
        assert_eq!(quality("1"), Ok(Quality::Fixed(1)));
        assert_eq!(quality("100"), Ok(Quality::Fixed(100)));
        for text in ["0", "101", "256", "+80", "-1", "80%", "8 0", "80!", ""] {
            assert!(quality(text).is_err(), "{text}");
        }
        assert_eq!(quality("auto"), Ok(Quality::Auto(75)));
        assert_eq!(quality("auto:40"), Ok(Quality::Auto(40)));
        for text in ["auto:", "auto:39", "auto:96", "auto80", "auto:80!", "Auto", "auto/80"] {
            assert!(quality(text).is_err(), "{text}");
        }
        assert_eq!(max_pixels("1000000000"), Ok(1_000_000_000));
        for text in ["0", "1000000001", "250e6", "250,000,000", "99999999999999999999"] {
            assert!(max_pixels(text).is_err(), "{text}");
        }
    }

    #[test]
    fn decoding_of_heic_is_a_mistake_in_a_program_without_the_decoder() {
        if cfg!(feature = "heic") {
            assert_eq!(heic("decode"), Ok(Heic::Decode));
            assert_eq!(Heic::default(), Heic::Decode);
        } else {
            assert!(heic("decode").unwrap_err().contains("scripts/package --heic"));
            assert_eq!(Heic::default(), Heic::Refuse);
        }
    }

    #[test]
    fn cache_control_is_safe_in_a_header() {
        assert_eq!(cache_control("public, max-age=60"), Ok("public, max-age=60".to_owned()));
        for text in ["", " ", "a\r\nx-cos-acl: public-read", "a\tb", "缓存", &"a".repeat(1025)] {
            assert!(cache_control(text).is_err(), "{text}");
        }
    }

    #[test]
    fn colours_have_three_or_six_digits() {
        assert_eq!(background("#fff"), Ok(Rgb::WHITE));
        assert_eq!(background("#1Ab"), Ok(Rgb([0x11, 0xaa, 0xbb])));
        assert_eq!(background("#1a2b3c"), Ok(Rgb([0x1a, 0x2b, 0x3c])));
        for text in ["white", "fff", "#ffff", "#ggg", "#é1", "#"] {
            assert!(background(text).is_err(), "{text}");
        }
    }

    #[test]
    fn words_are_exact() {
        assert_eq!(format("jpg"), Ok(Format::Jpeg));
        assert_eq!(format("jpeg"), Ok(Format::Jpeg));
        for text in ["JPG", "heif", "tiff", ""] {
            assert!(format(text).is_err(), "{text}");
        }
        assert_eq!(log_level("debug"), Ok(LogLevel::Debug));
        assert!(log_level("warn").is_err());
        assert_eq!((on_damage("store"), on_damage("fail")), (Ok(OnDamage::Store), Ok(OnDamage::Fail)));
        assert!(on_damage("error").is_err());
        assert_eq!(on_failure("error"), Ok(OnFailure::Error));
        assert!(on_failure("retry").is_err());
        assert!(storage_class("standard").is_err());
        assert!(acl("public-read").is_ok());
        assert!(acl("public-read-write").is_err());
    }

    #[test]
    fn prefixes_and_suffixes_are_literal() {
        assert_eq!(prefix("uploads/"), Ok(KeyPrefix::fixed("uploads/")));
        assert_eq!(prefix("{tenant}/up"), Ok(KeyPrefix::open("", "tenant", "/up")));
        for text in ["/uploads", "uploads/*", "{tenant}", "{tenant}up/", &"a".repeat(851)] {
            assert!(prefix(text).is_err(), "{text}");
        }
        assert_eq!(suffix(".JPG"), Ok(".jpg".to_owned()));
        for text in ["", "*.jpg", ".jpg,.png"] {
            assert!(suffix(text).is_err(), "{text}");
        }
    }

    #[test]
    fn names_fit_into_keys() {
        for text in ["small", "150x150", "a-b_C", &"a".repeat(64)] {
            assert_eq!(thumbnail_name(text), Ok(()), "{text}");
        }
        for text in ["", "a/b", "a b", "小", "a.b", &"a".repeat(65)] {
            assert!(thumbnail_name(text).is_err(), "{text}");
        }
    }
}
