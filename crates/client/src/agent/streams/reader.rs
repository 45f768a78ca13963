//! Reads one stream into the copy, and opens it anew whenever that is needed.

use std::sync::Arc;
use std::time::Duration;

use paste_api::{Map, WatchRequest};

use super::live::Live;
use crate::backoff::Backoff;
use crate::client::Shared;
use crate::copy::{Pulse, ServiceCopy, Topic};
use crate::event::{self, Event, epoch_of};
use crate::hooks;
use crate::link::{Failure, encode};
use crate::sse::Frame;

/// Subscriptions that come so soon after each other are opened together.
const GATHER: Duration = Duration::from_millis(5);

/// A registration that is being repeated is waited for so long: the stream then speaks for the session.
const SETTLED_WITHIN: Duration = Duration::from_secs(1);

/// Events for each subscription that are held until the history is known.
const HELD_PER_TOPIC_MAX: usize = 2;

/// Why a stream is to be opened (again).
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Why {
    /// There is none yet, or it ended.
    Ended(String),
    /// It told something that can't be read: what it told before counts no more.
    Unreadable(String),
    /// More is followed.
    More,
    /// Requests go to another address now, or the registry had forgotten this process.
    Elsewhere,
    /// Another try is due.
    Due,
}

/// One stream.
struct Reader {
    shared: Arc<Shared>,
    index: usize,
    pulse: Arc<Pulse>,
    topics: Vec<Topic>,
    last_id: Option<String>,
    /// Whether the next stream begins from the beginning.
    anew: bool,
    /// The history that is told of, once that is known.
    epoch: Option<String>,
    /// What was told before the history was known.
    held: Vec<Event>,
    sweep_at: Option<Duration>,
    changes: Changes,
}

/// What makes a stream be opened anew.
struct Changes {
    address: tokio::sync::watch::Receiver<usize>,
    forgotten: tokio::sync::watch::Receiver<u64>,
}

/// Keeps stream number `index` open until it is dropped.
pub(crate) async fn run(shared: Arc<Shared>, index: usize) {
    let mut reader = Reader::new(shared, index);
    let mut backoff = Backoff::default();
    let mut live: Option<Live> = None;
    loop {
        tokio::time::sleep(GATHER).await;
        let why = match reader.open().await {
            Ok(next) => {
                reader.opened(&next, live.is_some());
                // Only now the old one is closed: a session without a stream would be suspected.
                live = Some(next);
                backoff.worked(reader.shared.now());
                reader.read(&mut live, None).await
            }
            Err(failure) => {
                let shared = Arc::clone(&reader.shared);
                let delay = backoff.failed(shared.now(), failure.retry_after(), shared.random());
                let reason = failure.to_string();
                shared.copy.set_trouble(Some(reason.clone()));
                shared.retrying("watch", &reason, delay);
                reader.read(&mut live, Some(delay)).await
            }
        };
        let (Why::Ended(reason) | Why::Unreadable(reason)) = &why else {
            reader.prepare(&why);
            continue;
        };
        reader.lost(&mut live, reason);
        let delay = backoff.failed(reader.shared.now(), None, reader.shared.random());
        reader.shared.retrying("watch", reason, delay);
        reader.prepare(&why);
        tokio::time::sleep(delay).await;
    }
}

impl Reader {
    fn new(shared: Arc<Shared>, index: usize) -> Self {
        let changes = Changes {
            address: shared.link.addresses.changes(),
            forgotten: shared.forgotten.subscribe(),
        };
        Self {
            shared,
            index,
            pulse: Arc::default(),
            topics: Vec::new(),
            last_id: None,
            anew: true,
            epoch: None,
            held: Vec::new(),
            sweep_at: None,
            changes,
        }
    }

    fn services(&self) -> impl Iterator<Item = &Arc<ServiceCopy>> {
        self.topics.iter().filter_map(|topic| match topic {
            Topic::Service(copy) => Some(copy),
            Topic::Config(_) => None,
        })
    }

    async fn open(&mut self) -> Result<Live, Failure> {
        self.changes.address.mark_unchanged();
        self.changes.forgotten.mark_unchanged();
        self.shared.registrations.settled(SETTLED_WITHIN).await;
        let topics = self.shared.copy.topics(self.index);
        self.anew |= topics.len() != self.topics.len();
        self.topics = topics;
        let request = self.request();
        let path = self.shared.route(&["watch"]);
        let last_id = self.last_id.as_deref().filter(|_| !self.anew);
        let opened = self
            .shared
            .link
            .open(&path, encode(&request), last_id)
            .await;
        if matches!(opened, Err(Failure::Unknown)) && request.session.is_some() {
            super::super::heart::forgotten(&self.shared);
            // The next try comes in its time.
            self.changes.forgotten.mark_unchanged();
        }
        opened.map(Live::new)
    }

    fn request(&self) -> WatchRequest {
        let options = &self.shared.options;
        let there = !self.shared.registrations.there().is_empty();
        let is_config = |topic| matches!(topic, &Topic::Config(_));
        // Of a session that it doesn't know the registry tells nothing but configuration.
        let named = there || self.topics.iter().any(is_config);
        let mut request = WatchRequest {
            zone: options.zone.clone(),
            labels: Map(options.labels.iter().cloned().collect()),
            session: named.then(|| self.shared.session.clone()),
            ..WatchRequest::default()
        };
        for topic in &self.topics {
            match topic {
                Topic::Service(copy) => request.services.push(copy.name().to_owned()),
                Topic::Config(copy) => request.configs.push(copy.name()),
            }
        }
        request
    }

    fn opened(&mut self, live: &Live, was_open: bool) {
        let now = self.shared.now();
        self.pulse.beat(now);
        self.pulse.set_open(true);
        self.held.clear();
        if std::mem::take(&mut self.anew) {
            self.last_id = None;
        }
        let last_id = self.last_id.as_deref();
        self.epoch = last_id.and_then(epoch_of).map(str::to_owned);
        if !was_open {
            self.services()
                .for_each(|service| service.listen_again(now));
        }
        self.look_for_unconfirmed(now);
        self.shared.copy.set_trouble(None);
        let address = self.shared.link.addresses.name(live.address);
        self.shared
            .hooks()
            .tell(&hooks::Event::Connected { address: &address });
    }

    fn lost(&mut self, live: &mut Option<Live>, reason: &str) {
        self.pulse.set_open(false);
        self.shared.copy.set_trouble(Some(reason.to_owned()));
        self.shared
            .hooks()
            .tell(&hooks::Event::Disconnected { reason });
        if let Some(live) = live.take() {
            self.shared.link.addresses.failed(live.address);
        }
    }

    fn prepare(&mut self, why: &Why) {
        self.anew |= matches!(why, Why::Unreadable(_) | Why::More);
    }

    /// Reads until there is a reason to open the stream (again); without one it only waits for such a reason.
    async fn read(&mut self, live: &mut Option<Live>, limit: Option<Duration>) -> Why {
        let due = limit.map(|limit| tokio::time::Instant::now() + limit);
        loop {
            let shared = Arc::clone(&self.shared);
            let more = shared.copy.more.notified();
            if shared.copy.topics(self.index).len() != self.topics.len() {
                return Why::More;
            }
            let address = live.as_ref().map(|live| live.address);
            let (pulse, sweep) = (Arc::clone(&self.pulse), self.sweep_in());
            let next = async {
                match live.as_mut() {
                    Some(live) => live.next(&shared, &pulse).await,
                    None => std::future::pending().await,
                }
            };
            let sleep_until_due = async {
                match due {
                    Some(due) => tokio::time::sleep_until(due).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                told = next => match told {
                    Ok(frame) => {
                        if let Err(error) = self.take(&frame) {
                            return Why::Unreadable(format!("an event can't be read: {error}"));
                        }
                    }
                    Err(why) => return why,
                },
                () = more => {}
                _ = self.changes.forgotten.changed() => return Why::Elsewhere,
                _ = self.changes.address.changed(), if address.is_some() => {
                    if address != Some(shared.link.addresses.current()) {
                        return Why::Elsewhere;
                    }
                }
                () = sleep_until_due => return Why::Due,
                // Never while nobody could confirm anything.
                () = tokio::time::sleep(sweep.unwrap_or_default()), if sweep.is_some() && address.is_some() => {
                    self.look_for_unconfirmed(shared.now());
                    shared.copy.changed();
                }
            }
        }
    }

    /// How long until something may have to be swept out.
    fn sweep_in(&self) -> Option<Duration> {
        self.sweep_at.map(|at| at.saturating_sub(self.shared.now()))
    }

    fn look_for_unconfirmed(&mut self, now: Duration) {
        let next = self
            .services()
            .filter_map(|service| service.sweep(now))
            .min();
        self.sweep_at = next;
    }

    fn take(&mut self, frame: &Frame) -> Result<(), crate::error::BoxError> {
        let event = event::read(frame)?;
        let now = self.shared.now();
        if let Some(epoch) = frame.id.as_deref().and_then(epoch_of) {
            self.epoch = Some(epoch.to_owned());
            for held in std::mem::take(&mut self.held) {
                self.apply(held, now);
            }
        }
        if let Some(event) = event {
            self.apply(event, now);
        }
        if self.held.len() > HELD_PER_TOPIC_MAX * self.topics.len() {
            return Err("too much was told without an id".into());
        }
        if frame.id.is_some() {
            self.last_id.clone_from(&frame.id);
        }
        Ok(())
    }

    fn apply(&mut self, event: Event, now: Duration) {
        let shared = Arc::clone(&self.shared);
        match (event, &self.epoch) {
            (Event::Config(told), _) => {
                if let Some(item) = shared.copy.known_config(&told.group, &told.key) {
                    item.take(told, &shared.acks);
                }
            }
            (Event::Reset(epoch), _) => {
                self.services()
                    .for_each(|service| service.reset(&epoch, now));
                shared.hooks().tell(&hooks::Event::Reset { epoch: &epoch });
                self.held.clear();
                self.last_id = None;
                self.epoch = Some(epoch);
            }
            (Event::Snapshot(told), Some(epoch)) => {
                if let Some(service) = shared.copy.known_service(&told.service) {
                    service.snapshot(told, epoch, &self.pulse, now);
                }
            }
            (Event::Delta(told), Some(_)) => {
                if let Some(service) = shared.copy.known_service(&told.service) {
                    service.delta(told, &self.pulse, now);
                }
            }
            (event, None) => {
                self.held.push(event);
                return;
            }
        }
        self.look_for_unconfirmed(now);
        shared.copy.changed();
    }
}
