//! Finding events: by words, place, time, price and what is left, in a stable order, page by page.
//!
//! A page is a walk along an index to the first events that pass; whether something is left is read from the row that the
//! journal's commits write, so the answer is never older than the last sale. How words are looked up and which index is
//! walked differs between the databases: see `sqlite/search.rs` and `postgres/search.rs`.

use inventory::{EventId, TimeUs};
use uuid::Uuid;

use super::event_query::{EventCursor, EventPhase, EventQuery, EventSort, SortKey};
use super::event_select::{Page, select};
use super::{Audience, Event, Store, in_time};
use crate::StoreError;
use crate::boxed;
use crate::row::field;
use crate::search::{Bind, Lookup, Scope, Select, bound};

/// An event in a list.
#[derive(Clone, Debug, PartialEq)]
pub struct Listing {
    pub event: Event,
    /// Where a page ends that ends with it.
    pub cursor: EventCursor,
    /// Of the cheapest open tier that everybody sees, as far as time says, and without what is cheaper for the first so many.
    /// `None` as well in the moment in which it changes.
    pub price_min_minor: Option<i64>,
    pub is_sold_out: bool,
}

/// The default of the column.
const NO_PRICE: i64 = i64::MAX;

struct Found {
    event: Event,
    number: i64,
    title_key: String,
    price_min_minor: i64,
    price_until: TimeUs,
    is_sold_out: bool,
}

macro_rules! found_from_row {
    ($row:ty) => {
        impl<'r> sqlx::FromRow<'r, $row> for Found {
            fn from_row(row: &'r $row) -> sqlx::Result<Self> {
                Ok(Self {
                    event: Event::from_row(row)?,
                    number: field::<Option<i64>, $row>(row, "number")?.unwrap_or(0),
                    title_key: field::<String, $row>(row, "title_key")?,
                    price_min_minor: field::<i64, $row>(row, "price_min_minor")?,
                    price_until: TimeUs(field::<i64, $row>(row, "price_until")?),
                    is_sold_out: field::<bool, $row>(row, "is_sold_out")?,
                })
            }
        }
    };
}

found_from_row!(sqlx::postgres::PgRow);
found_from_row!(sqlx::sqlite::SqliteRow);

impl Found {
    fn listing(self, sort: EventSort, scope: Scope, now: TimeUs) -> Listing {
        let has_price = self.price_min_minor != NO_PRICE && now < self.price_until;
        let key = match sort {
            EventSort::Newest => SortKey::Number(0),
            EventSort::Relevance => SortKey::Number(i64::from(scope == Scope::NotTitle)),
            EventSort::Date => SortKey::Number(self.event.starts_at.0),
            EventSort::Price => SortKey::Number(self.price_min_minor),
            EventSort::Title => SortKey::Text(self.title_key),
        };
        Listing {
            event: self.event,
            cursor: EventCursor { key, number: self.number },
            price_min_minor: has_price.then_some(self.price_min_minor),
            is_sold_out: self.is_sold_out,
        }
    }
}

impl Store {
    /// The first `limit` events behind the query's cursor.
    #[boxed]
    pub async fn event_search(&self, query: &EventQuery, now: TimeUs, limit: u32) -> Result<Vec<Listing>, StoreError> {
        if query.audience == Audience::Public && query.phase == Some(EventPhase::Draft) {
            return Ok(Vec::new());
        }
        let way = match self {
            Self::Sqlite(sqlite) => Some(sqlite.way(query).await?),
            Self::Postgres(_) => None,
        };
        let lookup = Lookup::Listed;
        let page = Page { query, scope: Scope::All, way, lookup, after: query.after.clone(), now, limit };
        if query.words.is_none() || query.sort != EventSort::Relevance {
            return self.listings(page).await;
        }
        let is_in_titles = query.after.as_ref().is_none_or(|after| after.key == SortKey::Number(0));
        if !is_in_titles {
            return self.listings(Page { scope: Scope::NotTitle, ..page }).await;
        }
        let mut found = self.listings(Page { scope: Scope::Title, after: page.after.clone(), ..page }).await?;
        let left = limit.saturating_sub(u32::try_from(found.len()).unwrap_or(u32::MAX));
        if left > 0 {
            found.extend(self.listings(Page { scope: Scope::NotTitle, after: None, limit: left, ..page }).await?);
        }
        Ok(found)
    }

    /// Of these events, those of which nothing is left.
    #[boxed]
    pub async fn event_sold_out(&self, events: &[EventId]) -> Result<Vec<EventId>, StoreError> {
        let mut sql = Select::default();
        let ids: Vec<String> = events.iter().map(|event| sql.bind(Bind::Id(event.uuid()))).collect();
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        sql.text = format!("SELECT id FROM events WHERE id IN ({})", ids.join(", "));
        sql.and_bound("is_sold_out = ", Bind::Flag(true), "");
        let (text, binds) = sql.into_parts();
        let found: Vec<Uuid> = super::on_pool!(self, pool => bound!(sqlx::query_scalar(text), binds).fetch_all(pool))?;
        Ok(found.into_iter().map(EventId::from_uuid).collect())
    }

    /// A box holds a little more than its circle: what is outside of the circle is left out here, and the page filled from
    /// behind.
    async fn listings(&self, mut page: Page<'_>) -> Result<Vec<Listing>, StoreError> {
        let (query, scope, limit) = (page.query, page.scope, page.limit as usize);
        let mut found = Vec::new();
        if let Self::Postgres(postgres) = self {
            page.lookup = postgres.lookup(query.words.as_ref(), scope).await?;
        }
        loop {
            let rows = self.rows(&page).await?;
            let is_last = rows.len() < limit;
            let listings = rows.into_iter().map(|row| row.listing(query.sort, scope, page.now));
            for listing in listings {
                page.after = Some(listing.cursor.clone());
                if query.near.is_none_or(|near| near.holds(&listing.event)) {
                    found.push(listing);
                }
            }
            if is_last || found.len() >= limit {
                found.truncate(limit);
                return Ok(found);
            }
        }
    }

    async fn rows(&self, page: &Page<'_>) -> Result<Vec<Found>, StoreError> {
        let (text, binds) = select(page).into_parts();
        match self {
            // Planned for its values each time: how many events a filter leaves decides which index is walked.
            Self::Postgres(postgres) => {
                let rows = bound!(sqlx::query_as(text).persistent(false), binds).fetch_all(&postgres.pool);
                in_time(postgres.call_timeout, rows).await
            }
            Self::Sqlite(sqlite) => {
                let rows = bound!(sqlx::query_as(text), binds).fetch_all(&sqlite.readers);
                in_time(sqlite.call_timeout, rows).await
            }
        }
        .map_err(StoreError::read)
    }
}
