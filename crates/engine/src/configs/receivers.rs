//! Who follows which items through this node, what they were sent, and what they say they applied.
//!
//! All of it is in memory: it tells of now. What is known is bounded by the open streams and [`ACKS_MAX`].

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use compact_str::CompactString;
use foldhash::fast::RandomState;
use parking_lot::Mutex;
use paste_catalog::{ConfigFollower, ConfigTopic};
use paste_model::limits::TEXT_BYTES_MAX;
use paste_model::{ConfigKey, InstanceId, Receiver, ReleaseNumber, Role, SessionId, Timestamp};
use tokio::sync::Notify;

use super::reading::takes_part;
use crate::{Caller, Engine, EngineError};

/// Most acknowledgements that are remembered, of all sessions and items.
const ACKS_MAX: usize = 200_000;
/// How long the acknowledgement of somebody is remembered who isn't connected.
const ACK_AGE_MAX: Duration = Duration::from_secs(60 * 60);

/// What a receiver says of a release.
#[derive(Debug, Clone)]
pub struct Ack {
    /// Of which item.
    pub key: ConfigKey,
    /// Which release.
    pub release: ReleaseNumber,
    /// Why it could not be applied; `None`: it was.
    pub error: Option<CompactString>,
}

/// Somebody who has an item, or is to have it.
#[derive(Debug, Clone)]
pub struct Subscriber {
    /// The session it reads for.
    pub session: Option<SessionId>,
    /// The instances of that session.
    pub instances: Vec<InstanceId>,
    /// Where it is; empty where it isn't connected.
    pub address: CompactString,
    /// Whether it follows the item over an open stream.
    pub connected: bool,
    /// Whether it takes part in a trial.
    pub on_trial: bool,
    /// What it is to have.
    pub wanted: Option<ReleaseNumber>,
    /// What was sent to it over its stream.
    pub sent: Option<ReleaseNumber>,
    /// The release that it spoke of last, and whether it could apply it.
    pub ack: Option<Acknowledged>,
}

/// What a receiver said last of an item.
#[derive(Debug, Clone)]
pub struct Acknowledged {
    /// Of which release.
    pub release: ReleaseNumber,
    /// Why it could not be applied; `None`: it was.
    pub error: Option<CompactString>,
    /// When.
    pub at: Timestamp,
}

#[derive(Default)]
pub(super) struct Receivers {
    numbers: AtomicU64,
    streams: Mutex<HashMap<u64, Stream, RandomState>>,
    acks: Mutex<HashMap<ConfigKey, HashMap<SessionId, Acknowledged, RandomState>, RandomState>>,
    /// Somebody could not apply something.
    pub(super) failed: Notify,
}

/// An open stream that follows items.
struct Stream {
    topics: Vec<ConfigTopic>,
    receiver: Receiver,
    sent: HashMap<ConfigKey, ReleaseNumber, RandomState>,
}

impl Stream {
    fn follows(&self, key: &ConfigKey) -> bool {
        self.topics.iter().any(|topic| match topic {
            ConfigTopic::Item(item) => item == key,
            ConfigTopic::Group(namespace, group) => {
                *namespace == key.namespace && *group == key.group
            }
        })
    }
}

impl Receivers {
    /// How many streams follow `key`.
    pub(super) fn followers(&self, key: &ConfigKey) -> usize {
        self.streams
            .lock()
            .values()
            .filter(|stream| stream.follows(key))
            .count()
    }

    /// Streams that follow configuration, and acknowledgements that are remembered.
    pub(super) fn counts(&self) -> (usize, usize) {
        let acks = self.acks.lock().values().map(HashMap::len).sum();
        (self.streams.lock().len(), acks)
    }

    /// What was last said of `key` by each session.
    pub(super) fn acks(&self, key: &ConfigKey) -> HashMap<SessionId, Acknowledged, RandomState> {
        self.acks.lock().get(key).cloned().unwrap_or_default()
    }

    /// Forgets what was said long ago.
    pub(super) fn sweep(&self, now: Timestamp) {
        self.acks.lock().retain(|_, sessions| {
            sessions.retain(|_, ack| now.since(ack.at) <= ACK_AGE_MAX);
            !sessions.is_empty()
        });
    }
}

/// A stream that follows items; dropping it ends that.
pub struct Following {
    engine: Engine,
    follower: ConfigFollower,
    number: u64,
    receiver: Receiver,
}

impl Following {
    /// The next item that has changed since it was handed out last, however often. Wakes for what is followed alone.
    pub fn poll_changed(&mut self, cx: &mut Context<'_>) -> Poll<ConfigKey> {
        self.follower.poll_changed(cx)
    }

    /// Who follows, with what its session is registered with now.
    pub fn receiver(&self) -> Receiver {
        let own = self.receiver.clone();
        self.engine.receiver(
            own.session,
            own.zones.into_iter().next(),
            own.labels,
            own.addresses.into_iter().next().unwrap_or_default(),
        )
    }

    /// Notes that a release was sent.
    pub fn sent(&self, key: &ConfigKey, release: ReleaseNumber) {
        let receivers = &self.engine.configs().receivers;
        let mut streams = receivers.streams.lock();
        let Some(stream) = streams.get_mut(&self.number) else {
            return;
        };
        match stream.sent.get_mut(key) {
            Some(sent) => *sent = release,
            None => {
                stream.sent.insert(key.clone(), release);
            }
        }
    }
}

impl Drop for Following {
    fn drop(&mut self) {
        self.engine
            .configs()
            .receivers
            .streams
            .lock()
            .remove(&self.number);
    }
}

impl Engine {
    /// Follows items, for a receiver as it describes itself.
    pub fn follow_configs(
        &self,
        caller: &Caller,
        topics: Vec<ConfigTopic>,
        receiver: Receiver,
    ) -> Result<Following, EngineError> {
        for topic in &topics {
            match topic {
                ConfigTopic::Item(key) => caller.require_config(Role::ConfigRead, key)?,
                ConfigTopic::Group(namespace, group) => {
                    caller.require_config_group(Role::ConfigRead, namespace, group)?;
                }
            }
        }
        let receivers = &self.configs().receivers;
        let number = receivers.numbers.fetch_add(1, Ordering::Relaxed);
        let stream = Stream {
            topics: topics.clone(),
            receiver: receiver.clone(),
            sent: HashMap::default(),
        };
        receivers.streams.lock().insert(number, stream);
        Ok(Following {
            follower: self.catalog().follow_configs(topics),
            engine: self.clone(),
            number,
            receiver,
        })
    }

    /// Notes what a session says it applied, or couldn't. A session that is registered speaks only for its owner.
    pub fn acknowledge_configs(
        &self,
        caller: &Caller,
        session: &SessionId,
        acks: Vec<Ack>,
    ) -> Result<(), EngineError> {
        if let Some(cell) = self.catalog().session(session.as_str()) {
            crate::commands::require_creator(self, caller, &cell)?;
        }
        for ack in &acks {
            caller.require_config(Role::ConfigRead, &ack.key)?;
            if ack
                .error
                .as_ref()
                .is_some_and(|error| error.len() > TEXT_BYTES_MAX)
            {
                return Err(EngineError::Invalid {
                    field: "error".to_owned(),
                    detail: format!("is over the limit (text_bytes_max) of {TEXT_BYTES_MAX} bytes"),
                });
            }
            self.existing_config(&ack.key)?;
        }
        let receivers = &self.configs().receivers;
        if receivers.counts().1 + acks.len() > ACKS_MAX {
            receivers.sweep(self.context().clock.wall());
            if receivers.counts().1 + acks.len() > ACKS_MAX {
                return Err(EngineError::busy(format!(
                    "over {ACKS_MAX} acknowledgements are remembered (acks_max); try again later"
                )));
            }
        }
        let at = self.context().clock.wall();
        let mut known = receivers.acks.lock();
        for Ack {
            key,
            release,
            error,
        } in acks
        {
            if error.is_some() {
                receivers.failed.notify_one();
            }
            let acknowledged = Acknowledged { release, error, at };
            known
                .entry(key)
                .or_default()
                .insert(session.clone(), acknowledged);
        }
        Ok(())
    }

    /// Who has which release of an item, as far as this node knows: those who follow it here, and those who spoke of it here.
    pub fn config_subscribers(
        &self,
        caller: &Caller,
        key: &ConfigKey,
    ) -> Result<Vec<Subscriber>, EngineError> {
        caller.require_config(Role::ConfigRead, key)?;
        self.existing_config(key)?;
        Ok(self.subscribers(key))
    }

    pub(super) fn subscribers(&self, key: &ConfigKey) -> Vec<Subscriber> {
        let Some(item) = self.config_item(key) else {
            return Vec::new();
        };
        let receivers = &self.configs().receivers;
        let mut acks = receivers.acks(key);
        let streams: Vec<(Receiver, Option<ReleaseNumber>)> = {
            let streams = receivers.streams.lock();
            let following = streams.values().filter(|stream| stream.follows(key));
            following
                .map(|stream| (stream.receiver.clone(), stream.sent.get(key).copied()))
                .collect()
        };
        let mut subscribers = Vec::with_capacity(streams.len() + acks.len());
        for (own, sent) in streams {
            let address = own.addresses.first().cloned().unwrap_or_default();
            let receiver = self.receiver(
                own.session,
                own.zones.into_iter().next(),
                own.labels,
                address.clone(),
            );
            let ack = receiver
                .session
                .as_ref()
                .and_then(|session| acks.get(session).cloned());
            subscribers.push(subscriber(&item, receiver, address, true, sent, ack));
        }
        for subscriber in &subscribers {
            if let Some(session) = &subscriber.session {
                acks.remove(session);
            }
        }
        for (session, ack) in acks {
            let receiver = self.receiver(Some(session), None, Vec::new(), CompactString::default());
            subscribers.push(subscriber(
                &item,
                receiver,
                CompactString::default(),
                false,
                None,
                Some(ack),
            ));
        }
        subscribers.sort_by(|a, b| (&a.session, &a.address).cmp(&(&b.session, &b.address)));
        subscribers
    }
}

fn subscriber(
    item: &Arc<paste_catalog::ConfigItem>,
    receiver: Receiver,
    address: CompactString,
    connected: bool,
    sent: Option<ReleaseNumber>,
    ack: Option<Acknowledged>,
) -> Subscriber {
    let on_trial = takes_part(item, &receiver);
    Subscriber {
        wanted: item.item.release_for(on_trial),
        session: receiver.session,
        instances: receiver.instances,
        address,
        connected,
        on_trial,
        sent,
        ack,
    }
}
