//! Gates without a network (RELIABILITY T34): what a device is given, what it sends afterwards, and that two devices which
//! let in one ticket are told.

use std::collections::BTreeMap;

use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use usher_tests::server::{Session, TestServer};

use crate::show::{Show, faults, give, on_each_store, text};

/// What a device knows and has let in, by its own clock.
#[derive(Default)]
struct Device {
    name: String,
    key: Vec<u8>,
    tickets: BTreeMap<String, Value>,
    next: Option<String>,
    queue: Vec<Value>,
}

impl Device {
    fn new(name: &str) -> Self {
        Self { name: name.to_owned(), ..Self::default() }
    }

    async fn fetch(&mut self, server: &TestServer, show: &Show) {
        loop {
            let from = self.next.as_ref().map(|next| format!("?from={next}")).unwrap_or_default();
            let path = show.path(&format!("/gate/bundle{from}"));
            let bundle = server.get(Some(&show.organizer), &path).await.expect(200);
            assert_eq!((&bundle["event_id"], &bundle["key"]["algorithm"]), (&json!(show.id), &json!("Ed25519")));
            self.key = URL_SAFE_NO_PAD.decode(text(&bundle["key"]["public_key"])).unwrap();
            for ticket in bundle["tickets"].as_array().unwrap() {
                self.tickets.insert(text(&ticket["id"]), ticket.clone());
            }
            for id in bundle["revoked"].as_array().unwrap() {
                self.tickets.remove(&text(id));
            }
            self.next = Some(text(&bundle["next"]));
            if bundle["is_complete"] == true {
                return;
            }
        }
    }

    /// As `docs/door.md` says, with nothing of the server's own.
    fn admits(&self, show: &Show, code: &str) -> bool {
        let Ok(bytes) = URL_SAFE_NO_PAD.decode(code) else { return false };
        if bytes.len() != 90 {
            return false;
        }
        let event = uuid::Uuid::parse_str(&show.id).unwrap();
        let signed = [b"usher ticket 1\0".as_slice(), event.as_bytes().as_slice(), &bytes[..26]].concat();
        if UnparsedPublicKey::new(&ED25519, &self.key).verify(&signed, &bytes[26..]).is_err() {
            return false;
        }
        let ticket = uuid::Uuid::from_slice(&bytes[6..22]).unwrap().to_string();
        let generation = u32::from_be_bytes(bytes[22..26].try_into().unwrap());
        let Some(known) = self.tickets.get(&ticket) else { return false };
        known["state"] == "issued" && known["generation"] == generation
    }

    fn scan(&mut self, code: &str, at: &str, forced: bool) {
        let nonce = format!("{}-{}", self.name, self.queue.len());
        self.queue.push(json!({"code": code, "nonce": nonce, "scanned_at": at, "forced": forced}));
    }

    /// The results, told shortly.
    async fn send(&self, server: &TestServer, show: &Show, who: &Session) -> Vec<String> {
        let body = json!({"scans": self.queue});
        let told = server.post(Some(who), &show.path("/gate/scans/batch"), body).await.expect(200);
        let short =
            |result: &Value| format!("{} {}", text(&result["result"]), result["reason"].as_str().unwrap_or("-"));
        told["results"].as_array().unwrap().iter().map(short).collect()
    }
}

async fn bought(server: &TestServer, show: &Show, quantity: u32) -> (Session, Vec<Value>) {
    let buyer = server.attendee().await;
    let paid = show.buy(server, &buyer, json!([{"area": "F", "quantity": quantity}])).await;
    (buyer, paid["tickets"].as_array().unwrap().clone())
}

#[tokio::test]
async fn a_device_decides_by_its_bundle_and_hears_of_what_changed() {
    on_each_store(async |server: &TestServer| {
        let show = Show::on_sale(server).await;
        let (buyer, tickets) = bought(server, &show, 3).await;
        let codes: Vec<String> = tickets.iter().map(|ticket| text(&ticket["code"])).collect();
        let mut device = Device::new("one");
        device.fetch(server, &show).await;
        assert_eq!(device.tickets.len(), 3);
        assert!(codes.iter().all(|code| device.admits(&show, code)));
        let forged = format!("{}{}", &codes[0][..119], if codes[0].ends_with('A') { "B" } else { "A" });
        assert!(!device.admits(&show, &forged));

        // One is transferred, one refunded, one sold: just these are told.
        let target = server.attendee().await;
        give(server, &buyer, &text(&tickets[0]["id"]), &target).await;
        let refund = format!("/orders/{}/refund", text(&tickets[1]["order_id"]));
        let body = json!({"tickets": [tickets[1]["id"]]});
        server.post(Some(&show.organizer), &refund, body).await.expect(200);
        let from = show.path(&format!("/gate/bundle?from={}", device.next.clone().unwrap()));
        let news = server.get(Some(&show.organizer), &from).await.expect(200);
        assert_eq!((news["tickets"].as_array().unwrap().len(), &news["revoked"]), (1, &json!([tickets[1]["id"]])));
        device.fetch(server, &show).await;
        let admitted: Vec<bool> = codes.iter().map(|code| device.admits(&show, code)).collect();
        assert_eq!(admitted, [false, false, true]);

        let path = show.path(&format!("/gate/bundle?from={}", device.next.clone().unwrap()));
        let request = || server.request(reqwest::Method::GET, &path).bearer_auth(&show.organizer.access_token);
        let tag = request().send().await.unwrap().headers()["etag"].clone();
        assert_eq!(request().header("if-none-match", tag).send().await.unwrap().status(), 304);
        server.get(Some(&show.organizer), &show.path("/gate/bundle?from=x")).await.problem(400, "CURSOR_INVALID");
    })
    .await;
}

#[tokio::test]
async fn two_devices_that_let_in_one_ticket_are_told_and_it_is_never_lost() {
    on_each_store(async |server: &TestServer| {
        let show = Show::on_sale(server).await;
        let (_, tickets) = bought(server, &show, 3).await;
        let codes: Vec<String> = tickets.iter().map(|ticket| text(&ticket["code"])).collect();
        let (mut left, mut right) = (Device::new("left"), Device::new("right"));
        for code in &codes {
            left.scan(code, "2020-05-01T18:00:00Z", false);
        }
        right.scan(&codes[0], "2020-05-01T17:59:00Z", false);
        right.scan(&codes[1], "2020-05-01T18:01:00Z", true);
        right.scan("no code of ours", "2020-05-01T18:02:00Z", true);
        let who = &show.organizer;
        assert_eq!(left.send(server, &show, who).await, ["admitted -", "admitted -", "admitted -"]);
        let told = right.send(server, &show, who).await;
        let expected = ["conflict already_redeemed", "conflict already_redeemed", "refused invalid"];
        assert_eq!(told, expected);

        let conflicts = async || server.get(Some(who), &show.path("/gate/conflicts")).await.expect(200);
        let listed = conflicts().await;
        let items = listed["items"].as_array().unwrap();
        assert_eq!(items.len(), 2);
        let forced = items.iter().find(|it| it["forced"] == true).expect("the forced one");
        assert_eq!((&forced["ticket_id"], &forced["reason"]), (&tickets[1]["id"], &json!("already_redeemed")));
        let times = (&forced["earlier_at"], &forced["scanned_at"]);
        assert_eq!(times, (&json!("2020-05-01T18:00:00Z"), &json!("2020-05-01T18:01:00Z")));

        // The same upload again, also when the ticket would be admitted now.
        let exit = json!({"code": codes[0], "nonce": "exit", "direction": "exit"});
        server.post(Some(who), &show.path("/gate/scans"), exit).await.expect(201);
        let seq = show.availability(server).await["seq"].clone();
        assert_eq!(right.send(server, &show, who).await, expected);
        assert_eq!(left.send(server, &show, who).await, ["admitted -", "admitted -", "admitted -"]);
        assert_eq!(show.availability(server).await["seq"], seq, "nothing was recorded a second time");
        assert_eq!(conflicts().await, listed);
        let first = server.get(Some(who), &show.path("/gate/conflicts?limit=1")).await.expect(200);
        let next = show.path(&format!("/gate/conflicts?limit=1&cursor={}", text(&first["next_cursor"])));
        let second = server.get(Some(who), &next).await.expect(200);
        assert_eq!([&first["items"][0], &second["items"][0]], [&items[0], &items[1]]);
    })
    .await;
}

#[tokio::test]
async fn queued_scans_count_at_their_time_and_in_its_order() {
    on_each_store(async |server: &TestServer| {
        let rules = json!({"doors_from": "2020-01-01T18:00:00Z", "reentry": false});
        let show = Show::on_sale_with(server, rules).await;
        let (buyer, tickets) = bought(server, &show, 2).await;
        let code = text(&tickets[0]["code"]);
        let mut device = Device::new("one");
        // Sent in another order than they were made.
        let queued = |nonce: &str, direction: &str, at: &str| {
            json!({"code": code, "nonce": nonce, "direction": direction, "scanned_at": at})
        };
        device.queue.push(queued("out", "exit", "2020-01-01T20:00:00Z"));
        device.queue.push(queued("in", "entry", "2020-01-01T19:00:00Z"));
        device.queue.push(queued("back", "entry", "2020-01-01T21:00:00Z"));
        let early = json!({"ticket_id": tickets[1]["id"], "nonce": "early", "scanned_at": "2020-01-01T17:00:00Z"});
        device.queue.push(early);
        let told = device.send(server, &show, &show.organizer).await;
        assert_eq!(told, ["let_out -", "admitted -", "conflict no_reentry", "conflict invalid_time"]);
        let ticket = server.get(Some(&buyer), &format!("/tickets/{}", text(&tickets[0]["id"]))).await.expect(200);
        assert_eq!((&ticket["state"], &ticket["scanned_at"]), (&json!("checked_out"), &json!("2020-01-01T20:00:00Z")));
    })
    .await;
}

#[tokio::test]
async fn an_upload_says_of_each_scan_what_is_wrong_with_it() {
    on_each_store(async |server: &TestServer| {
        let show = Show::on_sale(server).await;
        let send = async |scans: Value| {
            let body = json!({"scans": scans});
            server.post(Some(&show.organizer), &show.path("/gate/scans/batch"), body).await
        };
        assert_eq!(faults(&send(json!([])).await.problem(422, "VALIDATION_FAILED"))[0].0, "scans");
        let one = json!({"code": "x", "nonce": "1", "scanned_at": "2020-05-01T18:00:00Z"});
        let many: Vec<Value> = vec![one.clone(); 501];
        assert_eq!(faults(&send(json!(many)).await.problem(422, "VALIDATION_FAILED"))[0].0, "scans");
        let bad = json!([one, {"nonce": "", "scanned_at": "2020-05-01T18:00:00Z"}]);
        let told = faults(&send(bad).await.problem(422, "VALIDATION_FAILED"));
        let fields: Vec<&str> = told.iter().map(|(field, _)| field.as_str()).collect();
        assert_eq!(fields, ["scans[1].code", "scans[1].nonce"]);
    })
    .await;
}

/// Both gates are online, and both want the ticket: over many rounds one of them gets it, exactly.
#[tokio::test]
async fn of_two_gates_one_admits_in_every_round() {
    on_each_store(async |server: &TestServer| {
        let show = Show::on_sale(server).await;
        let (_, tickets) = bought(server, &show, 1).await;
        let code = text(&tickets[0]["code"]);
        let scan = async |nonce: String, direction: &str| {
            let body = json!({"code": code, "nonce": nonce, "direction": direction});
            server.post(Some(&show.organizer), &show.path("/gate/scans"), body).await.status
        };
        for round in 0..100 {
            let (left, right) =
                tokio::join!(scan(format!("left-{round}"), "entry"), scan(format!("right-{round}"), "entry"));
            assert_eq!(left + right, 200 + 201, "round {round}");
            assert_eq!(scan(format!("out-{round}"), "exit").await, 201);
        }
    })
    .await;
}
