//! Watermarks: Tencent's `watermark/1/image/…` (1045/33720), and the option `watermark` of a size.

use super::base64_text;
use super::form::{self, Form};
use super::refusal::Refusal;
use super::words::{Argument, NUMBER_TO_100, SWITCH, Words, once};
use crate::config::source::watermark_files::WatermarkFiles;
use crate::recipe::{Gravity, Step, Watermark, WatermarkPicture};

/// Every operation, as a refusal lists them.
const OPERATIONS: &str = "image, gravity, dx, dy, dissolve and batch";

/// Every member of the option.
const MEMBERS: &str = "image, gravity, dx, dy, dissolve and tile";

/// The option as a text, for people.
pub(super) const FORM: &str = "the name of a PNG file beside bootstrap, then as needed +gravity=<place>, +dx=<n>, \
                               +dy=<n>, +dissolve=<1 to 100> and +tile=1";

/// The option as a text, as a pattern.
pub(super) const PATTERN: &str = r"^[^/\\:+;]+(\+(gravity|dx|dy|dissolve|tile)=[a-z0-9]+)*$";

const DISTANCE: &str = "<n> from 0 to 10000";
const PLACE: &str = "northwest, north, northeast, west, center, east, southwest, south or southeast";
const IMAGE: &str = "<URL-safe base64 of the name of a PNG file beside bootstrap> such as bG9nby5wbmc";

/// Opacity where none is written, percent: Tencent's, and that of the option.
const TENCENT_OPACITY: u8 = 90;
const FULL_OPACITY: u8 = 100;

const PLACES: [(&str, Gravity); 9] = [
    ("northwest", Gravity::NorthWest),
    ("north", Gravity::North),
    ("northeast", Gravity::NorthEast),
    ("west", Gravity::West),
    ("center", Gravity::Center),
    ("east", Gravity::East),
    ("southwest", Gravity::SouthWest),
    ("south", Gravity::South),
    ("southeast", Gravity::SouthEast),
];

/// The members of the option as an object.
pub(super) fn members() -> Vec<(&'static str, Form)> {
    vec![
        ("image", Form::Text(r"^[^/\\:+;]+$")),
        ("gravity", Form::Words(|| form::words(&PLACES))),
        ("dx", Form::Number(0..=10_000)),
        ("dy", Form::Number(0..=10_000)),
        ("dissolve", Form::Number(1..=100)),
        ("tile", Form::Switch),
    ]
}

/// Reads one link of a chain.
pub(super) fn read(text: &str, files: &WatermarkFiles) -> Result<Step, Refusal> {
    let mut words = Words::after_first(text, files);
    match words.argument("watermark", "1, a picture")?.text {
        "1" => {}
        "2" => return Err(Refusal::foreign("watermark/2").unwrap_or(Refusal::Thumbnail)),
        other => return Err(Refusal::Form { operation: "watermark", argument: other.to_owned(), form: "1" }),
    }
    let mut parts = Parts::default();
    while let Some(operation) = words.next() {
        match operation {
            "image" => {
                let argument = words.argument("image", IMAGE)?;
                let name = argument.known(base64_text(argument.text))?;
                if name.contains("://") {
                    return Err(Refusal::foreign("image of a bucket").unwrap_or(Refusal::Thumbnail));
                }
                once(&mut parts.picture, picture(&name, files)?, "image")?;
            }
            "batch" => once(&mut parts.is_tiled, words.argument("batch", SWITCH)?.switch()?, "batch")?,
            other if parts.take(other, &mut words)? => {}
            other => {
                return Err(Refusal::foreign(other).unwrap_or_else(|| Refusal::Unsupported {
                    operation: other.to_owned(),
                    form: "watermark/1",
                    known: OPERATIONS.to_owned(),
                }));
            }
        }
    }
    Ok(Step::Watermark(parts.finish(TENCENT_OPACITY)?))
}

/// The value of the option.
pub(super) fn option(argument: Argument<'_>) -> Result<Watermark, Refusal> {
    let mut items = argument.text.split('+');
    let name = items.next().unwrap_or_default();
    let mut parts = Parts { picture: Some(picture(name, argument.files)?), ..Parts::default() };
    for item in items {
        let (member, value) = argument.known(item.split_once('='))?;
        // The value is read as the only word of a text.
        let mut words = Words::new(value, argument.files);
        match member {
            "tile" => once(&mut parts.is_tiled, words.argument("tile", SWITCH)?.switch()?, "tile")?,
            other if parts.take(other, &mut words)? => {}
            other => {
                return Err(Refusal::Unsupported {
                    operation: other.to_owned(),
                    form: "watermark",
                    known: MEMBERS.to_owned(),
                });
            }
        }
    }
    parts.finish(FULL_OPACITY)
}

fn picture(name: &str, files: &WatermarkFiles) -> Result<WatermarkPicture, Refusal> {
    files.get(name).map_err(|error| Refusal::Watermark { name: name.to_owned(), error })
}

/// The parts of a watermark that are written.
#[derive(Default)]
struct Parts {
    picture: Option<WatermarkPicture>,
    gravity: Option<Gravity>,
    x: Option<u32>,
    y: Option<u32>,
    opacity: Option<u32>,
    is_tiled: Option<bool>,
}

impl Parts {
    /// Takes a part that both forms have in the same words; `false` when the word is none.
    fn take(&mut self, word: &str, words: &mut Words<'_>) -> Result<bool, Refusal> {
        match word {
            "gravity" => {
                once(&mut self.gravity, words.argument("gravity", PLACE)?.choice(&PLACES)?, "gravity")?
            }
            "dx" => once(&mut self.x, words.argument("dx", DISTANCE)?.number(0..=10_000)?, "dx")?,
            "dy" => once(&mut self.y, words.argument("dy", DISTANCE)?.number(0..=10_000)?, "dy")?,
            "dissolve" => {
                let opacity = words.argument("dissolve", NUMBER_TO_100)?.number(1..=100)?;
                once(&mut self.opacity, opacity, "dissolve")?;
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn finish(self, opacity: u8) -> Result<Watermark, Refusal> {
        let needs = "image/<base64 of the name of a PNG file>";
        let picture = self.picture.ok_or(Refusal::Lonely { operation: "watermark/1", needs })?;
        Ok(Watermark {
            picture,
            gravity: self.gravity.unwrap_or(Gravity::SouthEast),
            x: self.x.unwrap_or_default(),
            y: self.y.unwrap_or_default(),
            opacity: self.opacity.and_then(|written| u8::try_from(written).ok()).unwrap_or(opacity),
            is_tiled: self.is_tiled.unwrap_or_default(),
        })
    }
}
