//! An HTTP server on the loopback interface that gives the answers of an input, byte by byte as they are there.

use std::future::Future;
use std::net::SocketAddr;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// Between two answers of an input.
const SEPARATOR: &[u8] = b"\n=====\n";

/// Runs a client against a server that gives these answers, one for each connection and then none.
pub(crate) fn answer<F: Future>(answers: &[u8], client: impl FnOnce(SocketAddr) -> F) -> F::Output {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("no runtime");
    runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("no free port");
        let address = listener.local_addr().expect("it is bound");
        let server = async {
            let mut rest = Some(answers);
            loop {
                let (connection, _) = listener.accept().await.expect("no connection");
                let (answer, after) = rest.map_or((&[][..], None), split);
                rest = after;
                tokio::spawn(serve(connection, answer.to_owned()));
            }
        };
        tokio::select! {
            outcome = client(address) => outcome,
            () = server => unreachable!("it has no end"),
        }
    })
}

fn split(answers: &[u8]) -> (&[u8], Option<&[u8]>) {
    let at = answers.windows(SEPARATOR.len()).position(|window| window == SEPARATOR);
    match at.and_then(|at| answers.split_at_checked(at)) {
        Some((first, rest)) => (first, rest.get(SEPARATOR.len()..)),
        None => (answers, None),
    }
}

/// Reads one request, gives the answer and ends the connection. What fails here the client sees as a lost connection.
async fn serve(mut connection: TcpStream, answer: Vec<u8>) {
    // Bytes that are left unread would make the kernel drop the answer.
    let mut request = Vec::new();
    while !is_whole(&request) {
        match connection.read_buf(&mut request).await {
            Ok(0) | Err(_) => return,
            Ok(_) => {}
        }
    }
    let _ = connection.write_all(&answer).await;
    let _ = connection.shutdown().await;
    while connection.read_buf(&mut request).await.is_ok_and(|count| count > 0) {}
}

/// True for a request with all of its body.
fn is_whole(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request).to_ascii_lowercase();
    let Some((head, _)) = text.split_once("\r\n\r\n") else { return false };
    let length = head.split("content-length: ").nth(1).and_then(|rest| rest.lines().next());
    let length: usize = length.and_then(|length| length.parse().ok()).unwrap_or(0);
    request.len() >= head.len() + 4 + length
}
