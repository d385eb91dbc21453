//! What buyers want and how they behave, drawn before the run: the same seed sends the same crowd.

use std::str::FromStr;

use rand::RngExt;
use rand::rngs::StdRng;
use serde::Serialize;

/// Weights of what is wanted, of any sum.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Mix {
    pub best: u32,
    pub named: u32,
    pub standing: u32,
}

/// Each a share of the buyers, from 0 to 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Habits {
    /// Hold and never come back.
    pub abandon: f64,
    /// Hold and give the seats back.
    pub release: f64,
    /// Let the payment wait.
    pub slow_pay: f64,
    /// Send every write twice at the same time, under the same key.
    pub double_submit: f64,
    /// Send another hold under a key that was used.
    pub duplicate_key: f64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Want {
    Best,
    Named,
    Standing,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    Buys,
    BuysSlowly,
    Releases,
    Abandons,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Intent {
    pub want: Want,
    pub units: u32,
    pub ending: Ending,
    pub submits_twice: bool,
    pub reuses_key: bool,
    pub seed: u64,
}

/// Parties of one to four, as they come to a show: mostly pairs.
const PARTIES: [(u32, u32); 4] = [(1, 20), (2, 50), (3, 12), (4, 18)];

impl Mix {
    pub fn draw(&self, habits: &Habits, units_max: u32, rng: &mut StdRng) -> Intent {
        let wants = [(Want::Best, self.best), (Want::Named, self.named), (Want::Standing, self.standing)];
        let roll = rng.random::<f64>();
        let ending = if roll < habits.abandon {
            Ending::Abandons
        } else if roll < habits.abandon + habits.release {
            Ending::Releases
        } else if roll < habits.abandon + habits.release + habits.slow_pay {
            Ending::BuysSlowly
        } else {
            Ending::Buys
        };
        Intent {
            want: weighted(&wants, rng),
            units: weighted(&PARTIES, rng).min(units_max),
            ending,
            submits_twice: rng.random::<f64>() < habits.double_submit,
            reuses_key: rng.random::<f64>() < habits.duplicate_key,
            seed: rng.random(),
        }
    }
}

fn weighted<T: Copy>(choices: &[(T, u32)], rng: &mut StdRng) -> T {
    let mut left = rng.random_range(0..choices.iter().map(|(_, weight)| weight).sum::<u32>());
    for (choice, weight) in choices {
        match left.checked_sub(*weight) {
            None => return *choice,
            Some(rest) => left = rest,
        }
    }
    choices[choices.len() - 1].0
}

impl FromStr for Mix {
    type Err = String;

    /// `best=70,named=20,standing=10`; what is not named is 0.
    fn from_str(text: &str) -> Result<Self, String> {
        let mut mix = Self { best: 0, named: 0, standing: 0 };
        for part in text.split(',') {
            let (name, weight) = part.split_once('=').ok_or_else(|| format!("`{part}` is not name=weight"))?;
            let weight = weight.trim().parse().map_err(|_| format!("`{weight}` is not a weight"))?;
            match name.trim() {
                "best" => mix.best = weight,
                "named" => mix.named = weight,
                "standing" => mix.standing = weight,
                unknown => return Err(format!("`{unknown}` is none of best, named and standing")),
            }
        }
        let sum = [mix.best, mix.named, mix.standing].into_iter().try_fold(0u32, u32::checked_add);
        match sum {
            Some(0) => Err("the weights are all 0".to_owned()),
            None => Err("the weights are too large".to_owned()),
            Some(_) => Ok(mix),
        }
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;

    #[test]
    fn a_mix_is_read_as_it_is_written() {
        assert_eq!("best=70,named=20,standing=10".parse(), Ok(Mix { best: 70, named: 20, standing: 10 }));
        assert_eq!("standing=1".parse(), Ok(Mix { best: 0, named: 0, standing: 1 }));
        for bad in ["", "best", "best=x", "seated=1", "best=0", "best=4294967295,named=1"] {
            assert!(bad.parse::<Mix>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_crowd_keeps_the_shares_and_the_seed() {
        let mix = Mix { best: 70, named: 20, standing: 10 };
        let habits = Habits { abandon: 0.1, release: 0.05, slow_pay: 0.2, double_submit: 0.5, duplicate_key: 0.0 };
        let crowd = |seed| {
            let mut rng = StdRng::seed_from_u64(seed);
            (0..10_000).map(|_| mix.draw(&habits, 10, &mut rng)).collect::<Vec<Intent>>()
        };
        let intents = crowd(3);
        assert_eq!(intents, crowd(3));
        assert_ne!(intents, crowd(4));
        let share = |is: fn(&Intent) -> bool| intents.iter().filter(|intent| is(intent)).count();
        assert!((6_800..7_200).contains(&share(|intent| intent.want == Want::Best)));
        assert!((1_850..2_150).contains(&share(|intent| intent.want == Want::Named)));
        assert!((900..1_100).contains(&share(|intent| intent.ending == Ending::Abandons)));
        assert!((420..580).contains(&share(|intent| intent.ending == Ending::Releases)));
        assert!((4_800..5_200).contains(&share(|intent| intent.submits_twice)));
        assert_eq!(share(|intent| intent.reuses_key), 0);
        assert!(intents.iter().all(|intent| (1..=4).contains(&intent.units)));
    }
}
