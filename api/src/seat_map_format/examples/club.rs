use wire::{PlanText, Point, Row, Seat, SeatCategory, SeatDetail, SeatMap, Section, Stage};

const TABLES: i32 = 20;
const TABLES_PER_LINE: i32 = 5;
const TABLE_PITCH_CM: i32 = 300;
const FIRST_TABLE: Point = Point { x: -600, y: 1_600 };
/// From a table's centre to each of its four chairs.
const CHAIRS: [(i32, i32); 4] = [(-70, -70), (70, -70), (-70, 70), (70, 70)];

pub fn seat_map() -> SeatMap {
    let floor = Section {
        id: "FLOOR".to_owned(),
        name: "Floor".to_owned(),
        capacity: Some(400),
        category: Some("floor".to_owned()),
        position: Some(Point { x: 0, y: 700 }),
        outline: super::rectangle(-800, 150, 800, 1_300),
        ..Section::default()
    };
    let tables = Section {
        id: "TABLE".to_owned(),
        name: "Tables".to_owned(),
        rows: Some((0..TABLES).map(table).collect()),
        category: Some("table".to_owned()),
        position: Some(Point { x: 0, y: FIRST_TABLE.y }),
        ..Section::default()
    };
    let category = |id: &str, name: &str, color: &str| SeatCategory {
        id: id.to_owned(),
        name: name.to_owned(),
        color: Some(color.to_owned()),
    };
    SeatMap {
        version: Some(1),
        sections: vec![floor, tables],
        focal_point: Some(Point { x: 0, y: 0 }),
        stage: Some(Stage { label: Some("Stage".to_owned()), outline: super::rectangle(-400, -400, 400, 0) }),
        categories: vec![category("floor", "Floor", "#5b3f8e"), category("table", "Table", "#b5812f")],
        texts: vec![PlanText {
            text: "Bar".to_owned(),
            at: Point { x: 1_200, y: 800 },
            size_cm: Some(150),
            turned_degrees: Some(90),
        }],
    }
}

/// A row of two pairs that face each other: best available keeps a pair together.
fn table(number: i32) -> Row {
    let (column, line) = (number % TABLES_PER_LINE, number / TABLES_PER_LINE);
    let centre = (FIRST_TABLE.x + column * TABLE_PITCH_CM, FIRST_TABLE.y + line * TABLE_PITCH_CM);
    let chair = |(chair, (x, y)): (usize, (i32, i32))| {
        Seat::Detail(SeatDetail {
            number: (chair + 1).to_string(),
            at: Some(Point { x: centre.0 + x, y: centre.1 + y }),
            ..SeatDetail::default()
        })
    };
    let mut seats: Vec<Option<Seat>> = CHAIRS.into_iter().enumerate().map(chair).map(Some).collect();
    seats.insert(2, None);
    Row { id: (number + 1).to_string(), seats, line: None }
}
