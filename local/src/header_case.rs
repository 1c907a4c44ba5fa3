//! Header names spelt as the real services spell them.
//!
//! hyper writes every name in lower case. The Python SDK of COS hands the headers out in a plain dictionary, so a
//! program that reads `ETag` must find `ETag`; and the runtime API is documented in two spellings. This socket
//! rewrites the names of an answer's head as they pass; their length stays the same.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// Whose spelling.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Spelling {
    /// `ETag`, `Content-Type`, `x-cos-request-id`.
    Cos,
    /// `request_id`.
    Lower,
    /// `Request_Id`.
    Mixed,
}

impl Spelling {
    /// Respells one name in place.
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

/// A socket that spells.
#[derive(Debug)]
pub(crate) struct Speller {
    socket: TcpStream,
    spelling: Spelling,
}

impl Speller {
    pub(crate) fn new(socket: TcpStream, spelling: Spelling) -> Self {
        Self { socket, spelling }
    }
}

/// The head that these bytes begin with, respelt; none when they begin with none.
///
/// hyper begins a write with the head of an answer and never with a part of one.
fn respelt(written: &[u8], spelling: Spelling) -> Option<Vec<u8>> {
    if !written.starts_with(b"HTTP/1.1 ") {
        return None;
    }
    let end = written.windows(4).position(|window| window == b"\r\n\r\n")?;
    let mut head = written.get(..end.saturating_add(4))?.to_vec();
    for line in head.split_mut(|byte| *byte == b'\n').skip(1) {
        if let Some(colon) = line.iter().position(|byte| *byte == b':')
            && let Some(name) = line.get_mut(..colon)
        {
            spelling.apply(name);
        }
    }
    Some(head)
}

impl AsyncRead for Speller {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_read(context, buffer)
    }
}

impl AsyncWrite for Speller {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        written: &[u8],
    ) -> Poll<io::Result<usize>> {
        let head = respelt(written, self.spelling);
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
                Spelling::Cos,
                "ETag: etag: x\r\nContent-Type: a-b\r\nx-cos-meta-a: b\r\nRequest_id: r_i\r\n\r\n",
            ),
            (
                Spelling::Lower,
                "etag: etag: x\r\ncontent-type: a-b\r\nx-cos-meta-a: b\r\nrequest_id: r_i\r\n\r\n",
            ),
            (
                Spelling::Mixed,
                "ETag: etag: x\r\nContent-type: a-b\r\nX-cos-meta-a: b\r\nRequest_Id: r_i\r\n\r\n",
            ),
        ];
        for (spelling, expected) in cases {
            let head = String::from_utf8(respelt(written, spelling).unwrap()).unwrap();
            assert_eq!(head, format!("HTTP/1.1 200 OK\r\n{expected}"), "{spelling:?}");
        }
        assert!(respelt(b"etag: body", Spelling::Cos).is_none());
    }
}
