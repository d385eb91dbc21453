//! Events of the load generator's own, made through the organizer's API when a preset needs a house of a certain size.

use anyhow::{Context, Result};
use chrono::{DateTime, TimeDelta, Utc};
use hyper::Method;
use uuid::Uuid;
use wire::{Event, EventCreate, Money, Point, Row, Seat, SeatMap, Section, TierCreate};

use crate::account::{Account, Credentials};
use crate::client::Client;
use crate::measure::Step;
use crate::pool::Call;

const SEATS_PER_ROW: u32 = 100;
const ROWS_PER_SECTION: u32 = 50;
const SECTIONS_ACROSS: u32 = 6;
/// Marks events that exist for one run.
pub const DESCRIPTION: &str = "Made by the load generator.";
const CURRENCY: &str = "EUR";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Venue {
    pub title: &'static str,
    pub seats: u32,
    pub standing: u32,
    pub hold_ttl_s: u32,
    pub holds_per_customer_max: u32,
    pub units_per_customer_max: Option<u32>,
}

#[derive(Clone, Debug)]
pub struct Organizer {
    pub email: String,
    pub password: String,
}

impl Venue {
    /// Creates the event, puts its house and prices, and opens the sale. Gives its id.
    ///
    /// # Errors
    /// The organizer's account is refused, or a step of it.
    pub async fn open(&self, client: &Client, organizer: &Organizer, now: DateTime<Utc>) -> Result<Uuid> {
        let Organizer { email, password } = organizer.clone();
        let account = Account::new(Credentials { email, password, token: String::new() });
        account.sign_in(client).await.context("signing in as the organizer")?;
        let ask = async |call: Call| client.ask_raw(Step::Setup, Some(&account), &call).await;
        let event = ask(Call::post("/api/v1/events".to_owned(), None, &self.event(now))?).await?;
        let event: Event = serde_json::from_slice(&event.body)?;
        let path = format!("/api/v1/events/{}", event.id);
        let put = Call::post(format!("{path}/seat-map"), None, &self.seat_map())?;
        ask(Call { method: Method::PUT, ..put }).await?;
        for tier in self.tiers() {
            ask(Call::post(format!("{path}/tiers"), None, &tier)?).await?;
        }
        ask(Call { method: Method::POST, path: format!("{path}/publish"), key: None, body: None }).await?;
        Ok(event.id)
    }

    fn event(&self, now: DateTime<Utc>) -> EventCreate {
        EventCreate {
            title: self.title.to_owned(),
            description: DESCRIPTION.to_owned(),
            starts_at: now + TimeDelta::days(30),
            currency: CURRENCY.to_owned(),
            hold_ttl_s: Some(self.hold_ttl_s),
            holds_per_customer_max: Some(self.holds_per_customer_max),
            units_per_customer_max: self.units_per_customer_max,
            ..EventCreate::default()
        }
    }

    /// Sections of 5,000 in rows of 100, six across, and one standing area before them.
    fn seat_map(&self) -> SeatMap {
        let per_section = SEATS_PER_ROW * ROWS_PER_SECTION;
        let mut sections: Vec<Section> = (0..self.seats.div_ceil(per_section))
            .map(|at| section(at, per_section.min(self.seats - at * per_section)))
            .collect();
        if self.standing > 0 {
            sections.push(Section {
                id: "FLOOR".to_owned(),
                name: "Floor".to_owned(),
                capacity: Some(self.standing),
                position: Some(Point { x: 0, y: 1_000 }),
                ..Section::default()
            });
        }
        SeatMap { sections, focal_point: Some(Point { x: 0, y: 0 }), ..SeatMap::default() }
    }

    fn tiers(&self) -> Vec<TierCreate> {
        let price = |amount_minor| Money { amount_minor, currency: CURRENCY.to_owned() };
        let tier = |name: &str, price, areas: Option<Vec<String>>, sections| TierCreate {
            name: name.to_owned(),
            price,
            sections,
            areas,
            categories: None,
            quota: None,
            shared_quotas: None,
            sale_window: None,
            per_order_min: None,
            per_order_max: None,
            per_customer_max: None,
            access_code: None,
            description: None,
            position: None,
            price_steps: None,
            needs_code: None,
            refund_policy: None,
        };
        let ids = |map: SeatMap| map.sections.into_iter().filter(|one| one.rows.is_some()).map(|one| one.id).collect();
        let mut tiers = Vec::new();
        if self.seats > 0 {
            tiers.push(tier("Seat", price(5_900), None, Some(ids(self.seat_map()))));
        }
        if self.standing > 0 {
            tiers.push(tier("Standing", price(3_900), Some(vec!["FLOOR".to_owned()]), None));
        }
        tiers
    }
}

fn section(at: u32, seats: u32) -> Section {
    let row = |number: u32| Row {
        id: (number + 1).to_string(),
        seats: (1..=SEATS_PER_ROW.min(seats - number * SEATS_PER_ROW))
            .map(|seat| Some(Seat::Number(seat.to_string())))
            .collect(),
        line: None,
    };
    let (across, deep) = ((at % SECTIONS_ACROSS) as i32, (at / SECTIONS_ACROSS) as i32);
    Section {
        id: format!("S{}", at + 1),
        name: format!("Section {}", at + 1),
        rows: Some((0..seats.div_ceil(SEATS_PER_ROW)).map(row).collect()),
        position: Some(Point { x: across * 6_000 - 15_000, y: 3_000 + deep * 5_500 }),
        ..Section::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_house_has_exactly_the_seats_that_were_asked_for() {
        for seats in [0, 1, 99, 100, 101, 5_000, 5_001, 12_345, 100_000] {
            let venue = Venue {
                title: "t",
                seats,
                standing: 7,
                hold_ttl_s: 600,
                holds_per_customer_max: 4,
                units_per_customer_max: None,
            };
            let map = venue.seat_map();
            let rows: Vec<Row> = map.sections.iter().filter_map(|section| section.rows.clone()).flatten().collect();
            assert_eq!(rows.iter().map(|row| row.seats.len() as u32).sum::<u32>(), seats);
            assert!(rows.iter().all(|row| !row.seats.is_empty() && row.seats.len() <= 128));
            assert_eq!(map.sections.iter().filter_map(|section| section.capacity).sum::<u32>(), 7);
        }
    }
}
