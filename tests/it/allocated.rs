//! What the process has allocated and not given back: of Rust code, without SQLite's own.

use std::alloc::System;
use std::time::Duration;

use cap::Cap;
use usher_tests::server::TestServer;

#[global_allocator]
static ALLOCATOR: Cap<System> = Cap::new(System, usize::MAX);

const LOOKS: u32 = 20;
const BETWEEN_LOOKS: Duration = Duration::from_millis(50);

/// Bytes, the least of some looks: what metrics have recorded is freed late. Right where the test has the process to itself,
/// as the runner of the suite gives it.
pub async fn settled_bytes(server: &TestServer) -> usize {
    let mut least = usize::MAX;
    for _ in 0..LOOKS {
        server.app().state().prometheus.run_upkeep();
        tokio::time::sleep(BETWEEN_LOOKS).await;
        least = least.min(ALLOCATOR.allocated());
    }
    least
}
