use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    ApiKey, Attendee, AuditEntry, CalendarFeed, Coordinates, EventStatus, MailStatus, Order, RsvpAnswer, SecondFactor,
    Session, StaffRole, Ticket, TicketTransfer, User, WaitlistEntry, WalletEntry, Webhook, Withdrawal,
};

/// What the server keeps about an account, for its owner.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Export {
    pub exported_at: DateTime<Utc>,
    /// With the addresses of the avatar's files.
    pub profile: User,
    pub second_factor: SecondFactor,
    /// Without their secrets.
    pub webhooks: Vec<Webhook>,
    /// Accounts at other providers that sign in to this one.
    pub identities: Vec<ExportedIdentity>,
    /// Since when a secret address opens the account's calendar. Absent: there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calendar_feed: Option<CalendarFeed>,
    /// Logins that have not been ended.
    pub sessions: Vec<Session>,
    /// With the names given for who will come.
    pub orders: Vec<Order>,
    /// Those held now, bought or received.
    pub tickets: Vec<Ticket>,
    pub waiting_places: Vec<ExportedPlace>,
    pub waitlist_entries: Vec<WaitlistEntry>,
    pub staff_roles: Vec<ExportedStaffRole>,
    /// Without the keys themselves, which are not kept.
    pub api_keys: Vec<ApiKey>,
    pub rsvps: Vec<ExportedRsvp>,
    pub feedback: Vec<ExportedFeedback>,
    /// Tickets offered to others.
    pub transfers_sent: Vec<TicketTransfer>,
    /// Tickets offered to the account's address, once it is confirmed.
    pub transfers_received: Vec<TicketTransfer>,
    /// Sent or to be sent to the account's address, once it is confirmed, as far as they are kept. What a mail said is not
    /// kept.
    pub mails: Vec<ExportedMail>,
    pub wallet_entries: Vec<WalletEntry>,
    pub withdrawals: Vec<Withdrawal>,
    /// Ways past waiting rooms that are for this account alone, and why they were made.
    pub priority_passes: Vec<ExportedPass>,
    /// Whom the account has named itself for tickets that it held, also tickets of other people's orders.
    pub named_attendees: Vec<ExportedAttendees>,
    pub venues: Vec<ExportedVenue>,
    /// Those that the account organizes. `GET /events/{id}` shows all of one.
    pub events: Vec<ExportedEvent>,
    pub series: Vec<ExportedSeries>,
    /// What the account did, with the network address and the program it was done from, and what was tried about it by
    /// somebody who was not signed in, such as a login that failed.
    pub audit_entries: Vec<AuditEntry>,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ExportedIdentity {
    pub issuer: String,
    pub subject: String,
    pub email: String,
    pub linked_at: DateTime<Utc>,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ExportedPlace {
    pub event_id: Uuid,
    pub number: u32,
    pub joined_at: DateTime<Utc>,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ExportedStaffRole {
    pub event_id: Uuid,
    pub role: StaffRole,
    pub added_at: DateTime<Utc>,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ExportedRsvp {
    pub event_id: Uuid,
    pub answer: RsvpAnswer,
    pub answered_at: DateTime<Utc>,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ExportedFeedback {
    pub event_id: Uuid,
    /// 1 to 5.
    pub rating: u32,
    pub text: String,
    pub created_at: DateTime<Utc>,
    pub changed_at: DateTime<Utc>,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ExportedMail {
    pub id: Uuid,
    pub kind: String,
    pub subject: String,
    pub status: MailStatus,
    pub created_at: DateTime<Utc>,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ExportedPass {
    pub id: Uuid,
    pub event_id: Uuid,
    pub reason: String,
    pub uses: u32,
    pub issued_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ExportedAttendees {
    pub order_id: Uuid,
    pub attendees: Vec<Attendee>,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ExportedVenue {
    pub id: Uuid,
    pub name: String,
    pub address: String,
    pub city: String,
    pub country: String,
    pub timezone: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coordinates: Option<Coordinates>,
    /// Names of its seat maps.
    pub seat_maps: Vec<String>,
    pub created_at: DateTime<Utc>,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ExportedEvent {
    pub id: Uuid,
    pub title: String,
    pub organization: String,
    pub status: EventStatus,
    pub starts_at: DateTime<Utc>,
    pub created_at: DateTime<Utc>,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ExportedSeries {
    pub id: Uuid,
    /// What its sessions share.
    #[schema(value_type = Object)]
    pub words: serde_json::Map<String, serde_json::Value>,
    pub sessions: u32,
    pub created_at: DateTime<Utc>,
}
