//! What an organizer may change of an event's words and dates.

use inventory::TimeUs;

use super::{Event, Tags};

/// What is `None` stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EventPatch {
    pub title: Option<String>,
    pub description: Option<String>,
    pub organization: Option<String>,
    pub rating: Option<String>,
    pub location: Option<String>,
    pub address: Option<String>,
    pub city: Option<String>,
    pub country: Option<String>,
    /// Latitude and longitude as in [`Event`]; `Some(None)`: none.
    pub coordinates: Option<Option<(i64, i64)>>,
    pub category: Option<String>,
    pub tags: Option<Tags>,
    pub timezone: Option<String>,
    pub starts_at: Option<TimeUs>,
    /// `Some(None)`: it does not say.
    pub ends_at: Option<Option<TimeUs>>,
    /// Not once anything of the event is sold.
    pub only_unsold: bool,
}

impl EventPatch {
    /// What it would change of that which buyers have paid for: when and where.
    pub fn moves(&self, event: &Event) -> Vec<&'static str> {
        let text = |new: &Option<String>, old: &str| new.as_deref().is_some_and(|new| new != old);
        let fields = [
            ("starts_at", self.starts_at.is_some_and(|at| at != event.starts_at)),
            ("ends_at", self.ends_at.is_some_and(|at| at != event.ends_at)),
            ("timezone", text(&self.timezone, &event.timezone)),
            ("location", text(&self.location, &event.location)),
            ("address", text(&self.address, &event.address)),
            ("city", text(&self.city, &event.city)),
            ("country", text(&self.country, &event.country)),
            ("coordinates", self.coordinates.is_some_and(|at| at != event.coordinates())),
        ];
        fields.into_iter().filter(|(_, moves)| *moves).map(|(field, _)| field).collect()
    }
}

/// What became of a patch.
pub(super) enum Patched {
    Is(Box<Event>),
    /// The event is gone, or sold and was to be changed only unsold.
    Not,
    /// Another event of the organizer that is to take place has the title at this time.
    TitleTaken,
}

/// As SQL: the event as it is then; `None` when it is gone, or sold and `$only_unsold`.
macro_rules! update {
    ($transaction:ident, $id:expr, $patch:expr, $now:expr, $only_unsold:expr) => {
        sqlx::query_as::<_, $crate::Event>($crate::store::events::UPDATE)
            .bind($id.uuid())
            .bind($now.0)
            .bind(&$patch.title)
            .bind(&$patch.description)
            .bind(&$patch.organization)
            .bind(&$patch.rating)
            .bind(&$patch.location)
            .bind(&$patch.address)
            .bind(&$patch.city)
            .bind(&$patch.country)
            .bind($patch.coordinates.flatten().map(|(latitude, _)| latitude))
            .bind($patch.coordinates.flatten().map(|(_, longitude)| longitude))
            .bind(&$patch.category)
            .bind($patch.tags.as_ref().map($crate::Tags::column))
            .bind(&$patch.timezone)
            .bind($patch.starts_at.map(|at| at.0))
            .bind($patch.ends_at.flatten().map(|at| at.0))
            .bind(i64::from($only_unsold))
            .bind(i64::from($patch.coordinates.is_some()))
            .bind(i64::from($patch.ends_at.is_some()))
            .fetch_optional(&mut *$transaction)
    };
}

/// Changes the event `$before`, whose row is locked, its names and the words it is found by.
macro_rules! patch_event {
    ($transaction:ident, $before:expr, $patch:expr, $now:expr, $only_unsold:expr) => {{
        use $crate::store::event_names::{Title, claim_title};
        use $crate::store::event_patch::{Patched, update};
        let is_renamed = $patch.title.is_some() || $patch.starts_at.is_some();
        let title = Title::of($before).patched($patch.title.as_deref(), $patch.starts_at);
        if is_renamed && !claim_title!($transaction, title) {
            Patched::TitleTaken
        } else if let Some(after) = update!($transaction, $before.id, $patch, $now, $only_unsold).await? {
            $transaction.index_event(&after).await?;
            if let Some(notice) = $crate::store::notices::of_change($before, &after, $now) {
                $crate::store::notices::queue_notice!(&notice).execute(&mut *$transaction).await?;
            }
            Patched::Is(Box::new(after))
        } else {
            if is_renamed {
                // Refused, it keeps the title that it has.
                claim_title!($transaction, Title::of($before));
            }
            Patched::Not
        }
    }};
}

pub(super) use {patch_event, update};
