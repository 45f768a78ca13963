//! Following items: of each that changes, those who follow it are told that it did, and read what it is.
//!
//! What is owed to a follower is a set of names, not a queue of changes: however often an item changes before its turn
//! comes, it stands there once.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};

use foldhash::fast::RandomState;
use futures_util::task::AtomicWaker;
use parking_lot::{Mutex, RwLock};
use paste_model::{ConfigGroup, ConfigKey, Namespace};

use crate::heralds::{Bag, Round};
use crate::shared::Shared;

/// What is followed.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum ConfigTopic {
    /// One item, there or not.
    Item(ConfigKey),
    /// Every item of a group, those to come included.
    Group(Namespace, ConfigGroup),
}

/// Who follows what.
#[derive(Default)]
pub(crate) struct Followers {
    topics: RwLock<HashMap<ConfigTopic, Places, RandomState>>,
    numbers: AtomicU64,
}

/// The followers of a topic, by their numbers.
type Places = HashMap<u64, Arc<Place>, RandomState>;

/// What one follower is owed.
struct Place {
    changed: Mutex<BTreeSet<ConfigKey>>,
    waker: AtomicWaker,
    /// Of the thread on which it runs.
    bag: Option<Arc<Bag>>,
}

impl Followers {
    /// Notes that an item changed, for all who follow it.
    pub(super) fn mark(&self, key: &ConfigKey) {
        let topics = self.topics.read();
        if topics.is_empty() {
            return;
        }
        let mut round = Round::default();
        let group = ConfigTopic::Group(key.namespace.clone(), key.group.clone());
        for topic in [ConfigTopic::Item(key.clone()), group] {
            for place in topics.get(&topic).into_iter().flat_map(HashMap::values) {
                place.changed.lock().insert(key.clone());
                if let Some(waker) = place.waker.take() {
                    round.add(waker, place.bag.as_ref());
                }
            }
        }
        round.end();
    }
}

/// A place in what happens to some items. It costs nothing to those who follow others.
pub struct ConfigFollower {
    shared: Arc<Shared>,
    topics: Vec<ConfigTopic>,
    number: u64,
    place: Arc<Place>,
}

impl ConfigFollower {
    pub(crate) fn new(shared: Arc<Shared>, topics: Vec<ConfigTopic>) -> Self {
        let followers = &shared.followers;
        let number = followers.numbers.fetch_add(1, Ordering::Relaxed);
        let place = Arc::new(Place {
            changed: Mutex::default(),
            waker: AtomicWaker::new(),
            bag: shared.heralds.here(),
        });
        let mut known = followers.topics.write();
        for topic in &topics {
            known
                .entry(topic.clone())
                .or_default()
                .insert(number, Arc::clone(&place));
        }
        drop(known);
        Self {
            shared,
            topics,
            number,
            place,
        }
    }

    /// An item that changed since it was handed out last, or since this follower began. Whoever reads it now sees that
    /// change. Pending registers the waker.
    pub fn poll_changed(&mut self, cx: &mut Context<'_>) -> Poll<ConfigKey> {
        self.place.waker.register(cx.waker());
        match self.place.changed.lock().pop_first() {
            Some(key) => Poll::Ready(key),
            None => Poll::Pending,
        }
    }
}

impl Drop for ConfigFollower {
    fn drop(&mut self) {
        let mut known = self.shared.followers.topics.write();
        for topic in &self.topics {
            if let Some(places) = known.get_mut(topic) {
                places.remove(&self.number);
                if places.is_empty() {
                    known.remove(topic);
                }
            }
        }
    }
}
