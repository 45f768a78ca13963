//! The one loop of the probes: sends what is due, takes results in, writes verdicts.

use std::sync::Arc;
use std::time::{Duration, Instant};

use compact_str::CompactString;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use paste_model::{
    Batch, Cause, CauseKind, Change, Expect, Health, HealthState, Key, Principal, Record,
    ServiceKey,
};
use tokio::sync::watch;
use tokio::time::MissedTickBehavior;

use super::network::{Failure, Network, Wire};
use super::schedule::{Launch, Write};
use super::suspicion::Notice;
use super::target::Guard;
use super::{Changed, Prober};
use crate::context::Context;

/// Time between two looks at what is due.
const TICK: Duration = Duration::from_millis(100);
/// Most verdicts on their way to the store at once.
const WRITES_MAX: usize = 256;

impl Prober {
    /// Probes until told to stop.
    pub(crate) async fn run(self: Arc<Self>, ctx: Arc<Context>, stop: watch::Receiver<bool>) {
        let wire = Wire(Guard {
            loopback: self.config.loopback,
            forbidden: self.config.forbidden.clone(),
        });
        self.run_over(wire, ctx, stop).await;
    }

    /// The same over any network.
    pub(super) async fn run_over(
        &self,
        network: impl Network,
        ctx: Arc<Context>,
        mut stop: watch::Receiver<bool>,
    ) {
        let start = ctx.clock.now();
        let mut interval = tokio::time::interval(TICK);
        interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut probes = FuturesUnordered::new();
        let mut writes = FuturesUnordered::new();
        let mut waiting = Vec::new();
        let mut notices = FuturesUnordered::new();
        loop {
            while writes.len() < WRITES_MAX
                && let Some(write) = waiting.pop()
            {
                writes.push(commit(&ctx, write));
            }
            tokio::select! {
                _ = stop.wait_for(|stop| *stop) => return,
                _ = interval.tick() => {
                    let now = since(start, &ctx);
                    self.take_in(now);
                    let due = self.schedule.lock().tick(now, ctx.clock.wall());
                    waiting.extend(due.writes);
                    notices.extend(due.notice.map(|notice| tell(&ctx, notice)));
                    probes.extend(due.launches.into_iter().map(|launch| send(&network, launch)));
                }
                Some((probe, result)) = probes.next() => {
                    self.schedule.lock().finish(probe, result, since(start, &ctx));
                }
                Some((write, done)) = writes.next() => {
                    self.schedule.lock().written(write, done, since(start, &ctx));
                }
                Some(()) = notices.next() => {}
            }
        }
    }

    fn take_in(&self, now: Duration) {
        let Changed { reset, members } = std::mem::take(&mut *self.changed.lock());
        let mut schedule = self.schedule.lock();
        if reset {
            schedule.clear();
        }
        for (key, member) in &members {
            schedule.follow(key, member.as_ref(), now);
        }
    }
}

fn since(start: Instant, ctx: &Context) -> Duration {
    ctx.clock.now().saturating_duration_since(start)
}

async fn send(network: &impl Network, launch: Launch) -> (u64, Result<(), Failure>) {
    (launch.probe, network.probe(launch.request).await)
}

/// Writes a verdict; one on an instance that is gone in the meantime comes to nothing.
async fn commit(ctx: &Context, write: Write) -> (Write, bool) {
    let at = ctx.clock.wall();
    let record = match &write.fails {
        None => Change::Delete(Key::Check(write.target.clone())),
        Some(reason) => {
            let health = Health {
                state: HealthState::Failing,
                reason: reason.clone(),
                observer: CompactString::new(ctx.node.as_str()),
                since: at,
            };
            Change::Put(Record::Check(write.target.clone(), health))
        }
    };
    let reason = write
        .fails
        .clone()
        .unwrap_or_else(|| "its checks pass".into());
    let batch = Batch {
        expect: vec![(Key::Instance(write.target.clone()), Expect::Present)],
        changes: vec![record],
        cause: cause(ctx, CauseKind::Probe, reason, None),
    };
    let done = ctx.commit_as_node(batch).await;
    if let Err(error) = &done {
        tracing::debug!(target = %write.target, %error, "a probe's verdict was not written");
    }
    (write, done.is_ok())
}

async fn tell(ctx: &Context, notice: Notice) {
    if notice.begins {
        tracing::warn!(reason = %notice.reason, "probes are silent");
    } else {
        tracing::info!(reason = %notice.reason, "probes speak again");
    }
    for service in notice.services {
        let batch = Batch {
            expect: Vec::new(),
            changes: Vec::new(),
            cause: cause(ctx, CauseKind::Guard, notice.reason.clone(), Some(service)),
        };
        if let Err(error) = ctx.commit_as_node(batch).await {
            tracing::warn!(%error, "an event was not written");
            return;
        }
    }
}

fn cause(
    ctx: &Context,
    kind: CauseKind,
    reason: CompactString,
    about: Option<ServiceKey>,
) -> Cause {
    Cause {
        kind,
        at: ctx.clock.wall(),
        by: Principal::node(&ctx.node),
        reason,
        about,
    }
}
