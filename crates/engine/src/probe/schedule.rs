//! The pure core of the probes: what is due when, what the results come to, and what of it is to be written.
//!
//! What is written is compared with what the view says: a verdict that was lost is simply found missing again.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use compact_str::{CompactString, format_compact};
use foldhash::fast::RandomState;
use paste_model::{
    Address, Check, CheckKind, Health, HealthState, InstanceKey, Member, Port, Timestamp,
};

use super::ProbeStatus;
use super::config::Config;
use super::network::{Failure, Request};
use super::suspicion::{Notice, Suspicion};

/// Time until what could not be written is tried again.
const RETRY: Duration = Duration::from_secs(1);

/// Numbers between 0 and 1.
pub(super) type Dice = Box<dyn FnMut() -> f64 + Send>;

/// All probes of a node.
pub(super) struct Schedule {
    config: Config,
    dice: Dice,
    targets: HashMap<InstanceKey, Target, RandomState>,
    probes: HashMap<u64, Probe, RandomState>,
    agenda: BTreeSet<(Duration, u64)>,
    /// Targets whose record may have to be written, and not before when.
    dirty: HashMap<InstanceKey, Duration, RandomState>,
    suspicion: Suspicion,
    next_probe: u64,
    in_flight: usize,
    /// Probes that may still be started in this second.
    allowance: f64,
    allowed_at: Duration,
    status: ProbeStatus,
}

struct Target {
    probes: Vec<u64>,
    /// What the view says: the reason for which it fails, if it does.
    recorded: Option<CompactString>,
    writing: bool,
}

struct Probe {
    target: InstanceKey,
    address: Address,
    port: Port,
    check: Check,
    /// The verdict on it.
    failing: bool,
    /// Results in a row that speak against the verdict.
    against: u32,
    /// Why it failed last.
    reason: CompactString,
    started: Duration,
    /// When it is sent next; nothing while it is on its way.
    due: Option<Duration>,
}

/// A probe to be sent.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Launch {
    pub(super) probe: u64,
    pub(super) request: Request,
}

/// A verdict to be written: why the target fails, or nothing when it passes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Write {
    pub(super) target: InstanceKey,
    pub(super) fails: Option<CompactString>,
}

/// What a tick led to.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Due {
    pub(super) launches: Vec<Launch>,
    pub(super) writes: Vec<Write>,
    pub(super) notice: Option<Notice>,
}

impl Schedule {
    pub(super) fn new(config: Config, dice: Dice) -> Self {
        Self {
            config,
            dice,
            targets: HashMap::default(),
            probes: HashMap::default(),
            agenda: BTreeSet::new(),
            dirty: HashMap::default(),
            suspicion: Suspicion::default(),
            next_probe: 0,
            in_flight: 0,
            allowance: 0.0,
            allowed_at: Duration::ZERO,
            status: ProbeStatus::default(),
        }
    }

    /// Forgets all targets. What is in flight still counts as that until it is back.
    pub(super) fn clear(&mut self) {
        self.targets.clear();
        self.probes.clear();
        self.agenda.clear();
        self.dirty.clear();
        self.suspicion = Suspicion::default();
        self.status.silent = None;
    }

    /// Takes over an instance as it is now, or that it is gone. Checks that stay the same keep what is known of them.
    pub(super) fn follow(
        &mut self,
        key: &InstanceKey,
        member: Option<&Arc<Member>>,
        now: Duration,
    ) {
        let mut old = self
            .targets
            .remove(key)
            .map_or_else(Vec::new, |target| target.probes);
        let Some(member) = member else {
            self.drop_probes(&old);
            self.suspicion.passes(key);
            self.dirty.remove(key);
            return;
        };
        let recorded = failing_reason(member.check_health.as_deref());
        let instance = &member.instance;
        let mut probes: Vec<u64> = Vec::with_capacity(instance.checks.len());
        let mut fresh = Vec::new();
        for check in &instance.checks {
            let port = check.port.unwrap_or(instance.port);
            let same = |id: &u64| {
                self.probes.get(id).is_some_and(|probe| {
                    probe.check == *check && probe.port == port && probe.address == instance.address
                })
            };
            if let Some(at) = old.iter().position(same) {
                probes.push(old.swap_remove(at));
            } else {
                let id = self.add(key, instance.address.clone(), port, check.clone(), now);
                probes.push(id);
                fresh.push(id);
            }
        }
        self.drop_probes(&old);
        self.inherit(&probes, &fresh, recorded.as_ref());
        if probes.is_empty() {
            self.suspicion.passes(key);
        }
        if !probes.is_empty() || recorded.is_some() {
            let target = Target {
                probes,
                recorded,
                writing: false,
            };
            self.targets.insert(key.clone(), target);
            self.dirty.insert(key.clone(), now);
        }
    }

    /// An instance that is recorded as failing stays so until its probes pass, also where they are new: those that the
    /// record names, else all new ones, begin as failing.
    fn inherit(&mut self, probes: &[u64], fresh: &[u64], recorded: Option<&CompactString>) {
        let Some(recorded) = recorded else { return };
        let known = |id: &u64| self.probes.get(id).is_some_and(|probe| probe.failing);
        if probes.iter().any(known) {
            return;
        }
        let named = |id: &&u64| {
            self.probes
                .get(*id)
                .is_some_and(|probe| recorded.starts_with(probe.label().as_str()))
        };
        let mut failing: Vec<u64> = fresh.iter().filter(named).copied().collect();
        if failing.is_empty() {
            failing = fresh.to_vec();
        }
        for id in failing {
            if let Some(probe) = self.probes.get_mut(&id) {
                // It has no reason of its own yet: the record's holds.
                probe.failing = true;
            }
        }
    }

    fn add(
        &mut self,
        key: &InstanceKey,
        address: Address,
        port: Port,
        check: Check,
        now: Duration,
    ) -> u64 {
        let id = self.next_probe;
        self.next_probe += 1;
        let interval = check.interval.unwrap_or(self.config.interval);
        let first = now + interval.mul_f64((self.dice)());
        self.agenda.insert((first, id));
        let probe = Probe {
            target: key.clone(),
            address,
            port,
            check,
            failing: false,
            against: 0,
            reason: CompactString::default(),
            started: now,
            due: Some(first),
        };
        self.probes.insert(id, probe);
        id
    }

    fn drop_probes(&mut self, probes: &[u64]) {
        for id in probes {
            if let Some(due) = self.probes.remove(id).and_then(|probe| probe.due) {
                self.agenda.remove(&(due, *id));
            }
        }
    }

    /// What is due: probes to be sent, verdicts to be written.
    pub(super) fn tick(&mut self, now: Duration, wall: Timestamp) -> Due {
        let notice = self.suspicion.decide(&self.config, self.targets.len(), now);
        if let Some(notice) = &notice {
            self.status.suspicions_total += u64::from(notice.begins);
            self.status.silent = notice.begins.then(|| (notice.reason.clone(), wall));
        }
        Due {
            launches: self.launches(now),
            writes: self.writes(now),
            notice,
        }
    }

    fn launches(&mut self, now: Duration) -> Vec<Launch> {
        let per_second = self.config.per_second_max as f64;
        let passed = now.saturating_sub(self.allowed_at).as_secs_f64();
        self.allowance = (self.allowance + passed * per_second).min(per_second);
        self.allowed_at = now;
        let mut launches = Vec::new();
        while self.in_flight < self.config.in_flight_max
            && self.allowance >= 1.0
            && let Some((due, id)) = self.agenda.first().copied()
            && due <= now
        {
            self.agenda.pop_first();
            let Some(probe) = self.probes.get_mut(&id) else {
                continue;
            };
            probe.started = now;
            probe.due = None;
            self.in_flight += 1;
            self.allowance -= 1.0;
            let kind = probe.check.kind.clone();
            let timeout = probe
                .check
                .timeout
                .unwrap_or_else(|| kind.timeout_default());
            let (address, port) = (probe.address.clone(), probe.port);
            let request = Request {
                address,
                port,
                kind,
                timeout,
            };
            launches.push(Launch { probe: id, request });
        }
        launches
    }

    /// Takes in a result.
    pub(super) fn finish(&mut self, id: u64, result: Result<(), Failure>, now: Duration) {
        self.in_flight = self.in_flight.saturating_sub(1);
        self.status.probes_total += 1;
        self.status.failures_total += u64::from(result.is_err());
        let Some(probe) = self.probes.get_mut(&id) else {
            return;
        };
        let was_passing = !probe.failing && probe.against == 0;
        let (failures, passes) = (self.config.failures.max(1), self.config.passes.max(1));
        let refused = result.as_ref().is_err_and(|failure| failure.refused);
        if result.is_err() == probe.failing {
            probe.against = 0;
        } else {
            probe.against += 1;
        }
        if let Err(failure) = result {
            probe.reason = failure.reason;
        }
        let enough = if probe.failing { passes } else { failures };
        if probe.against >= enough || (refused && !probe.failing) {
            probe.failing = !probe.failing;
            probe.against = 0;
        }
        let interval = match probe.check.interval {
            Some(explicit) => explicit,
            None if probe.against > 0 => spread(self.config.interval_changing, (self.dice)()),
            None => spread(self.config.interval, (self.dice)()),
        };
        let due = (probe.started + interval).max(now);
        probe.due = Some(due);
        self.agenda.insert((due, id));
        let now_passing = !probe.failing && probe.against == 0;
        let target = probe.target.clone();
        if was_passing && !now_passing && !refused {
            self.suspicion.turned(&target, now);
        } else if now_passing && self.all_pass(&target) {
            self.suspicion.passes(&target);
        }
        self.dirty.entry(target).or_insert(now);
    }

    fn all_pass(&self, target: &InstanceKey) -> bool {
        let pass = |id: &u64| {
            self.probes
                .get(id)
                .is_none_or(|probe| !probe.failing && probe.against == 0)
        };
        self.targets
            .get(target)
            .is_none_or(|target| target.probes.iter().all(pass))
    }

    /// Compares what is known of the targets that changed with what is recorded.
    fn writes(&mut self, now: Duration) -> Vec<Write> {
        if self.suspicion.silent() {
            return Vec::new();
        }
        let due: Vec<_> = self
            .dirty
            .iter()
            .filter(|(_, at)| **at <= now)
            .map(|(key, _)| key.clone())
            .collect();
        let mut writes = Vec::new();
        for key in due {
            if let Some(later) = self.suspicion.doubts(&key, now) {
                self.dirty.insert(key, later);
                continue;
            }
            self.dirty.remove(&key);
            let Some(target) = self.targets.get_mut(&key).filter(|target| !target.writing) else {
                continue;
            };
            let failing: Vec<_> = target
                .probes
                .iter()
                .filter_map(|id| self.probes.get(id))
                .filter(|probe| probe.failing)
                .collect();
            let right = match &target.recorded {
                None => failing.is_empty(),
                // Any check that fails will do as the reason, as long as it still does.
                Some(reason) => failing.iter().any(|probe| {
                    probe.reason.is_empty() || reason.starts_with(probe.label().as_str())
                }),
            };
            if !right {
                target.writing = true;
                let fails = failing
                    .first()
                    .map(|probe| format_compact!("{}: {}", probe.label(), probe.reason));
                writes.push(Write { target: key, fails });
            }
        }
        writes
    }

    /// A verdict was written, or could not be.
    pub(super) fn written(&mut self, write: Write, done: bool, now: Duration) {
        if let Some(target) = self.targets.get_mut(&write.target) {
            target.writing = false;
            if done {
                target.recorded = write.fails;
            }
            let at = if done { now } else { now + RETRY };
            self.dirty.insert(write.target, at);
        }
    }

    /// How the probes do.
    pub(super) fn status(&self) -> ProbeStatus {
        let failing = |target: &&Target| {
            target
                .probes
                .iter()
                .any(|id| self.probes.get(id).is_some_and(|probe| probe.failing))
        };
        ProbeStatus {
            targets: self.targets.len(),
            failing: self.targets.values().filter(failing).count(),
            in_flight: self.in_flight,
            ..self.status.clone()
        }
    }
}

impl Probe {
    /// What it asks, in words: the beginning of its reasons.
    fn label(&self) -> CompactString {
        let port = self.port;
        match &self.check.kind {
            CheckKind::Http { path } => format_compact!("http :{port}{path}"),
            CheckKind::Tcp => format_compact!("tcp :{port}"),
            CheckKind::Grpc { service } if service.is_empty() => format_compact!("grpc :{port}"),
            CheckKind::Grpc { service } => format_compact!("grpc :{port} {service}"),
        }
    }
}

/// Why a target is recorded as failing, if it is.
fn failing_reason(health: Option<&Health>) -> Option<CompactString> {
    health
        .filter(|health| health.state != HealthState::Passing)
        .map(|health| health.reason.clone())
}

/// An interval, varied by a quarter each way, so that probes don't march in step.
fn spread(interval: Duration, dice: f64) -> Duration {
    interval.mul_f64(0.75 + dice / 2.0)
}
