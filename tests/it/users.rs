//! What admins see of accounts and do about them.

use serde_json::{Value, json};
use usher_tests::server::{PASSWORD, Session, TestServer};

use crate::show::{Show, on_each_store, text};

fn emails(page: &Value) -> Vec<String> {
    page["items"].as_array().expect("a page").iter().map(|item| text(&item["email"])).collect()
}

async fn register(server: &TestServer, name: &str, email: &str) -> Session {
    let body = json!({"name": name, "email": email, "password": PASSWORD});
    server.post(None, "/auth/register", body).await.expect(201);
    server.login(email, PASSWORD).await
}

#[tokio::test]
async fn accounts_are_found_by_how_words_of_name_or_address_begin() {
    on_each_store(async |server: &TestServer| {
        let admin = server.admin().await;
        let ada = register(server, "Ada Lovelace", "lovelace@example.org").await;
        register(server, "Adam_1", "zz-top@example.org").await;
        register(server, "Österreicher", "o%@example.org").await;
        let found = async |query: &str| emails(&server.get(Some(&admin), &format!("/users?{query}")).await.expect(200));
        assert_eq!(found("search=ada").await, ["lovelace@example.org", "zz-top@example.org"]);
        assert_eq!(found("search=%20LOVE").await, ["lovelace@example.org"]);
        assert_eq!(found("search=lov%20ada").await, ["lovelace@example.org"]);
        assert_eq!(found("search=ovelace").await, Vec::<String>::new());
        assert_eq!(found("search=top").await, ["zz-top@example.org"]);
        assert_eq!(found("search=zz-top%40ex").await, ["zz-top@example.org"]);
        assert_eq!(found("search=adam_").await, ["zz-top@example.org"]);
        assert_eq!(found("search=adam-").await, Vec::<String>::new());
        let three = |order: [&'static str; 3]| order.map(str::to_owned);
        for (sort, order) in [
            ("oldest", three(["lovelace@example.org", "zz-top@example.org", "o%@example.org"])),
            ("newest", three(["o%@example.org", "zz-top@example.org", "lovelace@example.org"])),
            ("name", three(["lovelace@example.org", "zz-top@example.org", "o%@example.org"])),
            ("email", three(["lovelace@example.org", "o%@example.org", "zz-top@example.org"])),
        ] {
            assert_eq!(found(&format!("search=example&sort={sort}")).await, order, "{sort}");
            let (mut pages, mut path) = (Vec::new(), format!("/users?search=example&sort={sort}&limit=1"));
            for _ in 0..3 {
                let page = server.get(Some(&admin), &path).await.expect(200);
                pages.extend(emails(&page));
                let next = page["next_cursor"].as_str().unwrap_or_default().to_owned();
                path = format!("/users?search=example&sort={sort}&limit=1&cursor={next}");
            }
            assert_eq!(pages, order, "{sort}");
        }
        server.get(Some(&admin), "/users?sort=age").await.problem(400, "QUERY_INVALID");
        assert_eq!(found("search=%C3%B6ster").await, ["o%@example.org"]);
        assert_eq!(found("search=o%25").await, ["o%@example.org"]);
        assert_eq!(found("search=%25").await, Vec::<String>::new());
        assert_eq!(found("search=ada&role=organizer").await, Vec::<String>::new());

        let account = format!("/users/{}", ada.id);
        server.patch(Some(&admin), &account, json!({"role": "organizer", "whitelisted": true})).await.expect(200);
        assert_eq!(found("search=ada&role=organizer&status=active").await, ["lovelace@example.org"]);
        let first = server.get(Some(&admin), "/users?search=ada&limit=1").await.expect(200);
        let rest = format!("/users?search=ada&limit=1&cursor={}", text(&first["next_cursor"]));
        assert_eq!(emails(&server.get(Some(&admin), &rest).await.expect(200)), ["zz-top@example.org"]);

        let shown = server.get(Some(&admin), &account).await.expect(200);
        assert_eq!((&shown["role"], &shown["whitelisted"]), (&json!("organizer"), &json!(true)));
        assert_eq!(server.get(Some(&ada), "/me").await.expect(200).get("whitelisted"), None);
        server.get(Some(&ada), &account).await.problem(403, "ROLE_REQUIRED");
        let long = format!("/users?search={}", "a".repeat(201));
        server.get(Some(&admin), &long).await.problem(422, "VALIDATION_FAILED");
        server.get(Some(&admin), "/users?role=owner").await.problem(400, "QUERY_INVALID");
    })
    .await;
}

#[tokio::test]
async fn who_is_suspended_neither_signs_in_nor_buys_at_once() {
    on_each_store(async |server: &TestServer| {
        let (show, buyer, admin) = (Show::on_sale(server).await, server.attendee().await, server.admin().await);
        let account = format!("/users/{}", buyer.id);
        server.patch(Some(&admin), &account, json!({"status": "suspended"})).await.expect(200);
        let hold = json!({"items": [{"seat": "A-1-1"}]});
        server.post(Some(&buyer), &show.path("/holds"), hold.clone()).await.problem(403, "ACCOUNT_SUSPENDED");
        let login = json!({"email": buyer.email, "password": PASSWORD});
        server.post(None, "/auth/login", login.clone()).await.problem(403, "ACCOUNT_SUSPENDED");
        let wrong = json!({"email": buyer.email, "password": "a wrong horse"});
        server.post(None, "/auth/login", wrong).await.problem(401, "CREDENTIALS_WRONG");
        let refresh = json!({"refresh_token": buyer.refresh_token});
        server.post(None, "/auth/refresh", refresh).await.problem(403, "ACCOUNT_SUSPENDED");
        server.patch(Some(&admin), &account, json!({"status": "active"})).await.expect(200);
        server.post(None, "/auth/login", login).await.expect(200);
        server.post(Some(&buyer), &show.path("/holds"), hold).await.expect(201);
    })
    .await;
}

#[tokio::test]
async fn there_is_always_an_admin() {
    on_each_store(async |server: &TestServer| {
        let (admin, other) = (server.admin().await, server.attendee().await);
        let (own, others) = (format!("/users/{}", admin.id), format!("/users/{}", other.id));
        server.patch(Some(&admin), &own, json!({"role": "attendee"})).await.problem(409, "OWN_ACCOUNT");
        server.patch(Some(&admin), &others, json!({"role": "admin"})).await.expect(200);
        let demote = json!({"role": "attendee"});
        let (one, two) = tokio::join!(
            server.patch(Some(&admin), &others, demote.clone()),
            server.patch(Some(&other), &own, demote.clone()),
        );
        let survivors = [&one, &two].iter().filter(|answer| answer.status == 200).count();
        assert_eq!(survivors, 1, "{} {}", one.text, two.text);
        let refused = if one.status == 200 { two } else { one };
        assert!(matches!(refused.status, 403 | 409), "{}", refused.text);
    })
    .await;
}

#[tokio::test]
async fn the_summary_counts_people_events_orders_and_money() {
    on_each_store(async |server: &TestServer| {
        let show = Show::on_sale(server).await;
        let (buyer, admin) = (server.attendee().await, server.admin().await);
        Show::draft_with(server, json!({})).await;
        let paid = show.buy(server, &buyer, json!([{"seat": "A-1-1"}, {"seat": "A-1-2"}])).await;
        show.order(server, &buyer, json!([{"seat": "A-1-3"}])).await;
        let refund = json!({"tickets": [paid["tickets"][0]["id"]]});
        let path = format!("/orders/{}/refund", text(&paid["id"]));
        server.post(Some(&show.organizer), &path, refund).await.expect(200);

        let summary = server.get(Some(&admin), "/admin/summary").await.expect(200);
        let euros = |amount: i64| json!({"amount_minor": amount, "currency": "EUR"});
        let revenue = json!([{"paid": euros(9_000), "refunded": euros(4_500), "net": euros(4_500)}]);
        assert_eq!(summary["revenue"], revenue);
        let orders = json!([{"status": "partially_refunded", "count": 1}, {"status": "pending_payment", "count": 1}]);
        assert_eq!(summary["orders"], orders);
        assert_eq!(summary["events"], json!([{"status": "draft", "count": 1}, {"status": "published", "count": 1}]));
        let attendees = json!({"role": "attendee", "status": "active", "count": 1});
        assert!(summary["users"].as_array().expect("a list").contains(&attendees), "{summary}");
        server.get(Some(&show.organizer), "/admin/summary").await.problem(403, "ROLE_REQUIRED");
    })
    .await;
}
