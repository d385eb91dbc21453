use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    ApiKey, CalendarFeed, MailStatus, Order, RsvpAnswer, SecondFactor, Session, StaffRole, Ticket, TicketTransfer,
    User, WaitlistEntry, WalletEntry, Webhook, Withdrawal,
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
    /// Sent or to be sent to the account's address, as far as they are kept. What a mail said is not kept.
    pub mails: Vec<ExportedMail>,
    pub wallet_entries: Vec<WalletEntry>,
    pub withdrawals: Vec<Withdrawal>,
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
