//! One change, and when each of many subscribers has it.
//!
//! The clock starts before the first byte of the write is sent. The receiver is the same for both servers: one thread
//! with a socket for each subscriber, so what it costs stands on both sides of the ratio.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::runtime::Runtime;
use tokio::sync::Notify;
use tokio::task::LocalSet;

use crate::load::{self, request};
use crate::machine;
use crate::measure::{Comparison, Goal, Outcome, Sample, cpu_seconds, median, quantile};
use crate::servers::{self, Server};
use crate::{Arguments, Failure};

const SUBSCRIBERS: [usize; 2] = [1_000, 10_000];

/// Of the bare loop's time.
const TARGET: f64 = 1.5;

/// Between two changes: longer than changes are merged for (500 ms), so that each is the first of a quiet service.
const QUIET: Duration = Duration::from_millis(800);

/// Changes for one audience, after the one that warms up.
const CHANGES: usize = 3;

/// Until the last subscriber must have a change.
const PATIENCE: Duration = Duration::from_secs(20);

/// Files that aren't sockets of subscribers.
const OTHER_FILES: u64 = 200;

pub(super) fn measure(arguments: &Arguments, runtime: &Runtime) -> Result<Vec<Outcome>, Failure> {
    let mut outcomes = Vec::new();
    for subscribers in SUBSCRIBERS {
        if machine::open_files() < subscribers as u64 + OTHER_FILES {
            return Err(format!("{subscribers} subscribers need more open files").into());
        }
        let registry = servers::empty_registry(arguments)?;
        // How long a change is, the bare loop learns from a first audience, which also warms up.
        let bytes = Cell::new(0);
        let ours =
            || LocalSet::new().block_on(runtime, of_registry(&registry, subscribers, &bytes));
        let bare =
            || LocalSet::new().block_on(runtime, of_loop(arguments, subscribers, bytes.get()));
        ours()?;
        let comparison = Comparison {
            row: format!(
                "change to {subscribers} subscribers, p99, {} bytes",
                bytes.get()
            ),
            unit: "ms",
            reference_name: "bare loop",
            goal: Goal::AtMost,
            target: Some(TARGET),
        };
        outcomes.push(comparison.run(arguments.pairs, bare, ours)?);
    }
    Ok(outcomes)
}

/// A fresh audience of the registry: one change to warm up, then the middle one of a few.
async fn of_registry(
    server: &Server,
    count: usize,
    bytes: &Cell<usize>,
) -> Result<Sample, Failure> {
    let watch = b"GET /api/v1/watch?service=news HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n";
    let mut audience = Audience::gather(server, count, watch).await?;
    let mut samples = Vec::new();
    for number in 0..=CHANGES {
        tokio::time::sleep(QUIET).await;
        samples.push(audience.change(number).await?);
    }
    bytes.set(audience.bytes_of_one());
    Ok(middle(&samples))
}

/// The same of a bare loop that writes as many bytes.
async fn of_loop(arguments: &Arguments, count: usize, bytes: usize) -> Result<Sample, Failure> {
    let server = servers::bare(arguments, "loop")?;
    let mut audience = Audience::gather(&server, count, b"s").await?;
    audience.control.write_all(b"c").await?;
    let mut samples = Vec::new();
    for _ in 0..=CHANGES {
        tokio::time::sleep(QUIET).await;
        samples.push(audience.write(bytes).await?);
    }
    Ok(middle(&samples))
}

/// The first one warms up.
fn middle(samples: &[Sample]) -> Sample {
    let of = |pick: fn(&Sample) -> f64| median(samples.iter().skip(1).map(pick).collect());
    Sample {
        value: of(|sample| sample.value),
        cpu_us: of(|sample| sample.cpu_us),
    }
}

/// The subscribers of one server, and the connection that gives it the word.
struct Audience {
    control: TcpStream,
    pid: u32,
    shared: Rc<Shared>,
}

struct Shared {
    count: usize,
    started: Cell<Instant>,
    /// Milliseconds from the start until each had it.
    arrivals: RefCell<Vec<f64>>,
    /// Bytes that came to all of them since the start.
    bytes: Cell<usize>,
    complete: Notify,
}

impl Audience {
    async fn gather(
        server: &Server,
        count: usize,
        greeting: &'static [u8],
    ) -> Result<Self, Failure> {
        let shared = Rc::new(Shared {
            count,
            started: Cell::new(Instant::now()),
            arrivals: RefCell::new(Vec::with_capacity(count)),
            bytes: Cell::new(0),
            complete: Notify::new(),
        });
        for number in 0..count {
            let mut stream = load::connect(server.address(), number).await?;
            stream.write_all(greeting).await?;
            tokio::task::spawn_local(listen(stream, Rc::clone(&shared)));
        }
        let control = load::connect(server.address(), 0).await?;
        Ok(Self {
            control,
            pid: server.pid(),
            shared,
        })
    }

    /// Begins a round: whatever came so far is forgotten.
    fn begin(&self) -> f64 {
        self.shared.arrivals.borrow_mut().clear();
        self.shared.bytes.set(0);
        self.shared.started.set(Instant::now());
        cpu_seconds(self.pid)
    }

    async fn finish(&self, cpu: f64) -> Result<Sample, Failure> {
        let shared = &self.shared;
        let complete = async {
            while shared.arrivals.borrow().len() < shared.count {
                shared.complete.notified().await;
            }
        };
        tokio::time::timeout(PATIENCE, complete)
            .await
            .map_err(|_| {
                let arrived = shared.arrivals.borrow().len();
                format!(
                    "only {arrived} of {} subscribers got the change",
                    shared.count
                )
            })?;
        let mut arrivals = shared.arrivals.borrow().clone();
        arrivals.sort_by(f64::total_cmp);
        let cpu = cpu_seconds(self.pid) - cpu;
        Ok(Sample {
            value: quantile(&arrivals, 0.99),
            cpu_us: cpu * 1e6 / shared.count as f64,
        })
    }

    async fn change(&mut self, number: usize) -> Result<Sample, Failure> {
        // Ports tell the changes of an audience apart; its first differs from the last of the one before.
        let port = 8_000 + number;
        let body =
            format!(r#"{{"address":"10.0.0.7","port":{port},"ttl":"24h","remove_after":"24h"}}"#);
        let put = request("PUT", "/api/v1/services/news/instances/one", Some(&body));
        let cpu = self.begin();
        self.control.write_all(&put).await?;
        load::read_answer(&mut self.control, &mut Vec::new()).await?;
        self.finish(cpu).await
    }

    async fn write(&mut self, bytes: usize) -> Result<Sample, Failure> {
        let cpu = self.begin();
        self.control
            .write_all(format!("go {bytes}\n").as_bytes())
            .await?;
        let mut done = [0; 5];
        self.control.read_exact(&mut done).await?;
        self.finish(cpu).await
    }

    fn bytes_of_one(&self) -> usize {
        self.shared.bytes.get() / self.shared.count
    }
}

async fn listen(mut stream: TcpStream, shared: Rc<Shared>) {
    let mut buffer = vec![0; 2048];
    let mut round = shared.started.get();
    let mut seen = false;
    while let Ok(length) = stream.read(&mut buffer).await {
        if length == 0 {
            return;
        }
        if round != shared.started.get() {
            (round, seen) = (shared.started.get(), false);
        }
        shared.bytes.set(shared.bytes.get() + length);
        // The first bytes of a round are the change: nothing else is sent on a quiet stream within that time.
        if !seen {
            seen = true;
            let mut arrivals = shared.arrivals.borrow_mut();
            arrivals.push(round.elapsed().as_secs_f64() * 1e3);
            if arrivals.len() == shared.count {
                shared.complete.notify_one();
            }
        }
    }
}
