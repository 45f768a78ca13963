//! Registrations: what this process offers, kept at the registry until it ends.

use std::num::NonZeroU16;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use paste_api::Status;
use tokio::sync::{Notify, watch};

use crate::client::Shared;
use crate::error::{Refused, RegisterError};

/// Silence of the session after which the registry takes its instances to be failing.
pub(crate) const TTL: Duration = Duration::from_secs(15);

/// What to register. The address is the one that this machine speaks to the registry from, unless it is given.
#[derive(Debug, Clone)]
pub struct NewRegistration {
    pub(crate) service: String,
    pub(crate) id: Option<String>,
    pub(crate) wire: paste_api::Registration,
}

impl NewRegistration {
    /// An instance of `service` that listens at `port`.
    pub fn new(service: impl Into<String>, port: NonZeroU16) -> Self {
        Self {
            service: service.into(),
            id: None,
            wire: paste_api::Registration::at("", port),
        }
    }

    /// An IP address or a host name at which it is reached.
    #[must_use]
    pub fn address(mut self, address: impl Into<String>) -> Self {
        self.wire.address = address.into();
        self
    }

    /// Its id within the service; `<session>-<port>` unless given.
    #[must_use]
    pub fn id(mut self, id: impl Into<String>) -> Self {
        self.id = Some(id.into());
        self
    }

    /// The semantic version of the running code.
    #[must_use]
    pub fn version(mut self, version: impl Into<String>) -> Self {
        self.wire.version = Some(version.into());
        self
    }

    /// The zone it runs in; the client's unless given.
    #[must_use]
    pub fn zone(mut self, zone: impl Into<String>) -> Self {
        self.wire.zone = Some(zone.into());
        self
    }

    /// The region it runs in; the client's unless given.
    #[must_use]
    pub fn region(mut self, region: impl Into<String>) -> Self {
        self.wire.region = Some(region.into());
        self
    }

    /// A word to select by.
    #[must_use]
    pub fn tag(mut self, tag: impl Into<String>) -> Self {
        self.wire.tags.push(tag.into());
        self
    }

    /// A pair to select by.
    #[must_use]
    pub fn metadata(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.wire.metadata.0.insert(key.into(), value.into());
        self
    }

    /// Its share of traffic, 0 to 10,000; 100 unless given.
    #[must_use]
    pub fn weight(mut self, weight: u16) -> Self {
        self.wire.weight = Some(weight);
        self
    }

    /// Its status at the beginning; up unless given.
    #[must_use]
    pub fn status(mut self, status: Status) -> Self {
        self.wire.status = Some(status);
        self
    }

    /// Everything else that a registration can say: ports, protocol, checks.
    #[must_use]
    pub fn with(mut self, change: impl FnOnce(&mut paste_api::Registration)) -> Self {
        change(&mut self.wire);
        self
    }
}

/// How a registration stands.
#[derive(Debug, Clone)]
pub(crate) enum Standing {
    /// Not there; why the last attempt failed.
    Wanted(String),
    /// There.
    Registered,
    /// The registry's final word.
    Refused(Refused),
    /// To be taken out.
    Leaving,
    /// Taken out, or never to be tried again.
    Ended,
}

impl Standing {
    pub(crate) fn is_over(&self) -> bool {
        matches!(self, Self::Leaving | Self::Ended)
    }
}

/// One registration, as the agent works on it.
pub(crate) struct Entry {
    pub(crate) service: String,
    pub(crate) id: String,
    pub(crate) wire: Mutex<paste_api::Registration>,
    pub(crate) standing: watch::Sender<Standing>,
    /// Whether the registry took it at least once.
    pub(crate) was_there: AtomicBool,
}

impl Entry {
    /// What was done for the standing that `seen` saw led to `next`; where something else is wanted by now, that stays.
    pub(crate) fn advance(&self, seen: &watch::Receiver<Standing>, next: Standing) {
        self.standing.send_if_modified(|standing| {
            let same = !seen.has_changed().unwrap_or(false);
            if same {
                *standing = next;
            }
            same
        });
    }

    /// An attempt failed: why, for who waits in vain. What is wanted stays the same, so nobody is woken.
    pub(crate) fn failed(&self, why: String) {
        self.standing.send_if_modified(|standing| {
            if let Standing::Wanted(reason) = standing {
                *reason = why;
            }
            false
        });
    }

    /// It is to be registered (again), unless it is over.
    fn want(&self) {
        self.standing.send_if_modified(|standing| {
            let over = standing.is_over();
            if !over {
                *standing = Standing::Wanted("it was not tried yet".to_owned());
            }
            !over
        });
    }
}

/// All registrations of a client.
pub(crate) struct Registrations {
    all: Mutex<Vec<Arc<Entry>>>,
    /// There is a new one.
    pub(crate) more: Notify,
    taken: AtomicBool,
}

impl Registrations {
    pub(crate) fn new() -> Self {
        Self {
            all: Mutex::default(),
            more: Notify::new(),
            taken: AtomicBool::new(false),
        }
    }

    pub(crate) fn all(&self) -> Vec<Arc<Entry>> {
        let mut all = self.all.lock();
        all.retain(|entry| !matches!(*entry.standing.borrow(), Standing::Ended));
        all.clone()
    }

    /// Those that are there now.
    pub(crate) fn there(&self) -> Vec<Arc<Entry>> {
        let mut all = self.all();
        all.retain(|entry| matches!(*entry.standing.borrow(), Standing::Registered));
        all
    }

    /// Whether the registry may know of any.
    pub(crate) fn any_was_there(&self) -> bool {
        self.all()
            .iter()
            .any(|entry| entry.was_there.load(Ordering::Relaxed))
    }

    /// Waits until what was there once and is registered again is there, or not to be had; at most `limit`.
    pub(crate) async fn settled(&self, limit: Duration) {
        let settling = async {
            for entry in self.all() {
                let mut standing = entry.standing.subscribe();
                if entry.was_there.load(Ordering::Relaxed) {
                    let settled = |standing: &Standing| !matches!(standing, Standing::Wanted(_));
                    let _gone = standing.wait_for(settled).await.is_err();
                }
            }
        };
        let _late = tokio::time::timeout(limit, settling).await.is_err();
    }

    /// The registry has forgotten this process: everything that was ever there is registered again, also what was refused
    /// meanwhile. Tells whether there is anything.
    pub(crate) fn again(&self) -> bool {
        let mut all = self.all();
        all.retain(|entry| entry.was_there.load(Ordering::Relaxed));
        all.iter().for_each(|entry| entry.want());
        !all.is_empty()
    }

    /// A registration or heartbeat was taken, or was not.
    pub(crate) fn set_taken(&self, taken: bool) {
        self.taken.store(taken, Ordering::Relaxed);
    }

    pub(crate) fn last_taken(&self) -> bool {
        self.taken.load(Ordering::Relaxed)
    }
}

/// A registration of this process. Dropping it changes nothing: it stays until the client is closed.
#[derive(Clone)]
pub struct Registration {
    shared: Arc<Shared>,
    entry: Arc<Entry>,
}

impl Registration {
    pub(crate) fn new(shared: &Arc<Shared>, new: NewRegistration) -> Self {
        let NewRegistration {
            service,
            id,
            mut wire,
        } = new;
        let session = &shared.session;
        wire.session = Some(session.clone());
        wire.ttl.get_or_insert(paste_api::Duration(TTL));
        let options = &shared.options;
        wire.zone = wire.zone.or_else(|| options.zone.clone());
        wire.region = wire.region.or_else(|| options.region.clone());
        let id = id.unwrap_or_else(|| format!("{session}-{}", wire.port.0));
        let entry = Arc::new(Entry {
            service,
            id,
            wire: Mutex::new(wire),
            standing: watch::Sender::new(Standing::Wanted("it was not tried yet".to_owned())),
            was_there: AtomicBool::new(false),
        });
        shared.registrations.all.lock().push(Arc::clone(&entry));
        shared.registrations.more.notify_one();
        Self {
            shared: Arc::clone(shared),
            entry,
        }
    }

    /// Its id within the service.
    pub fn id(&self) -> &str {
        &self.entry.id
    }

    /// Waits until it is there, at most `limit`. It goes on being tried after that.
    pub async fn wait(&self, limit: Duration) -> Result<(), RegisterError> {
        let mut standing = self.entry.standing.subscribe();
        let settled = async move {
            let settled = standing.wait_for(|standing| !matches!(standing, Standing::Wanted(_)));
            settled
                .await
                .map(|standing| standing.clone())
                .unwrap_or(Standing::Ended)
        };
        let settled = self.shared.within(limit, settled).await;
        match settled.unwrap_or_else(|| self.entry.standing.borrow().clone()) {
            Standing::Registered => Ok(()),
            Standing::Refused(refused) => Err(refused.into()),
            Standing::Leaving | Standing::Ended => Err(RegisterError::Ended),
            Standing::Wanted(reason) => Err(RegisterError::NotYet {
                waited: limit,
                reason,
            }),
        }
    }

    /// Changes its status; registering again after the registry's data was lost keeps it.
    pub fn set_status(&self, status: Status) {
        self.entry.wire.lock().status = Some(status);
        self.entry.want();
    }

    /// Takes it out, and waits until it is, at most the close time-out. What else is registered stays.
    pub async fn deregister(&self) -> Result<(), RegisterError> {
        self.entry.standing.send_if_modified(|standing| {
            let over = matches!(standing, Standing::Ended);
            if !over {
                *standing = Standing::Leaving;
            }
            !over
        });
        let mut standing = self.entry.standing.subscribe();
        let ended = async move {
            let ended = standing.wait_for(|standing| matches!(standing, Standing::Ended));
            let _closed = ended.await.is_err();
        };
        let limit = self.shared.options.close_timeout;
        let ended = self.shared.within(limit, ended).await;
        ended.ok_or_else(|| RegisterError::NotYet {
            waited: limit,
            reason: "the registry did not take it out; that is tried on".to_owned(),
        })
    }
}

impl std::fmt::Debug for Registration {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Registration")
            .field("service", &self.entry.service)
            .field("id", &self.entry.id)
            .field("standing", &*self.entry.standing.borrow())
            .finish()
    }
}
