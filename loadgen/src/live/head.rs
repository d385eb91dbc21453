//! What the first bytes of a frame tell, without reading the rest: the seats of a delta come last.

/// Covers type, three numbers of 20 digits and their names.
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

pub fn read(head: &[u8]) -> Head {
    let kind = match text_after(head, b"\"type\":\"") {
        b"snapshot" => Kind::Snapshot,
        b"delta" => Kind::Delta,
        b"line" => Kind::Line,
        b"bye" => Kind::Bye,
        _ => Kind::Other,
    };
    match kind {
        Kind::Delta => Head {
            kind,
            prev: number_after(head, b"\"prev\":"),
            seq: number_after(head, b"\"seq\":"),
            at_us: number_after(head, b"\"at_us\":"),
        },
        Kind::Snapshot => Head { kind, prev: 0, seq: number_after(head, b"\"seq\":"), at_us: 0 },
        Kind::Line | Kind::Bye | Kind::Other => Head { kind, prev: 0, seq: 0, at_us: 0 },
    }
}

/// The code of a `bye`.
pub fn code(head: &[u8]) -> String {
    String::from_utf8_lossy(text_after(head, b"\"code\":\"")).into_owned()
}

fn after<'a>(head: &'a [u8], name: &[u8]) -> &'a [u8] {
    head.windows(name.len()).position(|window| window == name).map_or(&[], |at| &head[at + name.len()..])
}

fn text_after<'a>(head: &'a [u8], name: &[u8]) -> &'a [u8] {
    let rest = after(head, name);
    rest.iter().position(|byte| *byte == b'"').map_or(&[], |end| &rest[..end])
}

fn number_after(head: &[u8], name: &[u8]) -> u64 {
    let digits = after(head, name).iter().take_while(|byte| byte.is_ascii_digit());
    digits.fold(0, |number, digit| number.wrapping_mul(10).wrapping_add(u64::from(digit - b'0')))
}

#[cfg(test)]
mod tests {
    use wire::{EventStatus, LiveDelta, LiveFrame, LiveSnapshot};

    use super::*;

    fn head_of(frame: &LiveFrame) -> Vec<u8> {
        let mut text = serde_json::to_vec(frame).unwrap();
        text.truncate(HEAD_BYTES);
        text
    }

    #[test]
    fn the_head_of_every_frame_says_what_the_frame_says() {
        let seats = (0..500).map(|at| (format!("S-{at}-1"), 'h')).collect();
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

        let bye = LiveFrame::Bye { code: "TOO_SLOW".to_owned(), retry_after_s: Some(1) };
        assert_eq!((read(&head_of(&bye)).kind, code(&head_of(&bye)).as_str()), (Kind::Bye, "TOO_SLOW"));
        assert_eq!(read(b"{}").kind, Kind::Other);
        assert_eq!(read(b"{\"type\":\"delta\"").seq, 0);
    }
}
