//! Proof that thumbnails never become sources, so that the function never starts itself.
//!
//! Rules accept keys by prefix and suffix, and templates write keys whose beginning and end are partly known.
//! If the two can never agree, whatever an open segment such as `{tenant}` is, there is no loop. If they can, a loop need not exist, but nothing in the
//! configuration rules it out.

use crate::object::Bucket;

use super::manifest;
use super::prefix::KeyPrefix;
use super::rule::{Rule, SourcePattern};
use super::template::{Field, Piece};

/// The way in which thumbnails could start the function again.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error(
    "{output} of {writer} is written into {bucket} under {template:?}, which {reader} could \
     take for a source and start the function again{}; write to another bucket, or keep sources and \
     thumbnails apart, as with the source prefix {} and the target key {}",
    clause(.segment.as_deref()), with_segment("uploads/", .segment.as_deref()),
    with_segment("thumbs/{name}/{key}", .segment.as_deref())
)]
pub struct Loop {
    bucket: Bucket,
    output: String,
    writer: String,
    template: String,
    reader: String,
    /// The open segment of either rule.
    segment: Option<String>,
}

fn clause(segment: Option<&str>) -> String {
    segment.map(|name| format!(" ({{{name}}} can be any folder)")).unwrap_or_default()
}

/// A beginning behind the open segment, if there is one.
fn with_segment(beginning: &str, segment: Option<&str>) -> String {
    segment.map(|name| format!("{{{name}}}/")).unwrap_or_default() + beginning
}

/// The first way in which thumbnails that `writers` put into `bucket` could match one of `rules`; `None` when
/// that is proven impossible.
pub(super) fn find(bucket: &Bucket, writers: &[Rule], rules: &[Rule]) -> Option<Loop> {
    let into_bucket = writers.iter().filter(|writer| writer.may_write_into(bucket));
    into_bucket.flat_map(|writer| Outputs::of_each(writer).map(move |outputs| (writer, outputs))).find_map(
        |(writer, outputs)| {
            let reader = rules
                .iter()
                .find(|rule| rule.source.takes_bucket(bucket) && !outputs.are_never_sources_of(rule))?;
            Some(Loop {
                bucket: bucket.clone(),
                output: outputs.label,
                writer: writer.label.clone(),
                template: outputs.template,
                reader: reader.label.clone(),
                segment: [reader, writer]
                    .iter()
                    .find_map(|rule| rule.source.prefix.segment_name())
                    .map(str::to_owned),
            })
        },
    )
}

/// The known beginning and ends of all keys that one thumbnail of a rule, or its manifest, can have.
#[derive(Debug)]
struct Outputs {
    /// The thumbnail or the manifest, for people.
    label: String,
    /// As it is written.
    template: String,
    /// The beginning of every key.
    prefix: KeyPrefix,
    /// Every key ends in one of these, in lower case. An empty one says nothing.
    suffixes: Vec<String>,
}

impl Outputs {
    /// The outputs of each thumbnail of a rule, and of its manifest.
    fn of_each(rule: &Rule) -> impl Iterator<Item = Self> {
        let thumbnails = rule.thumbnails.iter().map(|thumbnail| {
            let pieces = rule.template.pieces(&thumbnail.name, thumbnail.recipe.format);
            Self {
                label: format!("thumbnail {:?}", thumbnail.name),
                template: rule.template.to_string(),
                prefix: rule.target_prefix(thumbnail),
                suffixes: known_suffixes(&pieces, &rule.source),
            }
        });
        let manifest = rule.manifest.as_ref().map(|manifest| Self {
            label: "the manifest".to_owned(),
            template: manifest.to_string(),
            prefix: manifest.known_prefix(&rule.source.prefix),
            suffixes: known_suffixes(&manifest.pieces(), &rule.source),
        });
        thumbnails.chain(manifest)
    }

    /// True if certainly none of the keys is a source of the rule.
    fn are_never_sources_of(&self, rule: &Rule) -> bool {
        let are_manifests = || self.suffixes.iter().all(|known| known.ends_with(manifest::EXTENSION));
        self.never_match(&rule.source) || (rule.manifest.is_some() && are_manifests())
    }

    /// True if certainly none of the keys is a source of the pattern. Of two suffixes of one key one is always a
    /// suffix of the other: where neither is, no key has both.
    fn never_match(&self, pattern: &SourcePattern) -> bool {
        let other_start = !self.prefix.meets(&pattern.prefix);
        let apart = |one: &str, other: &str| !one.ends_with(other) && !other.ends_with(one);
        let other_end = !pattern.suffixes.is_empty()
            && self.suffixes.iter().all(|known| pattern.suffixes.iter().all(|suffix| apart(known, suffix)));
        other_start || other_end
    }
}

/// The ends of target keys whose template has these pieces, for sources of the pattern.
fn known_suffixes(pieces: &[Piece], source: &SourcePattern) -> Vec<String> {
    let (end, before) = match pieces {
        [rest @ .., Piece::Fixed(text)] => (text.to_ascii_lowercase(), rest),
        _ => (String::new(), pieces),
    };
    let any = || vec![String::new()];
    let open = match before {
        [.., Piece::Open(Field::Key)] if !source.suffixes.is_empty() => source.suffixes.clone(),
        [rest @ .., Piece::Open(field @ (Field::DotExt | Field::Ext))] => {
            let literal = match rest {
                [.., Piece::Fixed(text)] => text.to_ascii_lowercase(),
                _ => String::new(),
            };
            let dot = if *field == Field::DotExt { "." } else { "" };
            source.extensions().map_or_else(any, |extensions| {
                extensions.into_iter().map(|extension| format!("{literal}{dot}{extension}")).collect()
            })
        }
        [.., Piece::Open(_) | Piece::Fixed(_)] | [] => any(),
    };
    open.into_iter().map(|known| format!("{known}{end}")).collect()
}

#[cfg(test)]
mod tests {
    use fastrand::Rng;

    use super::*;
    use crate::config::manifest::ManifestTemplate;
    use crate::config::rule::{Collisions, Heic, ThumbnailRule};
    use crate::config::target::TargetBucket;
    use crate::config::template::Template;
    use crate::object::Key;
    use crate::recipe::{Format, Recipe};

    fn rule(prefix: &str, suffixes: &[&str], template: &str, name: &str, format: Option<Format>) -> Rule {
        Rule {
            label: format!("{prefix:?} {suffixes:?} to {template}"),
            source: SourcePattern {
                bucket: None,
                prefix: KeyPrefix::parse(prefix).unwrap(),
                suffixes: suffixes.iter().map(|suffix| suffix.to_ascii_lowercase()).collect(),
            },
            target_bucket: Some(TargetBucket::One(bucket())),
            template: Template::parse_for(template, &KeyPrefix::parse(prefix).unwrap()).unwrap(),
            collisions: Collisions::First,
            cache_control: None,
            storage_class: None,
            acl: None,
            heic: Heic::default(),
            manifest: None,
            thumbnails: vec![ThumbnailRule {
                name: name.to_owned(),
                recipe: Recipe { format, ..Recipe::default() },
            }],
        }
    }

    fn bucket() -> Bucket {
        Bucket::parse("b-1").unwrap()
    }

    #[test]
    fn proofs_by_prefix_and_by_suffix() {
        let (none, webp) = (None, Some(Format::WebP));
        let table = [
            ("any key onto itself", rule("", &[], "{key}", "n", none), false),
            ("a folder beside the sources", rule("up/", &[], "thumbs/{key}", "n", none), true),
            ("a folder inside the sources", rule("up/", &[], "up/thumbs/{key}", "n", none), false),
            ("a folder named by the thumbnail", rule("up/", &[], "{name}/{key}", "small", none), true),
            ("a thumbnail named as the sources", rule("up/", &[], "{name}/{key}", "up", none), false),
            ("the beginning of the sources' folder", rule("up/", &[], "u{key}", "n", none), true),
            ("a name longer than the folder", rule("up", &[], "up{key}", "n", none), false),
            ("another extension", rule("", &[".jpg"], "{stem}.{ext}", "n", webp), true),
            ("the same extension", rule("", &[".webp"], "{stem}.{ext}", "n", webp), false),
            ("the same extension in capitals", rule("", &[".WEBP"], "{stem}.webp", "n", none), false),
            ("something after the key", rule("", &[".jpg"], "{key}-small", "n", none), true),
            ("another extension after the key", rule("", &[".jpg", ".png"], "{key}.webp", "n", none), true),
            ("the source's own extension", rule("", &[".jpg"], "{stem}.{ext}", "n", none), false),
            ("something after the extension", rule("", &[".jpg"], "{stem}.{ext}x", "n", none), true),
            ("an open name", rule("", &[".jpg"], "{stem}", "n", none), false),
            ("an own folder", rule("in/a/", &[], "{dir}b/{stem}", "n", none), false),
            ("no suffix to differ from", rule("", &[], "{key}.webp", "n", none), false),
            ("a folder beside those of a tenant", rule("{t}/up/", &[], "{t}/thumbs/{key}", "n", none), true),
            ("the tenant's own folder", rule("{t}/up/", &[], "{t}/up/{stem}.x", "n", none), false),
            ("a tenant that is named thumbs", rule("{t}/up/", &[], "thumbs/{key}", "n", none), false),
            ("two folders before the tenant", rule("{t}/up/", &[], "all/thumbs/{key}", "n", none), true),
            ("a folder before the tenant's", rule("in/{t}/up/", &[], "thumbs/{key}", "n", none), true),
            ("any folder at all", rule("{t}/", &[], "thumbs/{key}", "n", none), false),
            ("a tenant with another extension", rule("{t}/", &[".jpg"], "{t}/{key}.webp", "n", none), true),
            ("a hash at the end", rule("{t}/up/", &[".jpg"], "{t}/{stem}.{hash}", "n", none), false),
        ];
        for (case, rule, safe) in table {
            let rules = [rule];
            assert_eq!(find(&bucket(), &rules, &rules).is_none(), safe, "{case}");
        }
    }

    #[test]
    fn a_loop_through_another_rule_is_seen() {
        let rules = [rule("a/", &[], "b/{key}", "n", None), rule("b/", &[], "c/{key}", "n", None)];
        let found = find(&bucket(), &rules, &rules).unwrap();
        assert_eq!((found.writer, found.reader), (rules[0].label.clone(), rules[1].label.clone()));
    }

    #[test]
    fn a_loop_through_an_open_segment_is_told_with_its_remedy() {
        let rules = [rule("{tenant}/up/", &[], "thumbs/{key}", "n", None)];
        let sentence = find(&bucket(), &rules, &rules).unwrap().to_string();
        let end = "start the function again ({tenant} can be any folder); write to another bucket, or keep sources \
                   and thumbnails apart, as with the source prefix {tenant}/uploads/ and the target key \
                   {tenant}/thumbs/{name}/{key}";
        assert!(sentence.ends_with(end), "{sentence}");
    }

    #[test]
    fn a_bucket_that_is_named_by_a_segment_may_be_that_of_the_sources() {
        let mut writer = rule("{t}/", &[], "{key}", "n", None);
        for (target, is_found) in [("{t}-1", true), ("thumbs-{t}-1", false), ("b{t}-1", false)] {
            writer.target_bucket = TargetBucket::parse(target);
            let rules = [writer.clone()];
            assert_eq!(find(&bucket(), &rules, &rules).is_some(), is_found, "{target}");
        }
    }

    #[test]
    fn manifests_are_no_sources_of_their_own_rule_and_may_be_of_another() {
        let manifest = Some(ManifestTemplate::parse("in/{key}.json").unwrap());
        let writer = |manifest| Rule { manifest, ..rule("in/", &[], "t/{key}", "n", None) };
        let own = [writer(manifest.clone())];
        assert_eq!(find(&bucket(), &own, &own), None);
        let both = [writer(manifest), rule("in/", &[".json"], "u/{key}", "n", None)];
        let found = find(&bucket(), &both, &both).unwrap().to_string();
        assert!(found.starts_with("the manifest of \"in/\" [] to t/{key} is written into b-1"), "{found}");
    }

    fn one_of<T: Copy>(random: &mut Rng, choices: &[T]) -> T {
        choices[random.usize(..choices.len())]
    }

    fn any_writer(random: &mut Rng, template: &str) -> Rule {
        let suffixes: Vec<&str> = (0..random.usize(..3)).map(|_| one_of(random, &SUFFIXES)).collect();
        let format = one_of(random, &[None, None, None, Some(Format::Png)]);
        let name = one_of(random, &["a", "B", "ab"]);
        let prefixes = if template.contains("{t}") { &PREFIXES[OPEN..] } else { &PREFIXES[..] };
        rule(one_of(random, prefixes), &suffixes, template, name, format)
    }

    fn any_template(random: &mut Rng) -> String {
        let pieces =
            ["{key}", "{dir}", "{stem}", "{ext}", "{name}", ".{ext}", "a", "B", ".", "/", "{t}", "{t}/"];
        loop {
            let template: String = (0..=random.usize(..4)).map(|_| one_of(random, &pieces)).collect();
            if Template::check(&template).is_ok() {
                return template;
            }
        }
    }

    const PREFIXES: [&str; 13] =
        ["", "a", "B", "a/", "a/b", "a/B", "ab", ".", "B.", "{t}/", "{t}/a", "{t}/B", "a/{t}/"];
    /// Index of the first that has an open segment.
    const OPEN: usize = 9;
    const SUFFIXES: [&str; 12] = ["a", "/", ".a", "b", "b.a", "/.a", "b.", "b./a", ".", "png", ".png", "bb"];

    /// Every key of one to four characters.
    fn all_keys() -> Vec<Key> {
        let mut texts = vec![String::new()];
        let mut keys = Vec::new();
        for _ in 0..4 {
            texts = texts
                .iter()
                .flat_map(|text| ['a', 'b', 'B', '.', '/'].map(|character| format!("{text}{character}")))
                .collect();
            keys.extend(texts.iter().filter_map(|text| Key::parse(text).ok()));
        }
        keys
    }

    #[test]
    fn no_key_contradicts_a_proof() {
        let (keys, mut random) = (all_keys(), Rng::with_seed(0x5eed_c05f_1a57_0001));
        let ends = SUFFIXES.iter().map(std::slice::from_ref).chain([[].as_slice()]);
        let readers: Vec<Rule> =
            ends.flat_map(|end| PREFIXES.map(|prefix| rule(prefix, end, "{key}", "n", None))).collect();
        let (mut proven, mut open) = (0, 0);
        for _ in 0..600 {
            let template = any_template(&mut random);
            let writers: [Rule; 5] = std::array::from_fn(|_| any_writer(&mut random, &template));
            for writer in &writers {
                let sources = keys.iter().filter(|key| writer.source.takes_key(key));
                let targets: Vec<Key> = sources
                    .filter_map(|source| writer.target_key(source, &writer.thumbnails[0]).ok())
                    .collect();
                for reader in &readers {
                    let pair = (std::slice::from_ref(writer), std::slice::from_ref(reader));
                    if find(&bucket(), pair.0, pair.1).is_some() {
                        open += 1;
                        continue;
                    }
                    proven += 1;
                    let matched = targets.iter().find(|target| reader.source.takes_key(target));
                    assert_eq!(matched, None, "{} is a source of {}", writer.label, reader.label);
                }
            }
        }
        // Both answers must be frequent, or the comparison shows nothing.
        assert!(proven > 50_000 && open > 50_000, "{proven} proven, {open} open");
    }
}
