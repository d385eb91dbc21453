//! RELIABILITY T25: every operation × everybody, with tokens and with API keys. What somebody may not know of is answered
//! exactly like what never was.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::join_all;
use futures_util::{StreamExt, stream};
use persistence::AuditFilter;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use usher_tests::server::{Answer, Session, TestServer, send};
use wire::ApiScope;

use super::ids::Ids;
use super::lane::{Lane, Part, Tried, may_be_spoiled};
use super::rules::{Expected, Operation, Rule, Who};
use super::scene::{Scene, World};
use super::table::operations;
use crate::show::on_each_store;

/// Rows that are called side by side.
const AT_ONCE: usize = 6;
/// Of which each needs scenes of its own.
const LANES: usize = 3;
/// Changes that are done and in the audit log, of [`operations`]. Fewer: their bodies or scenes have become wrong.
const DONE_MIN: usize = 75;

/// Codes that say: not you.
const REFUSALS: [&str; 10] = [
    "TOKEN_MISSING",
    "TOKEN_INVALID",
    "TOKEN_EXPIRED",
    "API_KEY_INVALID",
    "SCOPE_REQUIRED",
    "NOT_FOR_API_KEYS",
    "ROLE_REQUIRED",
    "ACCOUNT_SUSPENDED",
    "ROUTE_NOT_FOUND",
    "EVENT_NOT_FOUND",
];

/// Who buys and comes leaves his traces in the journal, and in orders and tickets.
const JOURNAL: &str = "its log is the journal";
const NO_CHANGE: &str = "nothing is changed";

/// Writes that leave no entry in the audit log, and why.
const UNWRITTEN: &[(&str, &str)] = &[
    ("PUT /events/{id}/images", "of an event without pictures nothing is changed"),
    ("POST /series/{id}/publish", "all of it was published before"),
    ("DELETE /events/{id}/holds/{hold_id}", JOURNAL),
    ("DELETE /events/{id}/rsvp", "an answer, told anew as often as he likes"),
    ("DELETE /events/{id}/waiting-room", "a place in a line"),
    ("DELETE /me/avatar", "of an account without a picture nothing is changed"),
    ("POST /auth/codes", NO_CHANGE),
    ("POST /auth/forgot-password", NO_CHANGE),
    ("POST /auth/login", "a login is listed with the account's sessions"),
    ("POST /auth/logout", "of an unknown token nothing is changed"),
    ("POST /auth/resend-confirmation", NO_CHANGE),
    ("POST /events/{id}/feedback", "an opinion, with its author"),
    ("POST /events/{id}/gate/scans", JOURNAL),
    ("POST /events/{id}/gate/scans/batch", JOURNAL),
    ("POST /events/{id}/holds", JOURNAL),
    ("POST /events/{id}/holds/{hold_id}/extend", JOURNAL),
    ("POST /events/{id}/waiting-room", "a place in a line"),
    ("POST /orders", JOURNAL),
    ("POST /orders/{id}/cancel", JOURNAL),
    ("POST /orders/{id}/pay", JOURNAL),
    ("POST /orders/{id}/status", JOURNAL),
    ("POST /me/second-factor", "it is on once it is confirmed, which leaves one"),
    ("POST /ping", NO_CHANGE),
    ("PUT /me/email", "it is another once it is confirmed, which leaves one"),
    ("PUT /events/{id}/rsvp", "an answer, told anew as often as he likes"),
];

/// The document's operations by the names of the table.
pub struct Document {
    pub whole: Value,
    /// Name, then path as it stands in the document, then the operation.
    pub operations: BTreeMap<String, (String, Value)>,
}

impl Document {
    pub async fn of(server: &TestServer) -> Self {
        let request = reqwest::Client::builder().no_proxy().build().expect("a client can be made");
        let whole = send(request.get(server.url("/api/docs/openapi.json"))).await.expect(200);
        let mut operations = BTreeMap::new();
        for (path, item) in whole["paths"].as_object().expect("paths") {
            for (method, operation) in item.as_object().expect("operations") {
                let short = path.strip_prefix("/api/v1").unwrap_or(path);
                operations.insert(format!("{} {short}", method.to_uppercase()), (path.clone(), operation.clone()));
            }
        }
        Self { whole, operations }
    }

    /// The scope that an API key needs for it; `None`: it is not for keys.
    fn scope(&self, name: &str) -> Option<&str> {
        let requirements = self.operations[name].1["security"].as_array()?;
        requirements.iter().find_map(|requirement| requirement["api_key"][0].as_str())
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_table_lists_every_operation() {
    let server = TestServer::start().await;
    let document = Document::of(&server).await;
    let served: BTreeSet<&str> = document.operations.keys().map(String::as_str).collect();
    let rows = operations();
    let listed: BTreeSet<&str> = rows.iter().map(|row| row.name).collect();
    let missing: Vec<_> = served.difference(&listed).collect();
    let gone: Vec<_> = listed.difference(&served).collect();
    assert!(missing.is_empty(), "say in access/table.rs who may call {missing:#?}");
    assert!(gone.is_empty(), "access/table.rs lists what is not served: {gone:#?}");
    let unwritten: Vec<_> = UNWRITTEN.iter().filter(|(name, _)| !served.contains(name)).collect();
    assert!(unwritten.is_empty(), "access/matrix.rs excuses what is not served: {unwritten:#?}");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everybody_is_let_in_where_he_should_be_and_nowhere_else() {
    on_each_store(async |server: &TestServer| {
        let document = Document::of(server).await;
        let world = World::on(server).await;
        let rows: Vec<Operation> =
            operations().into_iter().filter(|row| document.operations.contains_key(row.name)).collect();
        let mut wrong = in_vain(&world, &document, &rows).await;
        let lanes = rows.chunks(rows.len().div_ceil(LANES)).map(|rows| in_force(&world, &document, rows));
        let (found, done): (Vec<_>, Vec<_>) = join_all(lanes).await.into_iter().unzip();
        wrong.extend(found.concat());
        assert!(wrong.is_empty(), "{} of the matrix:\n{}", wrong.len(), wrong.join("\n"));
        let done: usize = done.into_iter().sum();
        assert!(done >= DONE_MIN, "only {done} writes were done");
    })
    .await;
}

/// Looks, and writes that are refused: all in two scenes, which stay as they are.
async fn in_vain(world: &World<'_>, document: &Document, rows: &[Operation]) -> Vec<String> {
    let (draft, on_sale) = (world.draft().await, world.on_sale().await);
    let before = [world.state(&draft).await, world.state(&on_sale).await];
    let calls = stream::iter(rows).map(|row| {
        let scene = if row.is_about_draft { &draft } else { &on_sale };
        async move { Call { world, document, scene, row }.in_vain().await }
    });
    let mut wrong = calls.buffered(AT_ONCE).concat().await;
    for (scene, before) in [&draft, &on_sale].into_iter().zip(before) {
        let after = world.state(scene).await;
        if after != before {
            wrong.push(format!("who was refused, or only looked, has changed\n{before}\nto\n{after}"));
        }
    }
    wrong
}

/// Writes by those who may: what is wrong with them, and how many were done by the one with the right.
async fn in_force(world: &World<'_>, document: &Document, rows: &[Operation]) -> (Vec<String>, usize) {
    let (mut lane, mut wrong, mut done) = (Lane::new(world), Vec::new(), 0);
    for row in rows.iter().filter(|row| row.is_write()) {
        let by_people = async |scene: &Scene| Call { world, document, scene, row }.by_the_entitled().await;
        let (found, is_done) = lane.in_scene(row, Part::People, by_people).await;
        done += usize::from(is_done);
        wrong.extend(found);
        let by_machine = async |scene: &Scene| Call { world, document, scene, row }.by_right_machine().await;
        wrong.extend(lane.in_scene(row, Part::Machine, by_machine).await);
    }
    (wrong, done)
}

/// One row and what it is about.
#[derive(Clone, Copy)]
struct Call<'a> {
    world: &'a World<'a>,
    document: &'a Document,
    scene: &'a Scene,
    row: &'a Operation,
}

impl Call<'_> {
    /// All that leaves the scene as it is: refusals, and looks.
    async fn in_vain(&self) -> Vec<String> {
        let is_write = self.row.is_write();
        let mut wrong = Vec::new();
        for who in self.row.rule.callers().iter().copied().filter(|who| !self.is_refund_by_admin(*who)) {
            match self.row.rule.expects(who, is_write) {
                Expected::LetIn if is_write => {}
                Expected::LetIn => {
                    let answer = self.ask(who).await;
                    wrong.extend(self.not_let_in(&format!("{who:?}"), &answer, who == Who::Right));
                }
                Expected::Refused(status, code) => wrong.extend(self.not_kept_out(who, status, code).await),
            }
        }
        wrong.extend(self.by_wrong_machines().await);
        if !is_write {
            wrong.extend(self.by_right_machine().await.outcome);
        }
        wrong
    }

    async fn not_kept_out(&self, who: Who, status: u16, code: &str) -> Vec<String> {
        let answer = self.ask(who).await;
        let mut wrong: Vec<String> = self.not_refused(&format!("{who:?}"), &answer, status, code).into_iter().collect();
        let unknown = self.scene.ids.unknown(self.row.rule);
        let session = self.world.session(self.scene, self.row.rule, who);
        let unknown = send(signed(self.request(&unknown), session)).await;
        if told(&answer) != told(&unknown) {
            wrong.push(format!("{} by {who:?} tells: {} and {}", self.name(), answer.text, unknown.text));
        }
        wrong
    }

    /// A write by all who may, the one with the right last: what is wrong, and whether it was done.
    async fn by_the_entitled(&self) -> Tried<(Vec<String>, bool)> {
        let (mut wrong, mut last) = (Vec::new(), None);
        for who in self.row.rule.callers().iter().copied() {
            // An admin would end what the one with the right comes for.
            let is_let_in = self.row.rule.expects(who, true) == Expected::LetIn && who != Who::Admin;
            if !is_let_in {
                continue;
            }
            let answer = self.ask(who).await;
            if who == Who::Right || matches!(self.row.rule, Rule::Open) {
                wrong.extend(self.not_written_down(&answer).await);
                last = Some(answer.status);
            }
            wrong.extend(self.not_let_in(&format!("{who:?}"), &answer, who == Who::Right));
        }
        let is_certain = wrong.is_empty() && !last.is_some_and(may_be_spoiled);
        Tried { outcome: (wrong, last.is_some_and(|status| status < 300)), is_certain }
    }

    async fn ask(&self, who: Who) -> Answer {
        let session = self.world.session(self.scene, self.row.rule, who);
        send(signed(self.request(&self.scene.ids), session)).await
    }

    /// Who runs an event gives money back for its orders, though they are not his.
    fn is_refund_by_admin(&self, who: Who) -> bool {
        who == Who::Admin && self.row.name == "POST /orders/{id}/refund"
    }

    /// A key of whoever has the right with every scope but the one, and a scanner of another event.
    async fn by_wrong_machines(&self) -> Vec<String> {
        let rule = self.row.rule;
        if matches!(rule, Rule::Open | Rule::Socket) {
            return Vec::new();
        }
        let needed = self.document.scope(self.row.name);
        let others: Vec<&str> =
            ApiScope::ALL.into_iter().map(ApiScope::name).filter(|scope| Some(*scope) != needed).collect();
        let key = self.world.api_key(self.scene, rule, &others).await;
        let answer = send(self.request(&self.scene.ids).header("x-api-key", key)).await;
        let code = if needed.is_some() { "SCOPE_REQUIRED" } else { "NOT_FOR_API_KEYS" };
        let mut wrong: Vec<String> = self.not_refused("a key without scope", &answer, 403, code).into_iter().collect();
        let answer = send(self.request(&self.scene.ids).header("x-api-key", &self.world.scanner)).await;
        let is_other_scope = needed.is_some_and(|needed| needed != ApiScope::Scan.name());
        let code = if is_other_scope { "SCOPE_REQUIRED" } else { "NOT_FOR_API_KEYS" };
        wrong.extend(self.not_refused("a scanner of another event", &answer, 403, code));
        wrong
    }

    /// A key of whoever has the right, with the scope and no other.
    async fn by_right_machine(&self) -> Tried<Option<String>> {
        let needed = self.document.scope(self.row.name);
        let Some(needed) = needed.filter(|_| !matches!(self.row.rule, Rule::Open | Rule::Socket)) else {
            return Tried { outcome: None, is_certain: true };
        };
        let key = self.world.api_key(self.scene, self.row.rule, &[needed]).await;
        let answer = send(self.request(&self.scene.ids).bearer_auth(key)).await;
        let outcome = self.not_let_in("a key with the scope", &answer, true);
        let is_certain = outcome.is_none() && !may_be_spoiled(answer.status);
        Tried { outcome, is_certain }
    }

    /// A change that is done is in the audit log, unless there is a reason.
    async fn not_written_down(&self, answer: &Answer) -> Option<String> {
        let reason = UNWRITTEN.iter().find(|(name, _)| *name == self.row.name).map(|(_, reason)| reason);
        if self.row.method() == "GET" || !(200..300).contains(&answer.status) {
            return None;
        }
        let request = answer.header("x-request-id");
        let state = self.world.server.app().state();
        let entries = state.store.audit_list(&AuditFilter::default(), None, 200).await.expect("the store is there");
        let is_written = entries.iter().any(|entry| entry.request_id.as_deref() == Some(request));
        match (is_written, reason) {
            (true, None) | (false, Some(_)) => None,
            (false, None) => Some(format!("{} leaves no entry in the audit log", self.name())),
            (true, Some(reason)) => Some(format!("{} leaves an entry, though: {reason}", self.name())),
        }
    }

    fn request(&self, ids: &Ids) -> RequestBuilder {
        let path = ids.path(&self.document.operations[self.row.name].0);
        let method: Method = self.row.method().parse().expect("a method");
        let request = match path.strip_prefix("/api/v1") {
            Some(path) => self.world.server.request(method, path),
            None => reqwest::Client::new().request(method, self.world.server.url(&path)),
        };
        match self.row.body {
            Some(body) => request.json(&body(ids)),
            None => request,
        }
    }

    fn not_let_in(&self, who: &str, answer: &Answer, is_right: bool) -> Option<String> {
        let code = answer.body["code"].as_str().unwrap_or_default();
        let is_unknown = match self.row.rule {
            Rule::Own { unknown, .. } | Rule::Event { unknown, .. } => code == unknown,
            _ => false,
        };
        let is_stale = is_right && code == "VALIDATION_FAILED";
        let is_wrong = REFUSALS.contains(&code) || is_unknown || is_stale || answer.status >= 500;
        is_wrong.then(|| format!("{} by {who} should be let in: {} {}", self.name(), answer.status, answer.text))
    }

    fn not_refused(&self, who: &str, answer: &Answer, status: u16, code: &str) -> Option<String> {
        let is_refused = answer.status == status && answer.body["code"] == json!(code);
        let said = || format!("{} {}", answer.status, answer.text.chars().take(300).collect::<String>());
        (!is_refused).then(|| format!("{} by {who} should hear {status} {code}: {}", self.name(), said()))
    }

    fn name(&self) -> String {
        format!("{}{}", self.row.name, if self.row.is_about_draft { " (draft)" } else { "" })
    }
}

fn signed(request: RequestBuilder, session: Option<&Session>) -> RequestBuilder {
    match session {
        Some(session) => request.bearer_auth(&session.access_token),
        None => request,
    }
}

/// What an answer says but for the id of its request.
fn told(answer: &Answer) -> (u16, Value) {
    let mut body = answer.body.clone();
    if let Some(body) = body.as_object_mut() {
        body.remove("request_id");
    }
    (answer.status, body)
}
