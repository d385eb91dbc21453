//! I9 as sockets meet it: whoever comes with whatever `from`, at whatever moment, and reads however seldom, is at each
//! `seq` where the event was at that `seq`, and in the end where it is.

use std::collections::BTreeMap;
use std::time::Duration;

use inventory::{Counts, Lsn, SeatIx, SeatState};
use proptest::prelude::*;

use super::super::board::tests::{AREAS, FULL, SEATS, View, board, state_of};
use super::*;

/// Longer than the ring remembers anything.
const LATER: Duration = Duration::from_secs(120);
/// More than there can be to tell.
const FRAMES_MAX: usize = 500;

#[derive(Clone, Debug)]
enum Step {
    Seat(usize, usize),
    Area(usize, u32),
    /// `true`: told only by the next step of its kind, or the next cut.
    Cut(bool),
    Tell,
    /// Deltas are too old to be sent.
    Prune,
    /// Another picture.
    Anew,
    /// A socket with this `from`, which may be no `seq` that was ever told.
    Come(Option<u64>, bool),
    /// One of the sockets takes so many frames.
    Read(usize, usize),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        10 => (0..SEATS, 0..4_usize).prop_map(|(seat, state)| Step::Seat(seat, state)),
        2 => (0..AREAS, 0..100_u32).prop_map(|(area, held)| Step::Area(area, held)),
        6 => any::<bool>().prop_map(Step::Cut),
        2 => Just(Step::Tell),
        1 => Just(Step::Prune),
        1 => Just(Step::Anew),
        5 => (proptest::option::weighted(0.8, 0..40_u64), any::<bool>())
            .prop_map(|(from, is_binary)| Step::Come(from, is_binary)),
        8 => (0..8_usize, 0..6_usize).prop_map(|(socket, frames)| Step::Read(socket, frames)),
    ];
    proptest::collection::vec(step, 1..100)
}

struct Socket {
    seen: Seen,
    form: Form,
    view: View,
}

struct Run {
    feed: Arc<Feed>,
    lsn: u64,
    /// What was true at each LSN: whoever comes was told so by this feed or by another before it, which cut elsewhere.
    truth: BTreeMap<u64, View>,
    /// The last cut, or picture.
    cut_at: u64,
    untold: Option<(u64, Forms)>,
    sockets: Vec<Socket>,
}

impl Run {
    fn new() -> Self {
        let feed = Feed::new(EventId::from_bytes([1; 16]));
        let first = board();
        let lsn = first.told_seq();
        let truth = BTreeMap::from([(lsn, View::truth(&first, lsn))]);
        feed.open(first, Personal::default());
        Self { feed, lsn, truth, cut_at: lsn, untold: None, sockets: Vec::new() }
    }

    fn edit(&mut self, edit: impl FnOnce(&mut Board)) {
        self.lsn += 1;
        let lsn = Lsn(self.lsn);
        let truth = self.feed.edit(|board, _| {
            edit(board);
            board.reach(lsn);
            View::truth(board, lsn.0)
        });
        self.truth.insert(lsn.0, truth.expect("the feed is open"));
    }

    fn cut(&mut self) {
        self.tell();
        let cut = self.feed.edit(|board, _| {
            let cut = board.cut(true)?;
            Some((cut.seq, forms::delta(&cut, board.layout(), 7)))
        });
        if let Some(Some((seq, forms))) = cut {
            self.cut_at = seq;
            self.untold = Some((seq, forms));
        }
    }

    fn tell(&mut self) {
        if let Some((seq, forms)) = self.untold.take() {
            self.feed.tell(seq, forms, Instant::now());
        }
    }

    fn start_anew(&mut self) {
        self.lsn += 1;
        self.untold = None;
        let (seats, areas) = (vec![SeatState::Free; SEATS], vec![FULL; AREAS]);
        let anew = self
            .feed
            .edit(|board, _| Board::new(Arc::clone(board.layout()), board.phase(), Lsn(self.lsn), seats, areas));
        let anew = anew.expect("the feed is open");
        self.truth.insert(self.lsn, View::truth(&anew, self.lsn));
        self.cut_at = self.lsn;
        self.feed.start_anew(anew);
    }

    fn come(&mut self, from: Option<u64>, form: Form) {
        // Of a `seq` that never was nobody knows anything, nor of one that is yet to be.
        let known = from.and_then(|seq| self.truth.get(&seq).cloned());
        let view = known.unwrap_or_else(|| View::empty(from.unwrap_or(0)));
        self.sockets.push(Socket { seen: self.feed.seen_from(from), form, view });
    }

    /// `false`: there was no more to read.
    fn read(&mut self, socket: usize) -> bool {
        let layout = self.feed.edit(|board, _| Arc::clone(board.layout())).expect("the feed is open");
        let socket = &mut self.sockets[socket];
        match self.feed.next(&mut socket.seen, socket.form) {
            Next::Snapshot(frame) => socket.view = View::read(&frame, socket.form, &layout),
            Next::Delta(frame) => socket.view.apply(&frame, socket.form, &layout),
            Next::Notice(_) => return true,
            Next::Nothing => return false,
            Next::Bye(bye) => panic!("{bye:?}"),
        }
        assert_eq!(Some(&socket.view), self.truth.get(&socket.view.seq));
        assert_eq!(socket.seen.seq, Some(socket.view.seq));
        true
    }
}

proptest! {
    #[test]
    fn wherever_a_socket_starts_from_it_is_where_the_event_was(steps in steps()) {
        let mut run = Run::new();
        for step in steps {
            match step {
                Step::Seat(seat, state) => {
                    run.edit(|board| board.set_seat(SeatIx(seat as u32), state_of(state)));
                }
                Step::Area(area, held) => {
                    let counts = Counts { free: 100 - held, held, ..FULL };
                    run.edit(|board| board.set_area(inventory::AreaIx(area as u16), counts));
                }
                Step::Cut(is_told_later) => {
                    run.cut();
                    if !is_told_later {
                        run.tell();
                    }
                }
                Step::Tell => run.tell(),
                Step::Prune => run.feed.prune(Instant::now() + LATER),
                Step::Anew => run.start_anew(),
                Step::Come(from, is_binary) => run.come(from, if is_binary { Form::Binary } else { Form::Json }),
                Step::Read(socket, frames) => {
                    if let Some(socket) = socket.checked_rem(run.sockets.len()) {
                        (0..frames).take_while(|_| run.read(socket)).for_each(drop);
                    }
                }
            }
        }
        run.cut();
        run.tell();
        let last = run.truth.get(&run.cut_at).cloned();
        for socket in 0..run.sockets.len() {
            let more = (0..FRAMES_MAX).take_while(|_| run.read(socket)).count();
            prop_assert!(more < FRAMES_MAX);
            prop_assert_eq!(Some(&run.sockets[socket].view), last.as_ref());
        }
    }
}

#[test]
fn who_says_to_know_what_is_yet_to_be_gets_a_snapshot_even_when_that_has_come() {
    for form in [Form::Json, Form::Binary] {
        let mut run = Run::new();
        let next = run.lsn + 1;
        run.come(Some(next), form);
        run.edit(|board| board.set_seat(SeatIx(0), SeatState::Sold));
        run.cut();
        run.tell();
        assert!(run.read(0));
        assert_eq!(run.sockets[0].view.seq, next);
    }
}
