//! A way to etcd on which answers get lost.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

/// Passes everything on between whoever connects and a server.
pub(crate) struct Proxy {
    address: String,
    deaf: Arc<AtomicBool>,
}

/// After the first lost answer, time for what is on its way to reach the server.
const LINGER: Duration = Duration::from_millis(100);

impl Proxy {
    /// A proxy before `server`.
    pub(crate) fn start(server: String) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
        let address = listener.local_addr().expect("an address").to_string();
        let deaf = Arc::new(AtomicBool::new(false));
        let proxy = Self {
            address,
            deaf: Arc::clone(&deaf),
        };
        // It ends with the process.
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let Ok(server) = TcpStream::connect(&server) else {
                    continue;
                };
                let (to, from) = (both(&server), both(&client));
                thread::spawn(move || pass(from.0, to.0, None));
                let deaf = Arc::clone(&deaf);
                thread::spawn(move || pass(to.1, from.1, Some(&deaf)));
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
        self.deaf.store(true, Ordering::SeqCst);
    }

    /// Whether it has lost one.
    pub(crate) fn has_lost(&self) -> bool {
        !self.deaf.load(Ordering::SeqCst)
    }
}

fn both(stream: &TcpStream) -> (TcpStream, TcpStream) {
    let clone = || stream.try_clone().expect("a handle");
    (clone(), clone())
}

fn pass(mut from: TcpStream, mut to: TcpStream, deaf: Option<&AtomicBool>) {
    let mut buffer = [0; 16 * 1024];
    while let Ok(count @ 1..) = from.read(&mut buffer) {
        if deaf.is_some_and(|deaf| deaf.load(Ordering::SeqCst)) {
            thread::sleep(LINGER);
            if let Some(deaf) = deaf {
                deaf.store(false, Ordering::SeqCst);
            }
            break;
        }
        if to.write_all(&buffer[..count]).is_err() {
            break;
        }
    }
    // The other direction ends by itself when both are shut.
    let _ = from.shutdown(Shutdown::Both);
    let _ = to.shutdown(Shutdown::Both);
}
