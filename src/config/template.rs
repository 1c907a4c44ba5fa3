//! Templates of target keys: where thumbnails are stored.
//!
//! A target key depends only on the source key and the configuration, never on the image. So a thumbnail can
//! be found, and deleted, without reading its source.

use std::fmt;

use crate::object::Key;
use crate::recipe::Format;

/// The reason why a text is not a template. Each reads as the rule that a value breaks.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub(super) enum Refusal {
    #[error("every source would be written to one key; put {{key}}, {{dir}} or {{stem}} into it")]
    Constant,
    #[error("{{dir}} ends in a slash already; write {{dir}}name and not {{dir}}/name")]
    DirSlash,
    #[error("a key that ends in a slash is a folder; let it end in {{key}} or .{{ext}}")]
    Folder,
    #[error("no key begins with a slash; leave it out")]
    Slash,
    #[error(
        "a brace is not closed or not opened; placeholders read {{key}}, {{dir}}, {{stem}}, {{ext}}, {{name}}"
    )]
    Unbalanced,
    #[error("{{{0}}} is not a placeholder; use {{key}}, {{dir}}, {{stem}}, {{ext}} or {{name}}")]
    Unknown(String),
}

/// A template such as `{name}/{key}`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Template {
    text: String,
    segments: Vec<Segment>,
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
    /// The whole key: `{key}`.
    Key,
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
        Self { text: "{key}".to_owned(), segments: vec![Segment::Field(Field::Key)] }
    }

    /// `{name}/{key}`, the default where a source has several.
    pub(super) fn name_and_key() -> Self {
        let segments = vec![Segment::Name, Segment::Literal("/".to_owned()), Segment::Field(Field::Key)];
        Self { text: "{name}/{key}".to_owned(), segments }
    }

    /// Parses a template.
    pub(super) fn parse(text: &str) -> Result<Self, Refusal> {
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
                "key" => Segment::Field(Field::Key),
                "name" => Segment::Name,
                "stem" => Segment::Field(Field::Stem),
                other if other.contains('{') => return Err(Refusal::Unbalanced),
                other => return Err(Refusal::Unknown(other.to_owned())),
            });
            rest = tail;
        }
        let template = Self { text: text.to_owned(), segments };
        template.check_shape()?;
        Ok(template)
    }

    /// Refuses what could never, or hardly on purpose, be a set of target keys.
    fn check_shape(&self) -> Result<(), Refusal> {
        let depends =
            |segment: &Segment| matches!(segment, Segment::Field(Field::Dir | Field::Key | Field::Stem));
        if !self.segments.iter().any(depends) {
            return Err(Refusal::Constant);
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

    /// The target key of a source.
    pub(super) fn render(&self, source: &Key, name: &str, format: Option<Format>) -> String {
        let mut target = String::new();
        for piece in self.pieces(name, format) {
            target.push_str(match &piece {
                Piece::Fixed(text) => text,
                Piece::Open(Field::Dir) => source.dir(),
                Piece::Open(Field::DotExt) => {
                    source.file_name().strip_prefix(source.stem()).unwrap_or_default()
                }
                Piece::Open(Field::Ext) => source.extension(),
                Piece::Open(Field::Key) => source.as_str(),
                Piece::Open(Field::Stem) => source.stem(),
            });
        }
        target
    }

    /// The known beginning of target keys whose source begins with `source_prefix`.
    pub(super) fn known_prefix(&self, name: &str, format: Option<Format>, source_prefix: &str) -> String {
        let pieces = self.pieces(name, format);
        let (mut known, open) = match pieces.as_slice() {
            [Piece::Fixed(text), rest @ ..] => (text.clone(), rest.first()),
            rest => (String::new(), rest.first()),
        };
        match open {
            Some(Piece::Open(Field::Key)) => known.push_str(source_prefix),
            // The folder of a key is a beginning of it, up to any slash that the prefix holds.
            Some(Piece::Open(Field::Dir)) => {
                let folder = source_prefix.rfind('/').and_then(|slash| source_prefix.get(..=slash));
                known.push_str(folder.unwrap_or_default());
            }
            Some(Piece::Open(Field::DotExt | Field::Ext | Field::Stem) | Piece::Fixed(_)) | None => {}
        }
        known
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

    /// True if a field of the source key occurs.
    pub(super) fn has(&self, field: Field) -> bool {
        self.segments.contains(&Segment::Field(field))
    }
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
        ];
        for (template, source, format, target) in table {
            let source = Key::parse(source).unwrap();
            let rendered = Template::parse(template).unwrap().render(&source, "small", format);
            assert_eq!(rendered, target, "{template} {source}");
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
        ];
        for (text, refusal) in table {
            assert_eq!(Template::parse(text), Err(refusal), "{text}");
        }
        assert_eq!(
            Refusal::Unknown("width".to_owned()).to_string(),
            "{width} is not a placeholder; use {key}, {dir}, {stem}, {ext} or {name}"
        );
    }

    #[test]
    fn defaults_are_what_they_read_like() {
        for template in [Template::key(), Template::name_and_key()] {
            assert_eq!(Template::parse(&template.text), Ok(template));
        }
    }
}
