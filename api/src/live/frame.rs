//! WebSocket frames as bytes, made once and written to every socket alike: what a server sends is not masked, so a frame
//! is the same for all (RFC 6455, 5.2).

use bytes::{BufMut, Bytes, BytesMut};
use serde::Serialize;

const FIN: u8 = 0x80;
const TEXT: u8 = 0x1;
const BINARY: u8 = 0x2;
const CLOSE: u8 = 0x8;

/// A ping without a payload.
pub const PING: &[u8] = &[FIN | 0x9, 0];

/// Longest reason of a close frame: a control frame's payload is 125 bytes, two of them the code.
const REASON_BYTES_MAX: usize = 123;

pub fn text(value: &impl Serialize) -> Bytes {
    // Strings, numbers and lists of them: there is nothing that could fail to be written.
    frame(TEXT, &serde_json::to_vec(value).unwrap_or_default())
}

pub fn binary(payload: &[u8]) -> Bytes {
    frame(BINARY, payload)
}

pub fn close(code: u16, reason: &str) -> Bytes {
    let mut payload = code.to_be_bytes().to_vec();
    payload.extend(reason.bytes().take(REASON_BYTES_MAX));
    frame(CLOSE, &payload)
}

fn frame(opcode: u8, payload: &[u8]) -> Bytes {
    let mut bytes = BytesMut::with_capacity(payload.len() + 10);
    bytes.put_u8(FIN | opcode);
    match (u8::try_from(payload.len()), u16::try_from(payload.len())) {
        (Ok(length @ 0..=125), _) => bytes.put_u8(length),
        (_, Ok(length)) => {
            bytes.put_u8(126);
            bytes.put_u16(length);
        }
        (_, Err(_)) => {
            bytes.put_u8(127);
            bytes.put_u64(payload.len() as u64);
        }
    }
    bytes.put_slice(payload);
    bytes.freeze()
}

#[cfg(test)]
mod tests {
    use tokio_tungstenite::tungstenite::protocol::Role;
    use tokio_tungstenite::tungstenite::{Message, WebSocket};

    use super::*;

    /// As a client's library reads them.
    fn read(frames: &[Bytes]) -> Vec<Message> {
        let stream = std::io::Cursor::new(frames.concat());
        let mut socket = WebSocket::from_raw_socket(stream, Role::Client, None);
        std::iter::from_fn(|| socket.read().ok()).take(frames.len()).collect()
    }

    #[test]
    fn frames_of_every_length_are_read_by_a_client() {
        for length in [0, 1, 125, 126, 127, 65_535, 65_536, 200_000] {
            let payload = vec![7; length];
            assert_eq!(read(&[binary(&payload)]), [Message::Binary(payload.into())], "{length}");
        }
        let value = "ü".repeat(300);
        assert_eq!(read(&[text(&value)]), [Message::text(format!("\"{value}\""))]);
    }

    #[test]
    fn a_ping_and_a_close_are_what_they_say() {
        let messages = read(&[Bytes::from_static(PING), close(1008, "TOO_SLOW")]);
        assert_eq!(messages[0], Message::Ping(Bytes::new()));
        let Message::Close(Some(close)) = &messages[1] else { panic!("{messages:?}") };
        assert_eq!((u16::from(close.code), close.reason.as_str()), (1008, "TOO_SLOW"));
    }
}
