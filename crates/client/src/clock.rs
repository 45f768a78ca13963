//! Time and randomness, handed in so that tests can set them.

use std::cell::Cell;
use std::time::{Duration, Instant, SystemTime};

/// Tells the time.
pub trait Clock: Send + Sync + 'static {
    /// Monotonic time since a moment that stays the same as long as the clock lives.
    fn now(&self) -> Duration;
    /// What the calendar says; it may jump, and only the age of what is on disk is told by it.
    fn wall(&self) -> SystemTime;
}

/// The clocks of the machine.
#[derive(Debug, Clone, Copy)]
pub struct SystemClock(Instant);

impl Default for SystemClock {
    fn default() -> Self {
        Self(Instant::now())
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Duration {
        self.0.elapsed()
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "this is where wall time enters the SDK"
    )]
    fn wall(&self) -> SystemTime {
        SystemTime::now()
    }
}

/// Draws numbers.
pub trait Random: Send + Sync + 'static {
    /// The next unsigned 64-bit number.
    fn draw(&self) -> u64;
}

/// Random numbers for choices and jitter: quick, a generator for each thread, and nothing to keep secrets with.
#[derive(Debug, Clone, Copy, Default)]
pub struct ThreadRandom;

thread_local! {
    /// The state of xorshift64*, which must never be 0.
    static STATE: Cell<u64> = Cell::new(rand::random::<u64>() | 1);
}

impl Random for ThreadRandom {
    fn draw(&self) -> u64 {
        STATE.with(|cell| {
            let mut state = cell.get();
            state ^= state >> 12;
            state ^= state << 25;
            state ^= state >> 27;
            cell.set(state);
            state.wrapping_mul(0x2545_f491_4f6c_dd1d)
        })
    }
}
