//! A node dies that ten thousand processes speak to: how soon all of them are heard elsewhere, and whether any of them was
//! taken for dead.

use std::cell::{Cell, RefCell};
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::runtime::Runtime;
use tokio::sync::Mutex;
use tokio::task::LocalSet;

use super::settled;
use crate::audience;
use crate::clusters::Cluster;
use crate::load::{self, request};
use crate::measure::{Goal, Outcome};
use crate::{Arguments, Failure};

const PROCESSES: usize = 10_000;
/// What the design asks for.
const BACK_SECONDS_MAX: f64 = 30.0;
/// Connections to a node that requests share.
const POOL: usize = 64;
/// Between two heartbeats of a process, as a client library would.
const BEAT: Duration = Duration::from_secs(5);
/// Whoever loses its node turns to another one at some moment of this time.
const JITTER: Duration = Duration::from_secs(2);
/// After all are back: as long as whoever was wrongly held for dead would still be listed.
const GRACE: Duration = Duration::from_secs(50);
/// Until all must be there.
const PATIENCE: Duration = Duration::from_secs(120);

pub(in crate::rows) fn measure(
    arguments: &Arguments,
    runtime: &Runtime,
) -> Result<Vec<Outcome>, Failure> {
    audience::fits(PROCESSES + 3 * POOL)?;
    let mut cluster = Cluster::start(arguments, 3, 3)?;
    settled(runtime, &cluster.nodes)?;
    let doors: Vec<SocketAddr> = cluster
        .nodes
        .iter()
        .map(crate::servers::Server::address)
        .collect();
    LocalSet::new().block_on(runtime, async {
        let heard: Rc<RefCell<Vec<usize>>> = Rc::new(RefCell::new(vec![usize::MAX; PROCESSES]));
        let forgotten = Rc::new(Cell::new(0_usize));
        let pool = || (0..POOL).map(|_| Mutex::new(None)).collect();
        let pools: Pools = Rc::new((0..doors.len()).map(|_| pool()).collect());
        for number in 0..PROCESSES {
            let process = Process {
                number,
                doors: doors.clone(),
                pools: Rc::clone(&pools),
                heard: Rc::clone(&heard),
                forgotten: Rc::clone(&forgotten),
            };
            tokio::task::spawn_local(process.live());
        }
        until(|| heard.borrow().iter().all(|&node| node == 0)).await?;
        tokio::time::sleep(2 * BEAT).await;
        let began = Instant::now();
        cluster.nodes[0].kill();
        until(|| heard.borrow().iter().all(|&node| node != 0)).await?;
        let back = began.elapsed().as_secs_f64();
        tokio::time::sleep(GRACE).await;
        let listed = listed(doors[1]).await?;
        Ok(vec![
            Outcome::value(
                format!("{PROCESSES} processes of a dead node heard by others"),
                "s",
                back,
                Goal::AtMost,
                BACK_SECONDS_MAX,
            ),
            Outcome::value(
                "of them wrongly removed",
                "processes",
                (PROCESSES - listed + forgotten.get()) as f64,
                Goal::AtMost,
                0.0,
            ),
        ])
    })
}

async fn until(condition: impl Fn() -> bool) -> Result<(), Failure> {
    let began = Instant::now();
    while !condition() {
        if began.elapsed() > PATIENCE {
            return Err("not all processes are heard".into());
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Ok(())
}

/// How many a node lists.
async fn listed(node: SocketAddr) -> Result<usize, Failure> {
    let mut stream = load::connect(node, 0).await?;
    stream
        .write_all(&request("GET", "/api/v1/services/crowd", None))
        .await?;
    let answer = load::read_answer(&mut stream, &mut Vec::new()).await?;
    let answer: serde_json::Value = serde_json::from_slice(&answer)?;
    let count = answer["healthy"].as_u64();
    let count = count.ok_or_else(|| format!("it lists nobody: {answer}"))?;
    Ok(usize::try_from(count)?)
}

/// Connections to each node that requests share: a process has a stream of its own, and no file to spare for more.
type Pools = Rc<Vec<Vec<Mutex<Option<TcpStream>>>>>;

/// A process with one instance, one stream and a heartbeat.
struct Process {
    number: usize,
    doors: Vec<SocketAddr>,
    pools: Pools,
    /// The node that heard each of them last.
    heard: Rc<RefCell<Vec<usize>>>,
    /// How often one was told that it isn't registered.
    forgotten: Rc<Cell<usize>>,
}

impl Process {
    /// At the first node, and at the others once that is gone.
    async fn live(self) {
        let mut node = 0;
        let mut registered = false;
        loop {
            // It ends with an error, as its node does.
            let _ended = self.at(node, &mut registered).await;
            node = 1 + (self.number + node) % (self.doors.len() - 1);
            let share = self.number as f64 / PROCESSES as f64;
            tokio::time::sleep(JITTER.mul_f64(share)).await;
        }
    }

    async fn at(&self, node: usize, registered: &mut bool) -> Result<(), Failure> {
        let number = self.number;
        if !*registered {
            let body = format!(
                r#"{{"address":"10.0.0.7","port":{},"session":"p{number}"}}"#,
                1 + number
            );
            let target = format!("/api/v1/services/crowd/instances/p{number}");
            self.ask(node, &request("PUT", &target, Some(&body)))
                .await?;
            *registered = true;
        }
        let beat = request(
            "POST",
            &format!("/api/v1/sessions/p{number}/heartbeat"),
            None,
        );
        self.beat(node, &beat, registered).await?;
        let mut stream = load::connect(self.doors[node], number).await?;
        // Nothing happens to the service that it follows: what is measured are the processes.
        let watch = format!("/api/v1/watch?service=calm&session=p{number}");
        stream.write_all(&request("GET", &watch, None)).await?;
        let mut received = vec![0; 1024];
        if stream.read(&mut received).await? == 0 {
            return Err("no stream".into());
        }
        self.heard.borrow_mut()[number] = node;
        loop {
            tokio::select! {
                read = stream.read(&mut received) => if read? == 0 {
                    return Ok(());
                },
                () = tokio::time::sleep(BEAT) => self.beat(node, &beat, registered).await?,
            }
        }
    }

    async fn beat(&self, node: usize, beat: &[u8], registered: &mut bool) -> Result<(), Failure> {
        let answer = self.ask(node, beat).await;
        if let Err(failure) = &answer
            && failure.to_string().contains("404")
        {
            self.forgotten.set(self.forgotten.get() + 1);
            *registered = false;
        }
        answer
    }

    async fn ask(&self, node: usize, request: &[u8]) -> Result<(), Failure> {
        let mut place = self.pools[node][self.number % POOL].lock().await;
        let mut stream = match place.take() {
            Some(stream) => stream,
            None => load::connect(self.doors[node], self.number).await?,
        };
        stream.write_all(request).await?;
        load::read_answer(&mut stream, &mut Vec::new()).await?;
        *place = Some(stream);
        Ok(())
    }
}
