//! What the first bytes of a frame tell, without reading the rest: the seats of a delta come last, in both forms.

/// Covers type, three numbers of 20 digits and their names; of the binary form it is more than enough.
pub const HEAD_BYTES: usize = 160;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Snapshot,
    Delta,
    Line,
    Bye,
    /// Heartbeats, counts, the state of the sale, and whatever is added later.
    Other,
}

/// Of a delta or snapshot; absent numbers are zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    pub kind: Kind,
    pub prev: u64,
    pub seq: u64,
    pub at_us: u64,
}

impl Head {
    const fn of(kind: Kind) -> Self {
        Self { kind, prev: 0, seq: 0, at_us: 0 }
    }
}

pub fn read(head: &[u8]) -> Head {
    match head.first() {
        Some(b'{') => read_json(Rest(head)),
        _ => read_binary(head).unwrap_or(Head::of(Kind::Other)),
    }
}

/// The numbers come in this order.
fn read_json(mut rest: Rest) -> Head {
    let kind = match rest.text_after(b"\"type\":\"") {
        b"snapshot" => Kind::Snapshot,
        b"delta" => Kind::Delta,
        b"line" => Kind::Line,
        b"bye" => Kind::Bye,
        _ => Kind::Other,
    };
    match kind {
        Kind::Delta => Head {
            kind,
            prev: rest.number_after(b"\"prev\":"),
            seq: rest.number_after(b"\"seq\":"),
            at_us: rest.number_after(b"\"at_us\":"),
        },
        Kind::Snapshot => Head { seq: rest.number_after(b"\"seq\":"), ..Head::of(kind) },
        Kind::Line | Kind::Bye | Kind::Other => Head::of(kind),
    }
}

/// As [`wire::LiveBinary`] is laid out.
fn read_binary(head: &[u8]) -> Option<Head> {
    let number = |at| Some(u64::from_le_bytes(*head.get(at..)?.first_chunk()?));
    Some(match head.first()? {
        1 => Head { seq: number(8)?, ..Head::of(Kind::Snapshot) },
        2 => Head { kind: Kind::Delta, prev: number(8)?, seq: number(16)?, at_us: number(24)? },
        _ => return None,
    })
}

/// The code of a `bye`.
pub fn code(head: &[u8]) -> String {
    String::from_utf8_lossy(Rest(head).text_after(b"\"code\":\"")).into_owned()
}

/// What has not been read yet: every frame of every socket comes through here.
struct Rest<'a>(&'a [u8]);

impl<'a> Rest<'a> {
    fn skip(&mut self, name: &[u8]) {
        let found = (0..self.0.len()).find(|at| self.0[*at] == name[0] && self.0[*at..].starts_with(name));
        self.0 = found.map_or(&[], |at| &self.0[at + name.len()..]);
    }

    fn text_after(&mut self, name: &[u8]) -> &'a [u8] {
        self.skip(name);
        let end = self.0.iter().position(|byte| *byte == b'"');
        let (text, rest) = end.map_or((&[][..], self.0), |end| self.0.split_at(end));
        self.0 = rest;
        text
    }

    fn number_after(&mut self, name: &[u8]) -> u64 {
        self.skip(name);
        let digits = self.0.iter().take_while(|byte| byte.is_ascii_digit());
        digits.fold(0, |number, digit| number.wrapping_mul(10).wrapping_add(u64::from(digit - b'0')))
    }
}

#[cfg(test)]
mod tests {
    use wire::{BinaryDelta, BinarySnapshot, EventStatus, LiveDelta, LiveFrame, LiveSnapshot};

    use super::*;

    fn head_of(frame: &LiveFrame) -> Vec<u8> {
        let mut text = serde_json::to_vec(frame).unwrap();
        text.truncate(HEAD_BYTES);
        text
    }

    #[test]
    fn the_head_of_every_frame_says_what_the_frame_says() {
        let seats = (0..500).map(|at| (2 * at, "h".to_owned())).collect();
        let (prev, seq, at_us) = (u64::MAX - 1, u64::MAX, i64::MAX);
        let delta = LiveFrame::Delta(LiveDelta { prev, seq, at_us, seats, areas: Vec::new() });
        assert_eq!(read(&head_of(&delta)), Head { kind: Kind::Delta, prev, seq, at_us: at_us as u64 });

        let snapshot = LiveSnapshot {
            event_id: uuid::Uuid::from_u128(7),
            seq: 42,
            status: EventStatus::Published,
            totals: wire::Counts::default(),
            sections: Vec::new(),
        };
        let head = read(&head_of(&LiveFrame::Snapshot(snapshot)));
        assert_eq!((head.kind, head.seq), (Kind::Snapshot, 42));

        let (status, seats, areas) = (EventStatus::Published, vec![(7, 1); 500], Vec::new());
        let binary = BinaryDelta { prev, seq, at_us, seats, areas: Vec::new() }.encode();
        assert_eq!(read(&binary[..HEAD_BYTES]), Head { kind: Kind::Delta, prev, seq, at_us: at_us as u64 });
        let binary = BinarySnapshot { status, seq: 42, seats: vec![1; 5_000], areas }.encode();
        let head = read(&binary[..HEAD_BYTES]);
        assert_eq!((head.kind, head.seq), (Kind::Snapshot, 42));
        assert_eq!(
            (read(&binary[..10]).kind, read(&[]).kind, read(&[9; 40]).kind),
            (Kind::Other, Kind::Other, Kind::Other)
        );

        let bye = LiveFrame::Bye { code: "TOO_SLOW".to_owned(), retry_after_s: Some(1) };
        assert_eq!((read(&head_of(&bye)).kind, code(&head_of(&bye)).as_str()), (Kind::Bye, "TOO_SLOW"));
        assert_eq!(read(b"{}").kind, Kind::Other);
        assert_eq!(read(b"{\"type\":\"delta\"").seq, 0);
    }
}
