//! Who hears of what: for each topic the recent emissions it carries and those who follow it.
//!
//! Invariants: a topic is kept exactly while it has subscribers or emissions. An emission is in its service's topic and
//! in its namespace's. Within a topic numbers grow, and emissions leave in the order in which they came.
//!
//! The map's lock is taken to emit, to evict, to subscribe and to leave; handing out takes only the topic's own.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use foldhash::fast::RandomState;
use futures_util::task::AtomicWaker;
use parking_lot::Mutex;
use paste_model::Revision;

use crate::emission::{Emission, Topic};
use crate::heralds::{Bag, Sleeper};

/// All topics that someone follows or may resume.
#[derive(Default)]
pub(crate) struct Topics(Mutex<Map>);

#[derive(Default)]
struct Map {
    channels: HashMap<Topic, Arc<Channel>, RandomState>,
    /// No emission after this revision has been lost: where a topic begins that is made now.
    floor: Revision,
}

/// One topic's emissions and subscribers.
pub(crate) struct Channel(Mutex<State>);

struct State {
    ring: VecDeque<Arc<Emission>>,
    /// No emission after this revision has left the ring.
    floor: Revision,
    /// No emission from this number on has left the ring.
    kept_from: u64,
    subscribers: HashMap<u64, Arc<Place>, RandomState>,
}

/// Where a subscriber is woken.
pub(crate) struct Place {
    pub(crate) waker: AtomicWaker,
    /// Of the thread on which it runs.
    pub(crate) bag: Option<Arc<Bag>>,
}

/// What a channel has for a cursor.
pub(crate) enum Ahead {
    Nothing,
    Emission(Arc<Emission>),
    /// Something the cursor had not passed has left the ring.
    Lost,
}

impl Map {
    fn channel(&mut self, topic: &Topic) -> Arc<Channel> {
        if let Some(channel) = self.channels.get(topic) {
            return Arc::clone(channel);
        }
        let channel = Arc::new(Channel(Mutex::new(State {
            ring: VecDeque::new(),
            floor: self.floor,
            kept_from: 0,
            subscribers: HashMap::default(),
        })));
        self.channels.insert(topic.clone(), Arc::clone(&channel));
        channel
    }

    fn drop_if_idle(&mut self, topic: &Topic) {
        if self.channels.get(topic).is_some_and(|channel| {
            let state = channel.0.lock();
            state.ring.is_empty() && state.subscribers.is_empty()
        }) {
            self.channels.remove(topic);
        }
    }
}

/// The topics that carry an emission.
fn topics_of(emission: &Emission) -> [Topic; 2] {
    [
        Topic::Service(emission.service.clone()),
        Topic::Namespace(emission.service.namespace.clone()),
    ]
}

impl Topics {
    /// Adds a subscriber, who is to be woken at `place`.
    pub(crate) fn join(&self, topic: &Topic, id: u64, place: &Arc<Place>) -> Arc<Channel> {
        let mut map = self.0.lock();
        let channel = map.channel(topic);
        channel.0.lock().subscribers.insert(id, Arc::clone(place));
        channel
    }

    /// Takes a subscriber off.
    pub(crate) fn leave(&self, topic: &Topic, id: u64) {
        let mut map = self.0.lock();
        if let Some(channel) = map.channels.get(topic) {
            channel.0.lock().subscribers.remove(&id);
        }
        map.drop_if_idle(topic);
    }

    /// Adds an emission, and to `touched` the channels to wake once it may be handed out: those without subscribers too,
    /// for one may join in between and would look too early.
    pub(crate) fn emit(&self, emission: &Arc<Emission>, touched: &mut Vec<Arc<Channel>>) {
        let mut map = self.0.lock();
        for topic in topics_of(emission) {
            let channel = map.channel(&topic);
            channel.0.lock().ring.push_back(Arc::clone(emission));
            touched.push(channel);
        }
    }

    /// Lets go of the oldest emission.
    pub(crate) fn evict(&self, emission: &Emission) {
        let mut map = self.0.lock();
        map.floor = map.floor.max(emission.revision);
        for topic in topics_of(emission) {
            if let Some(channel) = map.channels.get(&topic) {
                let mut state = channel.0.lock();
                state.ring.pop_front();
                state.floor = state.floor.max(emission.revision);
                state.kept_from = emission.sequence + 1;
            }
            map.drop_if_idle(&topic);
        }
    }

    /// Lets go of all emissions: nothing before `floor` can be resumed.
    pub(crate) fn clear(&self, floor: Revision) {
        let mut map = self.0.lock();
        map.floor = floor;
        map.channels.retain(|_, channel| {
            let mut state = channel.0.lock();
            state.ring.clear();
            state.floor = floor;
            !state.subscribers.is_empty()
        });
    }

    /// Nothing before `floor` can be resumed any more, but those who follow read on.
    pub(crate) fn raise_floor(&self, floor: Revision) {
        let mut map = self.0.lock();
        map.floor = floor;
        for channel in map.channels.values() {
            channel.0.lock().floor = floor;
        }
    }

    /// Every topic that has subscribers.
    pub(crate) fn followed(&self) -> Vec<Arc<Channel>> {
        self.0.lock().channels.values().cloned().collect()
    }
}

impl Channel {
    /// Where to resume from after `revision`: the number of the first emission that may be owed, if none that is owed
    /// has been lost.
    pub(crate) fn resume(&self, revision: Revision) -> Option<u64> {
        let state = self.0.lock();
        if revision < state.floor {
            return None;
        }
        let passed = state
            .ring
            .partition_point(|emission| emission.applied <= revision);
        Some(match (state.ring.get(passed), state.ring.back()) {
            (Some(owed), _) => owed.sequence,
            (None, Some(last)) => last.sequence + 1,
            (None, None) => state.kept_from,
        })
    }

    /// The first emission numbered `next` or later, but before `end`.
    pub(crate) fn ahead(&self, next: u64, end: u64) -> Ahead {
        let state = self.0.lock();
        if state.kept_from > next {
            return Ahead::Lost;
        }
        let passed = state
            .ring
            .partition_point(|emission| emission.sequence < next);
        match state.ring.get(passed) {
            Some(emission) if emission.sequence < end => Ahead::Emission(Arc::clone(emission)),
            _ => Ahead::Nothing,
        }
    }

    /// Moves the wakers of those who wait here to `wakers`, to be woken outside the lock.
    pub(crate) fn take_wakers(&self, wakers: &mut Vec<Sleeper>) {
        let state = self.0.lock();
        let places = state.subscribers.values();
        wakers.extend(places.filter_map(|place| Some((place.waker.take()?, place.bag.clone()))));
    }
}
