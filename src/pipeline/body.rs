//! The body of a download as the decoder reads it.

use std::io::{self, Read};

use bytes::{Buf, Bytes};
use tokio::sync::mpsc;

use crate::cos;
use crate::cos::Download;

/// Chunks that may wait for the decoder. A chunk is what one read of the connection gave, 16 KB or so.
const CHUNKS: usize = 8;

/// The end that the network fills.
#[derive(Debug)]
pub(super) struct BodySender {
    chunks: mpsc::Sender<io::Result<Bytes>>,
}

/// The end that the decoder reads, on its own thread.
#[derive(Debug)]
pub(super) struct BodyReader {
    chunks: mpsc::Receiver<io::Result<Bytes>>,
    current: Bytes,
}

pub(super) fn channel() -> (BodySender, BodyReader) {
    let (sender, receiver) = mpsc::channel(CHUNKS);
    (BodySender { chunks: sender }, BodyReader { chunks: receiver, current: Bytes::new() })
}

impl BodySender {
    /// Passes a body on that is there already, or as much of it as the decoder wants.
    pub(super) async fn send_whole(self, body: Bytes) {
        // A decoder that has seen enough does not take it.
        let _ = self.chunks.send(Ok(body)).await;
    }

    /// Passes the whole download on, or as much of it as the decoder wants. The rest is the caller's.
    ///
    /// # Errors
    /// What broke the download off. The decoder sees an error as well, never an early end.
    pub(super) async fn forward(self, download: &mut Download) -> Result<(), cos::Error> {
        loop {
            let chunk = tokio::select! {
                chunk = download.chunk() => chunk,
                // The decoder has seen enough: the rest is not worth waiting for.
                () = self.chunks.closed() => return Ok(()),
            };
            match chunk {
                Ok(None) => return Ok(()),
                Ok(Some(chunk)) => {
                    if self.chunks.send(Ok(chunk)).await.is_err() {
                        return Ok(());
                    }
                }
                Err(error) => {
                    let broken = io::Error::new(io::ErrorKind::ConnectionAborted, "the download broke off");
                    // A decoder that has stopped reading needs no telling.
                    let _ = self.chunks.send(Err(broken)).await;
                    return Err(error);
                }
            }
        }
    }
}

impl Read for BodyReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.current.is_empty() {
            match self.chunks.blocking_recv() {
                Some(chunk) => self.current = chunk?,
                None => return Ok(0),
            }
        }
        let length = buffer.len().min(self.current.len());
        let (filled, _) = buffer.split_at_mut(length);
        self.current.copy_to_slice(filled);
        Ok(length)
    }
}
