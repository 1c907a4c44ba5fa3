//! A model of COS with millions of sources, which takes a few bits for each.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use cos_thumbnailer::cos::{Head, ListPage, ListedObject};
use cos_thumbnailer::object::{Bucket, ETag, Key};
use cos_thumbnailer::recipe::Recipe;
use cos_thumbnailer::reconcile::{SourceName, Stamp};
use cos_thumbnailer::sync::{Store, StoreError};

use crate::setup::{SOURCE, TARGET};

/// Objects of a page, as in COS.
const PAGE: usize = 1000;

/// Time of a listing and of a HEAD over the internet.
const LIST: Duration = Duration::from_millis(60);
const HEAD: Duration = Duration::from_millis(30);

/// Sources `0..count` and their thumbnails. Some sources are no images, and some thumbnails have no source.
pub(crate) struct Bits {
    pub(crate) count: usize,
    /// Thumbnails beyond `count` are orphans.
    stored: Vec<u64>,
    pub(crate) lists: u64,
    pub(crate) heads: u64,
}

#[derive(Clone)]
pub(crate) struct ModelStore(pub(crate) Rc<RefCell<Bits>>);

pub(crate) fn key(number: usize) -> String {
    format!("p/{number:09}.jpg")
}

pub(crate) fn number(key: &str) -> usize {
    key.strip_prefix("p/").and_then(|rest| rest.strip_suffix(".jpg")).unwrap().parse().unwrap()
}

/// One source in 200 is not an image.
pub(crate) fn is_image(number: usize) -> bool {
    number % 200 != 7
}

/// Bytes of a source: 1 to 5 MB.
pub(crate) fn bytes(number: usize) -> u64 {
    1_000_000 + (number as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) % 4_000_000
}

impl ModelStore {
    /// One thumbnail in ten is there already, and there are some orphans.
    pub(crate) fn new(count: usize, orphans: usize) -> Self {
        let stored = vec![0; (count + orphans).div_ceil(64)];
        let store = Self(Rc::new(RefCell::new(Bits { count, stored, lists: 0, heads: 0 })));
        (0..count)
            .filter(|number| number % 10 == 3 && is_image(*number))
            .for_each(|number| store.set(number, true));
        (count..count + orphans).for_each(|number| store.set(number, true));
        store
    }

    pub(crate) fn set(&self, number: usize, is_stored: bool) {
        let word = &mut self.0.borrow_mut().stored[number / 64];
        let bit = 1 << (number % 64);
        if is_stored { *word |= bit } else { *word &= !bit }
    }

    pub(crate) fn has(&self, number: usize) -> bool {
        self.0.borrow().stored.get(number / 64).is_some_and(|word| word & (1 << (number % 64)) != 0)
    }

    /// Sources without thumbnail that should have one, and thumbnails that should not be there.
    pub(crate) fn wrong(&self) -> usize {
        let all = self.0.borrow().stored.len() * 64;
        let count = self.0.borrow().count;
        (0..all).filter(|number| self.has(*number) != (*number < count && is_image(*number))).count()
    }

    /// Number of keys below `end` that precede all others by `is_before`.
    fn partition(end: usize, is_before: impl Fn(&str) -> bool) -> usize {
        let (mut low, mut high) = (0, end);
        while low < high {
            let middle = low + (high - low) / 2;
            if is_before(&key(middle)) { low = middle + 1 } else { high = middle }
        }
        low
    }
}

fn object(number: usize, time: u64) -> ListedObject {
    ListedObject {
        key: Key::parse(&key(number)).unwrap(),
        length: bytes(number),
        etag: ETag::parse("9b2cf535f27731c974343645a3985328").ok(),
        last_modified: Some(at(time)),
        is_archived: false,
    }
}

fn at(seconds: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(seconds)
}

impl Store for ModelStore {
    async fn list(&self, bucket: &Bucket, prefix: &str, marker: &str) -> Result<ListPage, StoreError> {
        tokio::time::sleep(LIST).await;
        self.0.borrow_mut().lists += 1;
        let is_source = bucket.as_str() == SOURCE;
        assert!(is_source || bucket.as_str() == TARGET);
        let end = if is_source { self.0.borrow().count } else { self.0.borrow().stored.len() * 64 };
        let is_below = |key: &str| key <= marker || (key < prefix && !key.starts_with(prefix));
        let first = Self::partition(end, is_below);
        let last = Self::partition(end, |key| key < prefix || key.starts_with(prefix));
        let mut numbers = (first..last).filter(|number| is_source || self.has(*number));
        let objects: Vec<_> = numbers
            .by_ref()
            .take(PAGE)
            .map(|number| object(number, if is_source { 100 } else { 200 }))
            .collect();
        let next = numbers.next().and_then(|_| objects.last()).map(|last| last.key.as_str().to_owned());
        Ok(ListPage { objects, next, unusable: 0 })
    }

    async fn head(&self, bucket: &Bucket, key: &Key) -> Result<Option<Head>, StoreError> {
        tokio::time::sleep(HEAD).await;
        self.0.borrow_mut().heads += 1;
        let number = number(key.as_str());
        if bucket.as_str() == SOURCE {
            let is_there = number < self.0.borrow().count;
            let head = Head { length: bytes(number), etag: object(number, 100).etag, ..Head::default() };
            return Ok(is_there.then_some(head));
        }
        let stamp = Stamp {
            source: SourceName::new(&Bucket::parse(SOURCE).unwrap(), key),
            content: None,
            version: None,
            recipe: Recipe::fit_inside(300, 300).hash_among(&[]),
        };
        let meta = stamp.to_meta().into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        Ok(self.has(number).then(|| Head { meta, ..Head::default() }))
    }
}
