//! Whether a commit that this server acknowledges survives a crash.

use sqlx::PgConnection;

use crate::ConnectError;

const SETTINGS: &str = "
    SELECT current_setting('fsync'), current_setting('full_page_writes'), current_setting('synchronous_commit'),
        current_setting('synchronous_standby_names')";

/// Pins the session to the value that was checked: a reload of the server's configuration cannot weaken it later.
const PIN: &str = "SELECT set_config('synchronous_commit', $1, false)";

pub(super) const STATEMENTS: &[&str] = &[SETTINGS, PIN];

struct Settings {
    fsync: String,
    full_page_writes: String,
    synchronous_commit: String,
    standby_names: String,
}

impl Settings {
    async fn read(connection: &mut PgConnection) -> sqlx::Result<Self> {
        let (fsync, full_page_writes, synchronous_commit, standby_names) =
            sqlx::query_as(SETTINGS).fetch_one(connection).await?;
        Ok(Self { fsync, full_page_writes, synchronous_commit, standby_names })
    }

    fn problem(&self) -> Option<String> {
        if self.fsync != "on" {
            return Some(format!("fsync is {}", self.fsync));
        }
        if self.full_page_writes != "on" {
            return Some(format!("full_page_writes is {}", self.full_page_writes));
        }
        let safe = match self.synchronous_commit.as_str() {
            "on" | "remote_apply" | "remote_write" => true,
            // Flushed here but on no standby: as good as `on` where no standby is synchronous.
            "local" => self.standby_names.trim().is_empty(),
            _ => false,
        };
        (!safe).then(|| format!("synchronous_commit is {}", self.synchronous_commit))
    }
}

/// At start.
pub(super) async fn require(connection: &mut PgConnection, allow_unsafe: bool) -> Result<(), ConnectError> {
    let settings = Settings::read(connection).await.map_err(ConnectError::Unreachable)?;
    match settings.problem() {
        None => Ok(()),
        Some(problem) if allow_unsafe => {
            tracing::error!(
                problem,
                "UNSAFE DURABILITY: the database may lose acknowledged commits ({problem}), allowed by configuration. \
                 Never sell with this."
            );
            Ok(())
        }
        Some(problem) => Err(ConnectError::UnsafeDurability { problem }),
    }
}

/// On every new connection for appends: the server may have been reconfigured since the start.
pub(super) async fn pin(connection: &mut PgConnection) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let settings = Settings::read(connection).await?;
    if let Some(problem) = settings.problem() {
        return Err(Box::new(ConnectError::UnsafeDurability { problem }));
    }
    sqlx::query(PIN).bind(settings.synchronous_commit).execute(connection).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::Settings;

    fn problem(fsync: &str, full_page_writes: &str, synchronous_commit: &str, standby_names: &str) -> Option<String> {
        let [fsync, full_page_writes, synchronous_commit, standby_names] =
            [fsync, full_page_writes, synchronous_commit, standby_names].map(str::to_owned);
        Settings { fsync, full_page_writes, synchronous_commit, standby_names }.problem()
    }

    #[test]
    fn only_settings_that_keep_every_acknowledged_commit_pass() {
        for safe in ["on", "remote_apply", "remote_write"] {
            assert_eq!(problem("on", "on", safe, ""), None);
            assert_eq!(problem("on", "on", safe, "b"), None);
        }
        assert_eq!(problem("on", "on", "local", ""), None);
        assert_eq!(problem("on", "on", "local", "b"), Some("synchronous_commit is local".to_owned()));
        assert_eq!(problem("on", "on", "off", ""), Some("synchronous_commit is off".to_owned()));
        assert_eq!(problem("off", "on", "on", ""), Some("fsync is off".to_owned()));
        assert_eq!(problem("on", "off", "on", ""), Some("full_page_writes is off".to_owned()));
    }
}
