//! What is known of one service. Read without waiting; written by the stream alone.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwapOption;
use parking_lot::Mutex;
use paste_model::{InstanceId, Member, Policy};
use paste_traffic::{Caller, Chooser};
use tokio::sync::watch;

use super::Pulse;
use crate::calls::Tally;
use crate::dispatch::Listeners;
use crate::event::{Delta, Snapshot};

/// For so long an instance that another history didn't mention yet is kept.
const UNCONFIRMED_FOR: Duration = Duration::from_secs(60);

/// The instances of a service at one moment.
#[derive(Debug)]
pub(crate) struct View {
    /// In id order.
    pub(crate) members: Vec<Arc<Member>>,
    pub(crate) revision: u64,
    pub(crate) protected: bool,
    pub(crate) policy: Option<Arc<Policy>>,
}

/// What a file tells of a service.
pub(crate) struct Saved {
    pub(crate) view: View,
}

/// A service, as it is known.
pub(crate) struct ServiceCopy {
    name: String,
    pub(crate) chooser: Chooser,
    /// What this process called, for the heartbeat.
    pub(crate) calls: Tally,
    pub(crate) listeners: Listeners,
    view: ArcSwapOption<View>,
    changes: watch::Sender<u64>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    members: BTreeMap<InstanceId, Held>,
    revision: u64,
    protected: bool,
    policy: Option<Arc<Policy>>,
    /// The history that this is of.
    epoch: Option<String>,
    /// Whether the stream has told all of it, in this history.
    told: bool,
    source: Source,
}

struct Held {
    member: Arc<Member>,
    /// Until when it stays without being confirmed.
    unconfirmed: Option<Duration>,
}

/// Where the knowledge is from.
#[derive(Default)]
enum Source {
    #[default]
    Nowhere,
    /// It was so old when it was read, then.
    Disk {
        age: Duration,
        read_at: Duration,
    },
    Stream(Arc<Pulse>),
}

impl ServiceCopy {
    pub(crate) fn new(name: &str, caller: Caller) -> Self {
        Self {
            name: name.to_owned(),
            chooser: Chooser::new(caller),
            calls: Tally::default(),
            listeners: Listeners::default(),
            view: ArcSwapOption::empty(),
            changes: watch::Sender::new(0),
            state: Mutex::default(),
        }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// What is known; nothing before the first word from disk or stream.
    pub(crate) fn view(&self) -> Option<Arc<View>> {
        self.view.load_full()
    }

    pub(crate) fn is_known(&self) -> bool {
        self.view.load().is_some()
    }

    /// Counts the changes.
    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// What is known with its history, if the stream told all of it and nothing waits to be confirmed.
    pub(crate) fn confirmed(&self) -> Option<(String, Arc<View>)> {
        let state = self.state.lock();
        let sure = state
            .members
            .values()
            .all(|held| held.unconfirmed.is_none());
        let epoch = state.epoch.clone().filter(|_| state.told && sure)?;
        Some((epoch, self.view()?))
    }

    /// How old it is; nothing while nothing is known.
    pub(crate) fn age(&self, now: Duration) -> Option<Duration> {
        match &self.state.lock().source {
            Source::Nowhere => None,
            Source::Disk { age, read_at } => Some(*age + now.saturating_sub(*read_at)),
            Source::Stream(pulse) => Some(pulse.age(now)),
        }
    }

    /// Begins with what a file told.
    pub(crate) fn load(
        &self,
        saved: Saved,
        epoch: Option<&str>,
        age: Duration,
        read_at: Duration,
        now: Duration,
    ) {
        let mut state = self.state.lock();
        let View {
            members,
            revision,
            protected,
            policy,
        } = saved.view;
        let held = members
            .into_iter()
            .map(|member| (member.id.clone(), Held::sure(member)));
        state.members = held.collect();
        state.revision = revision;
        state.protected = protected;
        state.policy = policy;
        state.epoch = epoch.map(str::to_owned);
        state.source = Source::Disk { age, read_at };
        self.show(&state, now);
    }

    /// Another history holds: what is known waits to be confirmed.
    pub(crate) fn reset(&self, epoch: &str, now: Duration) {
        self.state.lock().begin(epoch, now);
    }

    /// A stream was opened: what waits to be confirmed gets its time anew, because nobody could have spoken in between.
    pub(crate) fn listen_again(&self, now: Duration) {
        for held in self.state.lock().members.values_mut() {
            if let Some(until) = &mut held.unconfirmed {
                *until = now + UNCONFIRMED_FOR;
            }
        }
    }

    /// Takes the whole list.
    pub(crate) fn snapshot(&self, told: Snapshot, epoch: &str, pulse: &Arc<Pulse>, now: Duration) {
        let mut state = self.state.lock();
        if state.epoch.as_deref() != Some(epoch) {
            state.begin(epoch, now);
        }
        let mut before = std::mem::take(&mut state.members);
        let policy = told.policy.unwrap_or_else(|| state.policy.clone());
        let mut changed = state.protected != told.protected || state.policy != policy;
        state.policy = policy;
        for member in told.members {
            let known = before.remove(&member.id);
            changed |= known.as_ref().is_none_or(|known| known.member != member);
            state.members.insert(member.id.clone(), Held::sure(member));
        }
        for (id, held) in before {
            if held.unconfirmed.is_some() {
                state.members.insert(id, held);
            } else {
                changed = true;
            }
        }
        state.told = true;
        state.revision = told.revision;
        state.protected = told.protected;
        state.source = Source::Stream(Arc::clone(pulse));
        if changed || !self.is_known() {
            self.show(&state, now);
        }
    }

    /// Takes a change. One of a service that nothing is known of is passed over: there is nothing that it could change.
    pub(crate) fn delta(&self, told: Delta, pulse: &Arc<Pulse>, now: Duration) {
        let mut state = self.state.lock();
        if matches!(state.source, Source::Nowhere) {
            return;
        }
        for id in &told.removed {
            state.members.remove(id);
        }
        for member in told.upserted {
            state.members.insert(member.id.clone(), Held::sure(member));
        }
        if let Some(policy) = told.policy {
            state.policy = policy;
        }
        state.revision = told.revision;
        state.protected = told.protected;
        state.source = Source::Stream(Arc::clone(pulse));
        self.show(&state, now);
    }

    /// Lets go of what was not confirmed in its time; tells when to look again.
    pub(crate) fn sweep(&self, now: Duration) -> Option<Duration> {
        let mut state = self.state.lock();
        let before = state.members.len();
        let over = |held: &Held| held.unconfirmed.is_some_and(|until| until <= now);
        state.members.retain(|_, held| !over(held));
        if state.members.len() < before {
            self.show(&state, now);
        }
        state
            .members
            .values()
            .filter_map(|held| held.unconfirmed)
            .min()
    }

    /// Shows readers what holds now.
    fn show(&self, state: &State, now: Duration) {
        let members: Vec<_> = state
            .members
            .values()
            .map(|held| Arc::clone(&held.member))
            .collect();
        let policy = state.policy.clone().unwrap_or_default();
        if let Err(error) = self.chooser.set_policy(policy, now) {
            tracing::warn!(service = self.name, %error, "the policy can't be used; the one before stays");
        }
        self.chooser.update(members.clone(), state.protected, now);
        self.view.store(Some(Arc::new(View {
            members,
            revision: state.revision,
            protected: state.protected,
            policy: state.policy.clone(),
        })));
        self.changes.send_modify(|count| *count += 1);
        self.listeners.wake();
    }
}

impl Held {
    fn sure(member: Arc<Member>) -> Self {
        Self {
            member,
            unconfirmed: None,
        }
    }
}

impl State {
    fn begin(&mut self, epoch: &str, now: Duration) {
        self.epoch = Some(epoch.to_owned());
        self.told = false;
        for held in self.members.values_mut() {
            held.unconfirmed.get_or_insert(now + UNCONFIRMED_FOR);
        }
    }
}
