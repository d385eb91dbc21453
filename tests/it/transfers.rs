//! Tickets from one holder to the next: offered by mail, accepted by whoever reads it.

use serde_json::{Value, json};
use usher_tests::server::{Answer, PASSWORD, Session, TestServer, send};
use usher_tests::smtp::on_both_stores;

use crate::show::{Show, faults, on_each_store, text};

/// A show, a buyer with one ticket, and what was told of that ticket.
pub struct Bought {
    pub show: Show,
    pub buyer: Session,
    pub id: String,
    pub code: String,
    order: String,
}

impl Bought {
    pub async fn on(server: &TestServer) -> Self {
        Self::with(server, json!({})).await
    }

    async fn with(server: &TestServer, rules: Value) -> Self {
        let show = Show::on_sale_with(server, rules).await;
        let buyer = server.attendee().await;
        let paid = show.buy(server, &buyer, json!([{"seat": "A-1-1"}])).await;
        let ticket = &paid["tickets"][0];
        Self { show, buyer, id: text(&ticket["id"]), code: text(&ticket["code"]), order: text(&paid["id"]) }
    }

    pub fn path(&self, rest: &str) -> String {
        format!("/tickets/{}{rest}", self.id)
    }

    pub async fn offer(&self, server: &TestServer, email: &str) -> Answer {
        server.post(Some(&self.buyer), &self.path("/transfer"), json!({"email": email})).await
    }

    pub async fn scan(&self, server: &TestServer, code: &str) -> Value {
        let body = json!({"code": code, "nonce": code[code.len() - 8..]});
        server.post(Some(&self.show.organizer), &self.show.path("/gate/scans"), body).await.body
    }
}

pub async fn accept(server: &TestServer, who: &Session, offer: &str) -> Answer {
    server.post(Some(who), &format!("/ticket-transfers/{offer}/accept"), json!({})).await
}

pub async fn state(server: &TestServer, who: &Session, offer: &str) -> String {
    text(&server.get(Some(who), &format!("/ticket-transfers/{offer}")).await.expect(200)["state"])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_ticket_is_the_senders_until_it_is_accepted_and_then_the_old_code_is_dead() {
    on_each_store(async |server: &TestServer| {
        let bought = Bought::on(server).await;
        let heir = server.attendee().await;
        let body = json!({"email": heir.email.to_uppercase()});
        let path = bought.path("/transfer");
        let offer = server.post_keyed(Some(&bought.buyer), &path, "gift", body.clone()).await.expect(201);
        assert_eq!(server.post_keyed(Some(&bought.buyer), &path, "gift", body).await.expect(201), offer);
        assert_eq!((&offer["state"], &offer["seat"]), (&json!("open"), &json!("A-1-1")));
        assert_eq!(offer["event_title"], "A small show");
        let mine = server.get(Some(&bought.buyer), &bought.path("")).await.expect(200);
        assert_eq!(text(&mine["code"]), bought.code, "still good");
        server.get(Some(&heir), &bought.path("")).await.problem(404, "TICKET_NOT_FOUND");
        let received = server.get(Some(&heir), "/ticket-transfers").await.expect(200);
        assert_eq!(received["items"], json!([offer]));
        let sent = server.get(Some(&bought.buyer), "/ticket-transfers?direction=sent").await.expect(200);
        assert_eq!(sent["items"], json!([offer]));

        let id = text(&offer["id"]);
        let ticket = accept(server, &heir, &id).await.expect(200);
        let new = text(&ticket["code"]);
        assert_ne!(new, bought.code);
        assert_eq!(accept(server, &heir, &id).await.expect(200), ticket, "accepting again is the same");
        server.get(Some(&bought.buyer), &bought.path("")).await.problem(404, "TICKET_NOT_FOUND");
        for (who, side) in [(&heir, "transfers_received"), (&bought.buyer, "transfers_sent")] {
            assert_eq!(state(server, who, &id).await, "accepted");
            let export = server.get(Some(who), "/me/export").await.expect(200);
            assert_eq!((&export[side][0]["id"], &export[side][0]["state"]), (&json!(id), &json!("accepted")));
        }
        assert_eq!(bought.scan(server, &bought.code).await["reason"], "revoked");
        assert_eq!(bought.scan(server, &new).await["result"], "admitted");
        let back = server.post(Some(&heir), &bought.path("/transfer"), json!({"email": bought.buyer.email})).await;
        back.problem(409, "TICKET_USED");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_has_no_account_gets_the_mail_registers_and_accepts() {
    const HEIR: &str = "heir@example.org";
    on_both_stores(|server, smtp| async move {
        let bought = Bought::with(&server, json!({"title": "Fidelio <b>"})).await;
        let offer = bought.offer(&server, HEIR).await.expect(201);
        let mail = smtp.mails(HEIR, "A ticket is offered to you", 1).await.remove(0);
        assert!(!mail.message.contains(&bought.code) && !mail.text().contains("<b>\u{201d}"), "{}", mail.text());
        let token = mail.token();
        let preview = server.post(None, "/ticket-transfers/preview", json!({"token": token})).await.expect(200);
        assert_eq!(preview, offer);
        for wrong in ["none", &token[1..], &format!("A{}", &token[1..].to_lowercase())] {
            let wrong = server.post(None, "/ticket-transfers/preview", json!({"token": wrong})).await;
            wrong.problem(410, "LINK_INVALID");
        }

        let id = text(&offer["id"]);
        let body = json!({"name": "Heir", "email": HEIR, "password": PASSWORD});
        server.post(None, "/auth/register", body).await.expect(201);
        let squatter = server.login(HEIR, PASSWORD).await;
        for path in ["/ticket-transfers".to_owned(), format!("/ticket-transfers/{id}")] {
            server.get(Some(&squatter), &path).await.problem(403, "EMAIL_NOT_CONFIRMED");
        }
        accept(&server, &squatter, &id).await.problem(403, "EMAIL_NOT_CONFIRMED");
        let confirmation = smtp.mails(HEIR, "Confirm", 1).await.remove(0).token();
        server.post(None, "/auth/confirm-email", json!({"token": confirmation})).await.expect(204);
        let heir = server.login(HEIR, PASSWORD).await;
        let ticket = accept(&server, &heir, &id).await.expect(200);
        assert_eq!(text(&ticket["id"]), bought.id);
        server.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_offer_is_for_its_recipient_alone_and_one_at_a_time() {
    on_each_store(async |server: &TestServer| {
        let bought = Bought::on(server).await;
        let (heir, stranger) = (server.attendee().await, server.attendee().await);
        let offer = text(&bought.offer(server, &heir.email).await.expect(201)["id"]);
        bought.offer(server, &stranger.email).await.problem(409, "TRANSFER_OPEN");
        for nobody in [&stranger, &bought.show.organizer] {
            accept(server, nobody, &offer).await.problem(404, "TRANSFER_NOT_FOUND");
            let path = format!("/ticket-transfers/{offer}");
            server.get(Some(nobody), &path).await.problem(404, "TRANSFER_NOT_FOUND");
            server.delete(Some(nobody), &bought.path("/transfer")).await.problem(404, "TICKET_NOT_FOUND");
        }
        accept(server, &bought.buyer, &offer).await.problem(404, "TRANSFER_NOT_FOUND");
        server.delete(Some(&bought.buyer), &bought.path("/transfer")).await.expect(204);
        server.delete(Some(&bought.buyer), &bought.path("/transfer")).await.problem(404, "TRANSFER_NOT_FOUND");
        assert_eq!(state(server, &heir, &offer).await, "cancelled");
        accept(server, &heir, &offer).await.problem(409, "TRANSFER_CLOSED");

        let second = text(&bought.offer(server, &stranger.email).await.expect(201)["id"]);
        let declined = server.post(Some(&stranger), &format!("/ticket-transfers/{second}/decline"), json!({})).await;
        assert_eq!(declined.expect(200)["state"], "declined");
        accept(server, &stranger, &second).await.problem(409, "TRANSFER_CLOSED");
        let third = text(&bought.offer(server, &heir.email).await.expect(201)["id"]);
        accept(server, &heir, &third).await.expect(200);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn checking_in_voiding_and_cancelling_close_an_offer() {
    on_each_store(async |server: &TestServer| {
        let heir = server.attendee().await;
        let used = Bought::on(server).await;
        let offer = text(&used.offer(server, &heir.email).await.expect(201)["id"]);
        assert_eq!(used.scan(server, &used.code).await["result"], "admitted", "it is good while it is offered");
        assert_eq!(state(server, &heir, &offer).await, "closed");
        accept(server, &heir, &offer).await.problem(409, "TRANSFER_CLOSED");

        let refunded = Bought::on(server).await;
        let offer = text(&refunded.offer(server, &heir.email).await.expect(201)["id"]);
        let path = format!("/orders/{}/refund", refunded.order);
        server.post(Some(&refunded.show.organizer), &path, json!({})).await.expect(200);
        assert_eq!(state(server, &heir, &offer).await, "closed");
        accept(server, &heir, &offer).await.problem(409, "TRANSFER_CLOSED");
        refunded.offer(server, &heir.email).await.problem(409, "TICKET_VOID");

        let cancelled = Bought::on(server).await;
        let offer = text(&cancelled.offer(server, &heir.email).await.expect(201)["id"]);
        server.post(Some(&cancelled.show.organizer), &cancelled.show.path("/cancel"), json!({})).await.expect(200);
        assert_eq!(state(server, &heir, &offer).await, "closed");
        accept(server, &heir, &offer).await.problem(409, "TRANSFER_CLOSED");
        // Its tickets are void as soon as they are refunded.
        let refused = cancelled.offer(server, &heir.email).await;
        assert!(matches!(refused.status, 409 | 410), "{}", refused.body);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_transfer_takes_no_place_and_no_limit_of_the_recipient() {
    on_each_store(async |server: &TestServer| {
        let bought = Bought::with(server, json!({"units_per_customer_max": 1})).await;
        let heir = server.attendee().await;
        bought.show.buy(server, &heir, json!([{"seat": "A-1-2"}])).await;
        let before = bought.show.totals(server).await;
        let offer = text(&bought.offer(server, &heir.email).await.expect(201)["id"]);
        assert_eq!(bought.show.totals(server).await, before);
        accept(server, &heir, &offer).await.expect(200);
        assert_eq!(bought.show.totals(server).await, before);
        assert_eq!(server.get(Some(&heir), "/tickets").await.expect(200)["items"].as_array().unwrap().len(), 2);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_accepting_and_taking_back_at_once_exactly_one_happens() {
    on_each_store(async |server: &TestServer| {
        let heir = server.attendee().await;
        for _ in 0..8 {
            let bought = Bought::on(server).await;
            let offer = text(&bought.offer(server, &heir.email).await.expect(201)["id"]);
            let path = bought.path("/transfer");
            let (accepted, twice, taken_back) = tokio::join!(
                accept(server, &heir, &offer),
                accept(server, &heir, &offer),
                server.delete(Some(&bought.buyer), &path)
            );
            let has_it = server.get(Some(&heir), &bought.path("")).await.status == 200;
            assert_eq!(accepted.status == 200 || twice.status == 200, has_it, "{} {}", accepted.text, twice.text);
            assert_eq!(taken_back.status == 204, !has_it, "{}", taken_back.text);
            let settled = state(server, &heir, &offer).await;
            assert_eq!(settled, if has_it { "accepted" } else { "cancelled" });
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_accepted_before_a_crash_is_carried_out_after_it() {
    on_each_store(async |server: &TestServer| {
        let bought = Bought::on(server).await;
        let heir = server.attendee().await;
        let offer = text(&bought.offer(server, &heir.email).await.expect(201)["id"]);
        let app = server.app().state();
        let user = inventory::UserId::from_uuid(heir.id.parse().unwrap());
        let long_ago = app.now().plus_us(-3_600 * 1_000_000);
        assert!(app.store.transfer_claim(offer.parse().unwrap(), user, long_ago).await.unwrap());
        assert_eq!(state(server, &heir, &offer).await, "accepting");
        server.delete(Some(&bought.buyer), &bought.path("/transfer")).await.problem(409, "TRANSFER_CLOSED");
        bought.offer(server, "other@example.org").await.problem(409, "TRANSFER_OPEN");
        for _ in 0..2 {
            usher::tickets::finish_transfers(app).await.unwrap();
            assert_eq!(state(server, &heir, &offer).await, "accepted");
        }
        let ticket = server.get(Some(&heir), &bought.path("")).await.expect(200);
        assert_eq!(bought.scan(server, &text(&ticket["code"])).await["result"], "admitted");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_old_offer_is_expired_and_makes_room_for_the_next() {
    on_each_store(async |server: &TestServer| {
        let bought = Bought::on(server).await;
        let heir = server.attendee().await;
        let state_of = server.app().state();
        let ticket = inventory::TicketId::from_uuid(bought.id.parse().unwrap());
        let sender = inventory::UserId::from_uuid(bought.buyer.id.parse().unwrap());
        let made = state_of.now().plus_us(-73 * 3_600 * 1_000_000);
        let id = usher::ids::mint(made);
        let offer = persistence::NewTransfer {
            id,
            ticket,
            generation: 1,
            sender,
            recipient: &heir.email,
            token_hash: [7; 32],
            created_at: made,
            expires_at: made.plus_us(72 * 3_600 * 1_000_000),
        };
        let letter = usher::mail::Letter::TicketOffered { token: "t".into(), event: "A show".into() };
        let mail = state_of.mail.compose(&heir.email, &letter, made).unwrap();
        let entry = usher::audit_log::Entry::by_system(usher::audit_log::Action::TransferOffer).row(made);
        assert!(state_of.store.transfer_offer(&offer, &mail, &entry).await.unwrap());
        assert_eq!(state(server, &heir, &id.to_string()).await, "expired");
        accept(server, &heir, &id.to_string()).await.problem(409, "TRANSFER_CLOSED");
        server.delete(Some(&bought.buyer), &bought.path("/transfer")).await.problem(404, "TRANSFER_NOT_FOUND");
        let next = text(&bought.offer(server, &heir.email).await.expect(201)["id"]);
        accept(server, &heir, &next).await.expect(200);
        assert_eq!(state_of.store.transfers_prune(made.plus_us(1)).await.unwrap(), 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_address_that_is_none_or_ones_own_is_refused_and_offers_are_limited() {
    on_each_store(async |server: &TestServer| {
        let bought = Bought::on(server).await;
        for (email, code) in
            [("nobody", "FORMAT"), ("a b@example.org", "FORMAT"), (bought.buyer.email.as_str(), "OWN_ADDRESS")]
        {
            let problem = bought.offer(server, email).await.problem(422, "VALIDATION_FAILED");
            assert_eq!(faults(&problem), [("email".to_owned(), code.to_owned())], "{email}");
        }
        for turn in 0..5 {
            bought.offer(server, &format!("friend-{turn}@example.org")).await.expect(201);
            server.delete(Some(&bought.buyer), &bought.path("/transfer")).await.expect(204);
        }
        let limited = bought.offer(server, "friend-6@example.org").await;
        assert!(limited.header("retry-after").parse::<u64>().unwrap() <= 1_800);
        limited.problem(429, "RATE_LIMITED");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn names_go_with_the_ticket_and_are_its_holders_to_change() {
    on_each_store(async |server: &TestServer| {
        let show = Show::on_sale(server).await;
        let (buyer, heir) = (server.attendee().await, server.attendee().await);
        let hold = show.hold(server, &buyer, json!([{"seat": "A-1-1"}, {"seat": "A-1-2"}])).await;
        let attendees = json!([{"name": "Ada", "email": "ada@example.org"}, {"name": "Bob"}]);
        let body = json!({"event_id": show.id, "hold_id": hold["id"], "attendees": attendees});
        let order = text(&server.post(Some(&buyer), "/orders", body).await.expect(201)["id"]);
        let paid = server.post(Some(&buyer), &format!("/orders/{order}/pay"), json!({"method": "mock"})).await;
        let paid = paid.expect(200);
        let of_seat = |seat: &str| {
            let tickets = paid["tickets"].as_array().unwrap();
            text(&tickets.iter().find(|ticket| ticket["seat"] == seat).unwrap()["id"])
        };
        let (first, second) = (of_seat("A-1-1"), of_seat("A-1-2"));
        let attendee = |ticket: &str| format!("/tickets/{ticket}/attendee");
        let shown = server.get(Some(&buyer), &attendee(&first)).await.expect(200);
        assert_eq!((&shown["name"], &shown["email"]), (&json!("Ada"), &json!("ada@example.org")));
        assert_eq!(shown["editable_until"], "2035-05-01T19:00:00Z");
        let renamed = json!({"name": " Ανδρέας Öz ", "email": ""});
        let renamed = server.patch(Some(&buyer), &attendee(&first), renamed).await.expect(200);
        assert_eq!((&renamed["name"], renamed.get("email")), (&json!("Ανδρέας Öz"), None));
        let only_mail = json!({"email": "bob@example.org"});
        server.patch(Some(&buyer), &attendee(&second), only_mail).await.expect(200);
        let shown = server.get(Some(&buyer), &format!("/orders/{order}")).await.expect(200);
        let expected = json!([{"name": "Ανδρέας Öz"}, {"name": "Bob", "email": "bob@example.org"}]);
        assert_eq!(shown["attendees"], expected);

        let offer = json!({"email": heir.email});
        let offer = server.post(Some(&buyer), &format!("/tickets/{second}/transfer"), offer).await.expect(201);
        accept(server, &heir, &text(&offer["id"])).await.expect(200);
        assert_eq!(
            server.get(Some(&heir), &attendee(&second)).await.expect(200).get("name"),
            None,
            "Bob comes no more"
        );
        server
            .patch(Some(&heir), &attendee(&second), json!({"email": "x@example.org"}))
            .await
            .problem(422, "VALIDATION_FAILED");
        server.patch(Some(&heir), &attendee(&second), json!({"name": "Heir's child"})).await.expect(200);
        server.patch(Some(&buyer), &attendee(&second), json!({"name": "Me"})).await.problem(404, "TICKET_NOT_FOUND");
        let shown = server.get(Some(&buyer), &format!("/orders/{order}")).await.expect(200);
        assert_eq!(shown["attendees"], json!([{"name": "Ανδρέας Öz"}]), "who comes with the other is not the buyer's");
        let guests = server.get(Some(&show.organizer), &show.path("/attendees")).await.expect(200);
        let names: Vec<String> = guests["items"].as_array().unwrap().iter().map(|one| text(&one["name"])).collect();
        assert_eq!(names.len(), 2);
        assert!(names.contains(&"Heir's child".to_owned()) && names.contains(&"Ανδρέας Öz".to_owned()), "{names:?}");
        let log = server.get(Some(&show.organizer), &show.path("/audit-log")).await.expect(200).to_string();
        assert!(log.contains("attendee.update") && log.contains("ticket_transfer.accept"), "{log}");
        for personal in ["Heir's child", &heir.email] {
            assert!(!log.contains(personal), "{personal}");
        }

        let erase = server.request(reqwest::Method::DELETE, "/me").bearer_auth(&heir.access_token);
        send(erase.json(&json!({"password": PASSWORD}))).await.expect(204);
        let guests = server.get(Some(&show.organizer), &show.path("/attendees")).await.expect(200).to_string();
        assert!(!guests.contains("Heir's child"), "{guests}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn names_stand_fast_after_the_cut_off_and_after_check_in() {
    on_each_store(async |server: &TestServer| {
        let bought = Bought::on(server).await;
        let (path, cut_off) = (bought.path("/attendee"), bought.show.path("/attendees/cut-off"));
        for (name, code) in [("", "LENGTH"), ("a\u{7}", "CHARACTER"), (&"x".repeat(201), "LENGTH")] {
            let problem = server.patch(Some(&bought.buyer), &path, json!({"name": name})).await;
            let problem = problem.problem(422, "VALIDATION_FAILED");
            assert_eq!(faults(&problem), [("name".to_owned(), code.to_owned())], "{name}");
        }
        let nothing = server.patch(Some(&bought.buyer), &path, json!({})).await.problem(422, "VALIDATION_FAILED");
        assert_eq!(faults(&nothing), [("name".to_owned(), "MISSING_FIELD".to_owned())]);
        server.patch(Some(&bought.buyer), &path, json!({"name": "Ada"})).await.expect(200);

        let organizer = Some(&bought.show.organizer);
        let default = server.get(organizer, &cut_off).await.expect(200);
        assert_eq!(default, json!({"minutes_before": 0, "editable_until": "2035-05-01T19:00:00Z"}));
        let too_early = json!({"minutes_before": 525_601});
        server.put(organizer, &cut_off, too_early).await.problem(422, "VALIDATION_FAILED");
        server.put(organizer, &cut_off, json!({"minutes_before": 1_440})).await.expect(200);
        assert_eq!(server.get(Some(&bought.buyer), &path).await.expect(200)["editable_until"], "2035-04-30T19:00:00Z");
        let soon = server.app().state().now().plus_us(30 * 24 * 3_600 * 1_000_000);
        let soon = chrono::DateTime::from_timestamp_micros(soon.0).unwrap().to_rfc3339();
        let near = Bought::with(server, json!({"starts_at": soon})).await;
        let near_path = near.path("/attendee");
        server.patch(Some(&near.buyer), &near_path, json!({"name": "Ada"})).await.expect(200);
        let year = json!({"minutes_before": 525_600});
        server.put(Some(&near.show.organizer), &near.show.path("/attendees/cut-off"), year).await.expect(200);
        server.patch(Some(&near.buyer), &near_path, json!({"name": "Eve"})).await.problem(409, "ATTENDEES_FIXED");
        assert_eq!(server.get(Some(&near.buyer), &near_path).await.expect(200)["name"], "Ada");

        assert_eq!(bought.scan(server, &bought.code).await["result"], "admitted");
        server.patch(Some(&bought.buyer), &path, json!({"name": "Eve"})).await.problem(409, "TICKET_USED");
        assert_eq!(server.get(Some(&bought.buyer), &path).await.expect(200)["name"], "Ada");
    })
    .await;
}
