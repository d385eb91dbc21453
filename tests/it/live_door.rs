//! Who is inside, told on the live feed to those who work at the door.

use std::time::Duration;

use serde_json::{Value, json};
use usher_tests::live::{self, Opening, Watcher};
use usher_tests::server::{Session, TestServer};
use wire::{LiveFrame, Occupancy};

use crate::show::{Show, on_each_store};

fn at_door(session: &Session) -> Opening {
    Opening { occupancy: true, ..Opening::signed_in(session) }
}

/// Until so many are inside.
async fn inside(watcher: &mut Watcher, count: u32) -> Occupancy {
    watcher
        .until(|_, frame| match frame {
            LiveFrame::Occupancy(now) if now.inside == count => Some(now.clone()),
            _ => None,
        })
        .await
}

async fn scan(server: &TestServer, show: &Show, ticket: &Value, direction: &str) {
    let body = json!({"code": ticket["code"], "nonce": direction, "direction": direction});
    server.post(Some(&show.organizer), &show.path("/gate/scans"), body).await.expect(201);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_door_is_told_who_is_inside_and_nobody_else_is() {
    on_each_store(async |server: &TestServer| {
        let show = Show::on_sale(server).await;
        let (buyer, door) = (server.attendee().await, server.attendee().await);
        let member = json!({"email": door.email, "role": "door"});
        server.post(Some(&show.organizer), &show.path("/staff"), member).await.expect(201);
        let list = json!({"name": "Floor", "gate": "West", "sections": ["F"]});
        server.post(Some(&show.organizer), &show.path("/check-in-lists"), list).await.expect(201);
        let paid = show.buy(server, &buyer, json!([{"seat": "A-1-1"}, {"area": "F", "quantity": 3}])).await;

        for (opening, status, code) in [
            (Opening { occupancy: true, ..Opening::default() }, 401, "TOKEN_MISSING"),
            (at_door(&buyer), 403, "ROLE_REQUIRED"),
            (at_door(&server.organizer().await), 404, "EVENT_NOT_FOUND"),
        ] {
            let refused = live::open(server.address(), &show.id, &opening).await.err().expect("refused");
            assert_eq!((refused.status, refused.code.as_str()), (status, code));
        }

        let mut staff = Watcher::open(server, &show.id, at_door(&door)).await;
        let mut public = Watcher::open(server, &show.id, Opening::signed_in(&show.organizer)).await;
        let nobody = inside(&mut staff, 0).await;
        assert_eq!((nobody.entered, nobody.tiers.len(), nobody.lists.len()), (0, 0, 1));
        for ticket in paid["tickets"].as_array().unwrap() {
            scan(server, &show, ticket, "entry").await;
        }
        let all = inside(&mut staff, 4).await;
        assert_eq!((all.lists[0].gate.as_deref(), all.lists[0].inside, all.tiers.len()), (Some("West"), 3, 2));
        // Who comes later is told at once, though nothing happens.
        let mut organizer = Watcher::open(server, &show.id, at_door(&show.organizer)).await;
        assert_eq!(inside(&mut organizer, 4).await, all);
        let seat = paid["tickets"].as_array().unwrap().iter().find(|ticket| ticket["seat"] == "A-1-1").unwrap();
        scan(server, &show, seat, "exit").await;
        for watcher in [&mut staff, &mut organizer] {
            let now = inside(watcher, 3).await;
            assert_eq!((now.left, now.entered), (1, 4));
        }
        let told = serde_json::to_value(inside_of(server, &show).await).unwrap();
        let asked = server.get(Some(&door), &show.path("/gate/occupancy")).await.expect(200);
        assert_eq!(asked["lists"], told["lists"]);

        // The public feed passes the same changes without a word of it.
        let seq = server.get(None, &show.path("/availability")).await.expect(200)["seq"].as_u64().unwrap();
        public
            .until(|public, frame| {
                assert!(!matches!(frame, LiveFrame::Occupancy(_)), "{frame:?}");
                (public.seq >= seq).then_some(())
            })
            .await;

        // Sent home, he is told no more.
        server.delete(Some(&show.organizer), &show.path(&format!("/staff/{}", door.id))).await.expect(204);
        assert_eq!(staff.bye().await.0, "ROLE_REQUIRED");
    })
    .await;
}

/// As a socket that is opened now is told.
async fn inside_of(server: &TestServer, show: &Show) -> Occupancy {
    let mut watcher = Watcher::open(server, &show.id, at_door(&show.organizer)).await;
    inside(&mut watcher, 3).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rush_at_the_door_is_told_at_most_once_a_second() {
    on_each_store(async |server: &TestServer| {
        let show = Show::on_sale_with(server, json!({"units_per_hold_max": 20})).await;
        let buyer = server.attendee().await;
        let paid = show.buy(server, &buyer, json!([{"area": "F", "quantity": 20}])).await;
        let mut staff = Watcher::open(server, &show.id, at_door(&show.organizer)).await;
        inside(&mut staff, 0).await;
        let begun = tokio::time::Instant::now();
        for ticket in paid["tickets"].as_array().unwrap() {
            scan(server, &show, ticket, "entry").await;
        }
        let mut frames = 0;
        staff
            .until(|_, frame| {
                frames += u32::from(matches!(frame, LiveFrame::Occupancy(_)));
                matches!(frame, LiveFrame::Occupancy(now) if now.inside == 20).then_some(())
            })
            .await;
        let seconds = begun.elapsed().as_secs_f64();
        let at_most = Duration::from_secs_f64(seconds).as_secs() + 2;
        assert!(u64::from(frames) <= at_most, "{frames} frames in {seconds} s");
    })
    .await;
}
