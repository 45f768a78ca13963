//! A service that answers as a test says.

use std::sync::Arc;
use std::sync::atomic::{AtomicU16, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

/// A server whose answers have a status that can be changed and its own name as body. Dropping it closes it.
pub(crate) struct Backend {
    port: u16,
    status: Arc<AtomicU16>,
    calls: Arc<AtomicUsize>,
    accepting: JoinHandle<()>,
}

/// In place of a status: no answer at all.
pub(crate) const SILENCE: u16 = 0;

impl Backend {
    pub(crate) async fn start(name: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let (status, calls) = (Arc::new(AtomicU16::new(200)), Arc::new(AtomicUsize::new(0)));
        let (says, counts) = (Arc::clone(&status), Arc::clone(&calls));
        let accepting = tokio::spawn(async move {
            // They end with the one that accepts them.
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let (says, counts) = (Arc::clone(&says), Arc::clone(&counts));
                connections.spawn(async move {
                    // A connection that breaks is the caller's affair.
                    let _broke = serve(stream, name, &says, &counts).await.is_err();
                });
            }
        });
        Self {
            port,
            status,
            calls,
            accepting,
        }
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn answers(&self, status: u16) {
        self.status.store(status, Ordering::SeqCst);
    }

    /// Requests that came.
    pub(crate) fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }
}

impl Drop for Backend {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn serve(
    mut stream: TcpStream,
    name: &str,
    status: &AtomicU16,
    calls: &AtomicUsize,
) -> std::io::Result<()> {
    let mut buffer = Vec::new();
    loop {
        let mut piece = [0; 4096];
        let count = stream.read(&mut piece).await?;
        if count == 0 {
            return Ok(());
        }
        buffer.extend_from_slice(&piece[..count]);
        // Requests of these tests have no body, or one that comes with the head.
        if !buffer.windows(4).any(|four| four == b"\r\n\r\n") {
            continue;
        }
        let head = String::from_utf8_lossy(&buffer).to_ascii_lowercase();
        let expected = format!("host: {}", stream.local_addr()?);
        assert!(head.contains(&expected), "{head}");
        buffer.clear();
        calls.fetch_add(1, Ordering::SeqCst);
        let status = status.load(Ordering::SeqCst);
        if status == SILENCE {
            tokio::time::sleep(Duration::from_secs(60)).await;
            return Ok(());
        }
        let length = name.len();
        let answer = format!("HTTP/1.1 {status} x\r\ncontent-length: {length}\r\n\r\n{name}");
        stream.write_all(answer.as_bytes()).await?;
    }
}
