//! What is for one account alone, on its way to one of its sockets: from the publisher to whoever writes next.

use std::collections::VecDeque;

use bytes::Bytes;

use crate::line::tokens::PlaceTicket;
use crate::sync::{Mutex, Notify};

/// Private frames that wait for one socket. One more, and all of them give way to the list of his holds.
pub const FRAMES_MAX: usize = 32;

#[derive(Default)]
pub struct Inbox {
    waiting: Mutex<Waiting>,
    arrived: Notify,
}

#[derive(Default)]
struct Waiting {
    frames: VecDeque<Bytes>,
    /// Some were lost: the holds must be listed anew.
    lost: bool,
    /// The latest of each counts.
    session: Option<Bytes>,
    place: Option<Bytes>,
    /// The account's place from now on, for the socket's task.
    ticket: Option<PlaceTicket>,
}

/// What an inbox held.
#[derive(Debug, PartialEq, Eq)]
pub enum Post {
    Nothing,
    Frame(Bytes),
    Lost,
}

impl Inbox {
    /// Until something was put since the last time. Whoever takes, takes until there is nothing: the one permit that whoever
    /// puts leaves, always after what he put, is enough, and one too many costs a look.
    pub async fn arrived(&self) {
        self.arrived.notified().await;
    }

    pub fn take(&self) -> Post {
        let mut waiting = self.waiting.lock();
        if std::mem::take(&mut waiting.lost) {
            return Post::Lost;
        }
        let Waiting { frames, session, place, .. } = &mut *waiting;
        let next = frames.pop_front().or_else(|| session.take()).or_else(|| place.take());
        next.map_or(Post::Nothing, Post::Frame)
    }

    pub fn take_ticket(&self) -> Option<PlaceTicket> {
        self.waiting.lock().ticket.take()
    }

    pub fn put(&self, frame: Bytes) {
        {
            let mut waiting = self.waiting.lock();
            if waiting.frames.len() < FRAMES_MAX {
                waiting.frames.push_back(frame);
            } else {
                waiting.frames.clear();
                waiting.lost = true;
            }
        }
        self.call();
    }

    pub fn put_session(&self, frame: Bytes) {
        self.waiting.lock().session = Some(frame);
        self.call();
    }

    pub fn put_ticket(&self, ticket: PlaceTicket) {
        self.waiting.lock().ticket = Some(ticket);
        self.call();
    }

    /// By the socket's own task, which goes on to write it.
    pub fn put_place(&self, frame: Bytes) {
        self.waiting.lock().place = Some(frame);
    }

    /// The socket's task looks what there is.
    pub fn call(&self) {
        self.arrived.notify_one();
    }
}
