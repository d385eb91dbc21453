//! Withdrawals: money leaves the wallet once, however many ask at once, and comes back once.

use futures_util::future::join_all;
use serde_json::{Value, json};
use usher_tests::server::{PASSWORD, Session, TestServer, send};

use crate::show::{Show, faults, on_each_store, text};

const IBAN: &str = "DE44500105175407324931";

fn euros(amount_minor: i64) -> Value {
    json!({"amount_minor": amount_minor, "currency": "EUR"})
}

/// A request for so much, to be paid out to the buyer's account.
fn asking(amount: Value) -> Value {
    json!({"amount": amount, "payout": {"iban": IBAN, "holder": "Ada Lovelace"}})
}

/// Has 4500 in the wallet.
async fn rich(server: &TestServer) -> Session {
    let show = Show::on_sale(server).await;
    let buyer = server.attendee().await;
    let order = show.buy(server, &buyer, json!([{"seat": "A-1-1"}])).await;
    let refund = format!("/orders/{}/refund", text(&order["id"]));
    server.post(Some(&show.organizer), &refund, json!({"to": "wallet"})).await.expect(200);
    buyer
}

async fn balance(server: &TestServer, user: &Session) -> (i64, i64) {
    let wallet = server.get(Some(user), "/me/wallet").await.expect(200);
    let of = |name: &str| wallet["balances"][0][name]["amount_minor"].as_i64().unwrap();
    (of("available"), of("reserved"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_at_once_take_no_more_than_there_is() {
    on_each_store(async |server| {
        let user = rich(server).await;
        let ask = || server.post(Some(&user), "/withdrawals", asking(euros(500)));
        let answers = join_all((0..100).map(|_| ask())).await;
        let made = answers.iter().filter(|answer| answer.status == 201).count();
        assert_eq!(made, 9);
        for refused in answers.into_iter().filter(|answer| answer.status != 201) {
            refused.problem(409, "FUNDS_INSUFFICIENT");
        }
        assert_eq!(balance(server, &user).await, (0, 4_500));
        let listed = server.get(Some(&user), "/withdrawals?status=pending").await.expect(200);
        assert_eq!(listed["items"].as_array().unwrap().len(), 9);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_admin_decides_once_and_a_rejection_puts_it_back() {
    on_each_store(async |server| {
        let (user, admin) = (rich(server).await, server.admin().await);
        let body = asking(euros(1_500));
        let first = server.post_keyed(Some(&user), "/withdrawals", "first", body.clone()).await.expect(201);
        let again = server.post_keyed(Some(&user), "/withdrawals", "first", body).await.expect(201);
        assert_eq!(first, again);
        let other = server.post_keyed(Some(&user), "/withdrawals", "first", asking(euros(1))).await;
        other.problem(422, "IDEMPOTENCY_KEY_REUSED");
        let second = server.post(Some(&user), "/withdrawals", asking(euros(2_000))).await.expect(201);
        assert_eq!(balance(server, &user).await, (1_000, 3_500));

        let path = |withdrawal: &Value| format!("/withdrawals/{}", text(&withdrawal["id"]));
        let decide = |withdrawal: &Value, status: &str| {
            let body = json!({"status": status, "reason": "As agreed"});
            let (path, admin) = (path(withdrawal), admin.clone());
            async move { server.patch(Some(&admin), &path, body).await }
        };
        server.patch(Some(&user), &path(&first), json!({"status": "approved"})).await.problem(403, "ROLE_REQUIRED");
        decide(&first, "pending").await.problem(422, "VALIDATION_FAILED");
        let rejected = decide(&first, "rejected").await.expect(200);
        assert_eq!((&rejected["status"], &rejected["reason"]), (&json!("rejected"), &json!("As agreed")));
        assert_eq!(balance(server, &user).await, (2_500, 2_000));
        decide(&first, "rejected").await.expect(200);
        decide(&first, "approved").await.problem(409, "WITHDRAWAL_DECIDED");
        assert_eq!(balance(server, &user).await, (2_500, 2_000), "a decision is final");
        decide(&second, "approved").await.expect(200);
        assert_eq!(balance(server, &user).await, (2_500, 0));
        decide(&second, "rejected").await.problem(409, "WITHDRAWAL_DECIDED");
        let nowhere = json!({"id": "00000000-0000-7000-8000-000000000000"});
        decide(&nowhere, "approved").await.problem(404, "WITHDRAWAL_NOT_FOUND");

        let entries = server.get(Some(&user), "/me/wallet/entries").await.expect(200);
        let told = |entry: &Value| (text(&entry["kind"]), entry["change"]["amount_minor"].as_i64().unwrap());
        let told: Vec<_> = entries["items"].as_array().unwrap().iter().map(told).collect();
        let expected = [
            ("withdrawal_paid", 0),
            ("withdrawal_returned", 1_500),
            ("withdrawal_requested", -2_000),
            ("withdrawal_requested", -1_500),
            ("refund", 4_500),
        ];
        assert_eq!(told, expected.map(|(kind, minor)| (kind.to_owned(), minor)));

        let log = server.get(Some(&admin), "/admin/audit-log?action=withdrawal.decide").await.expect(200);
        assert_eq!(log["items"].as_array().unwrap().len(), 2);
        let log = server.get(Some(&admin), "/admin/audit-log?action=withdrawal.request").await.expect(200);
        assert_eq!(log["items"].as_array().unwrap().len(), 2);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_withdrawal_is_its_owners_and_the_admins() {
    on_each_store(async |server| {
        let (user, stranger, admin) = (rich(server).await, server.attendee().await, server.admin().await);
        let made = server.post(Some(&user), "/withdrawals", asking(euros(100))).await.expect(201);
        let poor = server.post(Some(&stranger), "/withdrawals", asking(euros(1))).await;
        poor.problem(409, "FUNDS_INSUFFICIENT");
        let foreign = asking(json!({"amount_minor": 100, "currency": "USD"}));
        server.post(Some(&user), "/withdrawals", foreign).await.problem(409, "FUNDS_INSUFFICIENT");
        for amount in [json!({"amount_minor": 0, "currency": "EUR"}), json!({"amount_minor": 1, "currency": "eur"})] {
            let refused = server.post(Some(&user), "/withdrawals", asking(amount)).await;
            refused.problem(422, "VALIDATION_FAILED");
        }
        let items = async |who: &Session, query: &str| {
            let listed = server.get(Some(who), &format!("/withdrawals{query}")).await.expect(200);
            listed["items"].as_array().unwrap().clone()
        };
        assert_eq!(items(&user, "").await, std::slice::from_ref(&made));
        assert_eq!(items(&stranger, "").await, [] as [Value; 0]);
        assert_eq!(items(&admin, "?status=pending").await, [made]);
        assert_eq!(items(&admin, "?status=approved").await, [] as [Value; 0]);

        for _ in 0..19 {
            server.post(Some(&user), "/withdrawals", asking(euros(1))).await.expect(201);
        }
        let more = server.post(Some(&user), "/withdrawals", asking(euros(1))).await;
        more.problem(409, "WITHDRAWALS_TOO_MANY");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_it_is_paid_out_to_is_asked_for_checked_and_shown_to_admins_alone() {
    on_each_store(async |server| {
        let (user, admin) = (rich(server).await, server.admin().await);
        let to = |iban: &str, holder: &str| json!({"amount": euros(100), "payout": {"iban": iban, "holder": holder}});
        for (body, field, code) in [
            (json!({"amount": euros(100)}), "payout", "MISSING_FIELD"),
            (to("DE44500105175407324932", "Ada"), "payout.iban", "CHECK_DIGITS"),
            (to("my account", "Ada"), "payout.iban", "FORMAT"),
            (to(IBAN, " "), "payout.holder", "LENGTH"),
        ] {
            let refused = server.post(Some(&user), "/withdrawals", body).await.problem(422, "VALIDATION_FAILED");
            assert_eq!(faults(&refused), [(field.to_owned(), code.to_owned())]);
        }
        assert_eq!(balance(server, &user).await, (4_500, 0));

        let written = to("de44 5001 0517 5407 3249 31", "Ada  Lovelace");
        let made = server.post_keyed(Some(&user), "/withdrawals", "k", written).await.expect(201);
        let shown = json!({"iban": "DE\u{2026}4931", "holder": "A\u{2026} L\u{2026}"});
        assert_eq!(made["payout"], shown);
        let listed = server.get(Some(&admin), "/withdrawals").await.expect(200);
        assert_eq!(listed["items"][0]["payout"], shown, "who pays looks at one, not at all");
        let path = format!("/withdrawals/{}", text(&made["id"]));
        let payout = format!("{path}/payout");
        for (who, status, code) in [(None, 401, "TOKEN_MISSING"), (Some(&user), 403, "ROLE_REQUIRED")] {
            server.get(who, &payout).await.problem(status, code);
        }
        let whole = server.get(Some(&admin), &payout).await.expect(200);
        assert_eq!(whole, json!({"iban": IBAN, "holder": "Ada Lovelace"}));
        let nowhere = "/withdrawals/00000000-0000-7000-8000-000000000000/payout";
        server.get(Some(&admin), nowhere).await.problem(404, "WITHDRAWAL_NOT_FOUND");

        // Each look is written down, and nothing that is written down tells the number.
        let looks = server.get(Some(&admin), "/admin/audit-log?action=withdrawal.reveal").await.expect(200);
        let looks = looks["items"].as_array().unwrap().clone();
        assert_eq!((looks.len(), &looks[0]["object_id"]), (1, &made["id"]));
        let rejected = server.patch(Some(&admin), &path, json!({"status": "rejected"})).await.expect(200);
        assert_eq!(rejected["payout"], shown);
        let log = server.get(Some(&admin), "/admin/audit-log").await.expect(200).to_string();
        let export = server.get(Some(&user), "/me/export").await.expect(200).to_string();
        assert!(log.contains("DE\u{2026}4931") && export.contains("DE\u{2026}4931"), "{log} {export}");
        for told in [log, export] {
            assert!(!told.contains(IBAN) && !told.contains("Lovelace"), "{told}");
        }
        let stored = server.app().state().store.withdrawal_find(text(&made["id"]).parse().unwrap()).await.unwrap();
        let sealed = stored.unwrap().payout.unwrap();
        assert!(!String::from_utf8_lossy(&sealed).contains("5001"), "at rest, too");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_is_for_one_account_and_an_erased_person_leaves_none() {
    on_each_store(async |server| {
        let (user, admin) = (rich(server).await, server.admin().await);
        let made = server.post_keyed(Some(&user), "/withdrawals", "k", asking(euros(4_500))).await.expect(201);
        let again = server.post_keyed(Some(&user), "/withdrawals", "k", asking(euros(4_500))).await.expect(201);
        assert_eq!(again, made);
        let other =
            json!({"amount": euros(4_500), "payout": {"iban": "GB29NWBK60161331926819", "holder": "Ada Lovelace"}});
        server.post_keyed(Some(&user), "/withdrawals", "k", other).await.problem(422, "IDEMPOTENCY_KEY_REUSED");

        let path = format!("/withdrawals/{}", text(&made["id"]));
        server.patch(Some(&admin), &path, json!({"status": "approved"})).await.expect(200);
        let erase = server.request(reqwest::Method::DELETE, "/me").bearer_auth(&user.access_token);
        send(erase.json(&json!({"password": PASSWORD}))).await.expect(204);
        server.get(Some(&admin), &format!("{path}/payout")).await.problem(404, "WITHDRAWAL_NOT_FOUND");
        let listed = server.get(Some(&admin), "/withdrawals").await.expect(200);
        assert_eq!((&listed["items"][0]["id"], listed["items"][0].get("payout")), (&made["id"], None));
    })
    .await;
}
