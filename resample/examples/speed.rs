use std::time::Instant;
use thumbnail_resample::*;
fn main() {
    for (w, h, tw) in [(3000u32, 2000u32, 1600u32), (4032, 3024, 1600), (6000, 4000, 1600), (1008, 756, 300)]
    {
        let th = (tw as f64 * h as f64 / w as f64).round() as u32;
        let src: Vec<u8> =
            (0..w as usize * h as usize * 3).map(|i| (i.wrapping_mul(2654435761) >> 13) as u8).collect();
        let mut t = [0.0; 5];
        let mut t2 = [0.0; 5];
        for r in 0..5 {
            let s = Instant::now();
            let mut sc = RowScaler::<u8>::new(
                &Axis { source: w, start: 0., length: w as f64, target: tw, sharpening: 0. },
                &Axis { source: h, start: 0., length: h as f64, target: th, sharpening: 0. },
                3,
            );
            for row in src.chunks_exact(w as usize * 3) {
                sc.push(row);
            }
            let out = sc.finish();
            t[r] = s.elapsed().as_secs_f64() * 1e3;
            let s = Instant::now();
            let mut o2 = vec![0u8; out.len()];
            resample(
                PixelType::U8x3,
                &Pixels { width: w, height: h, samples: &src },
                Crop { left: 0., top: 0., width: w as f64, height: h as f64 },
                PixelsMut { width: tw, height: th, samples: &mut o2 },
                FilterType::Lanczos3,
            )
            .unwrap();
            t2[r] = s.elapsed().as_secs_f64() * 1e3;
            if r == 0 {
                let mut d = [0usize; 4];
                for (a, b) in out.iter().zip(&o2) {
                    d[(a.abs_diff(*b) as usize).min(3)] += 1;
                }
                println!("diffs {d:?}");
            }
        }
        t.sort_by(f64::total_cmp);
        t2.sort_by(f64::total_cmp);
        println!("{w}x{h}->{tw}: own {:.1} fir {:.1}", t[2], t2[2]);
    }
}
