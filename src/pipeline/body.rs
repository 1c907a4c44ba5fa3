//! Bounded buffer that carries the body of a download to the decoder.
//!
//! Back-pressure: a full buffer pauses the download, an empty one pauses the decoder. A failed download
//! reaches the decoder as a read error, never as an early end.

use std::io::{self, Read};
use std::sync::Arc;

use bytes::{Buf, Bytes};
use tokio::sync::{Semaphore, mpsc};

use crate::cos;
use crate::cos::{Download, ProcessedDownload};

/// Bytes that a chunk costs beside its content, at most: its place in the queue, and its share of the block
/// of memory that the connection read it into.
const CHUNK_OVERHEAD: usize = 512;

/// A body of a response, which arrives chunk by chunk.
pub(super) trait Body {
    /// The next bytes; `None` after the last. Dropping the future loses no bytes.
    async fn next(&mut self) -> Result<Option<Bytes>, cos::Error>;

    /// Abandons the rest, with as much of it read as makes the connection reusable.
    async fn drain(&mut self);

    /// Compares what has come with its checksum, if there is one.
    fn verify(&self) -> Result<(), cos::Error>;
}

impl Body for Download {
    async fn next(&mut self) -> Result<Option<Bytes>, cos::Error> {
        self.chunk().await
    }

    async fn drain(&mut self) {
        Self::drain(self).await;
    }

    fn verify(&self) -> Result<(), cos::Error> {
        Self::verify(self)
    }
}

impl Body for ProcessedDownload {
    async fn next(&mut self) -> Result<Option<Bytes>, cos::Error> {
        self.chunk().await
    }

    // It has no length that would tell if little is left.
    async fn drain(&mut self) {}

    // The checksum of COS is that of the source.
    fn verify(&self) -> Result<(), cos::Error> {
        Ok(())
    }
}

/// Sending end, for the async thread.
#[derive(Debug)]
pub(super) struct BodySender {
    chunks: mpsc::UnboundedSender<io::Result<Chunk>>,
    /// Bytes of the buffer that are free.
    free: Arc<Semaphore>,
    capacity: usize,
    /// A chunk that the buffer had no room for.
    waiting: Option<Bytes>,
}

/// Receiving end, for the decoder thread.
#[derive(Debug)]
pub(super) struct BodyReader {
    chunks: mpsc::UnboundedReceiver<io::Result<Chunk>>,
    free: Arc<Semaphore>,
    current: Chunk,
}

/// Bytes, and what they cost of the buffer.
#[derive(Debug, Default)]
struct Chunk {
    bytes: Bytes,
    cost: usize,
}

/// State of a body after [`BodySender::fill`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Filled {
    /// There is enough of the body, or the buffer is full: the body goes on.
    Partly,
    /// The buffer holds the whole body.
    Whole,
}

/// A buffer of this many bytes.
pub(super) fn channel(capacity: usize) -> (BodySender, BodyReader) {
    let (sender, receiver) = mpsc::unbounded_channel();
    let capacity = capacity.clamp(1, Semaphore::MAX_PERMITS);
    let free = Arc::new(Semaphore::new(capacity));
    let reader = BodyReader { chunks: receiver, free: Arc::clone(&free), current: Chunk::default() };
    (BodySender { chunks: sender, free, capacity, waiting: None }, reader)
}

impl BodySender {
    /// Takes chunks until the body ends, there are `enough` bytes, or the buffer is full.
    ///
    /// # Errors
    /// The error of the download. The decoder gets a read error as well, never an early end.
    pub(super) async fn fill(&mut self, body: &mut impl Body, enough: u64) -> Result<Filled, cos::Error> {
        let mut filled = 0_u64;
        while filled < enough {
            let Some(chunk) = self.next(body).await? else { return Ok(Filled::Whole) };
            let (cost, length) = (self.cost(&chunk), chunk.len());
            match self.free.try_acquire_many(cost) {
                Ok(permit) => permit.forget(),
                Err(_) => {
                    self.waiting = Some(chunk);
                    return Ok(Filled::Partly);
                }
            }
            self.send(chunk, cost);
            filled = filled.saturating_add(u64::try_from(length).unwrap_or(u64::MAX));
        }
        Ok(Filled::Partly)
    }

    /// Forwards chunks until the download or the decoder ends. The rest of the download is left to the
    /// caller.
    ///
    /// # Errors
    /// As [`Self::fill`].
    pub(super) async fn forward(mut self, body: &mut impl Body) -> Result<(), cos::Error> {
        let decoder = self.chunks.clone();
        loop {
            let forwarded = async {
                let Some(chunk) = self.next(body).await? else { return Ok(false) };
                let cost = self.cost(&chunk);
                // The reader never closes the semaphore.
                if let Ok(permit) = self.free.acquire_many(cost).await {
                    permit.forget();
                }
                self.send(chunk, cost);
                Ok(true)
            };
            let more = tokio::select! {
                more = forwarded => more?,
                // The decoder has read enough, so the rest need not be waited for.
                () = decoder.closed() => false,
            };
            if !more {
                return Ok(());
            }
        }
    }

    async fn next(&mut self, body: &mut impl Body) -> Result<Option<Bytes>, cos::Error> {
        if let Some(chunk) = self.waiting.take() {
            return Ok(Some(chunk));
        }
        body.next().await.inspect_err(|_| {
            let broken = io::Error::new(io::ErrorKind::ConnectionAborted, "the download broke off");
            // A decoder that has stopped reading needs no error.
            let _ = self.chunks.send(Err(broken));
        })
    }

    /// Bytes of the buffer that a chunk takes; at most all of it, so that a large chunk passes through.
    fn cost(&self, chunk: &Bytes) -> u32 {
        let cost = chunk.len().saturating_add(CHUNK_OVERHEAD).min(self.capacity);
        u32::try_from(cost).unwrap_or(u32::MAX)
    }

    fn send(&self, bytes: Bytes, cost: u32) {
        let cost = usize::try_from(cost).unwrap_or(usize::MAX);
        // A decoder that has read enough has dropped its end.
        let _ = self.chunks.send(Ok(Chunk { bytes, cost }));
    }
}

impl Read for BodyReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.current.bytes.is_empty() {
            self.free.add_permits(std::mem::take(&mut self.current).cost);
            match self.chunks.blocking_recv() {
                Some(chunk) => self.current = chunk?,
                None => return Ok(0),
            }
        }
        let length = buffer.len().min(self.current.bytes.len());
        let (filled, _) = buffer.split_at_mut(length);
        self.current.bytes.copy_to_slice(filled);
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Body of a body, the last of which may be a failure.
    struct Parts(Vec<Bytes>);

    impl Body for Parts {
        async fn next(&mut self) -> Result<Option<Bytes>, cos::Error> {
            Ok((!self.0.is_empty()).then(|| self.0.remove(0)))
        }

        async fn drain(&mut self) {}

        fn verify(&self) -> Result<(), cos::Error> {
            Ok(())
        }
    }

    fn parts(lengths: &[usize]) -> Parts {
        Parts(lengths.iter().map(|length| Bytes::from(vec![7; *length])).collect())
    }

    #[tokio::test]
    async fn a_full_buffer_pauses_the_download_and_loses_nothing() {
        let (mut sender, mut reader) = channel(10_000);
        let mut body = parts(&[4_000, 4_000, 4_000, 20_000]);
        assert_eq!(sender.fill(&mut body, u64::MAX).await.unwrap(), Filled::Partly);
        assert_eq!(body.0.len(), 1, "two chunks fit, the third waits");
        let read = tokio::task::spawn_blocking(move || {
            let mut all = Vec::new();
            reader.read_to_end(&mut all).map(|_| all.len())
        });
        sender.forward(&mut body).await.unwrap();
        assert_eq!(read.await.unwrap().unwrap(), 32_000);
    }

    #[tokio::test]
    async fn enough_of_a_body_is_left_to_be_forwarded() {
        let (mut sender, _reader) = channel(100_000);
        let mut body = parts(&[4_000, 4_000, 4_000]);
        assert_eq!(sender.fill(&mut body, 7_000).await.unwrap(), Filled::Partly);
        assert_eq!(body.0.len(), 1);
    }

    #[tokio::test]
    async fn a_body_that_fits_is_whole_before_anybody_reads() {
        let (mut sender, mut reader) = channel(10_000);
        assert_eq!(sender.fill(&mut parts(&[4_000, 1]), u64::MAX).await.unwrap(), Filled::Whole);
        drop(sender);
        let read = tokio::task::spawn_blocking(move || reader.read_to_end(&mut Vec::new()));
        assert_eq!(read.await.unwrap().unwrap(), 4_001);
    }

    #[tokio::test]
    async fn a_decoder_that_stops_reading_ends_the_download() {
        let (sender, reader) = channel(10);
        drop(reader);
        let mut body = parts(&[100; 50]);
        sender.forward(&mut body).await.unwrap();
        assert!(!body.0.is_empty());
    }
}
