//! The objects that calls are about, by their ids.

use uuid::Uuid;

use super::rules::Rule;

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
