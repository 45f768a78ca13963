//! The one loop of liveness: ticks, and carries verdicts out.

use std::collections::VecDeque;
use std::sync::Arc;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use paste_model::SessionId;
use paste_store::CommitError;
use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior};

use super::Liveness;
use super::holds::Notice;
use super::judge::Settled;
use super::ticks::{Pacemaker, TICK};
use super::track::Step;
use super::verdict::{Judgement, Speaker, Verdict};
use crate::context::Context;

/// Most verdicts on their way to the store at once.
const IN_FLIGHT_MAX: usize = 1_000;

/// How a verdict was carried out.
enum Outcome {
    Judged(SessionId, Step, Settled),
    Told(Settled),
    Attempted(bool),
}

impl Liveness {
    /// Ticks until told to stop. What is on its way then is left to the next start, which finds it due again.
    pub(crate) async fn run(self: Arc<Self>, ctx: Arc<Context>, mut stop: watch::Receiver<bool>) {
        // The first tick comes after a whole period: one that took no time couldn't tell what came before it from what came
        // after.
        let mut interval = tokio::time::interval_at(Instant::now() + TICK, TICK);
        interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut pacemaker = Pacemaker::new(ctx.clock.now());
        let mut queue: VecDeque<Verdict> = VecDeque::new();
        let mut in_flight = FuturesUnordered::new();
        loop {
            while in_flight.len() < IN_FLIGHT_MAX
                && let Some(verdict) = queue.pop_front()
            {
                in_flight.push(carry_out(Arc::clone(&ctx), verdict));
            }
            tokio::select! {
                _ = stop.wait_for(|stop| *stop) => return,
                _ = interval.tick() => {
                    let gap = pacemaker.advance(&self.ticks, ctx.clock.now());
                    if !gap.is_zero() {
                        self.note_gap(gap);
                    }
                    queue.extend(self.tick(&ctx));
                }
                Some(outcome) = in_flight.next() => self.settle(&ctx, outcome),
            }
        }
    }

    fn tick(&self, ctx: &Context) -> Vec<Verdict> {
        self.decide(ctx.clock.wall(), &|id| ctx.catalog.session(id))
    }

    fn settle(&self, ctx: &Context, outcome: Outcome) {
        let now = self.now(ctx.clock.wall());
        let mut judge = self.judge.lock();
        match outcome {
            Outcome::Judged(session, step, settled) => judge.settle(&session, step, settled, now),
            Outcome::Told(Settled::Refused) => judge.suspend(now),
            Outcome::Attempted(true) => {
                tracing::info!("the store takes writes again; every session gets a full grace");
                judge.resume(now.ms);
            }
            Outcome::Told(_) | Outcome::Attempted(false) => {}
        }
    }
}

async fn carry_out(ctx: Arc<Context>, verdict: Verdict) -> Outcome {
    match verdict {
        Verdict::Step(judgement) => {
            let settled = judge(&ctx, &judgement).await;
            Outcome::Judged(judgement.cell.id().clone(), judgement.step, settled)
        }
        Verdict::Hold(notice) => {
            tracing::warn!(reason = %notice.reason, "expiry is held back");
            Outcome::Told(tell(&ctx, &notice).await)
        }
        Verdict::Resume(notice) => {
            tracing::info!(reason = %notice.reason, "a hold on expiry has ended");
            Outcome::Told(tell(&ctx, &notice).await)
        }
        Verdict::Attempt => {
            let notice = Notice {
                reason:
                    "resumed expiry: the store takes writes again; every session gets a full grace"
                        .into(),
                services: Vec::new(),
            };
            Outcome::Attempted(tell(&ctx, &notice).await == Settled::Done)
        }
    }
}

async fn judge(ctx: &Context, judgement: &Judgement) -> Settled {
    let speaker = Speaker {
        node: &ctx.node,
        at: ctx.clock.wall(),
    };
    for batch in judgement.batches(&speaker) {
        if judgement.overtaken() {
            return Settled::Again;
        }
        if let Err(error) = ctx.commit_as_node(batch).await {
            return settled(&error);
        }
    }
    Settled::Done
}

async fn tell(ctx: &Context, notice: &Notice) -> Settled {
    let speaker = Speaker {
        node: &ctx.node,
        at: ctx.clock.wall(),
    };
    for batch in notice.batches(&speaker) {
        if let Err(error) = ctx.commit_as_node(batch).await {
            return settled(&error);
        }
    }
    Settled::Done
}

fn settled(error: &CommitError) -> Settled {
    match error {
        CommitError::Conflict { .. } | CommitError::Busy => Settled::Again,
        CommitError::Unavailable(_)
        | CommitError::Unknown(_)
        | CommitError::Failed(_)
        | CommitError::Closed => Settled::Refused,
    }
}
