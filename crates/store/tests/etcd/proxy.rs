//! A way to etcd on which answers get lost, and that can be cut.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

/// Passes everything on between whoever connects and a server.
pub(crate) struct Proxy {
    address: String,
    state: Arc<State>,
}

struct State {
    /// Whether an answer is to be lost.
    deaf: AtomicBool,
    /// How many are passed on before.
    passed: AtomicUsize,
    /// The ends of what is connected; `None` while it is cut.
    connected: Mutex<Option<Vec<TcpStream>>>,
}

/// After the first lost answer, time for what is on its way to reach the server.
const LINGER: Duration = Duration::from_millis(100);

impl Proxy {
    /// A proxy before `server`.
    pub(crate) fn start(server: String) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
        let address = listener.local_addr().expect("an address").to_string();
        let state = Arc::new(State {
            deaf: AtomicBool::new(false),
            passed: AtomicUsize::new(0),
            connected: Mutex::new(Some(Vec::new())),
        });
        let proxy = Self {
            address,
            state: Arc::clone(&state),
        };
        // It ends with the process.
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let Ok(server) = TcpStream::connect(&server) else {
                    continue;
                };
                let (to, from) = (both(&server), both(&client));
                match &mut *state.connected() {
                    Some(connected) => connected.extend([client, server]),
                    None => {
                        hang_up(&client);
                        continue;
                    }
                }
                thread::spawn(move || pass(from.0, to.0, None));
                let state = Arc::clone(&state);
                thread::spawn(move || pass(to.1, from.1, Some(&state)));
            }
        });
        proxy
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// Loses the next answer, whichever it is, and the connection with it.
    pub(crate) fn lose_the_next_answer(&self) {
        self.lose_an_answer(0);
    }

    /// The same after `passed` answers, or pieces of them, were passed on.
    pub(crate) fn lose_an_answer(&self, passed: usize) {
        self.state.passed.store(passed, Ordering::SeqCst);
        self.state.deaf.store(true, Ordering::SeqCst);
    }

    /// Whether it has lost one.
    pub(crate) fn has_lost(&self) -> bool {
        !self.state.deaf.load(Ordering::SeqCst)
    }

    /// Breaks what is connected, and takes nobody until it is mended.
    pub(crate) fn cut(&self) {
        let connected = self.state.connected().take();
        connected.iter().flatten().for_each(hang_up);
    }

    /// Takes connections again.
    pub(crate) fn mend(&self) {
        *self.state.connected() = Some(Vec::new());
    }
}

impl State {
    fn connected(&self) -> MutexGuard<'_, Option<Vec<TcpStream>>> {
        self.connected
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the answer that just came is lost.
    fn loses(&self) -> bool {
        let one_less = |passed: usize| passed.checked_sub(1);
        let order = Ordering::SeqCst;
        self.deaf.load(order) && self.passed.fetch_update(order, order, one_less).is_err()
    }
}

fn both(stream: &TcpStream) -> (TcpStream, TcpStream) {
    let clone = || stream.try_clone().expect("a handle");
    (clone(), clone())
}

fn hang_up(stream: &TcpStream) {
    // It may have ended by itself.
    let _ = stream.shutdown(Shutdown::Both);
}

fn pass(mut from: TcpStream, mut to: TcpStream, state: Option<&State>) {
    let mut buffer = [0; 16 * 1024];
    while let Ok(count @ 1..) = from.read(&mut buffer) {
        if let Some(state) = state.filter(|state| state.loses()) {
            thread::sleep(LINGER);
            state.deaf.store(false, Ordering::SeqCst);
            break;
        }
        if to.write_all(&buffer[..count]).is_err() {
            break;
        }
    }
    // The other direction ends by itself when both are shut.
    hang_up(&from);
    hang_up(&to);
}
