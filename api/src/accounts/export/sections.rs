//! What each section of the export lists.

use inventory::{EventId, OrderId, TicketId, TimeUs};
use persistence::{EventFilter, SeriesFilter, TicketTransfer, TransferSide, WithdrawalFilter};
use wire::{CalendarFeed, SecondFactor};

use super::{Export, PAGE, Section, json};
use crate::accounts::{exported, view};
use crate::error::{ApiError, Noun};
use crate::{
    api_key_view, audit_log, order_access, second_factor, ticket_view, time, transfer_view, waitlist_view, wallet_view,
    webhook,
};

/// Providers that one account is linked to.
const IDENTITIES_MAX: u32 = 100;
/// More than an account may have.
const WEBHOOKS_MAX: u32 = 100;

impl Export {
    pub(super) async fn profile(&mut self) -> Result<String, ApiError> {
        let (state, id) = (&self.state, self.caller.user);
        let user = state.store.user_find(id).await?.ok_or(ApiError::NotFound(Noun::User))?;
        let reminders = state.store.user_reminders(id).await?.ok_or(ApiError::NotFound(Noun::User))?;
        let webhooks = state.store.webhook_list(id, None, WEBHOOKS_MAX).await?;
        let is_on = second_factor::is_on(state, id).await?;
        let recovery_codes_left = state.store.recovery_code_count(id).await?;
        let identities = state.store.identity_list(id, IDENTITIES_MAX).await?.into_iter();
        let identities = identities.map(exported::identity);
        // Without its address, which is not kept.
        let feed = state.store.calendar_feed_find(id).await?;
        let feed = feed.map(|at| CalendarFeed { created_at: time::utc(at), url: None });
        let feed = feed.map(|feed| Ok::<_, ApiError>(format!(r#","calendar_feed":{}"#, json(&feed)?))).transpose()?;
        let head = format!(
            r#"{{"exported_at":{},"profile":{},"second_factor":{},"webhooks":{},"identities":{}{}"#,
            json(&time::utc(state.now()))?,
            json(&view::own(&user, reminders))?,
            json(&SecondFactor { is_on, recovery_codes_left })?,
            json(&webhooks.iter().map(webhook::shown).collect::<Vec<_>>())?,
            json(&identities.collect::<Vec<_>>())?,
            feed.unwrap_or_default(),
        );
        self.is_confirmed = user.email_confirmed_at.is_some();
        (self.address, self.section) = (user.email, Some(Section::Sessions));
        Ok(head)
    }

    pub(super) async fn sessions(&mut self) -> Result<String, ApiError> {
        let (store, now) = (&self.state.store, self.state.now());
        let found = store.session_list(self.caller.user, self.after, now, TimeUs(0), PAGE).await?;
        let last = found.last().map(|session| session.id);
        let shown = found.into_iter().map(|session| view::session(session, self.caller.session)).collect();
        self.list("sessions", shown, last, Some(Section::Orders))
    }

    pub(super) async fn orders(&mut self) -> Result<String, ApiError> {
        let (user, after) = (self.caller.user, self.after.map(OrderId::from_uuid));
        let found = self.state.store.order_list(user, after, PAGE).await?;
        let last = found.last().map(|order| order.id.uuid());
        let mut shown = Vec::with_capacity(found.len());
        for order in found {
            shown.push(order_access::full(&self.state, user, order).await?);
        }
        self.list("orders", shown, last, Some(Section::Tickets))
    }

    pub(super) async fn tickets(&mut self) -> Result<String, ApiError> {
        let (user, after) = (self.caller.user, self.after.map(TicketId::from_uuid));
        let found = self.state.store.ticket_list_of_holder(user, after, PAGE).await?;
        let last = found.last().map(|ticket| ticket.id.uuid());
        let shown = found.into_iter().map(|ticket| ticket_view::render(&self.state, user, ticket)).collect();
        self.list("tickets", shown, last, Some(Section::WaitingPlaces))
    }

    pub(super) async fn waiting_places(&mut self) -> Result<String, ApiError> {
        let after = self.after.map(EventId::from_uuid);
        let found = self.state.store.waiting_place_list_of_user(self.caller.user, after, PAGE).await?;
        let last = found.last().map(|place| place.event_id.uuid());
        let shown = found.into_iter().map(exported::place).collect();
        self.list("waiting_places", shown, last, Some(Section::WaitlistEntries))
    }

    pub(super) async fn waitlist_entries(&mut self) -> Result<String, ApiError> {
        let after = self.after.map(|event| (EventId::from_uuid(event), self.after_number));
        let found = self.state.store.waitlist_list_of_customer(self.caller.user, after, PAGE).await?;
        let last = found.last().map(|entry| (entry.event_id.uuid(), entry.number));
        self.after_number = last.map_or(0, |(_, number)| number);
        let shown = found.into_iter().map(waitlist_view::render).collect();
        self.list("waitlist_entries", shown, last.map(|(event, _)| event), Some(Section::StaffRoles))
    }

    pub(super) async fn staff_roles(&mut self) -> Result<String, ApiError> {
        let after = self.after.map(EventId::from_uuid);
        let found = self.state.store.staff_list_of_user(self.caller.user, after, PAGE).await?;
        let last = found.last().map(|post| post.event_id.uuid());
        let shown = found.into_iter().map(exported::staff_role).collect();
        self.list("staff_roles", shown, last, Some(Section::ApiKeys))
    }

    pub(super) async fn api_keys(&mut self) -> Result<String, ApiError> {
        let found = self.state.store.api_key_list(self.caller.user, self.after, PAGE).await?;
        let last = found.last().map(|key| key.id);
        let shown = found.into_iter().map(api_key_view::render).collect();
        self.list("api_keys", shown, last, Some(Section::Rsvps))
    }

    pub(super) async fn rsvps(&mut self) -> Result<String, ApiError> {
        let after = self.after.map(EventId::from_uuid);
        let found = self.state.store.rsvp_list_of_user(self.caller.user, after, PAGE).await?;
        let last = found.last().map(|rsvp| rsvp.event_id.uuid());
        let shown = found.into_iter().map(exported::rsvp).collect();
        self.list("rsvps", shown, last, Some(Section::Feedback))
    }

    pub(super) async fn feedback(&mut self) -> Result<String, ApiError> {
        let after = self.after.map(EventId::from_uuid);
        let found = self.state.store.feedback_list_of_user(self.caller.user, after, PAGE).await?;
        let last = found.last().map(|feedback| feedback.event_id.uuid());
        let shown = found.into_iter().map(exported::feedback).collect();
        self.list("feedback", shown, last, Some(Section::TransfersSent))
    }

    pub(super) async fn transfers_sent(&mut self) -> Result<String, ApiError> {
        let side = TransferSide::Sender(self.caller.user);
        let found = self.state.store.transfer_list(side, self.after, PAGE).await?;
        self.transfers("transfers_sent", found, Section::TransfersReceived)
    }

    /// Of an address that nobody has confirmed none: they may be for somebody else.
    pub(super) async fn transfers_received(&mut self) -> Result<String, ApiError> {
        let found = if self.is_confirmed {
            self.state.store.transfer_list(TransferSide::Recipient(&self.address), self.after, PAGE).await?
        } else {
            Vec::new()
        };
        self.transfers("transfers_received", found, Section::Mails)
    }

    fn transfers(&mut self, name: &str, found: Vec<TicketTransfer>, next: Section) -> Result<String, ApiError> {
        let (last, now) = (found.last().map(|transfer| transfer.id), self.state.now());
        let shown = found.into_iter().map(|transfer| transfer_view::render(transfer, now)).collect();
        self.list(name, shown, last, Some(next))
    }

    /// Of an address that nobody has confirmed none either.
    pub(super) async fn mails(&mut self) -> Result<String, ApiError> {
        let found = if self.is_confirmed {
            self.state.store.mail_list_to(&self.address, self.after, PAGE).await?
        } else {
            Vec::new()
        };
        let last = found.last().map(|mail| mail.id);
        let shown = found.into_iter().map(exported::mail).collect();
        self.list("mails", shown, last, Some(Section::WalletEntries))
    }

    pub(super) async fn wallet_entries(&mut self) -> Result<String, ApiError> {
        let found = self.state.store.ledger_of_wallet(self.caller.user, self.after, PAGE).await?;
        let last = found.last().map(|entry| entry.id.uuid());
        let shown = found.into_iter().map(wallet_view::entry).collect();
        self.list("wallet_entries", shown, last, Some(Section::Withdrawals))
    }

    pub(super) async fn withdrawals(&mut self) -> Result<String, ApiError> {
        let filter = WithdrawalFilter { user: Some(self.caller.user), status: None };
        let found = self.state.store.withdrawal_list(filter, self.after, PAGE).await?;
        let last = found.last().map(|withdrawal| withdrawal.id);
        let shown = found.into_iter().map(wallet_view::withdrawal).collect();
        self.list("withdrawals", shown, last, Some(Section::PriorityPasses))
    }

    pub(super) async fn priority_passes(&mut self) -> Result<String, ApiError> {
        let found = self.state.store.priority_pass_list_of_user(self.caller.user, self.after, PAGE).await?;
        let last = found.last().map(|pass| pass.id);
        let shown = found.into_iter().map(exported::priority_pass).collect();
        self.list("priority_passes", shown, last, Some(Section::NamedAttendees))
    }

    /// One item per order: a page never ends within one.
    pub(super) async fn named_attendees(&mut self) -> Result<String, ApiError> {
        let after = self.after.map(OrderId::from_uuid);
        let found = self.state.store.attendees_list_of_holder(self.caller.user, after, PAGE).await?;
        let shown = exported::named_attendees(found);
        let last = shown.last().map(|order| order.order_id);
        self.list("named_attendees", shown, last, Some(Section::Venues))
    }

    pub(super) async fn venues(&mut self) -> Result<String, ApiError> {
        let found = self.state.store.venue_list(Some(self.caller.user), self.after, PAGE).await?;
        let last = found.last().map(|venue| venue.id);
        let mut shown = Vec::with_capacity(found.len());
        for venue in found {
            let seat_maps = self.state.store.venue_seat_map_list(venue.id).await?;
            shown.push(exported::venue(venue, seat_maps));
        }
        self.list("venues", shown, last, Some(Section::Events))
    }

    pub(super) async fn events(&mut self) -> Result<String, ApiError> {
        let (filter, after) = (EventFilter::Organizer(self.caller.user), self.after.map(EventId::from_uuid));
        let found = self.state.store.event_list(filter, after, PAGE).await?;
        let last = found.last().map(|event| event.id.uuid());
        let shown = found.into_iter().map(exported::event).collect();
        self.list("events", shown, last, Some(Section::Series))
    }

    pub(super) async fn series(&mut self) -> Result<String, ApiError> {
        let filter = SeriesFilter::Organizer(self.caller.user);
        let found = self.state.store.series_list(filter, self.after, PAGE).await?;
        let last = found.last().map(|series| series.id);
        let shown = found.into_iter().map(exported::series).collect();
        self.list("series", shown, last, Some(Section::AuditEntries))
    }

    pub(super) async fn audit_entries(&mut self) -> Result<String, ApiError> {
        let found = self.state.store.audit_list_of_person(self.caller.user, self.after, PAGE).await?;
        let last = found.last().map(|entry| entry.id);
        let shown = found.into_iter().map(audit_log::shown).collect();
        self.list("audit_entries", shown, last, None)
    }
}
