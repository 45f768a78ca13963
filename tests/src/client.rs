//! A client that keeps its connection, for tests that play many of them at once.

use std::io::{self, Cursor};
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::http::{self, Reply};

/// Why a request has no answer.
#[derive(Debug)]
pub enum Silence {
    /// It was never sent: it can't have had an effect.
    Unsent(io::Error),
    /// It was sent, and whether it had an effect is not known.
    Unknown(io::Error),
}

/// A client of one server.
pub struct Client {
    address: String,
    stream: Option<TcpStream>,
}

impl Client {
    /// A client of the server at `address`, which connects when it first asks.
    pub fn new(address: &str) -> Self {
        Self {
            address: address.to_owned(),
            stream: None,
        }
    }

    /// Whom it asks.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Asks another server from now on.
    pub fn turn_to(&mut self, address: &str) {
        if self.address != address {
            *self = Self::new(address);
        }
    }

    /// Hangs up.
    pub fn hang_up(&mut self) {
        self.stream = None;
    }

    /// Asks, and waits up to `limit` for the connection and as long again for the answer.
    pub async fn ask(
        &mut self,
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
        body: Option<&Value>,
        limit: Duration,
    ) -> Result<Reply, Silence> {
        let text = http::text(&self.address, method, target, headers, body);
        let mut stream = match self.stream.take().filter(is_open) {
            Some(stream) => stream,
            None => connect(&self.address, limit)
                .await
                .map_err(Silence::Unsent)?,
        };
        let exchange = async {
            stream.write_all(text.as_bytes()).await?;
            read_reply(&mut stream).await
        };
        let reply = match timeout(limit, exchange).await {
            Ok(reply) => reply.map_err(Silence::Unknown)?,
            Err(_) => return Err(Silence::Unknown(io::ErrorKind::TimedOut.into())),
        };
        if reply.header("connection") != Some("close") {
            self.stream = Some(stream);
        }
        Ok(reply)
    }
}

async fn connect(address: &str, limit: Duration) -> io::Result<TcpStream> {
    let stream = match timeout(limit, TcpStream::connect(address)).await {
        Ok(connected) => connected?,
        Err(_) => return Err(io::ErrorKind::TimedOut.into()),
    };
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// Whether the other side has said nothing since the last answer, its goodbye included.
fn is_open(stream: &TcpStream) -> bool {
    let unread = stream.try_read(&mut [0]);
    unread.is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock)
}

async fn read_reply(stream: &mut TcpStream) -> io::Result<Reply> {
    let mut received = Vec::new();
    loop {
        if stream.read_buf(&mut received).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        match http::read_reply(&mut Cursor::new(&received)) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {}
            done => return done,
        }
    }
}
