//! The local copy: what this process knows of services and configuration. Everything is answered from here, and nothing
//! but the explicit word of the registry takes anything out of it.

mod config;
mod pulse;
mod service;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::{Mutex, RwLock};
use tokio::sync::Notify;

pub(crate) use self::config::ConfigCopy;
pub(crate) use self::pulse::Pulse;
pub(crate) use self::service::{Saved, ServiceCopy, View};
use crate::config::ConfigValue;
use crate::error::FollowError;

/// Services and items that one client follows at most.
const FOLLOWED_MAX: usize = 10_000;
/// Subscriptions of one stream.
pub(crate) const SUBSCRIPTIONS_MAX: usize = 100;

/// Something that a stream follows.
#[derive(Clone)]
pub(crate) enum Topic {
    Service(Arc<ServiceCopy>),
    Config(Arc<ConfigCopy>),
}

/// All that is known, and all that is followed.
pub(crate) struct LocalCopy {
    followed: RwLock<Followed>,
    /// What was read from the disk and is not followed yet.
    kept: Mutex<Kept>,
    /// Why the registry can't be heard, if it can't.
    trouble: Mutex<Option<String>>,
    /// Something is there to be saved.
    dirty: Notify,
    /// Something more is followed.
    pub(crate) more: Notify,
    /// Where choices are made from.
    caller: paste_traffic::Caller,
}

#[derive(Default)]
struct Followed {
    services: HashMap<String, Arc<ServiceCopy>>,
    configs: HashMap<String, Arc<ConfigCopy>>,
    /// In the order in which they were asked for.
    topics: Vec<Topic>,
    closed: bool,
}

/// What a file of an earlier run told.
#[derive(Default)]
pub(crate) struct Kept {
    pub(crate) epoch: Option<String>,
    /// How old it was when it was read, and when that was.
    pub(crate) age: Duration,
    pub(crate) read_at: Duration,
    pub(crate) services: HashMap<String, Saved>,
    pub(crate) configs: HashMap<String, ConfigValue>,
}

impl LocalCopy {
    pub(crate) fn new(caller: paste_traffic::Caller, kept: Kept) -> Self {
        Self {
            followed: RwLock::default(),
            kept: Mutex::new(kept),
            trouble: Mutex::new(None),
            dirty: Notify::new(),
            more: Notify::new(),
            caller,
        }
    }

    /// The copy of a service, followed from now on.
    pub(crate) fn service(
        &self,
        name: &str,
        now: Duration,
    ) -> Result<Arc<ServiceCopy>, FollowError> {
        if let Some(found) = self.followed.read().services.get(name) {
            return Ok(Arc::clone(found));
        }
        paste_model::ServiceName::new(name).map_err(|error| unfit(name, &error))?;
        let mut followed = self.followed.write();
        if let Some(found) = followed.services.get(name) {
            return Ok(Arc::clone(found));
        }
        followed.room()?;
        let copy = Arc::new(ServiceCopy::new(name, self.caller.clone()));
        let mut kept = self.kept.lock();
        if let Some(saved) = kept.services.remove(name) {
            copy.load(saved, kept.epoch.as_deref(), kept.age, kept.read_at, now);
        }
        let topic = Topic::Service(Arc::clone(&copy));
        followed.services.insert(name.to_owned(), Arc::clone(&copy));
        followed.topics.push(topic);
        self.more.notify_waiters();
        Ok(copy)
    }

    /// The copy of a configuration item, `group/key`, followed from now on.
    pub(crate) fn config(&self, name: &str) -> Result<Arc<ConfigCopy>, FollowError> {
        if let Some(found) = self.followed.read().configs.get(name) {
            return Ok(Arc::clone(found));
        }
        let (group, key) = name
            .split_once('/')
            .ok_or_else(|| unfit(name, &"an item is named group/key"))?;
        paste_model::ConfigGroup::new(group).map_err(|error| unfit(name, &error))?;
        paste_model::ConfigName::new(key).map_err(|error| unfit(name, &error))?;
        let mut followed = self.followed.write();
        if let Some(found) = followed.configs.get(name) {
            return Ok(Arc::clone(found));
        }
        followed.room()?;
        let saved = self.kept.lock().configs.remove(name);
        let copy = Arc::new(ConfigCopy::new(group, key, saved));
        let topic = Topic::Config(Arc::clone(&copy));
        followed.configs.insert(name.to_owned(), Arc::clone(&copy));
        followed.topics.push(topic);
        self.more.notify_waiters();
        Ok(copy)
    }

    /// The copy of a service that is followed already.
    pub(crate) fn known_service(&self, name: &str) -> Option<Arc<ServiceCopy>> {
        self.followed.read().services.get(name).cloned()
    }

    pub(crate) fn known_config(&self, group: &str, key: &str) -> Option<Arc<ConfigCopy>> {
        let name = format!("{group}/{key}");
        self.followed.read().configs.get(&name).cloned()
    }

    pub(crate) fn services(&self) -> Vec<Arc<ServiceCopy>> {
        self.followed.read().services.values().cloned().collect()
    }

    pub(crate) fn configs(&self) -> Vec<Arc<ConfigCopy>> {
        self.followed.read().configs.values().cloned().collect()
    }

    /// What the stream of that number follows.
    pub(crate) fn topics(&self, stream: usize) -> Vec<Topic> {
        let followed = self.followed.read();
        let mut parts = followed.topics.chunks(SUBSCRIPTIONS_MAX);
        parts.nth(stream).unwrap_or_default().to_vec()
    }

    /// How many streams that takes.
    pub(crate) fn streams(&self) -> usize {
        self.followed
            .read()
            .topics
            .len()
            .div_ceil(SUBSCRIPTIONS_MAX)
    }

    /// Nothing more is followed.
    pub(crate) fn close(&self) {
        self.followed.write().closed = true;
    }

    /// The registry told something.
    pub(crate) fn changed(&self) {
        self.dirty.notify_one();
    }

    /// Waits until there is something to be saved.
    pub(crate) async fn to_be_saved(&self) {
        self.dirty.notified().await;
    }

    pub(crate) fn set_trouble(&self, trouble: Option<String>) {
        *self.trouble.lock() = trouble;
    }

    /// Why something isn't known yet.
    pub(crate) fn why_unknown(&self) -> String {
        let trouble = self.trouble.lock().clone();
        trouble.unwrap_or_else(|| "the registry has not told of it".to_owned())
    }
}

impl Followed {
    fn room(&self) -> Result<(), FollowError> {
        if self.closed {
            return Err(FollowError::Closed);
        }
        if self.topics.len() >= FOLLOWED_MAX {
            return Err(FollowError::TooMany { max: FOLLOWED_MAX });
        }
        Ok(())
    }
}

fn unfit(name: &str, reason: &dyn ToString) -> FollowError {
    FollowError::Name {
        name: name.to_owned(),
        reason: reason.to_string(),
    }
}
