//! The doors (FEATURES 4.7).

use serde_json::{Value, json};
use usher::ticket_code::{Claim, TicketSigner};
use usher_tests::server::{Answer, Session, TestServer};
use uuid::Uuid;

use crate::show::{Show, on_each_store, text};

async fn scan(server: &TestServer, show: &Show, who: &Session, code: &str, nonce: &str, direction: &str) -> Answer {
    let body = json!({"code": code, "nonce": nonce, "direction": direction});
    server.post(Some(who), &show.path("/gate/scans"), body).await
}

#[tokio::test]
async fn a_ticket_enters_once_leaves_and_comes_back() {
    on_each_store(async |server: &TestServer| {
        let show = Show::on_sale(server).await;
        let buyer = server.attendee().await;
        let paid = show.buy(server, &buyer, json!([{"seat": "A-1-1"}])).await;
        let (id, code) = (text(&paid["tickets"][0]["id"]), text(&paid["tickets"][0]["code"]));
        let staff = &show.organizer;
        let at = async |nonce: &str, direction: &str| scan(server, &show, staff, &code, nonce, direction).await;

        assert_eq!(at("0", "exit").await.expect(200)["reason"], "not_inside");
        let entered = at("1", "entry").await.expect(201);
        assert_eq!((&entered["result"], &entered["seat"]), (&json!("admitted"), &json!("A-1-1")));
        let retried = at("1", "entry").await.expect(201);
        assert_eq!(entered, retried, "the same nonce is the same scan");
        let twice = at("2", "entry").await.expect(200);
        assert_eq!((&twice["result"], &twice["reason"]), (&json!("refused"), &json!("already_redeemed")));
        assert_eq!(twice["scanned_at"], entered["scanned_at"]);
        assert_eq!(at("3", "exit").await.expect(201)["result"], "let_out");
        assert_eq!(at("4", "entry").await.expect(201)["result"], "admitted");
        let ticket = server.get(Some(&buyer), &format!("/tickets/{id}")).await.expect(200);
        assert_eq!(ticket["state"], "checked_in");
    })
    .await;
}

/// RELIABILITY T33 and T34 in small.
#[tokio::test]
async fn what_this_house_did_not_sign_for_this_event_is_invalid() {
    on_each_store(async |server: &TestServer| {
        let (show, other) = (Show::on_sale(server).await, Show::on_sale(server).await);
        let buyer = server.attendee().await;
        let paid = show.buy(server, &buyer, json!([{"seat": "A-1-1"}])).await;
        let code = text(&paid["tickets"][0]["code"]);
        let before = show.availability(server).await["seq"].clone();
        let mut forged: Vec<String> = (0..code.len())
            .step_by(7)
            .map(|at| {
                let flipped = if &code[at..=at] == "A" { "B" } else { "A" };
                format!("{}{flipped}{}", &code[..at], &code[at + 1..])
            })
            .collect();
        forged.extend(["".to_owned(), "x".to_owned(), code.to_lowercase(), format!("{code}A"), "A".repeat(100_000)]);
        let (event, ticket) = (Uuid::parse_str(&show.id).unwrap(), text(&paid["tickets"][0]["id"]));
        let claim = Claim { ticket: inventory::TicketId::from_uuid(Uuid::parse_str(&ticket).unwrap()), generation: 1 };
        let own_key = TicketSigner::from_seed(&[7; 32]).unwrap();
        forged.push(own_key.code(inventory::EventId::from_uuid(event), claim));
        for (at, forgery) in forged.iter().enumerate() {
            let refused = scan(server, &show, &show.organizer, forgery, &at.to_string(), "entry").await.expect(200);
            assert_eq!((&refused["result"], &refused["reason"]), (&json!("refused"), &json!("invalid")), "{forgery}");
        }
        let elsewhere = scan(server, &other, &other.organizer, &code, "1", "entry").await.expect(200);
        assert_eq!(elsewhere["reason"], "invalid", "a ticket of another event");
        assert_eq!(show.availability(server).await["seq"], before, "nothing was recorded");
        scan(server, &show, &show.organizer, &code, "1", "entry").await.expect(201);
    })
    .await;
}

/// A code that the house did sign, for a ticket that the event does not know, is no forgery but a 404.
#[tokio::test]
async fn a_signed_code_of_an_unknown_ticket_is_not_found() {
    on_each_store(async |server: &TestServer| {
        let show = Show::on_sale(server).await;
        let event = inventory::EventId::from_uuid(Uuid::parse_str(&show.id).unwrap());
        let claim = Claim { ticket: inventory::TicketId::from_bytes([9; 16]), generation: 1 };
        let code = server.app().state().ticket_signer.code(event, claim);
        let unknown = scan(server, &show, &show.organizer, &code, "1", "entry").await;
        unknown.problem(404, "TICKET_NOT_FOUND");
    })
    .await;
}

#[tokio::test]
async fn two_gates_admit_one_ticket_once() {
    on_each_store(async |server: &TestServer| {
        let show = Show::on_sale(server).await;
        let buyer = server.attendee().await;
        let paid = show.buy(server, &buyer, json!([{"area": "F", "quantity": 8}])).await;
        for (at, ticket) in paid["tickets"].as_array().unwrap().iter().enumerate() {
            let code = text(&ticket["code"]);
            let (left, right) = (format!("left-{at}"), format!("right-{at}"));
            let (one, other) = tokio::join!(
                scan(server, &show, &show.organizer, &code, &left, "entry"),
                scan(server, &show, &show.organizer, &code, &right, "entry"),
            );
            let mut statuses = [one.status, other.status];
            statuses.sort_unstable();
            assert_eq!(statuses, [200, 201]);
        }
    })
    .await;
}

#[tokio::test]
async fn doors_reentry_refund_and_cancellation_refuse_with_their_reasons() {
    on_each_store(async |server: &TestServer| {
        let rules = json!({"reentry": false, "doors_from": "2035-05-01T17:00:00Z"});
        let show = Show::on_sale_with(server, rules).await;
        let (organizer, buyer) = (Some(&show.organizer), server.attendee().await);
        let paid = show.buy(server, &buyer, json!([{"seat": "A-1-1"}, {"seat": "A-1-2"}])).await;
        let code = |at: usize| text(&paid["tickets"][at]["code"]);
        let reason = async |code: &str, nonce: &str, direction: &str| -> Value {
            scan(server, &show, &show.organizer, code, nonce, direction).await.expect(200)["reason"].clone()
        };
        assert_eq!(reason(&code(0), "1", "entry").await, "invalid_time");
        let open = json!({"doors_from": "2020-01-01T00:00:00Z"});
        server.patch(organizer, &show.path(""), open).await.expect(200);
        scan(server, &show, &show.organizer, &code(0), "2", "entry").await.expect(201);
        scan(server, &show, &show.organizer, &code(0), "3", "exit").await.expect(201);
        assert_eq!(reason(&code(0), "4", "entry").await, "no_reentry");

        let refund = format!("/orders/{}/refund", text(&paid["id"]));
        server.post(organizer, &refund, json!({"tickets": [paid["tickets"][1]["id"]]})).await.expect(200);
        assert_eq!(reason(&code(1), "5", "entry").await, "canceled");
        server.post(organizer, &show.path("/cancel"), json!({})).await.expect(200);
        assert_eq!(reason(&code(0), "6", "entry").await, "canceled");
    })
    .await;
}

#[tokio::test]
async fn only_those_who_run_the_event_scan_and_a_nonce_is_needed() {
    on_each_store(async |server: &TestServer| {
        let show = Show::on_sale(server).await;
        let (buyer, rival, admin) = (server.attendee().await, server.organizer().await, server.admin().await);
        let paid = show.buy(server, &buyer, json!([{"seat": "A-1-1"}])).await;
        let code = text(&paid["tickets"][0]["code"]);
        scan(server, &show, &buyer, &code, "1", "entry").await.problem(403, "ROLE_REQUIRED");
        scan(server, &show, &rival, &code, "1", "entry").await.problem(404, "EVENT_NOT_FOUND");
        scan(server, &show, &show.organizer, &code, "", "entry").await.problem(422, "VALIDATION_FAILED");
        scan(server, &show, &show.organizer, &code, &"n".repeat(65), "entry").await.problem(422, "VALIDATION_FAILED");
        scan(server, &show, &show.organizer, &code, "1", "sideways").await.problem(422, "VALIDATION_FAILED");
        scan(server, &show, &admin, &code, "1", "entry").await.expect(201);
    })
    .await;
}
