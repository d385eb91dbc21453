//! Metrics are of the kind that `docs/operating.md` says.

use std::collections::BTreeMap;

use serde_json::json;
use usher_tests::server::{TestServer, send};

use crate::show::Show;

const DOCUMENT: &str = include_str!("../../docs/operating.md");

/// Name and kind of each row of the table.
fn documented() -> BTreeMap<&'static str, &'static str> {
    let rows = DOCUMENT.lines().filter(|line| line.starts_with("| `usher_"));
    let rows = rows.filter_map(|line| {
        let mut cells = line.split('|').skip(1).map(str::trim);
        Some((cells.next()?, cells.next()?))
    });
    rows.flat_map(|(names, kind)| names.split(", ").map(move |name| (name.trim_matches('`'), kind))).collect()
}

/// A summary's quantiles cannot be added up over nodes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_metric_is_of_the_kind_that_is_documented() {
    let server = TestServer::start().await;
    let show = Show::on_sale(&server).await;
    show.open_room(&server, json!({"opens_at": "2034-01-01T00:00:00Z"})).await;
    let account = server.attendee().await;
    show.join(&server, &account).await;
    let text = send(reqwest::Client::new().get(server.url("/metrics"))).await.text;
    let kinds = text.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split_once(' '));
    let kinds: BTreeMap<_, _> = kinds.collect();
    let documented = documented();
    for (name, kind) in &kinds {
        assert_eq!(documented.get(name), Some(kind), "{name}");
    }
    for name in ["usher_journal_commit_seconds", "usher_journal_commit_bytes", "usher_waiting_join_batch_joins"] {
        assert_eq!(kinds.get(name), Some(&"histogram"), "{name}");
        assert!(text.contains(&format!("{name}_bucket{{le=\"+Inf\"}}")), "{text}");
    }
    assert!(text.contains("usher_waiting_join_batch_joins_bucket{le=\"1\"} 1\n"), "{text}");
    server.stop().await;
}
