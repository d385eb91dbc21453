//! One caller's side of a command. Whatever happens to a [`Waiter`], its caller is told the truth: dropped before the
//! command was looked at it says that nothing happened, dropped afterwards that the outcome is unknown.

use inventory::{Answer, Inventory, Lsn, TimeUs, Verb};
use tokio::sync::oneshot;

use crate::pace::Stopwatch;
use crate::{SubmitError, Unavailable};

/// An accepted command, durable.
#[derive(Clone, Debug, PartialEq)]
pub struct Submitted {
    /// Of the change. A repeated command gives that of the first.
    pub lsn: Lsn,
    pub answer: Answer,
    /// When the command was decided, by the engine's clock.
    pub at: TimeUs,
}

pub(crate) type Reply = Result<Submitted, SubmitError>;

/// Reads the state that an answer tells of, in the turn that gives it.
type Look = Box<dyn FnOnce(&Inventory) + Send>;

pub(crate) struct Waiter {
    reply: Option<oneshot::Sender<Reply>>,
    looked_at: bool,
    stopwatch: Option<Stopwatch>,
    look: Option<Look>,
    required: Option<Verb>,
}

impl Waiter {
    pub(crate) fn new() -> (Self, oneshot::Receiver<Reply>) {
        let (sender, receiver) = oneshot::channel();
        (Self { reply: Some(sender), looked_at: false, stopwatch: None, look: None, required: None }, receiver)
    }

    #[must_use]
    pub(crate) fn timed_by(mut self, stopwatch: Option<Stopwatch>) -> Self {
        self.stopwatch = stopwatch;
        self
    }

    /// What is read may be told once the reply has come, and is not read at all of a repeated command: its answer may come
    /// before what has been done since is durable.
    #[must_use]
    pub(crate) fn looking(mut self, look: impl FnOnce(&Inventory) + Send + 'static) -> Self {
        self.look = Some(Box::new(look));
        self
    }

    /// What the caller would have to be allowed in the same turn: his command is refused as that would be.
    #[must_use]
    pub(crate) fn requiring(mut self, verb: Option<Verb>) -> Self {
        self.required = verb;
        self
    }

    pub(crate) const fn take_required(&mut self) -> Option<Verb> {
        self.required.take()
    }

    /// Before the reply is parked behind what the state has.
    pub(crate) fn look(&mut self, inventory: &Inventory) {
        if let Some(look) = self.look.take() {
            look(inventory);
        }
    }

    /// From here on the command may have an effect.
    pub(crate) const fn look_at(&mut self) {
        self.looked_at = true;
    }

    pub(crate) fn answer(mut self, reply: Reply) {
        // What an accepted command takes: a refusal may come sooner.
        if let Some(stopwatch) = self.stopwatch.take_if(|_| reply.is_ok()) {
            stopwatch.stop();
        }
        if let Some(sender) = self.reply.take() {
            // A caller that has gone away needs no answer.
            let _ = sender.send(reply);
        }
    }
}

impl Drop for Waiter {
    fn drop(&mut self) {
        if let Some(sender) = self.reply.take() {
            let error = if self.looked_at {
                SubmitError::OutcomeUnknown
            } else {
                SubmitError::Unavailable(Unavailable::Recovering)
            };
            let _ = sender.send(Err(error));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_dropped_unseen_promises_that_nothing_happened() {
        let (waiter, mut reply) = Waiter::new();
        drop(waiter);
        assert!(matches!(reply.try_recv(), Ok(Err(SubmitError::Unavailable(Unavailable::Recovering)))));
    }

    #[test]
    fn a_command_dropped_after_it_was_looked_at_has_an_unknown_outcome() {
        let (mut waiter, mut reply) = Waiter::new();
        waiter.look_at();
        drop(waiter);
        assert!(matches!(reply.try_recv(), Ok(Err(SubmitError::OutcomeUnknown))));
    }
}
