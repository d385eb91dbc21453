use std::fs::{File, TryLockError};
use std::path::Path;

use crate::{ConnectError, private};

const LOCK_FILE: &str = "usher.lock";

/// Held as long as any clone of the store lives. The operating system releases it when the process ends, however it ends.
pub(crate) struct DirectoryLock {
    _file: File,
}

impl DirectoryLock {
    pub(super) fn acquire(data_dir: &Path) -> Result<Self, ConnectError> {
        let unusable = |source| ConnectError::DataDir { data_dir: data_dir.to_owned(), source };
        private::create_dir(data_dir).map_err(unusable)?;
        let path = data_dir.join(LOCK_FILE);
        let file = File::options().create(true).truncate(false).write(true).open(path).map_err(unusable)?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => Err(ConnectError::Locked { data_dir: data_dir.to_owned() }),
            Err(TryLockError::Error(source)) => Err(unusable(source)),
        }
    }
}
