//! Accepts connections and speaks HTTP/1.1 on them, within every limit, until told to stop.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use http::{Request, header};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::upgrade::Upgraded;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::config::Http;
use crate::edge::Edge;
use crate::error::TOO_MANY_CONNECTIONS;
use crate::metrics;
use crate::stall::Stall;

/// Connections that the system keeps until they are accepted. An on-sale opens thousands in the same second.
const BACKLOG: u32 = 4_096;
/// After a failed accept, which is nearly always a lack of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// One of the connections that there may be. An upgraded one outlives its HTTP, and its place with it: the task that goes
/// on with the connection takes it out of the request.
#[derive(Clone)]
pub struct ConnectionPlace {
    _permit: Arc<OwnedSemaphorePermit>,
}

type Io = Stall<TokioIo<TcpStream>>;

/// The bare connection of an upgraded request, and what the peer has sent right behind it: copied, because what it lies in
/// is large. `None`: it is not one of this server's.
pub fn connection_of(upgraded: Upgraded) -> Option<(TcpStream, Vec<u8>)> {
    let parts = upgraded.downcast::<Io>().ok()?;
    Some((parts.io.into_inner().into_inner(), parts.read_buf.to_vec()))
}

/// # Errors
/// The address is not there or taken.
pub fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// Until `stop`; then finishes the requests under way, and returns when the last connection is gone or the deadline for
/// stopping has passed.
pub async fn serve(listener: TcpListener, edge: Edge, config: &Http, stop: CancellationToken) {
    let connections = TaskTracker::new();
    let places = Arc::new(Semaphore::new(config.connections_max));
    let http = protocol(config);
    while let Some(accepted) = stop.run_until_cancelled(listener.accept()).await {
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted: {error}");
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        let Ok(place) = Arc::clone(&places).try_acquire_owned() else {
            refuse(&stream);
            continue;
        };
        metrics::observe_connections(config.connections_max - places.available_permits());
        let place = ConnectionPlace { _permit: Arc::new(place) };
        connections.spawn(connection(
            stream,
            peer,
            place,
            edge.clone(),
            http.clone(),
            config.write_timeout,
            stop.clone(),
        ));
    }
    drop(listener);
    connections.close();
    if tokio::time::timeout(config.stop_timeout, connections.wait()).await.is_err() {
        tracing::warn!(open = connections.len(), "{} connections were cut off when stopping", connections.len());
    }
}

/// Without `pipeline_flush`: with it hyper forgets the answer to a head that it refuses.
fn protocol(config: &Http) -> http1::Builder {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(config.header_read_timeout)
        .max_headers(config.headers_max)
        .max_header_size(config.header_bytes_max)
        .max_buf_size(config.header_bytes_max);
    http
}

/// Best effort: the peer may see a closed connection instead.
fn refuse(stream: &TcpStream) {
    metrics::count_connection_refused();
    drop(stream.try_write(TOO_MANY_CONNECTIONS));
}

async fn connection(
    stream: TcpStream,
    peer: SocketAddr,
    place: ConnectionPlace,
    edge: Edge,
    http: http1::Builder,
    write_timeout: Duration,
    stop: CancellationToken,
) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "a connection went away: {error}");
        return;
    }
    let (edge, place) = (&edge, &place);
    let service = service_fn(move |mut request: Request<Incoming>| async move {
        if request.headers().contains_key(header::UPGRADE) {
            request.extensions_mut().insert(place.clone());
        }
        Ok::<_, Infallible>(edge.answer(request, peer).await)
    });
    let io: Io = Stall::new(TokioIo::new(stream), write_timeout);
    let mut connection = pin!(http.serve_connection(io, service).with_upgrades());
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, %peer, "a connection ended early: {error}");
    }
}
