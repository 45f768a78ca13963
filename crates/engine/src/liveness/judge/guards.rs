//! Where a step that is due meets the guards: it passes, waits, or is held; and the beginning and end of their holds.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;

use compact_str::format_compact;
use parking_lot::Mutex;
use paste_model::{InstanceKey, Member, ServiceKey, SessionId};

use super::super::census::{Census, Zone};
use super::super::config::millis;
use super::super::holds::{EVENT_SERVICES_MAX, HoldKey, Notice};
use super::super::pace::Demand;
use super::super::silence::Turn;
use super::super::track::Track;
use super::super::verdict::Verdict;
use super::{ATTEMPT_MS, Candidate, Judge, Now, SWEEP_MS, Sight};

impl Judge {
    /// Begins and ends the hold of the silence guard.
    pub(super) fn guard_silence(
        &mut self,
        now: Now,
        verdicts: &mut Vec<Verdict>,
        candidates: &mut Vec<Candidate>,
    ) {
        match self.silence.decide(now.ms, self.sessions) {
            Some(Turn::Begins(hold)) => {
                let (fell, sessions, config) = (hold.held, self.sessions, &self.config.silence);
                let reason = format_compact!(
                    "held: {fell} of {sessions} sessions fell silent within {:?} with their streams open; \
                     none of them is judged for {:?}, unless they come back earlier",
                    config.window,
                    config.hold
                );
                let silent = |track: &&Track| track.silent.is_some_and(|since| since >= hold.from);
                let services = self.services_of(self.tracks.values().filter(silent));
                let notice = Notice { reason, services };
                let until = Some(hold.until);
                verdicts.extend(
                    self.holds
                        .begin(HoldKey::Silence, now.wall, until, || notice)
                        .map(Verdict::Hold),
                );
            }
            Some(Turn::Ends { came_back }) => {
                let reason = if came_back {
                    "resumed: the silent sessions came back"
                } else {
                    "resumed: the hold is over; who is still silent is judged"
                };
                verdicts.extend(
                    self.holds
                        .end(&HoldKey::Silence, reason)
                        .map(Verdict::Resume),
                );
                self.release_held(came_back, now.ms, verdicts, candidates);
            }
            None => {}
        }
        if let Some(hold) = self.silence.hold() {
            self.holds.affects(&HoldKey::Silence, hold.held);
        }
    }

    /// Begins and ends the hold on those who were heard last through a node that can't be heard now.
    pub(super) fn guard_deaf(&mut self, now: Now, verdicts: &mut Vec<Verdict>) {
        let unjudged = std::mem::take(&mut self.unjudged);
        if unjudged > 0 {
            let notice = || Notice {
                reason:
                    "held: another node is there and can't be heard; nobody is judged who may be \
                         heard through it"
                        .into(),
                services: Vec::new(),
            };
            let begun = self.holds.begin(HoldKey::Deaf, now.wall, None, notice);
            verdicts.extend(begun.map(Verdict::Hold));
            self.holds.affects(&HoldKey::Deaf, unjudged);
        } else if self.standing.deaf.is_empty() {
            let reason = "resumed: all nodes that are there can be heard";
            let ended = self.holds.end(&HoldKey::Deaf, reason);
            verdicts.extend(ended.map(Verdict::Resume));
        }
    }

    /// When most came back, whoever is silent still gets a full grace: a network that heals does not bring them all in the
    /// same second. When the hold is over, who was held steps to `failing` now, and has the rest of its time before it
    /// is removed.
    fn release_held(
        &mut self,
        came_back: bool,
        now: u64,
        verdicts: &mut Vec<Verdict>,
        candidates: &mut Vec<Candidate>,
    ) {
        let mut released = Vec::new();
        for (id, track) in &mut self.tracks {
            let held = std::mem::take(&mut track.held);
            if held || came_back && track.silent.is_some() {
                let silent = if came_back {
                    0
                } else {
                    millis(track.cell.record().0.ttl)
                };
                track.floor = track.floor.max(now.saturating_sub(silent));
                released.push(id.clone());
            }
        }
        for id in released {
            self.look(&id, false, now, verdicts, candidates);
        }
    }

    /// Lets a step to `failing` or a removal pass all guards, or keeps it for later.
    pub(super) fn try_step(
        &mut self,
        candidate: Candidate,
        now: Now,
        sight: &Sight<'_>,
        verdicts: &mut Vec<Verdict>,
    ) {
        let Candidate {
            session: id,
            step,
            waited,
        } = candidate;
        if self.refused.is_some() {
            return self.schedule(&id, now.ms + ATTEMPT_MS);
        }
        let Some(track) = self.tracks.get_mut(&id).filter(|track| !track.busy) else {
            return;
        };
        if let Some(until) = self.silence.holds(track.silent) {
            track.held = true;
            return self.schedule(&id, until);
        }
        let pulse = track.cell.pulse().load(SeqCst);
        if pulse > track.seen {
            self.again.push(id);
            return;
        }
        let members = track.cell.members();
        let (demands, slow) = self.demands(&members, sight.census);
        if let Err(service) = self.pace.ask(now.ms, waited, &demands) {
            return self.wait(&id, &service, slow, now, sight.census, verdicts);
        }
        self.pass(&id, step, pulse, now.ms, verdicts);
    }

    /// What a step of these members asks of each service, and one unhealthy zone that makes it dearer.
    fn demands(
        &self,
        members: &[(InstanceKey, Arc<Member>)],
        census: &Mutex<Census>,
    ) -> (Vec<Demand>, Option<Zone>) {
        let census = census.lock();
        let zone = &self.config.zone;
        let mut demands: Vec<Demand> = Vec::new();
        let mut slow = None;
        for (key, member) in members
            .iter()
            .filter(|(_, member)| member.instance.ephemeral)
        {
            let unhealthy = Zone::of(member).filter(|at| census.zone(at).reaches(zone.percent));
            let cost = u64::from(unhealthy.as_ref().map_or(1, |_| zone.slowdown));
            slow = slow.or(unhealthy);
            match demands
                .iter_mut()
                .find(|demand| demand.service == key.service)
            {
                Some(demand) => demand.cost += cost,
                None => demands.push(Demand {
                    service: key.service.clone(),
                    cost,
                    size: census.service(&key.service),
                }),
            }
        }
        (demands, slow)
    }

    /// A session that waited for its turn waits no more; answers whether it did.
    pub(super) fn stop_waiting(&mut self, id: &SessionId) -> bool {
        let Some(track) = self.tracks.get_mut(id) else {
            return false;
        };
        if let Some(zone) = track.slowed.take()
            && let Some(count) = self.slowed.get_mut(&zone)
        {
            *count -= 1;
            if *count == 0 {
                self.slowed.remove(&zone);
            }
        }
        std::mem::take(&mut track.waiting)
    }

    /// Has a session wait for its turn in a service.
    fn wait(
        &mut self,
        id: &SessionId,
        service: &ServiceKey,
        slow: Option<Zone>,
        now: Now,
        census: &Mutex<Census>,
        verdicts: &mut Vec<Verdict>,
    ) {
        self.schedule(id, u64::MAX);
        if let Some(track) = self.tracks.get_mut(id) {
            track.waiting = true;
            track.slowed.clone_from(&slow);
        }
        self.pace.wait(service, id.clone());
        let rate = self.pace.rate_of(service);
        let services = || vec![service.clone()];
        let pace = self.holds.begin(HoldKey::Pace(service.clone()), now.wall, None, || Notice {
            reason: format_compact!(
                "held: more instances of {service} are due to fail or to be removed than {rate} a second"
            ),
            services: services(),
        });
        verdicts.extend(pace.map(Verdict::Hold));
        let Some(zone) = slow else { return };
        *self.slowed.entry(zone.clone()).or_default() += 1;
        let tally = census.lock().zone(&zone);
        let slowdown = self.config.zone.slowdown;
        let slowed = self
            .holds
            .begin(HoldKey::Zone(zone.clone()), now.wall, None, || Notice {
                reason: format_compact!(
                    "held: {} of {} instances in zone {zone} are unhealthy; \
                 further ones there are judged {slowdown} times more slowly",
                    tally.unhealthy,
                    tally.all
                ),
                services: services(),
            });
        verdicts.extend(slowed.map(Verdict::Hold));
    }

    pub(super) fn hold_down(&mut self, id: &SessionId, until: u64, now: Now) {
        let config = &self.config.flapping;
        let hold = Duration::from_millis(until - now.ms);
        let reason = format_compact!(
            "held: session {id} failed {} times in {:?}; it stays failing for {hold:?} although heartbeats come",
            config.times,
            config.window
        );
        let services = self.services_of(self.tracks.get(id));
        let begun = self
            .holds
            .begin(HoldKey::Flapping(id.clone()), now.wall, Some(until), || {
                Notice { reason, services }
            });
        self.notices.extend(begun.map(Verdict::Hold));
    }

    /// Ends the holds that nothing is held by any more.
    pub(super) fn end_holds(&mut self, now: u64, verdicts: &mut Vec<Verdict>) {
        let paced = |key: &HoldKey, _| matches!(key, HoldKey::Pace(_) | HoldKey::Zone(_));
        for key in self.holds.keys(paced) {
            let waiting = match &key {
                HoldKey::Pace(service) => self.pace.waiting(service),
                HoldKey::Zone(zone) => self.slowed.get(zone).copied().unwrap_or(0),
                _ => continue,
            };
            self.holds.affects(&key, waiting);
            if waiting == 0 {
                let ended = self
                    .holds
                    .end(&key, "resumed: nobody waits to be judged any more");
                verdicts.extend(ended.map(Verdict::Resume));
            }
        }
        let over = |key: &HoldKey, until: Option<u64>| {
            matches!(key, HoldKey::Flapping(_)) && until.is_some_and(|until| until <= now)
        };
        for key in self.holds.keys(over) {
            let ended = self
                .holds
                .end(&key, "resumed: the session is no longer held down");
            verdicts.extend(ended.map(Verdict::Resume));
        }
        if self.swept + SWEEP_MS <= now {
            self.swept = now;
            self.flapping.prune(now);
            self.tracks.shrink_to(self.tracks.len() * 2);
        }
    }

    fn services_of<'a>(&self, tracks: impl IntoIterator<Item = &'a Track>) -> Vec<ServiceKey> {
        let mut services = BTreeSet::new();
        for track in tracks {
            services.extend(track.cell.members().into_iter().map(|(key, _)| key.service));
            if services.len() >= EVENT_SERVICES_MAX {
                break;
            }
        }
        services.into_iter().take(EVENT_SERVICES_MAX).collect()
    }
}
