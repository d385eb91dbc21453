//! The pure core of Usher: one event's seats, holds, orders and tickets.
//!
//! [`Inventory`] is a fold of [`Change`]s. [`Inventory::decide`] reads the state and answers a [`Command`] with the
//! change it would make or a [`Rejection`]; [`Inventory::apply`] makes a journaled change and cannot fail. The crate
//! knows no clock, no randomness, no I/O, no thread and no log: time and entropy arrive inside commands, so that a
//! replayed journal reaches the same state, bit for bit.
//!
//! Invariant kept after every change: a seat has at most one owner, and for every section, area and quota
//! free + held + sold + blocked = capacity.

mod answer;
mod apply;
mod availability;
mod box_office;
mod bytes16;
mod change;
mod codes;
mod command;
mod counts;
mod customers;
mod decide;
mod discounts;
mod door;
mod holds;
mod house;
mod ids;
mod inventory;
mod keys;
mod layout;
pub mod ledger;
pub mod limits;
pub mod line;
mod off;
mod offered_prices;
mod orders;
mod presence;
mod projection;
mod record;
pub mod reference;
mod rejection;
mod repeat;
mod rows;
mod sales;
mod seat_history;
mod slots;
mod snapshot;
mod spec;
#[cfg(test)]
mod stage;
mod tickets;
mod time;
mod touched;
mod verify;
mod views;
mod waitlist;

pub use answer::{Answer, CallLimit, PaidOrder};
pub use availability::{Availability, Counts, Phase, SeatState, SectionAvailability, TierAvailability};
pub use box_office::{BoxOffice, BoxOfficeOrder, BoxOfficeSale, Sold, Tender};
pub use change::{
    Admission, Change, CodeUse, DiscountUse, DoorChange, HoldCodes, Item, LineChange, PlacedHold, Reseated, UndoReason,
    WaitlistChange,
};
pub use codes::CodeView;
pub use command::{
    BestAvailable, CallerKey, Command, Direction, Entry, Leaver, Origin, PaymentOutcome, Place, PlaceHold, PlaceOrder,
    QueuedScan, RefundOrder, RefundRight, RefundTo, ScanList, ScanTicket, SettlePayment, Verb, Want,
};
pub use discounts::{Discount, DiscountCodeSpec, DiscountCodeView};
pub use ids::{
    AreaIx, EntryId, EventId, HoldId, OrderId, PaymentId, RequestId, SeatIx, SectionIx, TicketId, TierId, TierIx,
    UserId,
};
pub use inventory::Inventory;
pub use layout::Layout;
pub use ledger::{Account, EntryKind, LedgerRow, OrderMoney};
pub use line::{LineState, LineView, RoomSettings};
pub use off::MinorOff;
pub use orders::{EDGES, OrderStatus};
pub use presence::{Headcount, PartHeadcount};
pub use projection::{
    BoxOfficeSaleRow, ConflictRow, ItemDiscount, ItemRow, OfferRow, OfferedPrice, OfferedTier, OrderRow, OrderRows,
    OutboxKind, OutboxRow, PaymentRow, PaymentStatus, RefundOwed, Row, TicketRow, WaitlistRow,
};
pub use record::{DecodeError, Lsn, Record};
pub use rejection::{RefusedScan, Rejection};
pub use seat_history::{SeatEntry, SeatEvent, SeatHistory};
pub use snapshot::SnapshotError;
pub use spec::{
    AccessCodeSpec, Currency, Policy, PolicyPatch, PriceStep, QuotaSpec, RefundPolicy, RefundStep, RowSpec, SaleWindow,
    SeatMapSpec, SeatSpec, SectionKind, SectionSpec, TierPatch, TierSpec, TierTerms,
};
pub use tickets::TicketState;
pub use time::TimeUs;
pub use touched::{HoldKind, HoldNews, ShopperNews, Touched};
pub use verify::InvariantViolation;
pub use views::{HoldView, OrderView, RowStates, TicketView, WaitlistView};
pub use waitlist::{WaitlistEnd, WaitlistSettings, Wish, WishedPlace};
