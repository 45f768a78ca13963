//! Answers that a registry never gives: errors, and what is no answer at all.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::carry::read_head;
use crate::dice::Dice;

/// What a server says that can't do what it is asked.
const FAILURES: [&str; 3] = [
    "500 Internal Server Error",
    "503 Service Unavailable",
    "429 Too Many Requests",
];

/// An event that would empty a service, were it whole: a stream that ends before the blank line has not said it.
const HALF_EVENT: &str = "event: snapshot\ndata: {\"service\":\"a\",\"namespace\":\"default\",\"revision\":9000000,\
     \"protected\":false,\"instances\":[]}\n";
/// An event that is whole, and can't be read.
const UNREADABLE_EVENT: &str =
    "event: snapshot\ndata: {\"service\":\"a\",\"instances\":[}\nid: x\n\n";
/// A snapshot of another shape.
const MISSHAPEN_EVENT: &str = "event: snapshot\ndata: {\"service\":\"a\",\"instances\":7}\n\n";
/// What stands between clients and servers in hotels.
const PORTAL: &str = "<!DOCTYPE html><html><body>Please accept our terms</body></html>";

/// Random bytes of an answer that is none.
const NOISE: usize = 4096;
/// How long a client may take to hang up, so that it can read what it was sent.
const HANG_UP: Duration = Duration::from_secs(5);

/// Answers one request with an error.
pub(super) async fn fail(mut client: TcpStream, number: usize) -> io::Result<()> {
    let status = FAILURES[number % FAILURES.len()];
    answer(&mut client, status, "text/plain", "out of order").await
}

/// Answers one request with garbage, of another kind each time.
pub(super) async fn babble(mut client: TcpStream, number: usize) -> io::Result<()> {
    let client = &mut client;
    let stream = "text/event-stream";
    match number % 7 {
        0 => answer(client, "200 OK", "text/html", PORTAL).await,
        1 => answer(client, "200 OK", stream, HALF_EVENT).await,
        2 => {
            let mut dice = Dice::new(number as u64);
            let noise: Vec<u8> = (0..NOISE).map(|_| dice.throw().to_le_bytes()[0]).collect();
            read_head(client).await?;
            client.write_all(&noise).await?;
            hang_up(client).await
        }
        3 => answer(client, "200 OK", stream, UNREADABLE_EVENT).await,
        4 => {
            let zipped = "application/json\r\ncontent-encoding: gzip";
            answer(client, "200 OK", zipped, "not zipped").await
        }
        5 => answer(client, "200 OK", stream, MISSHAPEN_EVENT).await,
        _ => answer(client, "200 OK", "application/json", "[{\"half\": ").await,
    }
}

async fn answer(client: &mut TcpStream, status: &str, kind: &str, body: &str) -> io::Result<()> {
    read_head(client).await?;
    let head = format!("HTTP/1.1 {status}\r\ncontent-type: {kind}\r\nconnection: close\r\n\r\n");
    client.write_all(head.as_bytes()).await?;
    client.write_all(body.as_bytes()).await?;
    hang_up(client).await
}

/// Ends the answer, and reads what is left of the request: otherwise the system would take back what was sent.
async fn hang_up(client: &mut TcpStream) -> io::Result<()> {
    client.shutdown().await?;
    let mut rest = [0; 1024];
    let read = async { while let Ok(1..) = client.read(&mut rest).await {} };
    let _impatient = tokio::time::timeout(HANG_UP, read).await.is_err();
    Ok(())
}
