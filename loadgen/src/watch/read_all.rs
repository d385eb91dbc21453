//! Reads a socket in full, by the library, and folds what it says into the state of the house.

use std::sync::{Mutex, PoisonError};

use futures_util::StreamExt;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message};
use wire::{LiveBinary, LiveFrame};

use super::watcher::{Coming, Crowd, Ending, Watcher};
use crate::live::board::Board;
use crate::live::dial::Dialled;
use crate::live::head::{self, HEAD_BYTES, Kind};

pub async fn run(watcher: &Watcher, board: &Mutex<Board>, crowd: &Crowd, dialled: Dialled, coming: Coming) -> Ending {
    let config = WebSocketConfig::default().read_buffer_size(16 << 10).write_buffer_size(0);
    let Dialled { stream, behind } = dialled;
    let mut socket = WebSocketStream::from_partially_read(stream, behind.to_vec(), Role::Client, Some(config)).await;
    let (mut has_first, mut bye) = (false, None);
    let mut saw = |bytes: &[u8]| {
        let head = head::read(&bytes[..bytes.len().min(HEAD_BYTES)]);
        watcher.saw(&crowd.tally, head, bytes.len() as u64);
        if !std::mem::replace(&mut has_first, true) {
            watcher.came(&crowd.tally, coming, head.kind == Kind::Snapshot);
        }
        head
    };
    let otherwise = loop {
        match socket.next().await {
            Some(Ok(Message::Text(text))) => {
                let head = saw(text.as_bytes());
                let mut board = board.lock().unwrap_or_else(PoisonError::into_inner);
                match serde_json::from_str::<LiveFrame>(&text) {
                    Ok(LiveFrame::Bye { code, .. }) => bye = Some(code),
                    Ok(frame) => board.take(&frame),
                    // Unknown types are to be ignored: the feed may grow.
                    Err(_) if head.kind == Kind::Other => {}
                    Err(error) => board.fault(format!("an unreadable frame: {error}")),
                }
            }
            Some(Ok(Message::Binary(bytes))) => {
                saw(&bytes);
                let mut board = board.lock().unwrap_or_else(PoisonError::into_inner);
                match LiveBinary::decode(&bytes) {
                    Ok(frame) => board.take_binary(&frame),
                    Err(error) => board.fault(format!("an unreadable frame: {error}")),
                }
            }
            Some(Ok(Message::Close(close))) => break Ending::Closed(close.map(|close| close.code.into())),
            Some(Ok(_)) => {}
            Some(Err(Error::Io(error))) => break Ending::Fault(error.kind()),
            Some(Err(_)) => break Ending::NotAFrame,
            None => break Ending::Closed(None),
        }
    };
    bye.map_or(otherwise, Ending::Bye)
}
