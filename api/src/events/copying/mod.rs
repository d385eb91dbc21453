//! Copies of an event at other times: seats and areas with what is withheld of them, tiers, codes, rules, check-in lists,
//! waitlist and waiting room, words and pictures. Not what was sold, and nobody who waits or works there.

mod pictures;
mod shift;

use std::sync::Arc;

use engine::{EventHandle, SubmitError, Submitted};
use futures_util::future::ready;
use futures_util::{StreamExt, TryStreamExt, stream};
use inventory::{
    AccessCodeSpec, DiscountCodeSpec, EventId, Layout, Origin, RoomSettings, TierId, TierSpec, TimeUs, UserId,
    WaitlistSettings,
};
use persistence::{CheckInList, Event, EventStatus};

use super::words;
use crate::error::ApiError;
use crate::state::AppState;
use crate::{check_in_list, event_access, ids};
use shift::Shift;

/// Codes read from the original at a time.
const CODES_PAGE: usize = 1_000;
/// Codes on their way to one copy: a fraction of what waits in an event's mailbox.
const CODES_AT_ONCE: usize = 64;

/// When a copy begins and ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Date {
    pub starts_at: TimeUs,
    /// `None`: it lasts as long as the original.
    pub ends_at: Option<TimeUs>,
}

/// An event as copies take it over, of one moment.
pub struct Original {
    pub event: Event,
    layout: Arc<Layout>,
    room: Arc<RoomSettings>,
    blocks_withheld: Vec<String>,
    codes: Vec<AccessCodeSpec>,
    discounts: Vec<DiscountCodeSpec>,
    lists: Vec<CheckInList>,
    waitlist: WaitlistSettings,
}

impl Original {
    /// # Errors
    /// The event is not available.
    pub async fn read(state: &AppState, event: Event) -> Result<Self, ApiError> {
        let handle = event_access::handle(state, event.id).await?;
        let blocks_withheld = handle.blocks_withheld().await?;
        let mut codes: Vec<AccessCodeSpec> = Vec::new();
        loop {
            let after = codes.last().map(|code| code.digest);
            let page = handle.access_codes(after, CODES_PAGE).await?;
            let is_last = page.len() < CODES_PAGE;
            codes.extend(page.into_iter().map(|code| code.spec));
            if is_last {
                break;
            }
        }
        let mut discounts: Vec<DiscountCodeSpec> = Vec::new();
        loop {
            let after = discounts.last().map(|code| code.digest);
            let page = handle.discount_codes(after, CODES_PAGE).await?;
            let is_last = page.len() < CODES_PAGE;
            discounts.extend(page.into_iter().map(|code| code.spec));
            if is_last {
                break;
            }
        }
        let room = Arc::clone(&handle.line().settings);
        let lists = state.store.check_in_list_list(event.id, None, check_in_list::LISTS_MAX).await?;
        let waitlist = handle.waitlist().await?.settings;
        Ok(Self { event, layout: handle.layout(), room, blocks_withheld, codes, discounts, lists, waitlist })
    }

    /// A draft of the same organizer. What is not in the row is written by [`Self::write`].
    pub fn draft(&self, now: TimeUs, date: Date, request_key: Option<[u8; 16]>) -> Event {
        let original = &self.event;
        let lasts = original.ends_at.map(|ends_at| ends_at.since(original.starts_at));
        Event {
            id: EventId::from_uuid(ids::mint(now)),
            slug: words::slug(&original.title),
            starts_at: date.starts_at,
            ends_at: date.ends_at.or_else(|| lasts.map(|lasts_us| date.starts_at.plus_us(lasts_us))),
            status: EventStatus::Draft,
            revision: 0,
            created_at: now,
            changed_at: now,
            deleted_at: None,
            request_key,
            series_id: None,
            images: Vec::new(),
            ..original.clone()
        }
    }

    /// Writes into the copy's journal, and its pictures' files. The copy's row is stored and hidden; it has its pictures
    /// afterwards.
    ///
    /// # Errors
    /// The copy, the object storage or the store is not available: the copy is not to be shown.
    pub async fn write(
        &self,
        state: &AppState,
        copy: &mut Event,
        origin: Origin,
        user: UserId,
    ) -> Result<(), ApiError> {
        let handle = state.directory.open(copy.id).await?;
        // A key would be remembered for one of many commands.
        let asker = engine::Caller { user, request: origin.request, key: None };
        let shift = Shift::new(&self.event, copy.starts_at);
        handle.set_policy(asker, shift.policy(self.layout.policy())).await?;
        // Before the seat map: tiers of a draft may name sections that its map does not have.
        let tiers = self.tiers();
        let new_ids: Vec<(TierId, TierId)> =
            tiers.iter().map(|tier| (tier.id, TierId::from_uuid(ids::mint(state.now())))).collect();
        for (tier, (_, id)) in tiers.iter().zip(&new_ids) {
            handle.set_tier(asker, shift.tier(tier, *id)).await?;
        }
        if let Some(map) = self.layout.seat_map() {
            handle.set_seat_map(asker, map).await?;
        }
        for block in &self.blocks_withheld {
            handle.set_block(asker, block.clone(), true).await?;
        }
        let new_id = |id| new_ids.iter().find(|(old, _)| *old == id).map(|(_, new)| *new);
        let codes = self.codes.iter().filter_map(|code| shift.code(code, new_id));
        write_codes(codes.map(|code| handle.set_access_code(asker, code)).collect()).await?;
        let discounts = self.discounts.iter().filter_map(|code| shift.discount(code, new_id));
        write_codes(discounts.map(|code| handle.set_discount_code(asker, code)).collect()).await?;
        self.write_lists(state, copy.id, new_id).await?;
        if self.waitlist != WaitlistSettings::default() {
            handle.set_waitlist(asker, shift.waitlist(self.waitlist, state.now())).await?;
        }
        copy.images = pictures::copy(state, &self.event.images, copy.id.uuid()).await?;
        // Last: it begins to be kept, whatever becomes of the copy.
        self.write_room(state, &handle, asker, &shift).await
    }

    /// Those that are shown, in the order in which they were added: it decides where nobody names a tier.
    fn tiers(&self) -> Vec<&TierSpec> {
        let mut tiers = self.layout.tiers_shown();
        tiers.sort_by_key(|tier| self.layout.tier(tier.id).map(inventory::TierIx::ix));
        tiers
    }

    /// In the order in which they were made.
    async fn write_lists(
        &self,
        state: &AppState,
        copy: EventId,
        new_id: impl Fn(TierId) -> Option<TierId>,
    ) -> Result<(), ApiError> {
        let now = state.now();
        for (list, nth) in self.lists.iter().zip(0..) {
            let Some(tiers) = check_in_list::tiers_in(list, &new_id) else { continue };
            let made_at = now.plus_us(nth * 1_000);
            let list = CheckInList { id: ids::mint(made_at), event_id: copy, tiers, created_at: now, ..list.clone() };
            state.store.check_in_list_insert(&list, check_in_list::LISTS_MAX, None).await?;
        }
        Ok(())
    }

    async fn write_room(
        &self,
        state: &AppState,
        handle: &EventHandle,
        asker: engine::Caller,
        shift: &Shift,
    ) -> Result<(), ApiError> {
        if *self.room == RoomSettings::default() {
            return Ok(());
        }
        let room = shift.room(&self.room);
        let event = handle.event();
        if room.active {
            // Before the event knows: a room that is on is found again whenever the server ends.
            state.store.waiting_room_keep(event).await?;
        }
        handle.set_waiting_room(asker, room, ids::entropy()).await?;
        state.keepers.wake(event);
        Ok(())
    }

    /// Seats of the map, and codes: what a copy costs.
    pub fn size(&self) -> (usize, usize) {
        (self.layout.seat_count() as usize, self.codes.len() + self.discounts.len())
    }
}

async fn write_codes<F>(writes: Vec<F>) -> Result<(), ApiError>
where
    F: Future<Output = Result<Submitted, SubmitError>>,
{
    Ok(stream::iter(writes).buffer_unordered(CODES_AT_ONCE).try_for_each(|_| ready(Ok(()))).await?)
}
