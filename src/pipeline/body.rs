//! Bounded channel that carries the body of a download to the decoder.
//!
//! Back-pressure: a full channel pauses the download, an empty one pauses the decoder. A failed download
//! reaches the decoder as a read error, never as an early end.

use std::io::{self, Read};

use bytes::{Buf, Bytes};
use tokio::sync::mpsc;

use crate::cos;
use crate::cos::Download;

/// Chunks that may wait for the decoder. A chunk is one read of the connection, about 16 KB.
const CHUNKS: usize = 8;

/// Sending end, for the async thread.
#[derive(Debug)]
pub(super) struct BodySender {
    chunks: mpsc::Sender<io::Result<Bytes>>,
}

/// Receiving end, for the decoder thread.
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
    /// Sends a body that is already in memory.
    pub(super) async fn send_whole(self, body: Bytes) {
        // A decoder that has read enough has dropped its end.
        let _ = self.chunks.send(Ok(body)).await;
    }

    /// Forwards chunks until the download or the decoder ends. The rest of the download is left to the
    /// caller.
    ///
    /// # Errors
    /// The error of the download. The decoder gets a read error as well, never an early end.
    pub(super) async fn forward(self, download: &mut Download) -> Result<(), cos::Error> {
        loop {
            let chunk = tokio::select! {
                chunk = download.chunk() => chunk,
                // The decoder has read enough, so the rest need not be waited for.
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
                    // A decoder that has stopped reading needs no error.
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
