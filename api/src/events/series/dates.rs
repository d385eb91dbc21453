use chrono::{DateTime, Utc};
use inventory::TimeUs;
use wire::{RepeatUnit, SessionDate, SessionRepeat};

use crate::events::copying::Date;
use crate::events::spec;
use crate::field_errors::FieldErrors;
use crate::time;
use crate::time_zone::Zone;

/// Made by one call.
pub const SESSIONS_PER_CALL_MAX: usize = 50;

/// When the sessions are that a body asks for.
///
/// # Errors
/// The fields at fault.
pub fn read(
    now: TimeUs,
    zone: &Zone,
    sessions: Option<Vec<SessionDate>>,
    repeat: Option<SessionRepeat>,
) -> Result<Vec<Date>, FieldErrors> {
    let mut errors = FieldErrors::default();
    let dates = match (sessions, repeat) {
        (Some(sessions), None) => named(&mut errors, now, &sessions),
        (None, Some(repeat)) => repeated(&mut errors, now, zone, &repeat),
        (Some(_), Some(_)) | (None, None) => {
            errors.add("", "EXACTLY_ONE", "either `sessions` or `repeat`");
            Vec::new()
        }
    };
    errors.none()?;
    Ok(dates)
}

fn named(errors: &mut FieldErrors, now: TimeUs, sessions: &[SessionDate]) -> Vec<Date> {
    if !(1..=SESSIONS_PER_CALL_MAX).contains(&sessions.len()) {
        errors.add("sessions", "LENGTH", format!("1 to {SESSIONS_PER_CALL_MAX} at a time"));
        return Vec::new();
    }
    let mut dates: Vec<Date> = Vec::with_capacity(sessions.len());
    for (at, session) in sessions.iter().enumerate() {
        let date = spec::date(errors, now, &format!("sessions[{at}]."), session.starts_at, session.ends_at);
        if dates.iter().any(|known| known.starts_at == date.starts_at) {
            errors.add(format!("sessions[{at}].starts_at"), "DUPLICATE", "another session begins at this time");
        }
        dates.push(date);
    }
    dates
}

fn repeated(errors: &mut FieldErrors, now: TimeUs, zone: &Zone, repeat: &SessionRepeat) -> Vec<Date> {
    let count = repeat.count as usize;
    if !(1..=SESSIONS_PER_CALL_MAX).contains(&count) {
        errors.add("repeat.count", "OUT_OF_RANGE", format!("1 to {SESSIONS_PER_CALL_MAX} at a time"));
        return Vec::new();
    }
    let days = match repeat.every {
        RepeatUnit::Day => 1,
        RepeatUnit::Week => 7,
    };
    let first = spec::date(errors, now, "repeat.", repeat.starts_at, None).starts_at;
    let starts_at = |at: i64| zone.plus_days(first, at * days).filter(|at| is_stored(time::utc(*at)));
    let dates: Vec<Date> =
        (0..).take(count).map_while(starts_at).map(|starts_at| Date { starts_at, ends_at: None }).collect();
    if dates.len() < count {
        errors.add("repeat.starts_at", "OUT_OF_RANGE", "all of them before 2970");
    }
    dates
}

fn is_stored(at: DateTime<Utc>) -> bool {
    time::checked(at).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn berlin() -> Zone {
        Zone::find("Europe/Berlin").unwrap()
    }

    #[test]
    fn a_weekly_session_begins_at_the_same_time_of_day_whether_the_clocks_change_or_not() {
        let repeat = SessionRepeat { every: RepeatUnit::Week, count: 3, starts_at: at("2026-10-15T17:30:00Z") };
        let dates = read(TimeUs(0), &berlin(), None, Some(repeat)).unwrap();
        let starts: Vec<_> = dates.iter().map(|date| time::utc(date.starts_at)).collect();
        assert_eq!(starts, ["2026-10-15T17:30:00Z", "2026-10-22T17:30:00Z", "2026-10-29T18:30:00Z"].map(at));
    }

    #[test]
    fn a_daily_session_comes_as_often_as_it_should() {
        let repeat = SessionRepeat { every: RepeatUnit::Day, count: 50, starts_at: at("2026-10-15T17:30:00Z") };
        let dates = read(TimeUs(0), &berlin(), None, Some(repeat)).unwrap();
        assert_eq!(dates.len(), 50);
        assert!(dates.is_sorted_by(|one, next| one.starts_at < next.starts_at));
        assert_eq!(time::utc(dates[49].starts_at), at("2026-12-03T18:30:00Z"));
    }

    #[test]
    fn what_cannot_be_dates_is_named() {
        let faults = |sessions, repeat| {
            let errors = read(time::time_us(at("2026-10-01T00:00:00Z")), &berlin(), sessions, repeat).unwrap_err();
            errors.into_vec().into_iter().map(|error| (error.field, error.code)).collect::<Vec<_>>()
        };
        let one = |field: &str, code: &str| vec![(field.to_owned(), code.to_owned())];
        let date = |starts_at: &str| SessionDate { starts_at: at(starts_at), ends_at: None };
        let repeat = |count, starts_at| SessionRepeat { every: RepeatUnit::Day, count, starts_at: at(starts_at) };
        assert_eq!(faults(None, None), one("", "EXACTLY_ONE"));
        assert_eq!(faults(Some(vec![]), Some(repeat(1, "2026-10-15T17:30:00Z"))), one("", "EXACTLY_ONE"));
        assert_eq!(faults(Some(vec![]), None), one("sessions", "LENGTH"));
        let many = (1..=51).map(|second| date(&format!("2027-01-01T00:00:{:02}Z", second % 60))).collect();
        assert_eq!(faults(Some(many), None), one("sessions", "LENGTH"));
        let twice = vec![date("2027-01-01T00:00:00Z"), date("2027-01-01T00:00:00Z"), date("2026-01-01T00:00:00Z")];
        let expected = [("sessions[1].starts_at", "DUPLICATE"), ("sessions[2].starts_at", "OUT_OF_RANGE")];
        assert_eq!(faults(Some(twice), None), expected.map(|(field, code)| (field.to_owned(), code.to_owned())));
        assert_eq!(faults(None, Some(repeat(0, "2026-10-15T17:30:00Z"))), one("repeat.count", "OUT_OF_RANGE"));
        assert_eq!(faults(None, Some(repeat(51, "2026-10-15T17:30:00Z"))), one("repeat.count", "OUT_OF_RANGE"));
        assert_eq!(faults(None, Some(repeat(1, "2026-09-15T17:30:00Z"))), one("repeat.starts_at", "OUT_OF_RANGE"));
    }
}
