//! Whether what is drawn fits together: positions, outlines, words, colours. What can be sold is checked by `spec`.

use std::collections::{HashMap, HashSet};

use inventory::limits::{CATEGORIES_PER_EVENT_MAX, COORDINATE_CM_MAX};
use wire::{PlanText, Point, Row, Seat, SeatMap, Section};

use super::VERSION;
use crate::field_errors::FieldErrors;

const CORNERS_MAX: usize = 200;
const TEXTS_MAX: usize = 500;
const TEXT_CHARS_MAX: usize = 100;
const TEXT_SIZE_CM_MAX: u32 = 5_000;

/// Whether it says where anything stands, or anything else that is only for looking at.
pub fn is_drawn(map: &SeatMap) -> bool {
    let is_seat_drawn = |seat: &Seat| match seat {
        Seat::Number(_) => false,
        Seat::Detail(detail) => detail.at.is_some() || detail.restricted_view,
    };
    let is_row_drawn = |row: &Row| row.line.is_some() || row.seats.iter().flatten().any(is_seat_drawn);
    map.stage.is_some()
        || !map.texts.is_empty()
        || !map.categories.is_empty()
        || map
            .sections
            .iter()
            .any(|section| !section.outline.is_empty() || section.rows.iter().flatten().any(is_row_drawn))
}

pub fn check(map: &SeatMap, errors: &mut FieldErrors) {
    if map.version.is_some_and(|version| version != VERSION) {
        errors.add("version", "VERSION", format!("this server knows version {VERSION}"));
    }
    if let Some(point) = map.focal_point {
        position(point, || "focal_point".to_owned(), errors);
    }
    if let Some(stage) = &map.stage {
        outline(&stage.outline, || "stage.outline".to_owned(), errors);
        if let Some(label) = &stage.label {
            words(label, || "stage.label".to_owned(), errors);
        }
    }
    let categories = categories(map, errors);
    texts(&map.texts, errors);
    let mut standing = HashMap::new();
    for (at, section) in map.sections.iter().enumerate() {
        let place = format!("sections[{at}]");
        if !section.outline.is_empty() {
            outline(&section.outline, || format!("{place}.outline"), errors);
        }
        if let Some(point) = section.position {
            position(point, || format!("{place}.position"), errors);
        }
        known(section.category.as_deref(), &categories, || format!("{place}.category"), errors);
        rows(section, &place, &categories, &mut standing, errors);
    }
}

fn rows<'a>(
    section: &'a Section,
    place: &str,
    categories: &HashSet<&str>,
    standing: &mut HashMap<Place, (&'a str, &'a str, &'a str)>,
    errors: &mut FieldErrors,
) {
    for (at, row) in section.rows.iter().flatten().enumerate() {
        if let Some(line) = row.line {
            position(line.from, || format!("{place}.rows[{at}].line.from"), errors);
            position(line.to, || format!("{place}.rows[{at}].line.to"), errors);
        }
        let is_drawn = |seat: &Seat| matches!(seat, Seat::Detail(detail) if detail.at.is_some());
        let needs_positions = row.line.is_none() && row.seats.iter().flatten().any(is_drawn);
        for (number, seat) in row.seats.iter().enumerate() {
            let field = || format!("{place}.rows[{at}].seats[{number}]");
            let (point, label) = match seat {
                None => continue,
                Some(Seat::Number(label)) => (None, label),
                Some(Seat::Detail(detail)) => {
                    known(detail.category.as_deref(), categories, || format!("{}.category", field()), errors);
                    (detail.at, &detail.number)
                }
            };
            let Some(point) = point else {
                if needs_positions {
                    errors.add(field(), "POSITION_MISSING", "give it `at` like others of its row, or the row a `line`");
                }
                continue;
            };
            position(point, || format!("{}.at", field()), errors);
            if let Some((section, row, number)) = standing.insert((point.x, point.y), (&section.id, &row.id, label)) {
                let message = format!("stands where `{section}-{row}-{number}` stands: move one of them");
                errors.add(field(), "OVERLAP", message);
            }
        }
    }
}

type Place = (i32, i32);

fn position(point: Point, field: impl FnOnce() -> String, errors: &mut FieldErrors) {
    if point.x.unsigned_abs() > COORDINATE_CM_MAX || point.y.unsigned_abs() > COORDINATE_CM_MAX {
        let message = format!("at most {COORDINATE_CM_MAX} centimetres from the origin in both directions");
        errors.add(field(), "OUT_OF_RANGE", message);
    }
}

fn outline(corners: &[Point], field: impl Fn() -> String, errors: &mut FieldErrors) {
    if !(3..=CORNERS_MAX).contains(&corners.len()) {
        errors.add(field(), "LENGTH", format!("3 to {CORNERS_MAX} corners"));
    }
    for (at, corner) in corners.iter().enumerate() {
        position(*corner, || format!("{}[{at}]", field()), errors);
    }
}

fn words(text: &str, field: impl FnOnce() -> String, errors: &mut FieldErrors) {
    let is_short = (1..=TEXT_CHARS_MAX).contains(&text.chars().count());
    if !is_short || text.chars().any(char::is_control) {
        errors.add(field(), "LENGTH", format!("1 to {TEXT_CHARS_MAX} characters, none of them a control character"));
    }
}

fn categories<'a>(map: &'a SeatMap, errors: &mut FieldErrors) -> HashSet<&'a str> {
    if map.categories.len() > CATEGORIES_PER_EVENT_MAX {
        errors.add("categories", "TOO_MANY", format!("at most {CATEGORIES_PER_EVENT_MAX}"));
    }
    let mut ids = HashSet::new();
    for (at, category) in map.categories.iter().enumerate() {
        if !ids.insert(category.id.as_str()) {
            errors.add(format!("categories[{at}].id"), "DUPLICATE", format!("`{}` twice", category.id));
        }
        words(&category.name, || format!("categories[{at}].name"), errors);
        let is_color = |color: &String| {
            color.strip_prefix('#').is_some_and(|rest| rest.len() == 6 && rest.bytes().all(|b| b.is_ascii_hexdigit()))
        };
        if category.color.as_ref().is_some_and(|color| !is_color(color)) {
            errors.add(format!("categories[{at}].color"), "COLOR", "`#` and six hexadecimal digits, such as `#d0342c`");
        }
    }
    ids
}

fn known(name: Option<&str>, ids: &HashSet<&str>, field: impl FnOnce() -> String, errors: &mut FieldErrors) {
    if let Some(name) = name
        && !ids.is_empty()
        && !ids.contains(name)
    {
        errors.add(field(), "CATEGORY_UNKNOWN", format!("`{name}` is not among `categories`: add it there"));
    }
}

fn texts(texts: &[PlanText], errors: &mut FieldErrors) {
    if texts.len() > TEXTS_MAX {
        errors.add("texts", "TOO_MANY", format!("at most {TEXTS_MAX}"));
    }
    for (at, text) in texts.iter().enumerate() {
        words(&text.text, || format!("texts[{at}].text"), errors);
        position(text.at, || format!("texts[{at}].at"), errors);
        if text.size_cm.is_some_and(|size| !(1..=TEXT_SIZE_CM_MAX).contains(&size)) {
            errors.add(format!("texts[{at}].size_cm"), "OUT_OF_RANGE", format!("1 to {TEXT_SIZE_CM_MAX}"));
        }
        if text.turned_degrees.is_some_and(|degrees| !(-360..=360).contains(&degrees)) {
            errors.add(format!("texts[{at}].turned_degrees"), "OUT_OF_RANGE", "-360 to 360");
        }
    }
}
