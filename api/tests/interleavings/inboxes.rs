use std::sync::Arc;

use bytes::Bytes;
use inventory::UserId;
use loom::thread;

use crate::inbox::{FRAMES_MAX, Inbox, Post};
use crate::line::tokens::PlaceTicket;
use crate::model;
use crate::sync::{Mutex, run};

const ONE: Bytes = Bytes::from_static(b"1");
const TWO: Bytes = Bytes::from_static(b"2");

/// What a socket has been written.
#[derive(Default)]
struct Written {
    frames: Vec<Bytes>,
    was_lost: bool,
}

impl Written {
    fn take_all(&mut self, inbox: &Inbox) {
        loop {
            match inbox.take() {
                Post::Nothing => return,
                Post::Frame(frame) => self.frames.push(frame),
                Post::Lost => self.was_lost = true,
            }
        }
    }
}

fn giver(inbox: &Arc<Inbox>, give: impl FnOnce(&Inbox) + 'static) -> thread::JoinHandle<()> {
    let inbox = Arc::clone(inbox);
    thread::spawn(move || give(&inbox))
}

#[test]
fn every_frame_is_taken_once_and_in_order_by_one_who_waits_in_between() {
    model(|| {
        let inbox = Arc::new(Inbox::default());
        let giver = giver(&inbox, |inbox| {
            inbox.put(ONE);
            inbox.put(TWO);
        });
        let mut written = Written::default();
        while written.frames.len() < 2 {
            run(inbox.arrived());
            written.take_all(&inbox);
        }
        assert_eq!(written.frames, [ONE, TWO]);
        giver.join().unwrap();
    });
}

/// The crew looks when it passes by and waits for nothing; both write under the socket's lock.
#[test]
fn the_crew_and_the_task_together_take_every_frame_once_and_in_order() {
    model(|| {
        let (inbox, way) = (Arc::new(Inbox::default()), Arc::new(Mutex::<Written>::default()));
        let giver = giver(&inbox, |inbox| {
            inbox.put(ONE);
            inbox.put(TWO);
        });
        let crew = {
            let (inbox, way) = (Arc::clone(&inbox), Arc::clone(&way));
            thread::spawn(move || way.lock().take_all(&inbox))
        };
        // The task: it looks, and waits if there may be more to come.
        loop {
            let mut written = way.lock();
            written.take_all(&inbox);
            if written.frames.len() == 2 {
                break;
            }
            drop(written);
            run(inbox.arrived());
        }
        crew.join().unwrap();
        giver.join().unwrap();
        assert_eq!(way.lock().frames, [ONE, TWO]);
    });
}

#[test]
fn who_misses_a_frame_hears_of_it() {
    model(|| {
        let inbox = Arc::new(Inbox::default());
        (0..FRAMES_MAX).for_each(|_| inbox.put(ONE));
        let giver = giver(&inbox, |inbox| inbox.put(TWO));
        let mut written = Written::default();
        written.take_all(&inbox);
        giver.join().unwrap();
        written.take_all(&inbox);
        let has_all = written.frames.len() == FRAMES_MAX + 1 && written.frames.last() == Some(&TWO);
        assert!(has_all != written.was_lost, "{} frames, lost: {}", written.frames.len(), written.was_lost);
    });
}

#[test]
fn of_what_becomes_of_a_session_the_latest_is_always_told_and_told_last() {
    model(|| {
        let inbox = Arc::new(Inbox::default());
        let giver = giver(&inbox, |inbox| {
            inbox.put_session(ONE);
            inbox.put_session(TWO);
        });
        let mut written = Written::default();
        while written.frames.last() != Some(&TWO) {
            run(inbox.arrived());
            written.take_all(&inbox);
        }
        giver.join().unwrap();
        written.take_all(&inbox);
        assert!(written.frames == [TWO] || written.frames == [ONE, TWO], "{:?}", written.frames);
    });
}

/// One call may stand for both.
#[test]
fn a_place_that_is_taken_beside_news_of_holds_reaches_the_task() {
    model(|| {
        let inbox = Arc::new(Inbox::default());
        let ticket = PlaceTicket { user: UserId::from_bytes([1; 16]), round: 1, number: 7 };
        let joiner = giver(&inbox, move |inbox| inbox.put_ticket(ticket));
        let publisher = giver(&inbox, |inbox| inbox.put(ONE));
        let (mut written, mut place) = (Written::default(), None);
        while written.frames.is_empty() || place.is_none() {
            run(inbox.arrived());
            written.take_all(&inbox);
            place = place.or_else(|| inbox.take_ticket());
        }
        joiner.join().unwrap();
        publisher.join().unwrap();
        assert_eq!((written.frames, place), (vec![ONE], Some(ticket)));
    });
}
