//! All fronts behind one listener, over a real socket.

use std::net::SocketAddr;
use std::time::Duration;

use paste_fronts::Fronts;
use paste_fronts::listener::{Config, Listener};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::neighbours::{Neighbours, SECRET, front};

/// The first line of the answer to a request that closes its connection.
async fn status_of(address: SocketAddr, request: &str) -> String {
    let mut stream = TcpStream::connect(address).await.expect("connects");
    stream.write_all(request.as_bytes()).await.expect("sent");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.expect("answered");
    let text = String::from_utf8_lossy(&answer);
    text.lines().next().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn the_path_says_which_front_a_request_is_for() {
    let nodes = Neighbours::of(&["a", "b"]).await;
    let a = nodes.node("a");
    let config = Config {
        address: SocketAddr::from(([127, 0, 0, 1], 0)),
        workers: 1,
        ..Config::default()
    };
    let fronts = Fronts::new(a.rest.clone(), front(a));
    let listener = Listener::bind(config).expect("binds");
    let running = listener.serve(&fronts, None).expect("serves");
    let rest = "Host: localhost\r\nConnection: close\r\n";
    let secret = format!("Authorization: Bearer {SECRET}\r\n");
    for (request, status) in [
        (format!("GET /healthz HTTP/1.1\r\n{rest}\r\n"), 200),
        (format!("GET /api/v1/cluster HTTP/1.1\r\n{rest}\r\n"), 200),
        (format!("GET /clusters HTTP/1.1\r\n{rest}\r\n"), 404),
        (
            format!(
                "POST /cluster/v1/signs HTTP/1.1\r\n{rest}{secret}Content-Length: 3\r\n\r\n\n\u{1}b"
            ),
            204,
        ),
        (
            // Neither this machine nor a body that is announced and never sent changes anything.
            format!("POST /cluster/v1/signs HTTP/1.1\r\n{rest}Content-Length: 3\r\n\r\n"),
            401,
        ),
    ] {
        let answered = status_of(running.address(), &request).await;
        let expected = format!("HTTP/1.1 {status} ");
        assert!(answered.starts_with(&expected), "{request}{answered}");
    }
    running.stop(Duration::from_secs(5)).await;
}
