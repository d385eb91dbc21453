//! Seat maps as they are sent, kept and shown (docs/seat-map-format.md). The core takes from one what can be sold; where
//! things stand on the plan is kept beside it, as JSON in the store.

pub mod examples;
mod geometry;
mod shape;
mod spec;

use inventory::{SeatMapSpec, SectionKind};
use serde_json::Value;
use wire::{SeatMap, SeatMapSize};

use crate::digest;
use crate::error::ApiError;
use crate::field_errors::FieldErrors;

pub use spec::render;

/// What there is, so that older servers refuse what they do not know.
const VERSION: u32 = 1;

/// A map that was understood.
pub struct Drawn {
    pub spec: SeatMapSpec,
    /// As yet without `seq`.
    pub size: SeatMapSize,
    /// The whole map as JSON, if it says where anything stands.
    pub drawing: Option<String>,
}

/// Beside the reactor: a large map takes a while.
///
/// # Errors
/// The places at fault, as many as are told at once.
pub async fn read(body: Value) -> Result<Drawn, ApiError> {
    let read = tokio::task::spawn_blocking(move || understand(parse(body)?)).await;
    Ok(read.map_err(|error| ApiError::Defect(error.to_string().into()))??)
}

fn parse(body: Value) -> Result<SeatMap, FieldErrors> {
    let mut errors = FieldErrors::default();
    shape::check(&body, &mut errors);
    errors.none()?;
    serde_json::from_value(body).map_err(|error| {
        errors.add("", "INVALID_TYPE", error.to_string());
        errors
    })
}

/// # Errors
/// The places at fault, as many as are told at once.
pub fn understand(map: SeatMap) -> Result<Drawn, FieldErrors> {
    let mut errors = FieldErrors::default();
    geometry::check(&map, &mut errors);
    let drawing = geometry::is_drawn(&map).then(|| serde_json::to_string(&map)).transpose();
    match (spec::parse(map), drawing) {
        (Err(more), _) => {
            errors.append(more);
            Err(errors)
        }
        (Ok(spec), Ok(drawing)) => {
            errors.none()?;
            Ok(Drawn { size: size(&spec), spec, drawing })
        }
        (Ok(_), Err(error)) => {
            errors.add("", "INVALID_TYPE", error.to_string());
            Err(errors)
        }
    }
}

/// By which a drawing is known to be of this map.
pub fn digest(spec: &SeatMapSpec) -> [u8; 16] {
    // Texts and numbers only: there is nothing that could fail to be written.
    let bytes = serde_json::to_vec(&render(spec.clone())).unwrap_or_default();
    digest::of(&[&bytes])
}

fn size(spec: &SeatMapSpec) -> SeatMapSize {
    let mut size = SeatMapSize::default();
    for section in &spec.sections {
        match &section.kind {
            SectionKind::Rows(rows) => {
                size.sections += 1;
                // Fewer than `SEATS_PER_EVENT_MAX`: the map has been checked.
                size.seats += rows.iter().map(|row| row.seats.iter().flatten().count() as u32).sum::<u32>();
            }
            SectionKind::Area { capacity, .. } => {
                size.areas += 1;
                size.places += u64::from(*capacity);
            }
        }
    }
    size
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn faults(body: Value) -> Vec<(String, String)> {
        let errors = match parse(body).and_then(understand) {
            Ok(_) => FieldErrors::default(),
            Err(errors) => errors,
        };
        errors.into_vec().into_iter().map(|error| (error.field, error.code)).collect()
    }

    fn pairs(wanted: &[(&str, &str)]) -> Vec<(String, String)> {
        wanted.iter().map(|(field, code)| ((*field).to_owned(), (*code).to_owned())).collect()
    }

    #[test]
    fn all_faults_of_form_are_told_at_once() {
        let body = json!({"version": "1", "sections": [
            {"id": "A", "rows": [{"id": 7, "seats": ["1", 2, null, {"at": {"x": 1.5, "y": "0"}, "colour": "red"}]}]},
            {"id": "B", "name": "B", "capacity": -1, "outline": [{"x": 0}]},
            "C",
        ], "scene": {}});
        assert_eq!(
            faults(body),
            pairs(&[
                ("scene", "UNKNOWN_FIELD"),
                ("version", "INVALID_TYPE"),
                ("sections[0].name", "MISSING_FIELD"),
                ("sections[0].rows[0].id", "INVALID_TYPE"),
                ("sections[0].rows[0].seats[1]", "INVALID_TYPE"),
                ("sections[0].rows[0].seats[3].colour", "UNKNOWN_FIELD"),
                ("sections[0].rows[0].seats[3].number", "MISSING_FIELD"),
                ("sections[0].rows[0].seats[3].at.x", "INVALID_TYPE"),
                ("sections[0].rows[0].seats[3].at.y", "INVALID_TYPE"),
                ("sections[1].capacity", "INVALID_TYPE"),
                ("sections[1].outline[0].y", "MISSING_FIELD"),
                ("sections[2]", "INVALID_TYPE"),
            ])
        );
        assert_eq!(faults(json!([])), pairs(&[("", "INVALID_TYPE")]));
        let many: Vec<Value> = (0..500).map(|_| json!(1)).collect();
        assert_eq!(faults(json!({"sections": many})).len(), 20);
    }

    #[test]
    fn what_is_drawn_must_fit_together() {
        let seat = |number: &str, x: i32| json!({"number": number, "at": {"x": x, "y": 0}});
        let row = |seats: Value| json!({"id": "A", "name": "A", "rows": [{"id": "1", "seats": seats}]});
        let rows = [
            (json!({"version": 2, "sections": [row(json!(["1"]))]}), "version", "VERSION"),
            (
                json!({"sections": [row(json!([seat("1", 0), seat("2", 0)]))]}),
                "sections[0].rows[0].seats[1]",
                "OVERLAP",
            ),
            (
                json!({"sections": [row(json!([seat("1", 0), "2"]))]}),
                "sections[0].rows[0].seats[1]",
                "POSITION_MISSING",
            ),
            (
                json!({"sections": [row(json!([seat("1", 10_000_001)]))]}),
                "sections[0].rows[0].seats[0].at",
                "OUT_OF_RANGE",
            ),
            (
                json!({"sections": [{"id": "A", "name": "A", "capacity": 5, "outline": [{"x": 0, "y": 0}]}]}),
                "sections[0].outline",
                "LENGTH",
            ),
            (
                json!({"sections": [row(json!([{"number": "1", "category": "vip"}]))],
                    "categories": [{"id": "low", "name": "Low"}]}),
                "sections[0].rows[0].seats[0].category",
                "CATEGORY_UNKNOWN",
            ),
            (
                json!({"sections": [row(json!(["1"]))], "categories": [{"id": "a", "name": "A", "color": "red"}]}),
                "categories[0].color",
                "COLOR",
            ),
            (
                json!({"sections": [row(json!(["1"]))], "texts": [{"text": "", "at": {"x": 0, "y": 0}}]}),
                "texts[0].text",
                "LENGTH",
            ),
        ];
        for (body, field, code) in rows {
            assert_eq!(faults(body), pairs(&[(field, code)]), "{field}");
        }
    }

    #[test]
    fn a_map_without_positions_is_no_drawing_and_one_with_them_is_kept_whole() {
        let plain = json!({"sections": [{"id": "F", "name": "Floor", "capacity": 5}]});
        assert!(parse(plain).and_then(understand).unwrap().drawing.is_none());
        for (name, map) in examples::all() {
            let Drawn { spec, drawing, .. } = understand(map.clone()).unwrap();
            let kept: SeatMap = serde_json::from_str(&drawing.unwrap()).unwrap();
            assert_eq!(kept, map, "{name}");
            assert_eq!(digest(&spec), digest(&understand(kept).unwrap().spec), "{name}");
            let sent = serde_json::to_value(&map).unwrap();
            assert_eq!(parse(sent).unwrap(), map, "{name}");
        }
    }

    #[test]
    fn the_examples_are_as_large_as_they_say() {
        let sizes = examples::all().map(|(name, map)| {
            let size = understand(map).unwrap().size;
            (name, size.seats, size.places)
        });
        assert_eq!(sizes, [("arena", 20_000, 5_000), ("club", 80, 400), ("theatre", 800, 0)]);
    }
}
