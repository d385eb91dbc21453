//! Buckets for tests. `TEST_S3_URL` names a server that makes one for whoever asks; each test gets a bucket of its own, and
//! they go with the server.

use std::sync::atomic::{AtomicU32, Ordering};

use usher::config;

const URL: &str = "TEST_S3_URL";
/// Set to `1` where a skipped test must be a failed one.
const REQUIRED: &str = "USHER_TEST_REQUIRE_S3";

static NUMBER: AtomicU32 = AtomicU32::new(0);

pub struct Bucket {
    endpoint: String,
    name: String,
}

impl Bucket {
    /// `None`, said loudly, when there is no server to test on.
    ///
    /// # Panics
    /// When there must be a server and is none, or when it refuses a bucket.
    pub async fn create() -> Option<Self> {
        let Ok(endpoint) = std::env::var(URL) else {
            assert!(std::env::var(REQUIRED).as_deref() != Ok("1"), "{REQUIRED} is 1, but {URL} is not set");
            shout_skipped();
            return None;
        };
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("usher-test-{}-{number}-{:08x}", std::process::id(), rand::random::<u32>());
        let made = client().put(format!("{endpoint}/{name}")).send().await.expect("the server of TEST_S3_URL answers");
        assert!(made.status().is_success(), "{made:?}");
        Some(Self { endpoint, name })
    }

    /// Makes a server keep its files here.
    pub fn configure(&self, objects: &mut config::Objects) {
        objects.bucket = Some(self.name.clone());
        objects.endpoint = Some(self.endpoint.clone());
        objects.access_key = Some("test".to_owned());
        objects.secret_key = Some("test".into());
        objects.allow_http = true;
    }

    /// How many objects are in it.
    ///
    /// # Panics
    /// When the server does not answer.
    pub async fn objects(&self) -> usize {
        let listed = client().get(format!("{}/{}?list-type=2", self.endpoint, self.name)).send().await;
        let text = listed.expect("the bucket is listed").text().await.expect("the list is text");
        text.matches("<Key>").count()
    }
}

fn client() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().build().expect("a client can be made")
}

#[expect(clippy::disallowed_macros, reason = "whoever runs the tests must see what was not tested")]
fn shout_skipped() {
    let test = std::thread::current().name().unwrap_or("a test").to_owned();
    eprintln!("SKIPPED {test}: {URL} is not set, so nothing was tested on an S3 server");
}
