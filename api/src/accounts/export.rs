use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use futures_util::{StreamExt, stream};
use http::header;
use inventory::{EventId, OrderId, TicketId, TimeUs};
use persistence::{TicketTransfer, TransferSide, WithdrawalFilter};
use serde::Serialize;
use uuid::Uuid;
use wire::{CalendarFeed, Problem, SecondFactor};

use super::{exported, view};
use crate::auth::Caller;
use crate::error::{ApiError, Conflict, Noun};
use crate::in_flight::Claim;
use crate::state::AppState;
use crate::{
    api_key_view, digest, order_access, second_factor, ticket_view, time, transfer_view, waitlist_view, wallet_view,
    webhook,
};

/// Read at once. Nothing larger is ever held, however much there is.
const PAGE: u32 = 50;
/// Providers that one account is linked to.
const IDENTITIES_MAX: u32 = 100;
/// More than an account may have.
const WEBHOOKS_MAX: u32 = 100;

/// Everything that is kept about the caller, as one JSON document that is written while it is read.
#[utoipa::path(get, path = "/me/export", tag = "accounts", security(("bearer" = [])), responses(
    (status = 200, description = "The document", body = wire::Export),
    (status = 401, description = "TOKEN_MISSING, TOKEN_INVALID or TOKEN_EXPIRED", body = Problem),
    (status = 409, description = "IN_PROGRESS: one at a time", body = Problem),
))]
pub async fn export(State(state): State<AppState>, caller: Caller) -> Result<Response, ApiError> {
    let claim = state.in_flight.claim(digest::of(&[b"export", &caller.user.bytes()]));
    let claim = claim.ok_or(ApiError::Conflict(Conflict::InProgress))?;
    let mut export = Export {
        state,
        caller,
        address: String::new(),
        is_confirmed: false,
        section: Some(Section::Profile),
        after: None,
        after_number: 0,
        is_open: false,
        _claim: claim,
    };
    // What can go wrong at first is told as a problem. Afterwards the document breaks off.
    let head = export.next().await?;
    let rest = stream::unfold(export, |mut export| async move {
        export.section?;
        let text = export.next().await.map_err(|error| {
            tracing::warn!(user = %export.caller.user, ?error, "an export broke off: {error:?}");
            std::io::Error::other("broken off")
        });
        Some((text.map(Bytes::from), export))
    });
    let body = Body::from_stream(stream::iter([Ok(Bytes::from(head))]).chain(rest));
    let headers = [
        (header::CONTENT_TYPE, "application/json"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"usher-account.json\""),
    ];
    Ok((headers, body).into_response())
}

#[derive(Clone, Copy)]
enum Section {
    Profile,
    Sessions,
    Orders,
    Tickets,
    WaitingPlaces,
    WaitlistEntries,
    StaffRoles,
    ApiKeys,
    Rsvps,
    Feedback,
    TransfersSent,
    TransfersReceived,
    Mails,
    WalletEntries,
    Withdrawals,
}

/// How far the document is written.
struct Export {
    state: AppState,
    caller: Caller,
    /// Of the account's mail; known with the profile.
    address: String,
    is_confirmed: bool,
    /// `None`: to its end.
    section: Option<Section>,
    /// The last of the section's rows that is written.
    after: Option<Uuid>,
    /// Of an entry of a waitlist, within the event that `after` names.
    after_number: u32,
    /// Whether the section's list has begun.
    is_open: bool,
    _claim: Claim,
}

impl Export {
    /// The next piece of text.
    async fn next(&mut self) -> Result<String, ApiError> {
        match self.section {
            None => Ok(String::new()),
            Some(Section::Profile) => self.profile().await,
            Some(Section::Sessions) => self.sessions().await,
            Some(Section::Orders) => self.orders().await,
            Some(Section::Tickets) => self.tickets().await,
            Some(Section::WaitingPlaces) => self.waiting_places().await,
            Some(Section::WaitlistEntries) => self.waitlist_entries().await,
            Some(Section::StaffRoles) => self.staff_roles().await,
            Some(Section::ApiKeys) => self.api_keys().await,
            Some(Section::Rsvps) => self.rsvps().await,
            Some(Section::Feedback) => self.feedback().await,
            Some(Section::TransfersSent) => self.transfers_sent().await,
            Some(Section::TransfersReceived) => self.transfers_received().await,
            Some(Section::Mails) => self.mails().await,
            Some(Section::WalletEntries) => self.wallet_entries().await,
            Some(Section::Withdrawals) => self.withdrawals().await,
        }
    }

    async fn profile(&mut self) -> Result<String, ApiError> {
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

    async fn sessions(&mut self) -> Result<String, ApiError> {
        let (store, now) = (&self.state.store, self.state.now());
        let found = store.session_list(self.caller.user, self.after, now, TimeUs(0), PAGE).await?;
        let last = found.last().map(|session| session.id);
        let shown = found.into_iter().map(|session| view::session(session, self.caller.session)).collect();
        self.list("sessions", shown, last, Some(Section::Orders))
    }

    async fn orders(&mut self) -> Result<String, ApiError> {
        let (user, after) = (self.caller.user, self.after.map(OrderId::from_uuid));
        let found = self.state.store.order_list(user, after, PAGE).await?;
        let last = found.last().map(|order| order.id.uuid());
        let mut shown = Vec::with_capacity(found.len());
        for order in found {
            shown.push(order_access::full(&self.state, user, order).await?);
        }
        self.list("orders", shown, last, Some(Section::Tickets))
    }

    async fn tickets(&mut self) -> Result<String, ApiError> {
        let (user, after) = (self.caller.user, self.after.map(TicketId::from_uuid));
        let found = self.state.store.ticket_list_of_holder(user, after, PAGE).await?;
        let last = found.last().map(|ticket| ticket.id.uuid());
        let shown = found.into_iter().map(|ticket| ticket_view::render(&self.state, user, ticket)).collect();
        self.list("tickets", shown, last, Some(Section::WaitingPlaces))
    }

    async fn waiting_places(&mut self) -> Result<String, ApiError> {
        let after = self.after.map(EventId::from_uuid);
        let found = self.state.store.waiting_place_list_of_user(self.caller.user, after, PAGE).await?;
        let last = found.last().map(|place| place.event_id.uuid());
        let shown = found.into_iter().map(exported::place).collect();
        self.list("waiting_places", shown, last, Some(Section::WaitlistEntries))
    }

    async fn waitlist_entries(&mut self) -> Result<String, ApiError> {
        let after = self.after.map(|event| (EventId::from_uuid(event), self.after_number));
        let found = self.state.store.waitlist_list_of_customer(self.caller.user, after, PAGE).await?;
        let last = found.last().map(|entry| (entry.event_id.uuid(), entry.number));
        self.after_number = last.map_or(0, |(_, number)| number);
        let shown = found.into_iter().map(waitlist_view::render).collect();
        self.list("waitlist_entries", shown, last.map(|(event, _)| event), Some(Section::StaffRoles))
    }

    async fn staff_roles(&mut self) -> Result<String, ApiError> {
        let after = self.after.map(EventId::from_uuid);
        let found = self.state.store.staff_list_of_user(self.caller.user, after, PAGE).await?;
        let last = found.last().map(|post| post.event_id.uuid());
        let shown = found.into_iter().map(exported::staff_role).collect();
        self.list("staff_roles", shown, last, Some(Section::ApiKeys))
    }

    async fn api_keys(&mut self) -> Result<String, ApiError> {
        let found = self.state.store.api_key_list(self.caller.user, self.after, PAGE).await?;
        let last = found.last().map(|key| key.id);
        let shown = found.into_iter().map(api_key_view::render).collect();
        self.list("api_keys", shown, last, Some(Section::Rsvps))
    }

    async fn rsvps(&mut self) -> Result<String, ApiError> {
        let after = self.after.map(EventId::from_uuid);
        let found = self.state.store.rsvp_list_of_user(self.caller.user, after, PAGE).await?;
        let last = found.last().map(|rsvp| rsvp.event_id.uuid());
        let shown = found.into_iter().map(exported::rsvp).collect();
        self.list("rsvps", shown, last, Some(Section::Feedback))
    }

    async fn feedback(&mut self) -> Result<String, ApiError> {
        let after = self.after.map(EventId::from_uuid);
        let found = self.state.store.feedback_list_of_user(self.caller.user, after, PAGE).await?;
        let last = found.last().map(|feedback| feedback.event_id.uuid());
        let shown = found.into_iter().map(exported::feedback).collect();
        self.list("feedback", shown, last, Some(Section::TransfersSent))
    }

    async fn transfers_sent(&mut self) -> Result<String, ApiError> {
        let side = TransferSide::Sender(self.caller.user);
        let found = self.state.store.transfer_list(side, self.after, PAGE).await?;
        self.transfers("transfers_sent", found, Section::TransfersReceived)
    }

    /// Of an address that nobody has confirmed none: they may be for somebody else.
    async fn transfers_received(&mut self) -> Result<String, ApiError> {
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

    async fn mails(&mut self) -> Result<String, ApiError> {
        let found = self.state.store.mail_list_to(&self.address, self.after, PAGE).await?;
        let last = found.last().map(|mail| mail.id);
        let shown = found.into_iter().map(exported::mail).collect();
        self.list("mails", shown, last, Some(Section::WalletEntries))
    }

    async fn wallet_entries(&mut self) -> Result<String, ApiError> {
        let found = self.state.store.ledger_of_wallet(self.caller.user, self.after, PAGE).await?;
        let last = found.last().map(|entry| entry.id.uuid());
        let shown = found.into_iter().map(wallet_view::entry).collect();
        self.list("wallet_entries", shown, last, Some(Section::Withdrawals))
    }

    async fn withdrawals(&mut self) -> Result<String, ApiError> {
        let filter = WithdrawalFilter { user: Some(self.caller.user), status: None };
        let found = self.state.store.withdrawal_list(filter, self.after, PAGE).await?;
        let last = found.last().map(|withdrawal| withdrawal.id);
        let shown = found.into_iter().map(wallet_view::withdrawal).collect();
        self.list("withdrawals", shown, last, None)
    }

    /// One page of a section, and of what is around it as much as is due.
    fn list<T: Serialize>(
        &mut self,
        name: &str,
        items: Vec<T>,
        last: Option<Uuid>,
        next: Option<Section>,
    ) -> Result<String, ApiError> {
        let mut text = match (self.is_open, items.is_empty()) {
            (false, _) => format!(",\"{name}\":["),
            (true, false) => ",".to_owned(),
            (true, true) => String::new(),
        };
        // Without the brackets of its own.
        let page = json(&items)?;
        text.push_str(&page[1..page.len() - 1]);
        let is_last = items.len() < PAGE as usize;
        (self.after, self.is_open) = if is_last { (None, false) } else { (last, true) };
        if is_last {
            text.push_str(if next.is_some() { "]" } else { "]}" });
            self.section = next;
        }
        Ok(text)
    }
}

fn json<T: Serialize>(value: &T) -> Result<String, ApiError> {
    serde_json::to_string(value).map_err(|error| ApiError::Defect(error.to_string().into()))
}
