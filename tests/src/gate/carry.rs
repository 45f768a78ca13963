//! What goes through a gate: whole connections, held up where the mode says so, or single requests whose answers are
//! marked.

use std::io;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt, copy};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::watch;

use super::{Keeper, Mode};

/// Bytes of a piece.
const PIECE: usize = 16 * 1024;
/// The longest head of a request or an answer.
const HEAD_MAX: usize = 64 * 1024;
/// How late a slow answer is: later than a client waits.
const LATE: Duration = Duration::from_secs(8);
/// How long a slow byte takes.
const BYTE: Duration = Duration::from_secs(3);

/// Carries a connection in both directions, to its end.
pub(super) async fn through(client: TcpStream, keeper: &Keeper, number: usize) -> io::Result<()> {
    let server = TcpStream::connect(&keeper.server).await?;
    server.set_nodelay(true)?;
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    let to = async {
        let heard = || {
            keeper.counts.heard.fetch_add(1, Ordering::SeqCst);
        };
        pass(from_client, to_server, keeper.mode.clone(), None, heard).await
    };
    // Of slow connections, some are late as a whole, and some byte by byte.
    let slowness = if number.is_multiple_of(2) { LATE } else { BYTE };
    let from = pass(
        from_server,
        to_client,
        keeper.mode.clone(),
        Some(slowness),
        || {},
    );
    let (to, from) = tokio::join!(to, from);
    to.and(from)
}

async fn pass(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    mut mode: watch::Receiver<Mode>,
    slowness: Option<Duration>,
    heard: impl Fn(),
) -> io::Result<()> {
    let mut buffer = vec![0; PIECE];
    loop {
        let count = from.read(&mut buffer).await?;
        await_change(&mut mode, |mode| mode != Mode::Silent).await;
        if count == 0 {
            // The end is a message like any other.
            return to.shutdown().await;
        }
        heard();
        let mut piece = &buffer[..count];
        if slowness == Some(LATE) {
            linger(&mut mode, LATE).await;
        }
        while slowness == Some(BYTE) && *mode.borrow() == Mode::Slow && !piece.is_empty() {
            to.write_all(&piece[..1]).await?;
            piece = &piece[1..];
            linger(&mut mode, BYTE).await;
        }
        to.write_all(piece).await?;
    }
}

/// Waits so long, or until nothing is slow any more.
async fn linger(mode: &mut watch::Receiver<Mode>, time: Duration) {
    let healed = await_change(mode, |mode| mode != Mode::Slow);
    let _late = tokio::time::timeout(time, healed).await.is_err();
}

async fn await_change(mode: &mut watch::Receiver<Mode>, wanted: impl Fn(Mode) -> bool) {
    // An error says that the gate is gone, and with it this connection.
    let _gone = mode.wait_for(|mode| wanted(*mode)).await.is_err();
}

/// Carries one request and its answer, which says that the node is isolated.
pub(super) async fn isolated(mut client: TcpStream, keeper: &Keeper) -> io::Result<()> {
    let (head, rest) = read_head(&mut client).await?;
    keeper.counts.heard.fetch_add(1, Ordering::SeqCst);
    let mut server = TcpStream::connect(&keeper.server).await?;
    server.write_all(with(&head, &[]).as_bytes()).await?;
    server.write_all(&rest).await?;
    let (mut from_client, mut to_client) = client.split();
    let (mut from_server, mut to_server) = server.split();
    let request = async {
        copy(&mut from_client, &mut to_server).await?;
        to_server.shutdown().await?;
        // The exchange ends with the answer.
        std::future::pending().await
    };
    let answer = async {
        let (head, rest) = read_head(&mut from_server).await?;
        let marked = with(&head, &["x-registry-isolated: true"]);
        to_client.write_all(marked.as_bytes()).await?;
        to_client.write_all(&rest).await?;
        copy(&mut from_server, &mut to_client).await?;
        to_client.shutdown().await
    };
    tokio::select! {
        ended = request => ended,
        ended = answer => ended,
    }
}

/// Reads a head, blank line included, and what came after it.
pub(super) async fn read_head(
    stream: &mut (impl AsyncRead + Unpin),
) -> io::Result<(String, Vec<u8>)> {
    let mut received = Vec::new();
    loop {
        if let Some(end) = received.windows(4).position(|four| four == b"\r\n\r\n") {
            let rest = received.split_off(end + 4);
            let head = String::from_utf8(received).map_err(io::Error::other)?;
            return Ok((head, rest));
        }
        if received.len() > HEAD_MAX || stream.read_buf(&mut received).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
}

/// A head with further headers, on a connection that ends with this exchange.
fn with(head: &str, headers: &[&str]) -> String {
    let of_the_connection = ["connection:", "keep-alive:", "upgrade:", "http2-settings:"];
    let kept = head.trim_end().split("\r\n").filter(|line| {
        let line = line.to_ascii_lowercase();
        !of_the_connection.iter().any(|name| line.starts_with(name))
    });
    let mut lines: Vec<&str> = kept.collect();
    lines.extend(headers);
    lines.push("connection: close");
    format!("{}\r\n\r\n", lines.join("\r\n"))
}
