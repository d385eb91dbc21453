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

/// What became of a request, and when it was first sent, sent for the last time, and finally answered.
#[derive(Clone, Debug)]
pub struct Settled<T> {
    pub outcome: Outcome<T>,
    pub asked: Instant,
    pub repeated: Instant,
    pub answered: Instant,
}

impl Client {
    /// `since` is the intended start that latency counts from.
    pub async fn settle(&self, step: Step, account: Option<&Account>, call: &Call, since: Instant) -> Settled<Reply> {
        let settled = self.settle_unmeasured(step, account, call).await;
        self.measured.latency(step, since, settled.answered);
        settled
    }

    async fn settle_unmeasured(&self, step: Step, account: Option<&Account>, call: &Call) -> Settled<Reply> {
        let asked = Instant::now();
        let mut repeated = asked;
        let outcome = self.repeat(step, account, call, asked + self.give_up, &mut repeated).await;
        Settled { outcome, asked, repeated, answered: Instant::now() }
    }

    async fn repeat(
        &self,
        step: Step,
        account: Option<&Account>,
        call: &Call,
        until: Instant,
        repeated: &mut Instant,
    ) -> Outcome<Reply> {
        let (mut backoff, mut maybe_done, mut bugs, mut renewed) = (BACKOFF_FIRST, false, 0, false);
        loop {
            *repeated = Instant::now();
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
        let (one, two) = tokio::join!(
            self.settle_unmeasured(step, Some(account), call),
            self.settle_unmeasured(step, Some(account), call)
        );
        // The buyer goes on with the first answer: the other was told to wait for it, and asked again after that.
        self.measured.latency(step, since, one.answered.min(two.answered));
        if let Some(difference) = difference(&one, &two) {
            self.measured.violation(format!("{step} sent twice under one key: {difference}"));
        }
        // What was done once is done, whatever the other was told before it.
        match (&one.outcome, &two.outcome) {
            (_, Outcome::Done(_)) | (Outcome::GaveUp { .. } | Outcome::Broken(_), Outcome::Refused(_)) => two,
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

/// Only the caller's own write can be the reason of these: whoever is told them has been told that it is done.
const OWN_DOING: [&str; 4] = ["HOLD_HAS_ORDER", "HOLD_CONFIRMED", "HOLD_RELEASED", "ORDER_TRANSITION"];

/// What two answers to one key may not differ in; nothing when either is not final. A refusal is not remembered: the same
/// request may be refused and, later, be done. It may not be done and, later, be refused.
fn difference(one: &Settled<Reply>, two: &Settled<Reply>) -> Option<String> {
    match (&one.outcome, &two.outcome) {
        (Outcome::Done(one), Outcome::Done(two)) => {
            let body = |reply: &Reply| serde_json::from_slice(&reply.body).unwrap_or(Value::Null);
            let mut differences = Vec::new();
            if one.status != two.status {
                differences.push(format!("status {} and {}", one.status, two.status));
            }
            compare("", &body(one), &body(two), &mut differences);
            (!differences.is_empty()).then(|| differences.join(", "))
        }
        (Outcome::Done(_), Outcome::Refused(refusal)) => contradiction(one.answered, two.repeated, refusal),
        (Outcome::Refused(refusal), Outcome::Done(_)) => contradiction(two.answered, one.repeated, refusal),
        (Outcome::Refused(_), Outcome::Refused(_)) => None,
        (Outcome::GaveUp { .. } | Outcome::Broken(_), _) | (_, Outcome::GaveUp { .. } | Outcome::Broken(_)) => None,
    }
}

fn contradiction(done: Instant, asked_again: Instant, refusal: &Refusal) -> Option<String> {
    let is_one = done <= asked_again || OWN_DOING.contains(&refusal.code.as_str());
    is_one.then(|| format!("done, and refused by {}", refusal.code))
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
        Settled { outcome, asked: self.asked, repeated: self.repeated, answered: self.answered }
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

    /// Sent at second `from`, answered at second `to`.
    fn settled(outcome: Outcome<Reply>, from: u64, to: u64) -> Settled<Reply> {
        static START: std::sync::LazyLock<Instant> = std::sync::LazyLock::new(Instant::now);
        let at = |second| *START + Duration::from_secs(second);
        Settled { outcome, asked: at(from), repeated: at(from), answered: at(to) }
    }

    fn done(body: &'static str, from: u64, to: u64) -> Settled<Reply> {
        let body = Bytes::from_static(body.as_bytes());
        settled(Outcome::Done(Reply { status: 201, retry_after: None, body }), from, to)
    }

    fn refused(code: &str, from: u64, to: u64) -> Settled<Reply> {
        let refusal = Refusal { status: 409, code: code.to_owned(), fields: Vec::new() };
        settled(Outcome::Refused(refusal), from, to)
    }

    #[test]
    fn two_bodies_to_one_key_are_the_same() {
        assert_eq!(difference(&done(r#"{"id":1,"n":2}"#, 0, 1), &done(r#"{"n":2,"id":1}"#, 0, 1)), None);
        let (one, two) = (done(r#"{"id":1,"items":[{"n":1}]}"#, 0, 1), done(r#"{"id":1,"items":[{"n":2}]}"#, 0, 1));
        assert_eq!(difference(&one, &two).unwrap(), "/items/0/n 1 and 2");
        assert_eq!(difference(&one, &settled(Outcome::GaveUp { maybe_done: true }, 0, 1)), None);
    }

    #[test]
    fn what_was_done_is_not_refused_later_but_may_have_been_refused_before() {
        let limit = "HOLDS_PER_CUSTOMER_EXCEEDED";
        assert_eq!(difference(&refused(limit, 0, 1), &done("{}", 0, 2)), None);
        assert_eq!(difference(&done("{}", 0, 2), &refused(limit, 1, 3)), None, "they crossed");
        assert!(difference(&done("{}", 0, 1), &refused(limit, 1, 2)).is_some());
        assert!(difference(&refused("HOLD_HAS_ORDER", 0, 1), &done("{}", 0, 2)).is_some());
        assert_eq!(difference(&refused("A", 0, 1), &refused("B", 0, 1)), None);
    }
}
