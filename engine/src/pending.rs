//! Replies that wait for the journal, in LSN order. Nothing leaves before the LSN under which it was parked is durable;
//! when the actor loses the journal everything leaves at once, each with what is true for it.

use std::collections::VecDeque;

use inventory::{Lsn, Rejection};

use crate::lane::{Loss, LossCause};
use crate::waiter::{Submitted, Waiter};
use crate::{SubmitError, Unavailable};

/// Hands a view to its reader, or the reason why there is none.
pub(crate) type ViewReply = Box<dyn FnOnce(Result<(), Unavailable>) + Send>;

enum Parked {
    Answer(Waiter, Submitted),
    Refusal(Waiter, Rejection),
    View(ViewReply),
}

#[derive(Default)]
pub(crate) struct Pending {
    replies: VecDeque<(Lsn, Parked)>,
}

impl Pending {
    pub(crate) fn len(&self) -> usize {
        self.replies.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.replies.is_empty()
    }

    pub(crate) fn park_answer(&mut self, until: Lsn, waiter: Waiter, submitted: Submitted) {
        self.park(until, Parked::Answer(waiter, submitted));
    }

    pub(crate) fn park_refusal(&mut self, until: Lsn, waiter: Waiter, rejection: Rejection) {
        self.park(until, Parked::Refusal(waiter, rejection));
    }

    pub(crate) fn park_view(&mut self, until: Lsn, reply: ViewReply) {
        self.park(until, Parked::View(reply));
    }

    fn park(&mut self, until: Lsn, parked: Parked) {
        debug_assert!(self.replies.back().is_none_or(|(last, _)| *last <= until));
        self.replies.push_back((until, parked));
    }

    pub(crate) fn release(&mut self, durable: Lsn) {
        while self.replies.front().is_some_and(|(until, _)| *until <= durable) {
            let Some((_, parked)) = self.replies.pop_front() else { return };
            match parked {
                Parked::Answer(waiter, submitted) => waiter.answer(Ok(submitted)),
                Parked::Refusal(waiter, rejection) => waiter.answer(Err(SubmitError::Rejected(rejection))),
                Parked::View(reply) => reply(Ok(())),
            }
        }
    }

    /// Answers everybody. A refusal and a view had no effect of their own, whatever became of the changes they rest on.
    pub(crate) fn fail(&mut self, loss: Loss) {
        for (_, parked) in self.replies.drain(..) {
            match parked {
                Parked::Answer(waiter, submitted) => waiter.answer(Err(fate(submitted.lsn, loss))),
                Parked::Refusal(waiter, _) => waiter.answer(Err(loss.cause.unavailable().into())),
                Parked::View(reply) => reply(Err(loss.cause.unavailable())),
            }
        }
    }
}

/// What is true of a change that was not yet known to be durable.
fn fate(lsn: Lsn, loss: Loss) -> SubmitError {
    match loss.cause {
        LossCause::Unknown | LossCause::TakenOver if lsn <= loss.handed_over => SubmitError::OutcomeUnknown,
        // It never left this process, and the actor that knew it is gone.
        LossCause::Unknown | LossCause::TakenOver | LossCause::NothingWritten | LossCause::Fenced => {
            loss.cause.unavailable().into()
        }
    }
}

#[cfg(test)]
mod tests {
    use inventory::{Answer, TimeUs};

    use super::*;
    use crate::waiter::Reply;
    use tokio::sync::oneshot::{Receiver, error::TryRecvError};

    fn parked_answer(pending: &mut Pending, lsn: u64) -> Receiver<Reply> {
        let (waiter, reply) = Waiter::new();
        let submitted = Submitted { lsn: Lsn(lsn), answer: Answer::Configured, at: TimeUs(0) };
        pending.park_answer(Lsn(lsn), waiter, submitted);
        reply
    }

    fn is_waiting(reply: &mut Receiver<Reply>) -> bool {
        reply.try_recv() == Err(TryRecvError::Empty)
    }

    impl PartialEq for SubmitError {
        fn eq(&self, other: &Self) -> bool {
            format!("{self:?}") == format!("{other:?}")
        }
    }

    #[test]
    fn replies_are_released_in_lsn_order_and_not_before_they_are_durable() {
        let mut pending = Pending::default();
        let mut first = parked_answer(&mut pending, 1);
        let (waiter, mut refused) = Waiter::new();
        pending.park_refusal(Lsn(1), waiter, Rejection::HoldNotFound);
        let mut second = parked_answer(&mut pending, 2);

        pending.release(Lsn(0));
        assert!(is_waiting(&mut first));

        pending.release(Lsn(1));
        assert_eq!(first.try_recv().unwrap().unwrap().lsn, Lsn(1));
        assert_eq!(refused.try_recv().unwrap(), Err(SubmitError::Rejected(Rejection::HoldNotFound)));
        assert!(is_waiting(&mut second));

        pending.release(Lsn(5));
        assert_eq!(second.try_recv().unwrap().unwrap().lsn, Lsn(2));
        assert!(pending.is_empty());
    }

    #[test]
    fn a_failure_answers_everybody_with_what_is_true_for_them() {
        let mut pending = Pending::default();
        let mut handed_over = parked_answer(&mut pending, 1);
        let mut kept_back = parked_answer(&mut pending, 2);
        let (waiter, mut refused) = Waiter::new();
        pending.park_refusal(Lsn(2), waiter, Rejection::HoldNotFound);
        let (view, mut viewed) = tokio::sync::oneshot::channel();
        pending.park_view(Lsn(2), Box::new(|result| view.send(result).unwrap()));

        pending.fail(Loss { cause: LossCause::Unknown, handed_over: Lsn(1) });

        assert_eq!(handed_over.try_recv().unwrap(), Err(SubmitError::OutcomeUnknown));
        assert_eq!(kept_back.try_recv().unwrap(), Err(Unavailable::Recovering.into()));
        assert_eq!(refused.try_recv().unwrap(), Err(Unavailable::Recovering.into()));
        assert_eq!(viewed.try_recv().unwrap(), Err(Unavailable::Recovering));
        assert!(pending.is_empty());
    }

    /// The commit may have been written before the other owner came.
    #[test]
    fn a_takeover_that_was_not_heard_of_by_a_commit_leaves_what_was_handed_over_unknown() {
        let mut pending = Pending::default();
        let mut handed_over = parked_answer(&mut pending, 1);
        let mut kept_back = parked_answer(&mut pending, 2);
        pending.fail(Loss { cause: LossCause::TakenOver, handed_over: Lsn(1) });
        assert_eq!(handed_over.try_recv().unwrap(), Err(SubmitError::OutcomeUnknown));
        assert_eq!(kept_back.try_recv().unwrap(), Err(Unavailable::NotOwner.into()));
    }

    #[test]
    fn a_commit_that_wrote_nothing_lets_everybody_try_again() {
        for (cause, expected) in
            [(LossCause::NothingWritten, Unavailable::JournalDown), (LossCause::Fenced, Unavailable::NotOwner)]
        {
            let mut pending = Pending::default();
            let mut reply = parked_answer(&mut pending, 1);
            pending.fail(Loss { cause, handed_over: Lsn(1) });
            assert_eq!(reply.try_recv().unwrap(), Err(expected.into()));
        }
    }
}
