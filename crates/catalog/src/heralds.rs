//! Waking many tasks at once, on each thread by a task of that thread's own.
//!
//! Waking a task from another thread takes a system call and, where both threads share a core, a switch there and back: for
//! each task. So whoever serves many subscribers on a thread runs a [`Herald`] there. What is to be woken on that thread is
//! put into its bag, it alone is woken from outside, and it wakes the others from within.
//!
//! Invariant: a bag takes nothing once its herald is gone, and what it doesn't take is woken directly. So nobody waits for a
//! herald that isn't there.

use std::collections::HashMap;
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::thread::{self, ThreadId};

use foldhash::fast::RandomState;
use futures_util::task::AtomicWaker;
use parking_lot::{Mutex, RwLock};

use crate::shared::Shared;

/// The bags of all heralds, by their threads.
#[derive(Default)]
pub(crate) struct Heralds(RwLock<HashMap<ThreadId, Arc<Bag>, RandomState>>);

/// What one herald is to wake.
pub(crate) struct Bag {
    /// `None` once its herald is gone.
    wakers: Mutex<Option<Vec<Waker>>>,
    herald: AtomicWaker,
}

impl Heralds {
    /// The bag of this thread's herald, if it has one.
    pub(crate) fn here(&self) -> Option<Arc<Bag>> {
        self.0.read().get(&thread::current().id()).cloned()
    }
}

/// One to be woken, and the bag of the thread on which its task runs.
pub(crate) type Sleeper = (Waker, Option<Arc<Bag>>);

/// Wakes them all.
pub(crate) fn wake(sleepers: impl IntoIterator<Item = Sleeper>) {
    let mut round = Round::default();
    for (waker, bag) in sleepers {
        round.add(waker, bag.as_ref());
    }
    round.end();
}

/// Wakers of one round, each woken directly or through the herald of its thread.
#[derive(Default)]
pub(crate) struct Round {
    bags: Vec<Arc<Bag>>,
}

impl Round {
    /// Adds one; `bag` is that of the thread on which its task runs.
    pub(crate) fn add(&mut self, waker: Waker, bag: Option<&Arc<Bag>>) {
        let Some(bag) = bag else {
            waker.wake();
            return;
        };
        match &mut *bag.wakers.lock() {
            Some(wakers) => wakers.push(waker),
            None => return waker.wake(),
        }
        if !self.bags.iter().any(|known| Arc::ptr_eq(known, bag)) {
            self.bags.push(Arc::clone(bag));
        }
    }

    /// Sends the heralds off.
    pub(crate) fn end(&mut self) {
        self.bags.drain(..).for_each(|bag| bag.herald.wake());
    }
}

/// The task that wakes the others of its thread. It never ends by itself.
#[must_use = "a herald does nothing unless it is spawned on its thread"]
pub struct Herald {
    shared: Arc<Shared>,
    thread: ThreadId,
    bag: Arc<Bag>,
}

impl Herald {
    /// One for this thread, unless it has one.
    pub(crate) fn new(shared: &Arc<Shared>) -> Option<Self> {
        let thread = thread::current().id();
        if shared.heralds.0.read().contains_key(&thread) {
            return None;
        }
        let bag = Arc::new(Bag {
            wakers: Mutex::new(Some(Vec::new())),
            herald: AtomicWaker::new(),
        });
        shared.heralds.0.write().insert(thread, Arc::clone(&bag));
        Some(Self {
            shared: Arc::clone(shared),
            thread,
            bag,
        })
    }
}

impl Future for Herald {
    type Output = Infallible;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Infallible> {
        self.bag.herald.register(context.waker());
        let wakers = self.bag.wakers.lock().as_mut().map(std::mem::take);
        wakers.into_iter().flatten().for_each(Waker::wake);
        Poll::Pending
    }
}

impl Drop for Herald {
    fn drop(&mut self) {
        self.shared.heralds.0.write().remove(&self.thread);
        let left = self.bag.wakers.lock().take();
        left.into_iter().flatten().for_each(Waker::wake);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::Wake;

    use super::*;

    #[derive(Default)]
    struct Count(AtomicUsize);

    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }

    impl Count {
        fn waker(self: &Arc<Self>) -> Waker {
            Arc::clone(self).into()
        }

        fn get(&self) -> usize {
            self.0.load(Ordering::SeqCst)
        }
    }

    #[test]
    fn the_herald_is_woken_once_and_wakes_the_others() {
        let shared = Arc::new(Shared::default());
        let mut herald = Herald::new(&shared).expect("this thread has none");
        assert!(Herald::new(&shared).is_none(), "one is enough");
        let (own, others) = (Arc::new(Count::default()), Arc::new(Count::default()));
        let (own_waker, waker) = (own.waker(), others.waker());
        let mut context = Context::from_waker(&own_waker);
        assert!(Pin::new(&mut herald).poll(&mut context).is_pending());
        let bag = shared.heralds.here();
        let mut round = Round::default();
        for _ in 0..3 {
            round.add(waker.clone(), bag.as_ref());
        }
        round.end();
        assert_eq!((own.get(), others.get()), (1, 0));
        assert!(Pin::new(&mut herald).poll(&mut context).is_pending());
        assert_eq!((own.get(), others.get()), (1, 3));
    }

    #[test]
    fn nobody_waits_for_a_herald_that_is_gone() {
        let shared = Arc::new(Shared::default());
        let others = Arc::new(Count::default());
        let herald = Herald::new(&shared).expect("this thread has none");
        let bag = shared.heralds.here();
        let mut round = Round::default();
        round.add(others.waker(), bag.as_ref());
        assert_eq!(others.get(), 0);
        drop(herald);
        assert_eq!(others.get(), 1, "what was left in its bag");
        round.add(others.waker(), bag.as_ref());
        round.add(others.waker(), None);
        assert_eq!(others.get(), 3, "what comes later");
        assert!(shared.heralds.here().is_none());
        assert!(Herald::new(&shared).is_some());
    }
}
