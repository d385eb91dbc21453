//! The past, rebuilt from the journal: what a seat went through, and what the house looked like after every change.

use serde_json::{Value, json};
use usher_tests::server::TestServer;

use crate::show::{Show, faults, on_each_store, text};

fn events(page: &Value) -> Vec<String> {
    page["items"].as_array().unwrap().iter().map(|entry| text(&entry["event"])).collect()
}

#[tokio::test]
async fn a_seat_tells_what_became_of_it_and_who_asked() {
    on_each_store(async |server: &TestServer| {
        let show = Show::on_sale(server).await;
        let (ann, bob) = (server.attendee().await, server.attendee().await);
        let hold = show.hold(server, &ann, json!([{"seat": "A-1-1"}])).await;
        let path = show.path(&format!("/holds/{}", text(&hold["id"])));
        server.delete(Some(&ann), &path).await.expect(204);
        let paid = show.buy(server, &bob, json!([{"seat": "A-1-1"}])).await;
        let refund = format!("/orders/{}/refund", text(&paid["id"]));
        server.post(Some(&show.organizer), &refund, json!({})).await.expect(200);

        let history = show.path("/history/seats/A-1-1");
        let told = server.get(Some(&show.organizer), &history).await.expect(200);
        assert_eq!(events(&told), ["laid_out", "held", "released", "held", "ordered", "sold", "returned"]);
        let (held, sold, returned) = (&told["items"][1], &told["items"][5], &told["items"][6]);
        assert_eq!((&held["hold_id"], &held["state"]), (&hold["id"], &json!("h")));
        assert_eq!(held["customer_id"], held["by"]);
        assert_eq!((&sold["order_id"], &sold["state"]), (&paid["id"], &json!("s")));
        assert_eq!((&returned["ticket_id"], &returned["state"]), (&paid["tickets"][0]["id"], &json!("f")));
        assert_ne!(returned["by"], held["by"]);

        // In pages, and of a seat that never was.
        let first = server.get(Some(&show.organizer), &format!("{history}?limit=4")).await.expect(200);
        let next = format!("{history}?limit=4&cursor={}", text(&first["next_cursor"]));
        let second = server.get(Some(&show.organizer), &next).await.expect(200);
        assert_eq!([events(&first), events(&second)].concat(), events(&told));
        assert_eq!(second["next_cursor"], Value::Null);
        let nothing = server.get(Some(&show.organizer), &show.path("/history/seats/Z-9-9")).await.expect(200);
        assert!(events(&nothing).is_empty());
        server.get(Some(&ann), &history).await.problem(403, "ROLE_REQUIRED");
    })
    .await;
}

#[tokio::test]
async fn every_past_availability_is_as_it_was_told_then() {
    on_each_store(async |server: &TestServer| {
        let show = Show::on_sale(server).await;
        let organizer = Some(&show.organizer);
        let buyer = server.attendee().await;
        let now = async || server.get(organizer, &show.path("/availability?seats=true")).await.expect(200);
        let mut seen = vec![now().await];
        show.hold(server, &buyer, json!([{"seat": "A-1-1"}, {"area": "F", "quantity": 2}])).await;
        seen.push(now().await);
        show.buy(server, &buyer, json!([{"seat": "A-2-2"}])).await;
        seen.push(now().await);
        for then in &seen {
            let path = show.path(&format!("/history/availability?seats=true&seq={}", then["seq"]));
            assert_eq!(&server.get(organizer, &path).await.expect(200), then);
        }
        let before = server.get(organizer, &show.path("/history/availability?seq=0")).await.expect(200);
        assert_eq!((&before["status"], &before["totals"]["free"]), (&json!("draft"), &json!(0)));
        let section = show.path(&format!("/history/availability?section=F&seq={}", seen[1]["seq"]));
        let section = server.get(organizer, &section).await.expect(200);
        assert_eq!((section["sections"].as_array().unwrap().len(), &section["sections"][0]["held"]), (1, &json!(2)));

        let beyond = server.get(organizer, &show.path("/history/availability?seq=999999")).await;
        assert_eq!(faults(&beyond.problem(422, "VALIDATION_FAILED")), [("seq".to_owned(), "OUT_OF_RANGE".to_owned())]);
    })
    .await;
}
