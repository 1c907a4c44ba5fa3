//! Header names of responses in the case that the real services use.
//!
//! hyper writes every name in lower case. The Python SDK of COS returns the headers in a plain dictionary, so programs
//! look up `ETag` exactly; and the runtime API is documented with two cases. [`HeaderCaseSocket`] rewrites the names
//! while hyper writes the head of a response. The length of the head does not change.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Case of the header names of one service.
#[derive(Clone, Copy, Debug)]
pub(crate) enum HeaderStyle {
    /// `ETag`, `Content-Type`, `x-cos-request-id`.
    Cos,
    /// `request_id`.
    Lower,
    /// `Request_Id`.
    Mixed,
}

impl HeaderStyle {
    /// Changes the case of one name in place.
    fn apply(self, name: &mut [u8]) {
        let separator = match self {
            Self::Lower => return,
            Self::Cos if name.starts_with(b"x-") => return,
            Self::Cos => b'-',
            Self::Mixed => b'_',
        };
        if name == b"etag" {
            name.copy_from_slice(b"ETag");
            return;
        }
        for word in name.split_mut(|byte| *byte == separator) {
            if let Some(first) = word.first_mut() {
                first.make_ascii_uppercase();
            }
        }
    }
}

/// A socket that rewrites the header names of responses.
#[derive(Debug)]
pub(crate) struct HeaderCaseSocket<S> {
    socket: S,
    style: HeaderStyle,
}

impl<S> HeaderCaseSocket<S> {
    pub(crate) fn new(socket: S, style: HeaderStyle) -> Self {
        Self { socket, style }
    }
}

/// Returns the head at the beginning of `written` with rewritten names, or `None` if `written` begins with no head.
///
/// A head is never split over two writes: hyper begins a write with a complete head.
fn restyled_head(written: &[u8], style: HeaderStyle) -> Option<Vec<u8>> {
    if !written.starts_with(b"HTTP/1.1 ") {
        return None;
    }
    let end = written.windows(4).position(|window| window == b"\r\n\r\n")?;
    let mut head = written.get(..end.saturating_add(4))?.to_vec();
    for line in head.split_mut(|byte| *byte == b'\n').skip(1) {
        if let Some(colon) = line.iter().position(|byte| *byte == b':')
            && let Some(name) = line.get_mut(..colon)
        {
            style.apply(name);
        }
    }
    Some(head)
}

impl<S: AsyncRead + Unpin> AsyncRead for HeaderCaseSocket<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_read(context, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for HeaderCaseSocket<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        written: &[u8],
    ) -> Poll<io::Result<usize>> {
        let head = restyled_head(written, self.style);
        let bytes = head.as_deref().unwrap_or(written);
        Pin::new(&mut self.socket).poll_write(context, bytes)
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
    use super::*;

    #[test]
    fn names_in_the_head_change_and_nothing_else() {
        let written = b"HTTP/1.1 200 OK\r\netag: etag: x\r\ncontent-type: a-b\r\nx-cos-meta-a: b\r\n\
            request_id: r_i\r\n\r\netag: body\r\n\r\n";
        let cases = [
            (
                HeaderStyle::Cos,
                "ETag: etag: x\r\nContent-Type: a-b\r\nx-cos-meta-a: b\r\nRequest_id: r_i\r\n\r\n",
            ),
            (
                HeaderStyle::Lower,
                "etag: etag: x\r\ncontent-type: a-b\r\nx-cos-meta-a: b\r\nrequest_id: r_i\r\n\r\n",
            ),
            (
                HeaderStyle::Mixed,
                "ETag: etag: x\r\nContent-type: a-b\r\nX-cos-meta-a: b\r\nRequest_Id: r_i\r\n\r\n",
            ),
        ];
        for (style, expected) in cases {
            let head = String::from_utf8(restyled_head(written, style).unwrap()).unwrap();
            assert_eq!(head, format!("HTTP/1.1 200 OK\r\n{expected}"), "{style:?}");
        }
        assert!(restyled_head(b"etag: body", HeaderStyle::Cos).is_none());
    }
}
