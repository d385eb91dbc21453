//! Slices of a call that is measured and of one that does nothing take turns, so that whatever else the machine does hits
//! both alike.

use std::time::{Duration, Instant};

const WARM_UP: Duration = Duration::from_secs(1);

#[derive(Clone, Copy)]
pub struct Slices {
    pub started: Instant,
    pub slice: Duration,
    /// Of both kinds together.
    pub count: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    WarmUp,
    Measured(u32),
    NoOp(u32),
    Over,
}

impl Slices {
    pub fn turn(&self, now: Instant) -> Turn {
        let Some(passed) = now.checked_duration_since(self.started + WARM_UP) else { return Turn::WarmUp };
        let index = (passed.as_secs_f64() / self.slice.as_secs_f64()) as u32;
        match index {
            index if index >= self.count => Turn::Over,
            index if index % 2 == 0 => Turn::Measured(index),
            index => Turn::NoOp(index),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_measured_call_and_the_no_op_take_turns_after_the_warm_up() {
        let slices = Slices { started: Instant::now(), slice: Duration::from_secs(2), count: 4 };
        let at = |ms| slices.turn(slices.started + Duration::from_millis(ms));
        let turns = [0, 999, 1_001, 2_999, 3_001, 5_001, 7_001, 9_001].map(at);
        let expected = [
            Turn::WarmUp,
            Turn::WarmUp,
            Turn::Measured(0),
            Turn::Measured(0),
            Turn::NoOp(1),
            Turn::Measured(2),
            Turn::NoOp(3),
            Turn::Over,
        ];
        assert_eq!(turns, expected);
    }
}
