//! Choosing and holding. Who named seats that went to somebody else looks again and takes others, a few times.

use std::time::Instant;

use rand::RngExt;
use wire::{Availability, BestAvailable, Hold, HoldItem, HoldRequest};

use super::Buyer;
use crate::client::Outcome;
use crate::ledger::{Entry, Held};
use crate::measure::{Leaving, Step};
use crate::mix::Want;
use crate::pool::Call;

const TRIES: u32 = 4;
/// Another buyer of the same account may end the session first.
const LINES: u32 = 3;
const QUEUE_REQUIRED: &str = "QUEUE_REQUIRED";
const TAKEN: &str = "SEATS_TAKEN";
const KEY_REUSED: &str = "IDEMPOTENCY_KEY_REUSED";

impl Buyer<'_> {
    pub(super) async fn hold(&mut self, due: Instant) -> Result<Hold, Leaving> {
        let mut since = due;
        let (mut tries_left, mut lines_left) = (TRIES, LINES);
        loop {
            tries_left -= 1;
            let items = self.items(since).await?;
            let call = self.hold_call(self.request(&items))?;
            let settled = self.write(Step::Hold, &call, since).await.read::<Hold>();
            match settled.outcome {
                Outcome::Done(hold) => {
                    self.note(Entry::Held(Held {
                        hold: hold.id,
                        account: self.account_number,
                        items: hold.items.clone(),
                        total: hold.total.clone(),
                        asked_at: self.at(settled.asked),
                        answered_at: self.at(settled.answered),
                        expires_at: hold.expires_at,
                    }));
                    self.sale.client.measured.held();
                    self.check(&hold, &items);
                    if self.intent.reuses_key {
                        self.reuse_key(&call).await?;
                    }
                    return Ok(hold);
                }
                Outcome::Refused(refusal) if refusal.code == TAKEN && tries_left > 0 => since = Instant::now(),
                Outcome::Refused(refusal) if refusal.code == QUEUE_REQUIRED && self.joins && lines_left > 0 => {
                    (tries_left, lines_left) = (TRIES, lines_left - 1);
                    self.stand_in_line().await?;
                    since = Instant::now();
                }
                outcome => {
                    if matches!(outcome, Outcome::GaveUp { maybe_done: true } | Outcome::Broken(_)) {
                        self.note(Entry::HoldUnknown { account: self.account_number, units: self.intent.units });
                    }
                    return Err(self.gone(Step::Hold, &outcome));
                }
            }
        }
    }

    /// What this buyer asks for. Looks first when it names seats.
    async fn items(&mut self, since: Instant) -> Result<Vec<HoldItem>, Leaving> {
        let (arena, units) = (&self.sale.arena, self.intent.units);
        let want = match self.intent.want {
            Want::Standing if arena.areas.is_empty() => Want::Best,
            Want::Best | Want::Named if arena.seats.is_empty() => Want::Standing,
            want => want,
        };
        match want {
            Want::Best => Ok(vec![best(units)]),
            Want::Standing => {
                let area = &arena.areas[self.rng.random_range(0..arena.areas.len())];
                let quantity = Some(i64::from(units));
                Ok(vec![HoldItem { area: Some(area.id.clone()), quantity, ..HoldItem::default() }])
            }
            Want::Named => {
                let seats = if self.sale.blind {
                    arena.guess(units, &mut self.rng)
                } else {
                    let client = &self.sale.client;
                    let seen = client.settle(Step::Read, None, &arena.availability_call(), since).await;
                    match seen.read::<Availability>().outcome {
                        Outcome::Done(seen) => arena.choose(&seen, units, &mut self.rng).ok_or(Leaving::Refused)?,
                        outcome => return Err(self.gone(Step::Read, &outcome)),
                    }
                };
                Ok(seats.into_iter().map(|seat| HoldItem { seat: Some(seat), ..HoldItem::default() }).collect())
            }
        }
    }

    fn request(&self, items: &[HoldItem]) -> HoldRequest {
        HoldRequest { items: items.to_vec(), pass: self.pass.clone(), ..HoldRequest::default() }
    }

    fn hold_call(&mut self, request: HoldRequest) -> Result<Call, Leaving> {
        let path = format!("/api/v1/events/{}/holds", self.sale.arena.event.id);
        let key = Some(self.key());
        Call::post(path, key, &request).map_err(|error| {
            self.violation(format!("hold: {error}"));
            Leaving::Broken
        })
    }

    /// All or nothing: what was asked for, and no more.
    fn check(&self, hold: &Hold, asked: &[HoldItem]) {
        let units: u32 = hold.items.iter().map(|item| item.quantity).sum();
        let price: i64 = hold.items.iter().map(|item| item.price.amount_minor * i64::from(item.quantity)).sum();
        if units != self.intent.units.min(units_of(asked)) {
            self.violation(format!("hold {}: {units} units for {asked:?}", hold.id));
        }
        if price != hold.total.amount_minor {
            self.violation(format!("hold {}: total {} of items of {price}", hold.id, hold.total.amount_minor));
        }
        for item in asked.iter().filter(|item| item.seat.is_some()) {
            if !hold.items.iter().any(|held| held.seat == item.seat) {
                self.violation(format!("hold {} is without {:?}", hold.id, item.seat));
            }
        }
    }

    /// Another body under a key that was used must be refused as just that.
    async fn reuse_key(&self, used: &Call) -> Result<(), Leaving> {
        let other = self.request(&[best(self.intent.units % 4 + 1), best(1)]);
        let call = Call::post(used.path.clone(), used.key.clone(), &other).map_err(|_| Leaving::Broken)?;
        let settled = self.sale.client.settle(Step::Hold, Some(self.account), &call, Instant::now()).await;
        match settled.outcome {
            Outcome::Refused(refusal) if refusal.status == 422 && refusal.code == KEY_REUSED => {}
            // The account's session ended meanwhile.
            Outcome::Refused(refusal) if refusal.code == QUEUE_REQUIRED && self.joins => {}
            Outcome::GaveUp { .. } => {}
            Outcome::Done(_) => {
                self.note(Entry::HoldUnknown { account: self.account_number, units: self.intent.units % 4 + 2 });
                self.violation(format!("key {:?} was taken for another body", used.key));
            }
            Outcome::Refused(refusal) => {
                let (status, code) = (refusal.status, refusal.code);
                self.violation(format!("another body under a used key: {status} {code} and not 422 {KEY_REUSED}"));
            }
            Outcome::Broken(what) => self.violation(format!("another body under a used key: {what}")),
        }
        Ok(())
    }
}

fn best(units: u32) -> HoldItem {
    let best_available = Some(BestAvailable { quantity: i64::from(units), ..BestAvailable::default() });
    HoldItem { best_available, ..HoldItem::default() }
}

fn units_of(items: &[HoldItem]) -> u32 {
    items.iter().fold(0, |sum, item| match (&item.best_available, item.quantity) {
        (Some(best), _) => sum + best.quantity as u32,
        (None, Some(quantity)) => sum + quantity as u32,
        (None, None) => sum + 1,
    })
}
