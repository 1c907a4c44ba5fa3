//! Variables and `thumbnails.json`, parsed into one [`Config`] that is valid by construction.
//!
//! Variables serve the ordinary case; `thumbnails.json` beside `bootstrap` holds several rules. A member that
//! the file leaves out takes the variable's value, then the default. Nothing unknown is skipped: loading
//! returns a `Config` or all mistakes. `docs/configuration.md` is the user's view of this module.

mod assemble;
mod collisions;
mod describe;
mod loops;
mod manifest;
mod mistake;
mod prefix;
mod rule;
mod schema;
mod settings;
mod source;
mod syntax;
mod target;
mod template;

pub use loops::Loop;
pub use mistake::{Mistake, Mistakes};
pub use prefix::KeyPrefix;
pub use rule::{Collisions, Heic, Rule, SourcePattern, ThumbnailRule};
pub use schema::schema;
pub use settings::{LogLevel, OnDamage, OnFailure, Settings};
pub use source::environment::Environment;
pub use source::installation::{Installation, Provenance};
pub use source::table::{SETTINGS, Setting};
pub use target::TargetBucket;

use std::path::Path;

use crate::object::{Bucket, Key};
use crate::recipe::{Step, WatermarkPicture};

use assemble::PartialRule;
use mistake::Findings;
use source::file::{File, FileRule};
use source::watermark_files::WatermarkFiles;
use source::written::WrittenRule;

/// The configuration of the function.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Config {
    /// At least one; the first that matches a source counts.
    rules: Vec<Rule>,
    settings: Settings,
}

impl Config {
    /// Loads the configuration from the variables and, when there is one, the text of `thumbnails.json`. Watermarks are
    /// files beside the program.
    ///
    /// # Errors
    /// [`Mistakes`]: everything that is unknown, invalid or contradictory.
    pub fn load(environment: &Environment, file: Option<&str>) -> Result<Self, Mistakes> {
        Self::load_in(environment, file, None)
    }

    /// Loads the configuration as [`Self::load`] does. Watermarks are files in `folder`, or else beside the program.
    ///
    /// # Errors
    /// As those of [`Self::load`].
    pub fn load_in(
        environment: &Environment,
        file: Option<&str>,
        folder: Option<&Path>,
    ) -> Result<Self, Mistakes> {
        let files = WatermarkFiles::beside(folder);
        let mut findings = Findings::default();
        environment.check_names(&mut findings);
        let file = file.map(|text| File::parse(text, &mut findings)).unwrap_or_default();
        let settings = source::settings::read(environment, &file, &mut findings);
        let rules = load_rules(environment, file, &files, &mut findings);
        check_order(&rules, &mut findings);
        check_loops(&rules, &mut findings);
        findings.into_result(Self { rules, settings })
    }

    /// The rule for an object: the first that matches.
    #[must_use]
    pub fn rule_for(&self, bucket: &Bucket, key: &Key) -> Option<&Rule> {
        self.rules.iter().find(|rule| rule.takes(bucket, key))
    }

    /// All rules, in the order in which they are tried; at least one.
    #[must_use]
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// The settings of all rules.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The pictures of all watermarks, each once.
    #[must_use]
    pub fn watermark_pictures(&self) -> Vec<&WatermarkPicture> {
        let recipes = self.rules.iter().flat_map(Rule::thumbnails).map(|thumbnail| &thumbnail.recipe);
        let mut pictures = Vec::new();
        for step in recipes.flat_map(|recipe| &recipe.steps) {
            if let Step::Watermark(watermark) = step
                && !pictures.contains(&&watermark.picture)
            {
                pictures.push(&watermark.picture);
            }
        }
        pictures
    }

    /// Bytes that the pixels of watermarks take as long as there is this configuration.
    #[must_use]
    pub fn watermark_bytes(&self) -> u64 {
        let pixels = |picture: &WatermarkPicture| u64::from(picture.width()) * u64::from(picture.height());
        self.watermark_pictures().into_iter().map(|picture| pixels(picture).saturating_mul(4)).sum()
    }

    /// The way in which thumbnails written into `bucket` could start the function again, if events of `bucket`
    /// reach it; `None` when that is proven impossible.
    #[must_use]
    pub fn loop_in(&self, bucket: &Bucket) -> Option<Loop> {
        loops::find(bucket, &self.rules, &self.rules)
    }
}

/// The rules of the file, completed from the environment, or the one of the environment.
fn load_rules(
    environment: &Environment,
    file: File,
    files: &WatermarkFiles,
    findings: &mut Findings,
) -> Vec<Rule> {
    let before = findings.len();
    let defaults = PartialRule::parse(WrittenRule::of_environment(environment), files, findings);
    let defaults_ok = findings.len() == before;
    let Some(written) = file.rules else {
        let label = "the rule of the environment".to_owned();
        let rule = if defaults_ok { defaults.into_rule(label, findings) } else { None };
        return rule.into_iter().collect();
    };
    let mut rules = Vec::new();
    for FileRule { label, rule, is_whole } in written {
        let before = findings.len();
        let rule = PartialRule::parse(rule, files, findings).or(&defaults);
        // Defaults would take the place of values with mistakes, and cause mistakes that nobody made.
        if defaults_ok && is_whole && findings.len() == before {
            rules.extend(rule.into_rule(label, findings));
        }
    }
    rules
}

/// Refuses rules that never match.
fn check_order(rules: &[Rule], findings: &mut Findings) {
    for (index, rule) in rules.iter().enumerate() {
        let earlier = rules.iter().take(index).find(|earlier| earlier.source.covers(&rule.source));
        if let Some(earlier) = earlier {
            let (rule, earlier) = (rule.label.clone(), earlier.label.clone());
            findings.push(Mistake::Unreachable { rule, earlier });
        }
    }
}

/// Refuses rules that write where they read, unless their thumbnails certainly are not sources.
fn check_loops(rules: &[Rule], findings: &mut Findings) {
    for rule in rules {
        let Some(bucket) = &rule.source.bucket else { continue };
        if !rule.may_write_into(bucket) {
            continue;
        }
        if let Some(found) = loops::find(bucket, std::slice::from_ref(rule), rules) {
            findings.push(Mistake::Loop(Box::new(found)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(pairs: &[(&str, &str)]) -> Environment {
        Environment::from_pairs(pairs.iter().copied())
    }

    fn of_variables(pairs: &[(&str, &str)]) -> Config {
        Config::load(&environment(pairs), None).unwrap()
    }

    fn bucket(text: &str) -> Bucket {
        Bucket::parse(text).unwrap()
    }

    fn key(text: &str) -> Key {
        Key::parse(text).unwrap()
    }

    /// Name, recipe and target key of every thumbnail of a source.
    fn plan(config: &Config, source_bucket: &str, source: &str) -> Vec<(String, String, String)> {
        let (source_bucket, source) = (bucket(source_bucket), key(source));
        let Some(rule) = config.rule_for(&source_bucket, &source) else { return Vec::new() };
        let target_bucket = rule.target_bucket_of(&source_bucket, &source).unwrap();
        rule.thumbnails()
            .iter()
            .map(|thumbnail| {
                let target = rule.target_key(&source, thumbnail).unwrap();
                (thumbnail.name.clone(), thumbnail.recipe.to_string(), format!("{target_bucket}/{target}"))
            })
            .collect()
    }

    fn row(name: &str, recipe: &str, target: &str) -> (String, String, String) {
        (name.to_owned(), recipe.to_owned(), target.to_owned())
    }

    #[test]
    fn an_empty_environment_follows_the_tutorial() {
        let config = of_variables(&[]);
        let recipe = "thumbnail=300x300>;format=source;quality=80!;background=#ffffff";
        assert_eq!(
            plan(&config, "photos-125", "in/a.jpg"),
            [row("300x300", recipe, "photosresized-125/in/a.jpg")]
        );
        assert_eq!(config.settings(), &Settings::default());
        assert_eq!(config.settings().max_pixels, 250_000_000);
    }

    #[test]
    fn the_default_thumbnail_is_the_one_of_its_text() {
        assert_eq!(
            of_variables(&[("QUALITY", "7"), ("FORMAT", "png"), ("BACKGROUND", "#000000")]).rules,
            of_variables(&[
                ("QUALITY", "7"),
                ("FORMAT", "png"),
                ("BACKGROUND", "#000000"),
                ("THUMBNAILS", "300x300")
            ])
            .rules
        );
    }

    #[test]
    fn variables_make_one_rule() {
        let config = of_variables(&[
            ("TARGET_BUCKET", " thumbs-125 "),
            ("THUMBNAILS", "150x150; card=imageMogr2/thumbnail/9x/format/webp/quality/70 ;"),
            ("TARGET_KEY", "{dir}{name}/{stem}.{ext}"),
            ("SOURCE_PREFIX", "up/"),
            ("SOURCE_SUFFIX", ".PNG"),
            ("QUALITY", "60"),
            ("BACKGROUND", "#102030"),
            ("CACHE_CONTROL", "no-cache"),
            ("STORAGE_CLASS", "STANDARD_IA"),
            ("ACL", "private"),
        ]);
        assert_eq!(
            plan(&config, "photos-125", "up/x/a.Png"),
            [
                row(
                    "150x150",
                    "thumbnail=150x150>;format=source;quality=60!;background=#102030",
                    "thumbs-125/up/x/150x150/a.Png"
                ),
                row(
                    "card",
                    "thumbnail=9x;format=webp;quality=70;background=#102030",
                    "thumbs-125/up/x/card/a.webp"
                ),
            ]
        );
        assert!(plan(&config, "photos-125", "up/a.gif").is_empty());
        assert!(plan(&config, "photos-125", "a.jpg").is_empty());
        let rule = &config.rules()[0];
        assert_eq!(rule.cache_control(), Some("no-cache"));
        assert_eq!(rule.storage_class().map(|class| class.as_str()), Some("STANDARD_IA"));
        assert_eq!(rule.acl().map(|acl| acl.as_str()), Some("private"));
    }

    #[test]
    fn rules_of_the_file_fall_back_to_variables() {
        let file = r#"{"rules": [
            {"source": {"prefix": "a/"}, "thumbnails": ["x=10x", "20x"], "quality": 50},
            {"source": {"prefix": ""}, "target": {"bucket": "other-125", "key": "t/{key}"}}
        ]}"#;
        let variables = [
            ("TARGET_BUCKET", "thumbs-125"),
            ("THUMBNAILS", "30x"),
            ("SOURCE_PREFIX", "never/"),
            ("FORMAT", "webp"),
        ];
        let config = Config::load(&environment(&variables), Some(file)).unwrap();
        let recipe = |side: u8, quality: u8| {
            format!("thumbnail={side}x>;format=webp;quality={quality}!;background=#ffffff")
        };
        assert_eq!(
            plan(&config, "p-125", "a/1"),
            [
                row("x", &recipe(10, 50), "thumbs-125/x/a/1"),
                row("20x", &recipe(20, 50), "thumbs-125/20x/a/1")
            ]
        );
        assert_eq!(plan(&config, "p-125", "b/1"), [row("30x", &recipe(30, 80), "other-125/t/b/1")]);
    }

    #[test]
    fn a_lone_long_form_needs_no_name() {
        let config = of_variables(&[("THUMBNAILS", "imageMogr2/thumbnail/3x3/pad/1/color/I2ZmZmZmZg==")]);
        assert_eq!(config.rules()[0].thumbnails()[0].name, "thumbnail");
    }

    #[test]
    fn a_rule_that_may_feed_itself_is_refused_at_load() {
        let file = |template: &str| {
            format!(
                r#"{{"rules":[{{"source":{{"bucket":"p-125","prefix":"up/"}},
                    "target":{{"bucket":"p-125","key":"{template}"}}}}]}}"#
            )
        };
        assert_eq!(
            Config::load(&Environment::default(), Some(&file("up/small/{key}"))).unwrap_err().to_string(),
            "thumbnail \"300x300\" of rules[0] is written into p-125 under \"up/small/{key}\", which \
             rules[0] could take for a source and start the function again; write to another bucket, or \
             keep sources and thumbnails apart, as with the source prefix uploads/ and the target key \
             thumbs/{name}/{key}"
        );
        assert!(Config::load(&Environment::default(), Some(&file("small/{key}"))).is_ok());
    }

    #[test]
    fn a_manifest_needs_no_other_setting() {
        let config = of_variables(&[("MANIFEST", "{key}.json"), ("THUMBNAILS", "s=9x;l=99x")]);
        let rule = &config.rules()[0];
        assert_eq!(rule.manifest_key(&key("in/a.jpg")), Ok(Some(key("in/a.jpg.json"))));
        assert_eq!(rule.source_of_manifest(&key("in/a.jpg.json")), Some(key("in/a.jpg")));
        assert!(config.rule_for(&bucket("p-125"), &key("in/a.json")).is_none());
        assert!(plan(&config, "p-125", "in/a.jpg")[0].1.ends_with(";placeholder"));
        let prefixes: Vec<String> = rule.target_prefixes().iter().map(ToString::to_string).collect();
        assert_eq!(prefixes, ["s/", "l/", ""]);
    }

    #[test]
    fn manifests_that_could_share_a_key_are_refused() {
        for (manifest, template, words) in [
            ("{dir}{stem}.json", "{key}", "differ only in their extension could share one manifest"),
            ("{key}.json", "{key}.json", "a manifest and a thumbnail"),
            ("{key}", "{key}", "let its key end in .json"),
        ] {
            let variables = environment(&[("MANIFEST", manifest), ("TARGET_KEY", template)]);
            let mistakes = Config::load(&variables, None).unwrap_err().to_string();
            assert!(mistakes.starts_with("MANIFEST is ") && mistakes.contains(words), "{mistakes}");
        }
    }

    #[test]
    fn loops_are_judged_for_the_bucket_that_sends_events() {
        let tutorial = of_variables(&[]);
        assert_eq!(tutorial.loop_in(&bucket("photos-125")), None);
        assert!(tutorial.loop_in(&bucket("photosresized-125")).is_some());
        let explicit = of_variables(&[("TARGET_BUCKET", "t-125")]);
        assert_eq!(explicit.loop_in(&bucket("photosresized-125")), None);
        assert!(explicit.loop_in(&bucket("t-125")).is_some());
        let apart = of_variables(&[
            ("TARGET_BUCKET", "t-125"),
            ("SOURCE_PREFIX", "up/"),
            ("TARGET_KEY", "thumbs/{key}"),
        ]);
        assert_eq!(apart.loop_in(&bucket("t-125")), None);
    }
}
