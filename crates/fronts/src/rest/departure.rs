//! How watch streams end when the node goes down: one after the other, so that their watchers don't all come to another
//! node at once. Each takes a place in a queue when it begins, and ends when that is called.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::time::Instant;

/// Time between two calls.
const STEP: Duration = Duration::from_millis(100);

/// The queue. A permit calls one stream.
#[derive(Debug)]
pub(super) struct Departure(Arc<Semaphore>);

impl Default for Departure {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(0)))
    }
}

impl Departure {
    /// Ends when it is the caller's turn.
    pub(super) fn turn(&self) -> impl Future<Output = ()> + Send + use<> {
        let queue = Arc::clone(&self.0);
        async move {
            // An error means that the queue is gone, which comes to the same.
            if let Ok(permit) = queue.acquire().await {
                permit.forget();
            }
        }
    }

    /// Calls those who wait evenly over `period`; ends sooner if none is `open` any more.
    pub(super) async fn spread(&self, period: Duration, open: impl Fn() -> u64) {
        let (begin, all) = (Instant::now(), open());
        let mut called = 0;
        while begin.elapsed() < period && open() > 0 {
            tokio::time::sleep(STEP).await;
            let passed = begin.elapsed().as_millis();
            let due = (u128::from(all) * passed).div_ceil(period.as_millis().max(1));
            let due = u64::try_from(due).map_or(all, |due| due.min(all));
            self.call(due - called);
            called = due;
        }
    }

    /// Calls everyone, also those who will come.
    pub(super) fn everyone(&self) {
        self.0.close();
    }

    fn call(&self, count: u64) {
        let room = Semaphore::MAX_PERMITS - self.0.available_permits();
        self.0
            .add_permits(usize::try_from(count).unwrap_or(room).min(room));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn streams_end_evenly_and_in_their_order() {
        let departure = Departure::default();
        let open = Arc::new(AtomicU64::new(100));
        let begin = Instant::now();
        let streams: Vec<_> = (0..100)
            .map(|_| {
                let (turn, open) = (departure.turn(), Arc::clone(&open));
                tokio::spawn(async move {
                    turn.await;
                    open.fetch_sub(1, Ordering::SeqCst);
                    begin.elapsed()
                })
            })
            .collect();
        tokio::task::yield_now().await;
        departure
            .spread(Duration::from_secs(100), || open.load(Ordering::SeqCst))
            .await;
        for (number, stream) in streams.into_iter().enumerate() {
            let ended = stream.await.expect("it ends").as_secs_f64();
            let due = number as f64;
            assert!((due..due + 1.5).contains(&ended), "{number} at {ended}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn at_last_everyone_ends() {
        let departure = Departure::default();
        let early = departure.turn();
        departure.everyone();
        early.await;
        departure.turn().await;
    }
}
