//! The meaning of a configuration in plain sentences: the output of `cos-thumbnailer check`.

use std::fmt;

use crate::object::Domain;
use crate::object::{Bucket, Key};
use crate::recipe::{
    AiLabels, Animation, Blur, Effort, Focus, Format, Geometry, Gravity, Keep, Loss, Quality, Recipe,
    Scaling, Scans, Step, Subsampling, Watermark,
};

use super::Config;
use super::prefix::KeyPrefix;
use super::rule::{Collisions, Heic, Rule, SourcePattern};
use super::settings::{OnDamage, OnFailure};
use crate::reconcile::OnForeign;
use crate::text::Printable;

/// Rules in the order in which they are tried, then the settings of all.
impl fmt::Display for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for rule in &self.rules {
            writeln!(f, "{}", rule.label)?;
            describe_rule(rule, f)?;
        }
        let settings = &self.settings;
        writeln!(f, "all rules")?;
        line(f, "MAX_PIXELS", settings.max_pixels)?;
        line(
            f,
            "ON_DAMAGE",
            match settings.on_damage {
                OnDamage::Fail => "fail: damaged images get no thumbnails",
                OnDamage::Store => "store: damaged images that are at least 90 % intact get thumbnails",
            },
        )?;
        line(
            f,
            "ON_FAILURE",
            match settings.on_failure {
                OnFailure::Error => {
                    "error: sources that can never become a thumbnail are reported as errors, and tried again"
                }
                OnFailure::Response => {
                    "response: sources that can never become a thumbnail are reported in the response"
                }
            },
        )?;
        line(
            f,
            "ON_FOREIGN",
            match settings.on_foreign {
                OnForeign::Overwrite => {
                    "overwrite: thumbnails replace objects that this function did not make"
                }
                OnForeign::Skip => "skip: objects that this function did not make are left alone",
            },
        )?;
        line(f, "LOG_LEVEL", settings.log_level.name())?;
        line(
            f,
            "COS_DOMAIN",
            match &settings.domain {
                Domain::Accelerate => "cos.accelerate.myqcloud.com",
                Domain::Internal => "cos-internal.<region>.tencentcos.cn",
                Domain::Public => "cos.<region>.myqcloud.com",
                Domain::Suffix(suffix) => suffix,
            },
        )?;
        match &settings.endpoint {
            Some(endpoint) => line(f, "COS_ENDPOINT", endpoint),
            None => Ok(()),
        }
    }
}

fn line(f: &mut fmt::Formatter<'_>, name: &str, value: impl fmt::Display) -> fmt::Result {
    writeln!(f, "  {name:<14}{}", Printable(&value.to_string()))
}

fn describe_rule(rule: &Rule, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    line(f, "sources", Sources(&rule.source))?;
    match (&rule.target_bucket, &rule.source.bucket) {
        (Some(bucket), _) => line(f, "TARGET_BUCKET", bucket)?,
        (None, Some(source)) => {
            // Loading refuses a target bucket without a possible name.
            let target = rule.target_bucket(source).map_or_else(|error| error.to_string(), |b| b.to_string());
            line(f, "TARGET_BUCKET", target)?;
        }
        (None, None) => line(f, "TARGET_BUCKET", "<source name>resized-<appid>")?,
    }
    line(f, "TARGET_KEY", &rule.template)?;
    if rule.collisions == Collisions::First {
        line(f, "COLLISIONS", "first: of sources that share a target key, the first has the thumbnail")?;
    }
    if let Some(cache_control) = &rule.cache_control {
        line(f, "CACHE_CONTROL", cache_control)?;
    }
    if let Some(storage_class) = rule.storage_class {
        line(f, "STORAGE_CLASS", storage_class.as_str())?;
    }
    if let Some(acl) = rule.acl {
        line(f, "ACL", acl.as_str())?;
    }
    match rule.heic {
        Heic::CloudInfinite => line(f, "HEIC", "ci: Cloud Infinite turns it into JPEG")?,
        heic if heic == Heic::default() => (),
        Heic::Decode => line(f, "HEIC", "decode")?,
        Heic::Refuse => line(f, "HEIC", "refuse")?,
    }
    let example = example_source(&rule.source);
    if let Some(manifest) = &rule.manifest {
        line(f, "MANIFEST", manifest)?;
        let target = example.as_ref().and_then(|key| Some((key, rule.manifest_key(key).ok()??)));
        if let Some((source, target)) = target {
            line(f, "", format_args!("{source} -> {target}"))?;
        }
    }
    for thumbnail in &rule.thumbnails {
        line(f, "thumbnail", format_args!("{}: {}", thumbnail.name, Means(&thumbnail.recipe)))?;
        let target = example.as_ref().and_then(|key| Some((key, rule.target_key(key, thumbnail).ok()?)));
        if let Some((source, target)) = target {
            line(f, "", format_args!("{source} -> {target}"))?;
        }
    }
    Ok(())
}

/// A key that the pattern takes, for an example. The name of an open segment stands in its place.
fn example_source(pattern: &SourcePattern) -> Option<Key> {
    let suffix = pattern.suffixes.first().map_or(".jpg", String::as_str);
    let prefix = pattern.prefix.filled(pattern.prefix.segment_name().unwrap_or_default());
    Key::parse(&format!("{prefix}photo{suffix}")).ok()
}

struct Sources<'a>(&'a SourcePattern);

impl fmt::Display for Sources<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let SourcePattern { bucket, prefix, suffixes } = self.0;
        write!(f, "in {}", bucket.as_ref().map_or("every bucket that sends events", Bucket::as_str))?;
        if *prefix != KeyPrefix::default() {
            write!(f, ", beginning with {prefix}")?;
        }
        if let Some(name) = prefix.segment_name() {
            write!(f, ", where {{{name}}} is any folder")?;
        }
        if !suffixes.is_empty() {
            write!(f, ", ending in {} in any case", suffixes.join(" or "))?;
        }
        Ok(())
    }
}

/// The recipe in words.
struct Means<'a>(&'a Recipe);

impl fmt::Display for Means<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Recipe {
            steps,
            format,
            quality,
            background,
            scans,
            subsampling,
            effort,
            greyscale,
            linear,
            sharpen,
            max_bytes,
            colors,
            loss,
            keep: Keep { copyright, profile },
            animation,
            // The rule says that it has a manifest.
            placeholder: _,
            ai_labels,
        } = self.0;
        if steps.is_empty() {
            f.write_str("size kept; ")?;
        }
        for step in steps {
            describe_step(step, f)?;
            f.write_str("; ")?;
        }
        if let Some(percent) = sharpen {
            write!(f, "sharpened by {percent} %; ")?;
        }
        if *linear {
            f.write_str("scaled in linear light; ")?;
        }
        if *greyscale {
            f.write_str("in greyscale; ")?;
        }
        f.write_str(format.map_or("format of the source", Format::name))?;
        match quality {
            Quality::Auto(score) => write!(f, "; the lowest quality that scores {score}")?,
            Quality::AtLeastSource(quality) => write!(f, "; quality {quality} or the source's if higher")?,
            Quality::AtMostSource(quality) => write!(f, "; quality {quality} or the source's if lower")?,
            Quality::Fixed(quality) => write!(f, "; quality {quality}")?,
            Quality::OfSource(percent) => write!(f, "; {percent} % of the source's quality")?,
        }
        if let Some(bytes) = max_bytes {
            write!(f, ", lower for at most {bytes} bytes")?;
        }
        if let Some(colors) = colors {
            write!(f, "; at most {colors} colours in PNG")?;
        }
        write!(f, "; background {background}")?;
        for (is_set, words) in [
            (*loss == Loss::Nearly, "; WebP nearly lossless"),
            (*loss == Loss::Nothing, "; WebP lossless"),
            (*scans == Scans::Progressive, "; progressive JPEG"),
            (*scans == Scans::Baseline, "; baseline JPEG"),
            (*subsampling == Subsampling::Full, "; JPEG 4:4:4"),
            (*subsampling == Subsampling::Quarter, "; JPEG 4:2:0"),
            (*effort == Effort::Fast, "; JPEG written quickly"),
            (*effort == Effort::Light, "; JPEG as light as possible"),
            (*copyright, "; artist and copyright kept"),
            (*profile, "; colour profile kept"),
            (*animation == Animation::Keep, "; animations stay animated in GIF, WebP and PNG"),
        ] {
            if is_set {
                f.write_str(words)?;
            }
        }
        describe_ai_labels(ai_labels, f)
    }
}

fn describe_ai_labels(labels: &AiLabels, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match labels {
        AiLabels::Drop => f.write_str("; AI labels dropped"),
        AiLabels::Keep { propagator: None } => Ok(()),
        AiLabels::Keep { propagator: Some(code) } => write!(f, "; spread by {} in AI labels", code.as_str()),
    }
}

fn describe_step(step: &Step, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let side = |side: Option<u32>| side.map_or_else(|| "any".to_owned(), |side| side.to_string());
    match *step {
        Step::Blur(Blur { sigma, .. }) => write!(f, "blurred by {} pixels", f64::from(sigma) / 100.0),
        Step::Circle { radius } => write!(f, "cut to a circle with the radius {radius}, at the center"),
        Step::Crop { width, height, gravity } => {
            write!(f, "cut to {} x {} {}", side(width), side(height), WindowPlace(gravity))
        }
        Step::CropEdges { long, short } => {
            write!(f, "cut to {long} along the longer side and {short} along the other, at the center")
        }
        Step::CropToRatio { across, down, gravity } => {
            write!(f, "cut to the ratio {across}:{down} {}", WindowPlace(gravity))
        }
        Step::Cut { width, height, x, y, gravity } => {
            write!(f, "cut to {width} x {height}, {x} and {y} pixels from the {gravity}")
        }
        Step::Flip(flip) => write!(f, "mirrored, {}", flip.name()),
        Step::Pad { width, height, color: None } => write!(f, "in a box of {width} x {height}"),
        Step::Pad { width, height, color: Some(color) } => {
            write!(f, "in a box of {width} x {height} filled with {color}")
        }
        Step::Rotate(degrees) => write!(f, "turned by {degrees} degrees"),
        Step::Round { radius: None } => f.write_str("made round"),
        Step::Round { radius: Some(radius) } => write!(f, "corners rounded by {radius}"),
        Step::Thumbnail(geometry) => describe_geometry(geometry, f),
        Step::Watermark(ref watermark) => describe_watermark(watermark, f),
    }
}

fn describe_watermark(watermark: &Watermark, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let Watermark { picture, gravity, x, y, opacity, is_tiled } = watermark;
    write!(f, "marked with {} of {} x {}", picture.name(), picture.width(), picture.height())?;
    if *is_tiled {
        write!(f, ", tiled with gaps of {x} and {y} pixels")?;
    } else {
        write!(f, ", {x} and {y} pixels from the {gravity}")?;
    }
    write!(f, ", at {opacity} %")
}

fn describe_geometry(geometry: Geometry, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let side = |side: Option<u32>| side.map_or_else(|| "any".to_owned(), |side| side.to_string());
    let how = |scaling| match scaling {
        Scaling::Both => "scaled up or down to",
        Scaling::EnlargeOnly => "scaled up only, to",
        Scaling::ShrinkOnly => "scaled down only, to",
    };
    match geometry {
        Geometry::Area(pixels) => write!(f, "scaled to at most {pixels} pixels in all"),
        Geometry::Cover { width, height, scaling } => write!(f, "{} cover {width} x {height}", how(scaling)),
        Geometry::CoverEdges { long, short } => {
            write!(f, "scaled down only, to cover {long} along the longer side and {short} along the other")
        }
        Geometry::Exact { width, height } => write!(f, "stretched to exactly {width} x {height}"),
        Geometry::Fit { width, height, scaling } => {
            write!(f, "{} fit {} x {}", how(scaling), side(width), side(height))
        }
        Geometry::Percent { width, height } => {
            write!(f, "scaled to {width} % of the width and {height} % of the height")
        }
    }
}

/// The place of a window, in words.
struct WindowPlace(Gravity);

impl fmt::Display for WindowPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Gravity::Auto => f.write_str("where the subject seems to be"),
            Gravity::Focus(Focus { x, y }) => {
                let percent = |part: u16| f64::from(part) / 100.0;
                write!(f, "around {} % of the width and {} % of the height", percent(x), percent(y))
            }
            place => write!(f, "at the {place}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Environment;

    #[test]
    fn every_step_and_option_has_its_words() {
        let table = [
            (
                "9x9/fit/cover/gravity/auto/sharpen/70/keep/copyright+profile/subsampling/444/progressive/1",
                "scaled down only, to cover 9 x 9; cut to 9 x 9 where the subject seems to be; sharpened by \
                 70 %; format of the source; quality 80; background #ffffff; progressive JPEG; JPEG 4:4:4; \
                 artist and copyright kept; colour profile kept",
            ),
            (
                "9x9/fit/cover/focus/0.31x0.625/enlarge/only/max_bytes/2k/grayscale/1/animation/keep",
                "scaled up only, to cover 9 x 9; cut to 9 x 9 around 31 % of the width and 62.5 % of the \
                 height; in greyscale; format of the source; quality 80, lower for at most 2048 bytes; \
                 background #ffffff; animations stay animated in GIF, WebP and PNG",
            ),
            (
                "16:9/fit/cover/blur/2.5/radius/9",
                "cut to the ratio 16:9 at the center; scaled down only, to fit 10000 x 10000; blurred by 2.5 \
                 pixels; corners rounded by 9; format of the source; quality 80; background #ffffff",
            ),
            (
                "imageMogr2/iradius/30",
                "cut to a circle with the radius 30, at the center; format of the source; quality 80; \
                 background #ffffff",
            ),
            (
                "imageView2/5/w/400/h/300/rq/50|imageMogr2/cut/9x8x7x6/gravity/east/flip/vertical",
                "scaled down only, to cover 400 along the longer side and 300 along the other; cut to 400 \
                 along the longer side and 300 along the other, at the center; cut to 9 x 8, 7 and 6 pixels \
                 from the east; mirrored, vertical; format of the source; 50 % of the source's quality; \
                 background #ffffff",
            ),
        ];
        for (text, words) in table {
            let config = Config::load(&Environment::from_pairs([("THUMBNAILS", text)]), None).unwrap();
            assert_eq!(Means(&config.rules()[0].thumbnails()[0].recipe).to_string(), words, "{text}");
        }
    }

    #[test]
    fn an_open_segment_and_shared_keys_are_told() {
        let variables = [
            ("SOURCE_PREFIX", "{tenant}/up/"),
            ("TARGET_BUCKET", "thumbs-{tenant}-125"),
            ("TARGET_KEY", "{tenant}/{stem}-{hash}.{ext}"),
            ("COLLISIONS", "first"),
        ];
        let config = Config::load(&Environment::from_pairs(variables), None).unwrap().to_string();
        let lines = [
            "  sources       in every bucket that sends events, beginning with {tenant}/up/, where {tenant} is any folder",
            "  TARGET_BUCKET thumbs-{tenant}-125",
            "  TARGET_KEY    {tenant}/{stem}-{hash}.{ext}",
            "  COLLISIONS    first: of sources that share a target key, the first has the thumbnail",
            "                tenant/up/photo.jpg -> tenant/photo-6900f67a.jpg",
        ];
        for line in lines {
            assert!(config.lines().any(|found| found == line), "{line}\n{config}");
        }
    }

    #[test]
    fn treatment_of_labels_has_its_words() {
        for (variable, words) in [
            (("AIGC_LABEL", "drop"), "; AI labels dropped"),
            (("AIGC_PROPAGATOR", "0011"), "; spread by 0011 in AI labels"),
        ] {
            let config = Config::load(&Environment::from_pairs([variable]), None).unwrap();
            let told = Means(&config.rules()[0].thumbnails()[0].recipe).to_string();
            assert!(told.ends_with(words), "{told}");
        }
    }

    #[test]
    fn a_configuration_is_told_in_plain_words() {
        let variables = [
            (
                "THUMBNAILS",
                "s=150x;card=imageMogr2/thumbnail/!40x30r/crop/40x30/gravity/center/format/webp/quality/70",
            ),
            ("SOURCE_PREFIX", "up/"),
            ("SOURCE_SUFFIX", ".png;.jpg"),
            ("ACL", "private"),
            ("HEIC", "ci"),
        ];
        let config = Config::load(&Environment::from_pairs(variables), None).unwrap();
        let lines = [
            "the rule of the environment",
            "  sources       in every bucket that sends events, beginning with up/, ending in .png or .jpg \
             in any case",
            "  TARGET_BUCKET <source name>resized-<appid>",
            "  TARGET_KEY    {name}/{key}",
            "  ACL           private",
            "  HEIC          ci: Cloud Infinite turns it into JPEG",
            "  thumbnail     s: scaled down only, to fit 150 x any; format of the source; quality 80; \
             background #ffffff",
            "                up/photo.png -> s/up/photo.png",
            "  thumbnail     card: scaled up or down to cover 40 x 30; cut to 40 x 30 at the center; webp; quality 70 \
             or the source's if lower; background #ffffff",
            "                up/photo.png -> card/up/photo.png",
            "all rules",
            "  MAX_PIXELS    250000000",
            "  ON_DAMAGE     store: damaged images that are at least 90 % intact get thumbnails",
            "  ON_FAILURE    response: sources that can never become a thumbnail are reported in the response",
            "  ON_FOREIGN    skip: objects that this function did not make are left alone",
            "  LOG_LEVEL     info",
            "  COS_DOMAIN    cos.<region>.myqcloud.com",
            "",
        ];
        assert_eq!(config.to_string(), lines.join("\n"));
    }
}
