//! Callbacks, on a thread of their own: one that takes its time delays other callbacks and nothing else.
//!
//! What waits is a set of those who have something to say, so that it is bounded by how many were registered.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::Duration;

use parking_lot::{Condvar, Mutex};

/// The name of the thread.
const THREAD: &str = "paste-callbacks";

/// Somebody who has something to say from time to time.
pub(crate) struct Listener {
    waiting: AtomicBool,
    run: Box<dyn Fn() + Send + Sync>,
}

/// Those who listen to one thing.
#[derive(Default)]
pub(crate) struct Listeners {
    dispatcher: OnceLock<Arc<Dispatcher>>,
    all: Mutex<Vec<Arc<Listener>>>,
}

impl Listeners {
    /// Has `run` called after each change, and once now if there is something to be told already: `known` is asked once
    /// nothing that comes can be missed.
    pub(crate) fn add(
        &self,
        dispatcher: &Arc<Dispatcher>,
        known: impl FnOnce() -> bool,
        run: impl Fn() + Send + Sync + 'static,
    ) {
        let dispatcher = self.dispatcher.get_or_init(|| Arc::clone(dispatcher));
        let listener = Arc::new(Listener {
            waiting: AtomicBool::new(false),
            run: Box::new(run),
        });
        self.all.lock().push(Arc::clone(&listener));
        if known() {
            dispatcher.wake(&listener);
        }
    }

    /// Something changed.
    pub(crate) fn wake(&self) {
        if let Some(dispatcher) = self.dispatcher.get() {
            for listener in &*self.all.lock() {
                dispatcher.wake(listener);
            }
        }
    }

    /// Whether nobody listens.
    pub(crate) fn is_empty(&self) -> bool {
        self.all.lock().is_empty()
    }
}

/// Runs callbacks one after the other.
#[derive(Default)]
pub(crate) struct Dispatcher {
    queue: Mutex<Queue>,
    changed: Condvar,
}

#[derive(Default)]
struct Queue {
    listeners: VecDeque<Arc<Listener>>,
    thread: Option<thread::JoinHandle<()>>,
    stopped: bool,
    idle: bool,
}

impl Dispatcher {
    fn wake(self: &Arc<Self>, listener: &Arc<Listener>) {
        if listener.waiting.swap(true, Ordering::AcqRel) {
            return;
        }
        let mut queue = self.queue.lock();
        if queue.stopped {
            return;
        }
        queue.listeners.push_back(Arc::clone(listener));
        if queue.thread.is_none() {
            let this = Arc::clone(self);
            let started = thread::Builder::new()
                .name(THREAD.to_owned())
                .spawn(move || this.run());
            queue.thread = started
                .inspect_err(|error| tracing::error!(%error, "no thread for callbacks"))
                .ok();
        }
        self.changed.notify_all();
    }

    fn run(&self) {
        while let Some(listener) = self.next() {
            listener.waiting.store(false, Ordering::Release);
            if catch_unwind(AssertUnwindSafe(|| (listener.run)())).is_err() {
                tracing::error!("a callback panicked");
            }
        }
        self.queue.lock().idle = true;
        self.changed.notify_all();
    }

    fn next(&self) -> Option<Arc<Listener>> {
        let mut queue = self.queue.lock();
        loop {
            if queue.stopped {
                return None;
            }
            if let Some(listener) = queue.listeners.pop_front() {
                return Some(listener);
            }
            self.changed.wait(&mut queue);
        }
    }

    /// Calls nobody any more, and waits for the one that runs at most `limit`. Tells whether the thread has ended.
    pub(crate) fn stop(&self, limit: Duration) -> bool {
        let mut queue = self.queue.lock();
        queue.stopped = true;
        queue.listeners.clear();
        self.changed.notify_all();
        let Some(thread) = queue.thread.take() else {
            return true;
        };
        if !queue.idle {
            self.changed
                .wait_while_for(&mut queue, |queue| !queue.idle, limit);
        }
        let ended = queue.idle;
        drop(queue);
        ended && thread.join().is_ok()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn a_callback_that_panics_is_called_again_and_none_is_left_running() {
        let dispatcher = Arc::new(Dispatcher::default());
        let listeners = Listeners::default();
        let (sender, calls) = mpsc::channel();
        let sender = Mutex::new(sender);
        listeners.add(
            &dispatcher,
            || true,
            move || {
                let _heard = sender.lock().send(());
                panic!("on purpose");
            },
        );
        let patience = Duration::from_secs(20);
        assert!(calls.recv_timeout(patience).is_ok(), "at once");
        listeners.wake();
        assert!(calls.recv_timeout(patience).is_ok(), "again");
        assert!(dispatcher.stop(patience));
        listeners.wake();
        assert!(calls.try_recv().is_err());
    }

    #[test]
    fn stopping_does_not_wait_for_ever() {
        let dispatcher = Arc::new(Dispatcher::default());
        let listeners = Listeners::default();
        let (release, held) = mpsc::channel::<()>();
        let held = Mutex::new(held);
        let (sender, began) = mpsc::channel();
        let sender = Mutex::new(sender);
        listeners.add(
            &dispatcher,
            || true,
            move || {
                let _heard = sender.lock().send(());
                let _released = held.lock().recv();
            },
        );
        assert!(began.recv_timeout(Duration::from_secs(20)).is_ok());
        assert!(!dispatcher.stop(Duration::from_millis(10)));
        drop(release);
    }
}
