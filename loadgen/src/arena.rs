//! The event that is sold, as a customer can see it: its seat map with where everything stands, and which seats are free.

use std::collections::HashMap;

use anyhow::{Context, Result, bail};
use rand::RngExt;
use rand::rngs::StdRng;
use uuid::Uuid;
use wire::{Availability, Event, EventStatus, Page, Point, Row, Seat, SeatMap, Section, SectionCounts};

use crate::account::Allowance;
use crate::client::Client;
use crate::measure::Step;
use crate::pool::Call;
use crate::venue::DESCRIPTION;

const SEAT_PITCH_CM: f64 = 55.0;
const ROW_PITCH_CM: f64 = 90.0;
/// Between sections that name no position.
const SECTION_GAP_CM: f64 = 200.0;

pub struct Arena {
    pub event: Event,
    pub seats: Vec<Place>,
    pub areas: Vec<Area>,
    /// First seat of a row, by section and row.
    rows: HashMap<(String, String), usize>,
    numbers: HashMap<String, u32>,
}

pub struct Place {
    pub id: String,
    /// Centimetres.
    pub x: i32,
    pub y: i32,
}

pub struct Area {
    pub id: String,
    pub name: String,
    pub capacity: u32,
    pub x: i32,
    pub y: i32,
}

impl Arena {
    /// The event `id`, or the first published one that the load generator did not make for itself.
    ///
    /// # Errors
    /// There is none, or it is not on sale, or it cannot be read.
    pub async fn load(client: &Client, id: Option<Uuid>) -> Result<Self> {
        let id = match id {
            Some(id) => id,
            None => first_published(client).await?,
        };
        let event: Event = client.ask(Step::Setup, None, &Call::get(format!("/api/v1/events/{id}"))).await?;
        if event.status != EventStatus::Published {
            bail!("event {id} is not published");
        }
        let map: SeatMap = client.ask(Step::Setup, None, &Call::get(format!("/api/v1/events/{id}/seat-map"))).await?;
        Ok(Self::new(event, &map))
    }

    pub fn new(event: Event, map: &SeatMap) -> Self {
        let mut arena =
            Self { event, seats: Vec::new(), areas: Vec::new(), rows: HashMap::new(), numbers: HashMap::new() };
        let focus = map.focal_point.unwrap_or(Point { x: 0, y: 0 });
        let mut behind = SECTION_GAP_CM;
        for section in &map.sections {
            let centre = match section.position {
                Some(point) => (f64::from(point.x), f64::from(point.y)),
                None => (f64::from(focus.x), f64::from(focus.y) + behind),
            };
            let rows = section.rows.as_deref().unwrap_or_default();
            behind += rows.len() as f64 * ROW_PITCH_CM + SECTION_GAP_CM;
            match section.capacity {
                Some(capacity) => arena.add_area(section, capacity, centre),
                None => arena.add_rows(section, rows, centre, focus),
            }
        }
        arena.numbers = arena.seats.iter().zip(0..).map(|(place, number)| (place.id.clone(), number)).collect();
        arena
    }

    fn add_area(&mut self, section: &Section, capacity: u32, (x, y): (f64, f64)) {
        let (id, name) = (section.id.clone(), section.name.clone());
        self.areas.push(Area { id, name, capacity, x: x as i32, y: y as i32 });
    }

    /// Rows stand behind one another, away from the focal point, each across that line.
    fn add_rows(&mut self, section: &Section, rows: &[Row], (x, y): (f64, f64), focus: Point) {
        let (dx, dy) = (x - f64::from(focus.x), y - f64::from(focus.y));
        let length = dx.hypot(dy);
        let (dx, dy) = if length < 1.0 { (0.0, 1.0) } else { (dx / length, dy / length) };
        for (depth, row) in rows.iter().enumerate() {
            self.rows.insert((section.id.clone(), row.id.clone()), self.seats.len());
            let back = depth as f64 * ROW_PITCH_CM;
            let middle = (row.seats.len() as f64 - 1.0) / 2.0;
            for (slot, seat) in row.seats.iter().enumerate() {
                let Some(seat) = seat else { continue };
                let across = (slot as f64 - middle) * SEAT_PITCH_CM;
                self.seats.push(Place {
                    id: format!("{}-{}-{}", section.id, row.id, number(seat)),
                    x: (x + dx * back + dy * across) as i32,
                    y: (y + dy * back - dx * across) as i32,
                });
            }
        }
    }

    pub fn seat(&self, id: &str) -> Option<u32> {
        self.numbers.get(id).copied()
    }

    pub fn capacity(&self) -> u32 {
        self.seats.len() as u32 + self.areas.iter().map(|area| area.capacity).sum::<u32>()
    }

    pub fn allowance(&self) -> Allowance {
        self.event.policy.as_ref().map_or(Allowance { holds: 4, units: u32::MAX }, |policy| Allowance {
            holds: policy.holds_per_customer_max,
            units: policy.units_per_customer_max.unwrap_or(u32::MAX),
        })
    }

    pub fn units_per_hold_max(&self) -> u32 {
        self.event.policy.as_ref().map_or(4, |policy| policy.units_per_hold_max)
    }

    pub fn availability_call(&self) -> Call {
        Call::get(format!("/api/v1/events/{}/availability?seats=true", self.event.id))
    }

    /// Free neighbours, from a row that chance picks; nothing when no row has so many.
    pub fn choose(&self, seen: &Availability, units: u32, rng: &mut StdRng) -> Option<Vec<String>> {
        let rows: Vec<(usize, &str)> = seen
            .sections
            .iter()
            .flat_map(|section| section.rows.iter().flatten().map(move |row| (section, row)))
            .filter_map(|(section, row)| {
                let first = self.rows.get(&(section.id.clone(), row.id.clone()))?;
                Some((*first, row.seats.as_str()))
            })
            .collect();
        if rows.is_empty() {
            return None;
        }
        let wanted = "f".repeat(units as usize);
        let start = rng.random_range(0..rows.len());
        (0..rows.len()).map(|step| rows[(start + step) % rows.len()]).find_map(|(first, states)| {
            let runs: Vec<usize> =
                (0..states.len()).filter(|at| states.as_bytes()[*at..].starts_with(wanted.as_bytes())).collect();
            let at = first + runs.get(rng.random_range(0..runs.len().max(1)))?;
            let places = self.seats.get(at..at + units as usize)?;
            Some(places.iter().map(|place| place.id.clone()).collect())
        })
    }

    /// Any neighbours, without a look at what is free.
    pub fn guess(&self, units: u32, rng: &mut StdRng) -> Vec<String> {
        let last = self.seats.len().saturating_sub(units as usize);
        let first = rng.random_range(0..=last);
        self.seats.iter().skip(first).take(units as usize).map(|place| place.id.clone()).collect()
    }

    /// The state letters of all seats, in their order here.
    ///
    /// # Errors
    /// A row is missing, unknown, or of another length.
    pub fn letters(&self, sections: &[SectionCounts]) -> Result<Vec<u8>, String> {
        let mut letters = vec![0; self.seats.len()];
        for section in sections {
            for row in section.rows.iter().flatten() {
                let name = (section.id.clone(), row.id.clone());
                let first = *self.rows.get(&name).ok_or_else(|| format!("no row {}-{}", name.0, name.1))?;
                let slots = letters.get_mut(first..first + row.seats.len());
                let slots = slots.ok_or_else(|| format!("row {}-{} has {} seats", name.0, name.1, row.seats.len()))?;
                slots.copy_from_slice(row.seats.as_bytes());
            }
        }
        match letters.iter().position(|letter| !b"fhsb".contains(letter)) {
            Some(at) => Err(format!("seat {} is in no state", self.seats[at].id)),
            None => Ok(letters),
        }
    }

    /// The state letter of a seat.
    pub fn state(&self, seen: &HashMap<(&str, &str), &str>, id: &str) -> Option<char> {
        let (section, rest) = id.split_once('-')?;
        let (row, _) = rest.split_once('-')?;
        let first = *self.rows.get(&(section.to_owned(), row.to_owned()))?;
        let at = self.seat(id)? as usize - first;
        seen.get(&(section, row))?.chars().nth(at)
    }
}

/// The state letters by section and row.
pub fn states(seen: &Availability) -> HashMap<(&str, &str), &str> {
    let rows =
        seen.sections.iter().flat_map(|section| section.rows.iter().flatten().map(|row| (section.id.as_str(), row)));
    rows.map(|(section, row)| ((section, row.id.as_str()), row.seats.as_str())).collect()
}

fn number(seat: &Seat) -> &str {
    match seat {
        Seat::Number(number) => number,
        Seat::Detail(detail) => &detail.number,
    }
}

async fn first_published(client: &Client) -> Result<Uuid> {
    let mut cursor: Option<String> = None;
    loop {
        let query = cursor.map(|cursor| format!("?cursor={cursor}")).unwrap_or_default();
        let page: Page<Event> = client.ask(Step::Setup, None, &Call::get(format!("/api/v1/events{query}"))).await?;
        let is_real = |event: &&Event| event.status == EventStatus::Published && event.description != DESCRIPTION;
        if let Some(event) = page.items.iter().find(is_real) {
            return Ok(event.id);
        }
        cursor = Some(page.next_cursor.context("the server has no published event")?);
    }
}
