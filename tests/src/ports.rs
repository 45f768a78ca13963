//! Ports to listen on that stay free while whoever listens there is down.
//!
//! They lie below those that the system gives to outgoing connections, of which these tests make thousands: otherwise
//! one of them could take the port of a server that is being restarted.

use std::net::TcpListener;
use std::ops::Range;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

/// Ports that the system gives to nobody by itself.
const PORTS: Range<u16> = 12_000..32_000;

/// A port that nobody listens on, and that this process gives out once.
pub fn reserve() -> u16 {
    static NEXT: OnceLock<AtomicU32> = OnceLock::new();
    let count = u32::from(PORTS.end - PORTS.start);
    // Test programs that run at the same time begin far from each other.
    let next = NEXT.get_or_init(|| AtomicU32::new(std::process::id().wrapping_mul(7_919) % count));
    for _ in 0..count {
        let offset = next.fetch_add(1, Ordering::Relaxed) % count;
        let port = PORTS.start + u16::try_from(offset).expect("it is below the end");
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
    panic!("all ports are taken");
}

/// All but the last digit of three such ports, which end with 1, 2 and 3.
pub fn reserve_decade() -> u16 {
    loop {
        let first = reserve();
        if first % 10 == 1 && reserve() == first + 1 && reserve() == first + 2 {
            return first / 10;
        }
    }
}
