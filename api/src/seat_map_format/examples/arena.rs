//! 20,000 seats in a horseshoe around the stage and a standing area of 5,000 in front of it. The demo sells it.

use wire::{Point, Row, RowLine, Seat, SeatDetail, SeatMap, Section, Stage};

/// Centimetres behind the front edge of the stage, where best available looks first.
const FOCAL_POINT: Point = Point { x: 0, y: 0 };
const STANDING_Y_CM: i32 = 600;
const ROW_PITCH_CM: f64 = 90.0;
const SEAT_PITCH_CM: f64 = 50.0;
const STANDING_PLACES: u32 = 5_000;

/// One ring of equal sections around the stage.
struct Ring {
    prefix: &'static str,
    name: &'static str,
    sections: u32,
    rows: u32,
    seats_per_row: u32,
    /// From the stage to the first row.
    radius_cm: f64,
    /// From the first section's centre to the last one's, symmetric about the axis of the hall.
    spread_degrees: f64,
    /// An aisle in the middle of every row.
    aisle: bool,
    /// Of sections within 45 degrees of the axis, and of the others.
    categories: [&'static str; 2],
    /// Wheelchair places at both ends of the last row, each with a companion's seat beside it.
    accessible: bool,
}

const RINGS: [Ring; 3] = [
    Ring {
        prefix: "F",
        name: "Floor",
        sections: 4,
        rows: 15,
        seats_per_row: 20,
        radius_cm: 2_800.0,
        spread_degrees: 60.0,
        aisle: false,
        categories: ["floor", "floor"],
        accessible: false,
    },
    Ring {
        prefix: "L1",
        name: "Lower tier",
        sections: 16,
        rows: 20,
        seats_per_row: 25,
        radius_cm: 4_600.0,
        spread_degrees: 270.0,
        aisle: false,
        categories: ["lower_centre", "lower_side"],
        accessible: true,
    },
    Ring {
        prefix: "U2",
        name: "Upper tier",
        sections: 18,
        rows: 20,
        seats_per_row: 30,
        radius_cm: 7_200.0,
        spread_degrees: 280.0,
        aisle: true,
        categories: ["upper", "upper"],
        accessible: false,
    },
];

const SEATS: u32 = {
    let (mut seats, mut at) = (0, 0);
    while at < RINGS.len() {
        seats += RINGS[at].sections * RINGS[at].rows * RINGS[at].seats_per_row;
        at += 1;
    }
    seats
};
const _: () = assert!(SEATS == 20_000);

pub fn seat_map() -> SeatMap {
    let mut sections = vec![Section {
        id: "STANDING".to_owned(),
        name: "Standing".to_owned(),
        rows: None,
        capacity: Some(STANDING_PLACES),
        category: Some("standing".to_owned()),
        block: None,
        position: Some(Point { x: 0, y: STANDING_Y_CM }),
        outline: super::rectangle(-1_500, 200, 1_500, 2_300),
    }];
    for ring in &RINGS {
        sections.extend((0..ring.sections).map(|at| ring.section(at)));
    }
    let stage = Stage { label: Some("Stage".to_owned()), outline: super::rectangle(-1_200, -1_200, 1_200, 0) };
    SeatMap { version: Some(1), sections, focal_point: Some(FOCAL_POINT), stage: Some(stage), ..SeatMap::default() }
}

impl Ring {
    fn section(&self, at: u32) -> Section {
        let step = self.spread_degrees / f64::from(self.sections - 1);
        let degrees = f64::from(at) * step - self.spread_degrees / 2.0;
        let angle = degrees.to_radians();
        let number = at + 1;
        let (id, name) = match self.prefix {
            "F" => (format!("F{number}"), format!("{} {number}", self.name)),
            prefix => (format!("{prefix}{number:02}"), format!("{} {prefix}{number:02}", self.name)),
        };
        let category = if degrees.abs() <= 45.0 { self.categories[0] } else { self.categories[1] };
        Section {
            id,
            name,
            rows: Some((1..=self.rows).map(|row| self.row(row, angle)).collect()),
            capacity: None,
            category: Some(category.to_owned()),
            block: None,
            position: Some(Point {
                x: (self.radius_cm * angle.sin()).round() as i32,
                y: (self.radius_cm * angle.cos()).round() as i32,
            }),
            outline: Vec::new(),
        }
    }

    fn row(&self, row: u32, angle: f64) -> Row {
        let has_wheelchairs = self.accessible && row == self.rows;
        let mut seats: Vec<Option<Seat>> =
            (1..=self.seats_per_row).map(|number| Some(self.seat(number, has_wheelchairs))).collect();
        if self.aisle {
            seats.insert(seats.len() / 2, None);
        }
        let line = self.line(row, angle, seats.len());
        Row { id: row.to_string(), seats, line: Some(line) }
    }

    /// Across the line of sight, left to right as seen from the stage.
    fn line(&self, row: u32, angle: f64, places: usize) -> RowLine {
        let radius = self.radius_cm + f64::from(row - 1) * ROW_PITCH_CM;
        let half = (places - 1) as f64 * SEAT_PITCH_CM / 2.0;
        let at = |along: f64| Point {
            x: (radius * angle.sin() + along * angle.cos()).round() as i32,
            y: (radius * angle.cos() - along * angle.sin()).round() as i32,
        };
        RowLine { from: at(-half), to: at(half) }
    }

    fn seat(&self, number: u32, has_wheelchairs: bool) -> Seat {
        let from_end = number.min(self.seats_per_row + 1 - number);
        if !has_wheelchairs || from_end > 2 {
            return Seat::Number(number.to_string());
        }
        Seat::Detail(SeatDetail {
            number: number.to_string(),
            accessible: from_end == 1,
            companion: from_end == 2,
            ..SeatDetail::default()
        })
    }
}
