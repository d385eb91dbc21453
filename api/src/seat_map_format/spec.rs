//! The wire's seat map to the core's and back. Every field at fault is named, up to a limit; what the core checks again
//! (`SEAT_MAP_INVALID`) is the backstop, not the explanation.

use std::collections::HashSet;

use inventory::limits::{
    AREA_CAPACITY_MAX, LABEL_BYTES_MAX, NAME_BYTES_MAX, ROWS_PER_SECTION_MAX, SEAT_NUMBER_BYTES_MAX,
    SEATS_PER_EVENT_MAX, SEATS_PER_ROW_MAX, SECTIONS_PER_EVENT_MAX,
};
use inventory::{RowSpec, SeatMapSpec, SeatSpec, SectionKind, SectionSpec};
use wire::{Point, Row, Seat, SeatDetail, SeatMap, Section};

use crate::field_errors::FieldErrors;

/// Distance between two rows, and from the last row to the next section, centimetres.
const ROW_PITCH_CM: i32 = 90;
const SECTION_GAP_CM: i32 = 300;
const AREA_DEPTH_CM: i32 = 2_000;

/// # Errors
/// The fields at fault.
pub fn parse(map: SeatMap) -> Result<SeatMapSpec, FieldErrors> {
    let mut errors = FieldErrors::default();
    if map.sections.is_empty() {
        errors.add("sections", "REQUIRED", "at least one section or area");
    }
    if map.sections.len() > SECTIONS_PER_EVENT_MAX {
        errors.add("sections", "TOO_MANY", format!("at most {SECTIONS_PER_EVENT_MAX}"));
        return Err(errors);
    }
    let mut parser = Parser { errors, seats: 0, depth_cm: SECTION_GAP_CM };
    let mut ids = HashSet::new();
    let mut sections = Vec::with_capacity(map.sections.len());
    for (at, section) in map.sections.into_iter().enumerate() {
        if !ids.insert(section.id.clone()) {
            parser.errors.add(format!("sections[{at}].id"), "DUPLICATE", format!("`{}` twice", section.id));
        }
        sections.push(parser.section(at, section));
    }
    if parser.seats > SEATS_PER_EVENT_MAX as usize {
        parser.errors.add("sections", "TOO_MANY", format!("at most {SEATS_PER_EVENT_MAX} seats"));
    }
    let focal = map.focal_point.unwrap_or(Point { x: 0, y: 0 });
    parser.errors.none()?;
    Ok(SeatMapSpec { sections, focal_point: (focal.x, focal.y) })
}

struct Parser {
    errors: FieldErrors,
    seats: usize,
    /// Where the next section without a position of its own begins.
    depth_cm: i32,
}

impl Parser {
    fn section(&mut self, at: usize, section: Section) -> SectionSpec {
        self.label(&section.id, LABEL_BYTES_MAX, || format!("sections[{at}].id"));
        if section.name.is_empty() || section.name.len() > NAME_BYTES_MAX {
            let message = format!("1 to {NAME_BYTES_MAX} bytes");
            self.errors.add(format!("sections[{at}].name"), "LENGTH", message);
        }
        for (name, value) in [("category", &section.category), ("block", &section.block)] {
            if let Some(value) = value {
                self.label(value, LABEL_BYTES_MAX, || format!("sections[{at}].{name}"));
            }
        }
        let place = format!("sections[{at}]");
        let (kind, depth_cm) = match (section.rows, section.capacity) {
            (Some(rows), None) => {
                let depth_cm = i32::try_from(rows.len()).unwrap_or(i32::MAX).saturating_mul(ROW_PITCH_CM);
                (SectionKind::Rows(self.rows(&place, rows, section.category.as_deref())), depth_cm)
            }
            (None, Some(capacity)) => {
                if !(1..=AREA_CAPACITY_MAX).contains(&capacity) {
                    let message = format!("1 to {AREA_CAPACITY_MAX}");
                    self.errors.add(format!("{place}.capacity"), "OUT_OF_RANGE", message);
                }
                (SectionKind::Area { capacity, category: section.category }, AREA_DEPTH_CM)
            }
            (Some(_), Some(_)) | (None, None) => {
                self.errors.add(place, "EXACTLY_ONE", "exactly one of `rows` and `capacity`");
                (SectionKind::Rows(Vec::new()), 0)
            }
        };
        let position = section.position.map_or((0, self.depth_cm), |point| (point.x, point.y));
        if section.position.is_none() {
            self.depth_cm = self.depth_cm.saturating_add(depth_cm).saturating_add(SECTION_GAP_CM);
        }
        SectionSpec { id: section.id, name: section.name, position, block: section.block, kind }
    }

    fn rows(&mut self, place: &str, rows: Vec<Row>, category: Option<&str>) -> Vec<RowSpec> {
        if rows.is_empty() || rows.len() > ROWS_PER_SECTION_MAX {
            self.errors.add(format!("{place}.rows"), "LENGTH", format!("1 to {ROWS_PER_SECTION_MAX} rows"));
            return Vec::new();
        }
        let mut ids = HashSet::with_capacity(rows.len());
        let mut specs = Vec::with_capacity(rows.len());
        for (at, row) in rows.into_iter().enumerate() {
            self.label(&row.id, LABEL_BYTES_MAX, || format!("{place}.rows[{at}].id"));
            if !ids.insert(row.id.clone()) {
                self.errors.add(format!("{place}.rows[{at}].id"), "DUPLICATE", format!("`{}` twice", row.id));
            }
            if row.seats.len() > SEATS_PER_ROW_MAX || row.seats.iter().all(Option::is_none) {
                let message = format!("1 to {SEATS_PER_ROW_MAX} seats and gaps, not gaps alone");
                self.errors.add(format!("{place}.rows[{at}].seats"), "LENGTH", message);
            }
            let seats = self.seats(&(place, at), row.seats, category);
            specs.push(RowSpec { id: row.id, seats });
        }
        specs
    }

    fn seats(
        &mut self,
        (place, row): &(&str, usize),
        seats: Vec<Option<Seat>>,
        category: Option<&str>,
    ) -> Vec<Option<SeatSpec>> {
        let mut numbers = HashSet::with_capacity(seats.len());
        let mut specs = Vec::with_capacity(seats.len());
        for (at, seat) in seats.into_iter().enumerate() {
            let Some(seat) = seat else {
                specs.push(None);
                continue;
            };
            let field = |name: &str| format!("{place}.rows[{row}].seats[{at}]{name}");
            let spec = seat_spec(seat, category);
            self.label(&spec.number, SEAT_NUMBER_BYTES_MAX, || field(""));
            if !numbers.insert(spec.number.clone()) {
                self.errors.add(field(""), "DUPLICATE", format!("number `{}` twice", spec.number));
            }
            for (name, value) in [(".category", &spec.category), (".block", &spec.block)] {
                if let Some(value) = value {
                    self.label(value, LABEL_BYTES_MAX, || field(name));
                }
            }
            self.seats += 1;
            specs.push(Some(spec));
        }
        specs
    }

    fn label(&mut self, text: &str, bytes_max: usize, field: impl FnOnce() -> String) {
        let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'.';
        if text.is_empty() || text.len() > bytes_max || !text.bytes().all(is_allowed) {
            self.errors.add(field(), "LABEL", format!("1 to {bytes_max} ASCII letters, digits, `_` and `.`"));
        }
    }
}

fn seat_spec(seat: Seat, category: Option<&str>) -> SeatSpec {
    match seat {
        Seat::Number(number) => {
            SeatSpec { number, category: category.map(str::to_owned), accessible: false, companion: false, block: None }
        }
        Seat::Detail(detail) => SeatSpec {
            number: detail.number,
            category: detail.category.or_else(|| category.map(str::to_owned)),
            accessible: detail.accessible,
            companion: detail.companion,
            block: detail.block,
        },
    }
}

/// The map as `GET` shows it: what a whole section shares is said once.
pub fn render(spec: SeatMapSpec) -> SeatMap {
    let (x, y) = spec.focal_point;
    SeatMap {
        sections: spec.sections.into_iter().map(render_section).collect(),
        focal_point: Some(Point { x, y }),
        ..SeatMap::default()
    }
}

fn render_section(section: SectionSpec) -> Section {
    let (x, y) = section.position;
    let (rows, capacity, category) = match section.kind {
        SectionKind::Area { capacity, category } => (None, Some(capacity), category),
        SectionKind::Rows(rows) => {
            let category = shared_category(&rows);
            let render_row = |row: RowSpec| Row {
                id: row.id,
                seats: row
                    .seats
                    .into_iter()
                    .map(|seat| seat.map(|seat| render_seat(seat, category.as_deref())))
                    .collect(),
                line: None,
            };
            (Some(rows.into_iter().map(render_row).collect()), None, category)
        }
    };
    Section {
        id: section.id,
        name: section.name,
        rows,
        capacity,
        category,
        block: section.block,
        position: Some(Point { x, y }),
        outline: Vec::new(),
    }
}

fn shared_category(rows: &[RowSpec]) -> Option<String> {
    let mut seats = rows.iter().flat_map(|row| row.seats.iter().flatten());
    let first = seats.next()?.category.as_ref()?;
    seats.all(|seat| seat.category.as_ref() == Some(first)).then(|| first.clone())
}

fn render_seat(seat: SeatSpec, shared: Option<&str>) -> Seat {
    let category = seat.category.filter(|category| Some(category.as_str()) != shared);
    if category.is_none() && !seat.accessible && !seat.companion && seat.block.is_none() {
        return Seat::Number(seat.number);
    }
    Seat::Detail(SeatDetail {
        number: seat.number,
        category,
        accessible: seat.accessible,
        companion: seat.companion,
        block: seat.block,
        ..SeatDetail::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(id: &str, seats: &[&str]) -> Row {
        Row {
            id: id.to_owned(),
            seats: seats.iter().map(|number| Some(Seat::Number((*number).to_owned()))).collect(),
            line: None,
        }
    }

    fn section(id: &str, rows: Vec<Row>) -> Section {
        Section {
            id: id.to_owned(),
            name: format!("Section {id}"),
            rows: Some(rows),
            capacity: None,
            category: Some("stalls".to_owned()),
            ..Section::default()
        }
    }

    fn map(sections: Vec<Section>) -> SeatMap {
        SeatMap { sections, ..SeatMap::default() }
    }

    #[test]
    fn each_fault_names_its_field() {
        let good = || section("A", vec![row("1", &["1", "2"])]);
        let rows: Vec<(SeatMap, &str, &str)> = vec![
            (map(vec![]), "sections", "REQUIRED"),
            (map(vec![good(), good()]), "sections[1].id", "DUPLICATE"),
            (map(vec![section("A-1", vec![row("1", &["1"])])]), "sections[0].id", "LABEL"),
            (map(vec![section("", vec![row("1", &["1"])])]), "sections[0].id", "LABEL"),
            (map(vec![Section { name: String::new(), ..good() }]), "sections[0].name", "LENGTH"),
            (map(vec![Section { capacity: Some(5), ..good() }]), "sections[0]", "EXACTLY_ONE"),
            (map(vec![Section { rows: None, ..good() }]), "sections[0]", "EXACTLY_ONE"),
            (map(vec![Section { rows: None, capacity: Some(0), ..good() }]), "sections[0].capacity", "OUT_OF_RANGE"),
            (map(vec![Section { category: Some("a b".to_owned()), ..good() }]), "sections[0].category", "LABEL"),
            (map(vec![section("A", vec![])]), "sections[0].rows", "LENGTH"),
            (map(vec![section("A", vec![row("1", &["1"]), row("1", &["1"])])]), "sections[0].rows[1].id", "DUPLICATE"),
            (map(vec![section("A", vec![row("1", &[])])]), "sections[0].rows[0].seats", "LENGTH"),
            (map(vec![section("A", vec![row("1", &["1", "1"])])]), "sections[0].rows[0].seats[1]", "DUPLICATE"),
            (map(vec![section("A", vec![row("1", &["123456789"])])]), "sections[0].rows[0].seats[0]", "LABEL"),
        ];
        for (map, field, code) in rows {
            let errors = parse(map).expect_err(field).into_vec();
            let found: Vec<_> = errors.iter().map(|error| (error.field.as_str(), error.code.as_str())).collect();
            assert!(found.contains(&(field, code)), "{field} {code} not in {found:?}");
        }
    }

    #[test]
    fn what_is_rendered_parses_to_the_same_spec() {
        let mut with_details = section("B", vec![row("1", &["1", "2"])]);
        with_details.rows.as_mut().unwrap()[0].seats.extend([
            None,
            Some(Seat::Detail(SeatDetail {
                number: "3".to_owned(),
                category: Some("vip".to_owned()),
                accessible: true,
                block: Some("sponsors".to_owned()),
                ..SeatDetail::default()
            })),
        ]);
        let area = Section { rows: None, capacity: Some(50), ..section("F", Vec::new()) };
        let spec = parse(map(vec![section("A", vec![row("1", &["1"])]), with_details, area])).unwrap();
        let again = parse(render(spec.clone())).unwrap();
        assert_eq!(again, spec);
        let positions: Vec<_> = spec.sections.iter().map(|section| section.position.1).collect();
        assert!(positions.is_sorted() && positions[0] > 0, "sections stand behind each other: {positions:?}");
    }
}
