//! What a list of events may be asked for. Values come as text, so that each that cannot be right is named with what would
//! be.

use chrono::DateTime;
use inventory::{TimeUs, UserId};
use persistence::{Audience, EventPhase, EventQuery, EventSort, Near, SearchWords};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{currencies, words};
use crate::extract::{PAGE_DEFAULT, PAGE_MAX};
use crate::field_errors::FieldErrors;
use crate::{countries, time};

const TEXT_CHARS_MAX: usize = 200;
const RADIUS_KM_MAX: f64 = 500.0;
const RADIUS_KM_MIN: f64 = 0.1;
const RADIUS_KM_DEFAULT: f64 = 25.0;
const MILLIONTHS: f64 = 1_000_000.0;

#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListQuery {
    /// `true`: the caller's own events, drafts included; all events for an admin. With the same filters and orders.
    #[param(value_type = Option<bool>)]
    pub mine: Option<String>,
    /// Words that all occur in title, description, organization, place, category or tags, whatever their case and accents. A
    /// star behind three letters or more finds what begins so: `jaz*`. The first eight count.
    q: Option<String>,
    /// Starts then or later.
    #[param(value_type = Option<String>, format = DateTime)]
    starts_from: Option<String>,
    /// Starts earlier.
    #[param(value_type = Option<String>, format = DateTime)]
    starts_before: Option<String>,
    /// Whatever its case and accents.
    city: Option<String>,
    /// ISO 3166-1 alpha-2.
    #[param(example = "DE")]
    country: Option<String>,
    /// Latitude and longitude in degrees: events that have coordinates within `radius_km` of it.
    #[param(example = "52.52,13.405")]
    near: Option<String>,
    /// 0.1 to 500. Default 25.
    #[param(value_type = Option<f64>)]
    radius_km: Option<String>,
    category: Option<String>,
    tag: Option<String>,
    /// In minor units: one tier costs this or more. Of tiers that are open to everybody, by their regular price, as are
    /// `price_max` and `ticket_type`, and of the same tier.
    #[param(value_type = Option<i64>)]
    price_min: Option<String>,
    /// In minor units: one tier costs this or less.
    #[param(value_type = Option<i64>)]
    price_max: Option<String>,
    /// ISO 4217. Prices of all currencies are compared as they are without it.
    #[param(example = "EUR")]
    currency: Option<String>,
    /// `true`: only those of which something is left for everybody, and that are not over. As of this moment.
    #[param(value_type = Option<bool>)]
    available: Option<String>,
    /// Name of a tier, whatever its case and accents.
    ticket_type: Option<String>,
    #[param(value_type = Option<Uuid>)]
    organizer: Option<String>,
    #[param(value_type = Option<Uuid>)]
    series: Option<String>,
    /// Default: what is published and not over; with `mine`, everything. `draft` with `mine` only.
    #[param(value_type = Option<Phase>)]
    status: Option<String>,
    /// Default: `relevance` with `q`, `newest` without.
    #[param(value_type = Option<Sort>)]
    sort: Option<String>,
    /// `next_cursor` of the page before, with the same filters and order.
    pub cursor: Option<String>,
    /// Items per page: 1 to 200. Default 50.
    #[param(value_type = Option<u32>)]
    limit: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = EventSort)]
pub enum Sort {
    Newest,
    /// The earliest start first.
    Date,
    /// The cheapest first, those without a price last.
    Price,
    Title,
    /// With `q` only: those that have all words in the title before the others, the newest first.
    Relevance,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = EventPhase)]
pub enum Phase {
    Draft,
    /// Those that are over included.
    Published,
    Upcoming,
    /// Somebody without a code may buy now, if something is left.
    OnSale,
    Ongoing,
    Ended,
    Cancelled,
}

/// A list as it was asked for, but for its cursor.
pub struct Asked {
    pub query: EventQuery,
    pub limit: u32,
    /// There are words to be found and none of them is one.
    pub is_nothing: bool,
}

pub fn is_true(errors: &mut FieldErrors, field: &str, text: Option<&str>) -> bool {
    if text.is_some_and(|text| !matches!(text, "true" | "false")) {
        errors.add(field, "FORMAT", "`true` or `false`");
    }
    text == Some("true")
}

/// # Errors
/// Every value that cannot be right.
pub fn parse(asked: ListQuery, audience: Audience, mut errors: FieldErrors) -> Result<Asked, FieldErrors> {
    let errors_mut = &mut errors;
    let q = text(errors_mut, "q", asked.q).filter(|text| !text.trim().is_empty());
    let words = q.as_deref().and_then(SearchWords::parse);
    let limit = number(errors_mut, "limit", asked.limit, 1, i64::from(PAGE_MAX));
    let limit = limit.and_then(|limit| u32::try_from(limit).ok()).unwrap_or(PAGE_DEFAULT);
    let near = near(errors_mut, asked.near, asked.radius_km);
    let query = EventQuery {
        audience,
        phase: phase(errors_mut, asked.status.as_deref(), audience),
        sort: sort(errors_mut, asked.sort.as_deref(), q.is_some()),
        starts_from: moment(errors_mut, "starts_from", asked.starts_from),
        starts_before: moment(errors_mut, "starts_before", asked.starts_before),
        city: some_text(errors_mut, "city", asked.city),
        country: code(errors_mut, "country", asked.country, countries::is_known, "ISO 3166-1 alpha-2, such as `DE`"),
        near,
        category: label(errors_mut, "category", asked.category),
        tag: label(errors_mut, "tag", asked.tag),
        price_min_minor: number(errors_mut, "price_min", asked.price_min, 0, i64::MAX),
        price_max_minor: number(errors_mut, "price_max", asked.price_max, 0, i64::MAX),
        currency: code(errors_mut, "currency", asked.currency, currencies::is_known, "ISO 4217, such as `EUR`"),
        ticket_type: some_text(errors_mut, "ticket_type", asked.ticket_type),
        available: is_true(errors_mut, "available", asked.available.as_deref()),
        organizer: id(errors_mut, "organizer", asked.organizer).map(UserId::from_uuid),
        series: id(errors_mut, "series", asked.series),
        words,
        after: None,
    };
    if let (Some(from), Some(before)) = (query.starts_from, query.starts_before)
        && from >= before
    {
        errors.add("starts_before", "OUT_OF_RANGE", "later than `starts_from`");
    }
    if let (Some(min), Some(max)) = (query.price_min_minor, query.price_max_minor)
        && min > max
    {
        errors.add("price_max", "OUT_OF_RANGE", "`price_min` or more");
    }
    errors.none()?;
    let is_nothing = q.is_some() && query.words.is_none();
    Ok(Asked { query, limit, is_nothing })
}

fn text(errors: &mut FieldErrors, field: &str, text: Option<String>) -> Option<String> {
    if text.as_ref().is_some_and(|text| text.chars().count() > TEXT_CHARS_MAX) {
        errors.add(field, "LENGTH", format!("at most {TEXT_CHARS_MAX} characters"));
    }
    text
}

fn some_text(errors: &mut FieldErrors, field: &str, value: Option<String>) -> Option<String> {
    let value = text(errors, field, value);
    if value.as_ref().is_some_and(|value| value.trim().is_empty()) {
        errors.add(field, "LENGTH", format!("1 to {TEXT_CHARS_MAX} characters; leave it out for all"));
    }
    value
}

/// As categories and tags are kept.
fn label(errors: &mut FieldErrors, field: &str, value: Option<String>) -> Option<String> {
    some_text(errors, field, value).map(|value| words::hyphenated(&value, usize::MAX))
}

fn code(
    errors: &mut FieldErrors,
    field: &str,
    value: Option<String>,
    is_known: impl Fn(&str) -> bool,
    form: &str,
) -> Option<String> {
    let value = value?.to_ascii_uppercase();
    if !is_known(&value) {
        errors.add(field, "UNKNOWN", form);
    }
    Some(value)
}

fn number(errors: &mut FieldErrors, field: &str, value: Option<String>, min: i64, max: i64) -> Option<i64> {
    let number = value?.parse().ok().filter(|number| (min..=max).contains(number));
    if number.is_none() {
        let range = if max == i64::MAX { format!("a whole number, {min} or more") } else { format!("{min} to {max}") };
        errors.add(field, "OUT_OF_RANGE", range);
    }
    number
}

fn moment(errors: &mut FieldErrors, field: &str, value: Option<String>) -> Option<TimeUs> {
    let moment = DateTime::parse_from_rfc3339(&value?).ok().map(|at| time::time_us(at.to_utc()));
    if moment.is_none() {
        errors.add(field, "FORMAT", "RFC 3339, such as `2027-06-01T18:00:00Z`; a `+` is sent as `%2B`");
    }
    moment
}

fn id(errors: &mut FieldErrors, field: &str, value: Option<String>) -> Option<Uuid> {
    let id = Uuid::try_parse(&value?).ok();
    if id.is_none() {
        errors.add(field, "FORMAT", "a UUID");
    }
    id
}

fn near(errors: &mut FieldErrors, place: Option<String>, radius_km: Option<String>) -> Option<Near> {
    let Some(place) = place else {
        if radius_km.is_some() {
            errors.add("radius_km", "REQUIRED", "goes with `near`");
        }
        return None;
    };
    let degrees = |text: &str, max: f64| text.trim().parse::<f64>().ok().filter(|it| (-max..=max).contains(it));
    let at = place
        .split_once(',')
        .and_then(|(latitude, longitude)| Some((degrees(latitude, 90.0)?, degrees(longitude, 180.0)?)));
    if at.is_none() {
        errors.add("near", "FORMAT", "latitude (-90 to 90) and longitude (-180 to 180), such as `52.52,13.405`");
    }
    let radius = match radius_km {
        Some(text) => text.parse().ok().filter(|km| (RADIUS_KM_MIN..=RADIUS_KM_MAX).contains(km)),
        None => Some(RADIUS_KM_DEFAULT),
    };
    if radius.is_none() {
        errors.add("radius_km", "OUT_OF_RANGE", format!("{RADIUS_KM_MIN} to {RADIUS_KM_MAX}"));
    }
    let ((latitude, longitude), km) = (at?, radius?);
    let millionths = |degrees: f64| (degrees * MILLIONTHS).round() as i64;
    let radius_m = (km * 1_000.0).round() as u32;
    Some(Near { latitude_e6: millionths(latitude), longitude_e6: millionths(longitude), radius_m })
}

fn named<T: DeserializeOwned>(errors: &mut FieldErrors, field: &str, text: Option<&str>, names: &str) -> Option<T> {
    let value = serde_json::from_value(text?.into()).ok();
    if value.is_none() {
        errors.add(field, "UNKNOWN", format!("one of {names}"));
    }
    value
}

fn sort(errors: &mut FieldErrors, text: Option<&str>, has_words: bool) -> EventSort {
    let wanted = named(errors, "sort", text, "`newest`, `date`, `price`, `title`, `relevance`");
    match wanted.unwrap_or(if has_words { Sort::Relevance } else { Sort::Newest }) {
        Sort::Newest => EventSort::Newest,
        Sort::Date => EventSort::Date,
        Sort::Price => EventSort::Price,
        Sort::Title => EventSort::Title,
        Sort::Relevance => {
            if !has_words {
                errors.add("sort", "REQUIRED", "`relevance` goes with `q`");
            }
            EventSort::Relevance
        }
    }
}

fn phase(errors: &mut FieldErrors, text: Option<&str>, audience: Audience) -> Option<EventPhase> {
    let names = "`published`, `upcoming`, `on_sale`, `ongoing`, `ended`, `cancelled`; with `mine`, `draft`";
    Some(match named(errors, "status", text, names)? {
        Phase::Draft => {
            if audience == Audience::Public {
                errors.add("status", "REQUIRED", "`draft` goes with `mine=true`");
            }
            EventPhase::Draft
        }
        Phase::Published => EventPhase::Published,
        Phase::Upcoming => EventPhase::Upcoming,
        Phase::OnSale => EventPhase::OnSale,
        Phase::Ongoing => EventPhase::Ongoing,
        Phase::Ended => EventPhase::Ended,
        Phase::Cancelled => EventPhase::Cancelled,
    })
}
