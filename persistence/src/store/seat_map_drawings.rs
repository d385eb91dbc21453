use inventory::EventId;

use super::{Store, changed, on_pool};
use crate::StoreError;
use crate::boxed;
use crate::row::row;

row! {
    /// Where the seats of an event's map stand on the plan.
    pub struct SeatMapDrawing {
        /// Of the map that it draws: the journal may have another one by now.
        pub map_digest: [u8; 16],
        /// JSON.
        pub drawing: String,
    }
}

const SET: &str = "
    INSERT INTO seat_map_drawings (event_id, map_digest, drawing) VALUES ($1, $2, $3)
    ON CONFLICT (event_id) DO UPDATE SET map_digest = excluded.map_digest, drawing = excluded.drawing";

const DELETE: &str = "DELETE FROM seat_map_drawings WHERE event_id = $1";

const FIND: &str = "SELECT map_digest, drawing FROM seat_map_drawings WHERE event_id = $1";

pub(super) const STATEMENTS: &[&str] = &[SET, DELETE, FIND];

impl Store {
    /// `None`: the map is not drawn.
    #[boxed]
    pub async fn seat_map_drawing_set(
        &self,
        event: EventId,
        drawing: Option<([u8; 16], String)>,
    ) -> Result<(), StoreError> {
        match drawing {
            Some((digest, drawing)) => {
                changed!(self, sqlx::query(SET).bind(event.uuid()).bind(digest.to_vec()).bind(&drawing)).map(|_| ())
            }
            None => changed!(self, sqlx::query(DELETE).bind(event.uuid())).map(|_| ()),
        }
    }

    #[boxed]
    pub async fn seat_map_drawing_find(&self, event: EventId) -> Result<Option<SeatMapDrawing>, StoreError> {
        on_pool!(self, pool => sqlx::query_as(FIND).bind(event.uuid()).fetch_optional(pool))
    }
}
