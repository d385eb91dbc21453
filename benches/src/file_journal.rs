//! The floor that the stores are measured against: the same batches appended to one plain file, each commit ended by
//! `fdatasync`. It keeps no index, no epoch and no rows, so nothing could be cheaper and still be durable.

use std::{
    fs::{File, OpenOptions},
    io::Write,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

use engine::{Appended, Batch, Chunk, Epoch, Journal, JournalError, Opened, Owned, Snapshot};
use inventory::{EventId, Lsn};

pub struct FileJournal {
    file: Arc<Mutex<File>>,
}

impl FileJournal {
    /// # Errors
    /// When the file cannot be made.
    pub fn create(path: &Path) -> std::io::Result<Self> {
        let file = OpenOptions::new().create_new(true).append(true).open(path)?;
        Ok(Self { file: Arc::new(Mutex::new(file)) })
    }

    fn write(&self, batches: &[Batch]) -> std::io::Result<()> {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        for batch in batches {
            let mut head = [0; 40];
            head[..16].copy_from_slice(&batch.event.bytes());
            head[16..24].copy_from_slice(&batch.first_lsn.0.to_le_bytes());
            head[24..32].copy_from_slice(&batch.last_lsn.0.to_le_bytes());
            head[32..].copy_from_slice(&(batch.records.len() as u64).to_le_bytes());
            file.write_all(&head)?;
            file.write_all(&batch.records)?;
        }
        file.sync_data()
    }
}

impl Journal for FileJournal {
    async fn open(&self, _event: EventId) -> Result<Opened, JournalError> {
        Ok(Opened { epoch: Epoch(1), snapshot: None, last_lsn: Lsn::ZERO, lease: None })
    }

    async fn renew(&self, owned: Vec<Owned>) -> Result<Vec<bool>, JournalError> {
        Ok(vec![true; owned.len()])
    }

    async fn release(&self, _owned: Owned) -> Result<(), JournalError> {
        Ok(())
    }

    async fn append(&self, batches: Vec<Batch>) -> Result<Vec<Appended>, JournalError> {
        let writer = Self { file: Arc::clone(&self.file) };
        let count = batches.len();
        let written = tokio::task::spawn_blocking(move || writer.write(&batches)).await;
        match written {
            Ok(Ok(())) => Ok(vec![Appended::Durable; count]),
            Ok(Err(error)) => Err(JournalError::Unknown(Box::new(error))),
            Err(error) => Err(JournalError::Unknown(Box::new(error))),
        }
    }

    async fn read(&self, _event: EventId, _from: Lsn, _bytes_max: usize) -> Result<Vec<Chunk>, JournalError> {
        Ok(Vec::new())
    }

    async fn put_snapshot(&self, _event: EventId, _epoch: Epoch, _snapshot: Snapshot) -> Result<(), JournalError> {
        Ok(())
    }

    async fn snapshot_below(&self, _event: EventId, _below: Lsn) -> Result<Option<Snapshot>, JournalError> {
        Ok(None)
    }

    async fn trim(&self, _event: EventId, _through: Lsn) -> Result<(), JournalError> {
        Ok(())
    }
}
