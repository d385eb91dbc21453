//! The seat map and what happened to each place when, as the HTML page plays it.

use serde::Serialize;

use crate::arena::Arena;
use crate::audit::Asked;

/// Changes that a page is made to carry. Of more, every n-th is kept: the picture of the filling stays.
const CHANGES_MAX: usize = 150_000;

#[derive(Clone, Debug, Serialize)]
pub struct View {
    /// Centimetres, by seat.
    pub x: Vec<i32>,
    pub y: Vec<i32>,
    /// One letter per seat before the run: `f`, `h`, `s` or `b`.
    pub before: String,
    pub areas: Vec<AreaView>,
    /// Millisecond of the run, seat, and what it became: 0 free, 1 held, 2 sold.
    pub seats: Vec<(i64, u32, u8)>,
    /// Millisecond of the run, area, and units sold there.
    pub standing: Vec<(i64, u32, u32)>,
    /// One of so many changes is shown.
    pub sampled: usize,
}

#[derive(Clone, Debug, Serialize)]
pub struct AreaView {
    pub name: String,
    pub capacity: u32,
    pub sold_before: u32,
    pub x: i32,
    pub y: i32,
}

impl View {
    pub fn new(arena: &Arena, asked: &Asked) -> Self {
        let at = |moment: chrono::DateTime<chrono::Utc>| (moment - asked.run.started_at).num_milliseconds();
        let mut seats = Vec::new();
        for held in &asked.held {
            for seat in held.items.iter().filter_map(|item| arena.seat(item.seat.as_deref()?)) {
                seats.push((at(held.answered_at), seat, 1));
                if let Some(released) = asked.released_at.get(&held.hold) {
                    seats.push((at(*released), seat, 0));
                }
            }
        }
        let mut standing = Vec::new();
        for paid in asked.paid.values() {
            for item in &paid.order.items {
                if let Some(seat) = item.seat.as_deref().and_then(|id| arena.seat(id)) {
                    seats.push((at(paid.at), seat, 2));
                }
                if let Some(area) = arena.areas.iter().position(|area| Some(&area.id) == item.area.as_ref()) {
                    standing.push((at(paid.at), area as u32, item.quantity));
                }
            }
        }
        seats.sort_unstable();
        standing.sort_unstable();
        let sampled = seats.len().div_ceil(CHANGES_MAX).max(1);
        Self {
            x: arena.seats.iter().map(|seat| seat.x).collect(),
            y: arena.seats.iter().map(|seat| seat.y).collect(),
            before: before(arena, asked),
            areas: areas(arena, asked),
            seats: seats.into_iter().step_by(sampled).collect(),
            standing,
            sampled,
        }
    }
}

fn before(arena: &Arena, asked: &Asked) -> String {
    let seen = crate::arena::states(&asked.run.before);
    arena.seats.iter().map(|seat| arena.state(&seen, &seat.id).unwrap_or('f')).collect()
}

fn areas(arena: &Arena, asked: &Asked) -> Vec<AreaView> {
    let sold = |id: &str| {
        let section = asked.run.before.sections.iter().find(|section| section.id == id);
        section.map_or(0, |section| section.sold)
    };
    let show = |area: &crate::arena::Area| AreaView {
        name: area.name.clone(),
        capacity: area.capacity,
        sold_before: sold(&area.id),
        x: area.x,
        y: area.y,
    };
    arena.areas.iter().map(show).collect()
}
