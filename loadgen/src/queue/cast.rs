//! Who is in line, and what each of them is there for.

use std::sync::Arc;

use rand::SeedableRng;
use rand::rngs::StdRng;

use super::waiter::{Kind, Waiter, Way};
use crate::account::Accounts;
use crate::cli::QueueOptions;
use crate::mix::{Ending, Habits, Intent, Mix, Want};

/// Hoarders first; the others are early or late, and wait in their ways, evenly over their numbers. Nobody wants more than
/// `units_max`.
pub fn waiters(options: &QueueOptions, units_max: u32, accounts: &Accounts) -> Vec<Arc<Waiter>> {
    let mut rng = StdRng::seed_from_u64(options.seed);
    let mix = Mix { best: 100, named: 0, standing: 0 };
    let habits = Habits { abandon: options.leave, ..Habits::default() };
    let hoarders = options.hoarders.min(options.waiters);
    let early = hoarders + (f64::from(options.waiters - hoarders) * options.early).round() as u32;
    let is_nth = |index: u32, share: f64| (f64::from(index + 1) * share).floor() > (f64::from(index) * share).floor();
    let sockets = f64::from(options.sockets.min(options.waiters)) / f64::from(options.waiters.max(1));
    (0..options.waiters)
        .map(|index| {
            let drawn = mix.draw(&habits, units_max, &mut rng);
            let is_squatter = index < hoarders && is_nth(index, options.squatting);
            let (kind, intent) = match (index < hoarders, drawn.ending) {
                _ if is_squatter => (Kind::Squatter, drawn),
                (true, _) => (Kind::Hoarder, Intent { units: units_max, ending: Ending::Buys, ..drawn }),
                (false, Ending::Abandons) => (Kind::Leaver, drawn),
                (false, _) => (Kind::Buyer, drawn),
            };
            let intent = Intent { want: Want::Best, ..intent };
            let way = match () {
                () if is_nth(index, sockets) => Way::Socket,
                () if is_nth(index, options.polling) => Way::Polling,
                () => Way::Pushed,
            };
            let account = Arc::clone(&accounts.all()[index as usize]);
            Arc::new(Waiter::new(index, account, kind, way, index < early, intent))
        })
        .collect()
}
