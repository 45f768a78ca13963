//! Many subscribers of one server, and when each of them has a change.
//!
//! The clock starts before the first byte of the write is sent. The receiver is the same for all servers: one thread with a
//! socket for each subscriber, so what it costs stands on both sides of a ratio.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Notify;

use crate::Failure;
use crate::load;
use crate::machine;
use crate::measure::{Sample, cpu_seconds, median, quantile};
use crate::servers::Server;

/// Between two changes: longer than changes are merged for (500 ms), so that each is the first of a quiet service.
pub(crate) const QUIET: Duration = Duration::from_millis(800);

/// Changes for one audience, after the one that warms up.
pub(crate) const CHANGES: usize = 3;

/// Until the last subscriber must have a change.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// Files that aren't sockets of subscribers.
const OTHER_FILES: u64 = 200;

/// Refuses where so many sockets can't be open at once.
pub(crate) fn fits(sockets: usize) -> Result<(), Failure> {
    if machine::open_files() < sockets as u64 + OTHER_FILES {
        return Err(format!("{sockets} sockets need more open files").into());
    }
    Ok(())
}

/// The middle of several changes, of which the first one warms up.
pub(crate) fn middle(samples: &[Sample]) -> Sample {
    let of = |pick: fn(&Sample) -> f64| median(samples.iter().skip(1).map(pick).collect());
    Sample {
        value: of(|sample| sample.value),
        cpu_us: of(|sample| sample.cpu_us),
    }
}

/// The subscribers of one server, and the connection that gives it the word.
pub(crate) struct Audience {
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
    /// `count` connections, each of which says `greeting` of its number.
    pub(crate) async fn gather(
        server: &Server,
        count: usize,
        greeting: impl Fn(usize) -> Vec<u8>,
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
            stream.write_all(&greeting(number)).await?;
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

    /// Asks for a change, and waits until all have it.
    pub(crate) async fn change(&mut self, request: &[u8]) -> Result<Sample, Failure> {
        let cpu = self.begin();
        self.control.write_all(request).await?;
        load::read_answer(&mut self.control, &mut Vec::new()).await?;
        self.finish(cpu).await
    }

    /// Says this to a bare loop, for which nobody waits.
    pub(crate) async fn tell(&mut self, word: &[u8]) -> Result<(), Failure> {
        Ok(self.control.write_all(word).await?)
    }

    /// Has a bare loop write so many bytes to all.
    pub(crate) async fn write(&mut self, bytes: usize) -> Result<Sample, Failure> {
        let cpu = self.begin();
        self.control
            .write_all(format!("go {bytes}\n").as_bytes())
            .await?;
        let mut done = [0; 5];
        self.control.read_exact(&mut done).await?;
        self.finish(cpu).await
    }

    /// Begins to count anew what comes.
    pub(crate) fn forget(&self) {
        self.shared.bytes.set(0);
    }

    /// Bytes that came to all.
    pub(crate) fn bytes(&self) -> usize {
        self.shared.bytes.get()
    }

    /// Bytes that came to each since the last change.
    pub(crate) fn bytes_of_one(&self) -> usize {
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
