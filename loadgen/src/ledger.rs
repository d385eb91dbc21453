//! What buyers were told, in the order they were told. The audit believes nothing else. As a file: one JSON object a
//! line, each written out before the buyer goes on, so that an audit can run after the generator or the server is gone.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use anyhow::{Context, Result};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use wire::{Availability, HeldItem, Money, Order};

use crate::account::Credentials;

pub const VERSION: u32 = 1;

/// Accounts go by their number in `accounts`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Entry {
    /// First line.
    Run(Box<Run>),
    Held(Held),
    /// A hold was asked for, and whether it was given never became known.
    HoldUnknown {
        account: u32,
        units: u32,
    },
    /// Asked for, and told that it is done.
    Released {
        hold: Uuid,
        asked_at: DateTime<Utc>,
    },
    /// Asked for, without an answer.
    ReleaseUnknown {
        hold: Uuid,
        asked_at: DateTime<Utc>,
    },
    Ordered {
        order: Uuid,
        account: u32,
        hold: Uuid,
    },
    OrderUnknown {
        account: u32,
        hold: Uuid,
    },
    /// Written before the payment is sent.
    Paying {
        order: Uuid,
        account: u32,
    },
    /// The server said that the order is paid.
    Paid(Box<Paid>),
    PayRefused {
        order: Uuid,
        code: String,
    },
    /// Last line: the generator saw the run to its end.
    End {
        violations: Vec<String>,
        unclassified: u64,
    },
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Run {
    pub version: u32,
    pub url: String,
    pub event: Uuid,
    pub seed: u64,
    pub started_at: DateTime<Utc>,
    /// Before the first buyer.
    pub before: Availability,
    /// Places of the seat map.
    pub capacity: u32,
    /// Others buy at the same time: sold may be more than this run knows of.
    pub shared: bool,
    /// How many purchases there must be, when that is what the run is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purchases_expected: Option<u32>,
    pub accounts: Vec<Credentials>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Held {
    pub hold: Uuid,
    pub account: u32,
    pub items: Vec<HeldItem>,
    pub total: Money,
    /// When the request was first sent and when the answer was in hand.
    pub asked_at: DateTime<Utc>,
    pub answered_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Paid {
    pub account: u32,
    pub hold: Uuid,
    pub at: DateTime<Utc>,
    pub order: Order,
}

#[derive(Default)]
pub struct Ledger {
    written: Mutex<Written>,
}

#[derive(Default)]
struct Written {
    entries: Vec<Entry>,
    file: Option<File>,
    fault: Option<io::Error>,
}

impl Ledger {
    /// # Errors
    /// The file cannot be created.
    pub fn create(path: Option<&Path>) -> Result<Self> {
        let create = |path: &Path| File::create(path).with_context(|| format!("creating {}", path.display()));
        let file = path.map(create).transpose()?;
        Ok(Self { written: Mutex::new(Written { file, ..Written::default() }) })
    }

    pub fn write(&self, entry: Entry) {
        let mut written = self.lock();
        if let Some(file) = &mut written.file
            && let Err(error) = append(file, &entry)
        {
            // Kept for `finish`: a buyer has nobody to tell.
            written.fault.get_or_insert(error);
        }
        written.entries.push(entry);
    }

    /// The entries, once all buyers have left.
    ///
    /// # Errors
    /// A line could not be written: the file is not the whole truth.
    pub fn finish(&self) -> Result<Vec<Entry>> {
        let mut written = self.lock();
        if let Some(error) = written.fault.take() {
            return Err(error).context("writing the log of acknowledged answers");
        }
        Ok(written.entries.clone())
    }

    fn lock(&self) -> MutexGuard<'_, Written> {
        self.written.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn append(file: &mut File, entry: &Entry) -> io::Result<()> {
    let mut line = serde_json::to_vec(entry)?;
    line.push(b'\n');
    file.write_all(&line)
}

/// Reads a log back. A last line that was cut short is left out: its answer was never used.
///
/// # Errors
/// The file cannot be read, or any other line is not an entry.
pub fn read(path: &Path) -> Result<Vec<Entry>> {
    let text = std::fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
    let is_whole = text.ends_with('\n');
    let lines: Vec<&str> = text.lines().collect();
    let mut entries = Vec::with_capacity(lines.len());
    for (at, line) in lines.iter().enumerate() {
        match serde_json::from_str(line) {
            Ok(entry) => entries.push(entry),
            Err(_) if at + 1 == lines.len() && !is_whole => {}
            Err(error) => return Err(error).with_context(|| format!("{} line {}", path.display(), at + 1)),
        }
    }
    Ok(entries)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_is_read_back_without_its_torn_last_line_only() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("acks.jsonl");
        let ledger = Ledger::create(Some(&path)).unwrap();
        let order = Uuid::from_u128(1);
        ledger.write(Entry::Paying { order, account: 3 });
        ledger.write(Entry::PayRefused { order, code: "HOLD_EXPIRED".to_owned() });
        assert_eq!(ledger.finish().unwrap().len(), 2);
        assert_eq!(read(&path).unwrap().len(), 2);

        let whole = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, &whole[..whole.len() - 4]).unwrap();
        assert!(matches!(read(&path).unwrap()[..], [Entry::Paying { account: 3, .. }]));
        std::fs::write(&path, whole.replacen("paying", "praying", 1)).unwrap();
        assert!(read(&path).is_err());
    }
}
