//! What the clients saw, and nothing else: each operation with its attempts, when they were sent and when and how they
//! were answered. Times are the run's own, in microseconds.

use engine::{SubmitError, Submitted, Unavailable};
use inventory::{Command, EventId, Rejection, RequestId};

#[derive(Clone, Debug)]
pub enum Outcome {
    Done(Submitted),
    Rejected(Rejection),
    /// Promised to have had no effect.
    NoEffect(Unavailable),
    Unknown,
}

impl Outcome {
    pub const fn letter(&self) -> char {
        match self {
            Self::Done(_) => 'd',
            Self::Rejected(_) => 'r',
            Self::NoEffect(_) => 'n',
            Self::Unknown => 'u',
        }
    }
}

impl From<Result<Submitted, SubmitError>> for Outcome {
    fn from(result: Result<Submitted, SubmitError>) -> Self {
        match result {
            Ok(submitted) => Self::Done(submitted),
            Err(SubmitError::Rejected(rejection)) => Self::Rejected(rejection),
            Err(SubmitError::Unavailable(unavailable)) => Self::NoEffect(unavailable),
            Err(SubmitError::OutcomeUnknown) => Self::Unknown,
        }
    }
}

#[derive(Clone, Debug)]
pub struct Attempt {
    pub from_us: i64,
    pub to_us: i64,
    /// Another node had taken the event over before the answer came.
    pub is_overtaken: bool,
    pub outcome: Outcome,
}

/// A command under one key, tried until it was answered or given up.
#[derive(Clone, Debug)]
pub struct Op {
    pub id: u32,
    pub event: EventId,
    pub command: Command,
    pub attempts: Vec<Attempt>,
}

impl Op {
    /// The answer to the command, with when it came.
    pub fn done(&self) -> Option<(&Submitted, i64)> {
        self.attempts.iter().find_map(|attempt| match &attempt.outcome {
            Outcome::Done(submitted) => Some((submitted, attempt.to_us)),
            Outcome::Rejected(_) | Outcome::NoEffect(_) | Outcome::Unknown => None,
        })
    }

    pub fn invoked_us(&self) -> i64 {
        self.attempts.iter().map(|attempt| attempt.from_us).min().unwrap_or(i64::MAX)
    }

    /// Whether the clients may believe that nothing happened: the last word was a refusal, or all of them were.
    pub fn is_without_effect(&self) -> bool {
        let refused = |attempt: &Attempt| matches!(attempt.outcome, Outcome::Rejected(_) | Outcome::NoEffect(_));
        let is_final = self.attempts.last().is_some_and(|last| matches!(last.outcome, Outcome::Rejected(_)));
        self.done().is_none() && (is_final || self.attempts.iter().all(refused))
    }
}

pub fn request_id(op: u32) -> RequestId {
    RequestId::from_bytes(u128::from(op).to_be_bytes())
}

pub fn op_of(request: RequestId) -> u32 {
    u128::from_be_bytes(request.bytes()) as u32
}

/// A span of time in which the run disturbed the engine.
#[derive(Clone, Copy, Debug)]
pub struct Disturbance {
    pub from_us: i64,
    pub to_us: i64,
}
