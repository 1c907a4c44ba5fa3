//! Tests of the store in a temporary folder.

use super::*;

const BUCKET: &str = "photos-1250000000";

fn new_version(bytes: &'static [u8]) -> NewVersion {
    NewVersion {
        bytes: Bytes::from_static(bytes),
        headers: BTreeMap::new(),
        id: None,
        etag: None,
        forbid_overwrite: false,
        modified: 1,
        request_id: String::new(),
    }
}

fn store() -> (tempfile::TempDir, Store) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path().to_owned(), &[BUCKET.to_owned()]).unwrap();
    (folder, store)
}

fn bytes(store: &Store, key: &str, id: Option<&str>) -> Result<Bytes, String> {
    store.get(BUCKET, key, id).map(|(_, bytes)| bytes).map_err(|error| error.code().to_owned())
}

#[test]
fn odd_keys_coexist_and_survive_a_restart() {
    let long = format!("{}/{}", "k".repeat(424), "猫".repeat(141));
    let keys = [
        "a",
        "a/b",
        "a/b/c",
        "a//b",
        "a/",
        "a/./b",
        "a/../b",
        "..",
        ".",
        "%2F",
        "a%2Fb",
        "a+b",
        "a b",
        "A",
        "图片/猫.jpg",
        "x\u{1}y",
        "x\\y",
        "a%object",
        &long,
    ];
    let (folder, store) = store();
    for key in keys.iter().rev().chain(&keys) {
        store
            .put(
                BUCKET,
                key,
                NewVersion { bytes: Bytes::from(format!("content of {key}")), ..new_version(b"") },
            )
            .unwrap();
    }
    drop(store);
    let store = Store::open(folder.path().to_owned(), &[]).unwrap();
    for key in keys {
        assert_eq!(bytes(&store, key, None).unwrap(), format!("content of {key}"), "{key}");
    }
    for key in keys {
        assert!(store.delete(BUCKET, key, None, 2).unwrap().existed, "{key}");
        assert_eq!(bytes(&store, key, None).unwrap_err(), "NoSuchKey");
    }
    assert_eq!(
        fs::read_dir(folder.path().join(BUCKET)).map_or(0, Iterator::count),
        0,
        "the folder is empty after all deletions"
    );
}

#[test]
fn an_ordinary_key_has_its_obvious_path() {
    let (folder, store) = store();
    store.put(BUCKET, "photos/cat.jpg", new_version(b"meow")).unwrap();
    let path = folder.path().join(BUCKET).join("photos/cat.jpg");
    assert_eq!(fs::read(&path).unwrap(), b"meow");
    assert_eq!(store.file(BUCKET, "photos/cat.jpg"), Some(path));
}

#[test]
fn versions_accumulate_and_markers_hide_them() {
    let (_folder, store) = store();
    store.put(BUCKET, "k", new_version(b"before")).unwrap();
    store.set_versioning(BUCKET, Versioning::Enabled).unwrap();
    let one = store.put(BUCKET, "k", new_version(b"one")).unwrap().id;
    let two = store.put(BUCKET, "k", new_version(b"two")).unwrap().id;
    let marker = store.delete(BUCKET, "k", None, 3).unwrap();
    assert!(marker.marker && marker.existed);
    assert_eq!(bytes(&store, "k", None), Err("NoSuchKey".to_owned()));
    assert_eq!(bytes(&store, "k", Some(NULL_VERSION_ID)).unwrap(), "before");
    assert_eq!(bytes(&store, "k", Some(&one)).unwrap(), "one");
    store.delete(BUCKET, "k", marker.version_id.as_deref(), 4).unwrap();
    assert_eq!(bytes(&store, "k", None).unwrap(), "two");
    store.delete(BUCKET, "k", Some(&two), 5).unwrap();
    assert_eq!(bytes(&store, "k", None).unwrap(), "one");
    assert_eq!(bytes(&store, "k", Some(&two)), Err("NoSuchVersion".to_owned()));
}

#[test]
fn while_suspended_only_the_null_version_is_replaced() {
    let (_folder, store) = store();
    store.set_versioning(BUCKET, Versioning::Enabled).unwrap();
    let one = store.put(BUCKET, "k", new_version(b"one")).unwrap().id;
    store.set_versioning(BUCKET, Versioning::Suspended).unwrap();
    store.put(BUCKET, "k", new_version(b"two")).unwrap();
    assert_eq!(store.put(BUCKET, "k", new_version(b"three")).unwrap().id, NULL_VERSION_ID);
    assert_eq!(bytes(&store, "k", None).unwrap(), "three");
    assert_eq!(bytes(&store, "k", Some(&one)).unwrap(), "one");
}

#[test]
fn a_forbidden_overwrite_changes_nothing() {
    let (_folder, store) = store();
    let careful = || NewVersion { forbid_overwrite: true, ..new_version(b"new") };
    store.put(BUCKET, "k", careful()).unwrap();
    let error =
        store.put(BUCKET, "k", NewVersion { bytes: Bytes::from_static(b"other"), ..careful() }).unwrap_err();
    assert_eq!(error.code(), "FileAlreadyExists");
    assert_eq!(bytes(&store, "k", None).unwrap(), "new");
}

#[test]
fn only_listed_buckets_exist_when_any_is_listed() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path().to_owned(), &[BUCKET.to_owned()]).unwrap();
    assert!(store.put(BUCKET, "k", new_version(b"")).is_ok());
    let error = store.put("other-1250000000", "k", new_version(b"")).unwrap_err();
    assert_eq!(error.code(), "NoSuchBucket");
    assert_eq!(store.put("Not_a_bucket", "k", new_version(b"")).unwrap_err().code(), "InvalidBucketName");
}

#[test]
fn a_version_with_a_given_id_replaces_the_version_with_that_id() {
    let (_folder, store) = store();
    store.set_versioning(BUCKET, Versioning::Enabled).unwrap();
    let given = |bytes| NewVersion { id: Some("given".to_owned()), ..new_version(bytes) };
    store.put(BUCKET, "k", given(b"one")).unwrap();
    let between = store.put(BUCKET, "k", new_version(b"two")).unwrap().id;
    store.put(BUCKET, "k", given(b"three")).unwrap();
    assert_eq!(bytes(&store, "k", Some("given")).unwrap(), "three");
    assert_eq!(bytes(&store, "k", Some(&between)).unwrap(), "two");
    assert_eq!(bytes(&store, "k", None).unwrap(), "three");
}
