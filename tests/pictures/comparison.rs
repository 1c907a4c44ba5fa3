//! Differences between images.

use image::RgbaImage;

/// Mean and largest difference of samples of two images, colours premultiplied by alpha.
pub(crate) fn difference(left: &RgbaImage, right: &RgbaImage) -> (f64, f64) {
    assert_eq!(left.dimensions(), right.dimensions());
    let premultiplied = |image: &RgbaImage| -> Vec<f64> {
        let weigh = |image::Rgba([r, g, b, a]): &image::Rgba<u8>| {
            let alpha = f64::from(*a);
            [r, g, b].map(|color| f64::from(*color) * alpha / 255.0).into_iter().chain([alpha])
        };
        image.pixels().flat_map(weigh).collect()
    };
    let (left, right) = (premultiplied(left), premultiplied(right));
    let differences = left.iter().zip(&right).map(|(left, right)| (left - right).abs());
    let (sum, most) = differences.fold((0.0, 0.0_f64), |(sum, most), d| (sum + d, most.max(d)));
    (sum / left.len() as f64, most)
}
