mod sections;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use futures_util::{StreamExt, stream};
use http::header;
use serde::Serialize;
use uuid::Uuid;
use wire::Problem;

use crate::auth::Caller;
use crate::digest;
use crate::error::{ApiError, Conflict};
use crate::in_flight::Claim;
use crate::state::AppState;

/// Read at once. Nothing larger is ever held, however much there is.
const PAGE: u32 = 50;

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
    PriorityPasses,
    NamedAttendees,
    Venues,
    Events,
    Series,
    AuditEntries,
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
            Some(Section::PriorityPasses) => self.priority_passes().await,
            Some(Section::NamedAttendees) => self.named_attendees().await,
            Some(Section::Venues) => self.venues().await,
            Some(Section::Events) => self.events().await,
            Some(Section::Series) => self.series().await,
            Some(Section::AuditEntries) => self.audit_entries().await,
        }
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
