//! Who did what: changes with their old and new values, refusals with their number, for those who may read them.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};
use usher_tests::server::{PASSWORD, Session, TestServer, send};

use crate::show::{Show, on_each_store, text};

async fn of_event(server: &TestServer, session: &Session, show: &Show) -> Vec<Value> {
    server.get(Some(session), &show.path("/audit-log")).await.expect(200)["items"].as_array().unwrap().clone()
}

fn actions(entries: &[Value]) -> Vec<&str> {
    entries.iter().rev().map(|entry| entry["action"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn an_organizer_finds_each_change_of_his_event_with_old_and_new_values() {
    on_each_store(async |server: &TestServer| {
        let show = Show::on_sale(server).await;
        let organizer = Some(&show.organizer);
        let price = json!({"price": {"amount_minor": 5_000, "currency": "EUR"}});
        server.patch(organizer, &show.path(&format!("/tiers/{}", show.seats)), price).await.expect(200);
        server.post(organizer, &show.path("/blocks/guests/withhold"), json!({})).await.expect(200);
        let room = json!({"active": true, "opens_at": "2034-05-01T19:00:00Z"});
        server.put(organizer, &show.path("/waiting-room/settings"), room).await.expect(200);
        let pass = json!({"reason": "crew", "uses": 2});
        let made = server.post(organizer, &show.path("/waiting-room/priority-passes"), pass).await.expect(201);
        server.post(organizer, &show.path("/cancel"), json!({})).await.expect(200);

        let entries = of_event(server, &show.organizer, &show).await;
        assert_eq!(
            actions(&entries),
            [
                "event.create",
                "seat_map.set",
                "tier.create",
                "tier.create",
                "event.publish",
                "tier.update",
                "block.withhold",
                "waiting_room.set",
                "priority_pass.issue",
                "event.cancel",
            ]
        );
        for entry in &entries {
            assert_eq!(entry["actor_id"], json!(show.organizer.id), "{entry}");
            assert_eq!((&entry["actor_role"], &entry["via"]), (&json!("organizer"), &json!("session")), "{entry}");
            assert_eq!((&entry["event_id"], &entry["ip"]), (&json!(show.id), &json!("127.0.0.1")), "{entry}");
            assert!(entry["request_id"].is_string(), "{entry}");
        }
        let tier = entries.iter().find(|entry| entry["action"] == "tier.update").unwrap();
        assert_eq!((&tier["object_kind"], &tier["object_id"]), (&json!("tier"), &json!(show.seats)));
        assert_eq!(tier["old"], json!({"price": {"amount_minor": 4_500, "currency": "EUR"}}));
        assert_eq!(tier["new"], json!({"price": {"amount_minor": 5_000, "currency": "EUR"}}));
        assert_eq!(
            (&entries[0]["old"], &entries[0]["new"]),
            (&json!({"status": "published"}), &json!({"status": "cancelled"}))
        );
        let whole = serde_json::to_string(&entries).unwrap();
        assert!(!whole.contains(&text(&made["priority_pass"])), "a pass is shown once, and not here");
    })
    .await;
}

#[tokio::test]
async fn only_who_runs_the_event_reads_its_log_and_only_admins_read_all() {
    let server = TestServer::start().await;
    let show = Show::on_sale(&server).await;
    let (other, buyer, admin) = (server.organizer().await, server.attendee().await, server.admin().await);
    server.get(Some(&other), &show.path("/audit-log")).await.problem(404, "EVENT_NOT_FOUND");
    server.get(Some(&buyer), &show.path("/audit-log")).await.problem(403, "ROLE_REQUIRED");
    server.get(None, &show.path("/audit-log")).await.problem(401, "TOKEN_MISSING");
    assert_eq!(of_event(&server, &admin, &show).await.len(), 5);
    for stranger in [&other, &buyer] {
        server.get(Some(stranger), "/admin/audit-log").await.problem(403, "ROLE_REQUIRED");
    }
    server.get(Some(&admin), "/admin/audit-log?actr=x").await.problem(400, "QUERY_INVALID");
    server.stop().await;
}

#[tokio::test]
async fn an_admin_finds_by_who_what_and_when_page_by_page() {
    on_each_store(async |server: &TestServer| {
        let admin = server.admin().await;
        let user = server.attendee().await;
        for body in [json!({"role": "organizer"}), json!({"status": "suspended"}), json!({"status": "suspended"})] {
            server.patch(Some(&admin), &format!("/users/{}", user.id), body).await.expect(200);
        }
        let path = format!("/admin/audit-log?object={}&action=user.update&actor={}", user.id, admin.id);
        let first = server.get(Some(&admin), &format!("{path}&limit=1")).await.expect(200);
        assert_eq!(first["items"][0]["new"], json!({"status": "suspended"}));
        assert_eq!(first["items"][0]["old"], json!({"status": "active"}));
        let rest = format!("{path}&cursor={}", text(&first["next_cursor"]));
        let rest = server.get(Some(&admin), &rest).await.expect(200);
        assert_eq!(rest["items"].as_array().unwrap().len(), 1, "what changed nothing is no entry: {rest}");
        assert_eq!(rest["items"][0]["new"], json!({"role": "organizer"}));
        let at = text(&first["items"][0]["at"]);
        let later = server.get(Some(&admin), &format!("{path}&from=2100-01-01T00:00:00Z")).await.expect(200);
        let earlier = server.get(Some(&admin), &format!("{path}&to={at}")).await.expect(200);
        assert_eq!((&later["items"], earlier["items"].as_array().unwrap().len()), (&json!([]), 1));
    })
    .await;
}

#[tokio::test]
async fn a_request_repeated_under_its_key_is_one_entry() {
    on_each_store(async |server: &TestServer| {
        let show = Show::draft_with(server, json!({})).await;
        for _ in 0..2 {
            server.post_keyed(Some(&show.organizer), &show.path("/publish"), "once", json!({})).await.expect(200);
        }
        let entries = of_event(server, &show.organizer, &show).await;
        assert_eq!(entries.iter().filter(|entry| entry["action"] == "event.publish").count(), 1);
    })
    .await;
}

#[tokio::test]
async fn words_and_rules_of_an_event_are_an_entry_each() {
    on_each_store(async |server: &TestServer| {
        let show = Show::on_sale(server).await;
        let organizer = Some(&show.organizer);
        for patch in [
            json!({"title": "Renamed"}),
            json!({"holds_per_customer_max": 2}),
            json!({"title": "Again", "holds_per_customer_max": 3}),
        ] {
            server.patch(organizer, &show.path(""), patch).await.expect(200);
        }
        let entries = of_event(server, &show.organizer, &show).await;
        let updates: Vec<_> = entries.iter().rev().filter(|entry| entry["action"] == "event.update").collect();
        let said = |at: usize, side: &str| {
            let said = &updates[at][side];
            (said["title"].as_str().map(str::to_owned), said["policy"]["holds_per_customer_max"].as_u64())
        };
        let changes: Vec<_> = (0..updates.len()).map(|at| (said(at, "old"), said(at, "new"))).collect();
        let words = |old: &str, new: &str| ((Some(old.to_owned()), None), (Some(new.to_owned()), None));
        let rules = |old, new| ((None, Some(old)), (None, Some(new)));
        let title = crate::show::words()["title"].as_str().unwrap().to_owned();
        assert_eq!(changes, [words(&title, "Renamed"), rules(4, 2), words("Renamed", "Again"), rules(2, 3)]);
    })
    .await;
}

#[tokio::test]
async fn purchases_are_not_in_it_and_refunds_are() {
    on_each_store(async |server: &TestServer| {
        let show = Show::on_sale(server).await;
        let buyer = server.attendee().await;
        let before = of_event(server, &show.organizer, &show).await.len();
        let order = show.buy(server, &buyer, json!([{"seat": "A-1-1"}])).await;
        assert_eq!(of_event(server, &show.organizer, &show).await.len(), before);
        let path = format!("/orders/{}/refund", text(&order["id"]));
        server.post(Some(&show.organizer), &path, json!({})).await.expect(200);
        let entries = of_event(server, &show.organizer, &show).await;
        assert_eq!((entries.len(), &entries[0]["action"]), (before + 1, &json!("order.refund")));
        assert_eq!(
            entries[0]["new"],
            json!({"amount_minor": 4_500, "currency": "EUR", "reason": null, "tickets": 0, "to": "original"})
        );
    })
    .await;
}

/// Security events are written beside the request.
async fn counted(server: &TestServer, admin: &Session, action: &str, wanted: u64) -> Vec<Value> {
    let ends_at = Instant::now() + Duration::from_secs(20);
    loop {
        let path = format!("/admin/audit-log?action={action}");
        let items = server.get(Some(admin), &path).await.expect(200)["items"].as_array().unwrap().clone();
        if items.iter().map(|entry| entry["new"]["count"].as_u64().unwrap()).sum::<u64>() >= wanted {
            return items;
        }
        assert!(Instant::now() < ends_at, "{wanted} of {action}: {items:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn refusals_are_counted_once_each_without_anything_secret() {
    on_each_store(async |server: &TestServer| {
        let (admin, user) = (server.admin().await, server.attendee().await);
        let wrong = json!({"email": user.email, "password": "my other password"});
        server.post(None, "/auth/login", wrong).await.problem(401, "CREDENTIALS_WRONG");
        server.get(Some(&user), "/users").await.problem(403, "ROLE_REQUIRED");
        let forged = Session { access_token: "forged.bearer.token".into(), ..server.attendee().await };
        server.get(Some(&forged), "/me").await.problem(401, "TOKEN_INVALID");
        let token = json!({"refresh_token": user.refresh_token});
        let child = server.post(None, "/auth/refresh", token.clone()).await.expect(200);
        server.post(None, "/auth/refresh", json!({"refresh_token": child["refresh_token"]})).await.expect(200);
        server.post(None, "/auth/refresh", token).await.problem(401, "REFRESH_TOKEN_INVALID");

        let [failed, denied, refused, reused] = ["login.failed", "access.denied", "token.refused", "refresh.reused"]
            .map(|action| async {
                let items = counted(server, &admin, action, 1).await;
                assert_eq!(items.len(), 1, "{items:?}");
                items[0].clone()
            });
        let failed = failed.await;
        assert_eq!((&failed["object_id"], &failed["via"]), (&json!(user.id), &json!("anonymous")));
        assert!(failed.get("actor_id").is_none(), "who tried is not known: {failed}");
        let denied = denied.await;
        assert_eq!((&denied["actor_id"], &denied["new"]["path"]), (&json!(user.id), &json!("/api/v1/users")));
        assert_eq!(refused.await["new"]["code"], "TOKEN_INVALID");
        assert_eq!(reused.await["object_id"], json!(user.id));

        let everything = server.get(Some(&admin), "/admin/audit-log").await.text;
        for secret in ["my other password", "forged.bearer.token", &user.refresh_token, &user.access_token] {
            assert!(!everything.contains(secret), "{secret} in {everything}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_flood_is_a_count_and_not_a_row_each() {
    let server = TestServer::start_with(|config| {
        config.rate_limit.enabled = true;
        config.rate_limit.browsing_per_ip_per_s = 1;
    })
    .await;
    let mut refused = 0;
    for _ in 0..200 {
        let answer = send(server.request(reqwest::Method::GET, "/ping").header("user-agent", "flood/1.0")).await;
        refused += u64::from(answer.status == 429);
    }
    assert!(refused > 100, "{refused}");
    let state = server.app().state();
    let filter = persistence::AuditFilter { action: Some("rate.limited".into()), ..Default::default() };
    let ends_at = Instant::now() + Duration::from_secs(20);
    let rows = loop {
        let rows = state.store.audit_list(&filter, None, 100).await.unwrap();
        if !rows.is_empty() {
            break rows;
        }
        assert!(Instant::now() < ends_at, "nothing was written");
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    assert_eq!(rows.len(), 1, "{rows:?}");
    assert_eq!(rows[0].user_agent.as_deref(), Some("flood/1.0"));
    server.stop().await;
}

/// A key is forgotten after a day, and used again by whoever names it after the job that he runs.
#[tokio::test]
async fn a_second_change_under_a_used_key_is_a_second_entry() {
    on_each_store(async |server: &TestServer| {
        let (user, admin) = (server.attendee().await, server.admin().await);
        let mut present = PASSWORD.to_owned();
        for number in 0..2 {
            let new = format!("{PASSWORD} {number}");
            let body = json!({"current_password": present, "new_password": new});
            let request = server.request(Method::PUT, "/me/password").bearer_auth(&user.access_token);
            send(request.header("idempotency-key", "nightly").json(&body)).await.expect(204);
            present = new;
        }
        let path = format!("/admin/audit-log?action=password.change&object={}", user.id);
        let log = server.get(Some(&admin), &path).await.expect(200);
        assert_eq!(log["items"].as_array().map(Vec::len), Some(2));
    })
    .await;
}

/// That is his own business, and that of admins.
#[tokio::test]
async fn an_organizer_is_not_told_where_others_sit() {
    on_each_store(async |server: &TestServer| {
        let (show, admin) = (Show::draft_with(server, json!({})).await, server.admin().await);
        server.patch(Some(&admin), &show.path(""), json!({"title": "By an admin"})).await.expect(200);
        let entries = of_event(server, &show.organizer, &show).await;
        assert!(entries.iter().any(|entry| entry["actor_id"] == admin.id.as_str()));
        for entry in &entries {
            let is_own = entry["actor_id"] == show.organizer.id.as_str();
            assert_eq!(entry.get("ip").is_some_and(|ip| !ip.is_null()), is_own, "{entry}");
        }
        let of_admin = of_event(server, &admin, &show).await;
        assert!(of_admin.iter().all(|entry| entry["ip"].is_string()), "{of_admin:?}");
    })
    .await;
}
