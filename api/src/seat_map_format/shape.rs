//! Whether a JSON document has the form of a seat map at all, with every place where it has not: a reader that stops at the
//! first would make an organizer send his map twenty times.

use serde_json::Value;

use crate::field_errors::FieldErrors;

enum Form {
    Text,
    Flag,
    Whole {
        min: i64,
        max: i64,
    },
    List(&'static Form),
    Object(&'static [Field]),
    /// A number as text, an object, or a gap.
    Seat,
}

struct Field {
    name: &'static str,
    form: &'static Form,
    required: bool,
}

impl Field {
    /// Like one that is absent. A flag or a list that is absent has a value, so that null is none of it; rows have none.
    fn may_be_null(&self) -> bool {
        !self.required && (self.name == "rows" || !matches!(self.form, Form::Flag | Form::List(_)))
    }
}

const fn must(name: &'static str, form: &'static Form) -> Field {
    Field { name, form, required: true }
}

const fn may(name: &'static str, form: &'static Form) -> Field {
    Field { name, form, required: false }
}

const TEXT: &Form = &Form::Text;
const FLAG: &Form = &Form::Flag;
const CENTIMETRES: &Form = &Form::Whole { min: i32::MIN as i64, max: i32::MAX as i64 };
const COUNT: &Form = &Form::Whole { min: 0, max: u32::MAX as i64 };

const POINT_FIELDS: &[Field] = &[must("x", CENTIMETRES), must("y", CENTIMETRES)];
const POINT: &Form = &Form::Object(POINT_FIELDS);
const POINTS: &Form = &Form::List(POINT);

const SEAT_FIELDS: &[Field] = &[
    must("number", TEXT),
    may("category", TEXT),
    may("accessible", FLAG),
    may("companion", FLAG),
    may("block", TEXT),
    may("at", POINT),
    may("restricted_view", FLAG),
];
const SEAT: &Form = &Form::Seat;
const SEATS: &Form = &Form::List(SEAT);

const LINE_FIELDS: &[Field] = &[must("from", POINT), must("to", POINT)];
const LINE: &Form = &Form::Object(LINE_FIELDS);

const ROW_FIELDS: &[Field] = &[must("id", TEXT), must("seats", SEATS), may("line", LINE)];
const ROW: &Form = &Form::Object(ROW_FIELDS);
const ROWS: &Form = &Form::List(ROW);

const SECTION_FIELDS: &[Field] = &[
    must("id", TEXT),
    must("name", TEXT),
    may("rows", ROWS),
    may("capacity", COUNT),
    may("category", TEXT),
    may("block", TEXT),
    may("position", POINT),
    may("outline", POINTS),
];
const SECTION: &Form = &Form::Object(SECTION_FIELDS);
const SECTIONS: &Form = &Form::List(SECTION);

const STAGE_FIELDS: &[Field] = &[may("label", TEXT), must("outline", POINTS)];
const STAGE: &Form = &Form::Object(STAGE_FIELDS);

const CATEGORY_FIELDS: &[Field] = &[must("id", TEXT), must("name", TEXT), may("color", TEXT)];
const CATEGORY: &Form = &Form::Object(CATEGORY_FIELDS);
const CATEGORIES: &Form = &Form::List(CATEGORY);

const PLAN_TEXT_FIELDS: &[Field] =
    &[must("text", TEXT), must("at", POINT), may("size_cm", COUNT), may("turned_degrees", CENTIMETRES)];
const PLAN_TEXT: &Form = &Form::Object(PLAN_TEXT_FIELDS);
const PLAN_TEXTS: &Form = &Form::List(PLAN_TEXT);

const MAP_FIELDS: &[Field] = &[
    may("version", COUNT),
    must("sections", SECTIONS),
    may("focal_point", POINT),
    may("stage", STAGE),
    may("categories", CATEGORIES),
    may("texts", PLAN_TEXTS),
];
const MAP: &Form = &Form::Object(MAP_FIELDS);

pub fn check(document: &Value, errors: &mut FieldErrors) {
    walk(document, MAP, &mut String::new(), errors);
}

fn walk(value: &Value, form: &Form, path: &mut String, errors: &mut FieldErrors) {
    match (form, value) {
        (Form::Text, Value::String(_))
        | (Form::Flag, Value::Bool(_))
        | (Form::Seat, Value::String(_) | Value::Null) => {}
        (Form::Whole { min, max }, Value::Number(number)) => {
            if !number.as_i64().is_some_and(|number| (*min..=*max).contains(&number)) {
                errors.add(path.as_str(), "INVALID_TYPE", format!("a whole number from {min} to {max}, not {number}"));
            }
        }
        (Form::List(form), Value::Array(items)) => {
            let length = path.len();
            for (at, item) in items.iter().enumerate() {
                path.push_str(&format!("[{at}]"));
                walk(item, form, path, errors);
                path.truncate(length);
            }
        }
        (Form::Object(fields), Value::Object(_)) => object(value, fields, path, errors),
        (Form::Seat, Value::Object(_)) => object(value, SEAT_FIELDS, path, errors),
        _ => errors.add(path.as_str(), "INVALID_TYPE", format!("{}, not {}", wanted(form), kind(value))),
    }
}

fn object(value: &Value, fields: &[Field], path: &mut String, errors: &mut FieldErrors) {
    let length = path.len();
    let within = |path: &mut String, name: &str| {
        if length > 0 {
            path.push('.');
        }
        path.push_str(name);
    };
    for name in value.as_object().into_iter().flat_map(serde_json::Map::keys) {
        if !fields.iter().any(|field| field.name == name) {
            let known: Vec<&str> = fields.iter().map(|field| field.name).collect();
            within(path, name);
            errors.add(path.as_str(), "UNKNOWN_FIELD", format!("leave it out; known here are: {}", known.join(", ")));
            path.truncate(length);
        }
    }
    for field in fields {
        within(path, field.name);
        match value.get(field.name) {
            Some(Value::Null) if field.may_be_null() => {}
            Some(value) => walk(value, field.form, path, errors),
            None if field.required => {
                errors.add(path.as_str(), "MISSING_FIELD", format!("must be there: {}", wanted(field.form)));
            }
            None => {}
        }
        path.truncate(length);
    }
}

const fn wanted(form: &Form) -> &'static str {
    match form {
        Form::Text => "a text",
        Form::Flag => "true or false",
        Form::Whole { .. } => "a whole number",
        Form::List(_) => "a list",
        Form::Object(_) => "an object",
        Form::Seat => "a seat number as text, an object with `number`, or null for a gap",
    }
}

const fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}
