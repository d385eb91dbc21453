//! What an answer means to the one who asked. Every answer falls into exactly one class.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use wire::{FieldError, Problem};

use crate::connection::{Fault, Reply};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// Done.
    Ok,
    /// The rule said no; final.
    Rejected,
    /// The same key is being answered to somebody else at this moment.
    InProgress,
    /// Nothing happened, ask again later.
    NotNow,
    /// It may have happened, ask again with the same key.
    Unknown,
    /// The server says that it is wrong (500).
    ServerBug,
    /// An answer that the contract does not have.
    Protocol,
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ok => "ok",
            Self::Rejected => "rejected",
            Self::InProgress => "in progress",
            Self::NotNow => "not now",
            Self::Unknown => "unknown",
            Self::ServerBug => "server bug",
            Self::Protocol => "protocol error",
        })
    }
}

#[derive(Clone, Debug)]
pub enum Answer {
    Ok(Reply),
    Rejected(Refusal),
    InProgress { after: Option<Duration> },
    NotNow { code: String, after: Option<Duration> },
    Unknown { code: String, after: Option<Duration> },
    TokenRefused { code: String },
    ServerBug { code: String },
    Protocol(String),
}

/// A final no.
#[derive(Clone, Debug, PartialEq)]
pub struct Refusal {
    pub status: u16,
    pub code: String,
    pub fields: Vec<String>,
}

impl Answer {
    /// The class and, where there is one, the code.
    pub fn class(&self) -> (Class, &str) {
        match self {
            Self::Ok(_) => (Class::Ok, ""),
            Self::Rejected(refusal) => (Class::Rejected, &refusal.code),
            Self::InProgress { .. } => (Class::InProgress, "IN_PROGRESS"),
            Self::NotNow { code, .. } => (Class::NotNow, code),
            Self::Unknown { code, .. } => (Class::Unknown, code),
            Self::TokenRefused { code } => (Class::Rejected, code),
            Self::ServerBug { code } => (Class::ServerBug, code),
            Self::Protocol(what) => (Class::Protocol, what),
        }
    }
}

pub fn classify(outcome: Result<Reply, Fault>) -> Answer {
    let reply = match outcome {
        Ok(reply) => reply,
        Err(Fault::Unsent(_)) => return Answer::NotNow { code: "UNREACHABLE".to_owned(), after: None },
        Err(Fault::Lost(_)) => return Answer::Unknown { code: "CONNECTION_LOST".to_owned(), after: None },
        Err(Fault::Timeout) => return Answer::Unknown { code: "TIMEOUT".to_owned(), after: None },
    };
    if (200..300).contains(&reply.status) {
        return Answer::Ok(reply);
    }
    let after = reply.retry_after;
    let Ok(problem) = serde_json::from_slice::<Problem>(&reply.body) else {
        return without_problem(reply.status, after);
    };
    if problem.status != reply.status {
        return Answer::Protocol(format!("{} in the body of a {}", problem.status, reply.status));
    }
    let code = problem.code;
    match reply.status {
        409 if code == "IN_PROGRESS" => Answer::InProgress { after },
        401 => Answer::TokenRefused { code },
        403 | 404 | 409 | 410 | 422 | 425 => {
            let fields = problem.errors.into_iter().map(|FieldError { field, code, .. }| format!("{field} {code}"));
            Answer::Rejected(Refusal { status: reply.status, code, fields: fields.collect() })
        }
        429 | 503 => Answer::NotNow { code, after },
        504 => Answer::Unknown { code, after },
        500 => Answer::ServerBug { code },
        status => Answer::Protocol(format!("{status} {code}")),
    }
}

/// Proxies between us and the server answer for it in their own words.
fn without_problem(status: u16, after: Option<Duration>) -> Answer {
    match status {
        429 | 503 => Answer::NotNow { code: status.to_string(), after },
        502 | 504 => Answer::Unknown { code: status.to_string(), after },
        500 => Answer::ServerBug { code: "no problem details".to_owned() },
        status => Answer::Protocol(format!("{status} without problem details")),
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    fn reply(status: u16, body: String) -> Result<Reply, Fault> {
        Ok(Reply { status, retry_after: Some(Duration::from_secs(1)), body: Bytes::from(body) })
    }

    fn problem(status: u16, code: &str) -> Result<Reply, Fault> {
        let body = format!(
            r#"{{"type":"about:blank","title":"t","status":{status},"code":"{code}","detail":"d","request_id":"r"}}"#
        );
        reply(status, body)
    }

    #[test]
    fn every_answer_has_one_class() {
        let lying = r#"{"type":"t","title":"t","status":422,"code":"X","detail":"d","request_id":"r"}"#.to_owned();
        let table = [
            (reply(201, "{}".to_owned()), Class::Ok, ""),
            (reply(204, String::new()), Class::Ok, ""),
            (problem(409, "SEATS_TAKEN"), Class::Rejected, "SEATS_TAKEN"),
            (problem(409, "IN_PROGRESS"), Class::InProgress, "IN_PROGRESS"),
            (problem(410, "HOLD_EXPIRED"), Class::Rejected, "HOLD_EXPIRED"),
            (problem(422, "IDEMPOTENCY_KEY_REUSED"), Class::Rejected, "IDEMPOTENCY_KEY_REUSED"),
            (problem(425, "QUEUE_REQUIRED"), Class::Rejected, "QUEUE_REQUIRED"),
            (problem(404, "HOLD_NOT_FOUND"), Class::Rejected, "HOLD_NOT_FOUND"),
            (problem(401, "TOKEN_EXPIRED"), Class::Rejected, "TOKEN_EXPIRED"),
            (problem(429, "RATE_LIMITED"), Class::NotNow, "RATE_LIMITED"),
            (problem(503, "MAILBOX_FULL"), Class::NotNow, "MAILBOX_FULL"),
            (problem(504, "OUTCOME_UNKNOWN"), Class::Unknown, "OUTCOME_UNKNOWN"),
            (problem(500, "INTERNAL"), Class::ServerBug, "INTERNAL"),
            (problem(400, "JSON_MALFORMED"), Class::Protocol, "400 JSON_MALFORMED"),
            (problem(302, "X"), Class::Protocol, "302 X"),
            (reply(409, lying), Class::Protocol, "422 in the body of a 409"),
            (reply(409, "taken".to_owned()), Class::Protocol, "409 without problem details"),
            (reply(502, "bad gateway".to_owned()), Class::Unknown, "502"),
            (reply(503, String::new()), Class::NotNow, "503"),
            (Err(Fault::Unsent("refused".to_owned())), Class::NotNow, "UNREACHABLE"),
            (Err(Fault::Lost("reset".to_owned())), Class::Unknown, "CONNECTION_LOST"),
            (Err(Fault::Timeout), Class::Unknown, "TIMEOUT"),
        ];
        for (outcome, class, code) in table {
            assert_eq!(classify(outcome.clone()).class(), (class, code), "{outcome:?}");
        }
    }
}
