//! The same work on r-nacos, by the API of Nacos 1: `POST /nacos/v1/cs/configs`, and the long poll of its listeners.

use std::time::{Duration, Instant};

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::runtime::Runtime;

use crate::Failure;
use crate::audience::{self, Audience, CHANGES, QUIET};
use crate::load::{self, request};
use crate::measure::Sample;
use crate::servers::Server;

/// Reads the item.
pub(super) const READ: &str = "/nacos/v1/cs/configs?dataId=app.txt&group=news";

/// It elects itself first, and drops what comes before.
const ELECTED: Duration = Duration::from_secs(6);

/// Publishes.
pub(super) fn publish(runtime: &Runtime, server: &Server, content: &str) -> Result<(), Failure> {
    runtime.block_on(async {
        let mut control = load::connect(server.address(), 0).await?;
        elected(&mut control).await?;
        ask(&mut control, &release(content)).await?;
        let read = ask(&mut control, &request("GET", READ, None)).await?;
        if read == content.as_bytes() {
            return Ok(());
        }
        Err("r-nacos reads something else than was published".into())
    })
}

fn release(content: &str) -> Vec<u8> {
    form(
        "/nacos/v1/cs/configs",
        &format!("dataId=app.txt&group=news&content={content}"),
        "",
    )
}

fn form(target: &str, body: &str, headers: &str) -> Vec<u8> {
    format!(
        "POST {target} HTTP/1.1\r\nhost: 127.0.0.1\r\n{headers}\
         content-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

/// A fresh audience for each change, as a listener listens once: told that there is a release, which it would then read.
pub(super) async fn told(server: &Server, count: usize) -> Result<Sample, Failure> {
    let mut control = load::connect(server.address(), 0).await?;
    elected(&mut control).await?;
    let mut samples = Vec::new();
    for _ in 0..=CHANGES {
        // What they know is nothing, and nothing is there: the first release is what they wait for.
        ask(&mut control, &request("DELETE", READ, None)).await?;
        tokio::time::sleep(QUIET).await;
        let listen = |_| {
            form(
                "/nacos/v1/cs/configs/listener",
                "Listening-Configs=app.txt%02news%02%01",
                "Long-Pulling-Timeout: 30000\r\n",
            )
        };
        let mut audience = Audience::gather(server, count, listen).await?;
        tokio::time::sleep(QUIET).await;
        samples.push(audience.change(&release(&"x".repeat(100))).await?);
    }
    Ok(audience::middle(&samples))
}

/// Waits until it keeps what it is given.
async fn elected(control: &mut TcpStream) -> Result<(), Failure> {
    let began = Instant::now();
    loop {
        ask(control, &release("first")).await?;
        let read = ask(control, &request("GET", READ, None)).await;
        if read.is_ok_and(|read| read == b"first") {
            return Ok(());
        }
        if began.elapsed() > ELECTED {
            return Err("r-nacos keeps nothing".into());
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

async fn ask(control: &mut TcpStream, request: &[u8]) -> Result<Vec<u8>, Failure> {
    control.write_all(request).await?;
    load::read_answer(control, &mut Vec::new()).await
}
