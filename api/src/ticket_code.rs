//! The signed text inside a ticket's QR code: proof that this house issued the ticket, checked at the gate without a
//! look-up.
//!
//! 90 bytes, written as 120 characters of base64url (a QR code of 45 modules at error correction M):
//!
//! ```text
//! version 1 │ key 1 │ event tag 4 │ ticket 16 │ generation 4 │ Ed25519 signature 64
//! ```
//!
//! The event tag is the random end of the event's id, enough to tell a guest that this is the wrong door. The signature
//! covers the whole id, so that a ticket of one event is worth nothing at another whatever its tag says. A transfer
//! grows the generation: the core refuses the older codes.

use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair, ParsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use inventory::{EventId, TicketId};
use thiserror::Error;

const VERSION: u8 = 1;
/// Grows when the signing key is replaced.
const KEY: u8 = 1;
/// Keeps a signature made here from meaning anything elsewhere.
const DOMAIN: &[u8; 15] = b"usher ticket 1\0";

const SIGNATURE_AT: usize = 1 + 1 + 4 + 16 + 4;
pub const CODE_BYTES: usize = SIGNATURE_AT + 64;
/// Length of the text.
pub const CODE_CHARS: usize = CODE_BYTES / 3 * 4;

const _: () = {
    assert!(CODE_BYTES.is_multiple_of(3), "no padding, and only one spelling of each code");
    assert!(CODE_CHARS <= 120);
};

/// The key's seed cannot be used.
#[derive(Debug, Error)]
#[error("the ticket key is not valid")]
pub struct KeyError;

/// Why a code proves nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum CodeError {
    #[error("the code is not one of ours")]
    Malformed,
    #[error("the code was issued for another event")]
    OtherEvent,
    #[error("the signature does not match")]
    Forged,
}

/// What a genuine code says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claim {
    pub ticket: TicketId,
    pub generation: u32,
}

pub struct TicketSigner {
    pair: Ed25519KeyPair,
    public: ParsedPublicKey,
}

impl TicketSigner {
    /// # Errors
    /// [`KeyError`] when the library refuses the seed.
    pub fn from_seed(seed: &[u8; 32]) -> Result<Self, KeyError> {
        let pair = Ed25519KeyPair::from_seed_unchecked(seed).map_err(|_| KeyError)?;
        let public = ParsedPublicKey::new(&ED25519, pair.public_key().as_ref()).map_err(|_| KeyError)?;
        Ok(Self { pair, public })
    }

    /// 32 bytes, by which anybody can check codes and nobody make them.
    pub fn public_key(&self) -> &[u8] {
        self.pair.public_key().as_ref()
    }

    /// As in the second byte of every code.
    pub const fn key_id(&self) -> u8 {
        KEY
    }

    pub fn code(&self, event: EventId, claim: Claim) -> String {
        let mut bytes = [0; CODE_BYTES];
        bytes[0] = VERSION;
        bytes[1] = KEY;
        bytes[2..6].copy_from_slice(&tag(event));
        bytes[6..22].copy_from_slice(&claim.ticket.bytes());
        bytes[22..SIGNATURE_AT].copy_from_slice(&claim.generation.to_be_bytes());
        let signature = self.pair.sign(&message(event, &bytes));
        bytes[SIGNATURE_AT..].copy_from_slice(signature.as_ref());
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// # Errors
    /// [`CodeError`] says what is wrong with the code; none of it is a secret.
    pub fn verify(&self, event: EventId, code: &str) -> Result<Claim, CodeError> {
        if code.len() != CODE_CHARS {
            return Err(CodeError::Malformed);
        }
        let mut bytes = [0; CODE_BYTES];
        match URL_SAFE_NO_PAD.decode_slice(code, &mut bytes) {
            Ok(CODE_BYTES) => {}
            Ok(_) | Err(_) => return Err(CodeError::Malformed),
        }
        if bytes[0] != VERSION || bytes[1] != KEY {
            return Err(CodeError::Malformed);
        }
        if bytes[2..6] != tag(event) {
            return Err(CodeError::OtherEvent);
        }
        self.public.verify_sig(&message(event, &bytes), &bytes[SIGNATURE_AT..]).map_err(|_| CodeError::Forged)?;
        let (mut ticket, mut generation) = ([0; 16], [0; 4]);
        ticket.copy_from_slice(&bytes[6..22]);
        generation.copy_from_slice(&bytes[22..SIGNATURE_AT]);
        Ok(Claim { ticket: TicketId::from_bytes(ticket), generation: u32::from_be_bytes(generation) })
    }
}

fn tag(event: EventId) -> [u8; 4] {
    let id = event.bytes();
    [id[12], id[13], id[14], id[15]]
}

fn message(event: EventId, code: &[u8; CODE_BYTES]) -> [u8; DOMAIN.len() + 16 + SIGNATURE_AT] {
    let mut message = [0; DOMAIN.len() + 16 + SIGNATURE_AT];
    message[..DOMAIN.len()].copy_from_slice(DOMAIN);
    message[DOMAIN.len()..DOMAIN.len() + 16].copy_from_slice(&event.bytes());
    message[DOMAIN.len() + 16..].copy_from_slice(&code[..SIGNATURE_AT]);
    message
}

#[cfg(test)]
mod tests {
    use rand::{RngExt, SeedableRng};

    use super::*;

    fn signer(seed: u8) -> TicketSigner {
        TicketSigner::from_seed(&[seed; 32]).unwrap()
    }

    const EVENT: EventId = EventId::from_bytes([7; 16]);
    const CLAIM: Claim = Claim { ticket: TicketId::from_bytes([9; 16]), generation: 3 };

    #[test]
    fn a_code_proves_its_ticket_and_generation_in_at_most_120_characters() {
        let code = signer(1).code(EVENT, CLAIM);
        assert_eq!(code.len(), 120);
        assert_eq!(signer(1).verify(EVENT, &code), Ok(CLAIM));
    }

    const MUTATIONS: u32 = 100_000;

    /// RELIABILITY T33 in small: no changed bit and no random text is accepted.
    #[test]
    fn forged_codes_are_refused() {
        let signer = signer(1);
        let genuine = URL_SAFE_NO_PAD.decode(signer.code(EVENT, CLAIM)).unwrap();
        for bit in 0..CODE_BYTES * 8 {
            let mut bytes = genuine.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            let code = URL_SAFE_NO_PAD.encode(&bytes);
            assert!(signer.verify(EVENT, &code).is_err(), "bit {bit}");
        }
        let mut rng = rand::rngs::SmallRng::seed_from_u64(33);
        for round in 0..MUTATIONS {
            let mut bytes = genuine.clone();
            // Behind the head, so that it is the signature that refuses.
            for _ in 0..rng.random_range(1..=8) {
                let at = rng.random_range(6..CODE_BYTES);
                bytes[at] = bytes[at].wrapping_add(rng.random_range(1..=255));
            }
            if bytes != genuine {
                let refused = signer.verify(EVENT, &URL_SAFE_NO_PAD.encode(&bytes));
                assert_eq!(refused, Err(CodeError::Forged), "round {round}: {bytes:?}");
            }
        }
    }

    #[test]
    fn each_way_of_being_wrong_has_its_own_reason() {
        let code = signer(1).code(EVENT, CLAIM);
        // The same tag, another event: only the signature tells.
        let mut twin = EVENT.bytes();
        twin[0] ^= 1;
        let rows = [
            ("", CodeError::Malformed),
            ("a ticket", CodeError::Malformed),
            (&code[..119], CodeError::Malformed),
            (&format!("{code}="), CodeError::Malformed),
            (&code.replace(&code[..4], "++++"), CodeError::Malformed),
        ];
        for (text, expected) in rows {
            assert_eq!(signer(1).verify(EVENT, text), Err(expected), "{text}");
        }
        assert_eq!(signer(1).verify(EventId::from_bytes([8; 16]), &code), Err(CodeError::OtherEvent));
        assert_eq!(signer(1).verify(EventId::from_bytes(twin), &code), Err(CodeError::Forged));
        assert_eq!(signer(2).verify(EVENT, &code), Err(CodeError::Forged));
    }
}
