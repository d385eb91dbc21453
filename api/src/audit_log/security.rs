//! Refusals that an attack is made of: counted, so that a flood costs a counter and not a disk.
//!
//! The rule: what is the same (action, code, network, account) is one line a minute. Its first is written at once, what
//! follows within the minute as one more entry with its count, at the end. A minute has [`LINES_MAX`] lines; what is beyond
//! shares a line per action and code, without network and account. One transaction a second at most.

use std::net::IpAddr;
use std::time::Duration;

use hashbrown::HashMap;
use inventory::{TimeUs, UserId};
use parking_lot::Mutex;
use persistence::{AuditEntry, AuditVia};
use serde_json::json;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::{Action, Entry, Source};
use crate::metrics;
use crate::rate_limit::subscriber;
use crate::state::AppState;

const LINES_MAX: usize = 256;
const MINUTE_US: i64 = 60_000_000;
/// Between two transactions.
const PAUSE: Duration = Duration::from_secs(1);
const LOOK: Duration = Duration::from_secs(10);
/// The longest part of a path that is kept: anything longer may be a secret.
const SEGMENT_BYTES_MAX: usize = 40;
const PATH_CHARS_MAX: usize = 200;
/// What every client does every quarter of an hour, or before its user signs in: always on a shared line.
const EVERYDAY: [&str; 2] = ["TOKEN_MISSING", "TOKEN_EXPIRED"];

/// What happened, without anything secret.
#[derive(Clone, Copy, Debug)]
pub struct Incident<'a> {
    pub action: Action,
    /// Of the answer's problem document.
    pub code: &'static str,
    /// If it is known who it is about.
    pub account: Option<UserId>,
    pub path: &'a str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Line {
    action: Action,
    code: &'static str,
    network: Option<IpAddr>,
    account: Option<UserId>,
}

struct Count {
    since: TimeUs,
    seen: u64,
    written: u64,
    /// Of the first.
    source: Source,
    path: String,
}

#[derive(Default)]
pub struct Security {
    lines: Mutex<HashMap<Line, Count>>,
    news: Notify,
}

impl Security {
    pub fn note(&self, incident: Incident<'_>, source: Source, now: TimeUs) {
        metrics::count_incident(incident.action);
        let Incident { action, code, account, path } = incident;
        let own = Line { action, code, network: Some(subscriber(source.ip)), account };
        let shared = Line { network: None, account: None, ..own };
        let mut lines = self.lines.lock();
        let is_shared = EVERYDAY.contains(&code) || (lines.len() >= LINES_MAX && !lines.contains_key(&own));
        let line = if is_shared { shared } else { own };
        let count =
            lines.entry(line).or_insert_with(|| Count { since: now, seen: 0, written: 0, source, path: shown(path) });
        count.seen += 1;
        let is_first = count.seen == 1;
        drop(lines);
        if is_first {
            self.news.notify_one();
        }
    }

    /// Entries that are due, with the lines they are of. `all`: also of minutes that are not over.
    fn due(&self, now: TimeUs, all: bool) -> Vec<(Line, u64, AuditEntry)> {
        let mut lines = self.lines.lock();
        lines.retain(|_, count| count.seen > count.written || now.since(count.since) < MINUTE_US);
        let is_due = |count: &Count| {
            let is_over = all || now.since(count.since) >= MINUTE_US;
            count.seen > count.written && (count.written == 0 || is_over)
        };
        let due = lines.iter().filter(|(_, count)| is_due(count));
        due.map(|(line, count)| (*line, count.seen, line.entry(count, now))).collect()
    }

    fn written(&self, due: &[(Line, u64, AuditEntry)]) {
        let mut lines = self.lines.lock();
        for (line, seen, _) in due {
            if let Some(count) = lines.get_mut(line) {
                count.written = *seen;
            }
        }
    }

    async fn write(&self, state: &AppState, all: bool) {
        let due = self.due(state.now(), all);
        if due.is_empty() {
            return;
        }
        let entries: Vec<AuditEntry> = due.iter().map(|(_, _, entry)| entry.clone()).collect();
        match state.store.audit_append(&entries).await {
            Ok(()) => self.written(&due),
            // Nothing is lost yet: they are due again.
            Err(error) => tracing::warn!(%error, "security events wait to be written: {error}"),
        }
    }
}

impl Line {
    fn entry(&self, count: &Count, now: TimeUs) -> AuditEntry {
        let seen = count.seen - count.written;
        let facts = json!({"code": self.code, "count": seen, "path": count.path});
        tracing::warn!(
            action = self.action.name(), code = self.code, count = seen, account = ?self.account, ip = %count.source.ip,
            "{} ({}), {seen} times", self.action.name(), self.code,
        );
        let entry = match (self.account, self.action) {
            // Who tried to sign in as somebody is not thereby that somebody.
            (Some(account), Action::LoginFailed | Action::LoginLocked | Action::RefreshReused) => {
                Entry::new(self.action, AuditVia::Anonymous).object(account)
            }
            (Some(account), _) => Entry::new(self.action, AuditVia::Session).by(Some(account), None),
            (None, _) => Entry::new(self.action, AuditVia::Anonymous),
        };
        let entry = entry.made(&facts);
        // A shared line is of nobody in particular.
        let entry = if self.network.is_some() { entry.at_source(&count.source) } else { entry };
        entry.row(now)
    }
}

/// Without what may be a secret in it.
fn shown(path: &str) -> String {
    let parts: Vec<&str> =
        path.split('/').map(|part| if part.len() > SEGMENT_BYTES_MAX { "…" } else { part }).collect();
    parts.join("/").chars().take(PATH_CHARS_MAX).collect()
}

/// Until `stop`, and what is left then.
pub async fn run(state: AppState, stop: CancellationToken) {
    let security = &state.security;
    let writing = async {
        loop {
            tokio::select! {
                () = security.news.notified() => {}
                // A minute ends without anything new.
                () = tokio::time::sleep(LOOK) => {}
            }
            security.write(&state, false).await;
            tokio::time::sleep(PAUSE).await;
        }
    };
    stop.run_until_cancelled(writing).await;
    security.write(&state, true).await;
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    const NOW: TimeUs = TimeUs(1_800_000_000_000_000);

    fn note(security: &Security, code: &'static str, host: u16, at_us: i64) {
        let [high, low] = host.to_be_bytes();
        let source = Source::new(IpAddr::V4(Ipv4Addr::new(10, 0, high, low)), None, "trace-1");
        let incident = Incident { action: Action::TokenRefused, code, account: None, path: "/api/v1/me" };
        security.note(incident, source, NOW.plus_us(at_us));
    }

    fn write(security: &Security, at_us: i64) -> Vec<AuditEntry> {
        let due = security.due(NOW.plus_us(at_us), false);
        security.written(&due);
        due.into_iter().map(|(_, _, entry)| entry).collect()
    }

    fn count(entry: &AuditEntry) -> u64 {
        let facts: serde_json::Value = serde_json::from_str(entry.new_values.as_deref().unwrap()).unwrap();
        facts["count"].as_u64().unwrap()
    }

    #[test]
    fn the_first_is_written_at_once_and_the_rest_of_its_minute_as_one() {
        let security = Security::default();
        note(&security, "TOKEN_INVALID", 1, 0);
        assert_eq!(write(&security, 1).iter().map(count).collect::<Vec<_>>(), [1]);
        for _ in 0..99 {
            note(&security, "TOKEN_INVALID", 1, 2);
        }
        assert_eq!(write(&security, MINUTE_US - 1), []);
        assert_eq!(write(&security, MINUTE_US).iter().map(count).collect::<Vec<_>>(), [99]);
        assert_eq!(write(&security, MINUTE_US), []);
        note(&security, "TOKEN_INVALID", 1, MINUTE_US + 1);
        assert_eq!(write(&security, MINUTE_US + 1).len(), 1);
    }

    #[test]
    fn what_the_store_did_not_take_is_due_again_with_what_came_meanwhile() {
        let security = Security::default();
        note(&security, "TOKEN_INVALID", 1, 0);
        assert_eq!(security.due(NOW, false).len(), 1);
        note(&security, "TOKEN_INVALID", 1, 1);
        assert_eq!(write(&security, 2).iter().map(count).collect::<Vec<_>>(), [2]);
    }

    #[test]
    fn a_flood_from_everywhere_has_a_bounded_number_of_lines_and_no_refusal_is_lost() {
        let security = Security::default();
        for host in 0..10_000 {
            note(&security, "TOKEN_INVALID", host, 0);
        }
        let entries = write(&security, 1);
        assert_eq!(entries.len(), LINES_MAX + 1);
        assert_eq!(entries.iter().map(count).sum::<u64>(), 10_000);
        let shared: Vec<_> = entries.iter().filter(|entry| entry.ip.is_none()).collect();
        assert_eq!(shared.len(), 1);
    }

    #[test]
    fn what_every_client_does_shares_a_line_from_the_start() {
        let security = Security::default();
        for host in 0..50 {
            note(&security, "TOKEN_EXPIRED", host, 0);
        }
        let entries = write(&security, 1);
        assert_eq!(entries.iter().map(|entry| (count(entry), entry.ip.clone())).collect::<Vec<_>>(), [(50, None)]);
    }

    #[test]
    fn a_path_is_kept_without_what_may_be_a_secret() {
        assert_eq!(
            shown("/api/v1/events/019aa1b2-0000-7000-8000-000000000001/holds"),
            "/api/v1/events/019aa1b2-0000-7000-8000-000000000001/holds"
        );
        assert_eq!(shown(&format!("/a/{}/b", "x".repeat(41))), "/a/…/b");
        assert_eq!(shown(&"/x".repeat(1_000)).len(), PATH_CHARS_MAX);
    }
}
