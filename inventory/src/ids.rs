//! Names of things. Public ids are UUIDs minted outside the core; indices are dense positions inside one event.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::bytes16;

macro_rules! public_ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
        pub struct $name(#[serde(with = "bytes16")] [u8; 16]);

        impl $name {
            pub const fn from_uuid(uuid: Uuid) -> Self {
                Self(uuid.into_bytes())
            }

            pub const fn uuid(self) -> Uuid {
                Uuid::from_bytes(self.0)
            }

            pub const fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(bytes)
            }

            pub const fn bytes(self) -> [u8; 16] {
                self.0
            }
        }

        /// As one number: a byte string would be hashed with its length.
        impl std::hash::Hash for $name {
            #[inline]
            fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
                state.write_u128(u128::from_ne_bytes(self.0));
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                std::fmt::Display::fmt(&self.uuid(), f)
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.uuid())
            }
        }
    )+};
}

public_ids! {
    /// One row of the ledger.
    EntryId,
    /// An event is the show that is sold, never a journaled fact (that is a `Change`).
    EventId,
    HoldId,
    OrderId,
    PaymentId,
    /// One HTTP request, for the audit trail.
    RequestId,
    TicketId,
    TierId,
    UserId,
}

macro_rules! indices {
    ($($(#[$doc:meta])* $name:ident($int:ty)),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub struct $name(pub $int);

        impl $name {
            #[inline]
            pub const fn ix(self) -> usize {
                self.0 as usize
            }
        }
    )+};
}

indices! {
    /// A reserved seat: its position in the seat map, counted through all sections.
    SeatIx(u32),
    /// A general-admission area.
    AreaIx(u16),
    /// A section of reserved rows.
    SectionIx(u16),
    /// A tier, in the order in which tiers were added. Never reused.
    TierIx(u8),
}
