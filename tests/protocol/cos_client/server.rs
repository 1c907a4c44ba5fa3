//! A server that reads requests byte by byte and answers, or misbehaves, by a script.

use std::collections::VecDeque;
use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use cos_thumbnailer::object::Endpoint;

/// What happens when a request has come.
pub(crate) enum Reply {
    /// These bytes; the connection stays open.
    Answer(Vec<u8>),
    /// These bytes, then the connection is closed.
    AnswerAndClose(Vec<u8>),
    /// These bytes; the connection is closed 50 ms later, when it lies idle.
    AnswerAndCloseIdle(Vec<u8>),
    /// The connection is closed without an answer.
    Close,
    /// These bytes, then nothing, for two seconds.
    Hang(Vec<u8>),
    /// The connection is reset, the request unread.
    Reset,
}

/// A request as it came.
pub(crate) struct Seen {
    /// Counts connections from 0.
    pub(crate) connection: usize,
    pub(crate) method: String,
    /// The request target, as on the wire.
    pub(crate) target: String,
    /// Names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Seen {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }
}

pub(crate) struct Server {
    pub(crate) endpoint: Endpoint,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Server {
    /// Listens on a free port. One reply is taken from the script for each request.
    pub(crate) fn start(script: impl IntoIterator<Item = Reply>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = Endpoint::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
        let script = Arc::new(Mutex::new(script.into_iter().collect::<VecDeque<_>>()));
        let seen = Arc::new(Mutex::new(Vec::new()));
        let record = Arc::clone(&seen);
        std::thread::spawn(move || {
            for (connection, stream) in listener.incoming().enumerate() {
                let (script, record) = (Arc::clone(&script), Arc::clone(&record));
                std::thread::spawn(move || serve(connection, stream.unwrap(), &script, &record));
            }
        });
        Self { endpoint, seen }
    }

    /// The requests so far, in the order they came.
    pub(crate) fn take_seen(&self) -> Vec<Seen> {
        std::mem::take(&mut *self.seen.lock().unwrap())
    }
}

fn serve(
    connection: usize,
    mut stream: TcpStream,
    script: &Mutex<VecDeque<Reply>>,
    record: &Mutex<Vec<Seen>>,
) {
    loop {
        // A look without reading: a connection closed over unread bytes is reset.
        match stream.peek(&mut [0]) {
            Ok(0) | Err(_) => return,
            Ok(_) => {}
        }
        let reply = script.lock().unwrap().pop_front();
        if matches!(reply, Some(Reply::Reset)) {
            return;
        }
        let Ok(seen) = read_request(connection, &mut stream) else { return };
        record.lock().unwrap().push(seen);
        match reply {
            Some(Reply::Answer(bytes)) => stream.write_all(&bytes).unwrap(),
            Some(Reply::AnswerAndClose(bytes)) => return stream.write_all(&bytes).unwrap(),
            Some(Reply::Hang(bytes)) => {
                stream.write_all(&bytes).unwrap();
                return std::thread::sleep(Duration::from_secs(2));
            }
            Some(Reply::AnswerAndCloseIdle(bytes)) => {
                stream.write_all(&bytes).unwrap();
                return std::thread::sleep(Duration::from_millis(50));
            }
            Some(Reply::Close) => return,
            Some(Reply::Reset) | None => {
                return stream.write_all(&answer(418, &[], &document("EndOfScript", ""))).unwrap();
            }
        }
    }
}

fn read_request(connection: usize, stream: &mut TcpStream) -> std::io::Result<Seen> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte)?;
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).map_err(|_| ErrorKind::InvalidData)?;
    let mut lines = head.trim_end().split("\r\n");
    let mut line = lines.next().unwrap().split(' ');
    let (method, target) = (line.next().unwrap().to_owned(), line.next().unwrap().to_owned());
    let headers: Vec<_> = lines
        .map(|line| line.split_once(": ").unwrap())
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .collect();
    let length = headers.iter().find(|(name, _)| name == "content-length");
    let mut body = vec![0; length.map_or(0, |(_, length)| length.parse().unwrap())];
    stream.read_exact(&mut body)?;
    Ok(Seen { connection, method, target, headers, body })
}

/// An answer with a content length and a request id.
pub(crate) fn answer(status: u16, headers: &[(&str, &str)], body: &[u8]) -> Vec<u8> {
    let mut bytes = format!("HTTP/1.1 {status} X\r\nx-cos-request-id: NjYx\r\n").into_bytes();
    if !headers.iter().any(|(name, _)| *name == "Content-Length") {
        write!(bytes, "Content-Length: {}\r\n", body.len()).unwrap();
    }
    for (name, value) in headers {
        write!(bytes, "{name}: {value}\r\n").unwrap();
    }
    bytes.extend_from_slice(b"\r\n");
    bytes.extend_from_slice(body);
    bytes
}

/// The same without a request id: not an answer of COS.
pub(crate) fn foreign_answer(status: u16, headers: &[(&str, &str)]) -> Vec<u8> {
    let text = String::from_utf8(answer(status, headers, b"")).unwrap();
    text.replace("x-cos-request-id: NjYx\r\n", "").into_bytes()
}

/// An error document.
pub(crate) fn document(code: &str, message: &str) -> Vec<u8> {
    format!(
        "<?xml version='1.0' encoding='utf-8' ?>\n<Error><Code>{code}</Code><Message>{message}</Message>\
         <RequestId>NjYx</RequestId></Error>"
    )
    .into_bytes()
}
