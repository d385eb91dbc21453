//! Tests of the rules as tables: one command per row, `->`, what it answers. `tick 30s` lets time pass. After every row
//! the state is recounted, and at the end it is the same by replay of the encoded journal and by its snapshot.
//!
//! ```text
//! hold h1 ann A-1-1 A-1-2   -> A-1-1 A-1-2
//! hold h2 bob A-1-2         -> SEATS_TAKEN A-1-2
//! tick 10m
//! expire                    -> expired 1
//! ```

mod parse;
mod render;

use crate::{Change, Command, EventId, Inventory, Origin, Record, Rejection, Row, SeatMapSpec, TimeUs, Verb, limits};

const START: TimeUs = TimeUs(1_800_000_000_000_000);

pub(crate) struct Stage {
    pub inventory: Inventory,
    pub now: TimeUs,
    journal: Vec<u8>,
    /// Rows that followed from the last accepted command.
    pub rows: Vec<Row>,
    scans: u64,
}

impl Stage {
    /// An event on sale with this map (see `parse::seat_map`) and one open tier `full` at 10.00 that covers all of it.
    pub fn on_sale(map: &str) -> Self {
        let mut stage = Self::draft(map);
        stage.play("tier full -> ok\npublish -> ok");
        stage
    }

    pub fn draft(map: &str) -> Self {
        let mut stage = Self::empty();
        stage.ask(Verb::SetSeatMap(Box::new(Self::map(map)))).expect("the map of the test is sound");
        stage
    }

    pub fn empty() -> Self {
        Self {
            inventory: Inventory::new(EventId::from_bytes([7; 16])),
            now: START,
            journal: Vec::new(),
            rows: Vec::new(),
            scans: 0,
        }
    }

    pub fn map(map: &str) -> SeatMapSpec {
        parse::seat_map(map)
    }

    /// Plays the rows and compares every answer.
    pub fn play(&mut self, table: &str) -> &mut Self {
        for row in table.lines().map(str::trim).filter(|row| !row.is_empty() && !row.starts_with('#')) {
            let (asked, expected) = row.split_once("->").map_or((row, None), |(a, b)| (a.trim(), Some(b.trim())));
            if let Some(time) = asked.strip_prefix("tick ") {
                self.now = self.now.plus_us(parse::duration_us(time));
                continue;
            }
            let told = if asked.starts_with("seats") { self.seats() } else { self.say(asked) };
            assert_eq!(Some(told.as_str()), expected, "in the row `{row}`");
            self.inventory.verify().unwrap_or_else(|violation| panic!("after `{row}`: {violation}"));
        }
        self
    }

    /// Ends a test: the same state by replay, and by snapshot.
    pub fn check(&self) {
        let mut replayed = Inventory::new(self.inventory.event());
        self.records().for_each(|record| drop(replayed.apply(&record)));
        assert_eq!(replayed.digest(), self.inventory.digest(), "replay reaches the same state");
        assert_eq!(replayed.availability(), self.inventory.availability());
        let snapshot = self.inventory.snapshot();
        let restored = Inventory::restore(&snapshot).expect("a snapshot restores");
        assert_eq!(restored.snapshot(), snapshot, "a restored state is the same state");
        assert_eq!(restored.availability(), self.inventory.availability());
        assert_eq!(restored.row_states(None), self.inventory.row_states(None));
        assert_eq!(restored.next_due(), self.inventory.next_due());
    }

    /// Of every accepted command, as the journal has them.
    pub fn records(&self) -> impl Iterator<Item = Record> {
        let mut at = 0;
        std::iter::from_fn(move || Record::decode(&self.journal, &mut at).expect("the journal is sound"))
    }

    fn say(&mut self, row: &str) -> String {
        let (origin, verb) = parse::command(self, row);
        match self.tell(origin, verb) {
            Ok(answer) => render::answer(&self.inventory, &answer),
            Err(rejection) => render::rejection(&self.inventory, &rejection),
        }
    }

    /// Of a row that is refused.
    pub fn refusal(&mut self, row: &str) -> Rejection {
        let (origin, verb) = parse::command(self, row);
        self.tell(origin, verb).expect_err("the row is refused")
    }

    pub fn ask(&mut self, verb: Verb) -> Result<crate::Answer, Rejection> {
        self.tell(Origin::ENGINE, verb)
    }

    /// A change that no command leads to any more and that journals hold.
    pub fn recorded(&mut self, change: Change) {
        self.apply(Origin::ENGINE, change);
    }

    fn tell(&mut self, origin: Origin, verb: Verb) -> Result<crate::Answer, Rejection> {
        let command = Command { origin, verb };
        let before = self.inventory.lsn();
        let result = self.inventory.repeat(self.now, &command).unwrap_or_else(|| {
            let change = self.inventory.decide(self.now, &command)?;
            Ok(self.apply(origin, change))
        });
        if result.is_err() {
            assert_eq!(self.inventory.lsn(), before, "a refusal changes nothing");
        }
        result
    }

    fn apply(&mut self, origin: Origin, change: Change) -> crate::Answer {
        let record = Record { lsn: self.inventory.lsn().next(), at: self.now, origin, change };
        record.encode(&mut self.journal);
        let answer = self.inventory.apply(&record);
        self.rows.clear();
        self.inventory.rows(&record, &mut self.rows);
        answer
    }

    fn seats(&self) -> String {
        let rows = self.inventory.row_states(None);
        rows.iter().map(|row| row.states.as_str()).collect::<Vec<_>>().join(" ")
    }

    fn next_scan(&mut self) -> u64 {
        self.scans += 1;
        self.scans
    }
}

const _: () = assert!(limits::HOLD_TTL_DEFAULT_US == 600_000_000, "tables count on a hold of ten minutes");
