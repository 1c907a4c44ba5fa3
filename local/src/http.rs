//! An HTTP/1.1 server whose handlers control the connection as well as the response.
//!
//! The local COS and the runtime API use it. A handler may close the connection before or after the response. A
//! response body is a list of steps, so that faults can cut, stall or slow down a transfer at a known byte.

use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::{Sleep, sleep, timeout};

/// Time for hyper to pass written bytes to the socket before a connection is closed intentionally.
const FLUSH_TIME: Duration = Duration::from_millis(20);

/// Connection of a request, as an extension of the request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ConnectionId(pub(crate) u64);

impl ConnectionId {
    /// Returns an id that no earlier connection had.
    fn next() -> Self {
        static LAST: AtomicU64 = AtomicU64::new(0);
        Self(LAST.fetch_add(1, Ordering::Relaxed))
    }
}

/// Reaction of a handler to one request.
#[derive(Debug)]
pub(crate) enum HttpAction {
    /// Sends a response; the connection stays open.
    Respond(Response<ScriptedBody>),
    /// Closes the connection without a response.
    Close,
    /// Sends a response, then closes the connection without announcing it.
    RespondThenClose(Response<ScriptedBody>),
}

/// Error that makes hyper close a connection.
#[derive(Debug, thiserror::Error)]
#[error("the connection was closed intentionally")]
pub(crate) struct IntentionalAbort;

/// Step of a [`ScriptedBody`].
#[derive(Debug)]
enum BodyStep {
    Abort,
    Hang,
    Send(Bytes),
    Wait(Duration),
}

/// Body of a response: steps that are carried out in order.
#[derive(Debug, Default)]
pub(crate) struct ScriptedBody {
    steps: VecDeque<BodyStep>,
    waiting: Option<Pin<Box<Sleep>>>,
    /// Signals the end of the body when the connection must close then.
    close_signal: Option<CloseSignal>,
}

/// Notifies when it is dropped.
#[derive(Debug)]
struct CloseSignal(Arc<Notify>);

impl Drop for CloseSignal {
    fn drop(&mut self) {
        self.0.notify_one();
    }
}

impl ScriptedBody {
    /// A body that is sent at once.
    pub(crate) fn whole(bytes: Bytes) -> Self {
        let steps = if bytes.is_empty() { VecDeque::new() } else { VecDeque::from([BodyStep::Send(bytes)]) };
        Self { steps, ..Self::default() }
    }

    /// A body that is sent, after which the connection closes.
    pub(crate) fn truncated(bytes: Bytes) -> Self {
        Self {
            steps: VecDeque::from([BodyStep::Send(bytes), BodyStep::Wait(FLUSH_TIME), BodyStep::Abort]),
            ..Self::default()
        }
    }

    /// A body that is sent, after which the connection stays open without further bytes.
    pub(crate) fn stalled(bytes: Bytes) -> Self {
        let mut body = Self::whole(bytes);
        body.steps.push_back(BodyStep::Hang);
        body
    }

    /// A body of pieces of `chunk` bytes with a pause before each.
    pub(crate) fn paced(mut bytes: Bytes, chunk: usize, pause: Duration) -> Self {
        let mut steps = VecDeque::new();
        while !bytes.is_empty() {
            steps.push_back(BodyStep::Wait(pause));
            steps.push_back(BodyStep::Send(bytes.split_to(chunk.clamp(1, bytes.len()))));
        }
        Self { steps, ..Self::default() }
    }
}

impl Body for ScriptedBody {
    type Data = Bytes;
    type Error = IntentionalAbort;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, IntentionalAbort>>> {
        loop {
            if let Some(pause) = self.waiting.as_mut() {
                ready!(pause.as_mut().poll(context));
                self.waiting = None;
            }
            match self.steps.pop_front() {
                None => return Poll::Ready(None),
                Some(BodyStep::Abort) => return Poll::Ready(Some(Err(IntentionalAbort))),
                Some(BodyStep::Hang) => {
                    self.steps.push_front(BodyStep::Hang);
                    return Poll::Pending;
                }
                Some(BodyStep::Send(bytes)) => return Poll::Ready(Some(Ok(Frame::data(bytes)))),
                Some(BodyStep::Wait(pause)) => self.waiting = Some(Box::pin(sleep(pause))),
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.steps.is_empty() && self.waiting.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        let mut total = 0_u64;
        for step in &self.steps {
            match step {
                BodyStep::Send(bytes) => total = total.saturating_add(bytes.len() as u64),
                BodyStep::Abort | BodyStep::Hang | BodyStep::Wait(_) => return SizeHint::default(),
            }
        }
        SizeHint::with_exact(total)
    }
}

/// Accepts connections until the future is dropped, which also closes them.
///
/// `wrap` converts an accepted socket to the stream that hyper uses.
pub(crate) async fn serve<H, F, W, S>(listener: &TcpListener, handler: H, wrap: W)
where
    H: Fn(Request<Incoming>) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = HttpAction> + Send + 'static,
    W: Fn(TcpStream) -> S,
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let mut connections = JoinSet::new();
    loop {
        match listener.accept().await {
            Ok((socket, _)) => {
                // Otherwise a small response waits for the acknowledgement of the previous one (Nagle).
                let _ = socket.set_nodelay(true);
                connections.spawn(connection(wrap(socket), handler.clone()));
            }
            // Most likely the file descriptors are exhausted; connections that end release some.
            Err(_) => sleep(FLUSH_TIME).await,
        }
        while connections.try_join_next().is_some() {}
    }
}

async fn connection<H, F, S>(socket: S, handler: H)
where
    H: Fn(Request<Incoming>) -> F,
    F: Future<Output = HttpAction>,
    S: AsyncRead + AsyncWrite + Unpin + 'static,
{
    let close_signal = Arc::new(Notify::new());
    let id = ConnectionId::next();
    let service = service_fn(|mut request| {
        request.extensions_mut().insert(id);
        let action = handler(request);
        let close_signal = Arc::clone(&close_signal);
        async move {
            match action.await {
                HttpAction::Respond(response) => Ok(response),
                HttpAction::Close => Err(IntentionalAbort),
                HttpAction::RespondThenClose(mut response) => {
                    response.body_mut().close_signal = Some(CloseSignal(close_signal));
                    Ok(response)
                }
            }
        }
    });
    let served = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(socket), service);
    tokio::pin!(served);
    tokio::select! {
        // Errors are clients that disconnected and intentional aborts; neither is reported.
        _ = &mut served => {}
        () = close_signal.notified() => {
            let _ = timeout(FLUSH_TIME, served).await;
        }
    }
}
