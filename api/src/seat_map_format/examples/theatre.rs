use wire::{PlanText, Point, Row, RowLine, Seat, SeatCategory, SeatDetail, SeatMap, Section, Stage};

const SEAT_PITCH_CM: i32 = 55;

/// Rows behind each other, each of two halves with an aisle between them.
struct Block {
    id: &'static str,
    name: &'static str,
    rows: i32,
    half: i32,
    first_row_cm: i32,
    row_pitch_cm: i32,
    /// Of the front third, the middle and the back.
    categories: [&'static str; 3],
    /// Wheelchair places at both ends of the last row.
    accessible: bool,
    /// How many seats at both ends of each row see a part of the stage only.
    restricted: i32,
}

const STALLS: Block = Block {
    id: "ST",
    name: "Stalls",
    rows: 20,
    half: 13,
    first_row_cm: 500,
    row_pitch_cm: 95,
    categories: ["premium", "standard", "standard"],
    accessible: true,
    restricted: 0,
};

const BALCONY: Block = Block {
    id: "BA",
    name: "Balcony",
    rows: 10,
    half: 14,
    first_row_cm: 2_700,
    row_pitch_cm: 100,
    categories: ["standard", "value", "value"],
    accessible: false,
    restricted: 2,
};

pub fn seat_map() -> SeatMap {
    let category = |id: &str, name: &str, color: &str| SeatCategory {
        id: id.to_owned(),
        name: name.to_owned(),
        color: Some(color.to_owned()),
    };
    let text = |text: &str, y: i32| PlanText {
        text: text.to_owned(),
        at: Point { x: 0, y },
        size_cm: Some(120),
        turned_degrees: None,
    };
    SeatMap {
        version: Some(1),
        sections: vec![STALLS.section(), BALCONY.section()],
        focal_point: Some(Point { x: 0, y: 0 }),
        stage: Some(Stage { label: Some("Stage".to_owned()), outline: super::rectangle(-700, -800, 700, 200) }),
        categories: vec![
            category("premium", "Premium", "#8e2f2f"),
            category("standard", "Standard", "#2f5d8e"),
            category("value", "Value", "#4d7a3a"),
        ],
        texts: vec![text("Stalls", 380), text("Balcony", 2_550)],
    }
}

impl Block {
    fn section(&self) -> Section {
        Section {
            id: self.id.to_owned(),
            name: self.name.to_owned(),
            rows: Some((0..self.rows).map(|row| self.row(row)).collect()),
            position: Some(Point { x: 0, y: self.first_row_cm }),
            ..Section::default()
        }
    }

    /// Rows are lettered from the stage: A, B, and so on.
    fn row(&self, row: i32) -> Row {
        let letter = char::from(b'A' + u8::try_from(row).unwrap_or(0));
        let mut seats: Vec<Option<Seat>> = (1..=2 * self.half).map(|number| Some(self.seat(row, number))).collect();
        seats.insert(seats.len() / 2, None);
        let y = self.first_row_cm + row * self.row_pitch_cm;
        let half_cm = self.half * SEAT_PITCH_CM;
        let line = RowLine { from: Point { x: -half_cm, y }, to: Point { x: half_cm, y } };
        Row { id: letter.to_string(), seats, line: Some(line) }
    }

    fn seat(&self, row: i32, number: i32) -> Seat {
        let from_end = number.min(2 * self.half + 1 - number);
        let is_last = self.accessible && row == self.rows - 1;
        let [front, middle, back] = self.categories;
        let category = match row * 3 / self.rows {
            0 => front,
            1 => middle,
            _ => back,
        };
        Seat::Detail(SeatDetail {
            number: number.to_string(),
            category: Some(category.to_owned()),
            accessible: is_last && from_end == 1,
            companion: is_last && from_end == 2,
            restricted_view: from_end <= self.restricted,
            ..SeatDetail::default()
        })
    }
}
