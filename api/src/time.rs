//! Microseconds inside, RFC 3339 outside.

use chrono::{DateTime, TimeDelta, Utc};
use inventory::TimeUs;

/// Times that a calendar cannot show become its first or last one.
pub fn utc(time: TimeUs) -> DateTime<Utc> {
    DateTime::from_timestamp_micros(time.0).unwrap_or(if time.0 < 0 {
        DateTime::<Utc>::MIN_UTC
    } else {
        DateTime::<Utc>::MAX_UTC
    })
}

pub fn time_us(time: DateTime<Utc>) -> TimeUs {
    TimeUs(time.timestamp_micros())
}

/// Whole seconds from `now` until `then`, rounded up; 0 when it has passed.
pub fn seconds_until(now: TimeUs, then: TimeUs) -> u64 {
    u64::try_from(then.since(now)).unwrap_or(0).div_ceil(1_000_000)
}

pub fn plus(time: TimeUs, duration: std::time::Duration) -> TimeUs {
    time.plus_us(i64::try_from(duration.as_micros()).unwrap_or(i64::MAX))
}

pub fn minus(time: TimeUs, duration: std::time::Duration) -> TimeUs {
    time.plus_us(i64::try_from(duration.as_micros()).map_or(i64::MIN, std::ops::Neg::neg))
}

/// `None` past the end of the calendar.
pub fn checked(time: DateTime<Utc>) -> Option<TimeUs> {
    let first = DateTime::<Utc>::UNIX_EPOCH;
    let last = first.checked_add_signed(TimeDelta::days(365 * 1_000))?;
    (first..last).contains(&time).then(|| time_us(time))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn microseconds_survive_the_round_trip() {
        let time = TimeUs(1_763_700_000_123_456);
        assert_eq!(time_us(utc(time)), time);
        assert_eq!(utc(time).to_rfc3339(), "2025-11-21T04:40:00.123456+00:00");
    }

    #[test]
    fn a_time_before_1970_or_after_the_year_2969_is_refused() {
        assert_eq!(checked(utc(TimeUs(-1))), None);
        assert_eq!(checked(utc(TimeUs(i64::MAX))), None);
        assert_eq!(checked(utc(TimeUs(5))), Some(TimeUs(5)));
    }

    #[test]
    fn waiting_times_round_up() {
        assert_eq!(seconds_until(TimeUs(0), TimeUs(1)), 1);
        assert_eq!(seconds_until(TimeUs(0), TimeUs(2_000_000)), 2);
        assert_eq!(seconds_until(TimeUs(5), TimeUs(0)), 0);
    }
}
