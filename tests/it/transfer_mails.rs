//! What the sender of an offer hears of it by mail.

use serde_json::json;
use usher_tests::smtp::on_both_stores;

use crate::holds::until;
use crate::purchase_mails::behind_the_back;
use crate::show::text;
use crate::transfers::{Bought, accept, state};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_sender_hears_that_his_offer_was_declined_and_that_it_was_accepted() {
    on_both_stores(|server, smtp| async move {
        let bought = Bought::on(&server).await;
        let (sender, heir) = (bought.buyer.email.as_str(), server.attendee().await);
        let first = text(&bought.offer(&server, &heir.email).await.expect(201)["id"]);
        let path = format!("/ticket-transfers/{first}/decline");
        server.post_keyed(Some(&heir), &path, "no", json!({})).await.expect(200);
        server.post_keyed(Some(&heir), &path, "no", json!({})).await.expect(200);
        server.post(Some(&heir), &path, json!({})).await.problem(409, "TRANSFER_CLOSED");
        let declined = smtp.mails(sender, "Your offer was declined: A small show", 1).await.remove(0);
        assert!(declined.text().contains("Seat A-1-1, Seat"), "{}", declined.text());
        assert!(!declined.message.contains(&bought.code) && !declined.message.contains(&heir.email));

        let second = text(&bought.offer(&server, &heir.email).await.expect(201)["id"]);
        accept(&server, &heir, &second).await.expect(200);
        let given = smtp.mails(sender, "You have given a ticket away", 1).await.remove(0);
        assert!(given.text().contains("Your offer was accepted"), "{}", given.text());

        // One that is taken back is told to nobody: who did it knows.
        let other = Bought::on(&server).await;
        other.offer(&server, &heir.email).await.expect(201);
        server.delete(Some(&other.buyer), &other.path("/transfer")).await.expect(204);
        let last = text(&other.offer(&server, &heir.email).await.expect(201)["id"]);
        let path = format!("/ticket-transfers/{last}/decline");
        server.post(Some(&heir), &path, json!({})).await.expect(200);
        smtp.mails(&other.buyer.email, "Your offer was declined", 1).await;
        for sender in [sender, other.buyer.email.as_str()] {
            let of_offers = |mail: &&usher_tests::smtp::Received| {
                mail.to == sender && mail.header("Subject").starts_with("Your offer")
            };
            assert_eq!(smtp.received().iter().filter(of_offers).count(), 1, "once");
        }
        server.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_sender_hears_once_that_nobody_has_answered_in_time() {
    on_both_stores(|server, smtp| async move {
        let (lapsed, used) = (Bought::on(&server).await, Bought::on(&server).await);
        let heir = server.attendee().await;
        let offer = text(&lapsed.offer(&server, &heir.email).await.expect(201)["id"]);
        used.offer(&server, &heir.email).await.expect(201);
        assert_eq!(used.scan(&server, &used.code).await["result"], "admitted");
        // As if it were 72 hours later.
        let touched = behind_the_back(
            &server,
            "UPDATE ticket_transfers SET expires_at = expires_at - 259200000000 WHERE status = 'open'",
        );
        assert_eq!(touched.await, 2);
        let mail = smtp.mails(&lapsed.buyer.email, "Your offer has lapsed: A small show", 1).await.remove(0);
        assert!(mail.text().contains("Seat A-1-1, Seat") && !mail.message.contains(&lapsed.code), "{}", mail.text());
        assert_eq!(state(&server, &heir, &offer).await, "expired");
        let store = &server.app().state().store;
        let now = server.app().state().now();
        until(async || store.transfer_list_lapsed(now, inventory::TimeUs(0), 10).await.unwrap().is_empty()).await;
        let transfer = store.transfer_find(offer.parse().unwrap()).await.unwrap().unwrap();
        assert!(!store.transfer_tell_lapse(transfer.id, now, None).await.unwrap(), "he was told");
        let of_offers =
            |mail: &&usher_tests::smtp::Received| mail.header("Subject").starts_with("Your offer has lapsed");
        assert_eq!(smtp.received().iter().filter(of_offers).count(), 1, "who has used his ticket knows");
        // It makes room for the next one as before.
        lapsed.offer(&server, &heir.email).await.expect(201);
        server.stop().await;
    })
    .await;
}
