//! Makes what the write-ahead log says true of the disk, before anybody writes behind it.
//!
//! After a sync that failed, the operating system may keep pages that the disk never got and call them written: the next
//! sync succeeds without them. SQLite writes over what it could not sync, as long as the process lives. A process that
//! starts reads the pages from memory, takes the commit in them for whole and goes on behind it; should the power fail
//! then, the log would end at the gap, and all that was acknowledged since would be lost.

use std::fs::File;
use std::io::{ErrorKind, Read, Result, Seek, SeekFrom, Write};
use std::path::Path;

const CHUNK_BYTES: usize = 1 << 20;

/// Writes the log over itself and syncs it: pages are synced only when they were written. Call it while nobody else
/// writes.
pub(super) fn make_durable(path: &Path) -> Result<()> {
    let mut log = match File::options().read(true).write(true).open(path) {
        Ok(log) => log,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    let mut chunk = vec![0; CHUNK_BYTES];
    let mut at = 0;
    loop {
        let count = log.read(&mut chunk)?;
        if count == 0 {
            return log.sync_all();
        }
        log.seek(SeekFrom::Start(at))?;
        log.write_all(&chunk[..count])?;
        at += count as u64;
    }
}

#[cfg(test)]
mod tests {
    use super::{CHUNK_BYTES, make_durable};

    #[test]
    fn the_log_stays_as_it_is() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("log");
        make_durable(&path).unwrap();
        assert!(!path.exists());
        for len in [0, 1, CHUNK_BYTES, 2 * CHUNK_BYTES + 7] {
            let bytes: Vec<u8> = (0..len).map(|at| (at % 251) as u8).collect();
            std::fs::write(&path, &bytes).unwrap();
            make_durable(&path).unwrap();
            assert!(std::fs::read(&path).unwrap() == bytes, "{len} bytes");
        }
    }
}
