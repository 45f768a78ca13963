//! The state of one service for all who call it: who is there, what calls to them came to, and by that who is chosen next.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use arc_swap::ArcSwap;
use parking_lot::Mutex;
use paste_model::{InstanceId, InvalidPolicy, Member, Policy};

use crate::balance::{Sequence, Turns};
use crate::budget::RetryBudget;
use crate::gauges::usual_cost;
use crate::ledger::{Ejection, Ledger};
use crate::nanos::nanos;
use crate::pick::{Outcome, Pick};
use crate::plan::Plan;
use crate::prepared::Prepared;
use crate::report::LoadReport;
use crate::seat::Seat;
use crate::standing::Standing;
use crate::success_rate::SuccessRate;
use crate::trace::{Notes, Step, Trace};
use crate::{Caller, Question};

/// Chooses instances of one service, and learns from what became of the calls. Made once for a service and shared by all
/// threads that call it; members and policy change in it.
///
/// Times are those of one monotonic clock of the caller's, counted from any moment it likes; random numbers are uniform
/// 64-bit numbers. Choosing and reporting take no lock, but for `smooth_wrr`, and where ejections or slow start change.
pub struct Chooser {
    /// What choices are made of.
    prepared: ArcSwap<Prepared>,
    /// When `prepared` may be out of date by itself, in ns.
    due: AtomicU64,
    /// Whether outlier detection has begun to count.
    counting: AtomicBool,
    /// Whether somebody was ejected since it was last asked.
    ejected: AtomicBool,
    ledger: Mutex<Ledger>,
    turns: Turns,
    sequence: Sequence,
    budget: RetryBudget,
}

/// Why nobody could be chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoInstance {
    /// The service has no instances.
    #[error("no instances")]
    NoneKnown,
    /// No instance may answer: none has status `up`, or those that have are failing.
    #[error("none eligible")]
    NoneEligible,
    /// No eligible instance is what was asked for.
    #[error("none match")]
    NoneAsked,
    /// All were left alone because calls to them failed, and the policy allows no panic.
    #[error("all ejected")]
    AllEjected,
}

impl Chooser {
    /// For a caller who runs there. Nobody is known yet, and the default policy holds.
    pub fn new(caller: Caller) -> Self {
        Self::with(caller, None)
    }

    /// The same, and at the end of each interval of outlier detection success rates are judged, too.
    pub fn judging_success_rates(caller: Caller, settings: SuccessRate) -> Self {
        Self::with(caller, Some(settings))
    }

    fn with(caller: Caller, success_rate: Option<SuccessRate>) -> Self {
        let caller = Arc::new(caller);
        let plan = Arc::new(Plan::plain(&caller));
        let mut ledger = Ledger::new(caller, plan, success_rate);
        Self {
            prepared: ArcSwap::from_pointee(ledger.prepare(0)),
            due: AtomicU64::new(u64::MAX),
            counting: AtomicBool::new(false),
            ejected: AtomicBool::new(false),
            ledger: Mutex::new(ledger),
            turns: Turns::default(),
            sequence: Sequence::default(),
            budget: RetryBudget::default(),
        }
    }

    /// Takes in the whole list of the service's members, in any order, and whether the registry says that the service is
    /// protected. What is known of an endpoint is kept by id; with another address or port it is another endpoint.
    pub fn update(&self, members: Vec<Arc<Member>>, protected: bool, now: Duration) {
        let now = nanos(now);
        let mut ledger = self.ledger.lock();
        ledger.update(members, protected, now);
        self.show(&mut ledger, now);
    }

    /// Takes in a policy; the default one where the service has none. One that is refused changes nothing.
    pub fn set_policy(&self, policy: Arc<Policy>, now: Duration) -> Result<(), InvalidPolicy> {
        let now = nanos(now);
        let mut ledger = self.ledger.lock();
        let plan = Plan::new(policy, &ledger.caller)?;
        ledger.plan = Arc::new(plan);
        self.show(&mut ledger, now);
        Ok(())
    }

    /// The policy that holds.
    pub fn policy(&self) -> Arc<Policy> {
        Arc::clone(&self.prepared.load().plan.policy)
    }

    /// Chooses an instance, as `decide` in `conformance/README.md` says.
    pub fn choose<R: FnMut() -> u64>(
        &self,
        question: &Question<'_>,
        now: Duration,
        random: &mut R,
    ) -> Result<Pick, NoInstance> {
        self.decide(question, now, random, &mut Notes::none())
    }

    /// Chooses an instance and tells how. The choice is as good as one without a trace: it counts.
    pub fn choose_traced<R: FnMut() -> u64>(
        &self,
        question: &Question<'_>,
        now: Duration,
        random: &mut R,
    ) -> (Result<Pick, NoInstance>, Trace) {
        let mut trace = Trace::default();
        let chosen = self.decide(question, now, random, &mut Notes::of(&mut trace));
        if let Err(reason) = chosen {
            trace.0.push(Step::Nobody(reason));
        }
        (chosen, trace)
    }

    fn decide<R: FnMut() -> u64>(
        &self,
        question: &Question<'_>,
        now: Duration,
        random: &mut R,
        notes: &mut Notes<'_>,
    ) -> Result<Pick, NoInstance> {
        let now = nanos(now);
        self.catch_up(now);
        let prepared = self.prepared.load();
        let shared = (&self.turns, &self.sequence);
        let chosen = prepared.choose(question, now, shared, random, notes)?;
        Ok(Pick::new(chosen))
    }

    /// Learns what became of a pick. `latency` is the time from choosing to the answer; without one a success says nothing
    /// about how fast the instance is.
    pub fn report(
        &self,
        mut pick: Pick,
        outcome: Outcome,
        latency: Option<Duration>,
        now: Duration,
    ) {
        let now = nanos(now);
        self.catch_up(now);
        self.begin_counting(now);
        let prepared = self.prepared.load();
        let seat = pick.reported();
        let latency = latency.map(|latency| nanos(latency) as f64);
        observe(&prepared, seat, outcome, latency, now);
        if outcome != Outcome::Failure {
            seat.gauges.succeeded();
            return;
        }
        let longest = prepared.plan.policy.outlier_detection.consecutive_failures;
        if seat.gauges.failed() >= u32::from(longest) && longest > 0 {
            self.eject(seat, now);
        }
    }

    /// Takes in what an instance reports of its load, for `static_stride`. Once a second is often enough.
    pub fn report_load(&self, id: &InstanceId, load: LoadReport, now: Duration) {
        let Some(capacity) = load.capacity() else {
            return;
        };
        let now = nanos(now);
        let mut ledger = self.ledger.lock();
        ledger.report_load(id.as_str(), capacity, now);
        self.due.store(ledger.due(now), Relaxed);
    }

    /// Who was ejected since this was last asked, the oldest first; what is more than can be kept is left out. Nearly free
    /// when there is nobody.
    pub fn take_ejections(&self) -> Vec<Ejection> {
        if !self.ejected.load(Relaxed) {
            return Vec::new();
        }
        let mut ledger = self.ledger.lock();
        self.ejected.store(false, Relaxed);
        ledger.take_ejections()
    }

    /// The ids that are ejected, in order. Looking changes nothing.
    pub fn ejected(&self, now: Duration) -> Vec<InstanceId> {
        let now = nanos(now);
        let ledger = self.ledger.lock();
        let ejected = ledger.entries.iter().filter(|entry| entry.is_ejected(now));
        ejected.map(|entry| entry.seat.member.id.clone()).collect()
    }

    /// What the service's calls have left for retries.
    pub fn budget(&self) -> &RetryBudget {
        &self.budget
    }

    /// Does what time has brought: ends intervals and ejections.
    fn catch_up(&self, now: u64) {
        if now >= self.due.load(Relaxed) {
            self.turn(now);
        }
    }

    #[cold]
    fn turn(&self, now: u64) {
        let mut ledger = self.ledger.lock();
        // Another thread may have been here first.
        if now >= self.due.load(Relaxed) {
            ledger.turn(now);
            if ledger.changed(now) {
                self.show(&mut ledger, now);
            } else {
                self.due.store(ledger.due(now), Relaxed);
            }
        }
    }

    fn begin_counting(&self, now: u64) {
        if !self.counting.load(Relaxed) {
            let mut ledger = self.ledger.lock();
            ledger.begin_interval(now);
            self.due.store(ledger.due(now), Relaxed);
            self.counting.store(true, Relaxed);
        }
    }

    #[cold]
    fn eject(&self, seat: &Seat, now: u64) {
        let mut ledger = self.ledger.lock();
        if ledger.eject_for_row(seat, now) {
            self.show(&mut ledger, now);
        }
    }

    /// Makes the picture of `now` that which choices are made of.
    fn show(&self, ledger: &mut Ledger, now: u64) {
        self.prepared.store(Arc::new(ledger.prepare(now)));
        self.due.store(ledger.due(now), Relaxed);
        if ledger.has_ejections() {
            self.ejected.store(true, Relaxed);
        }
    }
}

#[cfg(any(test, feature = "vectors"))]
impl Chooser {
    /// A pick of that instance, whoever's turn it is.
    pub(crate) fn pick(&self, id: &str) -> Option<Pick> {
        let prepared = self.prepared.load();
        let mut service = prepared.service.iter();
        let found = service.find(|one| one.seat.member.id.as_str() == id)?;
        Some(Pick::new(Arc::clone(&found.seat)))
    }

    /// Changes what is known of endpoints.
    pub(crate) fn change(&self, now: u64, change: impl FnMut(&mut crate::ledger::Entry)) {
        let mut ledger = self.ledger.lock();
        ledger.entries.iter_mut().for_each(change);
        self.show(&mut ledger, now);
    }
}

/// Lets peak EWMA learn. It learns whatever balancer is used, so that it knows something when it is chosen.
fn observe(prepared: &Prepared, seat: &Seat, outcome: Outcome, latency: Option<f64>, now: u64) {
    let (gauges, decay) = (&seat.gauges, prepared.plan.decay);
    let service = || prepared.service.iter().map(Standing::gauges);
    if outcome == Outcome::Success && latency.is_none() {
        return;
    }
    if !gauges.is_used() {
        gauges.seed(usual_cost(service()), now);
    }
    let latency = latency.unwrap_or(0.0);
    if outcome == Outcome::Success {
        gauges.observe(latency, now, decay);
    } else {
        let others = service().filter(|other| !std::ptr::eq(*other, &**gauges));
        gauges.observe_failure(latency, usual_cost(others), now, decay);
    }
}

#[cfg(test)]
mod tests;
