//! A service that is followed: its instances from memory, and one of them for a call.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use paste_model::Policy;
use paste_traffic::Trace;

use crate::ask::Ask;
use crate::client::Shared;
use crate::copy::{ServiceCopy, View};
use crate::error::ChooseError;
use crate::hooks::Event;
use crate::instance::Instance;
use crate::pick::Pick;

/// The local copy of one service. Cloning it costs nothing.
///
/// The methods that end in `_now` answer from memory and never wait. The others wait once, at the first use of a
/// service, until the registry or the disk has told of it: at most the request time-out.
#[derive(Clone)]
pub struct Service {
    pub(crate) shared: Arc<Shared>,
    pub(crate) copy: Arc<ServiceCopy>,
}

impl Service {
    pub(crate) fn new(shared: Arc<Shared>, copy: Arc<ServiceCopy>) -> Self {
        Self { shared, copy }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        self.copy.name()
    }

    /// All registered instances in id order, whatever their health and status.
    pub async fn instances(&self) -> Result<Vec<Instance>, ChooseError> {
        self.known().await?;
        self.instances_now()
    }

    /// The same, without waiting.
    pub fn instances_now(&self) -> Result<Vec<Instance>, ChooseError> {
        let view = self.view()?;
        Ok(view.members.iter().cloned().map(Instance).collect())
    }

    /// How old what is known is: nothing while the stream is well, then the time since it told something. `None` while
    /// nothing is known.
    pub fn age(&self) -> Option<Duration> {
        self.copy.age(self.shared.now())
    }

    /// The revision of what is known. `None` while nothing is known.
    pub fn revision(&self) -> Option<u64> {
        self.copy.view().map(|view| view.revision)
    }

    /// The policy that holds; the defaults where the service has none.
    pub fn policy(&self) -> Arc<Policy> {
        self.copy.chooser.policy()
    }

    /// Whether failing instances are served too, because too few are healthy.
    pub fn is_protected(&self) -> bool {
        self.copy.view().is_some_and(|view| view.protected)
    }

    /// Chooses one instance for a call.
    pub async fn choose(&self, ask: &Ask) -> Result<Pick, ChooseError> {
        if !self.copy.is_known() {
            self.known().await?;
        }
        self.choose_now(ask)
    }

    /// The same, without waiting.
    pub fn choose_now(&self, ask: &Ask) -> Result<Pick, ChooseError> {
        if !self.copy.is_known() {
            return Err(self.not_known());
        }
        let random = self.shared.random();
        let now = self.shared.now();
        let chosen = self
            .copy
            .chooser
            .choose(&ask.question(), now, &mut || random.draw());
        let picked = chosen.map_err(|reason| self.none(reason))?;
        Ok(self.picked(picked, now))
    }

    /// The same with its working: one sentence for each step.
    pub fn choose_traced(&self, ask: &Ask) -> (Result<Pick, ChooseError>, Trace) {
        let random = self.shared.random();
        let now = self.shared.now();
        let chooser = &self.copy.chooser;
        let (chosen, trace) = chooser.choose_traced(&ask.question(), now, &mut || random.draw());
        if !self.copy.is_known() {
            return (Err(self.not_known()), trace);
        }
        let picked = chosen.map(|picked| self.picked(picked, now));
        (picked.map_err(|reason| self.none(reason)), trace)
    }

    /// Calls `callback` with the instances after each change, and at once if they are known.
    ///
    /// One call at a time, on a thread of the SDK's own; changes that come while it runs are told together.
    pub fn on_change<F>(&self, callback: F)
    where
        F: FnMut(&[Instance]) + Send + 'static,
    {
        let copy = Arc::downgrade(&self.copy);
        let callback = parking_lot::Mutex::new(callback);
        let known = || self.copy.is_known();
        let listeners = &self.copy.listeners;
        listeners.add(&self.shared.dispatcher, known, move || {
            let Some(view) = copy.upgrade().and_then(|copy| copy.view()) else {
                return;
            };
            let instances: Vec<_> = view.members.iter().cloned().map(Instance).collect();
            callback.lock()(&instances);
        });
    }

    /// Counts the changes of what is known, for those who would rather await them.
    pub fn changes(&self) -> tokio::sync::watch::Receiver<u64> {
        self.copy.changes()
    }

    /// Waits until the registry or the disk has told of it, at most the request time-out.
    pub async fn known(&self) -> Result<(), ChooseError> {
        self.known_within(self.shared.options.request_timeout).await
    }

    /// The same with a limit of one's own.
    pub async fn known_within(&self, limit: Duration) -> Result<(), ChooseError> {
        if self.copy.is_known() {
            return Ok(());
        }
        let (copy, mut changes) = (Arc::clone(&self.copy), self.copy.changes());
        let waiting = async move { changes.wait_for(|_| copy.is_known()).await.is_ok() };
        let known = self.shared.within(limit, waiting).await;
        known
            .filter(|known| *known)
            .map(|_| ())
            .ok_or_else(|| self.not_known())
    }

    fn view(&self) -> Result<Arc<View>, ChooseError> {
        self.copy.view().ok_or_else(|| self.not_known())
    }

    fn picked(&self, picked: paste_traffic::Pick, now: Duration) -> Pick {
        let hooks = self.shared.hooks();
        if hooks.are_wanted() {
            let (service, id) = (self.name(), picked.member().id.as_str());
            hooks.tell(&Event::Picked { service, id });
        }
        Pick::new(self.clone(), picked, now)
    }

    pub(crate) fn tell_ejections(&self) {
        for ejection in self.copy.chooser.take_ejections() {
            let (service, id) = (self.name(), ejection.id.as_str());
            tracing::info!(service, id, "an instance is left alone for a while");
            self.shared.hooks().tell(&Event::Ejected { service, id });
        }
    }

    fn none(&self, reason: paste_traffic::NoInstance) -> ChooseError {
        ChooseError::NoInstance {
            service: self.name().to_owned(),
            reason,
        }
    }

    fn not_known(&self) -> ChooseError {
        ChooseError::NotKnown {
            service: self.name().to_owned(),
            reason: self.shared.copy.why_unknown(),
        }
    }
}

impl fmt::Debug for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Service").field(&self.name()).finish()
    }
}
