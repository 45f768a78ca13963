//! Our own load: connections that each send a request, wait for its answer, and send the next.
//!
//! For what wrk can't do well: every request another one. Cheap on purpose, because it runs on one core.

use std::cell::Cell;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::rc::Rc;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::{JoinHandle, LocalSet};

use crate::Failure;
use crate::measure::{Sample, cpu_seconds};
use crate::servers::Server;

/// Connections from one source address: below the number of ports that Linux hands out by default (28,232).
const CONNECTIONS_PER_SOURCE: usize = 20_000;

/// Runs for `seconds`; `request` makes the n-th request of the run, with its own head.
pub(crate) fn run(
    runtime: &tokio::runtime::Runtime,
    server: &Server,
    connections: usize,
    seconds: u64,
    request: impl Fn(u64) -> Vec<u8> + 'static,
) -> Result<Sample, Failure> {
    run_over(runtime, &[server], connections, seconds, request)
}

/// The same, with the connections spread over several servers.
pub(crate) fn run_over(
    runtime: &tokio::runtime::Runtime,
    servers: &[&Server],
    connections: usize,
    seconds: u64,
    request: impl Fn(u64) -> Vec<u8> + 'static,
) -> Result<Sample, Failure> {
    let local = LocalSet::new();
    let request = Rc::new(request);
    let (next, answered) = (Rc::new(Cell::new(0_u64)), Rc::new(Cell::new(0_u64)));
    let meter = Meter::begin(servers);
    let until = meter.began + Duration::from_secs(seconds);
    let tasks: Vec<_> = (0..connections)
        .zip(servers.iter().cycle())
        .map(|(number, server)| {
            let address = server.address();
            let (request, next, answered) =
                (Rc::clone(&request), Rc::clone(&next), Rc::clone(&answered));
            local.spawn_local(async move {
                let mut stream = connect(address, number).await?;
                let mut buffer = Vec::with_capacity(64 * 1024);
                while Instant::now() < until {
                    let mine = next.replace(next.get() + 1);
                    stream.write_all(&request(mine)).await?;
                    read_answer(&mut stream, &mut buffer).await?;
                    answered.set(answered.get() + 1);
                }
                Ok::<_, Failure>(())
            })
        })
        .collect();
    finish(runtime, &local, tasks, &answered, &meter)
}

/// Measures a run from its beginning on.
pub(crate) struct Meter {
    pids: Vec<u32>,
    cpu_seconds: f64,
    pub(crate) began: Instant,
}

impl Meter {
    pub(crate) fn begin(servers: &[&Server]) -> Self {
        let pids: Vec<u32> = servers.iter().map(|server| server.pid()).collect();
        Self {
            cpu_seconds: spent(&pids),
            pids,
            began: Instant::now(),
        }
    }

    /// The rate so far, and the server's time for each answer.
    fn sample(&self, answered: u64) -> Sample {
        let answered = answered as f64;
        let cpu = spent(&self.pids) - self.cpu_seconds;
        Sample {
            value: answered / self.began.elapsed().as_secs_f64(),
            cpu_us: cpu * 1e6 / answered,
        }
    }
}

/// Processor time of several processes so far, in seconds.
fn spent(pids: &[u32]) -> f64 {
    pids.iter().map(|&pid| cpu_seconds(pid)).sum()
}

/// Waits for all connections of a run, and says what it measured.
pub(crate) fn finish(
    runtime: &tokio::runtime::Runtime,
    local: &LocalSet,
    connections: Vec<JoinHandle<Result<(), Failure>>>,
    answered: &Cell<u64>,
    meter: &Meter,
) -> Result<Sample, Failure> {
    runtime.block_on(local.run_until(async move {
        for connection in connections {
            connection.await??;
        }
        Ok::<_, Failure>(())
    }))?;
    Ok(meter.sample(answered.get()))
}

/// A connection; they come from several addresses of the loopback interface, because each has so many ports only.
pub(crate) async fn connect(address: SocketAddr, number: usize) -> Result<TcpStream, Failure> {
    let socket = TcpSocket::new_v4()?;
    let source = u8::try_from(number / CONNECTIONS_PER_SOURCE)?;
    if source > 0 {
        socket.bind(SocketAddr::new(
            IpAddr::V4(Ipv4Addr::new(127, 0, 1, source)),
            0,
        ))?;
    }
    let stream = socket.connect(address).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// Reads one answer with a `content-length`, or none for 204; anything but 2xx ends the run.
pub(crate) async fn read_answer(
    stream: &mut TcpStream,
    buffer: &mut Vec<u8>,
) -> Result<Vec<u8>, Failure> {
    buffer.clear();
    let head = loop {
        if let Some(end) = find(buffer, b"\r\n\r\n") {
            break end + 4;
        }
        if stream.read_buf(buffer).await? == 0 {
            return Err("the server hung up".into());
        }
    };
    let text = String::from_utf8_lossy(&buffer[..head]).to_ascii_lowercase();
    let length = text
        .lines()
        .find_map(|line| line.strip_prefix("content-length:"))
        .and_then(|length| length.trim().parse::<usize>().ok())
        .unwrap_or(0);
    while buffer.len() < head + length {
        if stream.read_buf(buffer).await? == 0 {
            return Err("the server hung up".into());
        }
    }
    let body = buffer[head..head + length].to_vec();
    if !text.starts_with("http/1.1 2") {
        let first = text.lines().next().unwrap_or_default();
        return Err(format!("{first}: {}", String::from_utf8_lossy(&body)).into());
    }
    Ok(body)
}

/// A request with a JSON body, or without one.
pub(crate) fn request(method: &str, target: &str, body: Option<&str>) -> Vec<u8> {
    let mut request = format!("{method} {target} HTTP/1.1\r\nhost: 127.0.0.1\r\n");
    if let Some(body) = body {
        request.push_str(&format!(
            "content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        ));
    } else {
        request.push_str("\r\n");
    }
    request.into_bytes()
}

/// One request on a connection of its own; gives the body.
pub(crate) fn once(
    runtime: &tokio::runtime::Runtime,
    server: &Server,
    request: &[u8],
) -> Result<Vec<u8>, Failure> {
    runtime.block_on(async {
        let mut stream = connect(server.address(), 0).await?;
        stream.write_all(request).await?;
        read_answer(&mut stream, &mut Vec::new()).await
    })
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack
        .windows(needle.len())
        .position(|window| window == needle)
}
