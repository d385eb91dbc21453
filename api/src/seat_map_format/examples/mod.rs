//! Maps to begin with, made in code: a rule is shorter than the places that follow from it, and cannot misplace one.

mod arena;
mod club;
mod theatre;

use wire::{Point, SeatMap};

pub use arena::seat_map as arena;

const NAMES: [(&str, &str); 3] = [
    ("arena", "20,000 seats in bowls around a stage, and a standing area of 5,000 before it"),
    ("club", "A standing floor for 400 and twenty tables of four"),
    ("theatre", "800 seats: stalls with an aisle and a balcony with seats of restricted view"),
];

/// In the order of their names.
pub fn all() -> [(&'static str, SeatMap); 3] {
    [("arena", arena::seat_map()), ("club", club::seat_map()), ("theatre", theatre::seat_map())]
}

/// Names with what they are.
pub const fn names() -> &'static [(&'static str, &'static str)] {
    &NAMES
}

pub fn find(name: &str) -> Option<SeatMap> {
    all().into_iter().find(|(known, _)| *known == name).map(|(_, map)| map)
}

fn rectangle(left: i32, near: i32, right: i32, far: i32) -> Vec<Point> {
    [(left, near), (right, near), (right, far), (left, far)].map(|(x, y)| Point { x, y }).to_vec()
}
