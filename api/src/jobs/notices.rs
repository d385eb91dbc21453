//! Writes to everybody who has a ticket of an event: before it begins, when it was changed, when it does not take place.

use std::sync::Arc;
use std::time::Duration;

use engine::{Clock, SystemClock};
use inventory::TimeUs;
use persistence::{
    ClaimedNotice, Event, EventStatus, Holder, KnownEvent, NewMail, NoticeKind, NoticeStep, Store, StoreError,
};
use tokio_util::sync::CancellationToken;

use super::{LOOK, pause};
use crate::mail::{self, Letter, Mailer, Show};
use crate::{derived_id, time};

/// Reminders are written so long before the start.
const REMIND_BEFORE: Duration = Duration::from_secs(24 * 3_600);
/// How often one looks for events that begin soon.
const REMIND_LOOK_US: i64 = 60 * 1_000_000;
/// Queued at one look; the next finds the rest.
const REMINDERS_MAX: u32 = 100;
/// Orders whose holders are written to in one step, and so in one commit.
const STEP_ORDERS: u32 = 100;
/// Beyond all that a step may take: its calls of the store have deadlines.
const LEASE: Duration = Duration::from_secs(120);
/// Between two steps, so that a sale's own commits come first.
const BREATH: Duration = Duration::from_millis(200);

pub struct Notices {
    pub store: Store,
    pub clock: Arc<SystemClock>,
    pub mailer: Mailer,
}

/// Until `stop`. A step that was begun is finished.
pub async fn run(notices: Notices, stop: CancellationToken) {
    let mut looked_at = None;
    while !stop.is_cancelled() {
        let now = notices.clock.now();
        if looked_at.is_none_or(|at| now.since(at) >= REMIND_LOOK_US) {
            match notices.store.reminders_queue(now, time::plus(now, REMIND_BEFORE), REMINDERS_MAX).await {
                Ok(_) => looked_at = Some(now),
                Err(error) => tracing::warn!(%error, "reminders wait for the store: {error}"),
            }
        }
        let next = pause("notices", notices.round(now).await);
        stop.run_until_cancelled(tokio::time::sleep(next)).await;
    }
}

/// What a notice says, if it is still to be said.
enum Word {
    Say(Letter),
    /// Its time is past, or what it would tell of is not so.
    Drop,
    /// Its time has not come: the event was moved.
    Later,
}

impl Notices {
    /// One step of one notice. How long to wait for the next.
    async fn round(&self, now: TimeUs) -> Result<Duration, StoreError> {
        let Some(notice) = self.store.notice_claim(now, time::plus(now, LEASE)).await? else { return Ok(LOOK) };
        let event = self.store.event_find(notice.event_id).await?;
        let letter = match event.map_or(Word::Drop, |event| word(&notice, &event, now)) {
            Word::Say(letter) => letter,
            Word::Later => {
                self.store.notice_drop(&notice).await?;
                return Ok(BREATH);
            }
            Word::Drop => {
                let done = NoticeStep { mails: Vec::new(), after: None, due_at: now };
                self.store.notice_step(&notice, &done).await?;
                return Ok(BREATH);
            }
        };
        let Some((last, holders)) = self.store.notice_holders(&notice, STEP_ORDERS).await? else {
            let done = NoticeStep { mails: Vec::new(), after: None, due_at: now };
            self.store.notice_step(&notice, &done).await?;
            return Ok(BREATH);
        };
        let mails: Vec<NewMail> =
            holders.iter().filter_map(|holder| letter_to(&notice, holder, &letter, now)).collect();
        let step = NoticeStep { mails, after: Some(last), due_at: now };
        if self.store.notice_step(&notice, &step).await? {
            step.mails.iter().for_each(|_| self.mailer.queued());
        }
        Ok(BREATH)
    }
}

fn word(notice: &ClaimedNotice, event: &Event, now: TimeUs) -> Word {
    let show = || Box::new(Show::of(event.id, &KnownEvent::of(event)));
    let is_on = event.status == EventStatus::Published;
    match notice.kind {
        NoticeKind::Cancelled => Word::Say(Letter::EventCancelled { show: show() }),
        NoticeKind::Reminder if !is_on || event.starts_at <= now => Word::Drop,
        NoticeKind::Reminder if event.starts_at > time::plus(now, REMIND_BEFORE) => Word::Later,
        NoticeKind::Reminder => Word::Say(Letter::EventReminder { show: show() }),
        NoticeKind::Changed => match before(notice, event) {
            Some(before) if is_on && event.over_at() > now && before != *show() => {
                Word::Say(Letter::EventChanged { before: Box::new(before), show: show() })
            }
            // Changed back, cancelled or over.
            _ => Word::Drop,
        },
    }
}

fn before(notice: &ClaimedNotice, event: &Event) -> Option<Show> {
    let known: KnownEvent = serde_json::from_str(notice.before.as_deref()?).ok()?;
    Some(Show::of(event.id, &known))
}

/// However often the step is repeated, and however many orders he has: one mail.
fn letter_to(notice: &ClaimedNotice, holder: &Holder, letter: &Letter, now: TimeUs) -> Option<NewMail> {
    let number = notice.number.to_le_bytes();
    let parts: [&[u8]; 5] =
        [b"notice", &notice.event_id.bytes(), notice.kind.name().as_bytes(), &number, &holder.id.bytes()];
    let id = derived_id::of(notice.created_at, &parts);
    match mail::row(id, &holder.email, letter, now) {
        Ok(mail) => Some(mail),
        Err(error) => {
            tracing::error!(%error, "a letter cannot be written: {error}");
            None
        }
    }
}
