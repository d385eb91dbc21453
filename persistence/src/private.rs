//! Folders and files for nobody but the server: the keys it signs with are in them. What is there already is left as it is.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io;
use std::path::Path;

/// With all folders above it.
///
/// # Errors
/// It cannot be made.
pub fn create_dir(path: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// Opens it to write at its end.
///
/// # Errors
/// It cannot be made or opened.
pub fn create_file(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}
