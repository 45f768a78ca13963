//! The configuration part of a watch stream: what its subscriber is to have, sent whenever that may have changed.
//!
//! What is owed is a set of items, not a queue of changes: of each the newest state is read when its turn comes, so that
//! whoever lags gets the last release and not the ones before.

use std::collections::{HashMap, VecDeque};
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use paste_catalog::ConfigTopic;
use paste_engine::{Caller, EngineError, Shown, Which};
use paste_model::{ConfigKey, ReleaseNumber, Revision, Role};

use super::{Follower, shown};
use crate::rest::{Rest, frame};

/// What is read of an item.
type Read = Result<Shown, EngineError>;

/// Content that is being fetched.
type Reading = Pin<Box<dyn Future<Output = Read> + Send>>;

/// The configuration part of a watch stream.
pub(in crate::rest) struct Feed {
    rest: Rest,
    caller: Caller,
    following: Follower,
    topics: Vec<ConfigTopic>,
    /// Items that it has yet to look at, beside those that change.
    owed: VecDeque<ConfigKey>,
    /// What was sent last of each item; 0: that there is none.
    sent: HashMap<ConfigKey, (Revision, ReleaseNumber)>,
    /// The item whose content is being fetched.
    reading: Option<(ConfigKey, Reading)>,
}

impl Feed {
    /// Owes all that is followed; of what was sent up to `from` in an earlier stream only what has changed since.
    pub(in crate::rest) fn new(
        rest: Rest,
        caller: Caller,
        following: Follower,
        topics: Vec<ConfigTopic>,
        from: Option<Revision>,
    ) -> Self {
        let mut feed = Self {
            rest,
            caller,
            following,
            topics,
            owed: VecDeque::new(),
            sent: HashMap::new(),
            reading: None,
        };
        feed.start_over(from);
        feed
    }

    /// Owes everything anew.
    pub(in crate::rest) fn start_over(&mut self, from: Option<Revision>) {
        self.sent.clear();
        self.reading = None;
        let catalog = self.rest.0.engine.catalog();
        let mut owed = VecDeque::new();
        for topic in &self.topics {
            match topic {
                ConfigTopic::Item(key) => {
                    let (namespace, group, name) = (
                        key.namespace.as_str(),
                        key.group.as_str(),
                        key.name.as_str(),
                    );
                    let item = catalog.config(namespace, group, name);
                    let known = |from| item.is_some_and(|item| item.revision <= from);
                    if !from.is_some_and(known) {
                        owed.push_back(key.clone());
                    }
                }
                ConfigTopic::Group(namespace, group) => {
                    let items = catalog.config_group(namespace.as_str(), group.as_str());
                    let news = items
                        .iter()
                        .filter(|item| from.is_none_or(|from| item.revision > from));
                    // Who begins is told of what there is; who goes on, also of what is gone.
                    let news = news.filter(|item| {
                        from.is_some() || item.item.released.is_some() || item.item.gray.is_some()
                    });
                    owed.extend(news.map(|item| item.key.clone()));
                }
            }
        }
        self.owed = owed;
    }

    /// The next event; `Pending` with nothing on its way ([`Self::is_idle`]) says that all is sent.
    pub(in crate::rest) fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Bytes> {
        loop {
            if let Some((key, reading)) = &mut self.reading {
                let Poll::Ready(read) = reading.as_mut().poll(cx) else {
                    return Poll::Pending;
                };
                let key = key.clone();
                self.reading = None;
                if let Some(event) = self.event(&key, read) {
                    return Poll::Ready(event);
                }
                continue;
            }
            let key = match self.owed.pop_front() {
                Some(key) => key,
                None => match self.following.poll_changed(cx) {
                    Poll::Ready(key) => key,
                    Poll::Pending => return Poll::Pending,
                },
            };
            if let Some(event) = self.look_at(&key) {
                return Poll::Ready(event);
            }
        }
    }

    /// Whether nothing is being fetched.
    pub(in crate::rest) fn is_idle(&self) -> bool {
        self.reading.is_none()
    }

    /// The event that tells of an item, if it can be told at once and says something new; else begins to fetch it.
    fn look_at(&mut self, key: &ConfigKey) -> Option<Bytes> {
        let item = self.item(key);
        // Of thousands who are to have the same all but the first end here.
        if let Some(item) = item.as_ref().filter(|item| item.item.gray.is_none())
            && let Some(number) = item.item.released
            && self.caller.may_config(Role::ConfigRead, key)
            && let Some(event) = self.rest.0.encoded.known_event(item)
        {
            return (self.note(key, item.revision, number) != Some(number)).then_some(event);
        }
        let engine = self.rest.0.engine.clone();
        let receiver = self.following.receiver();
        if let Some(item) = &item {
            let (number, _) = engine.release_for(item, &receiver);
            let known = self.sent.get(key).map(|(_, number)| *number);
            if known == Some(number.unwrap_or_default()) {
                return None;
            }
        }
        let which = Which::For(receiver);
        match engine.read_config_at_once(&self.caller, key, &which) {
            Some(read) => self.event(key, read),
            None => {
                let (caller, wanted) = (self.caller.clone(), key.clone());
                let reading = async move { engine.read_config(&caller, &wanted, &which).await };
                self.reading = Some((key.clone(), Box::pin(reading)));
                None
            }
        }
    }

    fn event(&mut self, key: &ConfigKey, read: Read) -> Option<Bytes> {
        match read {
            Ok(shown) => {
                let event = self.rest.0.encoded.event(&shown).ok()?;
                self.note(key, shown.item.revision, shown.number);
                Some(event)
            }
            Err(EngineError::NotFound { .. }) => {
                let none = (Revision::ZERO, ReleaseNumber::default());
                let known = self.sent.insert(key.clone(), none);
                let item = self.item(key);
                let news = known.is_none_or(|(_, number)| number != ReleaseNumber::default());
                news.then(|| frame::config(&shown::absent(key, item.as_deref(), None)))
            }
            Err(error) => {
                tracing::warn!(item = %key, %error, "a subscriber can't be sent its configuration");
                self.sent.remove(key);
                let item = self.item(key);
                Some(frame::config(&shown::absent(
                    key,
                    item.as_deref(),
                    Some(error.code()),
                )))
            }
        }
    }

    /// Notes what is sent; gives what was sent before.
    fn note(
        &mut self,
        key: &ConfigKey,
        revision: Revision,
        number: ReleaseNumber,
    ) -> Option<ReleaseNumber> {
        let Some(known) = self.sent.get_mut(key) else {
            self.sent.insert(key.clone(), (revision, number));
            self.following.sent(key, number);
            return None;
        };
        let before = std::mem::replace(known, (revision, number)).1;
        if before != number {
            self.following.sent(key, number);
        }
        Some(before)
    }

    fn item(&self, key: &ConfigKey) -> Option<std::sync::Arc<paste_catalog::ConfigItem>> {
        let catalog = self.rest.0.engine.catalog();
        catalog.config(
            key.namespace.as_str(),
            key.group.as_str(),
            key.name.as_str(),
        )
    }
}
