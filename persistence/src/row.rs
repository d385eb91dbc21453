//! How columns become fields. A column has the name of its field; the [`Field`] of a type says what the column holds.

use inventory::{EntryId, EventId, HoldId, OrderId, PaymentId, TicketId, TierId, TimeUs, UserId};
use sqlx::error::BoxDynError;
use sqlx::{ColumnIndex, Decode, Row, Type};
use uuid::Uuid;

pub(crate) trait Field: Sized {
    type Column;

    fn from_column(column: Self::Column) -> Result<Self, BoxDynError>;
}

pub(crate) fn field<'r, T, R>(row: &'r R, name: &'static str) -> sqlx::Result<T>
where
    T: Field,
    R: Row,
    T::Column: Decode<'r, R::Database> + Type<R::Database>,
    &'static str: ColumnIndex<R>,
{
    let column = row.try_get::<T::Column, _>(name)?;
    T::from_column(column).map_err(|source| sqlx::Error::ColumnDecode { index: name.to_owned(), source })
}

/// A struct that is read from rows of both databases.
macro_rules! row {
    ($(#[$doc:meta])* pub struct $name:ident { $($(#[$field_doc:meta])* pub $field:ident: $type:ty,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq)]
        pub struct $name {
            $($(#[$field_doc])* pub $field: $type,)+
        }

        $crate::row::from_row!(sqlx::postgres::PgRow, $name { $($field: $type),+ });
        $crate::row::from_row!(sqlx::sqlite::SqliteRow, $name { $($field: $type),+ });
    };
}

macro_rules! from_row {
    ($row:ty, $name:ident { $($field:ident: $type:ty),+ }) => {
        impl<'r> sqlx::FromRow<'r, $row> for $name {
            fn from_row(row: &'r $row) -> sqlx::Result<Self> {
                Ok(Self { $($field: $crate::row::field::<$type, $row>(row, stringify!($field))?,)+ })
            }
        }
    };
}

/// An enum that is kept as text.
macro_rules! named {
    ($(#[$doc:meta])* pub enum $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $text:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name {
            $($(#[$variant_doc])* $variant,)+
        }

        impl $name {
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)+
                }
            }

            pub fn of_name(name: &str) -> Option<Self> {
                match name {
                    $($text => Some(Self::$variant),)+
                    _ => None,
                }
            }
        }

        impl $crate::row::Field for $name {
            type Column = String;

            fn from_column(column: String) -> Result<Self, sqlx::error::BoxDynError> {
                Self::of_name(&column).ok_or_else(|| format!("`{column}` is no {}", stringify!($name)).into())
            }
        }
    };
}

pub(crate) use {from_row, named, row};

macro_rules! same {
    ($($type:ty),+) => {$(
        impl Field for $type {
            type Column = Self;

            fn from_column(column: Self) -> Result<Self, BoxDynError> {
                Ok(column)
            }
        }
    )+};
}

same!(i64, bool, String, Vec<u8>, Uuid);

macro_rules! ids {
    ($($type:ty),+) => {$(
        impl Field for $type {
            type Column = Uuid;

            fn from_column(column: Uuid) -> Result<Self, BoxDynError> {
                Ok(Self::from_uuid(column))
            }
        }
    )+};
}

ids!(EntryId, EventId, HoldId, OrderId, PaymentId, TicketId, TierId, UserId);

impl<T: Field> Field for Option<T> {
    type Column = Option<T::Column>;

    fn from_column(column: Self::Column) -> Result<Self, BoxDynError> {
        column.map(T::from_column).transpose()
    }
}

impl Field for TimeUs {
    type Column = i64;

    fn from_column(column: i64) -> Result<Self, BoxDynError> {
        Ok(Self(column))
    }
}

impl Field for inventory::Lsn {
    type Column = i64;

    fn from_column(column: i64) -> Result<Self, BoxDynError> {
        Ok(Self(u64::try_from(column)?))
    }
}

impl Field for u8 {
    type Column = i64;

    fn from_column(column: i64) -> Result<Self, BoxDynError> {
        Ok(Self::try_from(column)?)
    }
}

impl Field for u16 {
    type Column = i64;

    fn from_column(column: i64) -> Result<Self, BoxDynError> {
        Ok(Self::try_from(column)?)
    }
}

impl Field for u64 {
    type Column = i64;

    fn from_column(column: i64) -> Result<Self, BoxDynError> {
        Ok(Self::try_from(column)?)
    }
}

impl Field for u32 {
    type Column = i64;

    fn from_column(column: i64) -> Result<Self, BoxDynError> {
        Ok(Self::try_from(column)?)
    }
}

impl<const N: usize> Field for [u8; N] {
    type Column = Vec<u8>;

    fn from_column(column: Vec<u8>) -> Result<Self, BoxDynError> {
        Self::try_from(column.as_slice()).map_err(|_| format!("{} bytes where {N} belong", column.len()).into())
    }
}

/// Text that never reaches a log.
#[derive(Clone, PartialEq, Eq)]
pub struct Redacted(pub String);

impl std::fmt::Debug for Redacted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("<redacted>")
    }
}

impl Field for Redacted {
    type Column = String;

    fn from_column(column: String) -> Result<Self, BoxDynError> {
        Ok(Self(column))
    }
}
