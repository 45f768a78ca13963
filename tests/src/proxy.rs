//! A way over the network that can be cut, slowed and healed, on loopback.
//!
//! Whoever connects is led to one server. A cut loses nothing: what is sent stands still, closings included, and goes on
//! when the way is healed, as with a network that drops packets and ends which send them again. So a request can arrive
//! long after its sender has given up, which is the worst that a network does.
//!
//! Where several processes share a way, each has a lane of its own, which is cut and healed for itself.

use std::io;
use std::net::TcpListener as StdListener;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::Instant;

use crate::runtime;

/// Most pieces that are on their way at once, in each direction of each connection.
const PIECES_MAX: usize = 64;
/// Bytes of a piece.
const PIECE: usize = 16 * 1024;

/// A direction, as whoever connects sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// What goes to the server.
    To,
    /// What comes from it.
    From,
    /// Both.
    Both,
}

/// What is wrong with a lane.
#[derive(Debug, Clone, Copy, Default)]
struct Fault {
    to: bool,
    from: bool,
    delay: Duration,
}

impl Fault {
    fn stops(self, way: Way) -> bool {
        match way {
            Way::To => self.to,
            Way::From => self.from,
            Way::Both => self.to || self.from,
        }
    }
}

/// The lanes, and what is wrong with each.
type Lanes = Vec<Fault>;

/// Tells from the port that a connection comes from whose it is.
pub type Who = Arc<dyn Fn(u16) -> usize + Send + Sync>;

/// A way to one server. Dropping it closes all its connections.
pub struct Proxy {
    address: String,
    lanes: Arc<watch::Sender<Lanes>>,
    accepting: AbortHandle,
}

impl Proxy {
    /// A way for everybody.
    pub fn start(server: &str) -> Self {
        Self::with_lanes(server, 1, Arc::new(|_| 0))
    }

    /// A way with a lane for each of several processes; `who` says whose a connection is.
    pub fn with_lanes(server: &str, lanes: usize, who: Who) -> Self {
        let listener = StdListener::bind("127.0.0.1:0").expect("a port");
        listener.set_nonblocking(true).expect("a listener");
        let address = listener.local_addr().expect("an address").to_string();
        let lanes = Arc::new(watch::Sender::new(vec![Fault::default(); lanes]));
        let accepting = accept(listener, server.to_owned(), Arc::clone(&lanes), who);
        let accepting = runtime().spawn(accepting);
        Self {
            address,
            lanes,
            accepting: accepting.abort_handle(),
        }
    }

    /// Where it listens, `host:port`.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Nothing passes in this direction, in any lane.
    pub fn cut(&self, way: Way) {
        self.change(|fault| set(fault, way));
    }

    /// Nothing passes in this direction, in this lane.
    pub fn cut_lane(&self, lane: usize, way: Way) {
        self.lanes.send_modify(|lanes| set(&mut lanes[lane], way));
    }

    /// Everything takes so much longer, in each direction.
    pub fn slow(&self, delay: Duration) {
        self.change(|fault| fault.delay = delay);
    }

    /// Everything passes again, and at once.
    pub fn heal(&self) {
        self.change(|fault| *fault = Fault::default());
    }

    fn change(&self, change: impl Fn(&mut Fault)) {
        self.lanes
            .send_modify(|lanes| lanes.iter_mut().for_each(&change));
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

fn set(fault: &mut Fault, way: Way) {
    fault.to |= way != Way::From;
    fault.from |= way != Way::To;
}

async fn accept(listener: StdListener, server: String, lanes: Arc<watch::Sender<Lanes>>, who: Who) {
    let listener = TcpListener::from_std(listener).expect("a listener");
    let mut connections = JoinSet::new();
    loop {
        let Ok((client, from)) = listener.accept().await else {
            continue;
        };
        let lane = who(from.port());
        let way = Lane {
            lanes: lanes.subscribe(),
            index: lane,
        };
        connections.spawn(carry(client, server.clone(), way));
        while connections.try_join_next().is_some() {}
    }
}

/// The lane of one connection.
#[derive(Clone)]
struct Lane {
    lanes: watch::Receiver<Lanes>,
    index: usize,
}

impl Lane {
    fn delay(&self) -> Duration {
        self.lanes.borrow()[self.index].delay
    }

    /// Waits until this direction is open.
    async fn open(&self, way: Way) {
        let mut lanes = self.lanes.clone();
        // An error says that the proxy is gone, and with it this connection.
        let _gone = lanes
            .wait_for(|lanes| !lanes[self.index].stops(way))
            .await
            .is_err();
    }
}

/// One connection, to its end.
async fn carry(client: TcpStream, server: String, lane: Lane) -> io::Result<()> {
    // Neither the greeting nor the answer to it gets through a cut.
    lane.open(Way::Both).await;
    let server = TcpStream::connect(server).await?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    tokio::join!(
        pass(from_client, to_server, lane.clone(), Way::To),
        pass(from_server, to_client, lane, Way::From),
    );
    Ok(())
}

async fn pass(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, lane: Lane, way: Way) {
    let (sender, mut pieces) = mpsc::channel::<(Instant, Vec<u8>)>(PIECES_MAX);
    let slowed = lane.clone();
    let reading = async move {
        let mut buffer = vec![0; PIECE];
        while let Ok(count @ 1..) = from.read(&mut buffer).await {
            let due = Instant::now() + slowed.delay();
            if sender.send((due, buffer[..count].to_vec())).await.is_err() {
                break;
            }
        }
    };
    let writing = async move {
        while let Some((due, piece)) = pieces.recv().await {
            tokio::time::sleep_until(due).await;
            lane.open(way).await;
            if to.write_all(&piece).await.is_err() {
                return;
            }
        }
        // The end is a message like any other.
        lane.open(way).await;
        let _closed = to.shutdown().await;
    };
    tokio::join!(reading, writing);
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpStream;
    use std::sync::mpsc;
    use std::thread;

    use super::*;

    /// A server that says back what it hears.
    fn echo() -> String {
        let listener = StdListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address").to_string();
        thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                thread::spawn(move || {
                    let mut buffer = [0; 64];
                    while let Ok(count @ 1..) = stream.read(&mut buffer) {
                        let _sent = stream.write_all(&buffer[..count]);
                    }
                });
            }
        });
        address
    }

    fn hear(stream: &mut TcpStream) -> Option<u8> {
        let mut byte = [0];
        match stream.read(&mut byte) {
            Ok(1) => Some(byte[0]),
            _ => None,
        }
    }

    fn connect(proxy: &Proxy) -> TcpStream {
        let stream = TcpStream::connect(proxy.address()).expect("connected");
        let patience = Some(Duration::from_millis(200));
        stream.set_read_timeout(patience).expect("a limit");
        stream
    }

    #[test]
    fn what_a_cut_holds_up_arrives_when_it_is_healed() {
        for way in [Way::To, Way::From, Way::Both] {
            let proxy = Proxy::start(&echo());
            let mut stream = connect(&proxy);
            stream.write_all(b"a").expect("sent");
            crate::until("an echo", String::new, || hear(&mut stream));
            proxy.cut(way);
            stream.write_all(b"b").expect("sent");
            assert_eq!(hear(&mut stream), None, "{way:?}");
            let mut late = connect(&proxy);
            late.write_all(b"c").expect("sent");
            assert_eq!(hear(&mut late), None, "{way:?}");
            proxy.heal();
            assert_eq!(
                crate::until("the rest", String::new, || hear(&mut stream)),
                b'b'
            );
            assert_eq!(
                crate::until("the late one", String::new, || hear(&mut late)),
                b'c'
            );
        }
    }

    #[test]
    fn lanes_are_cut_for_themselves() {
        let (sender, ports) = mpsc::channel::<u16>();
        let sender = std::sync::Mutex::new(sender);
        // The first that connects has the first lane.
        let count = std::sync::atomic::AtomicUsize::new(0);
        let who: Who = Arc::new(move |port| {
            let _sent = sender.lock().expect("nobody panics").send(port);
            count.fetch_add(1, std::sync::atomic::Ordering::SeqCst)
        });
        let proxy = Proxy::with_lanes(&echo(), 2, who);
        let mut first = connect(&proxy);
        assert!(ports.recv().is_ok());
        let mut second = connect(&proxy);
        assert!(ports.recv().is_ok());
        proxy.cut_lane(0, Way::Both);
        first.write_all(b"a").expect("sent");
        second.write_all(b"b").expect("sent");
        assert_eq!(
            crate::until("an echo", String::new, || hear(&mut second)),
            b'b'
        );
        assert_eq!(hear(&mut first), None);
    }
}
