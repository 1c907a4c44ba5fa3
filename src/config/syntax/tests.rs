use super::refusal::Refusal;
use super::sizes::FORMS;
use super::thumbnail::{Defaults, Process};
use crate::config::source::watermark_files::WatermarkFiles;
use crate::config::{Config, Environment};
use crate::recipe::{AiLabels, Format, Quality, Rgb};

pub(super) const DEFAULTS: Defaults = Defaults {
    format: None,
    quality: Quality::Fixed(80),
    background: Rgb::WHITE,
    ai_labels: AiLabels::Keep { propagator: None },
};

/// The logo, the only file that these texts can name.
pub(super) fn files() -> WatermarkFiles {
    WatermarkFiles::beside(Some(std::path::Path::new("tests/data/watermarks")))
}

pub(super) fn parsed(text: &str) -> Process {
    Process::parse(text, &files()).unwrap()
}

/// The canonical form of the recipe, without what is default.
pub(super) fn canonical(text: &str) -> Result<String, String> {
    let process = Process::parse(text, &files()).map_err(|refusal| refusal.to_string())?;
    let recipe = process.into_recipe(&DEFAULTS).to_string();
    Ok(recipe.replace("format=source;", "").replace("quality=80!;", "").replace("background=#ffffff", ""))
}

#[test]
fn sizes_fit_inside_and_never_enlarge() {
    let table = [
        ("300x200", "thumbnail=300x200>;"),
        ("300x", "thumbnail=300x>;"),
        ("x200", "thumbnail=x200>;"),
        ("1x10000", "thumbnail=1x10000>;"),
    ];
    for (text, recipe) in table {
        assert_eq!(canonical(text).as_deref(), Ok(recipe), "{text}");
    }
}

#[test]
fn padding_follows_a_box() {
    let table = [
        ("300x", "thumbnail=300x;"),
        ("300x200/pad/1", "thumbnail=300x200;pad=300x200;"),
        ("300x200/pad/0", "thumbnail=300x200;"),
        ("300x200>/pad/1/color/I0ZGMDAwMA==", "thumbnail=300x200>;pad=300x200@#ff0000;"),
        ("300x200/pad/1/color/I0ZGMDAwMA", "thumbnail=300x200;pad=300x200@#ff0000;"),
    ];
    for (form, recipe) in table {
        assert_eq!(canonical(&format!("imageMogr2/thumbnail/{form}")).as_deref(), Ok(recipe), "{form}");
    }
}

#[test]
fn operations_run_in_the_order_written() {
    let table = [
        (
            "thumbnail/!400x300r/gravity/center/crop/400x300/format/webp/quality/80",
            "thumbnail=!400x300r;crop=400x300@center;format=webp;quality=80;",
        ),
        ("crop/400x/gravity/south/thumbnail/100x", "crop=400x@south;thumbnail=100x;"),
        ("crop/x300/crop/20x20", "crop=x300@northwest;crop=20x20@northwest;"),
        ("rotate/90/thumbnail/100x", "rotate=90;thumbnail=100x;"),
        ("rotate/360/strip", ""),
        ("auto-orient/strip/rotate/0", ""),
        ("format/jpg", "format=jpeg;"),
        ("format/jpeg/quality/70!", "format=jpeg;quality=70!;"),
        ("format/png", "format=png;"),
        ("format/gif", "format=gif;"),
        ("interlace/1", ";interlace"),
        ("interlace/0", ";baseline"),
    ];
    for (text, recipe) in table {
        assert_eq!(canonical(&format!("imageMogr2/{text}")).as_deref(), Ok(recipe), "{text}");
    }
}

#[test]
fn what_is_not_supported_is_refused_by_name() {
    let foreign = [
        "ignore-error/1",
        "bright/10",
        "contrast/10",
        "cgif/10",
        "watermark/1",
        "thumbnail/100x/ignore-error/1",
    ];
    for text in foreign {
        let name = text.strip_prefix("thumbnail/100x/").unwrap_or(text).split('/').next().unwrap();
        let refusal = canonical(&format!("imageMogr2/{text}")).unwrap_err();
        assert!(refusal.starts_with(&format!("{name} is not supported: ")), "{refusal}");
    }
    for text in ["Thumbnail/100x", "fit/cover", "max_bytes/3", "progressive/1", "background/#ffffff"] {
        let name = text.split('/').next().unwrap();
        let refusal = Process::parse(&format!("imageMogr2/{text}"), &files()).unwrap_err();
        assert!(matches!(&refusal, Refusal::Unsupported { operation, .. } if operation == name), "{refusal}");
    }
    assert_eq!(
        canonical("imageMogr2/resize/8x5").unwrap_err(),
        "\"resize\" is not supported; imageMogr2 takes thumbnail (then pad, color), cut, crop, scrop, gravity, \
         iradius, rradius, rotate, flip, blur, sharpen, grayscale, linear, format, quality, rquality, lquality, interlace, size-limit, \
         auto-orient, strip, subsampling, effort, colors, lossless, keep and animation"
    );
    assert_eq!(
        canonical("imageMogr2/watermark/1/image/x").unwrap_err(),
        "watermark is not supported: it is a link of its own; write imageMogr2/…|watermark/1/image/…"
    );
}

#[test]
fn cuts_flips_and_gravity_follow_tencent() {
    let table = [
        ("cut/600x600x100x10", "cut=600x600x100x10@northwest;"),
        ("gravity/southeast/cut/60x50x0x10", "cut=60x50x0x10@southeast;"),
        ("flip/vertical/flip/horizontal", "flip=vertical;flip=horizontal;"),
        ("thumbnail/!30x20r/gravity/auto/crop/30x20", "thumbnail=!30x20r;crop=30x20@auto;"),
        ("gravity/0.31x0.620/crop/30x", "crop=30x@0.31x0.62;"),
        ("sharpen/70", ";sharpen=70"),
        ("grayscale/1", ";greyscale"),
        ("linear/1", ";linear"),
        ("grayscale/0", ""),
        ("size-limit/100k", ";max-bytes=102400"),
        ("size-limit/2m!", ";max-bytes=2097152"),
        ("rquality/60", "quality=60%;"),
        ("lquality/60", "quality=60+;"),
        ("subsampling/444/keep/profile+copyright", ";444;keep=copyright;keep=profile"),
        ("subsampling/420/keep/copyright", ";420;keep=copyright"),
        ("effort/light", ";effort=light"),
        ("effort/usual", ""),
        ("animation/keep", ";animation=keep"),
        ("animation/first", ""),
    ];
    for (text, recipe) in table {
        assert_eq!(canonical(&format!("imageMogr2/{text}")).as_deref(), Ok(recipe), "{text}");
    }
}

#[test]
fn quick_templates_become_steps() {
    let table = [
        ("1/w/500/h/400", "thumbnail=!500x400r>;crop=500x400@center;"),
        ("1/w/500", "thumbnail=!500x500r>;crop=500x500@center;"),
        ("2/w/500/h/400", "thumbnail=500x400>;"),
        ("2/h/400", "thumbnail=x400>;"),
        ("3/h/400/w/500", "thumbnail=!500x400r>;"),
        ("4/w/500/h/400", "thumbnail=!500x400edges;"),
        ("5/w/500/h/400", "thumbnail=!500x400edges;crop-edges=500x400;"),
        ("5/h/400", "thumbnail=!400x400edges;crop-edges=400x400;"),
        ("2/w/500/format/png/q/70", "thumbnail=500x>;format=png;quality=70;"),
        ("2/w/500/q/80!", "thumbnail=500x>;"),
        ("2/w/500/q/70!", "thumbnail=500x>;quality=70!;"),
        ("2/w/500/rq/70", "thumbnail=500x>;quality=70%;"),
        ("2/w/500/lq/70", "thumbnail=500x>;quality=70+;"),
        ("format/png", "format=png;"),
    ];
    for (text, recipe) in table {
        assert_eq!(canonical(&format!("imageView2/{text}")).as_deref(), Ok(recipe), "{text}");
    }
}

#[test]
fn links_run_one_after_the_other() {
    let table = [
        (
            "imageMogr2/thumbnail/30x/gravity/east/crop/9x|imageMogr2/crop/3x/format/png",
            "thumbnail=30x;crop=9x@east;crop=3x@northwest;format=png;",
        ),
        ("imageView2/2/w/300|imageMogr2/rotate/90", "thumbnail=300x>;rotate=90;"),
    ];
    for (text, recipe) in table {
        assert_eq!(canonical(text).as_deref(), Ok(recipe), "{text}");
    }
    let chain = |links: usize| vec!["imageMogr2/rotate/90"; links].join("|");
    assert!(canonical(&chain(10)).is_ok());
    assert_eq!(
        canonical(&chain(11)).unwrap_err(),
        "11 operations are joined with |, at most 10 may be; leave some out"
    );
}

#[test]
fn sizes_take_options_in_plain_words() {
    let table = [
        ("300x200/fit/inside", "thumbnail=300x200>;"),
        ("300x200/fit/cover", "thumbnail=!300x200r>;crop=300x200@center;"),
        ("300x200/fit/cover/enlarge/always", "thumbnail=!300x200r;crop=300x200@center;"),
        ("300x200/fit/cover/gravity/auto", "thumbnail=!300x200r>;crop=300x200@auto;"),
        ("300x200/focus/0.3x0.6/fit/cover", "thumbnail=!300x200r>;crop=300x200@0.3x0.6;"),
        ("300x200/fit/exact", "thumbnail=300x200!;"),
        ("300x200/fit/pad", "thumbnail=300x200>;pad=300x200;"),
        ("300x/enlarge/only", "thumbnail=300x<;"),
        ("300x/enlarge/never", "thumbnail=300x>;"),
        ("300x/quality/70/format/webp", "thumbnail=300x>;format=webp;quality=70!;"),
        ("300x/max_bytes/30000", "thumbnail=300x>;;max-bytes=30000"),
        ("300x/max_bytes/30k/progressive/1", "thumbnail=300x>;;max-bytes=30720;interlace"),
        ("300x/sharpen/50/subsampling/444", "thumbnail=300x>;;sharpen=50;444"),
        ("300x/quality/auto", "thumbnail=300x>;quality=auto:75;"),
        ("300x/format/webp/quality/auto:85", "thumbnail=300x>;format=webp;quality=auto:85;"),
        ("300x/format/png/colors/64", "thumbnail=300x>;format=png;;colors=64"),
        ("300x/format/webp/lossless/near", "thumbnail=300x>;format=webp;;nearly lossless"),
        ("300x/progressive/0/effort/fast", "thumbnail=300x>;;baseline;effort=fast"),
    ];
    for (text, recipe) in table {
        assert_eq!(canonical(text).as_deref(), Ok(recipe), "{text}");
    }
    let background = parsed("9x9/fit/pad/background/#102030").into_recipe(&DEFAULTS);
    assert_eq!(background.background, Rgb([0x10, 0x20, 0x30]));
}

#[test]
fn refusals_say_what_to_write() {
    let side = "is out of range; a side goes from 1 to 10000";
    let size = "a thumbnail reads 300x300, 300x, x300, each also with options as in 300x300/fit/cover, or imageMogr2/… \
                or imageView2/… in Tencent's syntax";
    let form = |what: &str| format!("{what:?} is not a value of thumbnail, which reads {FORMS}");
    let table = [
        ("", size.to_owned()),
        (
            "300",
            "a size has an x and no unit: 300x300 is a box, 300x a width and x300 a height, in pixels".into(),
        ),
        (
            "300px",
            "a size has an x and no unit: 300x300 is a box, 300x a width and x300 a height, in pixels".into(),
        ),
        ("px", size.to_owned()),
        (
            "150x150,large=1600x1600",
            "thumbnails are separated by semicolons and not by commas: small=150x150;large=1600x1600".into(),
        ),
        (
            "3x3/background/white",
            "\"white\" is not a value of background, which reads #rrggbb or #rgb, such as #ffffff".into(),
        ),
        ("x", size.to_owned()),
        ("300x300>", size.to_owned()),
        ("300X300", size.to_owned()),
        ("+300x300", size.to_owned()),
        ("300 x 300", size.to_owned()),
        ("imageMogr3/thumbnail/300x", size.to_owned()),
        ("0x300", format!("0 {side}")),
        ("300x10001", format!("10001 {side}")),
        (
            "imageMogr2",
            "imageMogr2 names no operation; write one such as imageMogr2/thumbnail/300x300".into(),
        ),
        (
            "imageMogr2/",
            "imageMogr2 names no operation; write one such as imageMogr2/thumbnail/300x300".into(),
        ),
        ("imageMogr2/thumbnail", format!("thumbnail needs a value: {FORMS}")),
        ("imageMogr2/thumbnail//crop/1x1", format!("thumbnail needs a value: {FORMS}")),
        ("imageMogr2/thumbnail/300", form("300")),
        ("imageMogr2/thumbnail/!1001p", "1001 is out of range; a percentage goes from 1 to 1000".into()),
        ("imageMogr2/quality/0", "0 is out of range; quality goes from 1 to 100".into()),
        ("imageMogr2/quality/101!", "101 is out of range; quality goes from 1 to 100".into()),
        ("imageMogr2/rotate/361", "361 is out of range; rotate goes from 0 to 360".into()),
        ("imageMogr2/interlace/2", "\"2\" is not a value of interlace, which reads 0 or 1".into()),
        (
            "imageMogr2/format/heif",
            "\"heif\" is not a value of format, which reads jpg, png, webp, avif or gif".into(),
        ),
        (
            "imageMogr2/thumbnail/3x3/pad/1/color/red",
            "\"red\" is not a value of color, which reads <URL-safe base64 of #RRGGBB> such as I2ZmZmZmZg"
                .into(),
        ),
    ];
    for (text, sentence) in table {
        assert_eq!(canonical(text), Err(sentence), "{text}");
    }
}

#[test]
fn refusals_of_options_and_templates_say_what_to_write() {
    let table = [
        ("imageView2/", "imageView2 names no operation; write one such as imageView2/2/w/300/h/300"),
        ("imageView2/6/w/3", "6 is out of range; imageView2 goes from 1 to 5"),
        ("imageView2/1/w/0", "0 is out of range; w goes from 1 to 10000"),
        (
            "imageView2/1/z/3",
            "\"z\" is not supported; imageView2 takes a mode from 1 to 5, w, h, format, q, rq, \
            lq, sharpen, grayscale, linear, subsampling, effort, colors, lossless, keep and animation",
        ),
        ("imageMogr2/cut/3x3x3", "\"3x3x3\" is not a value of cut, which reads <W>x<H>x<dx>x<dy>"),
        ("imageMogr2/cut/0x3x3x3", "0 is out of range; a side goes from 1 to 10000"),
        ("imageMogr2/sharpen/9", "9 is out of range; sharpen goes from 10 to 300"),
        (
            "imageMogr2/size-limit/100",
            "\"100\" is not a value of size-limit, which reads <n>k or <n>m, with or without !",
        ),
        ("300x/animation/all", "\"all\" is not a value of animation, which reads first or keep"),
        (
            "300x/keep/gps",
            "\"gps\" is not a value of keep, which reads copyright, profile or copyright+profile",
        ),
        (
            "300x/keep/gainmap",
            "keep/gainmap is not supported: thumbnails show the base picture of an HDR photograph, without its gain \
             map; remove it",
        ),
        (
            "300x/quality/70!",
            "\"70!\" is not a value of quality, which reads <n> from 1 to 100, auto, or auto:<score> from 40 to 95",
        ),
        (
            "300x/quality/auto:96",
            "\"auto:96\" is not a value of quality, which reads <n> from 1 to 100, auto, or auto:<score> from 40 to 95",
        ),
        ("300x/colors/1", "1 is out of range; colors goes from 2 to 256"),
        ("300x/lossless/2", "\"2\" is not a value of lossless, which reads 0, 1 or near"),
        ("300x/fit", "fit needs a value: inside, cover, ratio, exact or pad"),
        (
            "300x/",
            "\"\" is not supported; a size takes fit, enlarge, gravity, focus, sharpen, blur, watermark, radius, grayscale, \
             linear, format, quality, background, progressive, subsampling, effort, colors, lossless, max_bytes, keep and animation",
        ),
    ];
    for (text, sentence) in table {
        assert_eq!(canonical(text), Err(String::from(sentence)), "{text}");
    }
}

#[test]
fn operations_that_mean_nothing_together_are_refused() {
    let table = [
        ("imageMogr2/format/png/format/gif", "format is written twice; keep one"),
        ("imageMogr2/quality/1/quality/1", "a quality is written twice; keep one"),
        (
            "imageMogr2/gravity/center/thumbnail/3x",
            "gravity has no effect without crop or cut; add that or remove gravity",
        ),
        ("imageMogr2/pad/1", "pad has no effect without thumbnail before it; add that or remove pad"),
        (
            "imageMogr2/thumbnail/3x/pad/1",
            "pad has no effect without thumbnail/<W>x<H> before it; add that or remove pad",
        ),
        (
            "imageMogr2/thumbnail/3x/color/I2ZmZmZmZg",
            "color has no effect without pad/1 before it; add that or remove color",
        ),
        ("imageMogr2/format/png|imageMogr2/format/gif", "format is written twice; keep one"),
        ("imageMogr2/quality/1/lquality/1", "a quality is written twice; keep one"),
        (
            "300x|imageMogr2/format/png",
            "\"300x\" cannot be joined with |; join imageMogr2/…, imageView2/… and watermark/1/…",
        ),
        (
            "imageMogr2/gravity/auto/cut/1x1x1x1",
            "gravity/auto or a point has no effect without crop; add that or remove gravity/auto or a point",
        ),
        ("imageView2/2", "a mode has no effect without w or h; add that or remove a mode"),
        (
            "imageView2/w/3",
            "w or h has no effect without a mode as in imageView2/2/w/300; add that or remove w or h",
        ),
        ("3x/fit/cover", "fit has no effect without both sides, as in 400x300; add that or remove fit"),
        (
            "3x3/gravity/north",
            "gravity or focus has no effect without fit/cover or fit/ratio; add that or remove gravity or focus",
        ),
        ("3x3/fit/cover/focus/1x1/gravity/auto", "gravity or focus is written twice; keep one"),
        (
            "3x3/fit/exact/enlarge/only",
            "enlarge has no effect without fit/inside, fit/cover or fit/pad; add that or remove enlarge",
        ),
    ];
    for (text, sentence) in table {
        assert_eq!(canonical(text), Err(String::from(sentence)), "{text}");
    }
}

#[test]
fn own_words_win_over_defaults() {
    let defaults = Defaults {
        format: Some(Format::WebP),
        quality: Quality::Fixed(60),
        background: Rgb([0; 3]),
        ai_labels: AiLabels::Drop,
    };
    let of = |text: &str| parsed(text).into_recipe(&defaults).to_string();
    assert_eq!(of("3x"), "thumbnail=3x>;format=webp;quality=60!;background=#000000;aigc=drop");
    assert_eq!(of("imageMogr2/format/png/quality/90"), "format=png;quality=90;background=#000000;aigc=drop");
}

/// The recipe of a thumbnail that is an object in `thumbnails.json`, or all mistakes in it.
pub(super) fn of_members(object: &str) -> Result<String, String> {
    let file = format!(r#"{{"rules":[{{"thumbnails":{{"a":{object}}}}}]}}"#);
    let config =
        Config::load(&Environment::default(), Some(&file)).map_err(|mistakes| mistakes.to_string())?;
    Ok(config.rules()[0].thumbnails()[0].recipe.to_string())
}

#[test]
fn members_mean_what_the_options_of_a_text_mean() {
    let table = [
        (r#"{"size":"400x300"}"#, "400x300"),
        (
            r#"{"focus":[0.31,0.62],"fit":"cover","size":"400x300","quality":70,"progressive":true,
                "keep":["copyright","profile"],"subsampling":444,"max_bytes":"30k","format":null}"#,
            "400x300/fit/cover/focus/0.31x0.62/quality/70/progressive/1/subsampling/444/max_bytes/30k/\
             keep/copyright+profile",
        ),
        (
            r##"{"size":"9x","keep":"profile","grayscale":false,"background":"#fff"}"##,
            "9x/grayscale/0/keep/profile/background/#ffffff",
        ),
    ];
    for (object, text) in table {
        let recipe = parsed(text).into_recipe(&DEFAULTS).to_string();
        assert_eq!(of_members(object), Ok(recipe), "{object}");
    }
}

#[test]
fn mistakes_of_members_are_told_by_path_and_all_at_once() {
    let no_size =
        "a size reads 400x300, 400x, x300 or 16:9; for Tencent's syntax write a text in place of the object";
    let table = [
        (r#"{"fit":"cover"}"#, format!("rules[0].thumbnails.a.size is \"\"; {no_size}")),
        (
            r#"{"size":"imageMogr2","grayscale":true}"#,
            format!("rules[0].thumbnails.a.size is \"imageMogr2\"; {no_size}"),
        ),
        (
            r#"{"size":"9x/fit/cover"}"#,
            format!("rules[0].thumbnails.a.size is \"9x/fit/cover\"; {no_size}"),
        ),
        (
            r#"{"size":"9x9","fit":"cover/keep/profile","sharpen":"","linear":[0,1],"fit":"pad"}"#,
            "rules[0].thumbnails.a.fit is \"cover/keep/profile\"; \"cover/keep/profile\" is not a value of fit, which \
             reads inside, cover, ratio, exact or pad\n\
             rules[0].thumbnails.a.sharpen is \"\"; sharpen needs a value: <n> from 10 to 300, such as 70\n\
             rules[0].thumbnails.a.linear is \"[0, 1]\"; \"[0, 1]\" is not a value of linear, which reads 0 or 1"
                .to_owned(),
        ),
        (
            r#"{"size":"9x9","gravity":"north","focus":"1x1"}"#,
            "rules[0].thumbnails.a.focus is \"1x1\"; gravity or focus is written twice; keep one".to_owned(),
        ),
        (
            r#"{"size":"9x9","gravity":"north"}"#,
            "rules[0].thumbnails.a.size is \"9x9\"; gravity or focus has no effect without fit/cover or fit/ratio; add that or \
             remove gravity or focus"
                .to_owned(),
        ),
    ];
    for (object, sentences) in table {
        assert_eq!(of_members(object), Err(sentences), "{object}");
    }
}
