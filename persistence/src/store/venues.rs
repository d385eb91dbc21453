//! Places where events happen, and the seat maps that their organizers keep of them.

use inventory::{TimeUs, UserId};
use uuid::Uuid;

use super::audit_log::{audit, audited};
use super::{AuditEntry, Store, on_pool, on_transaction};
use crate::StoreError;
use crate::boxed;
use crate::row::row;

row! {
    pub struct Venue {
        pub id: Uuid,
        pub owner_id: UserId,
        pub name: String,
        pub address: String,
        pub city: String,
        /// ISO 3166, two letters.
        pub country: String,
        /// IANA name.
        pub timezone: String,
        /// Millionths of a degree.
        pub latitude_e6: Option<i64>,
        pub longitude_e6: Option<i64>,
        pub created_at: TimeUs,
        /// Digest of the account and the idempotency key that created it.
        pub request_key: Option<[u8; 16]>,
    }
}

/// What is `None` stays.
#[derive(Clone, Debug, Default)]
pub struct VenuePatch {
    pub name: Option<String>,
    pub address: Option<String>,
    pub city: Option<String>,
    pub country: Option<String>,
    pub timezone: Option<String>,
    /// Latitude and longitude as in [`Venue`]; `Some(None)`: none.
    pub coordinates: Option<Option<(i64, i64)>>,
}

row! {
    /// Without the map itself.
    pub struct VenueSeatMap {
        pub name: String,
        pub sections: u32,
        pub areas: u32,
        pub seats: u32,
        pub places: u64,
        pub updated_at: TimeUs,
    }
}

const INSERT: &str = "
    INSERT INTO venues (id, owner_id, name, address, city, country, timezone, latitude_e6, longitude_e6, created_at,
        request_key)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";

/// Locks the owner, so that his venues are counted by one at a time.
const LOCK_OWNER: &str = "UPDATE users SET name = name WHERE id = $1";

const COUNT_OF_OWNER: &str = "SELECT COUNT(*) FROM venues WHERE owner_id = $1";

const FIND: &str = "
    SELECT id, owner_id, name, address, city, country, timezone, latitude_e6, longitude_e6, created_at, request_key
    FROM venues WHERE id = $1";

const FIND_BY_REQUEST: &str = "
    SELECT id, owner_id, name, address, city, country, timezone, latitude_e6, longitude_e6, created_at, request_key
    FROM venues WHERE request_key = $1";

const LIST: &str = "
    SELECT id, owner_id, name, address, city, country, timezone, latitude_e6, longitude_e6, created_at, request_key
    FROM venues WHERE id < $1 ORDER BY id DESC LIMIT $2";

const LIST_OF_OWNER: &str = "
    SELECT id, owner_id, name, address, city, country, timezone, latitude_e6, longitude_e6, created_at, request_key
    FROM venues WHERE id < $1 AND owner_id = $3 ORDER BY id DESC LIMIT $2";

const UPDATE: &str = "
    UPDATE venues SET name = COALESCE($2, name), address = COALESCE($3, address), city = COALESCE($4, city),
        country = COALESCE($5, country), timezone = COALESCE($6, timezone),
        latitude_e6 = CASE WHEN $9 = 1 THEN $7 ELSE latitude_e6 END,
        longitude_e6 = CASE WHEN $9 = 1 THEN $8 ELSE longitude_e6 END
    WHERE id = $1
    RETURNING id, owner_id, name, address, city, country, timezone, latitude_e6, longitude_e6, created_at, request_key";

const DELETE: &str = "DELETE FROM venues WHERE id = $1";

const DELETE_MAPS: &str = "DELETE FROM venue_seat_maps WHERE venue_id = $1";

/// Locks the venue, so that its maps are counted by one at a time.
const LOCK: &str = "UPDATE venues SET name = name WHERE id = $1";

const SET_MAP: &str = "
    INSERT INTO venue_seat_maps (venue_id, name, map, sections, areas, seats, places, updated_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
    ON CONFLICT (venue_id, name) DO UPDATE SET map = excluded.map, sections = excluded.sections,
        areas = excluded.areas, seats = excluded.seats, places = excluded.places, updated_at = excluded.updated_at";

const COUNT_OTHER_MAPS: &str = "SELECT COUNT(*) FROM venue_seat_maps WHERE venue_id = $1 AND name <> $2";

const LIST_MAPS: &str = "
    SELECT name, sections, areas, seats, places, updated_at FROM venue_seat_maps WHERE venue_id = $1 ORDER BY name";

const FIND_MAP: &str = "SELECT map FROM venue_seat_maps WHERE venue_id = $1 AND name = $2";

const DELETE_MAP: &str = "DELETE FROM venue_seat_maps WHERE venue_id = $1 AND name = $2";

pub(super) const STATEMENTS: &[&str] = &[
    INSERT,
    LOCK_OWNER,
    COUNT_OF_OWNER,
    FIND,
    FIND_BY_REQUEST,
    LIST,
    LIST_OF_OWNER,
    UPDATE,
    DELETE,
    DELETE_MAPS,
    LOCK,
    SET_MAP,
    COUNT_OTHER_MAPS,
    LIST_MAPS,
    FIND_MAP,
    DELETE_MAP,
];

impl Store {
    /// Stores the venue, or finds the one that the same request created before. Answers the stored one; `None`: its owner
    /// has `venues_max` others.
    #[boxed]
    pub async fn venue_insert(
        &self,
        venue: &Venue,
        venues_max: u32,
        entry: Option<&AuditEntry>,
    ) -> Result<Option<Venue>, StoreError> {
        on_transaction!(self, transaction => async {
            sqlx::query(LOCK_OWNER).bind(venue.owner_id.uuid()).execute(&mut *transaction).await?;
            if let Some(key) = venue.request_key {
                let found = sqlx::query_as(FIND_BY_REQUEST).bind(key.to_vec()).fetch_optional(&mut *transaction).await?;
                if found.is_some() {
                    return Ok(found);
                }
            }
            let (others,): (i64,) =
                sqlx::query_as(COUNT_OF_OWNER).bind(venue.owner_id.uuid()).fetch_one(&mut *transaction).await?;
            if others >= i64::from(venues_max) {
                return Ok(None);
            }
            sqlx::query(INSERT)
                .bind(venue.id)
                .bind(venue.owner_id.uuid())
                .bind(&venue.name)
                .bind(&venue.address)
                .bind(&venue.city)
                .bind(&venue.country)
                .bind(&venue.timezone)
                .bind(venue.latitude_e6)
                .bind(venue.longitude_e6)
                .bind(venue.created_at.0)
                .bind(venue.request_key.map(|key| key.to_vec()))
                .execute(&mut *transaction)
                .await?;
            if let Some(entry) = entry {
                audit!(&mut *transaction, entry).await?;
            }
            sqlx::query_as(FIND).bind(venue.id).fetch_optional(&mut *transaction).await
        })
    }

    #[boxed]
    pub async fn venue_find(&self, id: Uuid) -> Result<Option<Venue>, StoreError> {
        on_pool!(self, pool => sqlx::query_as(FIND).bind(id).fetch_optional(pool))
    }

    /// Newest first, behind `after`; of one owner, or all.
    #[boxed]
    pub async fn venue_list(
        &self,
        owner: Option<UserId>,
        after: Option<Uuid>,
        limit: u32,
    ) -> Result<Vec<Venue>, StoreError> {
        let (after, limit) = (after.unwrap_or_else(Uuid::max), i64::from(limit));
        on_pool!(self, pool => match owner {
            Some(owner) => sqlx::query_as(LIST_OF_OWNER).bind(after).bind(limit).bind(owner.uuid()),
            None => sqlx::query_as(LIST).bind(after).bind(limit),
        }
        .fetch_all(pool))
    }

    /// The venue as it is now, with the `entry` that is made of before and after; `None` when there is none.
    pub async fn venue_update(
        &self,
        id: Uuid,
        patch: &VenuePatch,
        entry: impl FnOnce(Venue, &Venue) -> Option<AuditEntry> + Send,
    ) -> Result<Option<Venue>, StoreError> {
        on_transaction!(self, transaction => async {
            sqlx::query(LOCK).bind(id).execute(&mut *transaction).await?;
            let before: Option<Venue> = sqlx::query_as(FIND).bind(id).fetch_optional(&mut *transaction).await?;
            let Some(before) = before else { return Ok(None) };
            let after: Venue = sqlx::query_as(UPDATE)
                .bind(id)
                .bind(&patch.name)
                .bind(&patch.address)
                .bind(&patch.city)
                .bind(&patch.country)
                .bind(&patch.timezone)
                .bind(patch.coordinates.flatten().map(|(latitude, _)| latitude))
                .bind(patch.coordinates.flatten().map(|(_, longitude)| longitude))
                .bind(i64::from(patch.coordinates.is_some()))
                .fetch_one(&mut *transaction)
                .await?;
            if let Some(entry) = entry(before, &after) {
                audit!(&mut *transaction, &entry).await?;
            }
            Ok(Some(after))
        })
    }

    /// With its maps. Whether there was such a venue.
    #[boxed]
    pub async fn venue_delete(&self, id: Uuid, entry: Option<&AuditEntry>) -> Result<bool, StoreError> {
        on_transaction!(self, transaction => async {
            let deleted = sqlx::query(DELETE).bind(id).execute(&mut *transaction).await?.rows_affected();
            sqlx::query(DELETE_MAPS).bind(id).execute(&mut *transaction).await?;
            if deleted == 1 && let Some(entry) = entry {
                audit!(&mut *transaction, entry).await?;
            }
            Ok(deleted == 1)
        })
    }

    /// Whether it was stored: not when the venue has `maps_max` others, or is gone.
    #[boxed]
    pub async fn venue_seat_map_set(
        &self,
        venue: Uuid,
        head: &VenueSeatMap,
        map: &str,
        maps_max: u32,
        entry: Option<&AuditEntry>,
    ) -> Result<bool, StoreError> {
        on_transaction!(self, transaction => async {
            let locked = sqlx::query(LOCK).bind(venue).execute(&mut *transaction).await?.rows_affected();
            let (others,): (i64,) =
                sqlx::query_as(COUNT_OTHER_MAPS).bind(venue).bind(&head.name).fetch_one(&mut *transaction).await?;
            if locked == 0 || others >= i64::from(maps_max) {
                return Ok(false);
            }
            sqlx::query(SET_MAP)
                .bind(venue)
                .bind(&head.name)
                .bind(map)
                .bind(i64::from(head.sections))
                .bind(i64::from(head.areas))
                .bind(i64::from(head.seats))
                .bind(i64::try_from(head.places).unwrap_or(i64::MAX))
                .bind(head.updated_at.0)
                .execute(&mut *transaction)
                .await?;
            if let Some(entry) = entry {
                audit!(&mut *transaction, entry).await?;
            }
            Ok(true)
        })
    }

    /// In the order of their names.
    #[boxed]
    pub async fn venue_seat_map_list(&self, venue: Uuid) -> Result<Vec<VenueSeatMap>, StoreError> {
        on_pool!(self, pool => sqlx::query_as(LIST_MAPS).bind(venue).fetch_all(pool))
    }

    /// The map as JSON.
    #[boxed]
    pub async fn venue_seat_map_find(&self, venue: Uuid, name: &str) -> Result<Option<String>, StoreError> {
        let found: Option<(String,)> =
            on_pool!(self, pool => sqlx::query_as(FIND_MAP).bind(venue).bind(name).fetch_optional(pool))?;
        Ok(found.map(|(map,)| map))
    }

    /// Whether there was such a map.
    #[boxed]
    pub async fn venue_seat_map_delete(
        &self,
        venue: Uuid,
        name: &str,
        entry: Option<&AuditEntry>,
    ) -> Result<bool, StoreError> {
        audited!(self, entry, sqlx::query(DELETE_MAP).bind(venue).bind(name)).map(|touched| touched == 1)
    }
}
