//! One HTTP/1.1 connection, driven by whoever talks on it: no task of its own, no pool between the request and the
//! measurement. A connection whose exchange was cut short must be thrown away.

use std::io;
use std::pin::Pin;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1::{self, SendRequest};
use hyper::{Request, header};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// The largest answer that is read: the seat map of 250,000 seats that each say everything is below it.
const BODY_BYTES_MAX: usize = 64 << 20;

pub type Outgoing = Request<Full<Bytes>>;
type Driver = http1::Connection<TokioIo<TcpStream>, Full<Bytes>>;

#[derive(Clone, Debug)]
pub struct Reply {
    pub status: u16,
    pub retry_after: Option<Duration>,
    pub body: Bytes,
}

/// Why there is no reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// No byte of the request left: nothing can have happened.
    Unsent(String),
    /// The request may have arrived.
    Lost(String),
    Timeout,
}

pub struct Connection {
    sender: SendRequest<Full<Bytes>>,
    driver: Option<Pin<Box<Driver>>>,
}

impl Connection {
    /// # Errors
    /// Nobody listens at `address`, or its queue is full.
    pub async fn open(address: &str) -> io::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let (sender, driver) = http1::handshake(TokioIo::new(stream)).await.map_err(io::Error::other)?;
        Ok(Self { sender, driver: Some(Box::pin(driver)) })
    }

    /// # Errors
    /// The connection ended before the answer did.
    pub async fn exchange(&mut self, request: Outgoing) -> Result<Reply, Fault> {
        let Some(driver) = &mut self.driver else { return Err(Fault::Unsent("closed".to_owned())) };
        let talk = talk(&mut self.sender, request);
        tokio::pin!(talk);
        tokio::select! {
            biased;
            reply = &mut talk => return reply,
            _ = driver => {}
        }
        self.driver = None;
        talk.await
    }
}

async fn talk(sender: &mut SendRequest<Full<Bytes>>, request: Outgoing) -> Result<Reply, Fault> {
    sender.ready().await.map_err(|error| Fault::Unsent(error.to_string()))?;
    let response = sender.try_send_request(request).await.map_err(|mut error| match error.take_message() {
        Some(_unsent) => Fault::Unsent(error.into_error().to_string()),
        None => Fault::Lost(error.into_error().to_string()),
    })?;
    let (head, body) = response.into_parts();
    let body = Limited::new(body, BODY_BYTES_MAX).collect().await.map_err(|error| Fault::Lost(error.to_string()))?;
    let seconds = head.headers.get(header::RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
    Ok(Reply { status: head.status.as_u16(), retry_after: seconds.map(Duration::from_secs), body: body.to_bytes() })
}
