//! The text of a thumbnail, in either syntax, never panics the parser. A mistake repeats the text and names its place.
//!
//! A recipe is the same
//! - from a variable and from the file,
//! - from a text and from an object of the same options,
//! - when it is printed in Tencent's syntax, as far as that has words for it, and read again.

use std::fmt::Write as _;

use cos_thumbnailer::config::{Config, Environment, Mistakes};
use cos_thumbnailer::recipe::{
    Animation, Effort, Format, Geometry, Gravity, Keep, Loss, Quality, Recipe, Scaling, Scans, Step,
    Subsampling,
};
use serde_json::{Map, Value, json};

/// Checks the property. `false` if the input is not worth keeping.
pub(crate) fn check(data: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(data) else { return false };
    let recipe = of_file(&json!(text));
    // A variable is a list of texts without white space around them.
    if !text.contains(';') && text.trim() == text {
        assert_eq!(of_variable(text), recipe, "the variable and the file");
    }
    if let Some(members) = members(text) {
        let of_members = of_file(&members);
        assert_eq!(of_members.is_ok(), recipe.is_ok(), "{members}: {of_members:?}, but the text: {recipe:?}");
        if recipe.is_ok() {
            assert_eq!(of_members, recipe, "{members}");
        }
    }
    let Ok(recipe) = recipe else { return true };
    if let Some(printed) = in_tencents_syntax(&recipe) {
        let again = of_file(&json!(printed));
        assert_eq!(again.as_ref(), Ok(&recipe), "{printed}");
        assert_eq!(again.map(|again| again.hash_among(&[])), Ok(recipe.hash_among(&[])), "{printed}");
    }
    true
}

/// The recipe of the thumbnail `a` in the file, or its mistakes without their place.
fn of_file(thumbnail: &Value) -> Result<Recipe, String> {
    let file = json!({"rules": [{"thumbnails": {"a": thumbnail}}]}).to_string();
    recipe(Config::load(&Environment::default(), Some(&file)), "rules[0].thumbnails.a")
}

fn of_variable(text: &str) -> Result<Recipe, String> {
    let variable = Environment::from_pairs([("THUMBNAILS", format!("a={text}"))]);
    recipe(Config::load(&variable, None), "THUMBNAILS")
}

fn recipe(loaded: Result<Config, Mistakes>, place: &str) -> Result<Recipe, String> {
    match loaded {
        Ok(config) => Ok(config.rules()[0].thumbnails()[0].recipe.clone()),
        Err(mistakes) => {
            let text = mistakes.to_string();
            assert!(text.lines().all(|line| line.contains(place)), "{text}");
            Err(text.lines().map(|line| line.strip_prefix(place).unwrap_or(line)).collect())
        }
    }
}

/// A size and its options as an object; `None` for other texts.
fn members(text: &str) -> Option<Value> {
    let mut words = text.split('/');
    let size = words.next().filter(|size| !size.contains(','))?;
    if matches!(size, "imageMogr2" | "imageView2" | "watermark") || text.contains('|') {
        return None;
    }
    let mut members = Map::from_iter([("size".to_owned(), Value::from(size))]);
    while let Some(word) = words.next() {
        // A list of names and values in a text is told to be none of ours, and a member could be anything.
        let value = words.next().filter(|value| !value.contains(','))?;
        if members.insert(word.to_owned(), Value::from(value)).is_some() {
            return None;
        }
    }
    Some(Value::Object(members))
}

/// The recipe as links of `imageMogr2`, one for each step; `None` if those have no words for it.
fn in_tencents_syntax(recipe: &Recipe) -> Option<String> {
    let output = output(recipe)?;
    let mut links: Vec<String> = recipe.steps.iter().map(link).collect::<Option<_>>()?;
    match links.last_mut() {
        Some(last) => last.push_str(&output),
        None => links.push(format!("imageMogr2/strip{output}")),
    }
    // A chain has at most ten links.
    (links.len() <= 10).then(|| links.join("|"))
}

fn link(step: &Step) -> Option<String> {
    let side = |side: Option<u32>| side.map_or_else(String::new, |side| side.to_string());
    Some(match step {
        // The option `blur` has farther pixels than the operation may have.
        Step::Blur(blur) if blur.radius > 50 => return None,
        Step::Blur(blur) => format!("imageMogr2/blur/{blur}"),
        Step::Circle { radius } => format!("imageMogr2/iradius/{radius}"),
        // As `crop` it would have the first of the nine places.
        Step::Crop { gravity: Gravity::Auto, .. } => return None,
        Step::Crop { width, height, gravity } => {
            format!("imageMogr2/crop/{}x{}/gravity/{gravity}", side(*width), side(*height))
        }
        Step::Cut { width, height, x, y, gravity } => {
            format!("imageMogr2/cut/{width}x{height}x{x}x{y}/gravity/{gravity}")
        }
        Step::Flip(flip) => format!("imageMogr2/flip/{}", flip.name()),
        Step::Rotate(degrees) => format!("imageMogr2/rotate/{degrees}"),
        Step::Round { radius } => format!("imageMogr2/rradius/{}", (*radius)?),
        Step::Thumbnail(geometry) => format!("imageMogr2/thumbnail/{}", size(geometry)?),
        // Padding has no link of its own, the other crops none in this syntax, and there are no files of watermarks.
        Step::CropEdges { .. } | Step::CropToRatio { .. } | Step::Pad { .. } | Step::Watermark(_) => {
            return None;
        }
    })
}

fn size(geometry: &Geometry) -> Option<String> {
    match *geometry {
        Geometry::Cover { scaling: Scaling::EnlargeOnly | Scaling::ShrinkOnly, .. }
        | Geometry::CoverEdges { .. } => None,
        Geometry::Percent { width, height } if width == height => Some(format!("!{width}p")),
        Geometry::Percent { width, height: 100 } => Some(format!("!{width}px")),
        Geometry::Percent { width: 100, height } => Some(format!("!x{height}p")),
        Geometry::Percent { .. } => None,
        Geometry::Area(_) | Geometry::Cover { .. } | Geometry::Exact { .. } | Geometry::Fit { .. } => {
            Some(geometry.to_string())
        }
    }
}

/// The options behind the last step.
fn output(recipe: &Recipe) -> Option<String> {
    let mut text = String::new();
    let mut put = |word: &str, value: &str| {
        let _ = write!(text, "/{word}/{value}");
    };
    if recipe.background != Recipe::default().background {
        return None;
    }
    if let Some(format) = recipe.format {
        put("format", if format == Format::Jpeg { "jpg" } else { format.name() });
    }
    match recipe.quality {
        Quality::Auto(score) => put("quality", &format!("auto:{score}")),
        Quality::AtLeastSource(quality) => put("lquality", &quality.to_string()),
        Quality::AtMostSource(quality) => put("quality", &quality.to_string()),
        Quality::Fixed(quality) => put("quality", &format!("{quality}!")),
        Quality::OfSource(percent) => put("rquality", &percent.to_string()),
    }
    match recipe.scans {
        Scans::Smallest => {}
        Scans::Baseline => put("interlace", "0"),
        Scans::Progressive => put("interlace", "1"),
    }
    match recipe.subsampling {
        Subsampling::Auto => {}
        Subsampling::Quarter => put("subsampling", "420"),
        Subsampling::Full => put("subsampling", "444"),
    }
    match recipe.effort {
        Effort::Fast => put("effort", "fast"),
        Effort::Usual => put("effort", "usual"),
        Effort::Light => put("effort", "light"),
    }
    match recipe.loss {
        Loss::ByQuality => {}
        Loss::Nearly => put("lossless", "near"),
        Loss::Nothing => put("lossless", "1"),
    }
    match recipe.keep {
        Keep { copyright: false, profile: false } => {}
        Keep { copyright: true, profile: false } => put("keep", "copyright"),
        Keep { copyright: false, profile: true } => put("keep", "profile"),
        Keep { copyright: true, profile: true } => put("keep", "profile+copyright"),
    }
    if let Some(colors) = recipe.colors {
        put("colors", &colors.to_string());
    }
    if let Some(percent) = recipe.sharpen {
        put("sharpen", &percent.to_string());
    }
    if let Some(bytes) = recipe.max_bytes {
        if bytes % 1024 != 0 {
            return None;
        }
        put("size-limit", &format!("{}k", bytes / 1024));
    }
    put("grayscale", if recipe.greyscale { "1" } else { "0" });
    put("linear", if recipe.linear { "1" } else { "0" });
    put("animation", if recipe.animation == Animation::Keep { "keep" } else { "first" });
    Some(text)
}
