//! The run as a sequence of lines. Only their hash is kept, to compare two runs; one seed can be listened to.

pub struct Trace {
    hash: u64,
    is_told: bool,
}

impl Trace {
    pub const fn new(is_told: bool) -> Self {
        Self { hash: 0xcbf2_9ce4_8422_2325, is_told }
    }

    pub fn tell(&mut self, at_us: i64, line: &str) {
        for byte in at_us.to_le_bytes().iter().chain(line.as_bytes()) {
            self.hash = (self.hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
        if self.is_told {
            say(&format!("{:>12.3} {line}", (at_us - crate::clock::START_US) as f64 / 1e6));
        }
    }

    pub const fn hash(&self) -> u64 {
        self.hash
    }
}

#[expect(clippy::disallowed_macros, reason = "a seed that is replayed by hand talks to the terminal")]
pub fn say(line: &str) {
    eprintln!("{line}");
}
