//! A watch stream while it is sent.
//!
//! Nothing is made before it is asked for: the connection asks only while it has room, so that a watcher that doesn't
//! read costs a cursor, and the listener cuts it off. What waits in [`WatchStream::ready`] is one event in pieces that
//! are shared with everyone else who gets it.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body::Frame;
use paste_catalog::{Event, Subscription, Topic};
use paste_engine::{Caller, StreamGuard};
use paste_model::{Namespace, Position, ServiceKey, ServiceName};
use tokio::time::Interval;

use super::configs::feed::Feed;
use super::listing::{self, Whom};
use super::quiet::{Quiet, Sign};
use super::watch::may_watch;
use super::{Rest, frame};
use crate::Metrics;
use crate::listener::CutOffNote;

/// Time between two `load` events of a service.
const LOAD_INTERVAL: Duration = Duration::from_secs(10);
/// Services looked at for load before others get a turn.
const LOAD_RUN_MAX: usize = 64;

/// The body of an answer to a watch.
pub(super) struct WatchStream {
    rest: Rest,
    subscription: Subscription,
    watcher: Watcher,
    /// Whether it follows services that it doesn't name.
    everything: bool,
    /// One event in pieces, and since when it was owed if that is to be measured.
    ready: VecDeque<(Bytes, Option<Instant>)>,
    /// What waits until all configuration is sent that its id speaks for.
    held: Option<Held>,
    quiet: Quiet,
    loads: Option<Loads>,
    cut_off: CutOffNote,
    _open: Open,
}

/// What ends in an id, and the id as it was when it came. An id says that nothing up to there is owed: so what changed in the
/// meantime must go before it.
enum Held {
    Event(Event, Position),
    Id(Position),
}

/// Who watches, and what.
pub(super) struct Watcher {
    pub(super) caller: Caller,
    pub(super) topics: Vec<Topic>,
    /// The configuration that is watched.
    pub(super) feed: Option<Feed>,
    /// Whether `load` events are wanted.
    pub(super) loads: bool,
    /// The session that the stream speaks for.
    pub(super) session: Option<StreamGuard>,
}

/// Counted as open until dropped.
struct Open(Arc<Metrics>);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.streams_open.down();
    }
}

impl WatchStream {
    /// A stream of what the subscription owes; `retry` is what it says first.
    pub(super) fn new(
        rest: Rest,
        subscription: Subscription,
        watcher: Watcher,
        retry: Bytes,
    ) -> Self {
        let metrics = Arc::clone(&rest.0.metrics);
        metrics.streams_open.up();
        Self {
            quiet: Quiet::new(&rest),
            loads: watcher.loads.then(|| Loads::new(watcher.topics.clone())),
            rest,
            subscription,
            everything: (watcher.topics.iter()).any(|topic| matches!(topic, Topic::Namespace(_))),
            watcher,
            ready: VecDeque::from([(retry, None)]),
            held: None,
            cut_off: CutOffNote::default(),
            _open: Open(metrics),
        }
    }

    /// Where the listener notes that it cut us off, because the watcher doesn't read.
    pub(super) fn cut_off_note(&self) -> CutOffNote {
        self.cut_off.clone()
    }

    /// What configuration is owed; when that is all, what had to wait for it.
    fn poll_feed(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if let Some(feed) = &mut self.watcher.feed {
            let settled = self.subscription.settled();
            if let Poll::Ready(event) = feed.poll_next(cx) {
                self.ready.push_back((event, None));
                self.held.get_or_insert(Held::Id(settled));
                return Poll::Ready(());
            }
            if !feed.is_idle() {
                return Poll::Pending;
            }
        }
        match self.held.take() {
            Some(Held::Event(event, settled)) => self.prepare(event, settled),
            Some(Held::Id(settled)) => self.ready.push_back((frame::id(settled), None)),
            None => return Poll::Pending,
        }
        Poll::Ready(())
    }

    fn prepare(&mut self, event: Event, settled: Position) {
        let piece = |bytes: Bytes| (bytes, None);
        match event {
            Event::Reset => {
                let now = self.rest.0.engine.catalog().position();
                self.ready.push_back(piece(frame::reset(now)));
                if let Some(feed) = &mut self.watcher.feed {
                    feed.start_over(None);
                }
            }
            Event::Snapshot { snapshot, last } => {
                let pieces = listing::of(&snapshot, Whom::Everyone).pieces();
                let mut pieces = pieces.iter().cloned();
                match (snapshot.policy(), pieces.next()) {
                    (Some(policy), Some(first)) => {
                        self.ready.push_back(piece(frame::snapshot_with(policy)));
                        self.ready.push_back(piece(first.slice(1..)));
                    }
                    (None, Some(first)) => {
                        self.ready.push_back(piece(frame::SNAPSHOT));
                        self.ready.push_back(piece(first));
                    }
                    (_, None) => {}
                }
                self.ready.extend(pieces.map(piece));
                let end = if last {
                    frame::end_with_id(settled)
                } else {
                    frame::END
                };
                self.ready.push_back(piece(end));
            }
            Event::Delta(emission) => {
                let bytes = if self.everything && emission.begins {
                    frame::beginning(&emission)
                } else {
                    frame::delta(&emission)
                };
                self.ready.push_back((bytes, Some(emission.since)));
            }
        }
    }

    /// Whether whoever watches still may.
    fn may_go_on(&self) -> bool {
        let caller = self.rest.0.engine.still(&self.watcher.caller);
        caller.is_some_and(|caller| may_watch(&caller, &self.watcher.topics).is_ok())
    }

    /// We end the stream ourselves: that must not count against the session that it speaks for.
    fn close(&mut self) {
        if let Some(session) = self.watcher.session.take() {
            session.closed_by_us();
        }
    }
}

impl Drop for WatchStream {
    fn drop(&mut self) {
        // A watcher that doesn't read is slow, and its process is there.
        if self.cut_off.was_us() {
            self.close();
        }
    }
}

impl http_body::Body for WatchStream {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let this = &mut *self;
        loop {
            if let Some((bytes, since)) = this.ready.pop_front() {
                if let Some(since) = since {
                    this.rest.0.metrics.change_latency.observe(since.elapsed());
                }
                return Poll::Ready(Some(Ok(Frame::data(bytes))));
            }
            let draining = *this.rest.0.draining.borrow();
            if !draining && this.poll_feed(cx).is_ready() {
                continue;
            }
            if !draining
                && this.held.is_none()
                && let Poll::Ready(event) = this.subscription.poll_next(cx)
            {
                if !this.may_go_on() {
                    this.close();
                    return Poll::Ready(None);
                }
                this.held = Some(Held::Event(event, this.subscription.settled()));
                continue;
            }
            match this.quiet.poll(draining, cx) {
                Poll::Ready(Sign::Drain) => {
                    this.close();
                    return Poll::Ready(None);
                }
                Poll::Ready(Sign::KeepAlive) if !this.may_go_on() => {
                    this.close();
                    return Poll::Ready(None);
                }
                Poll::Ready(Sign::KeepAlive) => {
                    this.held
                        .get_or_insert(Held::Id(this.subscription.settled()));
                    continue;
                }
                Poll::Pending => {}
            }
            let loads = this
                .loads
                .as_mut()
                .map(|loads| loads.poll_next(&this.rest, cx));
            match loads {
                Some(Poll::Ready(bytes)) => this.ready.push_back((bytes, None)),
                Some(Poll::Pending) | None => return Poll::Pending,
            }
        }
    }
}

fn every(period: Duration) -> Interval {
    let mut interval = tokio::time::interval_at(tokio::time::Instant::now() + period, period);
    interval.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    interval
}

/// What sessions say of their load, service by service.
struct Loads {
    topics: Vec<Topic>,
    tick: Interval,
    /// What is left of this round, last first.
    left: Vec<Topic>,
    /// How far a namespace has been gone through.
    within: Option<(Namespace, Option<ServiceName>)>,
}

impl Loads {
    fn new(topics: Vec<Topic>) -> Self {
        Self {
            topics,
            tick: every(LOAD_INTERVAL),
            left: Vec::new(),
            within: None,
        }
    }

    fn poll_next(&mut self, rest: &Rest, cx: &mut Context<'_>) -> Poll<Bytes> {
        for _ in 0..LOAD_RUN_MAX {
            let Some(service) = self.next_service(rest) else {
                if self.tick.poll_tick(cx).is_pending() {
                    return Poll::Pending;
                }
                self.left = self.topics.iter().rev().cloned().collect();
                continue;
            };
            let loads = rest.0.engine.loads(&service);
            if !loads.is_empty() {
                return Poll::Ready(frame::load(&service, loads));
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    fn next_service(&mut self, rest: &Rest) -> Option<ServiceKey> {
        loop {
            if let Some((namespace, after)) = &mut self.within {
                let catalog = rest.0.engine.catalog();
                let from = after.as_ref().map(ServiceName::as_str);
                if let Some(next) = catalog.services(namespace.as_str(), "", from, 1).pop() {
                    *after = Some(next.key().name.clone());
                    return Some(next.key().clone());
                }
                self.within = None;
            }
            match self.left.pop()? {
                Topic::Service(key) => return Some(key),
                Topic::Namespace(namespace) => self.within = Some((namespace, None)),
            }
        }
    }
}
