//! Frames of RFC 6455 as a server sends them, counted as they pass: of a message only the head is kept, whatever its
//! length. No allocation, no copy of the payload, no look at its text.

use super::head::HEAD_BYTES;

/// Of a frame header from a server: two bytes, up to eight of length, no mask.
const HEADER_BYTES: usize = 10;
/// The longest a control frame may be.
const CONTROL_BYTES: usize = 125;

#[derive(Debug, PartialEq, Eq)]
pub enum Seen<'a> {
    Message { bytes: u64, head: &'a [u8] },
    Ping(&'a [u8]),
    Close(Option<u16>),
}

/// What the peer sent cannot be a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAFrame;

#[derive(Clone, Copy)]
enum Opcode {
    Data,
    Close,
    Ping,
    Pong,
}

pub struct Scanner {
    header: [u8; HEADER_BYTES],
    header_len: u8,
    opcode: Opcode,
    is_last: bool,
    /// Of the frame's payload, still to come.
    left: u64,
    bytes: u64,
    head: [u8; HEAD_BYTES],
    head_len: u8,
    control: [u8; CONTROL_BYTES],
    control_len: u8,
}

impl Default for Scanner {
    fn default() -> Self {
        Self {
            header: [0; HEADER_BYTES],
            header_len: 0,
            opcode: Opcode::Data,
            is_last: true,
            left: 0,
            bytes: 0,
            head: [0; HEAD_BYTES],
            head_len: 0,
            control: [0; CONTROL_BYTES],
            control_len: 0,
        }
    }
}

impl Scanner {
    /// Takes what has arrived and shows every message and control frame that it completes.
    ///
    /// # Errors
    /// The bytes are not frames; nothing after them can be read.
    pub fn scan(&mut self, mut bytes: &[u8], mut see: impl FnMut(Seen)) -> Result<(), NotAFrame> {
        while !bytes.is_empty() {
            if self.left == 0 {
                bytes = self.take_header(bytes)?;
                if !self.has_header() {
                    return Ok(());
                }
                self.begin()?;
            }
            let taken = usize::try_from(self.left).unwrap_or(usize::MAX).min(bytes.len());
            self.keep(&bytes[..taken]);
            self.left -= taken as u64;
            bytes = &bytes[taken..];
            if self.left == 0 {
                self.header_len = 0;
                self.end(&mut see);
            }
        }
        Ok(())
    }

    fn take_header<'a>(&mut self, mut bytes: &'a [u8]) -> Result<&'a [u8], NotAFrame> {
        while !self.has_header() {
            let Some((first, rest)) = bytes.split_first() else { break };
            self.header[usize::from(self.header_len)] = *first;
            self.header_len += 1;
            bytes = rest;
            // A mask, or a bit of an extension that nobody agreed to.
            if (self.header_len == 1 && first & 0x70 != 0) || (self.header_len == 2 && first & 0x80 != 0) {
                return Err(NotAFrame);
            }
        }
        Ok(bytes)
    }

    fn has_header(&self) -> bool {
        let needed = match (self.header_len, self.header[1]) {
            (0 | 1, _) => return false,
            (_, 126) => 4,
            (_, 127) => 10,
            _ => 2,
        };
        self.header_len >= needed
    }

    fn begin(&mut self) -> Result<(), NotAFrame> {
        let extended = |range: std::ops::Range<usize>| {
            self.header[range].iter().fold(0u64, |length, byte| length << 8 | u64::from(*byte))
        };
        self.left = match self.header[1] {
            126 => extended(2..4),
            127 => extended(2..10),
            short => u64::from(short),
        };
        self.is_last = self.header[0] & 0x80 != 0;
        self.opcode = match self.header[0] & 0x0f {
            0..=2 => Opcode::Data,
            8 => Opcode::Close,
            9 => Opcode::Ping,
            10 => Opcode::Pong,
            _ => return Err(NotAFrame),
        };
        self.control_len = 0;
        let is_control = !matches!(self.opcode, Opcode::Data);
        if is_control && (self.left > CONTROL_BYTES as u64 || !self.is_last) {
            return Err(NotAFrame);
        }
        Ok(())
    }

    fn keep(&mut self, payload: &[u8]) {
        let (kept, len) = match self.opcode {
            Opcode::Data => {
                self.bytes += payload.len() as u64;
                (&mut self.head[..], &mut self.head_len)
            }
            Opcode::Close | Opcode::Ping | Opcode::Pong => (&mut self.control[..], &mut self.control_len),
        };
        let from = usize::from(*len);
        let more = payload.len().min(kept.len() - from);
        kept[from..from + more].copy_from_slice(&payload[..more]);
        *len += more as u8;
    }

    fn end(&mut self, see: &mut impl FnMut(Seen)) {
        let control = &self.control[..usize::from(self.control_len)];
        match self.opcode {
            Opcode::Data if !self.is_last => {}
            Opcode::Data => {
                see(Seen::Message { bytes: self.bytes, head: &self.head[..usize::from(self.head_len)] });
                (self.bytes, self.head_len) = (0, 0);
            }
            Opcode::Ping => see(Seen::Ping(control)),
            Opcode::Close => see(Seen::Close(control.first_chunk().map(|code| u16::from_be_bytes(*code)))),
            Opcode::Pong => {}
        }
    }
}

/// A masked pong. Its mask is zero: that hides nothing, and what it would hide from is a confused proxy.
pub fn pong(payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![0x8a, 0x80 | payload.len().min(CONTROL_BYTES) as u8, 0, 0, 0, 0];
    frame.extend(payload.iter().take(CONTROL_BYTES));
    frame
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(opcode: u8, is_last: bool, payload: &[u8]) -> Vec<u8> {
        let mut frame = vec![opcode | if is_last { 0x80 } else { 0 }];
        match payload.len() {
            short @ 0..126 => frame.push(short as u8),
            medium @ 126..65_536 => {
                frame.push(126);
                frame.extend((medium as u16).to_be_bytes());
            }
            long => {
                frame.push(127);
                frame.extend((long as u64).to_be_bytes());
            }
        }
        frame.extend(payload);
        frame
    }

    fn seen(scanner: &mut Scanner, bytes: &[u8], piece: usize) -> Vec<String> {
        let mut all = Vec::new();
        for piece in bytes.chunks(piece) {
            let taken = scanner.scan(piece, |seen| {
                all.push(match seen {
                    Seen::Message { bytes, head } => {
                        format!("{bytes} {} {}", head.len(), head.len() > 2 && head[2] == b'm')
                    }
                    Seen::Ping(payload) => format!("ping {payload:?}"),
                    Seen::Close(code) => format!("close {code:?}"),
                });
            });
            taken.unwrap();
        }
        all
    }

    #[test]
    fn messages_are_counted_whatever_pieces_they_come_in() {
        let long = vec![b'm'; 70_000];
        let stream = [
            frame(1, true, &long[..5]),
            frame(9, true, &[7]),
            frame(1, true, &long[..300]),
            frame(2, true, &long),
            frame(1, false, &long[..100]),
            frame(9, true, &[8]),
            frame(0, true, &long[..200]),
            frame(1, true, &[]),
            frame(10, true, &[]),
            frame(8, true, &1001u16.to_be_bytes()),
            frame(8, true, &[]),
        ]
        .concat();
        let expected = [
            "5 5 true",
            "ping [7]",
            "300 160 true",
            "70000 160 true",
            "ping [8]",
            "300 160 true",
            "0 0 false",
            "close Some(1001)",
            "close None",
        ];
        for piece in [1, 2, 3, 7, 64, 4_096, stream.len()] {
            assert_eq!(seen(&mut Scanner::default(), &stream, piece), expected, "in pieces of {piece}");
        }
    }

    #[test]
    fn what_no_server_may_send_is_not_a_frame() {
        for bad in
            [vec![0x81, 0x80], vec![0xc1, 0x00], vec![0x83, 0x00], frame(9, true, &[0; 126]), frame(9, false, &[0])]
        {
            assert_eq!(Scanner::default().scan(&bad, |_| {}), Err(NotAFrame), "{bad:?}");
        }
    }

    #[test]
    fn a_pong_carries_what_the_ping_said() {
        assert_eq!(pong(b"ab"), [0x8a, 0x82, 0, 0, 0, 0, b'a', b'b']);
    }
}
