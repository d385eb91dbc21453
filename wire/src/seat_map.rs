use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, Error, MapAccess, Visitor};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// `PUT /events/{id}/seat-map`, also as a seat map editor writes it: with positions. See docs/seat-map-format.md. A seat's
/// public id is `section-row-number`; ids are letters, digits, `_` and `.`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SeatMap {
    /// Of the format: 1, which is also the default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<u32>,
    pub sections: Vec<Section>,
    /// Best available looks for seats near it, usually the stage. Centimetres. Default: the origin.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub focal_point: Option<Point>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stage: Option<Stage>,
    /// When there are any, every category of the map is among them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub categories: Vec<SeatCategory>,
    /// Words on the plan.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub texts: Vec<PlanText>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Stage {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Corners, 3 to 200.
    pub outline: Vec<Point>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SeatCategory {
    pub id: String,
    pub name: String,
    /// `#rrggbb`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub color: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PlanText {
    pub text: String,
    /// Its centre.
    pub at: Point,
    /// Height of a letter. Default 100.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size_cm: Option<u32>,
    /// Clockwise. Default 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub turned_degrees: Option<i32>,
}

/// The centres of a row's first and last place, gaps included; all others stand between them at equal distances.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RowLine {
    pub from: Point,
    pub to: Point,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Point {
    pub x: i32,
    pub y: i32,
}

/// Reserved seats when it has `rows`, a general-admission area when it has `capacity`; exactly one of the two.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Section {
    pub id: String,
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows: Option<Vec<Row>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capacity: Option<u32>,
    /// Category of the area, or of every seat of the section that names none of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// A named block that can be withheld from sale and released at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub block: Option<String>,
    /// Centre of the first row. Default: sections without one stand behind each other.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<Point>,
    /// Corners of the section or area, 3 to 200.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub outline: Vec<Point>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Row {
    pub id: String,
    /// Left to right as seen from the stage; `null` is a gap such as an aisle.
    pub seats: Vec<Option<Seat>>,
    /// Where its seats stand, unless each says so itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<RowLine>,
}

/// A plain number (`"7"`), or an object that says more.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(untagged)]
pub enum Seat {
    Number(String),
    Detail(SeatDetail),
}

/// By hand: a derived untagged enum swallows what is wrong with a seat and buffers each of a hundred thousand.
impl<'de> Deserialize<'de> for Seat {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(SeatVisitor)
    }
}

struct SeatVisitor;

impl<'de> Visitor<'de> for SeatVisitor {
    type Value = Seat;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a seat number as text, or an object with `number`")
    }

    fn visit_str<E: Error>(self, number: &str) -> Result<Seat, E> {
        Ok(Seat::Number(number.to_owned()))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Seat, A::Error> {
        SeatDetail::deserialize(MapAccessDeserializer::new(map)).map(Seat::Detail)
    }
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SeatDetail {
    pub number: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    #[serde(default)]
    pub accessible: bool,
    #[serde(default)]
    pub companion: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub block: Option<String>,
    /// Its centre.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Point>,
    /// Something stands between it and the stage. Shown to buyers; it decides nothing.
    #[serde(default, skip_serializing_if = "is_false")]
    pub restricted_view: bool,
}

const fn is_false(flag: &bool) -> bool {
    !*flag
}

/// `POST /events/{id}/seat-map/copy`: a map of one of the caller's venues, or one of the examples.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SeatMapCopy {
    /// With `seat_map`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub venue_id: Option<uuid::Uuid>,
    /// Its name at the venue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seat_map: Option<String>,
    /// Alone: a name of `GET /seat-map-examples`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub example: Option<String>,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct SeatMapExamples {
    pub items: Vec<SeatMapExample>,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct SeatMapExample {
    pub name: String,
    pub description: String,
    pub seats: u32,
    pub places: u64,
}

/// Answer to `PUT /events/{id}/seat-map`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SeatMapSize {
    /// Sections of rows.
    pub sections: u32,
    pub areas: u32,
    pub seats: u32,
    /// Units of all areas.
    pub places: u64,
    /// The event's sequence number of this change.
    pub seq: u64,
}
