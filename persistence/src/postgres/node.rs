//! Which node this is. A node that is started again after a crash is the same node, and need not wait for the leases of
//! the process that died: its name lies in the data directory, and a lock beside it proves that no other process bears it.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

use sqlx::PgConnection;
use uuid::Uuid;

const FILE: &str = "usher.node";

const NEW_NAME: &str = "SELECT gen_random_uuid()";

pub(super) const STATEMENTS: &[&str] = &[NEW_NAME];

pub(crate) struct Node {
    pub(crate) id: Uuid,
    /// The operating system releases it when the process ends, however it ends.
    _lock: Option<File>,
}

impl Node {
    /// Without a directory of its own a node is a new one at every start.
    pub(super) async fn name(data_dir: &Path, connection: &mut PgConnection) -> sqlx::Result<Self> {
        let id: Uuid = sqlx::query_scalar(NEW_NAME).fetch_one(connection).await?;
        if data_dir.as_os_str().is_empty() {
            return Ok(Self { id, _lock: None });
        }
        Ok(Self::kept(data_dir, id).unwrap_or_else(|error| {
            tracing::warn!(
                data_dir = %data_dir.display(),
                error = &error as &dyn std::error::Error,
                "the node has no name that outlives this process: after a crash its events wait for their leases to end"
            );
            Self { id, _lock: None }
        }))
    }

    fn kept(data_dir: &Path, new: Uuid) -> io::Result<Self> {
        crate::private::create_dir(data_dir)?;
        let mut file = File::options().create(true).truncate(false).read(true).write(true).open(data_dir.join(FILE))?;
        file.try_lock()?;
        let mut text = String::new();
        file.read_to_string(&mut text)?;
        if let Ok(id) = text.trim().parse() {
            return Ok(Self { id, _lock: Some(file) });
        }
        file.set_len(0)?;
        file.seek(SeekFrom::Start(0))?;
        writeln!(file, "{new}")?;
        file.sync_all()?;
        Ok(Self { id: new, _lock: Some(file) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: Uuid = Uuid::from_u128(1);
    const OTHER: Uuid = Uuid::from_u128(2);

    #[test]
    fn a_node_keeps_its_name_and_shares_it_with_no_living_process() {
        let home = std::env::temp_dir().join(format!("usher-node-{}", std::process::id()));
        let first = Node::kept(&home, ONE).unwrap();
        assert_eq!(first.id, ONE);
        assert!(Node::kept(&home, OTHER).is_err());
        drop(first);
        assert_eq!(Node::kept(&home, OTHER).unwrap().id, ONE);

        std::fs::write(home.join(FILE), "torn").unwrap();
        assert_eq!(Node::kept(&home, OTHER).unwrap().id, OTHER);
        std::fs::remove_dir_all(home).unwrap();
    }
}
