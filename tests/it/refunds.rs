//! Refunds: who may ask for what, where the money goes, and that the books say so.

use inventory::{EventId, Lsn, OrderId, OutboxKind};
use serde_json::{Value, json};
use usher_tests::server::{Session, TestServer};
use uuid::Uuid;

use crate::payments::{due_and_kept, refunded};
use crate::show::{Show, faults, give, on_each_store, text};

fn euros(amount_minor: i64) -> Value {
    json!({"amount_minor": amount_minor, "currency": "EUR"})
}

fn path(order: &Value) -> String {
    format!("/orders/{}/refund", text(&order["id"]))
}

/// A show that starts in so many hours, whose seats are refunded by steps.
async fn promising(server: &TestServer, starts_in_hours: i64) -> Show {
    let starts_at = server.app().state().now().plus_us(starts_in_hours * 3_600_000_000 + 60_000_000);
    let starts_at = usher::time::utc(starts_at);
    let show = Show::draft_with(server, json!({"starts_at": starts_at})).await;
    let steps = json!([{"hours_before": 336, "percent": 100}, {"hours_before": 48, "percent": 50}]);
    let terms = json!({"refund_policy": {"refundable": true, "steps": steps}});
    let tier = show.path(&format!("/tiers/{}", show.seats));
    let patched = server.patch(Some(&show.organizer), &tier, terms).await.expect(200);
    assert_eq!(patched["refund_policy"]["steps"], steps);
    server.post(Some(&show.organizer), &show.path("/publish"), json!({})).await.expect(200);
    show
}

fn seats(numbers: &[u32]) -> Value {
    numbers.iter().map(|number| json!({"seat": format!("A-1-{number}")})).collect()
}

/// Whether a provider is asked to give money back, for each change of the order that moved some.
async fn asks_provider(server: &TestServer, show: &Show) -> Vec<(OrderId, i64)> {
    let store = &server.app().state().store;
    let event = EventId::from_uuid(Uuid::parse_str(&show.id).unwrap());
    let mut asked = Vec::new();
    for work in store.outbox_list(event, Lsn::ZERO, 100).await.unwrap() {
        if work.kind == OutboxKind::PaymentRefund {
            let moved = store.ledger_of_change(event, work.lsn).await.unwrap();
            asked.push((work.order_id, moved[0].amount_minor));
        }
    }
    asked
}

async fn available(server: &TestServer, user: &Session) -> Vec<(i64, i64)> {
    let wallet = server.get(Some(user), "/me/wallet").await.expect(200);
    let amount = |money: &Value| money["amount_minor"].as_i64().unwrap();
    let balances = wallet["balances"].as_array().unwrap();
    balances.iter().map(|balance| (amount(&balance["available"]), amount(&balance["reserved"]))).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_buyer_gets_what_the_time_before_the_event_promises() {
    on_each_store(async |server| {
        for (starts_in_hours, refunded_minor) in [(24 * 30, Some(4_500)), (24 * 7, Some(2_250)), (24, None)] {
            let show = promising(server, starts_in_hours).await;
            let buyer = server.attendee().await;
            let order = show.buy(server, &buyer, seats(&[1])).await;
            let asked = server.post(Some(&buyer), &path(&order), json!({"reason": "Ill"})).await;
            match refunded_minor {
                Some(minor) => {
                    let refunded = asked.expect(200);
                    assert_eq!((&refunded["status"], &refunded["refunded"]), (&json!("refunded"), &euros(minor)));
                    assert_eq!(show.totals(server).await, [90, 0, 0, 0]);
                }
                None => {
                    asked.problem(409, "REFUND_NOT_PROMISED");
                    assert_eq!(show.totals(server).await, [89, 0, 1, 0]);
                }
            }
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_promise_is_that_of_the_purchase_and_for_tickets_that_are_the_buyers() {
    on_each_store(async |server| {
        let show = promising(server, 24 * 30).await;
        let buyer = server.attendee().await;
        let order = show.buy(server, &buyer, seats(&[1, 2, 3])).await;
        let tier = show.path(&format!("/tiers/{}", show.seats));
        let never = json!({"refund_policy": {"refundable": false, "percent": 0}});
        server.patch(Some(&show.organizer), &tier, never).await.expect(200);

        let friend = server.attendee().await;
        let given = text(&order["tickets"][2]["id"]);
        give(server, &buyer, &given, &friend).await;
        let of_friend = server.post(Some(&buyer), &path(&order), json!({"tickets": [given]})).await;
        of_friend.problem(404, "TICKET_NOT_FOUND");
        server.post(Some(&friend), &path(&order), json!({})).await.problem(404, "ORDER_NOT_FOUND");
        let any = json!({"amount": euros(1)});
        let refused = server.post(Some(&buyer), &path(&order), any).await.problem(422, "VALIDATION_FAILED");
        assert_eq!(faults(&refused), [("amount".into(), "NOT_ALLOWED".into())]);

        let one = json!({"tickets": [order["tickets"][0]["id"]]});
        let partly = server.post_keyed(Some(&buyer), &path(&order), "one", one.clone()).await.expect(200);
        assert_eq!((&partly["status"], &partly["refunded"]), (&json!("partially_refunded"), &euros(4_500)));
        let again = server.post_keyed(Some(&buyer), &path(&order), "one", one).await.expect(200);
        assert_eq!(again["refunded"], euros(4_500), "once, however often it is asked under its key");
        let rest = server.post(Some(&buyer), &path(&order), json!({})).await.expect(200);
        assert_eq!((&rest["status"], &rest["refunded"]), (&json!("partially_refunded"), &euros(9_000)));
        assert_eq!(show.totals(server).await, [89, 0, 1, 0], "the friend comes");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn money_for_the_wallet_is_there_at_once_and_asks_no_provider() {
    on_each_store(async |server| {
        let show = promising(server, 24 * 7).await;
        let buyer = server.attendee().await;
        assert_eq!(available(server, &buyer).await, []);
        let order = show.buy(server, &buyer, seats(&[1, 2, 3])).await;
        let ticket = |at: usize| order["tickets"][at]["id"].clone();
        let wallet = json!({"to": "wallet", "tickets": [ticket(0)]});
        server.post(Some(&buyer), &path(&order), wallet).await.expect(200);
        assert_eq!(available(server, &buyer).await, [(2_250, 0)]);
        assert_eq!(asks_provider(server, &show).await, []);
        assert_eq!(due_and_kept(server, &show).await, (0, 13_500), "it stays at the provider");

        let grant = json!({"to": "wallet", "tickets": [ticket(1)], "amount": euros(5_000), "reason": "Bad view"});
        server.post(Some(&show.organizer), &path(&order), grant).await.expect(200);
        assert_eq!(available(server, &buyer).await, [(7_250, 0)]);
        let back = json!({"to": "original", "tickets": [ticket(2)], "amount": euros(1_000)});
        server.post(Some(&show.organizer), &path(&order), back).await.expect(200);
        let id = OrderId::from_uuid(Uuid::parse_str(&text(&order["id"])).unwrap());
        assert_eq!(asks_provider(server, &show).await, [(id, 1_000)]);
        refunded(server, 1).await;
        assert_eq!(due_and_kept(server, &show).await, (0, 12_500));

        let first = server.get(Some(&buyer), "/me/wallet/entries?limit=1").await.expect(200);
        let entry = &first["items"][0];
        assert_eq!((&entry["kind"], &entry["change"]), (&json!("refund"), &euros(5_000)));
        assert_eq!((&entry["order_id"], &entry["event_id"]), (&order["id"], &json!(show.id)));
        let next = format!("/me/wallet/entries?limit=1&cursor={}", text(&first["next_cursor"]));
        let second = server.get(Some(&buyer), &next).await.expect(200);
        assert_eq!(second["items"][0]["change"], euros(2_250));
        assert_eq!(second.get("next_cursor"), None);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn steps_that_make_no_sense_are_refused_by_name() {
    on_each_store(async |server| {
        let show = Show::draft_with(server, json!({})).await;
        let tier = show.path(&format!("/tiers/{}", show.seats));
        let steps = json!([
            {"hours_before": 48, "percent": 101}, {"hours_before": 48, "percent": 50},
            {"hours_before": 87_601, "percent": 10},
        ]);
        let terms = json!({"refund_policy": {"refundable": true, "steps": steps}});
        let refused = server.patch(Some(&show.organizer), &tier, terms).await.problem(422, "VALIDATION_FAILED");
        let expected = [
            ("refund_policy.steps[0].percent", "OUT_OF_RANGE"),
            ("refund_policy.steps[1].hours_before", "ORDER"),
            ("refund_policy.steps[2].hours_before", "OUT_OF_RANGE"),
            ("refund_policy.steps[2].hours_before", "ORDER"),
        ];
        assert_eq!(faults(&refused), expected.map(|(field, code)| (field.to_owned(), code.to_owned())));
        let nine: Vec<Value> = (0..9).map(|at| json!({"hours_before": 9 - at, "percent": 1})).collect();
        let terms = json!({"refund_policy": {"refundable": true, "steps": nine}});
        let refused = server.patch(Some(&show.organizer), &tier, terms).await.problem(422, "VALIDATION_FAILED");
        assert_eq!(faults(&refused), [("refund_policy.steps".into(), "TOO_MANY".into())]);
    })
    .await;
}
