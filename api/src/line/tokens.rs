//! What a waiting room hands out: tickets for places, passes for shoppers, priority passes. Each is a short text that
//! carries what it says and a code that only this house can make (HMAC-SHA256, its first 16 bytes).
//!
//! ```text
//! place ticket   version 1 │ user 16 │ round 4 │ number 4               │ code 16    55 characters
//! pass           version 1 │ serial 8 │ started 8                       │ code 16    44 characters
//! priority pass  version 1 │ pass 16 │ uses 4 │ until 8 │ user or 0s 16 │ code 16    82 characters
//! ```
//!
//! The code covers the kind and the event as well, and the user of a pass: a text of one kind, event or account is
//! nothing to another. Numbers are big-endian, times µs since 1970. None of them is proof of a session by itself: that
//! is asked of the event each time.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use inventory::{EventId, TimeUs, UserId};

const VERSION: u8 = 1;
const CODE_BYTES: usize = 16;
/// Of any of them, in characters.
pub const TOKEN_CHARS_MAX: usize = 200;

/// Keep a code made for one kind from meaning anything as another.
const PLACE_DOMAIN: &[u8] = b"usher place ticket\0";
const PASS_DOMAIN: &[u8] = b"usher pass\0";
const PRIORITY_DOMAIN: &[u8] = b"usher priority pass\0";

const PLACE_BYTES: usize = 1 + 16 + 4 + 4;
const PASS_BYTES: usize = 1 + 8 + 8;
const PRIORITY_BYTES: usize = 1 + 16 + 4 + 8 + 16;

const _: () = {
    assert!((PLACE_BYTES + CODE_BYTES).div_ceil(3) * 4 <= TOKEN_CHARS_MAX);
    assert!((PASS_BYTES + CODE_BYTES).div_ceil(3) * 4 <= TOKEN_CHARS_MAX);
    assert!((PRIORITY_BYTES + CODE_BYTES).div_ceil(3) * 4 <= TOKEN_CHARS_MAX);
};

/// A place in line: whose, in which round of the room, and its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlaceTicket {
    pub user: UserId,
    pub round: u32,
    pub number: u32,
}

/// A session of a shopper.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pass {
    pub serial: u64,
    pub started: TimeUs,
}

/// Lets accounts pass the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PriorityPass {
    pub id: [u8; 16],
    /// Accounts that may enter with it.
    pub uses: u32,
    pub until: TimeUs,
    /// Only this one.
    pub user: Option<UserId>,
}

pub struct LineTokens {
    key: hmac::Key,
}

impl LineTokens {
    pub fn new(key: &[u8; 32]) -> Self {
        Self { key: hmac::Key::new(hmac::HMAC_SHA256, key) }
    }

    pub fn place_ticket(&self, event: EventId, ticket: &PlaceTicket) -> String {
        let mut text = Text::<PLACE_BYTES>::new();
        text.put(&ticket.user.bytes()).put(&ticket.round.to_be_bytes()).put(&ticket.number.to_be_bytes());
        text.sign(&self.key, PLACE_DOMAIN, event, None)
    }

    /// `None` unless it was made here, for this event.
    pub fn read_place_ticket(&self, event: EventId, text: &str) -> Option<PlaceTicket> {
        let bytes = verify::<PLACE_BYTES>(&self.key, PLACE_DOMAIN, event, None, text)?;
        let mut rest = &bytes[1..];
        Some(PlaceTicket {
            user: UserId::from_bytes(take(&mut rest)?),
            round: u32::from_be_bytes(take(&mut rest)?),
            number: u32::from_be_bytes(take(&mut rest)?),
        })
    }

    pub fn pass(&self, event: EventId, user: UserId, pass: &Pass) -> String {
        let mut text = Text::<PASS_BYTES>::new();
        text.put(&pass.serial.to_be_bytes()).put(&pass.started.0.to_be_bytes());
        text.sign(&self.key, PASS_DOMAIN, event, Some(user))
    }

    /// `None` unless it was made here, for this event and user.
    pub fn read_pass(&self, event: EventId, user: UserId, text: &str) -> Option<Pass> {
        let bytes = verify::<PASS_BYTES>(&self.key, PASS_DOMAIN, event, Some(user), text)?;
        let mut rest = &bytes[1..];
        Some(Pass {
            serial: u64::from_be_bytes(take(&mut rest)?),
            started: TimeUs(i64::from_be_bytes(take(&mut rest)?)),
        })
    }

    pub fn priority_pass(&self, event: EventId, pass: &PriorityPass) -> String {
        let mut text = Text::<PRIORITY_BYTES>::new();
        text.put(&pass.id).put(&pass.uses.to_be_bytes()).put(&pass.until.0.to_be_bytes());
        text.put(&pass.user.map_or([0; 16], UserId::bytes));
        text.sign(&self.key, PRIORITY_DOMAIN, event, None)
    }

    /// `None` unless it was made here, for this event.
    pub fn read_priority_pass(&self, event: EventId, text: &str) -> Option<PriorityPass> {
        let bytes = verify::<PRIORITY_BYTES>(&self.key, PRIORITY_DOMAIN, event, None, text)?;
        let mut rest = &bytes[1..];
        Some(PriorityPass {
            id: take(&mut rest)?,
            uses: u32::from_be_bytes(take(&mut rest)?),
            until: TimeUs(i64::from_be_bytes(take(&mut rest)?)),
            user: Some(UserId::from_bytes(take(&mut rest)?)).filter(|user| user.bytes() != [0; 16]),
        })
    }
}

/// The number that a place ticket states. Whether it is genuine is not asked: only the house can tell.
pub fn stated_number(text: &str) -> Option<u32> {
    let bytes = URL_SAFE_NO_PAD.decode(text).ok().filter(|bytes| bytes.len() == PLACE_BYTES + CODE_BYTES)?;
    let number = bytes.get(PLACE_BYTES - 4..PLACE_BYTES)?.first_chunk::<4>()?;
    Some(u32::from_be_bytes(*number)).filter(|_| bytes[0] == VERSION)
}

/// What is said, before its code.
struct Text<const N: usize>(Vec<u8>);

impl<const N: usize> Text<N> {
    fn new() -> Self {
        let mut bytes = Vec::with_capacity(N + CODE_BYTES);
        bytes.push(VERSION);
        Self(bytes)
    }

    fn put(&mut self, bytes: &[u8]) -> &mut Self {
        self.0.extend_from_slice(bytes);
        self
    }

    fn sign(mut self, key: &hmac::Key, domain: &[u8], event: EventId, user: Option<UserId>) -> String {
        debug_assert_eq!(self.0.len(), N);
        let code = code(key, domain, event, user, &self.0);
        self.0.extend_from_slice(&code);
        URL_SAFE_NO_PAD.encode(&self.0)
    }
}

fn code(key: &hmac::Key, domain: &[u8], event: EventId, user: Option<UserId>, said: &[u8]) -> [u8; CODE_BYTES] {
    let mut context = hmac::Context::with_key(key);
    context.update(domain);
    context.update(&event.bytes());
    if let Some(user) = user {
        context.update(&user.bytes());
    }
    context.update(said);
    let mut code = [0; CODE_BYTES];
    code.copy_from_slice(&context.sign().as_ref()[..CODE_BYTES]);
    code
}

fn verify<const N: usize>(
    key: &hmac::Key,
    domain: &[u8],
    event: EventId,
    user: Option<UserId>,
    text: &str,
) -> Option<[u8; N]> {
    if text.len() > TOKEN_CHARS_MAX {
        return None;
    }
    // Strict: one spelling of each, no spare bits, no padding.
    let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
    let (said, given) = bytes.split_at_checked(N).filter(|(_, code)| code.len() == CODE_BYTES)?;
    let is_genuine = verify_slices_are_equal(&code(key, domain, event, user, said), given).is_ok();
    // The version is looked at last, and is part of what was signed.
    if is_genuine && said[0] == VERSION { said.try_into().ok() } else { None }
}

fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (first, after) = rest.split_first_chunk::<N>()?;
    *rest = after;
    Some(*first)
}

#[cfg(test)]
mod tests {
    use rand::{RngExt, SeedableRng};

    use super::*;

    const EVENT: EventId = EventId::from_bytes([7; 16]);
    const OTHER_EVENT: EventId = EventId::from_bytes([8; 16]);
    const USER: UserId = UserId::from_bytes([9; 16]);
    const OTHER_USER: UserId = UserId::from_bytes([10; 16]);
    const TICKET: PlaceTicket = PlaceTicket { user: USER, round: 3, number: 99_999 };
    const PASS: Pass = Pass { serial: 12, started: TimeUs(1_800_000_000_000_001) };
    const PRIORITY: PriorityPass =
        PriorityPass { id: [3; 16], uses: 40, until: TimeUs(1_800_000_000_000_002), user: None };

    fn tokens(key: u8) -> LineTokens {
        LineTokens::new(&[key; 32])
    }

    /// The three texts, and whether a reader takes any text for each of the kinds.
    fn texts() -> [String; 3] {
        let tokens = tokens(1);
        [tokens.place_ticket(EVENT, &TICKET), tokens.pass(EVENT, USER, &PASS), tokens.priority_pass(EVENT, &PRIORITY)]
    }

    fn reads(tokens: &LineTokens, event: EventId, user: UserId, text: &str) -> [bool; 3] {
        [
            tokens.read_place_ticket(event, text).is_some(),
            tokens.read_pass(event, user, text).is_some(),
            tokens.read_priority_pass(event, text).is_some(),
        ]
    }

    #[test]
    fn each_reads_back_what_was_said_and_is_short() {
        let tokens = tokens(1);
        let [place, pass, priority] = texts();
        assert_eq!((place.len(), pass.len(), priority.len()), (55, 44, 82));
        assert_eq!(tokens.read_place_ticket(EVENT, &place), Some(TICKET));
        assert_eq!(tokens.read_pass(EVENT, USER, &pass), Some(PASS));
        assert_eq!(tokens.read_priority_pass(EVENT, &priority), Some(PRIORITY));
        assert_eq!((stated_number(&place), stated_number(&pass)), (Some(TICKET.number), None));
        let personal = PriorityPass { user: Some(USER), ..PRIORITY };
        assert_eq!(tokens.read_priority_pass(EVENT, &tokens.priority_pass(EVENT, &personal)), Some(personal));
    }

    #[test]
    fn none_is_good_for_another_kind_event_user_or_house() {
        for (at, text) in texts().iter().enumerate() {
            let mut own = [false; 3];
            own[at] = true;
            assert_eq!(reads(&tokens(1), EVENT, USER, text), own);
            assert_eq!(reads(&tokens(2), EVENT, USER, text), [false; 3], "another key");
            assert_eq!(reads(&tokens(1), OTHER_EVENT, USER, text), [false; 3], "another event");
            // A place ticket names its user, a priority pass is for whom it says: the callers look.
            own[1] = false;
            assert_eq!(reads(&tokens(1), EVENT, OTHER_USER, text), own, "another user");
        }
    }

    /// RELIABILITY T36 in small: no changed bit, no other length, no random text.
    #[test]
    fn whatever_was_changed_is_refused() {
        let tokens = tokens(1);
        let mut rng = rand::rngs::SmallRng::seed_from_u64(36);
        for text in texts() {
            let genuine = URL_SAFE_NO_PAD.decode(&text).unwrap();
            for bit in 0..genuine.len() * 8 {
                let mut bytes = genuine.clone();
                bytes[bit / 8] ^= 1 << (bit % 8);
                assert_eq!(reads(&tokens, EVENT, USER, &URL_SAFE_NO_PAD.encode(&bytes)), [false; 3], "bit {bit}");
            }
            for length in 0..genuine.len() {
                let short = URL_SAFE_NO_PAD.encode(&genuine[..length]);
                assert_eq!(reads(&tokens, EVENT, USER, &short), [false; 3], "{length} bytes");
            }
            for _ in 0..2_000 {
                let mut bytes = genuine.clone();
                for _ in 0..rng.random_range(1..=8) {
                    let at = rng.random_range(0..bytes.len());
                    bytes[at] = bytes[at].wrapping_add(rng.random_range(1..=255));
                }
                let is_same = bytes == genuine;
                let read = reads(&tokens, EVENT, USER, &URL_SAFE_NO_PAD.encode(&bytes));
                assert!(is_same || read == [false; 3], "{bytes:?}");
            }
            for strange in [
                format!("{text}A"),
                format!("{text}="),
                format!(" {text}"),
                text.replace(&text[..4], "++++"),
                text.to_uppercase(),
                text.repeat(5),
            ] {
                assert_eq!(reads(&tokens, EVENT, USER, &strange), [false; 3], "{strange}");
            }
        }
        for strange in ["", "ä", "null", &"A".repeat(60), &"A".repeat(100_000)] {
            assert_eq!(reads(&tokens, EVENT, USER, strange), [false; 3], "{strange:.20}");
        }
    }

    #[test]
    fn a_later_version_is_not_taken_for_this_one_even_if_it_is_signed() {
        let tokens = tokens(1);
        let mut text = Text::<PASS_BYTES>::new();
        text.put(&1u64.to_be_bytes()).put(&1i64.to_be_bytes());
        text.0[0] = VERSION + 1;
        let text = text.sign(&tokens.key, PASS_DOMAIN, EVENT, Some(USER));
        assert_eq!(tokens.read_pass(EVENT, USER, &text), None);
    }
}
