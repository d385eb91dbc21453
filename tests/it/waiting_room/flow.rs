//! From the pre-queue to the purchase.

use std::collections::BTreeSet;

use inventory::EventId;
use serde_json::{Value, json};
use usher_tests::server::TestServer;

use super::{attendees, in_us, number};
use crate::show::{Show, on_each_store, text};

fn bytes32(digits: &Value) -> [u8; 32] {
    usher::hex::decode(&text(digits)).expect("64 digits")
}

fn event(show: &Show) -> EventId {
    EventId::from_uuid(show.id.parse().unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn from_the_pre_queue_to_the_purchase_and_the_next_in_line() {
    on_each_store(async |server: &TestServer| {
        let show = Show::on_sale(server).await;
        let accounts = attendees(server, 5).await;
        let opens_at = in_us(server, 1_500_000);
        let settings = json!({"opens_at": opens_at, "shoppers_max": 1, "rate_per_minute": 60_000});
        show.open_room(server, settings).await;

        let refused = show.hold_with(server, &accounts[0], &Value::Null, 1).await;
        assert_eq!(refused.header("link"), format!("</api/v1{}>; rel=\"related\"", show.room("")));
        refused.problem(425, "QUEUE_REQUIRED");

        // Everybody who comes now takes part in the shuffle.
        for (account, expected) in accounts.iter().zip(0..) {
            let place = show.join(server, account).await;
            assert_eq!((text(&place["state"]).as_str(), number(&place["number"])), ("pre_queue", expected));
            assert!(place["rank"].is_null() && place["position"].is_null() && place["pass"].is_null(), "{place}");
            assert_eq!(text(&place["room"]["state"]), "pre_queue");
            assert_eq!(show.join(server, account).await["number"], place["number"], "again");
        }
        let before = show.proof(server).await;
        assert!(before["opened"].is_null(), "{before}");

        let proof = show.until_open(server).await;
        assert_eq!(proof["commitment"], before["commitment"]);
        let opened = &proof["opened"];
        let key = bytes32(&opened["key"]);
        assert_eq!(bytes32(&before["commitment"]), inventory::line::commitment(event(&show), &key, None));
        assert_eq!(number(&opened["shuffled"]), 5);
        let seed = inventory::line::seed(&key, None);

        // Every rank is what the proof says, and each is somebody's.
        let mut by_rank = vec![None; 5];
        for account in &accounts {
            let place = show.place(server, account).await;
            let rank = number(&place["rank"]);
            assert_eq!(rank, inventory::line::rank(&seed, 5, number(&place["number"])));
            assert!(by_rank[rank as usize].replace(account).is_none(), "rank {rank} twice");
        }
        let by_rank: Vec<_> = by_rank.into_iter().flatten().collect();
        let mut told = Vec::new();
        for account in &accounts {
            let place = show.place(server, account).await;
            told.push(format!("{}={}", place["number"], place["rank"]).parse().unwrap());
        }
        let published = text(&before["commitment"]);
        let proof: wire::QueueProof = serde_json::from_value(proof.clone()).unwrap();
        let verdict = usher::verify_queue::verify(
            &proof,
            &told,
            usher::verify_queue::Published { commitment: Some(&published), shuffled: Some(5) },
        );
        assert!(verdict.is_good && verdict.lines.len() == 6, "{verdict:?}");

        // One inside, the others wait their turn.
        let first = show.until(server, by_rank[0], "admitted").await;
        let pass = &first["pass"];
        for (account, rank) in by_rank.iter().zip(0..).skip(1) {
            let place = show.place(server, account).await;
            assert_eq!((text(&place["state"]).as_str(), number(&place["position"])), ("waiting", rank - 1), "{place}");
        }
        show.hold_with(server, by_rank[1], pass, 1).await.problem(425, "QUEUE_REQUIRED");

        // A purchase ends the session at once: the next one comes in.
        let hold = show.hold_with(server, by_rank[0], pass, 2).await.expect(201);
        assert_eq!(show.pay(server, by_rank[0], &hold).await["status"], "paid");
        show.hold_with(server, by_rank[0], pass, 1).await.problem(425, "QUEUE_REQUIRED");
        let second = show.until(server, by_rank[1], "admitted").await;
        show.hold_with(server, by_rank[1], &second["pass"], 1).await.expect(201);
        assert_eq!(show.place(server, by_rank[0]).await["state"], "lapsed");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_pre_queue_it_is_first_come_first_served() {
    on_each_store(async |server: &TestServer| {
        let show = Show::on_sale(server).await;
        let accounts = attendees(server, 6).await;
        show.open_room(server, json!({"shoppers_max": 2, "rate_per_minute": 60_000})).await;
        for (account, rank) in accounts.iter().zip(0..) {
            let place = show.join(server, account).await;
            assert_eq!(number(&place["number"]), rank);
            // The first may come before the keeper has opened the line.
            crate::holds::until(async || show.place(server, account).await["rank"] == rank).await;
        }
        for account in &accounts[..2] {
            show.until(server, account, "admitted").await;
        }
        let third = show.place(server, &accounts[2]).await;
        assert_eq!((&third["state"], &third["position"]), (&json!("waiting"), &json!(0)));
        assert_eq!(show.place(server, &accounts[5]).await["position"], 3);
        // Leaving lets the next one in, leaving the line passes the place over.
        assert_eq!(server.delete(Some(&accounts[2]), &show.room("")).await.status, 204);
        assert_eq!(server.delete(Some(&accounts[0]), &show.room("")).await.status, 204);
        show.until(server, &accounts[3], "admitted").await;
        assert_eq!(show.place(server, &accounts[4]).await["state"], "waiting");
        // Whoever has left has no place, and gets one at the end.
        server.get(Some(&accounts[0]), &show.room("")).await.problem(404, "WAITING_PLACE_NOT_FOUND");
        assert_eq!(show.join(server, &accounts[0]).await["number"], 6);
        assert_eq!(server.delete(Some(&accounts[2]), &show.room("")).await.status, 204, "again");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn late_ones_queue_behind_all_who_were_shuffled_while_the_beacon_is_awaited() {
    on_each_store(async |server: &TestServer| {
        let show = Show::on_sale(server).await;
        let accounts = attendees(server, 6).await;
        let beacon = "drand quicknet round 12345678";
        let settings = json!({"opens_at": in_us(server, 1_200_000), "beacon": beacon, "rate_per_minute": 60_000});
        show.open_room(server, settings).await;
        for account in &accounts[..4] {
            show.join(server, account).await;
        }
        let open = async |value: Value| server.post(Some(&show.organizer), &show.room("/open"), value).await;
        open(json!({"beacon_value": "too early"})).await.problem(409, "LINE_OPENS_LATER");
        let before = show.proof(server).await;
        assert_eq!(before["beacon"], beacon);

        crate::holds::until(async || show.place(server, &accounts[0]).await["room"]["state"] == "awaiting_beacon")
            .await;
        let late = show.join(server, &accounts[4]).await;
        assert_eq!((&late["state"], &late["number"]), (&json!("waiting"), &json!(4)));
        assert_eq!(show.place(server, &accounts[0]).await["state"], "pre_queue");
        open(json!({})).await.problem(422, "BEACON_REQUIRED");
        let closed = show.proof(server).await;
        assert_eq!((&closed["closed"]["shuffled"], &closed["opened"]), (&json!(4), &Value::Null), "{closed}");
        assert!(before["closed"].is_null(), "{before}");
        server
            .post(Some(&accounts[0]), &show.room("/open"), json!({"beacon_value": "mine"}))
            .await
            .problem(403, "ROLE_REQUIRED");

        let proof = open(json!({"beacon_value": "a1b2c3"})).await.expect(200);
        assert_eq!(proof["commitment"], before["commitment"]);
        assert_eq!((&proof["opened"]["shuffled"], &proof["opened"]["beacon_value"]), (&json!(4), &json!("a1b2c3")));
        assert_eq!(proof["closed"], closed["closed"], "what was published at the closing stands");
        assert!(text(&proof["closed"]["at"]) < text(&proof["opened"]["opened_at"]), "{proof}");
        let key = bytes32(&proof["opened"]["key"]);
        assert_eq!(bytes32(&proof["commitment"]), inventory::line::commitment(event(&show), &key, Some(beacon)));
        let seed = inventory::line::seed(&key, Some("a1b2c3"));
        open(json!({"beacon_value": "another"})).await.problem(409, "LINE_ALREADY_OPEN");
        assert_eq!(show.proof(server).await, proof);

        show.join(server, &accounts[5]).await;
        let mut ranks = BTreeSet::new();
        for account in &accounts {
            let place = show.place(server, account).await;
            let rank = inventory::line::rank(&seed, 4, number(&place["number"]));
            assert_eq!(number(&place["rank"]), rank);
            ranks.insert(rank);
        }
        assert_eq!(ranks, (0..6).collect());
        assert_eq!(show.place(server, &accounts[4]).await["rank"], 4);
        assert_eq!(show.place(server, &accounts[5]).await["rank"], 5);
    })
    .await;
}
