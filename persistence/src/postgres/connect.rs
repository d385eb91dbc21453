use std::sync::Arc;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{ConnectOptions, Connection, PgConnection};
use tracing::log::LevelFilter;

use super::node::Node;
use super::{AppendLane, Postgres, durability};
use crate::{ConnectError, StoreConfig, migrations};

const SLOW_STATEMENT: Duration = Duration::from_secs(1);

impl Postgres {
    pub(crate) async fn connect(url: &str, config: &StoreConfig) -> Result<Self, ConnectError> {
        if !url.starts_with("postgres://") && !url.starts_with("postgresql://") {
            return Err(ConnectError::Url(None));
        }
        let options: PgConnectOptions = url.parse().map_err(|error| ConnectError::Url(Some(error)))?;
        let options = options.application_name("usher").log_statements(LevelFilter::Off);

        // Without the statement timeout: a migration may take longer, and waits for another node that migrates.
        let mut connection = connect_in_time(&options, config.connect_timeout).await?;
        durability::require(&mut connection, config.allow_unsafe_durability).await?;
        migrations::postgres().run_direct(None, &mut connection, false).await.map_err(ConnectError::Migrate)?;
        let node = Arc::new(Node::name(&config.data_dir, &mut connection).await.map_err(ConnectError::Unreachable)?);
        // The work is done: a failure to say goodbye changes nothing.
        let _ = connection.close().await;

        let timeout_ms = config.statement_timeout.as_millis().to_string();
        let options = options.log_slow_statements(LevelFilter::Warn, SLOW_STATEMENT).options([
            ("statement_timeout", timeout_ms.as_str()),
            ("lock_timeout", timeout_ms.as_str()),
            ("idle_in_transaction_session_timeout", timeout_ms.as_str()),
            // Calls here take milliseconds: to compile one, or to start processes for it, takes ten times as long.
            ("jit", "off"),
            ("max_parallel_workers_per_gather", "0"),
            // A page in memory, or on a disk without heads, costs what its neighbour costs.
            ("random_page_cost", "1.1"),
        ]);
        let pool = PgPoolOptions::new()
            .max_connections(config.connections_max)
            .acquire_timeout(config.acquire_timeout)
            .connect_lazy_with(options.clone());
        Ok(Self {
            catalogue: crate::store::Catalogue::default(),
            pool,
            call_timeout: config.call_timeout,
            append: Arc::new(AppendLane::new(options, config)),
            node,
        })
    }
}

async fn connect_in_time(options: &PgConnectOptions, deadline: Duration) -> Result<PgConnection, ConnectError> {
    match tokio::time::timeout(deadline, options.connect()).await {
        Ok(connected) => connected.map_err(ConnectError::Unreachable),
        Err(_) => Err(ConnectError::Timeout),
    }
}
