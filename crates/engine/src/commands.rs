//! Writes: each command checks who asks, plans a batch against the view, commits it, and answers with what is stored.
//!
//! A plan is made against a view that may be a moment old, so every plan says what it took for granted; where that has
//! changed, the store refuses, and the plan is made anew.

mod batch;
mod instances;
mod namespaces;
mod overrides;
mod plan;
mod policies;
mod services;
mod sessions;
mod tokens;

pub use batch::{BatchItem, Outcome};
use paste_model::{Batch, Cause, CauseKind, Revision};
use paste_store::CommitError;
use plan::{Plan, Step};
pub use policies::{PolicyTerms, RecordedPolicy};
pub(crate) use sessions::require_creator;

use crate::{Caller, Engine, EngineError};

/// How often a plan is made anew because somebody else was faster.
pub(crate) const ATTEMPTS_MAX: usize = 8;

/// Something stored, and whether it is new.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored<T> {
    /// Whether there was none before.
    pub created: bool,
    /// What is stored now.
    pub value: T,
}

impl Engine {
    /// Plans and commits until no other write comes in between. A failed condition of the client's own is final.
    async fn carry_out<T>(
        &self,
        caller: &Caller,
        conditional: bool,
        plan: impl Fn() -> Result<Step<T>, EngineError>,
    ) -> Result<(T, Option<Revision>), EngineError> {
        let mut attempts = 1;
        loop {
            let (plan, answer) = match plan()? {
                Step::Done(answer) => return Ok((answer, None)),
                Step::Commit(plan, answer) => (plan, answer),
            };
            match self.context().commit(self.batch_of(caller, plan)).await {
                Ok(revision) => return Ok((answer, Some(revision))),
                Err(CommitError::Conflict { found, .. })
                    if !conditional && attempts < ATTEMPTS_MAX =>
                {
                    attempts += 1;
                    // The view has to show what was in the way before a new plan can be any better.
                    self.context().see(found.unwrap_or_default()).await?;
                    tokio::task::yield_now().await;
                }
                Err(error) => return Err(error.into()),
            }
        }
    }

    fn batch_of(&self, caller: &Caller, plan: Plan) -> Batch {
        Batch {
            expect: plan.expect,
            changes: plan.changes,
            cause: Cause {
                kind: CauseKind::Request,
                at: self.context().clock.wall(),
                by: caller.principal().clone(),
                reason: plan.reason,
                about: None,
            },
        }
    }
}
