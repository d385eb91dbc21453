use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Datelike, Months, NaiveDate, NaiveTime, TimeDelta, Utc};
use inventory::UserId;
use persistence::{CalendarRange, Event};
use serde::Deserialize;
use utoipa::IntoParams;
use uuid::Uuid;
use wire::{CalendarDay, CalendarEvent, CalendarMonth};

use crate::error::ApiError;
use crate::extract::Query;
use crate::problems::Read;
use crate::state::AppState;
use crate::time;
use crate::time_zone::Zone;

/// In one answer.
const EVENTS_MAX: u32 = 1_000;
/// No clock on a wall is further ahead of UTC, none further behind.
const AHEAD_MAX: TimeDelta = TimeDelta::hours(14);
const BEHIND_MAX: TimeDelta = TimeDelta::hours(12);

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct MonthQuery {
    /// For instance `2026-11`.
    month: String,
    /// IANA name, for instance `Europe/Berlin`: days are told apart by it. Default: each event's own zone.
    time_zone: Option<String>,
    /// Only this organizer's.
    organizer_id: Option<Uuid>,
    /// Only of this category.
    category: Option<String>,
}

/// Shows a month
///
/// The published events by the day on which they begin, as the clock at the venue or in the zone asked for has it.
#[utoipa::path(get, path = "/calendar", tag = "calendars", params(MonthQuery), security(()),
    responses((status = 200, description = "The month", body = CalendarMonth), Read,
        (status = 422, description = "No such month or time zone", body = wire::Problem,
            content_type = "application/problem+json")))]
pub async fn month(
    State(state): State<AppState>,
    Query(query): Query<MonthQuery>,
) -> Result<Json<CalendarMonth>, ApiError> {
    let MonthQuery { month, time_zone, organizer_id, category } = query;
    let first = first_day(&month).ok_or_else(|| {
        ApiError::invalid("month", "MONTH", "a year and a month such as `2026-11`, from 1970-01 to 2969-12")
    })?;
    let find = |name: &String| {
        Zone::find(name)
            .ok_or_else(|| ApiError::invalid("time_zone", "TIMEZONE", "an IANA name such as `Europe/Berlin`"))
    };
    let zone = time_zone.as_ref().map(find).transpose()?;
    let (from, to) = reach(first);
    let range = CalendarRange {
        from: time::time_us(from),
        to: time::time_us(to),
        organizer: organizer_id.map(UserId::from_uuid),
        category,
    };
    let mut events = state.store.event_list_of_range(&range, EVENTS_MAX + 1).await?;
    let truncated = events.len() > EVENTS_MAX as usize;
    events.truncate(EVENTS_MAX as usize);
    Ok(Json(CalendarMonth { month, time_zone, days: days(events, first, zone.as_ref()), truncated }))
}

fn first_day(month: &str) -> Option<NaiveDate> {
    let (year, number) = month.split_once('-')?;
    let is_digits = |text: &str, count| text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit());
    if !is_digits(year, 4) || !is_digits(number, 2) {
        return None;
    }
    let first = NaiveDate::from_ymd_opt(year.parse().ok()?, number.parse().ok()?, 1)?;
    (1_970..2_970).contains(&first.year()).then_some(first)
}

/// All times at which it is this month somewhere.
fn reach(first: NaiveDate) -> (DateTime<Utc>, DateTime<Utc>) {
    let midnight = |date: NaiveDate| date.and_time(NaiveTime::MIN).and_utc();
    let next = first.checked_add_months(Months::new(1)).unwrap_or(NaiveDate::MAX);
    (midnight(first) - AHEAD_MAX, midnight(next) + BEHIND_MAX)
}

fn days(events: Vec<Event>, first: NaiveDate, zone: Option<&Zone>) -> Vec<CalendarDay> {
    let mut days: BTreeMap<NaiveDate, Vec<CalendarEvent>> = BTreeMap::new();
    for event in events {
        let date = match zone {
            Some(zone) => zone.date(event.starts_at),
            None => Zone::of(&event).date(event.starts_at),
        };
        let is_within = |date: &NaiveDate| (date.year(), date.month()) == (first.year(), first.month());
        if let Some(date) = date.filter(is_within) {
            days.entry(date).or_default().push(shown(event));
        }
    }
    days.into_iter().map(|(date, events)| CalendarDay { date, events }).collect()
}

fn shown(event: Event) -> CalendarEvent {
    CalendarEvent {
        id: event.id.uuid(),
        slug: event.slug,
        title: event.title,
        starts_at: time::utc(event.starts_at),
        ends_at: event.ends_at.map(time::utc),
        timezone: event.timezone,
        location: event.location,
        city: event.city,
        category: event.category,
        series_id: event.series_id,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_is_a_year_and_a_number() {
        assert_eq!(first_day("2026-11"), NaiveDate::from_ymd_opt(2026, 11, 1));
        for bad in ["", "2026", "2026-13", "2026-00", "2026-1", "26-11", "2026-11-01", "+026-11", "1969-12", "2970-01"]
        {
            assert_eq!(first_day(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_month_reaches_from_its_first_midnight_on_earth_to_its_last() {
        let (from, to) = reach(first_day("2026-12").unwrap());
        assert_eq!(from.to_rfc3339(), "2026-11-30T10:00:00+00:00");
        assert_eq!(to.to_rfc3339(), "2027-01-01T12:00:00+00:00");
    }
}
