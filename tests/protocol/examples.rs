//! The files in `examples/`, each with the thumbnails that it is meant for.

use scf_local::event;

use crate::setup::{Options, REGION, SOURCE, Setup, TARGET, photo, size_of};

/// An example, with the sources and thumbnails of its test.
struct Example {
    name: &'static str,
    rules: &'static str,
    /// Bucket, key and file of each source.
    sources: &'static [(&'static str, &'static str, &'static str)],
    /// Bucket, key and size of each thumbnail.
    thumbnails: &'static [(&'static str, &'static str, (u32, u32))],
}

const LAKE: &str = "events/photos/lake.jpg";
const SCAN: &str = "tests/data/rgb.tif";
const CUTOUT: &str = "tests/data/rgba.png";
const UPLOADS: &str = "uploads-1250000000";

const EXAMPLES: [Example; 5] = [
    Example {
        name: "avatar",
        rules: include_str!("../../examples/avatar.json"),
        sources: &[(SOURCE, "avatars/ann.JPG", LAKE)],
        thumbnails: &[
            (TARGET, "256/avatars/ann.JPG.webp", (256, 256)),
            (TARGET, "64/avatars/ann.JPG.webp", (64, 64)),
        ],
    },
    Example {
        name: "product",
        rules: include_str!("../../examples/product.json"),
        sources: &[(SOURCE, "products/lamp.jpg", LAKE), (SOURCE, "products/lamp.png", CUTOUT)],
        thumbnails: &[
            (TARGET, "detail/products/lamp.jpg.jpg", (1200, 1200)),
            (TARGET, "detail/products/lamp.png.jpg", (1200, 1200)),
            (TARGET, "list/products/lamp.jpg.jpg", (300, 300)),
            (TARGET, "list/products/lamp.png.jpg", (300, 300)),
            (TARGET, "zoom/products/lamp.jpg.jpg", (2048, 1365)),
            (TARGET, "zoom/products/lamp.png.jpg", (192, 128)),
        ],
    },
    Example {
        name: "news",
        rules: include_str!("../../examples/news.json"),
        sources: &[(SOURCE, "articles/1/lake.jpg", LAKE)],
        thumbnails: &[
            (TARGET, "hero/articles/1/lake.jpg.webp", (1600, 900)),
            (TARGET, "social/articles/1/lake.jpg.jpg", (1200, 630)),
            (TARGET, "teaser/articles/1/lake.jpg.webp", (400, 225)),
        ],
    },
    Example {
        name: "archive",
        rules: include_str!("../../examples/archive.json"),
        sources: &[("archive-1250000000", "1901/0001.tif", SCAN)],
        thumbnails: &[
            ("archive-thumbs-1250000000", "contact/1901/0001.tif.jpg", (192, 128)),
            ("archive-thumbs-1250000000", "reading/1901/0001.tif.jpg", (192, 128)),
        ],
    },
    Example {
        name: "tenants",
        rules: include_str!("../../examples/tenants.json"),
        sources: &[
            (UPLOADS, "acme/uploads/x.jpg", LAKE),
            (UPLOADS, "bolt/uploads/x.jpg", LAKE),
            (UPLOADS, "corp/uploads/x.jpg", LAKE),
            (UPLOADS, "x.jpg", LAKE),
        ],
        thumbnails: &[
            ("thumbs-1250000000", "x.jpg", (300, 200)),
            ("thumbs-acme-1250000000", "card/acme/uploads/x.jpg.jpg", (400, 300)),
            ("thumbs-acme-1250000000", "icon/acme/uploads/x.jpg.png", (64, 64)),
            ("thumbs-bolt-1250000000", "large/x-0ec214d9.webp", (1600, 1066)),
            ("thumbs-bolt-1250000000", "small/x-0ec214d9.webp", (150, 100)),
            ("thumbs-corp-1250000000", "large/x-1fe10670.webp", (1600, 1066)),
            ("thumbs-corp-1250000000", "small/x-1fe10670.webp", (150, 100)),
        ],
    },
];

async fn run(example: &Example) {
    let Example { name, rules, sources, thumbnails } = example;
    let targets = thumbnails.iter().map(|(bucket, ..)| *bucket);
    let mut buckets: Vec<&'static str> = sources.iter().map(|(bucket, ..)| *bucket).chain(targets).collect();
    buckets.sort_unstable();
    buckets.dedup();
    let options = Options { rules: Some(rules), buckets: buckets.clone(), ..Options::default() };
    let setup = Setup::with(options).await;
    for (bucket, key, file) in *sources {
        let object = setup.cos.put(bucket, key, std::fs::read(file).unwrap(), &[]).await;
        let message = event::created("cos:ObjectCreated:Put", bucket, REGION, key, &object);
        setup.invoke(&message).await.stored();
    }
    let keys = buckets.iter().flat_map(|bucket| {
        let keys = setup.cos.keys(bucket).into_iter();
        keys.map(|key| ((*bucket).to_owned(), key))
    });
    let made: Vec<_> = keys
        .filter(|(bucket, key)| !sources.iter().any(|(source, name, _)| source == bucket && name == key))
        .collect();
    let expected: Vec<_> =
        thumbnails.iter().map(|(bucket, key, _)| ((*bucket).to_owned(), (*key).to_owned())).collect();
    assert_eq!(made, expected, "{name}");
    for (bucket, key, size) in *thumbnails {
        assert_eq!(size_of(&setup.cos.object(bucket, key).unwrap().bytes), *size, "{name}: {key}");
    }
}

#[tokio::test]
async fn every_example_makes_its_thumbnails() {
    for example in &EXAMPLES {
        run(example).await;
    }
    let files = std::fs::read_dir("examples").unwrap().map(|entry| entry.unwrap().path());
    let files = files.filter(|path| path.extension().is_some_and(|extension| extension == "json"));
    assert_eq!(files.count(), EXAMPLES.len() + 1, "an example has no test; the schema is the other file");
}

#[tokio::test]
async fn limits_and_headers_of_the_examples_hold() {
    let setup = |example: &Example| Setup::with(Options { rules: Some(example.rules), ..Options::default() });
    let avatars = setup(&EXAMPLES[0]).await;
    avatars.thumbnail_of("avatars/ann.jpg", photo()).await.stored();
    let avatar = avatars.stored("256/avatars/ann.jpg.webp");
    assert!(avatar.bytes.len() <= 20 * 1024, "{}", avatar.bytes.len());
    assert_eq!(avatar.headers["x-cos-acl"], "public-read");
    let products = setup(&EXAMPLES[1]).await;
    products.thumbnail_of("products/lamp.jpg", photo()).await.stored();
    assert!(products.stored("list/products/lamp.jpg.jpg").bytes.len() <= 30 * 1024);
}
