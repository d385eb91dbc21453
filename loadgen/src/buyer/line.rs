//! A waiting room in front of the sale: who is refused for want of a pass joins, waits for his turn and goes on.

use std::time::{Duration, Instant};

use hyper::Method;
use wire::{JoinRequest, Place, PlaceState};

use super::Buyer;
use crate::client::Outcome;
use crate::measure::{Leaving, Step};
use crate::pool::Call;

/// Asked again when the estimate has run out, but neither sooner nor later than this.
const ASK_AFTER_MIN: Duration = Duration::from_millis(300);
const ASK_AFTER_MAX: Duration = Duration::from_secs(5);
/// In line, from the first refusal on.
const PATIENCE: Duration = Duration::from_secs(600);

impl Buyer<'_> {
    /// Until this buyer's account is inside. Its place is shared by all who buy with it.
    pub(super) async fn stand_in_line(&mut self) -> Result<(), Leaving> {
        let until = Instant::now() + PATIENCE;
        let join = Call::post(self.room(), None, &JoinRequest::default()).map_err(|error| {
            self.violation(format!("join: {error}"));
            Leaving::Broken
        })?;
        self.pass = None;
        let mut step = Step::Join;
        loop {
            let settled = self.sale.client.settle(step, Some(self.account), &join, Instant::now()).await;
            let place = match settled.read::<Place>().outcome {
                Outcome::Done(place) => place,
                outcome => return Err(self.gone(step, &outcome)),
            };
            match (place.state, place.pass) {
                (PlaceState::Admitted, Some(pass)) => {
                    self.pass = Some(pass);
                    return Ok(());
                }
                (PlaceState::Admitted, None) => {
                    self.violation("admitted without a pass".to_owned());
                    return Err(Leaving::Broken);
                }
                (PlaceState::NotNeeded, _) => return Ok(()),
                (PlaceState::PreQueue | PlaceState::Waiting | PlaceState::Lapsed, _) => {}
            }
            // A join again is how the turn is claimed.
            step = Step::Claim;
            let eta = Duration::from_secs(place.eta_s.unwrap_or_default().into());
            let after = eta.clamp(ASK_AFTER_MIN, ASK_AFTER_MAX).mul_f64(0.75 + 0.5 * rand::random::<f64>());
            if Instant::now() + after > until {
                return Err(Leaving::LeftLine);
            }
            tokio::time::sleep(after).await;
        }
    }

    /// Lets the next one in, if this buyer is inside. A purchase does that by itself.
    pub(super) async fn leave_line(&self) {
        if self.joins && self.pass.is_some() {
            let call = Call { method: Method::DELETE, path: self.room(), key: None, body: None };
            let left = self.sale.client.settle(Step::Leave, Some(self.account), &call, Instant::now()).await;
            if let Outcome::Broken(what) = left.outcome {
                self.violation(format!("leave: {what}"));
            }
        }
    }

    fn room(&self) -> String {
        format!("/api/v1/events/{}/waiting-room", self.sale.arena.event.id)
    }
}
