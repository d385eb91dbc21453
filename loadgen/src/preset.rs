//! The sales that have a name: options that were not given are filled in from here.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use uuid::Uuid;

use crate::cli::{EventOption, Options, OrganizerOptions};
use crate::curve::{Curve, RECORDED, RECORDED_BUYERS};
use crate::mix::{Habits, Mix};
use crate::venue::{Organizer, Venue};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Preset {
    Run,
    Demo,
    Spike,
    LastSeat,
}

/// A sale with nothing left open.
#[derive(Clone, Debug)]
pub struct Plan {
    pub preset: &'static str,
    pub house: House,
    pub buyers: u32,
    pub curve: Curve,
    pub duration: Duration,
    pub mix: Mix,
    pub habits: Habits,
    pub slow_pay: Duration,
    pub party_max: u32,
    /// Named seats are asked for without a look.
    pub blind: bool,
    pub purchases_expected: Option<u32>,
    pub accounts: u32,
    pub connections: u32,
}

#[derive(Clone, Debug)]
pub enum House {
    /// The first published event.
    Auto,
    Id(Uuid),
    Own(Venue, Organizer),
}

const ONE_SEAT: Venue = Venue {
    title: "The last seat",
    seats: 1,
    standing: 0,
    hold_ttl_s: 600,
    holds_per_customer_max: 1_000,
    units_per_customer_max: None,
};

impl Preset {
    /// # Errors
    /// The organizer's account is missing where the preset needs an event of its own; or habits of more than 100 %.
    pub fn plan(self, options: &Options) -> Result<Plan> {
        let usual = self.usual();
        let house = match (options.event, self) {
            (Some(EventOption::Id(id)), Self::Run | Self::Demo | Self::Spike) => House::Id(id),
            (_, Self::Run | Self::Demo | Self::Spike) => House::Auto,
            (_, Self::LastSeat) => House::Own(ONE_SEAT, organizer(&options.organizer)?),
        };
        let habits = Habits {
            abandon: options.abandon.unwrap_or(usual.habits.abandon),
            release: options.release.unwrap_or(usual.habits.release),
            slow_pay: options.slow_pay.unwrap_or(usual.habits.slow_pay),
            double_submit: options.double_submit.unwrap_or(usual.habits.double_submit),
            duplicate_key: options.duplicate_key.unwrap_or(usual.habits.duplicate_key),
        };
        ensure!(
            habits.abandon + habits.release + habits.slow_pay <= 1.0 + 1e-9,
            "--abandon, --release and --slow-pay are of the same buyers: more than 100 % together"
        );
        let buyers = options.buyers.unwrap_or(usual.buyers);
        let duration = match (options.duration, options.rate) {
            (Some(seconds), _) => Duration::from_secs_f64(seconds),
            (None, Some(rate)) => Duration::from_secs_f64(f64::from(buyers) / rate),
            (None, None) => usual.duration,
        };
        Ok(Plan {
            house,
            buyers,
            curve: options.curve.unwrap_or(usual.curve),
            duration,
            mix: options.mix.unwrap_or(usual.mix),
            habits,
            slow_pay: Duration::from_secs_f64(options.slow_pay_seconds),
            accounts: options.accounts.unwrap_or(usual.accounts).min(buyers),
            connections: options.server.connections.unwrap_or(usual.connections).max(1),
            ..usual
        })
    }

    fn usual(self) -> Plan {
        let crowd = Habits { abandon: 0.05, release: 0.05, slow_pay: 0.1, double_submit: 0.05, duplicate_key: 0.02 };
        let demo = Plan {
            preset: "demo",
            house: House::Auto,
            // Three writes each: its peak is about what a server with its default limits takes from one address.
            buyers: RECORDED_BUYERS / 4,
            curve: Curve::Recorded,
            duration: Duration::from_secs(15),
            mix: Mix { best: 60, named: 25, standing: 15 },
            habits: crowd,
            slow_pay: Duration::from_secs(3),
            party_max: 4,
            blind: false,
            purchases_expected: None,
            accounts: 16,
            connections: 64,
        };
        match self {
            Self::Demo => demo,
            Self::Run => Plan {
                preset: "run",
                buyers: RECORDED_BUYERS,
                duration: Duration::from_secs(RECORDED.len() as u64),
                accounts: 300,
                connections: 128,
                ..demo
            },
            Self::Spike => Plan {
                preset: "spike",
                buyers: 20_000,
                curve: Curve::Spike,
                duration: Duration::from_secs(30),
                // Every look at 20,000 seats is 20 kB to read: named seats are kept to what people do in a rush.
                mix: Mix { best: 80, named: 5, standing: 15 },
                accounts: 500,
                connections: 256,
                ..demo
            },
            Self::LastSeat => Plan {
                preset: "last-seat",
                buyers: 1_000,
                curve: Curve::Spike,
                duration: Duration::from_secs(2),
                mix: Mix { best: 50, named: 50, standing: 0 },
                habits: Habits { double_submit: 0.1, ..Habits::default() },
                party_max: 1,
                blind: true,
                purchases_expected: Some(1),
                accounts: 50,
                connections: 128,
                ..demo
            },
        }
    }
}

/// # Errors
/// Neither is optional here.
pub fn organizer(options: &OrganizerOptions) -> Result<Organizer> {
    let missing = "an event of its own needs --organizer-email and --organizer-password";
    let email = options.organizer_email.clone().context(missing)?;
    Ok(Organizer { email, password: options.organizer_password.clone().context(missing)? })
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli::{Cli, Verb};

    fn options(line: &[&str]) -> Options {
        match Cli::parse_from(["usher-loadgen", "run"].iter().chain(line)).verb {
            Verb::Run(options) => options,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_is_given_stands_and_the_rest_is_the_presets() {
        let plan = Preset::Spike.plan(&options(&["--buyers", "500", "--rate", "50", "--abandon", "20"])).unwrap();
        assert_eq!((plan.buyers, plan.duration, plan.curve), (500, Duration::from_secs(10), Curve::Spike));
        assert_eq!((plan.habits.abandon, plan.habits.release), (0.2, 0.05));
        assert_eq!(plan.accounts, 500);
    }

    #[test]
    fn the_last_seat_needs_an_organizer_and_has_one_winner() {
        assert!(Preset::LastSeat.plan(&options(&[])).is_err());
        let plan = Preset::LastSeat.plan(&options(&["--organizer-email", "o@x", "--organizer-password", "p"])).unwrap();
        assert_eq!((plan.buyers, plan.purchases_expected), (1_000, Some(1)));
        assert!(matches!(plan.house, House::Own(Venue { seats: 1, .. }, _)));
    }

    #[test]
    fn nobody_does_more_than_everything() {
        assert!(Preset::Run.plan(&options(&["--abandon", "60", "--slow-pay", "50"])).is_err());
    }
}
