//! The contract of the API as clients read it in the repository. Whoever changes the API sees the change here.

use std::path::Path;

use serde_json::Value;
use usher_tests::server::{TestServer, send};

const STORED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/openapi.json");
/// Set to `1`, the stored document becomes what is served.
const ACCEPT: &str = "USHER_ACCEPT";

#[tokio::test]
async fn the_served_api_is_the_one_that_is_written_down() {
    let server = TestServer::start().await;
    let request = reqwest::Client::builder().no_proxy().build().unwrap().get(server.url("/api/docs/openapi.json"));
    let served = send(request).await.expect(200);
    let path = Path::new(STORED);
    if std::env::var(ACCEPT).as_deref() == Ok("1") {
        std::fs::write(path, serde_json::to_string_pretty(&served).unwrap() + "\n").unwrap();
        return;
    }
    let stored: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let changed = changes("", &stored, &served);
    assert!(
        changed.is_empty(),
        "the API differs from docs/openapi.json. If that is meant, accept it:\n    \
         {ACCEPT}=1 cargo test -p usher-tests --test it openapi\n{}",
        changed.join("\n")
    );
}

/// Paths at which the two differ, as deep as both go.
fn changes(at: &str, stored: &Value, served: &Value) -> Vec<String> {
    match (stored, served) {
        (Value::Object(stored), Value::Object(served)) => {
            let gone = stored.keys().filter(|key| !served.contains_key(*key)).map(|key| format!("gone: {at}/{key}"));
            let rest = served.iter().flat_map(|(key, value)| match stored.get(key) {
                Some(known) => changes(&format!("{at}/{key}"), known, value),
                None => vec![format!("new: {at}/{key}")],
            });
            gone.chain(rest).collect()
        }
        _ if stored == served => Vec::new(),
        _ => vec![format!("changed: {at}")],
    }
}

#[test]
fn a_change_is_named_by_its_path() {
    let stored = serde_json::json!({"paths": {"/a": {"get": 1}, "/b": {}}, "same": [1]});
    let served = serde_json::json!({"paths": {"/a": {"get": 2}, "/c": {}}, "same": [1]});
    assert_eq!(changes("", &stored, &served), ["gone: /paths//b", "changed: /paths//a/get", "new: /paths//c"]);
    assert!(changes("", &stored, &stored).is_empty());
}
