use inventory::Rejection;
use thiserror::Error;

/// Why a command got no answer of its own. Three kinds that are never mixed; see each.
#[derive(Debug, Error)]
pub enum SubmitError {
    /// The rule said no. Final.
    #[error(transparent)]
    Rejected(#[from] Rejection),
    /// Not now. Promises that nothing happened.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
    /// It may have happened. Asking again under the same idempotency key finds out.
    #[error("the outcome is unknown")]
    OutcomeUnknown,
}

/// Each promises that the command had no effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Unavailable {
    #[error("the event's mailbox is full")]
    MailboxFull,
    #[error("the event is being recovered")]
    Recovering,
    #[error("the journal cannot be reached")]
    JournalDown,
    #[error("another node owns the event")]
    NotOwner,
    #[error("the server is stopping")]
    Stopping,
    /// As many events are open on this node as it may hold.
    #[error("too many events are open")]
    TooManyEvents,
    /// As many taps watch the event as may.
    #[error("too many taps watch the event")]
    TooManyTaps,
    /// The event's journal is damaged; an operator must look.
    #[error("the event cannot be recovered")]
    Damaged,
}

impl Unavailable {
    pub const fn code(self) -> &'static str {
        match self {
            Self::MailboxFull => "MAILBOX_FULL",
            Self::Recovering => "EVENT_RECOVERING",
            Self::JournalDown => "JOURNAL_DOWN",
            Self::NotOwner => "NOT_OWNER",
            Self::Stopping => "SERVER_STOPPING",
            Self::TooManyEvents => "TOO_MANY_EVENTS",
            Self::TooManyTaps => "TOO_MANY_TAPS",
            Self::Damaged => "EVENT_DAMAGED",
        }
    }
}
