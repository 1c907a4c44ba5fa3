//! Decodes a JPEG to a part of its size and writes a PPM or PGM: `decode IN.jpg 3/8 OUT.ppm`.

use std::fs::File;
use std::io::{BufReader, BufWriter, Write as _};

use thumbnail_jpeg::{Head, Scale, Wanted};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [source, part, target] = arguments.as_slice() else {
        return Err("decode IN.jpg 1/8|2/8|...|8/8 OUT.ppm".into());
    };
    let is_wanted = |scale: &Scale| *part == format!("{}/8", scale.samples());
    let Some(scale) = Scale::ALL.into_iter().find(is_wanted) else {
        return Err(format!("{part} is no scale; it must be 1/8, 2/8 and so on to 8/8").into());
    };
    let mut reader = BufReader::new(File::open(source)?);
    let head = Head::read(&mut reader)?;
    let (width, height) = head.frame.reduced(scale);
    let kind = match head.frame.components.len() {
        1 => "P5",
        3 => "P6",
        count => return Err(format!("{source} has {count} components, and PPM has three").into()),
    };
    let mut rows = BufWriter::new(File::create(target)?);
    write!(rows, "{kind}\n{width} {height}\n255\n")?;
    let mut written = Ok(());
    let summary = head.decode(reader, Wanted { reduction: 1.0, ..Wanted::all(scale) }, |row| {
        if written.is_ok() {
            written = rows.write_all(row);
        }
        if written.is_ok() { Ok(()) } else { Err(thumbnail_jpeg::Error::Stopped) }
    });
    written?;
    let summary = summary?;
    rows.flush()?;
    eprintln!("{width} x {height}, {} bytes read, {} % lost", summary.bytes_read, 100.0 * summary.lost);
    Ok(())
}
