use std::io::{self, ErrorKind, IoSlice};
use std::sync::Arc;

use bytes::Bytes;
use loom::thread;

use crate::bye::Bye;
use crate::model;
use crate::sync::{Mutex, Notify, run};
use crate::way::{Due, Pumped, Stream, Way};

/// News as a feed has it: frame by frame, then perhaps the end.
#[derive(Default)]
struct News(Mutex<Told>);

#[derive(Default)]
struct Told {
    frames: Vec<Due>,
    is_over: bool,
}

impl News {
    fn tell(&self, frame: Due) {
        self.0.lock().frames.push(frame);
    }

    fn end(&self) {
        self.0.lock().is_over = true;
    }

    fn len(&self) -> usize {
        self.0.lock().frames.len()
    }

    /// What comes after `cursor`, which is moved on.
    fn due(&self, cursor: &mut usize) -> Due {
        let told = self.0.lock();
        let due = match told.frames.get(*cursor) {
            Some(Due::Frame(frame)) => Due::Frame(frame.clone()),
            Some(Due::Notice(frame)) => Due::Notice(frame.clone()),
            _ if told.is_over => return Due::Bye(Bye),
            _ => return Due::Nothing,
        };
        *cursor += 1;
        due
    }
}

/// A connection with little room, and a peer who reads.
#[derive(Clone)]
struct Peer(Arc<Connection>);

struct Connection {
    buffer: Mutex<Buffer>,
    has_room: Notify,
}

struct Buffer {
    room: usize,
    written: Vec<u8>,
}

impl Peer {
    fn with_room(room: usize) -> Self {
        let buffer = Mutex::new(Buffer { room, written: Vec::new() });
        Self(Arc::new(Connection { buffer, has_room: Notify::new() }))
    }

    fn reads(&self, bytes: usize) {
        self.0.buffer.lock().room += bytes;
        self.0.has_room.notify_one();
    }

    fn written(&self) -> Vec<u8> {
        self.0.buffer.lock().written.clone()
    }
}

impl Stream for Peer {
    fn try_write_vectored(&self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        let mut buffer = self.0.buffer.lock();
        if buffer.room == 0 {
            return Err(ErrorKind::WouldBlock.into());
        }
        let taken: Vec<u8> = slices.iter().flat_map(|slice| slice.iter().copied()).take(buffer.room).collect();
        buffer.room -= taken.len();
        buffer.written.extend_from_slice(&taken);
        Ok(taken.len())
    }
}

struct Scene {
    news: News,
    peer: Peer,
    way: Way<Peer, usize>,
}

impl Scene {
    fn with_room(room: usize) -> Arc<Self> {
        let peer = Peer::with_room(room);
        Arc::new(Self { news: News::default(), way: Way::new(peer.clone(), 0), peer })
    }

    fn spawn(self: &Arc<Self>, act: impl FnOnce(&Self) + 'static) -> thread::JoinHandle<()> {
        let scene = Arc::clone(self);
        thread::spawn(move || act(&scene))
    }

    /// As the crew passes by.
    fn serve(&self) -> bool {
        self.way.serve(|cursor| self.news.due(cursor))
    }

    /// As the socket's task does, until `fits` or the end.
    fn write_until(&self, fits: impl Fn(&Self) -> bool) {
        loop {
            match self.way.write(|cursor| self.news.due(cursor)) {
                Pumped::Idle if fits(self) => return,
                Pumped::Idle => run(self.way.called()),
                Pumped::Blocked(_) => run(self.peer.0.has_room.notified()),
                Pumped::Bye(_) => return,
                Pumped::Gone => unreachable!("the peer stays"),
            }
        }
    }
}

fn frame(bytes: &'static [u8]) -> Due {
    Due::Frame(Bytes::from_static(bytes))
}

/// The crew leaves a socket whose peer does not take everything to the task, which goes on when the peer does; whatever came
/// meanwhile is written by one of them.
#[test]
fn all_news_is_written_once_and_in_order_though_the_peer_lets_both_wait() {
    model(|| {
        let scene = Scene::with_room(1);
        let crew = scene.spawn(|scene| {
            scene.news.tell(frame(b"12"));
            scene.serve();
            scene.news.tell(frame(b"3"));
            scene.news.end();
            scene.serve();
        });
        let peer = scene.spawn(|scene| scene.peer.reads(2));
        scene.write_until(|_| false);
        crew.join().unwrap();
        peer.join().unwrap();
        assert_eq!(scene.peer.written(), b"123");
    });
}

#[test]
fn who_is_waited_for_is_left_alone_by_the_crew_until_the_task_has_written_the_rest() {
    model(|| {
        let scene = Scene::with_room(1);
        scene.news.tell(frame(b"12"));
        assert!(!scene.serve(), "half of it");
        let crew = scene.spawn(|scene| {
            scene.news.tell(frame(b"3"));
            if scene.serve() {
                assert_eq!(scene.peer.written(), b"123");
            }
        });
        scene.peer.reads(2);
        scene.write_until(|scene| scene.peer.written().len() >= 2);
        crew.join().unwrap();
        assert_eq!(scene.peer.written(), b"123", "whoever was last has seen it");
    });
}

/// A place in line is told after a notice of the line.
#[test]
fn a_task_that_wants_to_know_of_notices_is_called_with_every_one() {
    model(|| {
        let scene = Scene::with_room(9);
        let crew = scene.spawn(|scene| {
            for _ in 0..2 {
                scene.news.tell(Due::Notice(Bytes::from_static(b"n")));
                scene.serve();
            }
        });
        scene.way.call_on_notice();
        scene.write_until(|scene| scene.news.len() == 2);
        crew.join().unwrap();
        assert_eq!(scene.peer.written(), b"nn");
    });
}

#[test]
fn nothing_follows_the_last_word() {
    model(|| {
        let scene = Scene::with_room(9);
        let crew = scene.spawn(|scene| {
            scene.news.tell(frame(b"1"));
            scene.serve();
        });
        scene.way.say_last(Bytes::from_static(b"bye"));
        scene.write_until(|_| true);
        crew.join().unwrap();
        scene.write_until(|_| true);
        let written = scene.peer.written();
        assert!(written == b"bye" || written == b"1bye", "{written:?}");
    });
}
