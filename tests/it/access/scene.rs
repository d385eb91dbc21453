//! The accounts that call, and the objects that they call about.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use usher_tests::server::{PASSWORD, Session, TestServer};
use uuid::Uuid;

use super::rules::{Rule, Who};
use crate::show::{self, Show, text};

/// Accounts that have nothing to do with the scene.
pub struct World<'a> {
    pub server: &'a TestServer,
    pub admin: Session,
    attendee: Session,
    rival: Session,
    elsewhere: Session,
    sells_elsewhere: Session,
    suspended: Session,
    /// Key of a device at the gate of an event that no scene is about.
    pub scanner: String,
}

/// An event with those who have to do with it.
pub struct Scene {
    organizer: Session,
    buyer: Session,
    door: Session,
    box_office: Session,
    pub ids: Ids,
}

/// What paths and bodies name. All are texts; those that the scene does not have are empty.
#[derive(Clone, Default)]
pub struct Ids {
    pub event: String,
    pub tier: String,
    pub block: String,
    /// The buyer's.
    pub hold: String,
    /// The buyer's order that waits for its payment.
    pub pending: String,
    /// The buyer's order that is paid.
    pub paid: String,
    /// The buyer's, and the text of its code.
    pub ticket: String,
    pub code: String,
    /// An offer of a ticket, to the buyer.
    pub transfer: String,
    /// The buyer's.
    pub api_key: String,
    /// Another login of the buyer.
    pub session: String,
    /// Who the buyer is at another provider.
    pub identity: String,
    pub door: String,
    pub buyer_email: String,
    /// The organizer's.
    pub venue: String,
    /// The organizer's.
    pub webhook: String,
    /// The organizer's, with a published session.
    pub series: String,
    pub organizer: String,
    /// A session of the series.
    pub series_session: String,
    /// An account that something may be done to.
    pub target: String,
    pub target_email: String,
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
        let other = Show::on_sale(server).await;
        let elsewhere = member(server, &other, "door").await;
        let sells_elsewhere = member(server, &other, "box_office").await;
        let scanner = json!({"name": "Elsewhere 1"});
        let scanner = server.post(Some(&other.organizer), &other.path("/scanners"), scanner).await.expect(201);
        let scanner = text(&scanner["key"]);
        Self { server, admin, attendee, rival, elsewhere, sells_elsewhere, suspended, scanner }
    }

    pub async fn draft(&self) -> Scene {
        let show = Show::draft_with(self.server, json!({})).await;
        let webhook = webhook(self.server, &show).await;
        self.scene(show, webhook).await
    }

    /// On sale, and sold to a buyer who still holds something.
    pub async fn on_sale(&self) -> Scene {
        let (server, show) = (self.server, Show::on_sale(self.server).await);
        let webhook = webhook(server, &show).await;
        let buyer = server.attendee().await;
        let paid = show.buy(server, &buyer, json!([{"seat": "A-1-1"}])).await;
        let pending = show.order(server, &buyer, json!([{"seat": "A-1-2"}])).await;
        let hold = show.hold(server, &buyer, json!([{"seat": "A-1-3"}])).await;
        let giver = server.attendee().await;
        let given = show.buy(server, &giver, json!([{"seat": "A-1-4"}])).await;
        let offer = format!("/tickets/{}/transfer", text(&given["tickets"][0]["id"]));
        let offer = server.post(Some(&giver), &offer, json!({"email": buyer.email})).await.expect(201);
        let scene = self.scene(show, webhook).await;
        let ids = Ids {
            hold: text(&hold["id"]),
            pending: text(&pending["id"]),
            paid: text(&paid["id"]),
            ticket: text(&paid["tickets"][0]["id"]),
            code: text(&paid["tickets"][0]["code"]),
            transfer: text(&offer["id"]),
            ..scene.ids
        };
        Scene { ids, ..scene }.owned_by(server, buyer).await
    }

    async fn scene(&self, show: Show, webhook: String) -> Scene {
        let server = self.server;
        let (door, box_office) = (member(server, &show, "door").await, member(server, &show, "box_office").await);
        let (buyer, target) = (server.attendee().await, server.attendee().await);
        let venue = server.post(Some(&show.organizer), "/venues", crate::access::table::venue()).await.expect(201);
        let (series, series_session) = series_of(server, &show.organizer).await;
        let ids = Ids {
            series,
            series_session,
            organizer: show.organizer.id.clone(),
            venue: text(&venue["id"]),
            webhook,
            event: show.id.clone(),
            tier: show.seats.clone(),
            block: "guests".to_owned(),
            door: door.id.clone(),
            target: target.id,
            target_email: target.email,
            ..Ids::default()
        };
        let scene = Scene { organizer: show.organizer, buyer: buyer.clone(), door, box_office, ids };
        scene.owned_by(server, buyer).await
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
            Who::Door => Some(&scene.door),
            Who::BoxOffice => Some(&scene.box_office),
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
        // Of the rows before: an account may have only so many.
        let earlier = self.server.get(Some(owner), "/me/api-keys").await.expect(200);
        for key in earlier["items"].as_array().expect("a page").iter().filter(|key| key["name"] == "A machine") {
            let path = format!("/me/api-keys/{}", text(&key["id"]));
            self.server.delete(Some(owner), &path).await.expect(204);
        }
        let body = json!({"name": "A machine", "scopes": scopes, "password": PASSWORD});
        text(&self.server.post(Some(owner), "/me/api-keys", body).await.expect(201)["key"])
    }
}

async fn member(server: &TestServer, show: &Show, role: &str) -> Session {
    let account = server.attendee().await;
    let body = json!({"email": account.email, "role": role});
    server.post(Some(&show.organizer), &show.path("/staff"), body).await.expect(201);
    account
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

impl Scene {
    async fn owned_by(self, server: &TestServer, buyer: Session) -> Self {
        let key: Value = json!({"name": "The buyer's", "scopes": ["booking"], "password": PASSWORD});
        let key = server.post(Some(&buyer), "/me/api-keys", key).await.expect(201);
        let other_login = server.login(&buyer.email, PASSWORD).await;
        let logins = server.get(Some(&other_login), "/me/sessions").await.expect(200);
        let other =
            logins["items"].as_array().and_then(|logins| logins.iter().find(|login| login["is_current"] == true));
        link(server, &buyer).await;
        let linked = server.get(Some(&buyer), "/me/identities").await.expect(200);
        let ids = Ids {
            identity: text(&linked["items"][0]["id"]),
            api_key: text(&key["api_key"]["id"]),
            session: text(&other.expect("the login that asks is listed")["id"]),
            buyer_email: buyer.email.clone(),
            ..self.ids
        };
        Self { buyer, ids, ..self }
    }
}

impl Ids {
    /// A path of the document with its parameters filled in.
    ///
    /// # Panics
    /// When it has a parameter that is not known here.
    pub fn path(&self, template: &str) -> String {
        let subject = [
            ("/api/v1/events/{id}", &self.event),
            ("/api/v1/orders/{id}/pay", &self.pending),
            ("/api/v1/orders/{id}/cancel", &self.pending),
            ("/api/v1/orders/{id}", &self.paid),
            ("/api/v1/tickets/{id}", &self.ticket),
            ("/api/v1/ticket-transfers/{id}", &self.transfer),
            ("/api/v1/users/{id}", &self.target),
            ("/api/v1/venues/{id}", &self.venue),
            ("/api/v1/webhooks/{id}", &self.webhook),
            ("/api/v1/series/{id}", &self.series),
            ("/api/v1/organizers/{id}", &self.organizer),
            ("/api/v1/me/api-keys/{id}", &self.api_key),
            ("/api/v1/me/sessions/{id}", &self.session),
            ("/api/v1/me/identities/{id}", &self.identity),
        ];
        let mut path = template.to_owned();
        if let Some((_, id)) = subject.iter().find(|(start, _)| template.starts_with(start)) {
            path = path.replacen("{id}", id, 1);
        }
        let mail = format!("/mails/{}", self.target);
        let search = "/gate/tickets?q=A-1".to_owned();
        let past = "/history/availability?seq=1".to_owned();
        let seat = "A-1-1".to_owned();
        let refund = format!("/payment-refunds/{}", self.target);
        let work = format!("/outbox/{}", self.target);
        let withdrawal = format!("/withdrawals/{}", self.target);
        let named = [
            ("{tier_id}", &self.tier),
            ("{event_id}", &self.series_session),
            ("{hold_id}", &self.hold),
            ("{order_id}", &self.paid),
            ("{user_id}", &self.door),
            ("{name}", &self.block),
            // Of these the scene has none: whoever has the right hears so.
            ("{image_id}", &self.tier),
            ("{list_id}", &self.tier),
            ("{scanner_id}", &self.tier),
            ("{key}", &self.block),
            ("/mails/{id}", &mail),
            ("/gate/tickets", &search),
            ("/history/availability", &past),
            ("{seat}", &seat),
            ("/payment-refunds/{id}", &refund),
            ("/outbox/{id}", &work),
            ("/withdrawals/{id}", &withdrawal),
        ];
        for (name, value) in named {
            path = path.replace(name, value);
        }
        assert!(!path.contains('{'), "Ids::path does not know a parameter of {template}");
        assert!(!path.contains("//"), "the scene of {template} lacks an object: should it be `.draft()`?");
        path
    }

    /// The same with ids of nothing: of everything, or of all but the event.
    pub fn unknown(&self, rule: Rule) -> Self {
        let nothing = || Uuid::from_u128(0x01a1_fc90_e373_7093_b7e9_237b_63ce_d171).to_string();
        let event = if matches!(rule, Rule::Own { .. }) { self.event.clone() } else { nothing() };
        Self {
            event,
            tier: nothing(),
            hold: nothing(),
            pending: nothing(),
            paid: nothing(),
            ticket: nothing(),
            transfer: nothing(),
            api_key: nothing(),
            session: nothing(),
            identity: nothing(),
            door: nothing(),
            target: nothing(),
            venue: nothing(),
            webhook: nothing(),
            series: nothing(),
            series_session: nothing(),
            ..self.clone()
        }
    }
}
