//! Where thumbnails go: the template of a target key.
//!
//! A target key depends only on the source key and the configuration, never on the picture, so that a
//! thumbnail can be found, and deleted, without reading its source.

use std::fmt;

use crate::object::Key;
use crate::recipe::Format;

/// Why a text is no template. Each reads as the rule that a value breaks.
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
    parts: Vec<Part>,
}

#[derive(Clone, Debug, Eq, PartialEq)]
enum Part {
    Field(Field),
    Literal(String),
    Name,
}

/// What a source key contributes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Field {
    /// The folder with its slash, or nothing.
    Dir,
    /// The extension, which a thumbnail with a format of its own replaces.
    Ext,
    /// The whole key.
    Key,
    /// The file name without its extension.
    Stem,
}

/// A part of a template for one thumbnail: what only the source decides is still open.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Piece {
    /// Always these characters; never empty, and never beside another one.
    Fixed(String),
    /// From the source key. [`Field::Ext`] is the source's own here.
    Open(Field),
}

impl Template {
    /// `{key}`, the default where a source has one thumbnail.
    pub(super) fn key() -> Self {
        Self { text: "{key}".to_owned(), parts: vec![Part::Field(Field::Key)] }
    }

    /// `{name}/{key}`, the default where a source has several.
    pub(super) fn name_and_key() -> Self {
        let parts = vec![Part::Name, Part::Literal("/".to_owned()), Part::Field(Field::Key)];
        Self { text: "{name}/{key}".to_owned(), parts }
    }

    /// Parses a template.
    pub(super) fn parse(text: &str) -> Result<Self, Refusal> {
        let mut parts = Vec::new();
        let mut rest = text;
        while !rest.is_empty() {
            let (literal, tail) = rest
                .split_at_checked(rest.find(['{', '}', '｛', '｝']).unwrap_or(rest.len()))
                .unwrap_or((rest, ""));
            if !literal.is_empty() {
                parts.push(Part::Literal(literal.to_owned()));
            }
            if tail.is_empty() {
                break;
            }
            let inside = tail.strip_prefix('{').ok_or(Refusal::Unbalanced)?;
            let (placeholder, tail) = inside.split_once('}').ok_or(Refusal::Unbalanced)?;
            parts.push(match placeholder {
                "dir" => Part::Field(Field::Dir),
                "ext" => Part::Field(Field::Ext),
                "key" => Part::Field(Field::Key),
                "name" => Part::Name,
                "stem" => Part::Field(Field::Stem),
                other if other.contains('{') => return Err(Refusal::Unbalanced),
                other => return Err(Refusal::Unknown(other.to_owned())),
            });
            rest = tail;
        }
        let template = Self { text: text.to_owned(), parts };
        template.check_shape()?;
        Ok(template)
    }

    /// Refuses what could never, or hardly on purpose, be a set of target keys.
    fn check_shape(&self) -> Result<(), Refusal> {
        let depends = |part: &Part| matches!(part, Part::Field(Field::Dir | Field::Key | Field::Stem));
        if !self.parts.iter().any(depends) {
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

    /// The template for the thumbnail of this name and format.
    pub(super) fn pieces(&self, name: &str, format: Option<Format>) -> Vec<Piece> {
        let mut pieces = Vec::new();
        for part in &self.parts {
            let fixed = match (part, format) {
                (Part::Literal(text), _) => text.as_str(),
                (Part::Name, _) => name,
                (Part::Field(Field::Ext), Some(format)) => format.extension(),
                (Part::Field(field), _) => {
                    pieces.push(Piece::Open(*field));
                    continue;
                }
            };
            match pieces.last_mut() {
                Some(Piece::Fixed(before)) => before.push_str(fixed),
                Some(Piece::Open(_)) | None => pieces.push(Piece::Fixed(fixed.to_owned())),
            }
        }
        pieces
    }

    /// The target key of a source. An extension that is empty takes a dot written before it along.
    pub(super) fn render(&self, source: &Key, name: &str, format: Option<Format>) -> String {
        let mut target = String::new();
        let mut after_dot = false;
        for piece in self.pieces(name, format) {
            match &piece {
                Piece::Fixed(text) => target.push_str(text),
                Piece::Open(Field::Dir) => target.push_str(source.dir()),
                Piece::Open(Field::Ext) => {
                    if source.extension().is_empty() && after_dot {
                        target.pop();
                    }
                    target.push_str(source.extension());
                }
                Piece::Open(Field::Key) => target.push_str(source.as_str()),
                Piece::Open(Field::Stem) => target.push_str(source.stem()),
            }
            // Neither a name nor a format's extension ends in a dot, so this one was written.
            after_dot = matches!(&piece, Piece::Fixed(text) if text.ends_with('.'));
        }
        target
    }

    /// How every key begins that a source makes which begins with `source_prefix`.
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
            // An empty extension takes a dot before it along.
            Some(Piece::Open(Field::Ext)) if known.ends_with('.') => {
                known.pop();
            }
            Some(Piece::Open(Field::Ext | Field::Stem) | Piece::Fixed(_)) | None => {}
        }
        known
    }

    /// Whether the placeholder `{name}` occurs.
    pub(super) fn has_name(&self) -> bool {
        self.parts.contains(&Part::Name)
    }

    /// What the thumbnails of two sources could share a key for; `None` when their keys tell folder, name and extension of
    /// the source. `one_extension` is whether all sources have the same.
    pub(super) fn forgets(&self, format: Option<Format>, one_extension: bool) -> Option<&'static str> {
        let has = |field| self.parts.contains(&Part::Field(field));
        if has(Field::Key) {
            None
        } else if !has(Field::Dir) {
            Some("folder")
        } else if !has(Field::Stem) {
            Some("name")
        } else if one_extension || (has(Field::Ext) && format.is_none()) {
            None
        } else {
            Some("extension")
        }
    }

    /// Whether two differently named thumbnails with these formats have two keys for every source. False
    /// means only that this is not certain.
    pub(super) fn tells_apart(&self, one: Option<Format>, other: Option<Format>) -> bool {
        let has_ext = self.parts.contains(&Part::Field(Field::Ext));
        if !self.has_name() {
            // Two written extensions differ in length or letters; the source's own can be any of them.
            return has_ext && one.is_some() && other.is_some() && one != other;
        }
        // With all else alike, keys of one length differ at the first name.
        let all_else_alike = !has_ext || one == other;
        all_else_alike || self.name_is_delimited()
    }

    /// Whether the first name begins at one place in both keys and ends at a character that no name has.
    fn name_is_delimited(&self) -> bool {
        let Some(at) = self.parts.iter().position(|part| *part == Part::Name) else { return false };
        let (before, after) = self.parts.split_at(at);
        let same_start = !before.contains(&Part::Field(Field::Ext));
        same_start
            && match after.get(1..).unwrap_or_default() {
                [] => true,
                // The dot before an empty extension goes away, which is harmless where the key ends.
                [Part::Literal(dot), Part::Field(Field::Ext), rest @ ..] if dot == "." => rest.is_empty(),
                [Part::Literal(text), ..] => {
                    !text.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_')
                }
                [Part::Field(_) | Part::Name, ..] => false,
            }
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
            ("{stem}.{ext}", "a.", None, "a"),
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

    #[test]
    fn thumbnails_are_told_apart_only_when_certain() {
        let (jpeg, webp) = (Some(Format::Jpeg), Some(Format::WebP));
        let table = [
            ("{name}/{key}", None, None, true),
            ("{key}{name}", None, webp, true),
            ("{key}", None, None, false),
            ("{key}", jpeg, webp, false),
            ("{stem}.{ext}", jpeg, webp, true),
            ("{stem}.{ext}", jpeg, jpeg, false),
            ("{stem}.{ext}", jpeg, None, false),
            ("{stem}-{name}.{ext}", jpeg, None, true),
            ("{stem}-{name}.{ext}x", jpeg, None, false),
            ("{stem}{name}{ext}", None, None, true),
            ("{stem}{name}{ext}", jpeg, webp, false),
            ("{stem}{name}x{ext}", jpeg, webp, false),
            ("{stem}.{ext}/{name}", jpeg, webp, false),
        ];
        for (template, one, other, apart) in table {
            let template = Template::parse(template).unwrap();
            assert_eq!(template.tells_apart(one, other), apart, "{template} {one:?} {other:?}");
            assert_eq!(template.tells_apart(other, one), apart, "{template} {other:?} {one:?}");
        }
    }

    #[test]
    fn what_a_template_forgets_of_its_sources_is_known() {
        let webp = Some(Format::WebP);
        let table = [
            ("{key}", webp, false, None),
            ("{stem}/{key}.{ext}", webp, false, None),
            ("{dir}{stem}.{ext}", None, false, None),
            ("{dir}{stem}.{ext}", webp, false, Some("extension")),
            ("{dir}{stem}.{ext}", webp, true, None),
            ("{dir}{stem}.webp", None, false, Some("extension")),
            ("{stem}.{ext}", None, false, Some("folder")),
            ("{dir}cover.{ext}", None, true, Some("name")),
        ];
        for (template, format, one_extension, forgotten) in table {
            let template = Template::parse(template).unwrap();
            assert_eq!(template.forgets(format, one_extension), forgotten, "{template} {format:?}");
        }
    }

    #[test]
    fn thumbnails_told_apart_never_share_a_key() {
        let templates = [
            "{name}{key}",
            "{stem}{name}{ext}",
            "{stem}{name}.{ext}",
            "{stem}.{ext}",
            "{key}{name}.{ext}g",
            "{ext}{name}{stem}",
            "{stem}{name}.{ext}{name}",
        ];
        let formats = [None, Some(Format::Jpeg), Some(Format::Png), Some(Format::WebP)];
        let names = ["a", "ap", "j", "jp", "p"];
        let sources = ["a", "ap.jpg", "j.p", "a.j", "p.pjpg", "a.ajpg"].map(|key| Key::parse(key).unwrap());
        for template in templates.map(|text| Template::parse(text).unwrap()) {
            for (one, other) in formats.iter().flat_map(|one| formats.map(|other| (*one, other))) {
                if !template.tells_apart(one, other) {
                    continue;
                }
                for (first, second) in names.iter().flat_map(|first| names.map(|second| (*first, second))) {
                    for source in sources.iter().filter(|_| first != second) {
                        assert_ne!(
                            template.render(source, first, one),
                            template.render(source, second, other),
                            "{template} {source} {first} {second}"
                        );
                    }
                }
            }
        }
    }
}
