//! Register a service, and call it by its name: the program of the README.
#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::num::NonZeroU16;
use std::time::Duration;

use http_body_util::BodyExt;
use paste_registry_client::{Client, NewRegistration, Options};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    // Any server will do; this one says hello, once.
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let port = NonZeroU16::try_from(listener.local_addr()?.port())?;
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await?;
        let _request = stream.read(&mut [0; 4096]).await?;
        let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello";
        stream.write_all(answer).await
    });

    // Register it. It stays registered until the client is closed.
    let client = Client::connect(Options::default())?;
    let registration = client.register(NewRegistration::new("greeter", port))?;
    registration.wait(Duration::from_secs(5)).await?;

    // Call it by its name.
    let answer = client.http().get("http://greeter/").await?;
    let status = answer.status();
    let body = answer.into_body().collect().await?.to_bytes();
    println!("{status}: {}", String::from_utf8_lossy(&body));

    // Drain, deregister, stop.
    client.close().await?;
    Ok(())
}
