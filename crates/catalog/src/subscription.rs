//! One subscriber's place in the stream of changes.
//!
//! A subscription is a cursor into the numbered emissions: everything numbered below `next` that its topics carried has
//! been handed out, or is covered by a snapshot that was. What it still owes is a list of topics, not of snapshots: each
//! snapshot is taken when its turn comes.
//!
//! Why nothing owed is missing when services are merged apart: it hands out emissions in their global order, and an
//! emission's `settled` is about all that were made before it. It looks at the topics only after it has read `Progress`,
//! and at nothing numbered from `Progress::emitted` on, so that an emission made meanwhile can't overtake another.
//!
//! Why revisions never go back: a snapshot is younger than the cursor, so emissions that it covers are still to come;
//! `shown` holds the revisions of such snapshots until the cursor has passed them.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};

use foldhash::fast::RandomState;
use futures_util::task::AtomicWaker;
use paste_model::{Namespace, Position, Revision, ServiceKey, ServiceName};

use crate::emission::{Emission, Event, Topic};
use crate::progress::Progress;
use crate::shared::Shared;
use crate::snapshot::Snapshot;
use crate::topics::{Ahead, Channel, Place};

/// One subscriber's place in the stream of changes. A slow subscriber costs this cursor, not a queue.
pub struct Subscription {
    shared: Arc<Shared>,
    id: u64,
    place: Arc<Place>,
    feeds: Vec<Feed>,
    generation: u64,
    next: u64,
    relists: u64,
    /// Emissions up to here were handed out in an earlier stream, perhaps at another node that was ahead of this one.
    resumed: Option<Revision>,
    settled: Position,
    /// What `settled` will be once the first snapshots are handed out.
    settled_by_snapshots: Revision,
    reset: bool,
    owed: VecDeque<Owed>,
    /// Taken already, to know whether the one before it was the last.
    upcoming: Option<Arc<Snapshot>>,
    shown: HashMap<ServiceKey, Revision, RandomState>,
}

/// A topic that is followed.
struct Feed {
    topic: Topic,
    channel: Arc<Channel>,
    /// What the topic carried before this number is handed out or covered.
    next: u64,
}

/// Snapshots that are owed.
enum Owed {
    Service(ServiceKey),
    /// Of all services of a namespace after this one.
    Namespace(Namespace, Option<ServiceName>),
}

impl Subscription {
    pub(crate) fn new(shared: Arc<Shared>, topics: Vec<Topic>, from: Option<Position>) -> Self {
        let gauges = &shared.gauges;
        gauges.subscribers.fetch_add(1, Ordering::Relaxed);
        let id = gauges.subscriptions.fetch_add(1, Ordering::Relaxed);
        let place = Arc::new(Place {
            waker: AtomicWaker::new(),
            bag: shared.heralds.here(),
        });
        let progress = shared.progress();
        let feeds = topics
            .into_iter()
            .map(|topic| Feed {
                channel: shared.topics.join(&topic, id, &place),
                topic,
                next: 0,
            })
            .collect();
        let mut subscription = Self {
            shared,
            id,
            place,
            feeds,
            generation: progress.generation,
            next: 0,
            relists: progress.relists,
            resumed: None,
            settled: progress.at(Revision::ZERO),
            settled_by_snapshots: Revision::ZERO,
            reset: false,
            owed: VecDeque::new(),
            upcoming: None,
            shown: HashMap::default(),
        };
        match from {
            None => subscription.start_over(&progress),
            Some(from) if from.epoch == progress.epoch && from.revision <= progress.revision => {
                subscription.resume(from, &progress);
            }
            Some(_) => {
                subscription.start_over(&progress);
                subscription.reset = true;
            }
        }
        subscription
    }

    /// The next thing owed; Pending registers the waker, which wakes only for what was asked for.
    pub fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Event> {
        self.place.waker.register(context.waker());
        loop {
            let progress = self.shared.progress();
            if progress.is_changing() {
                return Poll::Pending;
            }
            let jumped = self.resumed.is_some() && progress.relists != self.relists;
            if jumped || progress.generation != self.generation {
                self.start_over(&progress);
                self.reset = true;
            }
            let event = self.step(&progress);
            // A snapshot may be of a history that has just begun, and must not come before the reset.
            if self.shared.progress.load().generation == progress.generation {
                return event;
            }
        }
    }

    /// All changes up to here have been handed out.
    pub fn settled(&self) -> Position {
        let progress = self.shared.progress();
        let caught_up = progress.generation == self.generation
            && (self.resumed.is_none() || progress.relists == self.relists)
            && !progress.is_changing()
            && !self.reset
            && self.owed.is_empty()
            && self.upcoming.is_none()
            && self.feeds.iter().all(|feed| {
                let next = feed.next.max(self.next);
                matches!(feed.channel.ahead(next, progress.emitted), Ahead::Nothing)
            });
        if caught_up && progress.settled > self.settled.revision {
            return progress.at(progress.settled);
        }
        self.settled
    }

    /// Owes everything anew, from here on.
    fn start_over(&mut self, progress: &Progress) {
        self.generation = progress.generation;
        self.next = progress.emitted;
        self.relists = progress.relists;
        self.resumed = None;
        self.settled = progress.at(Revision::ZERO);
        self.settled_by_snapshots = progress.revision;
        self.shown.clear();
        self.upcoming = None;
        self.owed = self.feeds.iter().map(|feed| owed(&feed.topic)).collect();
    }

    /// Owes what came after `from`: deltas where the topic still has them all, else snapshots.
    fn resume(&mut self, from: Position, progress: &Progress) {
        self.settled = from;
        self.resumed = Some(from.revision);
        self.settled_by_snapshots = from.revision;
        for feed in &mut self.feeds {
            if let Some(next) = feed.channel.resume(from.revision) {
                feed.next = next;
                continue;
            }
            feed.next = progress.emitted;
            self.owed.push_back(owed(&feed.topic));
        }
        if self.must_forget(progress) {
            self.start_over(progress);
            self.reset = true;
        }
    }

    /// Whether snapshots of a namespace are owed that can't say which of its services are gone.
    fn must_forget(&self, progress: &Progress) -> bool {
        progress.vanished > self.settled.revision
            && (self.owed.iter()).any(|owed| matches!(owed, Owed::Namespace(..)))
    }

    fn step(&mut self, progress: &Progress) -> Poll<Event> {
        loop {
            if std::mem::take(&mut self.reset) {
                return Poll::Ready(Event::Reset);
            }
            if let Some(event) = self.next_snapshot(progress) {
                return Poll::Ready(event);
            }
            let first = self.first_ahead(progress);
            if !self.owed.is_empty() {
                self.reset = self.must_forget(progress);
                if self.reset {
                    self.start_over(progress);
                }
                continue;
            }
            let Some(emission) = first else {
                self.catch_up(progress);
                return Poll::Pending;
            };
            self.next = emission.sequence + 1;
            self.settled = later(self.settled, emission.settled);
            if !self.is_covered(&emission) {
                return Poll::Ready(Event::Delta(emission));
            }
        }
    }

    fn next_snapshot(&mut self, progress: &Progress) -> Option<Event> {
        let snapshot = match self.upcoming.take() {
            Some(snapshot) => snapshot,
            None => self.take_owed(progress)?,
        };
        self.upcoming = self.take_owed(progress);
        let last = self.upcoming.is_none();
        if last {
            let settled = self.settled.revision.max(self.settled_by_snapshots);
            self.settled = progress.at(settled);
        }
        let shown = self.shown.entry(snapshot.key().clone()).or_default();
        *shown = snapshot.revision().max(*shown);
        Some(Event::Snapshot { snapshot, last })
    }

    /// The next snapshot that is owed, as of now.
    fn take_owed(&mut self, progress: &Progress) -> Option<Arc<Snapshot>> {
        let directory = &self.shared.directory;
        loop {
            match self.owed.front_mut()? {
                Owed::Service(key) => {
                    // `progress` is older than this look, so that a service made meanwhile comes as an emission.
                    let snapshot = directory
                        .snapshot(key.namespace.as_str(), key.name.as_str())
                        .unwrap_or_else(|| {
                            Arc::new(Snapshot::empty(Arc::new(key.clone()), progress.revision))
                        });
                    self.owed.pop_front();
                    return Some(snapshot);
                }
                Owed::Namespace(namespace, after) => {
                    let from = after.as_ref().map(ServiceName::as_str);
                    let found = directory.services(namespace.as_str(), "", from, 1).pop();
                    if let Some(snapshot) = found {
                        *after = Some(snapshot.key().name.clone());
                        return Some(snapshot);
                    }
                    self.owed.pop_front();
                }
            }
        }
    }

    /// The first emission not yet handed out. Topics that have lost some owe snapshots instead.
    fn first_ahead(&mut self, progress: &Progress) -> Option<Arc<Emission>> {
        let mut first: Option<Arc<Emission>> = None;
        for feed in &mut self.feeds {
            match feed
                .channel
                .ahead(feed.next.max(self.next), progress.emitted)
            {
                Ahead::Nothing => {}
                Ahead::Emission(emission) => {
                    if first
                        .as_ref()
                        .is_none_or(|first| emission.sequence < first.sequence)
                    {
                        first = Some(emission);
                    }
                }
                Ahead::Lost => {
                    feed.next = progress.emitted;
                    self.owed.push_back(owed(&feed.topic));
                }
            }
        }
        first
    }

    fn catch_up(&mut self, progress: &Progress) {
        self.next = progress.emitted;
        self.settled = later(self.settled, progress.at(progress.settled));
        let passed = (self.shown.values()).all(|revision| *revision <= progress.settled);
        if passed {
            self.shown = HashMap::default();
        }
    }

    /// Whether a snapshot or an earlier stream has shown it already.
    fn is_covered(&self, emission: &Emission) -> bool {
        let shown = self.shown.get(&emission.service);
        Some(emission.revision) <= self.resumed
            || shown.is_some_and(|shown| emission.revision <= *shown)
    }
}

/// The snapshots that a topic begins with.
fn owed(topic: &Topic) -> Owed {
    match topic {
        Topic::Service(key) => Owed::Service(key.clone()),
        Topic::Namespace(namespace) => Owed::Namespace(namespace.clone(), None),
    }
}

/// The later of two positions of one history.
fn later(one: Position, other: Position) -> Position {
    if other.revision > one.revision {
        other
    } else {
        one
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        for feed in &self.feeds {
            self.shared.topics.leave(&feed.topic, self.id);
        }
        self.shared
            .gauges
            .subscribers
            .fetch_sub(1, Ordering::Relaxed);
    }
}
