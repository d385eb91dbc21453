//! The load generator against a real server: its presets pass, and its judge finds a lie told about a real sale.

use std::collections::BTreeSet;
use std::path::Path;

use clap::Parser;
use serde_json::{Value, json};
use usher_loadgen::cli::Cli;
use usher_tests::server::{PASSWORD, TestServer};
use uuid::Uuid;

use crate::show::Show;

/// Whether the audit passed.
async fn loadgen(server: &TestServer, line: &[&str]) -> bool {
    let url = server.url("");
    let line = ["usher-loadgen", line[0], "--quiet", "--url", &url].into_iter().chain(line[1..].iter().copied());
    let cli = Cli::try_parse_from(line).expect("a valid command line");
    usher_loadgen::run(cli).await.expect("a run that can be made")
}

fn text(path: &Path) -> String {
    std::fs::read_to_string(path).expect("the file was written")
}

fn json_of(path: &Path) -> Value {
    serde_json::from_str(&text(path)).expect("the file is JSON")
}

const CROWD: [&str; 16] = [
    "--buyers",
    "150",
    "--duration",
    "2",
    "--accounts",
    "30",
    "--slow-pay-seconds",
    "0.2",
    "--double-submit",
    "20",
    "--duplicate-key",
    "10",
    "--mix",
    "best=40,named=40,standing=20",
    "--abandon",
    "8",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sale_of_the_demo_arena_passes_and_a_lie_about_it_does_not() {
    let server = TestServer::start_with(|config| config.first_start.demo = true).await;
    let dir = tempfile::tempdir().unwrap();
    let path = |name| dir.path().join(name);
    let (report, page, log) = (path("report.json"), path("report.html"), path("acks.jsonl"));
    let files = ["--json", report.to_str().unwrap(), "--html", page.to_str().unwrap()];
    let line = [&["run", "--ack-log", log.to_str().unwrap()][..], &CROWD, &files].concat();
    assert!(loadgen(&server, &line).await, "{}", text(&report));

    let report = json_of(&report);
    let purchases = report["rates"]["purchases"].as_u64().unwrap();
    assert!(purchases > 100, "{report}");
    assert_eq!(report["event"]["after"]["sold"], report["rates"]["units_sold"]);
    let refused = report["answers"].as_array().unwrap();
    assert!(refused.iter().any(|line| line["code"] == "IDEMPOTENCY_KEY_REUSED"), "{report}");
    let checks = report["audit"]["checks"].as_array().unwrap();
    assert!(checks.iter().filter(|check| check["looked_at"] != 0).count() >= 10, "{checks:?}");
    // The page carries the same figures, the verdict among them, and the house as it filled.
    let figures = figures_of(&text(&page));
    assert_eq!(figures["report"], report);
    assert_eq!(figures["report"]["audit"]["passed"], true);
    let view = &figures["view"];
    assert_eq!((view["x"].as_array().unwrap().len(), view["y"].as_array().unwrap().len()), (20_000, 20_000));
    assert_eq!(view["sampled"], 1, "every change is shown");
    let standing: u64 = view["standing"].as_array().unwrap().iter().map(|sold| sold[2].as_u64().unwrap()).sum();
    assert_eq!(json!(seats_sold(view) + standing), report["event"]["after"]["sold"]);
    // Nothing is loaded from anywhere.
    assert!(!text(&page).contains("src=") && !text(&page).contains("href=") && !text(&page).contains("@import"));

    let audit = async |log: &Path| loadgen(&server, &["audit", "--log", log.to_str().unwrap()]).await;
    assert!(audit(&log).await, "the same sale, judged again from its log");
    let lie = path("lie.jsonl");
    for (what, lines) in lies(&text(&log)) {
        let lines: Vec<String> = lines.iter().map(Value::to_string).collect();
        std::fs::write(&lie, lines.join("\n") + "\n").unwrap();
        assert!(!audit(&lie).await, "{what}");
    }
    server.stop().await;
}

/// The log of a sale, wrong in one thing each.
fn lies(log: &str) -> [(&'static str, Vec<Value>); 4] {
    let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).expect("a line is JSON")).collect();
    let paid = lines.iter().position(|line| line["kind"] == "paid").expect("somebody bought");
    let with = |change: fn(&mut Value)| {
        let mut lines = lines.clone();
        change(&mut lines[paid]);
        lines
    };
    let is_payment = |line: &Value| line["kind"] == "paid" || line["kind"] == "paying";
    [
        ("sold for another price", with(|line| line["order"]["total"]["amount_minor"] = json!(1))),
        ("a place that the buyer does not have", with(|line| line["order"]["items"][0]["seat"] = json!("N-1-1"))),
        ("an order that the server never had", with(|line| line["order"]["id"] = json!(Uuid::from_u128(7)))),
        ("purchases that nobody made", lines.iter().filter(|line| !is_payment(line)).cloned().collect()),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn buyers_who_meet_a_waiting_room_stand_in_line_and_then_buy() {
    let server = TestServer::start().await;
    let show = Show::on_sale(&server).await;
    show.open_room(&server, json!({"rate_per_minute": 1_200, "shoppers_max": 10})).await;
    let dir = tempfile::tempdir().unwrap();
    let report = dir.path().join("report.json");
    let line = ["run", "--event", &show.id, "--buyers", "30", "--accounts", "30", "--duration", "0.5"];
    let habits = ["--abandon", "0", "--release", "0", "--slow-pay", "0", "--mix", "standing=1", "--duplicate-key", "0"];
    let passed = loadgen(&server, &[&line[..], &habits, &["--json", report.to_str().unwrap()]].concat()).await;
    let report = json_of(&report);
    assert!(passed, "{report:#}");
    // 50 places for 30 parties: the late ones find too few.
    assert!(report["rates"]["purchases"].as_u64().unwrap() > 10, "{report:#}");
    let answered = |step: &str, code: &str| {
        let answers = report["answers"].as_array().unwrap();
        let of = answers.iter().filter(|line| line["step"] == step && line["code"] == code);
        of.map(|line| line["count"].as_u64().unwrap()).sum::<u64>()
    };
    assert!(answered("hold", "QUEUE_REQUIRED") >= 30 && answered("join", "") >= 30, "{report:#}");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_buyers_of_the_last_seat_make_one_purchase() {
    let server = TestServer::start().await;
    let organizer = server.organizer().await;
    let dir = tempfile::tempdir().unwrap();
    let report = dir.path().join("report.json");
    let line = ["last-seat", "--buyers", "100", "--accounts", "10", "--duration", "0.3"];
    let account = ["--organizer-email", &organizer.email, "--organizer-password", PASSWORD];
    let passed = loadgen(&server, &[&line[..], &account, &["--json", report.to_str().unwrap()]].concat()).await;
    let report = json_of(&report);
    assert!(passed, "{report}");
    assert_eq!(report["event"]["after"], json!({"free": 0, "held": 0, "sold": 1, "blocked": 0}));
    assert_eq!(report["rates"]["purchases"], 1);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn holds_are_measured_beside_a_call_that_does_nothing() {
    let server = TestServer::start().await;
    let organizer = server.organizer().await;
    let dir = tempfile::tempdir().unwrap();
    let report = dir.path().join("report.json");
    let line =
        ["holds", "--connections", "8", "--accounts", "16", "--seats", "5000", "--duration", "1", "--slice", "0.25"];
    let account = ["--organizer-email", &organizer.email, "--organizer-password", PASSWORD];
    assert!(loadgen(&server, &[&line[..], &account, &["--json", report.to_str().unwrap()]].concat()).await);
    let report = json_of(&report);
    assert_eq!((&report["slices"], &report["failures"]), (&json!(2), &json!({})));
    assert!(report["holds"].as_u64().unwrap() > 20 && report["no_ops"].as_u64().unwrap() > 20, "{report}");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn purchases_are_measured_step_by_step_beside_a_call_that_does_nothing() {
    let server = TestServer::start().await;
    let organizer = server.organizer().await;
    let dir = tempfile::tempdir().unwrap();
    let report = dir.path().join("report.json");
    let line = ["holds", "--purchases", "--connections", "8", "--accounts", "16", "--seats", "5000"];
    let length = ["--duration", "1", "--slice", "0.25"];
    let account = ["--organizer-email", &organizer.email, "--organizer-password", PASSWORD];
    assert!(loadgen(&server, &[&line[..], &length, &account, &["--json", report.to_str().unwrap()]].concat()).await);
    let report = json_of(&report);
    assert_eq!((&report["slices"], &report["failures"], &report["refused"]), (&json!(2), &json!({}), &json!(0)));
    let steps: Vec<&str> =
        report["latency"].as_array().unwrap().iter().map(|it| it["step"].as_str().unwrap()).collect();
    assert_eq!(steps, ["hold", "order", "pay", "no-op"]);
    let (purchases, holds) = (report["purchases"].as_u64().unwrap(), report["holds"].as_u64().unwrap());
    // Each connection has one purchase under way when a slice begins and when it ends.
    assert!(purchases > 5 && holds.abs_diff(purchases) <= 8 * 2 * 2, "{report}");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_gates_that_want_a_ticket_one_admits_it_under_load() {
    let server = TestServer::start().await;
    let organizer = server.organizer().await;
    let dir = tempfile::tempdir().unwrap();
    let report = dir.path().join("report.json");
    let line = ["scans", "--connections", "8", "--tickets", "25", "--duration", "1", "--forged", "200"];
    let account = ["--organizer-email", &organizer.email, "--organizer-password", PASSWORD];
    assert!(loadgen(&server, &[&line[..], &account, &["--json", report.to_str().unwrap()]].concat()).await);
    let report = json_of(&report);
    assert_eq!((&report["gates"], &report["violations"], &report["inside_at_end"]), (&json!(8), &json!([]), &json!(0)));
    assert!(report["rounds"].as_u64().unwrap() > 20 && report["rounds"] == report["admitted"], "{report}");
    assert_eq!(report["forged"], 200);
    server.stop().await;
}

/// What a report's page carries for its script.
fn figures_of(page: &str) -> Value {
    let figures = page.split(r#"<script type="application/json" id="figures">"#).nth(1).expect("a page has figures");
    serde_json::from_str(figures.split("</script>").next().unwrap_or_default()).expect("figures are JSON")
}

/// Of the seats on the page, how many are shown as sold at some time. None of them is given back in these sales.
fn seats_sold(view: &Value) -> u64 {
    let before = view["before"].as_str().expect("a letter per seat").bytes().enumerate();
    let mut sold: BTreeSet<u64> = before.filter(|(_, state)| *state == b's').map(|(seat, _)| seat as u64).collect();
    let changes = view["seats"].as_array().expect("changes").iter();
    sold.extend(changes.filter(|change| change[2] == 2).map(|change| change[1].as_u64().expect("a seat")));
    sold.len() as u64
}

/// How much the check whose name holds `what` has looked at.
fn looked_at(report: &Value, what: &str) -> u64 {
    let checks = report["audit"]["checks"].as_array().expect("a report is audited");
    let check = checks.iter().find(|check| check["name"].as_str().is_some_and(|name| name.contains(what)));
    check.unwrap_or_else(|| panic!("no check of `{what}`"))["looked_at"].as_u64().expect("a count")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn watchers_of_a_booked_event_see_the_truth_and_come_back_after_a_storm() {
    let server = TestServer::start().await;
    let organizer = server.organizer().await;
    let dir = tempfile::tempdir().unwrap();
    let (report, page) = (dir.path().join("report.json"), dir.path().join("report.html"));
    let line = ["watch", "--watchers", "200", "--sampled", "20", "--sources", "4", "--ramp-up", "1", "--storm"];
    let load = ["--baseline", "1", "--duration", "3", "--seats", "2000", "--seats-per-s", "150", "--accounts", "4"];
    let account = ["--organizer-email", &organizer.email, "--organizer-password", PASSWORD];
    let pid = std::process::id().to_string();
    let files = ["--server-pid", &pid, "--json", report.to_str().unwrap(), "--html", page.to_str().unwrap()];
    let passed = loadgen(&server, &[&line[..], &load, &account, &files].concat()).await;
    let report = json_of(&report);
    assert!(passed, "{report:#}");
    assert_eq!((looked_at(&report, "every socket is open"), looked_at(&report, "when all is quiet")), (200, 20));
    assert!(looked_at(&report, "no gap") > 200 * 5, "{report:#}");
    let steps: Vec<&Value> = report["latency"].as_array().unwrap().iter().map(|line| &line["step"]).collect();
    for step in ["connect", "first frame", "back again", "delivery", "delivery, storm", "hold watched"] {
        assert!(steps.contains(&&json!(step)), "{step}: {steps:?}");
    }
    let figures = figures_of(&text(&page));
    assert_eq!((&figures["audit"], &figures["latency"]), (&report["audit"], &report["latency"]));
    let memory = |of: &str| report["server"][of].as_f64().unwrap();
    assert!(memory("rss_before_bytes") > 1e6 && memory("rss_idle_bytes") > 1e6, "{report:#}");
    let per_socket = (memory("rss_idle_bytes") - memory("rss_before_bytes")) / 200.0;
    assert!((memory("rss_per_socket_idle_bytes") - per_socket).abs() < 1.0, "{report:#}");
    assert!(!text(&page).contains("src=") && !text(&page).contains("href=") && !text(&page).contains("@import"));
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_watchers_cost_is_seen_beside_booking_before_and_after_them() {
    let server = TestServer::start().await;
    let organizer = server.organizer().await;
    let dir = tempfile::tempdir().unwrap();
    let report = dir.path().join("report.json");
    let line =
        ["watch", "--watchers", "20", "--sampled", "5", "--ramp-up", "0.2", "--flat-out", "4", "--accounts", "4"];
    let load = ["--baseline", "0.5", "--duration", "1", "--seats", "200", "--json", report.to_str().unwrap()];
    let account = ["--organizer-email", &organizer.email, "--organizer-password", PASSWORD];
    let passed = loadgen(&server, &[&line[..], &load, &account].concat()).await;
    let report = json_of(&report);
    assert!(passed, "{report:#}");
    let rates = ["before", "watched", "after"].map(|phase| {
        let stretches = report["booking"].as_array().unwrap();
        stretches.iter().find(|line| line["phase"] == phase).unwrap()["seats_per_s"].as_f64().unwrap()
    });
    let kept = rates[1] / ((rates[0] + rates[2]) / 2.0);
    assert!(kept > 0.0 && (report["booking_rate_kept"].as_f64().unwrap() - kept).abs() < 1e-9, "{report:#}");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_waiting_room_keeps_its_order_and_lets_nobody_past() {
    let server = TestServer::start().await;
    let organizer = server.organizer().await;
    let dir = tempfile::tempdir().unwrap();
    let report = dir.path().join("report.json");
    let line = ["queue", "--waiters", "300", "--sockets", "20", "--rate-per-minute", "3000", "--connections", "32"];
    let crowd = ["--late-over", "2", "--look-over", "1", "--slice", "0.1", "--seats", "3000", "--duration", "60"];
    // What a debug build on a busy machine takes for a hold must not slow admission down.
    let room = [
        "--latency-target-ms",
        "10000",
        "--hoarders",
        "6",
        "--bots-per-hoarder",
        "8",
        "--squatting",
        "50",
        "--hold-ttl",
        "3",
    ];
    let bots = ["--bypass-tries", "300", "--refresh-per-s", "40", "--storm-slice", "1", "--storm-baseline", "1"];
    let account = ["--organizer-email", &organizer.email, "--organizer-password", PASSWORD];
    let pid = std::process::id().to_string();
    // Nothing is restarted: that is another test's. Places are asked for again all the same.
    let files = ["--json", report.to_str().unwrap(), "--server-pid", &pid, "--restart-command", "true"];
    let passed = loadgen(&server, &[&line[..], &crowd, &room, &bots, &account, &files].concat()).await;
    let report = json_of(&report);
    assert!(passed, "{report:#}");
    assert_eq!((&report["admission"]["admitted"], looked_at(&report, "one number")), (&json!(300), 300));
    assert!(looked_at(&report, "published proof") > 600, "{report:#}");
    assert!(looked_at(&report, "no inversion") > 50, "{report:#}");
    assert_eq!(looked_at(&report, "no bot gets past"), 300);
    assert!(report["sockets"]["turns"].as_u64().unwrap() > 10, "{report:#}");
    let bypass = report["bypass"].as_array().unwrap();
    assert!(bypass.len() == 15 && bypass.iter().all(|line| line["tries"] == 20), "{bypass:#?}");
    assert!(bypass.iter().all(|line| line["through"] == 0), "{bypass:#?}");
    assert_eq!((looked_at(&report, "restart"), &report["restart"]["places"]), (212, &json!(212)));
    assert_eq!(report["memory"]["waiters"], 212);
    let storm = &report["storm"];
    let counts = [&storm["baseline"]["requests"], &storm["stormy"]["refreshes"]].map(|count| count.as_u64().unwrap());
    assert!(counts[0] > 20 && counts[1] > 5 && storm["overload"].as_f64().unwrap() > 0.0, "{report:#}");
    // Each hoarder has many bots and gets what one customer may have; others of them only hold.
    let shares = |of: &str| report["shares"][of].as_u64().unwrap();
    assert_eq!((shares("hoarders"), shares("squatters"), shares("units_wanted_by_bots")), (3, 3, 3 * 8 * 4));
    assert!(shares("units_bots") <= 3 * 4 && shares("squatted_at_once_max") <= 4, "{report:#}");
    assert!(looked_at(&report, "never buys") > 10 && looked_at(&report, "9 of 10 units") > 0, "{report:#}");
    server.stop().await;
}
