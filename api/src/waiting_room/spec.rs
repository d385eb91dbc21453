//! Settings from the wire to the core and back. What contradicts itself is found by the core.

use std::ops::RangeInclusive;

use chrono::{DateTime, Utc};
use inventory::limits::{
    BEACON_BYTES_MAX, CALL_RATE_PER_MIN_MAX, CLAIM_WITHIN_US, LATENCY_TARGET_US, SESSION_US, SHOPPERS_MAX,
};
use inventory::{RoomSettings, TimeUs};
use wire::WaitingRoomSettings;

use crate::error::ApiError;
use crate::field_errors::FieldErrors;
use crate::time;

const SECOND_US: i64 = 1_000_000;
const MS_US: i64 = 1_000;

/// # Errors
/// The fields at fault.
pub fn parse(wanted: &WaitingRoomSettings) -> Result<RoomSettings, ApiError> {
    let mut errors = FieldErrors::default();
    let default = RoomSettings::default();
    let settings = RoomSettings {
        active: wanted.active,
        pre_queue_from: point(&mut errors, "pre_queue_from", wanted.pre_queue_from),
        opens_at: point(&mut errors, "opens_at", wanted.opens_at),
        rate_per_min: count(
            &mut errors,
            "rate_per_minute",
            wanted.rate_per_minute.unwrap_or(default.rate_per_min),
            CALL_RATE_PER_MIN_MAX,
        ),
        shoppers_max: count(
            &mut errors,
            "shoppers_max",
            wanted.shoppers_max.unwrap_or(default.shoppers_max),
            SHOPPERS_MAX,
        ),
        session_us: span(&mut errors, "session_s", wanted.session_s, SECOND_US, SESSION_US)
            .unwrap_or(default.session_us),
        claim_within_us: span(&mut errors, "claim_within_s", wanted.claim_within_s, SECOND_US, CLAIM_WITHIN_US)
            .unwrap_or(default.claim_within_us),
        paused: wanted.paused,
        beacon: wanted.beacon.clone(),
        latency_target_us: span(&mut errors, "latency_target_ms", wanted.latency_target_ms, MS_US, LATENCY_TARGET_US)
            .unwrap_or(default.latency_target_us),
    };
    if settings.beacon.as_ref().is_some_and(|name| !(1..=BEACON_BYTES_MAX).contains(&name.len())) {
        errors.add("beacon", "LENGTH", format!("1 to {BEACON_BYTES_MAX} bytes"));
    }
    errors.none()?;
    Ok(settings)
}

fn point(errors: &mut FieldErrors, field: &str, wanted: Option<DateTime<Utc>>) -> Option<TimeUs> {
    let checked = time::checked(wanted?);
    if checked.is_none() {
        errors.add(field, "OUT_OF_RANGE", "a time after 1970 and before 2970");
    }
    checked
}

fn count(errors: &mut FieldErrors, field: &str, wanted: u32, max: u32) -> u32 {
    if !(1..=max).contains(&wanted) {
        errors.add(field, "OUT_OF_RANGE", format!("1 to {max}"));
    }
    wanted
}

/// In µs. `None`: the default.
fn span(
    errors: &mut FieldErrors,
    field: &str,
    wanted: Option<u32>,
    unit_us: i64,
    range: RangeInclusive<i64>,
) -> Option<i64> {
    let us = i64::from(wanted?) * unit_us;
    if !range.contains(&us) {
        errors.add(field, "OUT_OF_RANGE", format!("{} to {}", range.start() / unit_us, range.end() / unit_us));
    }
    Some(us)
}

pub fn render(settings: &RoomSettings) -> WaitingRoomSettings {
    WaitingRoomSettings {
        active: settings.active,
        pre_queue_from: settings.pre_queue_from.map(time::utc),
        opens_at: settings.opens_at.map(time::utc),
        rate_per_minute: Some(settings.rate_per_min),
        shoppers_max: Some(settings.shoppers_max),
        session_s: whole(settings.session_us, SECOND_US),
        claim_within_s: whole(settings.claim_within_us, SECOND_US),
        paused: settings.paused,
        beacon: settings.beacon.clone(),
        latency_target_ms: whole(settings.latency_target_us, MS_US),
    }
}

fn whole(us: i64, unit_us: i64) -> Option<u32> {
    u32::try_from(us / unit_us).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_are_those_of_the_documentation() {
        let settings = parse(&WaitingRoomSettings::default()).unwrap();
        let shown = render(&settings);
        assert_eq!((shown.rate_per_minute, shown.shoppers_max), (Some(600), Some(500)));
        assert_eq!((shown.session_s, shown.claim_within_s), (Some(600), Some(120)));
        assert_eq!((shown.latency_target_ms, shown.active, shown.paused), (Some(50), false, false));
    }

    #[test]
    fn what_is_shown_is_what_was_set() {
        let wanted = WaitingRoomSettings {
            active: true,
            pre_queue_from: Some(time::utc(TimeUs(1_000_000))),
            opens_at: Some(time::utc(TimeUs(2_000_000))),
            rate_per_minute: Some(1),
            shoppers_max: Some(2),
            session_s: Some(30),
            claim_within_s: Some(10),
            paused: true,
            beacon: Some("drand quicknet round 1".to_owned()),
            latency_target_ms: Some(5),
        };
        assert_eq!(render(&parse(&wanted).unwrap()), wanted);
    }

    #[test]
    fn every_field_out_of_its_range_is_named() {
        let wanted = WaitingRoomSettings {
            pre_queue_from: Some(DateTime::<Utc>::MIN_UTC),
            rate_per_minute: Some(0),
            shoppers_max: Some(1_000_001),
            session_s: Some(29),
            claim_within_s: Some(3_601),
            beacon: Some(String::new()),
            latency_target_ms: Some(4),
            ..WaitingRoomSettings::default()
        };
        let ApiError::Invalid(errors) = parse(&wanted).unwrap_err() else { panic!("another error") };
        let fields: Vec<&str> = errors.iter().map(|error| error.field.as_str()).collect();
        assert_eq!(
            fields,
            [
                "pre_queue_from",
                "rate_per_minute",
                "shoppers_max",
                "session_s",
                "claim_within_s",
                "latency_target_ms",
                "beacon"
            ]
        );
    }
}
