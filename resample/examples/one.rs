use thumbnail_resample::*;
fn main() {
    let a: Vec<u32> = std::env::args().skip(1).map(|a| a.parse().unwrap()).collect();
    let (w, h, tw, fir) = (a[0], a[1], a[2], a[3]);
    let th = (tw as f64 * h as f64 / w as f64).round() as u32;
    let src: Vec<u8> =
        (0..w as usize * h as usize * 3).map(|i| (i.wrapping_mul(2654435761) >> 13) as u8).collect();
    for _ in 0..1 {
        if fir == 0 {
            let mut sc = RowScaler::<u8>::new(
                &Axis { source: w, start: 0., length: w as f64, target: tw, sharpening: 0. },
                &Axis { source: h, start: 0., length: h as f64, target: th, sharpening: 0. },
                3,
            );
            for row in src.chunks_exact(w as usize * 3) {
                sc.push(row);
            }
            std::hint::black_box(sc.finish());
        } else {
            let mut o2 = vec![0u8; (tw * th * 3) as usize];
            resample(
                PixelType::U8x3,
                &Pixels { width: w, height: h, samples: &src },
                Crop { left: 0., top: 0., width: w as f64, height: h as f64 },
                PixelsMut { width: tw, height: th, samples: &mut o2 },
                FilterType::Lanczos3,
            )
            .unwrap();
            std::hint::black_box(o2);
        }
    }
}
