//! A way to a database that can be made to stand still, as if the database did: connections stay open and are accepted,
//! nothing is answered, and what was sent meanwhile arrives afterwards. The database itself serves the other tests on.

use std::net::{Ipv4Addr, SocketAddr};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// Ends, with all its connections, when it is dropped.
pub struct FreezableWay {
    address: SocketAddr,
    is_frozen: watch::Sender<bool>,
    _tasks: JoinSet<()>,
}

impl FreezableWay {
    /// # Panics
    /// When no port is free.
    pub async fn to(host: String, port: u16) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port is free");
        let address = listener.local_addr().expect("a bound socket has an address");
        let is_frozen = watch::Sender::new(false);
        let mut tasks = JoinSet::new();
        tasks.spawn(accept(listener, host, port, is_frozen.subscribe()));
        Self { address, is_frozen, _tasks: tasks }
    }

    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    pub fn freeze(&self) {
        self.is_frozen.send_replace(true);
    }

    pub fn thaw(&self) {
        self.is_frozen.send_replace(false);
    }
}

async fn accept(listener: TcpListener, host: String, port: u16, is_frozen: watch::Receiver<bool>) {
    let mut connections = JoinSet::new();
    while let Ok((near, _)) = listener.accept().await {
        let (host, is_frozen) = (host.clone(), is_frozen.clone());
        connections.spawn(async move {
            let Ok(far) = TcpStream::connect((host, port)).await else { return };
            let ((near_read, near_write), (far_read, far_write)) = (near.into_split(), far.into_split());
            tokio::join!(
                forward(near_read, far_write, is_frozen.clone()),
                forward(far_read, near_write, is_frozen.clone()),
            );
        });
    }
}

async fn forward(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, mut is_frozen: watch::Receiver<bool>) {
    let mut buffer = vec![0; 64 << 10];
    loop {
        let read = from.read(&mut buffer).await;
        if is_frozen.wait_for(|is_frozen| !is_frozen).await.is_err() {
            return;
        }
        match read {
            Ok(bytes) if bytes > 0 && to.write_all(&buffer[..bytes]).await.is_ok() => {}
            // A connection that cannot be closed is closed already.
            _ => return drop(to.shutdown().await),
        }
    }
}
