//! What is known of one configuration item.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use parking_lot::Mutex;
use paste_api::{Ack, ConfigFormat};
use tokio::sync::watch;

use crate::acks::Acks;
use crate::config::ConfigValue;
use crate::dispatch::{Dispatcher, Listeners};
use crate::error::BoxError;
use crate::event::ConfigEvent;

/// Releases that wait for a callback which takes its time; the oldest go first.
const RELEASES_MAX: usize = 16;
/// Longest error of a callback that is told, in bytes.
const ERROR_BYTES_MAX: usize = 1024;

/// A configuration item, as it is known.
pub(crate) struct ConfigCopy {
    group: String,
    key: String,
    /// Nothing before the first word from disk or stream; then what holds.
    known: watch::Sender<Option<Option<ConfigValue>>>,
    listeners: Listeners,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    /// The last releases, each with its number in the order in which they came.
    releases: VecDeque<(u64, Option<ConfigValue>)>,
    count: u64,
    /// Whether the stream told what holds; else it is from disk.
    told: bool,
    /// What was said last of the release that is in use.
    said: Option<Ack>,
}

impl ConfigCopy {
    pub(crate) fn new(group: &str, key: &str, saved: Option<ConfigValue>) -> Self {
        let mut state = State::default();
        if let Some(value) = &saved {
            state.push(Some(value.clone()));
        }
        Self {
            group: group.to_owned(),
            key: key.to_owned(),
            known: watch::Sender::new(saved.map(Some)),
            listeners: Listeners::default(),
            state: Arc::new(Mutex::new(state)),
        }
    }

    /// `group/key`.
    pub(crate) fn name(&self) -> String {
        format!("{}/{}", self.group, self.key)
    }

    pub(crate) fn value(&self) -> Option<ConfigValue> {
        self.known.borrow().clone().flatten()
    }

    /// Whether the stream told what holds.
    pub(crate) fn is_told(&self) -> bool {
        self.state.lock().told
    }

    pub(crate) fn changes(&self) -> watch::Receiver<Option<Option<ConfigValue>>> {
        self.known.subscribe()
    }

    /// Takes what the stream tells.
    pub(crate) fn take(&self, event: ConfigEvent, acks: &Acks) {
        if let Some(error) = event.error {
            tracing::warn!(
                item = self.name(),
                error,
                "the registry can't read it; what was there stays"
            );
            return;
        }
        let value = event
            .content
            .filter(|_| !event.removed)
            .map(|content| ConfigValue {
                release: event.release,
                format: event.format.unwrap_or(ConfigFormat::Text),
                content: content.into(),
                secret: event.secret,
            });
        let mut state = self.state.lock();
        state.told = true;
        let known = self.known.borrow().clone();
        if known.as_ref() == Some(&value) {
            // The registry may have forgotten what it was told, and of what was on disk it was told nothing.
            if state.said.is_none() {
                state.said = self.taken(value.as_ref());
            }
            if let Some(said) = &state.said {
                acks.say(said.clone());
            }
            return;
        }
        state.push(value.clone());
        state.said = self.taken(value.as_ref());
        if let Some(said) = &state.said {
            acks.say(said.clone());
        }
        self.known.send_replace(Some(value));
        drop(state);
        self.listeners.wake();
    }

    /// Calls back with each release, and says what became of it.
    pub(crate) fn listen<F>(
        self: &Arc<Self>,
        dispatcher: &Arc<Dispatcher>,
        acks: &Arc<Acks>,
        callback: F,
    ) where
        F: FnMut(Option<&ConfigValue>) -> Result<(), BoxError> + Send + 'static,
    {
        let (item, acks) = (Arc::downgrade(self), Arc::clone(acks));
        let next = self.state.lock().newest();
        let listener = Mutex::new((next, callback));
        let known = || self.known.borrow().is_some();
        self.listeners.add(dispatcher, known, move || {
            let Some(item) = item.upgrade() else { return };
            let (next, callback) = &mut *listener.lock();
            while let Some((number, value)) = item.next_release(*next) {
                *next = number + 1;
                let called = catch_unwind(AssertUnwindSafe(|| callback(value.as_ref())));
                let outcome = called.unwrap_or_else(|_| Err("the callback panicked".into()));
                if let Some(value) = &value {
                    item.became(value.release, outcome.err(), &acks);
                }
            }
        });
    }

    fn next_release(&self, from: u64) -> Option<(u64, Option<ConfigValue>)> {
        let state = self.state.lock();
        state
            .releases
            .iter()
            .find(|(number, _)| *number >= from)
            .cloned()
    }

    fn became(&self, release: u64, error: Option<BoxError>, acks: &Acks) {
        let ack = self.ack(release, error);
        if let Some(error) = &ack.error {
            tracing::warn!(
                item = self.name(),
                release,
                error,
                "a release can't be used"
            );
        }
        let mut state = self.state.lock();
        // Where several listen, one that couldn't use it counts.
        if !state
            .said
            .as_ref()
            .is_some_and(|said| said.release == release && said.error.is_some())
        {
            state.said = Some(ack.clone());
            acks.say(ack);
        }
    }

    /// What is said of a value at once: without a callback, it is in use when it is here.
    fn taken(&self, value: Option<&ConfigValue>) -> Option<Ack> {
        let value = value.filter(|_| self.listeners.is_empty())?;
        Some(self.ack(value.release, None))
    }

    fn ack(&self, release: u64, error: Option<BoxError>) -> Ack {
        Ack {
            group: self.group.clone(),
            key: self.key.clone(),
            release,
            error: error.map(|error| {
                let mut text = error.to_string();
                text.truncate(text.floor_char_boundary(ERROR_BYTES_MAX));
                text
            }),
        }
    }
}

impl State {
    fn push(&mut self, value: Option<ConfigValue>) {
        if self.releases.len() == RELEASES_MAX {
            self.releases.pop_front();
        }
        self.releases.push_back((self.count, value));
        self.count += 1;
    }

    /// The number of the release that holds, or of the first to come.
    fn newest(&self) -> u64 {
        self.releases
            .back()
            .map_or(self.count, |(number, _)| *number)
    }
}
