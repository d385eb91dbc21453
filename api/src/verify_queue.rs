//! `usher verify-queue`: recomputes places in line from a published proof. Needs no server and no store; whoever does not
//! trust this program finds another one in `docs/queue-proof.md`.

use std::io::Read as _;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use inventory::EventId;
use inventory::line::{commitment, rank, seed};
use wire::{QUEUE_ALGORITHM, QueueOpening, QueueProof};

use crate::line::tokens;
use crate::{hex, terminal};

#[derive(clap::Args)]
pub struct Arguments {
    /// The answer of `GET /events/{id}/waiting-room/proof`. Default: standard input.
    #[arg(long, value_name = "FILE")]
    proof: Option<PathBuf>,
    /// As published before the pre-queue opened, to be compared with the proof's own.
    #[arg(long, value_name = "HEX")]
    commitment: Option<String>,
    /// As published when the pre-queue closed: how many places were to be shuffled.
    #[arg(long, value_name = "NUMBER")]
    shuffled: Option<u32>,
    /// Numbers of places; `7=3` says that number 7 was told rank 3.
    #[arg(value_name = "NUMBER[=RANK]")]
    numbers: Vec<Claim>,
    /// A place ticket, for its number.
    #[arg(long, value_name = "TEXT")]
    place_ticket: Vec<String>,
}

/// A place, and the rank that its owner was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claim {
    number: u32,
    told: Option<u32>,
}

impl std::str::FromStr for Claim {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.split_once('=') {
            Some((number, told)) => Ok(Self { number: number.parse()?, told: Some(told.parse()?) }),
            None => Ok(Self { number: text.parse()?, told: None }),
        }
    }
}

/// What the reader has kept from before the opening.
#[derive(Clone, Copy, Debug, Default)]
pub struct Published<'a> {
    pub commitment: Option<&'a str>,
    pub shuffled: Option<u32>,
}

/// What was found, line by line.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    pub lines: Vec<String>,
    /// Everything that could be compared agrees.
    pub is_good: bool,
}

/// # Errors
/// The proof cannot be read, or a ticket is none. A proof that does not hold is no error: it fails the exit status.
pub fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let text = match &arguments.proof {
        Some(file) => std::fs::read_to_string(file).with_context(|| format!("{} cannot be read", file.display()))?,
        None => {
            let mut text = String::new();
            std::io::stdin().read_to_string(&mut text).context("standard input cannot be read")?;
            text
        }
    };
    let proof: QueueProof = serde_json::from_str(&text).context("this is no proof of a queue")?;
    let mut claims = arguments.numbers.clone();
    for ticket in &arguments.place_ticket {
        let number = tokens::stated_number(ticket).context("this is no place ticket")?;
        claims.push(Claim { number, told: None });
    }
    let published = Published { commitment: arguments.commitment.as_deref(), shuffled: arguments.shuffled };
    let verdict = verify(&proof, &claims, published);
    verdict.lines.iter().for_each(|line| terminal::line(line));
    Ok(if verdict.is_good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

pub fn verify(proof: &QueueProof, claims: &[Claim], published: Published<'_>) -> Verdict {
    match check(proof, published) {
        Ok((seed, shuffled)) => {
            let mut lines = vec![format!("commitment holds; {shuffled} places were shuffled")];
            lines.extend(to_compare(proof));
            let mut verdict = Verdict { lines, is_good: true };
            for claim in claims {
                let rank = rank(&seed, shuffled, claim.number);
                let is_true = claim.told.is_none_or(|told| told == rank);
                verdict.is_good &= is_true;
                let told = match claim.told {
                    Some(told) if told != rank => format!(", NOT {told}"),
                    Some(_) | None => String::new(),
                };
                verdict.lines.push(format!("number {} has rank {rank}{told}", claim.number));
            }
            verdict
        }
        Err(problem) => Verdict { lines: vec![problem], is_good: false },
    }
}

/// What no program can know: whether the organizer has given the beacon's true value.
fn to_compare(proof: &QueueProof) -> Vec<String> {
    let value = proof.opened.as_ref().and_then(|opened| opened.beacon_value.as_deref());
    let Some(((name, value), closed)) = proof.beacon.as_deref().zip(value).zip(proof.closed.as_ref()) else {
        return Vec::new();
    };
    vec![
        format!("the beacon is `{name}`"),
        format!("its value was given as `{value}`: COMPARE it with what its public source says"),
        format!("the places were fixed at {}: the source must have published it LATER", closed.at.to_rfc3339()),
    ]
}

/// The seed and how many it shuffles.
fn check(proof: &QueueProof, published: Published<'_>) -> Result<([u8; 32], u32), String> {
    if proof.algorithm != QUEUE_ALGORITHM {
        return Err(format!("the algorithm is `{}`, this program knows `{QUEUE_ALGORITHM}`", proof.algorithm));
    }
    if published.commitment.is_some_and(|published| !published.eq_ignore_ascii_case(&proof.commitment)) {
        return Err(format!("the commitment is NOT the published one: the proof has {}", proof.commitment));
    }
    let shuffled = proof.opened.as_ref().map(|it| it.shuffled).or_else(|| proof.closed.as_ref().map(|it| it.shuffled));
    if published.shuffled.is_some_and(|published| shuffled.is_some_and(|shuffled| shuffled != published)) {
        return Err(format!("the number of shuffled places is NOT the published one: the proof has {shuffled:?}"));
    }
    let Some(opened) = &proof.opened else { return Err("the line is not open yet: there is no key".to_owned()) };
    let key = hex::decode(&opened.key).ok_or("the key is not 64 hexadecimal digits")?;
    let event = EventId::from_uuid(proof.event_id);
    let recomputed = hex::encode(&commitment(event, &key, proof.beacon.as_deref()));
    if !recomputed.eq_ignore_ascii_case(&proof.commitment) {
        return Err(format!("the commitment does NOT hold: the key gives {recomputed}"));
    }
    let is_given = |text: &Option<String>| text.as_ref().is_some_and(|text| !text.is_empty());
    if is_given(&proof.beacon) != is_given(&opened.beacon_value) {
        return Err("a beacon was named and not used, or used and not named".to_owned());
    }
    check_closing(proof, opened)?;
    Ok((seed(&key, opened.beacon_value.as_deref()), opened.shuffled))
}

/// With a beacon, what is shuffled must have stood fast before: whoever knows key and value could choose the order by it.
fn check_closing(proof: &QueueProof, opened: &QueueOpening) -> Result<(), String> {
    match &proof.closed {
        None if proof.beacon.is_none() => Ok(()),
        None => Err("a beacon was named, and the number of shuffled places NOT fixed before its value".to_owned()),
        Some(closed) if closed.shuffled != opened.shuffled => {
            Err(format!("{} places were to be shuffled and NOT {}", closed.shuffled, opened.shuffled))
        }
        Some(closed) if closed.at > opened.opened_at => {
            Err(format!("the places were fixed at {}, AFTER the opening", closed.at.to_rfc3339()))
        }
        Some(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;
    use wire::QueueClosing;

    use super::*;
    use crate::time;

    fn proof(beacon: Option<&str>) -> QueueProof {
        let (event, key) = (EventId::from_bytes([7; 16]), [9; 32]);
        QueueProof {
            event_id: event.uuid(),
            algorithm: QUEUE_ALGORITHM.to_owned(),
            commitment: hex::encode(&commitment(event, &key, beacon)),
            committed_at: time::utc(inventory::TimeUs(1)),
            beacon: beacon.map(str::to_owned),
            closed: beacon.map(|_| QueueClosing { at: time::utc(inventory::TimeUs(2)), shuffled: 10 }),
            opened: Some(QueueOpening {
                opened_at: time::utc(inventory::TimeUs(3)),
                key: hex::encode(&key),
                beacon_value: beacon.map(|_| "value".to_owned()),
                shuffled: 10,
            }),
        }
    }

    const NOTHING: Published<'static> = Published { commitment: None, shuffled: None };

    fn ranks(verdict: &Verdict) -> Vec<u32> {
        let lines = verdict.lines.iter().filter(|line| line.starts_with("number"));
        lines.map(|line| line.rsplit_once(' ').unwrap().1.parse().unwrap()).collect()
    }

    fn claims(texts: &[&str]) -> Vec<Claim> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    #[test]
    fn every_rank_is_recomputed_and_late_ones_keep_their_number() {
        for beacon in [None, Some("drand")] {
            let proof = proof(beacon);
            let numbers: Vec<String> = (0..12).map(|number| number.to_string()).collect();
            let numbers: Vec<&str> = numbers.iter().map(String::as_str).collect();
            let commitment = proof.commitment.to_uppercase();
            let published = Published { commitment: Some(&commitment), shuffled: Some(10) };
            let verdict = verify(&proof, &claims(&numbers), published);
            assert!(verdict.is_good, "{verdict:?}");
            let mut ranks = ranks(&verdict);
            assert_eq!(ranks[10..], [10, 11]);
            ranks.sort_unstable();
            assert_eq!(ranks, (0..12).collect::<Vec<_>>());
        }
    }

    #[test]
    fn a_rank_that_was_told_is_held_against_the_proof() {
        let proof = proof(None);
        let rank = ranks(&verify(&proof, &claims(&["3"]), NOTHING))[0];
        assert!(verify(&proof, &claims(&[&format!("3={rank}")]), NOTHING).is_good);
        let wrong = verify(&proof, &claims(&["3=11"]), NOTHING);
        assert!(!wrong.is_good && wrong.lines[1].ends_with("NOT 11"), "{wrong:?}");
    }

    #[test]
    fn whatever_was_changed_afterwards_is_found() {
        let genuine = proof(Some("drand"));
        let opened = genuine.opened.clone().unwrap();
        let other_key = QueueOpening { key: hex::encode(&[8; 32]), ..opened.clone() };
        let no_key = QueueOpening { key: "12".to_owned(), ..opened.clone() };
        let no_value = QueueOpening { beacon_value: None, ..opened.clone() };
        let empty_value = QueueOpening { beacon_value: Some(String::new()), ..opened.clone() };
        let more = QueueOpening { shuffled: 11, ..opened };
        let late = QueueClosing { at: time::utc(inventory::TimeUs(4)), shuffled: 10 };
        let changed = [
            QueueProof { opened: Some(other_key), ..genuine.clone() },
            QueueProof { opened: Some(no_key), ..genuine.clone() },
            QueueProof { opened: Some(no_value), ..genuine.clone() },
            QueueProof { opened: Some(empty_value), ..genuine.clone() },
            QueueProof { opened: Some(more), ..genuine.clone() },
            QueueProof { closed: Some(late), ..genuine.clone() },
            QueueProof { closed: None, ..genuine.clone() },
            QueueProof { opened: None, ..genuine.clone() },
            QueueProof { beacon: Some("another".to_owned()), ..genuine.clone() },
            QueueProof { event_id: Uuid::nil(), ..genuine.clone() },
            QueueProof { commitment: hex::encode(&[0; 32]), ..genuine.clone() },
            QueueProof { algorithm: "coin".to_owned(), ..genuine.clone() },
        ];
        for proof in changed {
            assert!(!verify(&proof, &[], NOTHING).is_good, "{proof:?}");
        }
        assert!(verify(&genuine, &[], NOTHING).is_good);
        let commitment = hex::encode(&[0; 32]);
        assert!(!verify(&genuine, &[], Published { commitment: Some(&commitment), ..NOTHING }).is_good);
        assert!(!verify(&genuine, &[], Published { shuffled: Some(9), ..NOTHING }).is_good);
    }

    #[test]
    fn what_the_reader_must_compare_himself_is_named() {
        let lines = verify(&proof(Some("drand round 7")), &[], NOTHING).lines.join("\n");
        for told in ["`drand round 7`", "`value`", "COMPARE", "1970-01-01T00:00:00.000002+00:00", "LATER"] {
            assert!(lines.contains(told), "{told} in {lines}");
        }
        assert_eq!(verify(&proof(None), &[], NOTHING).lines.len(), 1, "without a beacon there is nothing to compare");
    }
}
