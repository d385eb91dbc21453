//! The JSON bodies of `/api/v1`: what the server reads and writes, shared with the load generator and the tests.
//!
//! Names are fixed once published; bodies may grow. Requests refuse unknown fields, so that a misspelt option is an error
//! and not a surprise. Times are RFC 3339 in UTC, money is in minor units of an ISO 4217 currency, ids are UUIDs.

mod accounts;
mod admin;
mod api_keys;
mod audience;
mod audit_log;
mod calendars;
mod common;
mod events;
mod export;
mod gate;
mod holds;
mod images;
mod live;
mod live_binary;
mod mails;
mod orders;
mod outbox;
mod seat_map;
mod series;
mod staff;
mod tiers;
mod venues;
mod waiting_room;
mod webhooks;

pub use accounts::{
    ChangePasswordRequest, CodeRequest, ConfirmEmailRequest, EmailRequest, GoogleExchange, LoginRequest, LogoutRequest,
    MeErase, MePatch, RecoveryCodes, RefreshRequest, RegisterRequest, Registered, ResetPasswordRequest, Role,
    SecondFactor, SecondFactorConfirm, SecondFactorRemove, SecondFactorSecret, SecondFactorSignIn, SecondFactorStart,
    Session, SessionsEnd, Tokens, User, UserPatch, UserStatus,
};
pub use admin::{AdminSummary, EventCount, OrderCount, Revenue, UserCount};
pub use api_keys::{ApiKey, ApiKeyCreate, ApiKeyIssued, ApiScope};
pub use audience::{
    Feedback, FeedbackPage, FeedbackPost, FeedbackSummary, Guest, Rsvp, RsvpAnswer, RsvpCount, RsvpEntry, RsvpLimit,
    RsvpPut,
};
pub use audit_log::{AuditEntry, AuditVia};
pub use calendars::{CalendarDay, CalendarEvent, CalendarFeed, CalendarMonth};
pub use common::{FieldError, Money, Page, Problem};
pub use events::{
    Availability, Block, Coordinates, Counts, Event, EventClone, EventCreate, EventPatch, EventPolicy, EventStatus,
    RowStates, SectionCounts, TierCounts,
};
pub use export::{
    Export, ExportedFeedback, ExportedIdentity, ExportedMail, ExportedPlace, ExportedRsvp, ExportedStaffRole,
};
pub use gate::{ScanDirection, ScanRequest, ScanResponse, ScanResult};
pub use holds::{BestAvailable, HeldItem, Hold, HoldExtended, HoldItem, HoldRequest};
pub use images::{Avatar, EventImages, EventImagesOrder, Image, ImageUrls};
pub use live::{
    LIVE_BEARER, LIVE_BINARY, LIVE_JSON, LiveArea, LiveCounts, LiveDelta, LiveFrame, LiveHold, LiveHoldState,
    LivePlace, LiveRequest, LiveSale, LiveSnapshot,
};
pub use live_binary::{BinaryDelta, BinarySnapshot, LiveBinary, LiveBinaryError, state_letter};
pub use mails::{Mail, MailStatus};
pub use orders::{
    Attendee, MockOutcome, Order, OrderEvent, OrderItem, OrderRequest, OrderStatus, PayRequest, PaymentMethod,
    RefundRequest, Ticket, TicketState, TransferRequest,
};
pub use outbox::ParkedWork;
pub use seat_map::{
    PlanText, Point, Row, RowLine, Seat, SeatCategory, SeatDetail, SeatMap, SeatMapCopy, SeatMapExample,
    SeatMapExamples, SeatMapSize, Section, Stage,
};
pub use series::{
    RepeatUnit, Series, SeriesCreate, SeriesPatch, SeriesSessions, SeriesUpdated, SessionDate, SessionKept,
    SessionOutcome, SessionOutcomes, SessionRepeat, SessionsAdd,
};
pub use staff::{EventRole, MyEvent, StaffAdd, StaffMember, StaffPatch, StaffPost, StaffRole};
pub use tiers::{
    AccessCode, AccessCodePut, PriceStep, Quota, RefundPolicy, SaleWindow, Tier, TierCreate, TierOffer, TierPatch,
};
pub use venues::{Venue, VenueCreate, VenuePatch, VenueSeatMap, VenueSeatMaps};
pub use waiting_room::{
    AdmissionLimit, IssuedPass, JoinRequest, OpenRequest, Place, PlaceState, PriorityPass, PriorityPassRequest,
    QUEUE_ALGORITHM, QueueOpening, QueueProof, WaitingRoom, WaitingRoomSettings, WaitingRoomState,
};
pub use webhooks::{
    Webhook, WebhookBody, WebhookCreate, WebhookDelivery, WebhookDeliveryStatus, WebhookIssued, WebhookPatch,
    WebhookReplay, WebhookReplayed, WebhookType,
};
