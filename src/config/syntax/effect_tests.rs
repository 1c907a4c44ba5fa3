use super::tests::{DEFAULTS, canonical, of_members, parsed};
use crate::config::{Config, Environment};

#[test]
fn ratios_crop_within_the_image() {
    let table = [
        ("16:9/fit/cover", "crop-ratio=16:9@center;thumbnail=10000x10000>;"),
        ("16:9/fit/ratio/gravity/auto", "crop-ratio=16:9@auto;thumbnail=10000x10000>;"),
        ("1:1/focus/0.3x0.6/fit/cover", "crop-ratio=1:1@0.3x0.6;thumbnail=10000x10000>;"),
        ("1920x1080/fit/ratio", "thumbnail=!1920x1080r>;crop-ratio=1920:1080@center;"),
        ("1920x1080/fit/ratio/gravity/north", "thumbnail=!1920x1080r>;crop-ratio=1920:1080@north;"),
    ];
    for (text, recipe) in table {
        assert_eq!(canonical(text).as_deref(), Ok(recipe), "{text}");
    }
    assert_eq!(
        of_members(r#"{"size":"16:9","fit":"cover"}"#),
        Ok(parsed("16:9/fit/cover").into_recipe(&DEFAULTS).to_string())
    );
    let ratio = "16:9 is a ratio, to which an image is only cropped; write 16:9 with fit/cover, or a size in pixels for \
                 other fits";
    let table = [
        ("16:9", ratio),
        ("16:9/fit/pad", ratio),
        ("16:9/fit/exact", ratio),
        (
            "16:9/fit/cover/enlarge/always",
            "enlarge has no effect without a size in pixels, such as 1600x900; add that or remove enlarge",
        ),
        (
            "16x9/fit/ratio/enlarge/always",
            "enlarge has no effect without fit/inside, fit/cover or fit/pad; add that or remove enlarge",
        ),
        ("16x/fit/ratio", "fit has no effect without both sides, as in 400x300; add that or remove fit"),
        ("0:9/fit/cover", "0 is out of range; a part of a ratio goes from 1 to 10000"),
    ];
    for (text, sentence) in table {
        assert_eq!(canonical(text), Err(sentence.to_owned()), "{text}");
    }
}

/// SHA-1 of the logo.
fn logo() -> String {
    let Some(crate::recipe::Step::Watermark(watermark)) =
        parsed("9x/watermark/logo.png").into_recipe(&DEFAULTS).steps.pop()
    else {
        panic!("no watermark");
    };
    watermark.picture.to_string()
}

#[test]
fn effects_run_in_the_order_written_or_of_the_options() {
    let logo = logo();
    let table = [
        ("imageMogr2/blur/8x5/thumbnail/9x", "blur=8x5;thumbnail=9x;".to_owned()),
        ("imageMogr2/thumbnail/9x/blur/50x0.25", "thumbnail=9x;blur=50x0.25;".to_owned()),
        ("imageMogr2/rradius/9/iradius/5000", "round=9;circle=5000;".to_owned()),
        ("imageMogr2/scrop/30x20", "thumbnail=!30x20r;crop=30x20@auto;".to_owned()),
        (
            "imageMogr2/scrop/30x20/gravity/east/crop/9x",
            "thumbnail=!30x20r;crop=30x20@auto;crop=9x@east;".to_owned(),
        ),
        (
            "imageMogr2/thumbnail/9x|watermark/1/image/bG9nby5wbmc|imageMogr2/rradius/3",
            format!("thumbnail=9x;watermark={logo}@southeast+0+0*90;round=3;"),
        ),
        (
            "watermark/1/image/bG9nby5wbmc=/gravity/north/dx/1/dy/2/dissolve/50/batch/1",
            format!("watermark={logo}@north+1+2*50*tiled;"),
        ),
        (
            "9x9/radius/round/watermark/logo.png/fit/pad/blur/2.5",
            format!("thumbnail=9x9>;pad=9x9;blur=8x2.5;watermark={logo}@southeast+0+0*100;round=;"),
        ),
        ("9x9/radius/4/blur/0.1", "thumbnail=9x9>;blur=1x0.1;round=4;".to_owned()),
        (
            "9x/watermark/logo.png+dy=2+gravity=west+tile=1+dissolve=70+dx=10000",
            format!("thumbnail=9x>;watermark={logo}@west+10000+2*70*tiled;"),
        ),
    ];
    for (text, recipe) in table {
        assert_eq!(canonical(text), Ok(recipe), "{text}");
    }
}

#[test]
fn refusals_of_effects_say_what_to_write() {
    let table = [
        ("imageMogr2/blur/8", "\"8\" is not a value of blur, which reads <radius>x<sigma>, such as 8x5"),
        ("imageMogr2/blur/51x5", "51 is out of range; the radius of blur goes from 1 to 50"),
        ("imageMogr2/blur/8x0", "0 is out of range; the sigma of blur goes from 0.01 to 100"),
        ("imageMogr2/rradius/0", "0 is out of range; rradius goes from 1 to 5000"),
        ("imageMogr2/scrop/9x", "\"9x\" is not a value of scrop, which reads <W>x<H>"),
        ("9x/blur/25.5", "25.5 is out of range; blur goes from 0.1 to 25"),
        (
            "9x/radius/square",
            "\"square\" is not a value of radius, which reads <n> from 1 to 5000 pixels, or round",
        ),
        (
            "watermark/1",
            "watermark/1 has no effect without image/<base64 of the name of a PNG file>; add that or \
                         remove watermark/1",
        ),
        (
            "watermark/2/text/eA",
            "watermark/2 is not supported: there are no fonts; write the text into a PNG, and \
                                 write watermark/1",
        ),
        ("watermark/3", "\"3\" is not a value of watermark, which reads 1"),
        (
            "watermark/1/spcent/10",
            "spcent is not supported: watermarks keep their size; save the PNG in the size that \
                                   thumbnails show",
        ),
        (
            "watermark/1/font/x",
            "\"font\" is not supported; watermark/1 takes image, gravity, dx, dy, dissolve and batch",
        ),
        (
            "watermark/1/image/aHR0cDovL2Etcy0xLmNvcy54Lm15cWNsb3VkLmNvbS9hLnBuZw",
            "image of a bucket is not supported: put the PNG beside bootstrap, and write image/<URL-safe base64 of its \
             name>",
        ),
        (
            "watermark/1/image/Li4vYS5wbmc",
            "the watermark \"../a.png\" cannot be used: it must be the plain name of a PNG file beside bootstrap, \
             such as logo.png, without a folder",
        ),
        (
            "watermark/1/image/bG9nby5wbmc/gravity/auto",
            "\"auto\" is not a value of gravity, which reads northwest, \
          north, northeast, west, center, east, southwest, south or southeast",
        ),
        ("9x/watermark/logo.png+dissolve=0", "0 is out of range; dissolve goes from 1 to 100"),
        ("9x/watermark/logo.png+dx=1+dx=2", "dx is written twice; keep one"),
        (
            "9x/watermark/logo.png+left=1",
            "\"left\" is not supported; watermark takes image, gravity, dx, dy, dissolve \
                                          and tile",
        ),
    ];
    for (text, sentence) in table {
        assert_eq!(canonical(text), Err(String::from(sentence)), "{text}");
    }
    let missing = canonical("9x/watermark/none.png").unwrap_err();
    let begin = "the watermark \"none.png\" cannot be used: it is not in tests/data/watermarks or /";
    assert!(
        missing.starts_with(begin) && missing.ends_with("; put the PNG there, beside bootstrap"),
        "{missing}"
    );
}

#[test]
fn a_watermark_is_a_text_or_an_object() {
    let file = |watermark: &str| {
        let file =
            format!(r#"{{"rules":[{{"thumbnails":{{"a":{{"size":"9x","watermark":{watermark}}}}}}}]}}"#);
        let folder = Some(std::path::Path::new("tests/data/watermarks"));
        let config = Config::load_in(&Environment::default(), Some(&file), folder);
        config
            .map(|config| config.rules()[0].thumbnails()[0].recipe.to_string())
            .map_err(|error| error.to_string())
    };
    let object = r#"{"dx":10,"image":"logo.png","gravity":"north","dissolve":90,"tile":true}"#;
    let text = r#""logo.png+dx=10+gravity=north+dissolve=90+tile=1""#;
    assert_eq!(file(object), file(text));
    assert!(file(object).unwrap().contains("@north+10+0*90*tiled;"));
    let mistakes = file(r#"{"gravity":"north"}"#).unwrap_err();
    assert!(
        mistakes.starts_with("rules[0].thumbnails.a.watermark is \"gravity=north\"; the watermark"),
        "{mistakes}"
    );
}
