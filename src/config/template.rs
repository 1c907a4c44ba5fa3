//! Templates of target keys: where thumbnails are stored.
//!
//! A target key depends only on the source key and the configuration, never on the image. So a thumbnail can
//! be found, and deleted, without reading its source.

use std::fmt;

use sha1::{Digest, Sha1};

use super::prefix::{KeyPrefix, is_segment_name};
use crate::object::Key;
use crate::recipe::Format;

/// Digits of `{hash}`, and the fewest and most of `{hash:<digits>}`: SHA-1 has 40.
const HASH_DIGITS: (u8, u8) = (8, 40);

/// Fewest digits of a hash that tells sources apart by itself. Of *n* sources, *n* (*n* - 1) / 2 pairs have equal hashes
/// of *d* digits with a probability of 16<sup>-*d*</sup> each: of a million sources 116 pairs at 8 digits, and none at 16
/// but once in 37 million such buckets.
const DIGITS_ALONE: u8 = 16;

/// The reason why a text is not a template. Each reads as the rule that a value breaks.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub(super) enum Refusal {
    #[error(
        "every source would be written to one key; put {{key}}, {{dir}}, {{stem}} or {{hash:16}} into it"
    )]
    Constant,
    #[error("{{dir}} ends in a slash already; write {{dir}}name and not {{dir}}/name")]
    DirSlash,
    #[error("a key that ends in a slash is a folder; let it end in {{key}} or .{{ext}}")]
    Folder,
    #[error("{{hash:{0}}} does not exist; a hash has 8 digits, as {{hash}}, or up to 40, as {{hash:16}}")]
    HashDigits(String),
    #[error(
        "so short a hash does not tell many sources apart by itself; put {{stem}} or {{key}} beside it, or write \
         {{hash:16}}"
    )]
    ShortHash,
    #[error("no key begins with a slash; leave it out")]
    Slash,
    #[error(
        "a brace is not closed or not opened; placeholders read {{key}}, {{dir}}, {{stem}}, {{ext}}, {{name}}, \
         {{hash}}"
    )]
    Unbalanced,
    #[error(
        "{{{0}}} is not a placeholder; use {{key}}, {{dir}}, {{stem}}, {{ext}}, {{name}}, {{hash}} or the folder that \
         the source prefix has in braces"
    )]
    Unknown(String),
}

/// A template such as `{name}/{key}`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Template {
    text: String,
    segments: Vec<Segment>,
    /// The beginning of source keys, in which `{tenant}` is found.
    sources: KeyPrefix,
}

/// A segment of a template as written.
#[derive(Clone, Debug, Eq, PartialEq)]
enum Segment {
    Field(Field),
    Literal(String),
    Name,
}

/// A field that the source key fills in.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Field {
    /// The folder with its slash, or nothing: `{dir}`.
    Dir,
    /// The dot and the extension, or nothing for a file name that has neither: `.{ext}`. A format of the
    /// thumbnail replaces the extension.
    DotExt,
    /// The extension without its dot: `{ext}` where no dot stands before it. A format of the thumbnail
    /// replaces it.
    Ext,
    /// The first hexadecimal digits of the SHA-1 of the whole key, this many: `{hash}`, `{hash:16}`.
    Hash(u8),
    /// The whole key: `{key}`.
    Key,
    /// The open segment of the source prefix: `{tenant}`.
    Segment,
    /// The file name without dot and extension: `{stem}`.
    Stem,
}

/// A piece of a template for one thumbnail, of which only the source key is still unknown.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Piece {
    /// Always these characters; never empty, and never beside another one.
    Fixed(String),
    /// From the source key. [`Field::DotExt`] and [`Field::Ext`] are the source's own here.
    Open(Field),
}

impl Template {
    /// `{key}`, the default where a source has one thumbnail.
    pub(super) fn key() -> Self {
        let segments = vec![Segment::Field(Field::Key)];
        Self { text: "{key}".to_owned(), segments, sources: KeyPrefix::default() }
    }

    /// `{name}/{key}`, the default where a source has several.
    pub(super) fn name_and_key() -> Self {
        let segments = vec![Segment::Name, Segment::Literal("/".to_owned()), Segment::Field(Field::Key)];
        Self { text: "{name}/{key}".to_owned(), segments, sources: KeyPrefix::default() }
    }

    /// Parses a template for sources without open segment.
    #[cfg(test)]
    pub(super) fn parse(text: &str) -> Result<Self, Refusal> {
        Self::parse_for(text, &KeyPrefix::default())
    }

    /// Parses a template for sources with this beginning, whose open segment is a placeholder too.
    pub(super) fn parse_for(text: &str, sources: &KeyPrefix) -> Result<Self, Refusal> {
        let segments = parse_segments(text, |name| sources.segment_name() == Some(name))?;
        let template = Self { text: text.to_owned(), segments, sources: sources.clone() };
        template.check_shape()?;
        Ok(template)
    }

    /// Checks a template whose sources are not known yet, so that it may name any segment.
    pub(super) fn check(text: &str) -> Result<(), Refusal> {
        let segments = parse_segments(text, is_segment_name)?;
        Self { text: text.to_owned(), segments, sources: KeyPrefix::default() }.check_shape()
    }

    /// Refuses what could never, or hardly on purpose, be a set of target keys.
    fn check_shape(&self) -> Result<(), Refusal> {
        let names = [Field::Key, Field::Stem].into_iter().any(|field| self.has(field));
        if !names && !self.has(Field::Dir) && self.hash_digits() == 0 {
            return Err(Refusal::Constant);
        }
        if !names && (1..DIGITS_ALONE).contains(&self.hash_digits()) {
            return Err(Refusal::ShortHash);
        }
        if self.text.starts_with(['/', '\\']) {
            return Err(Refusal::Slash);
        }
        if self.text.contains("{dir}/") {
            return Err(Refusal::DirSlash);
        }
        if self.text.ends_with('/') || self.text.ends_with("{dir}") {
            return Err(Refusal::Folder);
        }
        Ok(())
    }

    /// The pieces for the thumbnail of this name and format.
    pub(super) fn pieces(&self, name: &str, format: Option<Format>) -> Vec<Piece> {
        let mut pieces = Vec::new();
        let fix = |pieces: &mut Vec<Piece>, text: &str| match pieces.last_mut() {
            Some(Piece::Fixed(before)) => before.push_str(text),
            Some(Piece::Open(_)) | None => pieces.push(Piece::Fixed(text.to_owned())),
        };
        for segment in &self.segments {
            match (segment, format) {
                (Segment::Literal(text), _) => fix(&mut pieces, text),
                (Segment::Name, _) => fix(&mut pieces, name),
                (Segment::Field(Field::DotExt), Some(format)) => {
                    fix(&mut pieces, ".");
                    fix(&mut pieces, format.extension());
                }
                (Segment::Field(Field::Ext), Some(format)) => fix(&mut pieces, format.extension()),
                (Segment::Field(field), _) => pieces.push(Piece::Open(*field)),
            }
        }
        pieces
    }

    /// The target key of a source, which begins as the template's rule says.
    pub(super) fn render(&self, source: &Key, name: &str, format: Option<Format>) -> String {
        let mut target = String::new();
        for piece in self.pieces(name, format) {
            let hashed: String;
            target.push_str(match &piece {
                Piece::Fixed(text) => text,
                Piece::Open(Field::Dir) => source.dir(),
                Piece::Open(Field::DotExt) => {
                    source.file_name().strip_prefix(source.stem()).unwrap_or_default()
                }
                Piece::Open(Field::Ext) => source.extension(),
                Piece::Open(Field::Hash(digits)) => {
                    hashed = hash(source, *digits);
                    &hashed
                }
                Piece::Open(Field::Key) => source.as_str(),
                Piece::Open(Field::Segment) => self.sources.segment_of(source.as_str()).unwrap_or_default(),
                Piece::Open(Field::Stem) => source.stem(),
            });
        }
        target
    }

    /// The known beginning of target keys whose source begins with `sources`.
    pub(super) fn known_prefix(&self, name: &str, format: Option<Format>, sources: &KeyPrefix) -> KeyPrefix {
        let pieces = self.pieces(name, format);
        let (known, rest) = match pieces.as_slice() {
            [Piece::Fixed(text), rest @ ..] => (text.as_str(), rest),
            rest => ("", rest),
        };
        match rest {
            [Piece::Open(Field::Key), ..] => sources.clone().after(known),
            // The folder of a key is a beginning of it, up to any slash that the prefix holds.
            [Piece::Open(Field::Dir), ..] => sources.folder().after(known),
            [Piece::Open(Field::Segment), Piece::Fixed(after), ..] => {
                KeyPrefix::open(known, sources.segment_name().unwrap_or_default(), after)
            }
            _ => KeyPrefix::fixed(known),
        }
    }

    /// The source key of a target key, where `{key}` is the only field of the source; `None` where the target has
    /// another form, or the template other fields.
    pub(super) fn source_of<'a>(
        &self,
        target: &'a str,
        name: &str,
        format: Option<Format>,
    ) -> Option<&'a str> {
        let pieces = self.pieces(name, format);
        let (before, after) = match pieces.as_slice() {
            [Piece::Open(Field::Key)] => ("", ""),
            [Piece::Fixed(before), Piece::Open(Field::Key)] => (before.as_str(), ""),
            [Piece::Open(Field::Key), Piece::Fixed(after)] => ("", after.as_str()),
            [Piece::Fixed(before), Piece::Open(Field::Key), Piece::Fixed(after)] => {
                (before.as_str(), after.as_str())
            }
            _ => return None,
        };
        target.strip_prefix(before)?.strip_suffix(after)
    }

    /// True if `{key}` is the only field of the source, so that a target key names its source.
    pub(super) fn names_source(&self) -> bool {
        let fields = |segment: &Segment| match segment {
            Segment::Field(field) => Some(*field),
            Segment::Literal(_) | Segment::Name => None,
        };
        let mut fields = self.segments.iter().filter_map(fields);
        fields.next() == Some(Field::Key) && fields.next().is_none()
    }

    /// True if the placeholder `{name}` occurs.
    pub(super) fn has_name(&self) -> bool {
        self.segments.contains(&Segment::Name)
    }

    /// The digits of the longest hash; 0 without one.
    pub(super) fn hash_digits(&self) -> u8 {
        let digits = self.segments.iter().map(|segment| match segment {
            Segment::Field(Field::Hash(digits)) => *digits,
            Segment::Field(_) | Segment::Literal(_) | Segment::Name => 0,
        });
        digits.max().unwrap_or(0)
    }

    /// True if a field of the source key occurs.
    pub(super) fn has(&self, field: Field) -> bool {
        self.segments.contains(&Segment::Field(field))
    }
}

/// Parses the segments of a template. `is_segment` tells the name of the open segment of the source prefix.
fn parse_segments(text: &str, is_segment: impl Fn(&str) -> bool) -> Result<Vec<Segment>, Refusal> {
    let mut segments = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let (literal, tail) = rest
            .split_at_checked(rest.find(['{', '}', '｛', '｝']).unwrap_or(rest.len()))
            .unwrap_or((rest, ""));
        let is_dotted = tail.starts_with("{ext}") && literal.ends_with('.');
        let literal = if is_dotted { literal.strip_suffix('.').unwrap_or(literal) } else { literal };
        if !literal.is_empty() {
            segments.push(Segment::Literal(literal.to_owned()));
        }
        if tail.is_empty() {
            break;
        }
        let inside = tail.strip_prefix('{').ok_or(Refusal::Unbalanced)?;
        let (placeholder, tail) = inside.split_once('}').ok_or(Refusal::Unbalanced)?;
        segments.push(match placeholder {
            "dir" => Segment::Field(Field::Dir),
            "ext" if is_dotted => Segment::Field(Field::DotExt),
            "ext" => Segment::Field(Field::Ext),
            "hash" => Segment::Field(Field::Hash(HASH_DIGITS.0)),
            "key" => Segment::Field(Field::Key),
            "name" => Segment::Name,
            "stem" => Segment::Field(Field::Stem),
            other if other.contains('{') => return Err(Refusal::Unbalanced),
            other if is_segment(other) => Segment::Field(Field::Segment),
            other => match other.strip_prefix("hash:") {
                Some(digits) => Segment::Field(Field::Hash(hash_digits(digits)?)),
                None => return Err(Refusal::Unknown(other.to_owned())),
            },
        });
        rest = tail;
    }
    Ok(segments)
}

/// Parses the digits of `{hash:<digits>}`.
fn hash_digits(text: &str) -> Result<u8, Refusal> {
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0');
    let digits =
        text.parse().ok().filter(|digits| is_number && (HASH_DIGITS.0..=HASH_DIGITS.1).contains(digits));
    digits.ok_or_else(|| Refusal::HashDigits(text.to_owned()))
}

/// The first digits of the SHA-1 of a key.
fn hash(key: &Key, digits: u8) -> String {
    let mut hash = hex::encode(Sha1::digest(key.as_str()));
    hash.truncate(usize::from(digits));
    hash
}

impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_take_the_key_apart() {
        let webp = Some(Format::WebP);
        let table = [
            ("{key}", "in/a.JPG", None, "in/a.JPG"),
            ("{key}", "in/a.JPG", webp, "in/a.JPG"),
            ("{name}/{key}", "in/a.JPG", None, "small/in/a.JPG"),
            ("{dir}{stem}-{name}.{ext}", "in/a.b.JPG", None, "in/a.b-small.JPG"),
            ("{dir}{stem}-{name}.{ext}", "in/a.b.JPG", webp, "in/a.b-small.webp"),
            ("{dir}{stem}-{name}.{ext}", "in/a", None, "in/a-small"),
            ("{dir}{stem}-{name}.{ext}", "in/a", webp, "in/a-small.webp"),
            ("{stem}.{ext}", "a.", None, "a."),
            ("{stem}.{ext}", "a", None, "a"),
            ("{stem}.{ext}", ".a", None, ".a"),
            ("{stem}.{ext}", ".a.b", None, ".a.b"),
            ("{stem}{ext}", "a.b", None, "ab"),
            ("{stem}..{ext}", "a", None, "a."),
            ("{stem}.x{ext}", "a", None, "a.x"),
            ("{dir}{ext}{stem}", "d./a", None, "d./a"),
            ("缩略图/{key}", "猫.png", None, "缩略图/猫.png"),
            ("{dir}cover.jpg", "albums/7/x.png", None, "albums/7/cover.jpg"),
            // printf %s in/a.JPG | sha1sum
            ("{stem}-{hash}.{ext}", "in/a.JPG", webp, "a-84cd748f.webp"),
            ("{hash:16}.{ext}", "in/a.JPG", webp, "84cd748fe8a4326c.webp"),
            ("{hash:40}", "图/猫.png", None, "e954fc28e1e2ed352a3fff3b292f5e1da232f635"),
        ];
        for (template, source, format, target) in table {
            let source = Key::parse(source).unwrap();
            let rendered = Template::parse(template).unwrap().render(&source, "small", format);
            assert_eq!(rendered, target, "{template} {source}");
        }
    }

    #[test]
    fn an_open_segment_of_the_source_prefix_is_a_placeholder() {
        let sources = KeyPrefix::parse("{tenant}/up/").unwrap();
        let source = Key::parse("acme/up/a.jpg").unwrap();
        let table = [
            ("{tenant}/thumbs/{stem}-{hash}", "acme/thumbs/a-adde4754", "{tenant}/thumbs/"),
            ("t/{tenant}-{key}", "t/acme-acme/up/a.jpg", "t/"),
            ("t/{key}", "t/acme/up/a.jpg", "t/{tenant}/up/"),
            ("t/{dir}x/{stem}", "t/acme/up/x/a", "t/{tenant}/up/"),
            ("{stem}/{tenant}/{key}", "a/acme/acme/up/a.jpg", ""),
        ];
        for (text, target, known) in table {
            let template = Template::parse_for(text, &sources).unwrap();
            let known_prefix = template.known_prefix("n", None, &sources);
            assert_eq!(
                (known_prefix.to_string().as_str(), known_prefix.takes(target)),
                (known, true),
                "{text}"
            );
            assert_eq!(template.render(&source, "n", None), target, "{text}");
            assert_eq!(Template::check(text), Ok(()), "{text}");
        }
        let unknown = Refusal::Unknown("tenant".to_owned());
        for sources in ["", "{t}/up/", "tenant/up/"].map(|text| KeyPrefix::parse(text).unwrap()) {
            assert_eq!(Template::parse_for("{tenant}/{key}", &sources), Err(unknown.clone()), "{sources}");
        }
    }

    #[test]
    fn a_target_names_its_source_where_the_key_is_the_only_field() {
        let table = [
            ("{key}", "in/a.jpg", Some("in/a.jpg")),
            ("t/{name}/{key}", "t/small/in/a.jpg", Some("in/a.jpg")),
            ("t/{name}/{key}", "t/large/in/a.jpg", None),
            ("{key}-{name}", "a.jpg-small", Some("a.jpg")),
            ("t/{key}.webp", "t/a.jpg.webp", Some("a.jpg")),
            ("t/{key}.webp", "t/a.jpg", None),
            ("{dir}{stem}-{name}.{ext}", "a-small.jpg", None),
        ];
        for (text, target, source) in table {
            let template = Template::parse(text).unwrap();
            assert_eq!(template.source_of(target, "small", None), source, "{text} {target}");
            assert_eq!(template.names_source(), text != "{dir}{stem}-{name}.{ext}", "{text}");
        }
    }

    #[test]
    fn refused_templates() {
        let table = [
            ("", Refusal::Constant),
            ("thumb.jpg", Refusal::Constant),
            ("{name}.{ext}", Refusal::Constant),
            ("/{key}", Refusal::Slash),
            ("{dir}/{stem}", Refusal::DirSlash),
            ("{key}/", Refusal::Folder),
            ("{stem}/{dir}", Refusal::Folder),
            ("{key", Refusal::Unbalanced),
            ("key}", Refusal::Unbalanced),
            ("{{key}}", Refusal::Unbalanced),
            ("{key}}", Refusal::Unbalanced),
            ("｛key｝", Refusal::Unbalanced),
            ("{}", Refusal::Unknown(String::new())),
            ("{Key}", Refusal::Unknown("Key".to_owned())),
            ("{width}/{key}", Refusal::Unknown("width".to_owned())),
            ("{hash}.webp", Refusal::ShortHash),
            ("{dir}{hash}.{ext}", Refusal::ShortHash),
            ("{dir}{hash:15}", Refusal::ShortHash),
            ("{hash:7}/{key}", Refusal::HashDigits("7".to_owned())),
            ("{hash:41}", Refusal::HashDigits("41".to_owned())),
            ("{hash:016}", Refusal::HashDigits("016".to_owned())),
            ("{hash:+16}", Refusal::HashDigits("+16".to_owned())),
            ("{hash:}", Refusal::HashDigits(String::new())),
        ];
        for (text, refusal) in table {
            assert_eq!(Template::parse(text), Err(refusal), "{text}");
        }
        assert_eq!(
            Refusal::Unknown("width".to_owned()).to_string(),
            "{width} is not a placeholder; use {key}, {dir}, {stem}, {ext}, {name}, {hash} or the folder that the \
             source prefix has in braces"
        );
    }

    #[test]
    fn defaults_are_what_they_read_like() {
        for template in [Template::key(), Template::name_and_key()] {
            assert_eq!(Template::parse(&template.text), Ok(template));
        }
    }
}
