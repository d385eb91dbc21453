//! The accounts that call, and the objects that they call about.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::sync::Mutex;
use usher_tests::server::{PASSWORD, Session, TestServer};

use super::ids::Ids;
use super::rules::{Rule, Who};
use crate::show::{self, Show, text};

/// Accounts that have nothing to do with the scene, and those that have the same to do with every one.
pub struct World<'a> {
    pub server: &'a TestServer,
    pub admin: Session,
    attendee: Session,
    rival: Session,
    elsewhere: Session,
    sells_elsewhere: Session,
    suspended: Session,
    /// At the door and at the box office of every scene's event.
    door: Session,
    box_office: Session,
    /// Key of a device at the gate of an event that no scene is about.
    pub scanner: String,
    /// By owner and scopes: an account may have only so many.
    api_keys: Mutex<BTreeMap<String, String>>,
}

/// An event with those who have to do with it.
pub struct Scene {
    organizer: Session,
    buyer: Session,
    pub ids: Ids,
}

async fn webhook(server: &TestServer, show: &Show) -> String {
    let webhook = crate::access::table::webhook();
    let made = server.post(Some(&show.organizer), "/webhooks", webhook).await.expect(201);
    text(&made["webhook"]["id"])
}

impl Scene {
    /// What the webhook was sent once may be sent again.
    pub async fn until_sent(&self, server: &TestServer) {
        let ends_at = Instant::now() + Duration::from_secs(20);
        let path = format!("/webhooks/{}/deliveries", self.ids.webhook);
        let sent = async || server.get(Some(&self.organizer), &path).await.expect(200)["items"].clone();
        while sent().await.as_array().is_none_or(Vec::is_empty) {
            assert!(Instant::now() < ends_at, "the webhook is sent nothing");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

impl<'a> World<'a> {
    pub async fn on(server: &'a TestServer) -> Self {
        let admin = server.admin().await;
        let suspended = server.attendee().await;
        for change in [json!({"role": "admin"}), json!({"status": "suspended"})] {
            server.patch(Some(&admin), &format!("/users/{}", suspended.id), change).await.expect(200);
        }
        let (attendee, rival) = (server.attendee().await, server.organizer().await);
        let (door, box_office) = (server.attendee().await, server.attendee().await);
        let (elsewhere, sells_elsewhere) = (server.attendee().await, server.attendee().await);
        let other = Show::on_sale(server).await;
        join(server, &other, &elsewhere, "door").await;
        join(server, &other, &sells_elsewhere, "box_office").await;
        let scanner = json!({"name": "Elsewhere 1"});
        let scanner = server.post(Some(&other.organizer), &other.path("/scanners"), scanner).await.expect(201);
        let scanner = text(&scanner["key"]);
        let api_keys = Mutex::default();
        Self {
            server,
            admin,
            attendee,
            rival,
            elsewhere,
            sells_elsewhere,
            suspended,
            door,
            box_office,
            scanner,
            api_keys,
        }
    }

    /// An event, and none of the objects beside it.
    pub async fn draft(&self) -> Scene {
        let show = Show::draft_with(self.server, json!({})).await;
        let buyer = self.server.attendee().await;
        self.scene(show, buyer, Ids::default()).await
    }

    /// On sale, and sold to a buyer who still holds something.
    pub async fn on_sale(&self) -> Scene {
        let (server, show) = (self.server, Show::on_sale(self.server).await);
        let webhook = webhook(server, &show).await;
        let venue = server.post(Some(&show.organizer), "/venues", crate::access::table::venue()).await.expect(201);
        let (series, series_session) = series_of(server, &show.organizer).await;
        let buyer = server.attendee().await;
        let paid = show.buy(server, &buyer, json!([{"seat": "A-1-1"}])).await;
        let pending = show.order(server, &buyer, json!([{"seat": "A-1-2"}])).await;
        let hold = show.hold(server, &buyer, json!([{"seat": "A-1-3"}])).await;
        // Of his own: how many transfers an account may offer is limited.
        let giver = server.attendee().await;
        let given = show.buy(server, &giver, json!([{"seat": "A-1-4"}])).await;
        let offer = format!("/tickets/{}/transfer", text(&given["tickets"][0]["id"]));
        let offer = server.post(Some(&giver), &offer, json!({"email": buyer.email})).await.expect(201);
        let ids = Ids {
            hold: text(&hold["id"]),
            pending: text(&pending["id"]),
            paid: text(&paid["id"]),
            ticket: text(&paid["tickets"][0]["id"]),
            code: text(&paid["tickets"][0]["code"]),
            transfer: text(&offer["id"]),
            venue: text(&venue["id"]),
            series,
            series_session,
            webhook,
            ..owned(server, &buyer).await
        };
        self.scene(show, buyer, ids).await
    }

    async fn scene(&self, show: Show, buyer: Session, ids: Ids) -> Scene {
        join(self.server, &show, &self.door, "door").await;
        join(self.server, &show, &self.box_office, "box_office").await;
        let target = self.server.attendee().await;
        let ids = Ids {
            organizer: show.organizer.id.clone(),
            event: show.id.clone(),
            tier: show.seats.clone(),
            block: "guests".to_owned(),
            door: self.door.id.clone(),
            target: target.id,
            target_email: target.email,
            buyer_email: buyer.email.clone(),
            ..ids
        };
        Scene { organizer: show.organizer, buyer, ids }
    }

    /// What must not change unless somebody with the right does it. A draft has neither order nor ticket.
    pub async fn state(&self, scene: &Scene) -> Value {
        let mut state = Vec::new();
        for path in ["", "/availability", "/tiers", "/staff"] {
            let path = format!("/events/{}{path}", scene.ids.event);
            state.push(self.server.get(Some(&self.admin), &path).await.expect(200));
        }
        if !scene.ids.paid.is_empty() {
            for path in [format!("/orders/{}", scene.ids.paid), format!("/tickets/{}", scene.ids.ticket)] {
                state.push(self.server.get(Some(&scene.buyer), &path).await.expect(200));
            }
        }
        json!(state)
    }

    /// `None`: nobody in particular.
    pub fn session<'s>(&'s self, scene: &'s Scene, rule: Rule, who: Who) -> Option<&'s Session> {
        match who {
            Who::Anonymous => None,
            Who::Attendee => Some(&self.attendee),
            Who::Rival => Some(&self.rival),
            Who::Elsewhere => Some(&self.elsewhere),
            Who::SellsElsewhere => Some(&self.sells_elsewhere),
            Who::Admin => Some(&self.admin),
            Who::Suspended => Some(&self.suspended),
            Who::Door => Some(&self.door),
            Who::BoxOffice => Some(&self.box_office),
            Who::Right => match rule {
                Rule::Open | Rule::Anybody | Rule::Socket => None,
                Rule::SignedIn | Rule::Own { .. } => Some(&scene.buyer),
                Rule::Organizers | Rule::Event { .. } | Rule::Preview => Some(&scene.organizer),
                Rule::Admins => Some(&self.admin),
            },
        }
    }

    /// Of whoever has the right; of an attendee where nobody needs one.
    pub async fn api_key(&self, scene: &Scene, rule: Rule, scopes: &[&str]) -> String {
        let owner = self.session(scene, rule, Who::Right).unwrap_or(&self.attendee);
        let name = format!("{} {}", owner.email, scopes.join(" "));
        let mut made = self.api_keys.lock().await;
        if let Some(key) = made.get(&name) {
            return key.clone();
        }
        let body = json!({"name": "A machine", "scopes": scopes, "password": PASSWORD});
        let key = text(&self.server.post(Some(owner), "/me/api-keys", body).await.expect(201)["key"]);
        made.insert(name, key.clone());
        key
    }
}

async fn join(server: &TestServer, show: &Show, account: &Session, role: &str) {
    let body = json!({"email": account.email, "role": role});
    server.post(Some(&show.organizer), &show.path("/staff"), body).await.expect(201);
}

/// With one session, published.
async fn series_of(server: &TestServer, organizer: &Session) -> (String, String) {
    let words = json!({"title": "A run", "starts_at": "2036-06-01T19:00:00Z", "currency": "EUR"});
    let event = text(&server.post(Some(organizer), "/events", words).await.expect(201)["id"]);
    let path = |rest: &str| format!("/events/{event}{rest}");
    server.put(Some(organizer), &path("/seat-map"), show::seat_map()).await.expect(200);
    server.post(Some(organizer), &path("/tiers"), show::tier("Seat", "stalls", 1)).await.expect(201);
    server.post(Some(organizer), &path("/publish"), json!({})).await.expect(200);
    let body = json!({"template": event, "sessions": [{"starts_at": "2036-06-01T19:00:00Z"}]});
    let made = server.post(Some(organizer), "/series", body).await.expect(201);
    (text(&made["series"]["id"]), event)
}

/// As if the account had signed in at another provider.
pub async fn link(server: &TestServer, account: &Session) {
    let state = server.app().state();
    let now = state.now();
    let identity = persistence::Identity {
        issuer: "https://accounts.example.org".into(),
        subject: account.id.clone(),
        user_id: inventory::UserId::from_uuid(account.id.parse().expect("a UUID")),
        email: account.email.clone(),
        created_at: now,
    };
    let entry = persistence::AuditEntry { id: usher::ids::mint(now), ..crate::conformance::audit_log::entry(1) };
    assert!(state.store.identity_insert(&identity, None, &entry).await.expect("the store is there"));
}

/// What the buyer has without any event.
async fn owned(server: &TestServer, buyer: &Session) -> Ids {
    let key = json!({"name": "The buyer's", "scopes": ["booking"], "password": PASSWORD});
    let key = server.post(Some(buyer), "/me/api-keys", key).await.expect(201);
    let other_login = server.login(&buyer.email, PASSWORD).await;
    let logins = server.get(Some(&other_login), "/me/sessions").await.expect(200);
    let other = logins["items"].as_array().and_then(|logins| logins.iter().find(|login| login["is_current"] == true));
    link(server, buyer).await;
    let linked = server.get(Some(buyer), "/me/identities").await.expect(200);
    Ids {
        identity: text(&linked["items"][0]["id"]),
        api_key: text(&key["api_key"]["id"]),
        session: text(&other.expect("the login that asks is listed")["id"]),
        ..Ids::default()
    }
}
