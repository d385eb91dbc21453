//! What a keeper is asked for.

use inventory::{Origin, Rejection, UserId};
use tokio::sync::oneshot;

use super::registry::{Failure, Numbered, Opened};

pub(super) enum Ask {
    Join { user: UserId, replaces: Option<Numbered>, reply: oneshot::Sender<Result<Numbered, Failure>> },
    Open { origin: Origin, beacon_value: Option<String>, reply: oneshot::Sender<Opened> },
}

impl Ask {
    /// Whoever has gone away needs no answer.
    pub(super) fn refuse(self, failure: Failure) {
        match self {
            Self::Join { reply, .. } => drop(reply.send(Err(failure))),
            Self::Open { reply, .. } => drop(reply.send(Err(match failure {
                Failure::Over => Rejection::RoomOff.into(),
                Failure::Event(unavailable) => unavailable.into(),
                // The line was not asked.
                Failure::Store | Failure::OutcomeUnknown | Failure::Defect => engine::Unavailable::JournalDown.into(),
            }))),
        }
    }
}
