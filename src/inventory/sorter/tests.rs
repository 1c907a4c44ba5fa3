//! The sorter against a plain sort in memory.

use std::collections::BTreeMap;
use std::time::{Duration, UNIX_EPOCH};

use super::*;
use crate::object::{ETag, Key};

fn row(key: &str, seconds: Option<u64>, size: u64) -> Row {
    Row {
        key: Key::parse(key).unwrap(),
        size: Some(size),
        etag: Some(ETag::parse(&format!("{size:032x}")).unwrap()),
        last_modified: seconds.map(|seconds| UNIX_EPOCH + Duration::from_secs(seconds)),
        storage_class: size.is_multiple_of(3).then(|| "STANDARD_IA".to_owned()),
        raw_plus: size.is_multiple_of(2),
    }
}

fn sorted(mut sorter: Sorter, rows: &[Row]) -> Vec<Row> {
    for row in rows {
        sorter.push(row).unwrap();
    }
    sorter.finish().unwrap().map(Result::unwrap).collect()
}

/// The newest row of each key, later ones before earlier ones, by a map of the standard library.
fn expected(rows: &[Row]) -> Vec<Row> {
    let mut newest: BTreeMap<Vec<u8>, &Row> = BTreeMap::new();
    for row in rows {
        let kept = newest.entry(row.key.as_str().as_bytes().to_vec()).or_insert(row);
        if row.last_modified >= kept.last_modified {
            *kept = row;
        }
    }
    newest.into_values().cloned().collect()
}

#[test]
fn any_rows_are_sorted_within_any_limits() {
    let folder = tempfile::tempdir().unwrap();
    let mut random = fastrand::Rng::with_seed(7);
    let letters = ["a", "b", "é", "海", "/", "-", "😀", "Z"];
    for round in 0..200 {
        let keys: usize = random.usize(1..400);
        let rows: Vec<_> = (0..random.u64(0..600))
            .map(|number| {
                let mut id = random.usize(0..keys);
                let mut key = "k".to_owned();
                while id > 0 {
                    key.push_str(letters[id % letters.len()]);
                    id /= letters.len();
                }
                let seconds = random.bool().then(|| random.u64(0..4));
                row(&key, seconds, number)
            })
            .collect();
        let (memory, fan_in) = (random.usize(1..4000), random.usize(2..6));
        let sorter = Sorter::with_limits(folder.path(), memory, fan_in);
        assert_eq!(sorted(sorter, &rows), expected(&rows), "round {round}, {memory} bytes, {fan_in} runs");
    }
}

#[test]
fn rows_that_fit_in_memory_need_no_file() {
    let rows = [row("b", None, 1), row("a", None, 2), row("b", None, 3)];
    let sorter = Sorter::in_folder(Path::new("/nowhere"));
    assert_eq!(sorted(sorter, &rows), expected(&rows));
    assert_eq!(sorted(Sorter::default(), &[]), []);
}

#[test]
fn open_files_and_memory_are_bounded() {
    const ROWS: u64 = 5000;
    let folder = tempfile::tempdir().unwrap();
    let mut sorter = Sorter::with_limits(folder.path(), 1000, 4);
    let (mut most_runs, mut levels) = (0, 0);
    for number in 0..ROWS {
        sorter.push(&row(&format!("{:05}", number * 7919 % ROWS), None, number)).unwrap();
        assert!(sorter.buffer.memory_with(&[]) < 1000 + size_of::<std::ops::Range<usize>>());
        most_runs = most_runs.max(sorter.levels.iter().map(Vec::len).sum());
        levels = sorter.levels.len();
        assert!(sorter.levels.iter().all(|runs| runs.len() < 4));
    }
    assert!(levels >= 4 && most_runs < 4 * levels, "{levels} levels, {most_runs} runs");
    let sorted = sorter.finish().unwrap();
    let Some(Source::Runs(_)) = &sorted.0 else { panic!("nothing was written") };
    let keys: Vec<_> = sorted.map(|row| row.unwrap().key.as_str().to_owned()).collect();
    assert_eq!(keys, (0..ROWS).map(|number| format!("{number:05}")).collect::<Vec<_>>());
}

#[test]
fn a_folder_that_cannot_be_written_is_told() {
    let mut sorter = Sorter::with_limits(Path::new("/nowhere"), 1, 2);
    sorter.push(&row("a", None, 1)).unwrap();
    let error = sorter.push(&row("b", None, 1)).unwrap_err();
    assert_eq!(error.code(), "inventory.temporary");
}
