//! Shape of the network between a function and the local COS: a delay for each request, and a rate for each connection.
//!
//! On loopback a download takes no time, so that a function which holds its source twice looks as good as one that streams.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until};

/// Most bytes that pass at once: a millisecond of 60 MB/s, which is as exact as timers are.
const PIECE: usize = 64 << 10;

/// Longest time that a timer may be late without loss of rate.
const LENIENCY: Duration = Duration::from_millis(4);

/// Delay and rate of every connection.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Network {
    /// Time from the last byte of a request to the first of its response, added to that of the work; and of every
    /// connection from its beginning to its first request.
    pub delay: Duration,
    /// Bytes a second in each direction of a connection; at least 1.
    pub rate: u64,
}

/// Bytes that have passed since the start.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Traffic {
    /// Bytes of requests, with their heads.
    pub received: u64,
    /// Bytes of responses, with their heads.
    pub sent: u64,
}

/// Counters of a COS.
#[derive(Debug, Default)]
pub(crate) struct TrafficCounters {
    received: AtomicU64,
    sent: AtomicU64,
}

impl TrafficCounters {
    /// Returns the present values.
    pub(crate) fn read(&self) -> Traffic {
        Traffic { received: self.received.load(Ordering::Relaxed), sent: self.sent.load(Ordering::Relaxed) }
    }
}

/// One direction of a connection.
#[derive(Debug)]
struct Lane {
    /// Time from which the next bytes may pass.
    free_at: Instant,
    wait: Option<Pin<Box<Sleep>>>,
}

impl Lane {
    fn new(free_at: Instant) -> Self {
        Self { free_at, wait: None }
    }

    /// Waits until bytes may pass.
    fn poll_free(&mut self, context: &mut Context<'_>) -> Poll<()> {
        if self.wait.is_none() && self.free_at > Instant::now() {
            self.wait = Some(Box::pin(sleep_until(self.free_at)));
        }
        if let Some(wait) = self.wait.as_mut() {
            ready!(wait.as_mut().poll(context));
            self.wait = None;
        }
        Poll::Ready(())
    }

    /// Counts bytes that have passed.
    fn pass(&mut self, bytes: usize, rate: u64) {
        let micros = (bytes as u64).saturating_mul(1_000_000) / rate.max(1);
        let earliest = Instant::now().checked_sub(LENIENCY).unwrap_or(self.free_at);
        self.free_at = self.free_at.max(earliest) + Duration::from_micros(micros);
    }

    fn delay(&mut self, delay: Duration) {
        self.free_at = Instant::now() + delay;
    }
}

/// A socket of this shape, whose bytes are counted.
#[derive(Debug)]
pub(crate) struct ShapedSocket<S> {
    socket: S,
    network: Option<Network>,
    counters: Arc<TrafficCounters>,
    read: Lane,
    write: Lane,
    /// Bytes of a request have arrived, and none of its response have left.
    is_asked: bool,
}

impl<S> ShapedSocket<S> {
    pub(crate) fn new(socket: S, network: Option<Network>, counters: Arc<TrafficCounters>) -> Self {
        let now = Instant::now();
        let delay = network.map_or(Duration::ZERO, |network| network.delay);
        Self {
            socket,
            network,
            counters,
            read: Lane::new(now + delay),
            write: Lane::new(now),
            is_asked: false,
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for ShapedSocket<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        ready!(this.read.poll_free(context));
        let most = buffer.remaining().min(PIECE);
        let mut piece = ReadBuf::new(buffer.initialize_unfilled_to(most));
        ready!(Pin::new(&mut this.socket).poll_read(context, &mut piece))?;
        let count = piece.filled().len();
        buffer.advance(count);
        this.counters.received.fetch_add(count as u64, Ordering::Relaxed);
        if let Some(network) = this.network {
            this.read.pass(count, network.rate);
        }
        this.is_asked |= count > 0;
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for ShapedSocket<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        if let (Some(network), true) = (this.network, this.is_asked) {
            this.write.delay(network.delay);
        }
        this.is_asked = false;
        ready!(this.write.poll_free(context));
        let piece = bytes.get(..PIECE).unwrap_or(bytes);
        let count = ready!(Pin::new(&mut this.socket).poll_write(context, piece))?;
        this.counters.sent.fetch_add(count as u64, Ordering::Relaxed);
        if let Some(network) = this.network {
            this.write.pass(count, network.rate);
        }
        Poll::Ready(Ok(count))
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    use super::*;

    #[tokio::test]
    async fn a_connection_has_its_delay_and_its_rate() {
        let network = Network { delay: Duration::from_millis(20), rate: 10_000_000 };
        let (mut client, server) = duplex(1 << 20);
        let counters = Arc::new(TrafficCounters::default());
        let mut server = ShapedSocket::new(server, Some(network), Arc::clone(&counters));
        let begin = Instant::now();
        let response = vec![7; 1_000_000];
        let (_, received) = tokio::join!(
            async {
                server.read_u8().await.unwrap();
                server.write_all(&response).await.unwrap();
            },
            async {
                client.write_u8(1).await.unwrap();
                let mut received = vec![0; 1_000_000];
                client.read_exact(&mut received).await.unwrap();
                received
            }
        );
        assert!(received == response);
        assert_eq!(counters.read(), Traffic { received: 1, sent: 1_000_000 });
        // Both delays, and 100 ms of bytes without the last piece.
        let least = Duration::from_millis(40 + 100 - 7) - LENIENCY;
        assert!(begin.elapsed() >= least, "{:?}", begin.elapsed());
    }
}
