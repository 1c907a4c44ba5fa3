//! Lookup of many keys at once, by listing.
//!
//! One page of a listing decides for up to a thousand keys whether there is an object, at the price of a single request.
//! Where the keys lie far apart, the listing jumps to the next of them, so it never costs more requests than HEAD would, and
//! templates of any shape can be looked up.

use crate::cos::ListedObject;
use crate::object::Bucket;
use crate::sync::{Store, StoreError};

/// Finds the objects under `keys`, which are sorted and differ. The result has one entry for each key.
pub(super) async fn look_up<S: Store>(
    store: &S,
    bucket: &Bucket,
    keys: &[&str],
) -> Result<Vec<Option<ListedObject>>, StoreError> {
    let mut found: Vec<Option<ListedObject>> = Vec::with_capacity(keys.len());
    let mut marker = String::new();
    while let (Some(key), Some(last)) = (keys.get(found.len()), keys.last()) {
        let before = before(key);
        if before > marker {
            marker = before;
        }
        let page = store.list(bucket, shared(key, last), &marker).await?;
        for object in page.objects {
            while keys.get(found.len()).is_some_and(|key| *key < object.key.as_str()) {
                found.push(None);
            }
            if keys.get(found.len()).is_some_and(|key| *key == object.key.as_str()) {
                found.push(Some(object));
            }
        }
        // Without a next page there is nothing more under the rest of the keys.
        let decided = |key: &&str| page.next.as_deref().is_none_or(|next| *key <= next);
        let before = found.len();
        while keys.get(found.len()).is_some_and(decided) {
            found.push(None);
        }
        if let Some(next) = page.next {
            if next <= marker && before == found.len() {
                return Err(StoreError::stuck(bucket, &next));
            }
            marker = next.max(marker);
        }
    }
    Ok(found)
}

/// A marker shortly before `key`: the key whose last character is the one before, and a tilde, which comes after all other
/// printable ASCII. Nearly nothing lies between the two.
fn before(key: &str) -> String {
    let mut characters = key.chars();
    let last = characters.next_back();
    let mut marker = characters.as_str().to_owned();
    if let Some(last @ '"'..='~') = last {
        marker.extend(char::from_u32(u32::from(last).saturating_sub(1)));
        marker.push('~');
    }
    marker
}

/// The common beginning of two keys.
fn shared<'a>(one: &'a str, other: &str) -> &'a str {
    let same = one.char_indices().zip(other.chars()).find(|((_, a), b)| a != b);
    let end = same.map_or_else(|| one.len().min(other.len()), |((at, _), _)| at);
    one.get(..end).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;
    use crate::cos::{Head, ListPage};
    use crate::object::Key;

    /// A bucket whose pages have a few objects.
    struct Small {
        keys: Vec<String>,
        page: usize,
        requests: Cell<usize>,
    }

    impl Store for Small {
        async fn list(&self, _: &Bucket, prefix: &str, marker: &str) -> Result<ListPage, StoreError> {
            self.requests.set(self.requests.get() + 1);
            let mut rest = self.keys.iter().filter(|key| key.starts_with(prefix) && key.as_str() > marker);
            let objects: Vec<_> = rest.by_ref().take(self.page).map(|key| object(key)).collect();
            let next = rest.next().and_then(|_| objects.last()).map(|last| last.key.as_str().to_owned());
            Ok(ListPage { objects, next, unusable: 0 })
        }

        async fn head(&self, _: &Bucket, _: &Key) -> Result<Option<Head>, StoreError> {
            Ok(None)
        }
    }

    fn object(key: &str) -> ListedObject {
        let key = Key::parse(key).unwrap();
        ListedObject { key, length: 1, etag: None, last_modified: None, is_archived: false }
    }

    /// The keys that are found, and the requests that it took.
    async fn found(present: &[String], page: usize, keys: &[&str]) -> (Vec<String>, usize) {
        let mut present = present.to_vec();
        present.sort();
        let store = Small { keys: present, page, requests: Cell::new(0) };
        let bucket = Bucket::parse("t-125").unwrap();
        let found = look_up(&store, &bucket, keys).await.unwrap();
        assert_eq!(found.len(), keys.len());
        for (key, object) in keys.iter().zip(&found) {
            assert!(object.as_ref().is_none_or(|object| object.key.as_str() == *key));
        }
        let names = found.into_iter().flatten().map(|object| object.key.as_str().to_owned()).collect();
        (names, store.requests.get())
    }

    #[tokio::test]
    async fn one_page_decides_for_all_its_keys() {
        let present: Vec<String> = (0..50).map(|number| format!("a/{number:03}")).collect();
        let (names, requests) = found(&present, 100, &["a/003", "a/0035", "a/049", "b/1"]).await;
        assert_eq!((names, requests), (vec!["a/003".to_owned(), "a/049".to_owned()], 1));
    }

    #[tokio::test]
    async fn far_keys_are_reached_by_a_jump() {
        let present: Vec<String> = (0..1000).map(|number| format!("{number:03}.jpg")).collect();
        let (names, requests) = found(&present, 10, &["000.jpg", "500.jpg", "999.jpg"]).await;
        assert_eq!((names.len(), requests), (3, 3));
    }

    #[tokio::test]
    async fn short_names_are_reached_by_a_jump_as_well() {
        let present: Vec<String> = (0..1000).map(|number| format!("p/{number}")).collect();
        let (names, requests) = found(&present, 10, &["p/0", "p/5", "p/9", "p/999"]).await;
        assert_eq!((names.len(), requests), (4, 4));
    }

    #[tokio::test]
    async fn every_lookup_agrees_with_the_bucket() {
        let mut random = fastrand::Rng::with_seed(7);
        for _ in 0..300 {
            let any = |random: &mut fastrand::Rng| {
                (0..random.usize(1..4))
                    .map(|_| random.choice(['a', 'b', 'é', '猫']).unwrap())
                    .collect::<String>()
            };
            let mut present: Vec<String> = (0..random.usize(0..40)).map(|_| any(&mut random)).collect();
            present.sort();
            present.dedup();
            let mut keys: Vec<String> = (0..random.usize(0..20)).map(|_| any(&mut random)).collect();
            keys.sort();
            keys.dedup();
            let asked: Vec<&str> = keys.iter().map(String::as_str).collect();
            let (names, _) = found(&present, random.usize(1..5), &asked).await;
            let expected: Vec<_> = keys.iter().filter(|key| present.contains(key)).cloned().collect();
            assert_eq!(names, expected, "{keys:?} in {present:?}");
        }
    }
}
