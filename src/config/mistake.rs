//! Mistakes in a configuration: each names the setting, the value and the remedy.
//!
//! Loading collects all of them, so that one deployment shows everything that needs repair.

use std::borrow::Cow;
use std::fmt;

use super::loops::Loop;
use crate::text::{Printable, excerpt};

/// One thing in the configuration that is unknown, invalid or contradictory.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Mistake {
    /// A variable and a member of the file give one setting two values.
    #[error(
        "{variable} is {in_environment:?} but {member} in thumbnails.json is {in_file:?}; remove one of them"
    )]
    Contradiction {
        /// The variable.
        variable: String,
        /// Its value.
        in_environment: String,
        /// The member of the file.
        member: String,
        /// Its value.
        in_file: String,
    },
    /// The file cannot be read, or is not JSON; the text names the file, and line and column.
    #[error("{0}")]
    File(String),
    /// One half of a pair of fixed keys. Values are never repeated here.
    #[error("{set} is set and {missing} is not; set both, or neither to use the function's role")]
    HalfPair {
        /// The variable that is set.
        set: &'static str,
        /// The variable that is not.
        missing: &'static str,
    },
    /// A member of the file that does not exist.
    #[error("thumbnails.json has no member {path}; it can have {known}")]
    Member {
        /// Path of the member.
        path: String,
        /// The members that can stand in its place.
        known: String,
    },
    /// A rule writes where it reads, and nothing keeps its thumbnails from becoming sources.
    #[error(transparent)]
    Loop(#[from] Box<Loop>),
    /// Every key the rule could match is taken by an earlier one.
    #[error("{rule} never matches, because {earlier} before it takes every key it could; put {rule} first")]
    Unreachable {
        /// The rule that never matches.
        rule: String,
        /// The rule that takes its keys.
        earlier: String,
    },
    /// A variable that is almost one of ours.
    #[error("{name} is not a setting; did you mean {meant}?")]
    Unknown {
        /// The variable found.
        name: String,
        /// The setting it resembles.
        meant: &'static str,
    },
    /// A value that the setting cannot have.
    #[error("{setting} is {value:?}; {rule}")]
    Value {
        /// The variable, or the path of the member such as `rules[0].target.key`.
        setting: String,
        /// The value, cut to 100 characters.
        value: String,
        /// The rule it breaks, and what to write instead.
        rule: String,
    },
}

/// Every mistake found in one configuration; at least one.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Mistakes(Vec<Mistake>);

impl Mistakes {
    /// The mistakes, in the order found.
    #[must_use]
    pub fn as_slice(&self) -> &[Mistake] {
        &self.0
    }
}

/// One sentence per line.
impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, mistake) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            Printable(&mistake.to_string()).fmt(f)?;
        }
        Ok(())
    }
}

impl std::error::Error for Mistakes {}

/// Collects mistakes while loading goes on.
#[derive(Debug, Default)]
pub(super) struct Findings(Vec<Mistake>);

impl Findings {
    /// Keeps a mistake.
    pub(super) fn push(&mut self, mistake: Mistake) {
        self.0.push(mistake);
    }

    /// Passes a value on, or keeps the mistake in its place.
    pub(super) fn note<T>(&mut self, result: Result<T, Mistake>) -> Option<T> {
        result.map_err(|mistake| self.push(mistake)).ok()
    }

    /// The mistakes that were found, and others that were found later.
    pub(super) fn followed_by(mut self, later: Mistakes) -> Mistakes {
        self.0.extend(later.0);
        Mistakes(self.0)
    }

    /// Number of mistakes found so far.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// The value when no mistake was found. A mistake of the environment in several rules is reported once.
    pub(super) fn into_result<T>(self, value: T) -> Result<T, Mistakes> {
        let mut distinct: Vec<Mistake> = Vec::new();
        for mistake in self.0 {
            if !distinct.contains(&mistake) {
                distinct.push(mistake);
            }
        }
        if distinct.is_empty() { Ok(value) } else { Err(Mistakes(distinct)) }
    }
}

/// A value as written, and the setting that it was written for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Written {
    /// The variable, or the path of the member in `thumbnails.json`.
    pub(super) setting: String,
    /// The text.
    pub(super) value: String,
}

impl Written {
    pub(super) fn new(setting: impl Into<String>, value: impl Into<String>) -> Self {
        Self { setting: setting.into(), value: value.into() }
    }

    /// Parses the text. The error of the parser becomes the rule of the mistake.
    pub(super) fn parse<T, E: fmt::Display>(
        &self,
        parser: impl FnOnce(&str) -> Result<T, E>,
    ) -> Result<T, Mistake> {
        parser(&self.value).map_err(|rule| self.refuse(rule))
    }

    /// The mistake of this value.
    pub(super) fn refuse(&self, rule: impl fmt::Display) -> Mistake {
        let mut rule = rule.to_string();
        if let Some((wide, narrow)) = look_alike(&self.value) {
            rule = format!("{rule} ({wide:?} is not {narrow:?})");
        }
        Mistake::Value { setting: self.setting.clone(), value: excerpt(&without_user(&self.value)), rule }
    }
}

/// The value without the user and password of a URL, which may be secret.
fn without_user(value: &str) -> Cow<'_, str> {
    let Some((scheme, rest)) = value.split_once("//") else { return Cow::Borrowed(value) };
    rest.rsplit_once('@').map_or(Cow::Borrowed(value), |(_, host)| format!("{scheme}//***@{host}").into())
}

/// The first character that looks like one of ASCII but is not, with the one meant: the full-width forms
/// U+FF01 to U+FF5E that East Asian keyboards produce, and the multiplication sign.
fn look_alike(text: &str) -> Option<(char, char)> {
    const FULL_WIDTH_OFFSET: u32 = 0xff01 - 0x21;
    text.chars().find_map(|found| match found {
        '×' => Some((found, 'x')),
        '\u{ff01}'..='\u{ff5e}' => {
            char::from_u32(u32::from(found).saturating_sub(FULL_WIDTH_OFFSET)).map(|meant| (found, meant))
        }
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, Environment};

    fn mistakes(pairs: &[(&str, &str)], file: Option<&str>) -> String {
        Config::load(&Environment::from_pairs(pairs.iter().copied()), file).unwrap_err().to_string()
    }

    #[test]
    fn full_width_characters_are_pointed_out() {
        let table = [
            ("８０", "Q is \"８０\"; no ('８' is not '8')"),
            ("300×300", "Q is \"300×300\"; no ('×' is not 'x')"),
            ("a；b", "Q is \"a；b\"; no ('；' is not ';')"),
            ("猫", "Q is \"猫\"; no"),
        ];
        for (value, sentence) in table {
            assert_eq!(Written::new("Q", value).refuse("no").to_string(), sentence);
        }
    }

    #[test]
    fn a_sentence_repeats_at_most_a_hundred_characters() {
        let sentence = Written::new("Q", "猫".repeat(200)).refuse("no").to_string();
        assert_eq!(sentence, format!("Q is \"{}…\"; no", "猫".repeat(100)));
    }

    #[test]
    fn mistakes_in_thumbnails_are_told_with_value_and_remedy() {
        let table: [(&[(&str, &str)], &str); 9] = [
            (
                &[("QUALITY", "101")],
                "QUALITY is \"101\"; it must be a whole number from 1 to 100, auto, or auto:<score> from 40 to 95",
            ),
            (
                &[("QUALITY", "８０")],
                "QUALITY is \"８０\"; it must be a whole number from 1 to 100, auto, or auto:<score> from 40 to 95 ('８' is not '8')",
            ),
            (&[("THUMBNAIL", "3x")], "THUMBNAIL is not a setting; did you mean THUMBNAILS?"),
            (
                &[("THUMBNAILS", "300")],
                "THUMBNAILS is \"300\"; a size has an x and no unit: 300x300 is a box, 300x a width and x300 a \
                 height, in pixels",
            ),
            (
                &[("THUMBNAILS", "a=3x；b=4x")],
                "THUMBNAILS is \"3x；b=4x\"; a thumbnail reads 300x300, 300x, x300, each also with \
                 options as in 300x300/fit/cover, or imageMogr2/… or imageView2/… in Tencent's syntax \
                 ('；' is not ';')",
            ),
            (
                &[("THUMBNAILS", "a b=3x")],
                "THUMBNAILS is \"a b\"; a thumbnail's name is 1 to 64 letters, digits, hyphens and \
                 underscores",
            ),
            (
                &[("THUMBNAILS", "3x;imageMogr2/strip")],
                "THUMBNAILS is \"imageMogr2/strip\"; in a list it needs a name; write name=imageMogr2/…",
            ),
            (
                &[("THUMBNAILS", "a=3x;a=4x")],
                "THUMBNAILS is \"4x\"; two thumbnails are named \"a\"; rename one",
            ),
            (
                &[("SOURCE_SUFFIX", ".jpg,.png")],
                "SOURCE_SUFFIX is \".jpg,.png\"; suffixes are separated by semicolons and not by commas; write .jpg;.png",
            ),
        ];
        for (variables, sentences) in table {
            assert_eq!(mistakes(variables, None), sentences);
        }
    }

    #[test]
    fn mistakes_in_target_keys_are_told_with_value_and_remedy() {
        let table: [(&[(&str, &str)], &str); 9] = [
            (
                &[("THUMBNAILS", "3x;4x"), ("TARGET_KEY", "{key}")],
                "TARGET_KEY is \"{key}\"; thumbnails \"3x\" and \"4x\" of the rule of the environment could \
                 share one key for a source; put {name} into it, as in {name}/{key}",
            ),
            (
                &[("TARGET_KEY", "{dir}{stem}.{ext}"), ("FORMAT", "webp"), ("SOURCE_SUFFIX", ".jpg;.png")],
                "TARGET_KEY is \"{dir}{stem}.{ext}\"; sources of the rule of the environment that differ only in \
                 their extension could share one key for their thumbnails; write {key}.{ext}, put {hash} into it, take \
                 sources of one SOURCE_SUFFIX only, or set COLLISIONS=first, by which the first source has the key",
            ),
            (
                &[("TARGET_KEY", "thumbs/{stem}.{ext}")],
                "TARGET_KEY is \"thumbs/{stem}.{ext}\"; sources of the rule of the environment that differ only in \
                 their folder could share one key for their thumbnails; write {dir}{stem}, or {key}, put {hash} into \
                 it, or set COLLISIONS=first, by which the first source has the key",
            ),
            (
                &[("TARGET_KEY", "{dir}{stem}{ext}")],
                "TARGET_KEY is \"{dir}{stem}{ext}\"; in the rule of the environment thumbnail \"300x300\" of a.a and \
                 thumbnail \"300x300\" of aa. would share the key aa; write {dir}{stem}.{ext}, or {key}, or put {hash} into it",
            ),
            (
                &[
                    ("TARGET_KEY", "{dir}{stem}-{name}.{ext}"),
                    ("THUMBNAILS", "s=3x;s-s=4x"),
                    ("SOURCE_PREFIX", "up/"),
                ],
                "TARGET_KEY is \"{dir}{stem}-{name}.{ext}\"; in the rule of the environment thumbnail \"s\" of up/a-s.jpg and \
                 thumbnail \"s-s\" of up/a.jpg would share the key up/a-s-s.jpg; separate {name} by a slash, as in {name}/{key}",
            ),
            (
                &[("TARGET_KEY", "{width}/{key}")],
                "TARGET_KEY is \"{width}/{key}\"; {width} is not a placeholder; use {key}, {dir}, {stem}, \
                 {ext}, {name}, {hash} or the folder that the source prefix has in braces",
            ),
            (
                &[("TARGET_BUCKET", "t-{tenant}-125"), ("SOURCE_PREFIX", "{customer}/up/")],
                "TARGET_BUCKET is \"t-{tenant}-125\"; the source prefix has no folder {tenant}, as in \
                 {tenant}/uploads/; write it there, or leave it out here",
            ),
            (
                &[("SOURCE_PREFIX", "up-{tenant}/")],
                "SOURCE_PREFIX is \"up-{tenant}/\"; braces stand for one whole folder, as in {tenant}/uploads/; its name \
                 has a to z, 0 to 9 and _, begins with a letter, and is no other placeholder",
            ),
            (
                &[("COLLISIONS", "last")],
                "COLLISIONS is \"last\"; it must be refuse, or first: the first of several sources has the key",
            ),
        ];
        for (variables, sentences) in table {
            assert_eq!(mistakes(variables, None), sentences);
        }
    }

    #[test]
    fn mistakes_in_other_variables_are_told_with_value_and_remedy() {
        let table: [(&[(&str, &str)], &str); 16] = [
            (
                &[("TARGET_BUCKET", "thumbs")],
                "TARGET_BUCKET is \"thumbs\"; a full bucket name reads <name>-<appid>, such as \
                 thumbs-1250000000: lower-case letters, digits and hyphens, at most 60 characters; a folder of the \
                 source prefix may stand in <name>, as in thumbs-{tenant}-1250000000",
            ),
            (
                &[("FORMAT", "heif")],
                "FORMAT is \"heif\"; it must be one of jpeg, jpg, png, webp, avif, gif; without it \
                 thumbnails keep the source's format",
            ),
            (
                &[("BACKGROUND", "white")],
                "BACKGROUND is \"white\"; a colour reads #rrggbb or #rgb: #ffffff is white, #000000 is \
             black",
            ),
            (
                &[("CACHE_CONTROL", "缓存")],
                "CACHE_CONTROL is \"缓存\"; it must be 1 to 1024 printable ASCII characters, such as public, \
                 max-age=31536000",
            ),
            (
                &[("STORAGE_CLASS", "COLD")],
                "STORAGE_CLASS is \"COLD\"; it must be one of STANDARD, MAZ_STANDARD, STANDARD_IA, \
                 MAZ_STANDARD_IA, INTELLIGENT_TIERING, MAZ_INTELLIGENT_TIERING, ARCHIVE, DEEP_ARCHIVE",
            ),
            (&[("ACL", "public")], "ACL is \"public\"; it must be one of default, private, public-read"),
            (
                &[("MAX_PIXELS", "0")],
                "MAX_PIXELS is \"0\"; it must be a whole number of pixels from 1 to 1000000000, in digits \
                 only",
            ),
            (
                &[("SOURCE_PREFIX", "/up")],
                "SOURCE_PREFIX is \"/up\"; no key begins with a slash; leave it out, as in uploads/",
            ),
            (
                &[("SOURCE_SUFFIX", "*.jpg")],
                "SOURCE_SUFFIX is \"*.jpg\"; a suffix is literal; write .jpg and not *.jpg",
            ),
            (&[("LOG_LEVEL", "warn")], "LOG_LEVEL is \"warn\"; it must be one of error, info, debug"),
            (&[("ON_DAMAGE", "skip")], "ON_DAMAGE is \"skip\"; it must be store or fail"),
            (&[("ON_FOREIGN", "delete")], "ON_FOREIGN is \"delete\"; it must be skip or overwrite"),
            (&[("ON_FAILURE", "retry")], "ON_FAILURE is \"retry\"; it must be response or error"),
            (
                &[("COS_DOMAIN", "private"), ("COS_ENDPOINT", "localhost")],
                "COS_DOMAIN is \"private\"; it must be public, internal, accelerate or a host suffix such \
                 as cos.{region}.example.com\nCOS_ENDPOINT is \"localhost\"; it must read http://host:port \
                 or https://host:port, without user, path or query",
            ),
            (
                &[("COS_ENDPOINT", "http://me:hush@cos.example.com")],
                "COS_ENDPOINT is \"http://***@cos.example.com\"; it must read http://host:port or https://host:port, \
                 without user, path or query",
            ),
            (
                &[("COS_SECRET_ID", "hush")],
                "COS_SECRET_ID is set and COS_SECRET_KEY is not; set both, or neither to use the function's \
                 role",
            ),
        ];
        for (variables, sentences) in table {
            assert_eq!(mistakes(variables, None), sentences);
        }
    }

    #[test]
    fn mistakes_of_the_file_are_told_by_path() {
        let table = [
            (r#"{"rules":[]}"#, "rules is \"[]\"; it holds no rule; leave it out to use the variables"),
            (
                r#"{"rules":[{"thumbnails":{}}]}"#,
                "rules[0].thumbnails is \"{}\"; it names no thumbnail; leave it out for 300x300",
            ),
            (
                r#"{"rules":[{"quality":0},{"thumbnails":{"s":"imageMogr2/bright/1"}}]}"#,
                "rules[0].quality is \"0\"; it must be a whole number from 1 to 100, auto, or auto:<score> from 40 to 95\n\
                 rules[1].thumbnails.s is \"imageMogr2/bright/1\"; bright is not supported: effects are left \
                 to what shows the image; remove it",
            ),
            (
                r#"{"rules":[{"source":{"prefix":"a"}},{"source":{"prefix":"ab"}}]}"#,
                "rules[1] never matches, because rules[0] before it takes every key it could; put rules[1] \
                 first",
            ),
            (
                r#"{"rules":[{"thumbnails":{"s":{"size":"imageMogr2","grayscale":true,"fitt":"x","keep":"gps"}},
                    "quality":0}],"qualiy":1}"#,
                "thumbnails.json has no member qualiy; it can have rules, max_pixels, on_damage, on_failure, on_foreign, \
                 log_level, cos_domain, cos_endpoint, $schema\n\
                 rules[0].thumbnails.s.size is \"imageMogr2\"; a size reads 400x300, 400x, x300 or 16:9; for Tencent's \
                 syntax write a text in place of the object\n\
                 thumbnails.json has no member rules[0].thumbnails.s.fitt; it can have size, fit, enlarge, gravity, focus, \
                 sharpen, blur, watermark, radius, grayscale, linear, format, quality, background, progressive, subsampling, \
                 effort, colors, lossless, max_bytes, keep, animation\n\
                 rules[0].thumbnails.s.keep is \"gps\"; \"gps\" is not a value of keep, which reads copyright, profile \
                 or copyright+profile\n\
                 rules[0].quality is \"0\"; it must be a whole number from 1 to 100, auto, or auto:<score> from 40 to 95",
            ),
            (
                r#"{"rules":[{"source":{"suffix":{"a":"b"}}}]}"#,
                "rules[0].source.suffix is \"{…}\"; write a list such as [\".jpg\", \".png\"]",
            ),
            (
                r#"{"rules":[{"source":
                    {"bucket":"abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrst-1250000000"}}]}"#,
                "rules[0].source.bucket is \"abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrst-1250000000\"; \
                 its name with \"resized\" after it is too long for a bucket; give target.bucket as well",
            ),
        ];
        for (file, sentences) in table {
            assert_eq!(mistakes(&[], Some(file)), sentences);
        }
    }

    #[test]
    fn a_mistake_of_the_environment_is_told_once_for_all_rules() {
        let file = r#"{"rules":[{"source":{"prefix":"a"}},{"source":{"prefix":"b"}}]}"#;
        let told = mistakes(&[("THUMBNAILS", "3x;imageMogr2/strip")], Some(file));
        assert_eq!(told.lines().count(), 1, "{told}");
    }

    #[test]
    fn all_mistakes_come_together() {
        let variables = [("QUALITY", "x"), ("FORMAT", "bmp"), ("MAXPIXELS", "1"), ("COS_SECRET_KEY", "hush")];
        let told = mistakes(&variables, Some("{"));
        assert_eq!(told.lines().count(), 5, "{told}");
        assert!(!told.contains("hush"), "{told}");
    }
}
