//! The JSON bodies of `/api/v1`: what the server reads and writes, shared with the load generator and the tests.
//!
//! Names are fixed once published; bodies may grow. Requests refuse unknown fields, so that a misspelt option is an error
//! and not a surprise. Times are RFC 3339 in UTC, money is in minor units of an ISO 4217 currency, ids are UUIDs.

mod accounts;
mod admin;
mod api_keys;
mod audience;
mod audit_log;
mod box_office;
mod calendars;
mod check_in_lists;
mod common;
mod discounts;
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
mod patch;
mod payments;
mod scanners;
mod seat_map;
mod series;
mod staff;
mod tiers;
mod transfers;
mod venues;
mod waiting_room;
mod waitlist;
mod wallets;
mod webhooks;

pub use accounts::{
    ChangePasswordRequest, CodeRequest, ConfirmEmailRequest, EmailRequest, GoogleExchange, Identities, LinkedIdentity,
    LoginRequest, LogoutRequest, MeEmail, MeErase, MePatch, RecoveryCodes, RefreshRequest, RegisterRequest, Registered,
    ResetPasswordRequest, Role, SecondFactor, SecondFactorConfirm, SecondFactorRemove, SecondFactorSecret,
    SecondFactorSignIn, SecondFactorStart, Session, SessionsEnd, Tokens, User, UserPatch, UserStatus,
};
pub use admin::{AdminSummary, EventCount, OrderCount, Revenue, UserCount};
pub use api_keys::{ApiKey, ApiKeyCreate, ApiKeyIssued, ApiScope};
pub use audience::{
    Feedback, FeedbackPage, FeedbackPost, FeedbackSummary, Guest, Rsvp, RsvpAnswer, RsvpCount, RsvpEntry, RsvpLimit,
    RsvpPut,
};
pub use audit_log::{AuditEntry, AuditVia};
pub use box_office::{
    BoxOfficeHold, BoxOfficeHoldRequest, BoxOfficeOrderRequest, BoxOfficePayment, BoxOfficePayout,
    BoxOfficePayoutRequest, BoxOfficeSale, BoxOfficeTaking, BoxOfficeTakings,
};
pub use calendars::{CalendarDay, CalendarEvent, CalendarFeed, CalendarMonth};
pub use check_in_lists::{CheckInList, CheckInListCreate, CheckInListPatch};
pub use common::{FieldError, Money, Page, Problem};
pub use discounts::{DiscountCode, DiscountCodePut, ItemDiscount};
pub use events::{
    Availability, Block, CancellationStatus, Coordinates, Counts, Event, EventCancellation, EventClone, EventCreate,
    EventPatch, EventPolicy, EventStatus, RowStates, SeatHistoryEntry, SectionCounts, TierCounts,
};
pub use export::{
    Export, ExportedAttendees, ExportedEvent, ExportedFeedback, ExportedIdentity, ExportedMail, ExportedPass,
    ExportedPlace, ExportedRsvp, ExportedSeries, ExportedStaffRole, ExportedVenue,
};
pub use gate::{
    BundleKey, BundleRules, BundleTicket, GateBundle, GateConflict, GateRefusal, GateTicket, ListOccupancy, Occupancy,
    QueuedScan, QueuedScanAnswer, QueuedScanResult, QueuedScans, QueuedScansAnswer, ScanDirection, ScanRequest,
    ScanResponse, ScanResult, ScanUndo, ScanUndone, TierOccupancy, UndoReason,
};
pub use holds::{BestAvailable, HeldItem, Hold, HoldExtended, HoldItem, HoldRequest};
pub use images::{Avatar, EventImages, EventImagesOrder, Image, ImageUrls};
pub use live::{
    LIVE_BEARER, LIVE_BINARY, LIVE_JSON, LiveArea, LiveCounts, LiveDelta, LiveFrame, LiveHold, LiveHoldState,
    LivePlace, LiveRequest, LiveSale, LiveSession, LiveSessionState, LiveSnapshot,
};
pub use live_binary::{BinaryDelta, BinarySnapshot, LiveBinary, LiveBinaryError, state_letter};
pub use mails::{Mail, MailStatus};
pub use orders::{
    Attendee, Checkout, MockOutcome, Order, OrderEvent, OrderItem, OrderRequest, OrderStatus, PayAnswer, PayRequest,
    PaymentMethod, PaymentReport, PaymentReportStatus, RefundRequest, RefundTo, Ticket, TicketState, TransferRequest,
};
pub use outbox::ParkedWork;
pub use patch::NOT_NULL;
pub use payments::{PaymentProvider, PaymentRefund, PaymentRefundDone, PaymentRefundReason, PaymentRefundStatus};
pub use scanners::{Scanner, ScannerCreate, ScannerIssued};
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
    AccessCode, AccessCodePut, PriceStep, Quota, RefundPolicy, RefundStep, SaleWindow, Tier, TierCreate, TierOffer,
    TierPatch,
};
pub use transfers::{
    AttendeeCutOff, AttendeeCutOffPut, TicketAttendee, TicketAttendeePatch, TicketTransfer, TransferPreviewRequest,
    TransferState,
};
pub use venues::{Venue, VenueCreate, VenuePatch, VenueSeatMap, VenueSeatMaps};
pub use waiting_room::{
    AdmissionLimit, IssuedPass, JoinRequest, OpenRequest, Place, PlaceState, PriorityPass, PriorityPassRequest,
    QUEUE_ALGORITHM, QueueClosing, QueueOpening, QueueProof, WaitingRoom, WaitingRoomSettings, WaitingRoomState,
};
pub use waitlist::{Waitlist, WaitlistEntry, WaitlistJoin, WaitlistOffer, WaitlistSettings, WaitlistStatus};
pub use wallets::{
    Payout, Wallet, WalletBalance, WalletEntry, WalletEntryKind, Withdrawal, WithdrawalPatch, WithdrawalRequest,
    WithdrawalStatus,
};
pub use webhooks::{
    Webhook, WebhookBody, WebhookCreate, WebhookDelivery, WebhookDeliveryStatus, WebhookIssued, WebhookPatch,
    WebhookReplay, WebhookReplayed, WebhookType,
};
