//! Asks until there is a final answer: the same request under the same key, for as long as the answer is *not now* or
//! *unknown*, up to the time to give up.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use hyper::Method;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::account::Account;
use crate::answer::{Answer, Refusal, classify};
use crate::connection::Reply;
use crate::measure::{Measurements, Step};
use crate::pool::{Call, Pool};

const BACKOFF_FIRST: Duration = Duration::from_millis(50);
const BACKOFF_MAX: Duration = Duration::from_secs(2);
/// A server that says 500 to the same request this often will not change its mind.
const BUGS_MAX: u32 = 3;

#[derive(Clone)]
pub struct Client {
    pub pool: Arc<Pool>,
    pub measured: Arc<Measurements>,
    pub give_up: Duration,
}

#[derive(Clone, Debug)]
pub enum Outcome<T> {
    Done(T),
    Refused(Refusal),
    /// `maybe_done`: an attempt may have had its effect.
    GaveUp {
        maybe_done: bool,
    },
    /// An answer outside the contract.
    Broken(String),
}

/// What became of a request, and when it was first sent and finally answered.
#[derive(Clone, Debug)]
pub struct Settled<T> {
    pub outcome: Outcome<T>,
    pub asked: Instant,
    pub answered: Instant,
}

impl Client {
    /// `since` is the intended start that latency counts from.
    pub async fn settle(&self, step: Step, account: Option<&Account>, call: &Call, since: Instant) -> Settled<Reply> {
        let asked = Instant::now();
        let outcome = self.repeat(step, account, call, asked + self.give_up).await;
        self.measured.latency(step, since);
        Settled { outcome, asked, answered: Instant::now() }
    }

    async fn repeat(&self, step: Step, account: Option<&Account>, call: &Call, until: Instant) -> Outcome<Reply> {
        let (mut backoff, mut maybe_done, mut bugs, mut renewed) = (BACKOFF_FIRST, false, 0, false);
        loop {
            let token = account.map(Account::token);
            let answer = classify(self.pool.send(call, token.as_deref()).await);
            let (class, code) = answer.class();
            self.measured.answer(step, class, code);
            let after = match answer {
                Answer::Ok(reply) => return Outcome::Done(reply),
                Answer::Rejected(refusal) => return Outcome::Refused(refusal),
                Answer::Protocol(what) => return Outcome::Broken(what),
                Answer::TokenRefused { code } => match account {
                    Some(account) if !renewed => {
                        renewed = true;
                        // A log-in is a request of its own kind; boxed because it comes back here.
                        if let Err(error) = Box::pin(account.sign_in(self)).await {
                            return Outcome::Broken(format!("{code}, and signing in again: {error:#}"));
                        }
                        continue;
                    }
                    Some(_) | None => return Outcome::Broken(code),
                },
                Answer::InProgress { after } | Answer::NotNow { after, .. } => after,
                Answer::Unknown { after, .. } => {
                    maybe_done = true;
                    after
                }
                Answer::ServerBug { code } => {
                    (maybe_done, bugs) = (true, bugs + 1);
                    if bugs == BUGS_MAX {
                        return Outcome::Broken(format!("500 {code}, {BUGS_MAX} times"));
                    }
                    None
                }
            };
            let wait = after.unwrap_or_default().max(backoff).mul_f64(0.75 + 0.5 * rand::random::<f64>());
            if Instant::now() + wait > until {
                return Outcome::GaveUp { maybe_done };
            }
            tokio::time::sleep(wait).await;
            backoff = (backoff * 2).min(BACKOFF_MAX);
        }
    }

    /// Sends the same request twice at the same time. The two answers must be the same one.
    pub async fn settle_twice(&self, step: Step, account: &Account, call: &Call, since: Instant) -> Settled<Reply> {
        let (one, two) =
            tokio::join!(self.settle(step, Some(account), call, since), self.settle(step, Some(account), call, since));
        if let Some(difference) = difference(&one.outcome, &two.outcome) {
            self.measured.violation(format!("{step} sent twice under one key: {difference}"));
        }
        match (&one.outcome, &two.outcome) {
            (Outcome::GaveUp { .. } | Outcome::Broken(_), Outcome::Done(_) | Outcome::Refused(_)) => two,
            _ => one,
        }
    }

    /// For what is not measured: preparing and auditing. Waits like everybody, and takes anything but *done* for an error.
    ///
    /// # Errors
    /// A refusal, no answer in time, or a body that is not a `T`.
    pub async fn ask<T: DeserializeOwned>(&self, step: Step, account: Option<&Account>, call: &Call) -> Result<T> {
        let reply = self.ask_raw(step, account, call).await?;
        serde_json::from_slice(&reply.body).with_context(|| format!("{} {}: unreadable answer", call.method, call.path))
    }

    /// # Errors
    /// A refusal, or no answer in time.
    pub async fn ask_raw(&self, step: Step, account: Option<&Account>, call: &Call) -> Result<Reply> {
        match self.settle(step, account, call, Instant::now()).await.outcome {
            Outcome::Done(reply) => Ok(reply),
            Outcome::Refused(refusal) => {
                let fields = refusal.fields.join(", ");
                bail!("{} {}: {} {} {fields}", call.method, call.path, refusal.status, refusal.code)
            }
            Outcome::GaveUp { .. } => bail!("{} {}: no answer within {:?}", call.method, call.path, self.give_up),
            Outcome::Broken(what) => bail!("{} {}: {what}", call.method, call.path),
        }
    }
}

/// What tells two answers to one key apart; nothing when either is not final.
fn difference(one: &Outcome<Reply>, two: &Outcome<Reply>) -> Option<String> {
    match (one, two) {
        (Outcome::Done(one), Outcome::Done(two)) => {
            let body = |reply: &Reply| serde_json::from_slice(&reply.body).unwrap_or(Value::Null);
            let mut differences = Vec::new();
            if one.status != two.status {
                differences.push(format!("status {} and {}", one.status, two.status));
            }
            compare("", &body(one), &body(two), &mut differences);
            (!differences.is_empty()).then(|| differences.join(", "))
        }
        (Outcome::Refused(one), Outcome::Refused(two)) => {
            (one != two).then(|| format!("refused by {} and {}", one.code, two.code))
        }
        (Outcome::Done(_), Outcome::Refused(refusal)) | (Outcome::Refused(refusal), Outcome::Done(_)) => {
            Some(format!("done and refused by {}", refusal.code))
        }
        (Outcome::GaveUp { .. } | Outcome::Broken(_), _) | (_, Outcome::GaveUp { .. } | Outcome::Broken(_)) => None,
    }
}

/// Where two bodies differ, by path.
fn compare(path: &str, one: &Value, two: &Value, differences: &mut Vec<String>) {
    match (one, two) {
        (Value::Object(ones), Value::Object(twos)) => {
            let names: BTreeSet<&String> = ones.keys().chain(twos.keys()).collect();
            for name in names {
                let (one, two) = (ones.get(name).unwrap_or(&Value::Null), twos.get(name).unwrap_or(&Value::Null));
                compare(&format!("{path}/{name}"), one, two, differences);
            }
        }
        (Value::Array(ones), Value::Array(twos)) if ones.len() == twos.len() => {
            for (at, (one, two)) in ones.iter().zip(twos).enumerate() {
                compare(&format!("{path}/{at}"), one, two, differences);
            }
        }
        (one, two) if one == two => {}
        (one, two) => differences.push(format!("{path} {one} and {two}")),
    }
}

impl Settled<Reply> {
    /// The body read as a `T`; one that is not is outside the contract.
    pub fn read<T: DeserializeOwned>(self) -> Settled<T> {
        let outcome = match self.outcome {
            Outcome::Done(reply) => match serde_json::from_slice(&reply.body) {
                Ok(body) => Outcome::Done(body),
                Err(error) => Outcome::Broken(format!("unreadable body: {error}")),
            },
            Outcome::Refused(refusal) => Outcome::Refused(refusal),
            Outcome::GaveUp { maybe_done } => Outcome::GaveUp { maybe_done },
            Outcome::Broken(what) => Outcome::Broken(what),
        };
        Settled { outcome, asked: self.asked, answered: self.answered }
    }
}

impl Call {
    pub fn get(path: String) -> Self {
        Self { method: Method::GET, path, key: None, body: None }
    }

    pub fn delete(path: String, key: String) -> Self {
        Self { method: Method::DELETE, path, key: Some(key), body: None }
    }

    /// # Errors
    /// Never for the bodies of `wire`.
    pub fn post(path: String, key: Option<String>, body: &impl Serialize) -> serde_json::Result<Self> {
        Ok(Self { method: Method::POST, path, key, body: Some(serde_json::to_vec(body)?.into()) })
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    fn done(body: &'static str) -> Outcome<Reply> {
        Outcome::Done(Reply { status: 201, retry_after: None, body: Bytes::from_static(body.as_bytes()) })
    }

    fn refused(code: &str) -> Outcome<Reply> {
        Outcome::Refused(Refusal { status: 409, code: code.to_owned(), fields: Vec::new() })
    }

    #[test]
    fn only_two_different_final_answers_to_one_key_differ() {
        assert_eq!(difference(&done(r#"{"id":1,"n":2}"#), &done(r#"{"n":2,"id":1}"#)), None);
        assert_eq!(difference(&refused("A"), &refused("A")), None);
        assert_eq!(difference(&done("{}"), &Outcome::GaveUp { maybe_done: true }), None);
        let (one, two) = (done(r#"{"id":1,"items":[{"n":1}]}"#), done(r#"{"id":1,"items":[{"n":2}]}"#));
        assert_eq!(difference(&one, &two).unwrap(), "/items/0/n 1 and 2");
        assert!(difference(&done("{}"), &refused("SEATS_TAKEN")).is_some());
        assert!(difference(&refused("A"), &refused("B")).is_some());
    }
}
