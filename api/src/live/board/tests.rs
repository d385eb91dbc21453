//! A client that starts from a snapshot and applies every delta is always where the board is, in both forms, however
//! changes, cuts and snapshots are mixed.

use std::collections::BTreeMap;

use bytes::Bytes;
use inventory::{Change, EventId, Inventory, Origin, Record, RowSpec, SeatMapSpec, SeatSpec, SectionSpec, TimeUs};
use proptest::prelude::*;
use uuid::Uuid;
use wire::{LiveBinary, LiveFrame, LiveSnapshot};

use super::super::forms::{self, Form};
use super::*;

const ROWS: [usize; 3] = [5, 3, 4];
pub const SEATS: usize = 12;
pub const AREAS: usize = 2;

/// Two sections with an area between them and one behind. Row `2` has an aisle in it.
fn layout() -> Arc<Layout> {
    let seat = |number: usize| {
        let number = number.to_string();
        Some(SeatSpec { number, category: None, accessible: false, companion: false, block: None })
    };
    let rows = |first: usize, sizes: &[usize]| {
        let rows = sizes.iter().enumerate().map(|(at, size)| {
            let mut seats: Vec<_> = (1..=*size).map(seat).collect();
            if first + at == 2 {
                seats.insert(1, None);
            }
            RowSpec { id: (first + at).to_string(), seats }
        });
        SectionKind::Rows(rows.collect())
    };
    let area = || SectionKind::Area { capacity: 100, category: None };
    let parts = [("A", rows(1, &ROWS[..2])), ("F", area()), ("B", rows(1, &ROWS[2..])), ("G", area())];
    let sections = parts.map(|(id, kind)| SectionSpec {
        id: id.to_owned(),
        name: id.to_owned(),
        position: (0, 0),
        block: None,
        kind,
    });
    let map = SeatMapSpec { sections: sections.into(), focal_point: (0, 0) };
    let mut inventory = Inventory::new(EventId::from_bytes([1; 16]));
    let change = Change::SeatMapSet(Box::new(map));
    let origin = Origin { user: None, request: None, key: None };
    inventory.apply(&Record { lsn: Lsn(1), at: TimeUs(0), origin, change });
    Arc::clone(inventory.layout())
}

pub const FULL: Counts = Counts { free: 100, held: 0, sold: 0, blocked: 0 };

pub fn board() -> Board {
    Board::new(layout(), Phase::Published, Lsn(1), vec![SeatState::Free; SEATS], vec![FULL; AREAS])
}

pub fn state_of(code: usize) -> SeatState {
    [SeatState::Free, SeatState::Held, SeatState::Sold, SeatState::Blocked][code % 4]
}

/// What a client knows, by public ids.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct View {
    pub seq: u64,
    seats: BTreeMap<String, char>,
    areas: BTreeMap<String, u32>,
}

fn payload(frame: &Bytes) -> &[u8] {
    let head = match frame[1] {
        0..=125 => 2,
        126 => 4,
        _ => 10,
    };
    &frame[head..]
}

impl View {
    /// Of somebody who knows nothing and says that he knows this.
    pub fn empty(seq: u64) -> Self {
        Self { seq, ..Self::default() }
    }

    pub fn truth(board: &Board, seq: u64) -> Self {
        let seats = board.seats.states.iter().enumerate();
        let areas = board.areas.states.iter().enumerate();
        Self {
            seq,
            seats: seats.map(|(at, state)| (board.layout.seat_id(seat_ix(at)), state.letter())).collect(),
            areas: areas.map(|(at, area)| (board.layout.area_id(area_ix(at)).to_owned(), area.held)).collect(),
        }
    }

    fn of_json(board: &Board) -> (Self, LiveSnapshot) {
        Self::read_json(&forms::snapshot(board, Uuid::nil(), Form::Json))
    }

    fn read_json(frame: &Bytes) -> (Self, LiveSnapshot) {
        let LiveFrame::Snapshot(snapshot) = serde_json::from_slice(payload(frame)).unwrap() else { panic!() };
        let mut view = Self { seq: snapshot.seq, ..Self::default() };
        for section in &snapshot.sections {
            match &section.rows {
                None => drop(view.areas.insert(section.id.clone(), section.held)),
                Some(rows) => view.seats.extend(rows.iter().flat_map(|row| {
                    let place = format!("{}-{}", section.id, row.id);
                    row.seats.chars().enumerate().map(move |(at, letter)| (format!("{place}-{}", at + 1), letter))
                })),
            }
        }
        (view, snapshot)
    }

    fn of_binary(board: &Board) -> Self {
        Self::read_binary(&forms::snapshot(board, Uuid::nil(), Form::Binary), &board.layout)
    }

    /// A snapshot.
    pub fn read(frame: &Bytes, form: Form, layout: &Layout) -> Self {
        match form {
            Form::Json => Self::read_json(frame).0,
            Form::Binary => Self::read_binary(frame, layout),
        }
    }

    /// A delta.
    pub fn apply(&mut self, frame: &Bytes, form: Form, layout: &Layout) {
        match form {
            Form::Json => self.apply_json(frame, layout),
            Form::Binary => self.apply_binary(frame, layout),
        }
    }

    fn read_binary(frame: &Bytes, layout: &Layout) -> Self {
        let LiveBinary::Snapshot(snapshot) = LiveBinary::decode(payload(frame)).unwrap() else { panic!() };
        let seats = snapshot.seats.iter().enumerate();
        let areas = snapshot.areas.iter().enumerate();
        let letter = |state| wire::state_letter(state).unwrap();
        Self {
            seq: snapshot.seq,
            seats: seats.map(|(at, state)| (layout.seat_id(seat_ix(at)), letter(*state))).collect(),
            areas: areas.map(|(at, area)| (layout.area_id(area_ix(at)).to_owned(), area.held)).collect(),
        }
    }

    fn apply_json(&mut self, frame: &Bytes, layout: &Layout) {
        let LiveFrame::Delta(delta) = serde_json::from_slice(payload(frame)).unwrap() else { panic!() };
        assert!(delta.prev <= self.seq && self.seq < delta.seq);
        self.seq = delta.seq;
        for (first, letters) in delta.seats {
            let seats = letters.chars().zip(first..);
            self.seats.extend(seats.map(|(letter, at)| (layout.seat_id(SeatIx(at)), letter)));
        }
        self.areas.extend(delta.areas.into_iter().map(|area| (area.id, area.held)));
    }

    fn apply_binary(&mut self, frame: &Bytes, layout: &Layout) {
        let LiveBinary::Delta(delta) = LiveBinary::decode(payload(frame)).unwrap() else { panic!() };
        self.seq = delta.seq;
        let seats = delta.seats.into_iter();
        self.seats.extend(seats.map(|(at, state)| (layout.seat_id(SeatIx(at)), wire::state_letter(state).unwrap())));
        let areas = delta.areas.into_iter();
        let area_ix = |at: u32| AreaIx(u16::try_from(at).unwrap());
        self.areas.extend(areas.map(|(at, area)| (layout.area_id(area_ix(at)).to_owned(), area.held)));
    }
}

#[derive(Clone, Debug)]
enum Step {
    Seat(usize, usize),
    Area(usize, u32),
    Cut(bool),
    /// Another picture of the same map.
    Replace(Vec<usize>),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        8 => (0..SEATS, 0..4_usize).prop_map(|(seat, state)| Step::Seat(seat, state)),
        2 => (0..AREAS, 0..100_u32).prop_map(|(area, held)| Step::Area(area, held)),
        4 => any::<bool>().prop_map(Step::Cut),
        1 => proptest::collection::vec(0..4_usize, SEATS).prop_map(Step::Replace),
    ];
    proptest::collection::vec(step, 1..60)
}

proptest! {
    #[test]
    fn snapshot_and_deltas_are_the_state_at_every_seq(steps in steps()) {
        let mut board = board();
        let mut lsn = 1;
        let (mut json, _) = View::of_json(&board);
        let mut binary = View::of_binary(&board);
        prop_assert_eq!(&json, &binary);
        for step in steps {
            lsn += 1;
            match step {
                Step::Seat(seat, state) => board.set_seat(seat_ix(seat), state_of(state)),
                Step::Area(area, held) => board.set_area(area_ix(area), Counts { free: 100 - held, held, ..FULL }),
                Step::Replace(states) => {
                    let seats: Vec<_> = states.into_iter().map(state_of).collect();
                    board.replace(layout(), Lsn(lsn), &seats, &[FULL; AREAS]);
                }
                Step::Cut(even_if_empty) => {
                    lsn -= 1;
                    let before = View { seq: 0, ..json.clone() };
                    let (prev, told) = (json.seq, View::truth(&board, 0));
                    match board.cut(even_if_empty) {
                        None => prop_assert!(before == told && (!even_if_empty || prev == lsn)),
                        Some(cut) => {
                            prop_assert_eq!((cut.prev, cut.seq), (prev, lsn));
                            let forms = forms::delta(&cut, &board.layout, 7);
                            json.apply_json(&forms.json, &board.layout);
                            binary.apply_binary(&forms.binary, &board.layout);
                        }
                    }
                    prop_assert_eq!(&json, &View::truth(&board, json.seq));
                }
            }
            board.reach(Lsn(lsn));
            // Whoever comes now knows what the others know.
            let (snapshot, frame) = View::of_json(&board);
            prop_assert_eq!(&snapshot, &json);
            prop_assert_eq!(&View::of_binary(&board), &json);
            prop_assert_eq!(&binary, &json);
            let totals = frame.sections.iter().fold(0, |sum, part| sum + part.free + part.held + part.sold + part.blocked);
            prop_assert_eq!(totals, 212);
            let of_sections: u32 = frame.sections.iter().map(|part| part.sold).sum();
            let of_seats = json.seats.values().filter(|letter| **letter == 's').count();
            prop_assert_eq!((of_sections as usize, frame.totals.sold as usize), (of_seats, of_seats));
        }
    }
}

#[test]
fn neighbours_are_told_as_one_run() {
    let mut board = board();
    for (seat, state) in [(9, 2), (4, 1), (3, 1), (5, 2), (11, 1)] {
        board.set_seat(seat_ix(seat), state_of(state));
    }
    board.reach(Lsn(6));
    let forms = forms::delta(&board.cut(false).unwrap(), &board.layout, 7);
    let delta = r#"{"type":"delta","prev":1,"seq":6,"at_us":7,"seats":[[3,"hhs"],[9,"s"],[11,"h"]]}"#;
    assert_eq!(std::str::from_utf8(payload(&forms.json)), Ok(delta));
}

#[test]
fn a_seat_that_came_back_to_what_it_was_is_not_told() {
    let mut board = board();
    board.set_seat(SeatIx(3), SeatState::Held);
    board.set_seat(SeatIx(4), SeatState::Held);
    board.set_seat(SeatIx(3), SeatState::Free);
    board.reach(Lsn(4));
    let cut = board.cut(false).unwrap();
    assert_eq!((cut.prev, cut.seq, cut.seats), (1, 4, vec![(SeatIx(4), SeatState::Held)]));
    board.set_seat(SeatIx(4), SeatState::Held);
    board.reach(Lsn(5));
    assert_eq!(board.cut(false), None);
    let empty = board.cut(true).unwrap();
    assert_eq!((empty.prev, empty.seq, empty.seats.len()), (4, 5, 0));
    assert_eq!(board.cut(true), None, "nothing has happened since");
}
