//! Many registrations and deregistrations in one request.
//!
//! Items that stand for themselves are handed to the store one after the other, and then waited for together: the store
//! commits them in a few groups, and the view is waited for once.

use std::collections::HashSet;
use std::sync::Arc;

use paste_model::limits::{ATOMIC_ITEMS_MAX, BATCH_ITEMS_MAX};
use paste_model::{Instance, InstanceKey, Member, Revision, Role};
use paste_store::{Commit, CommitError};

use super::{ATTEMPTS_MAX, Plan, Step, Stored};
use crate::{Caller, Engine, EngineError, Registration};

/// One item of a batch.
#[derive(Debug, Clone)]
pub enum BatchItem {
    /// Register an instance.
    Register {
        /// Which.
        key: InstanceKey,
        /// How.
        registration: Box<Registration>,
    },
    /// Deregister an instance.
    Deregister {
        /// Which.
        key: InstanceKey,
    },
}

impl BatchItem {
    fn key(&self) -> &InstanceKey {
        match self {
            Self::Register { key, .. } | Self::Deregister { key } => key,
        }
    }
}

/// What became of an item.
#[derive(Debug, Clone)]
pub enum Outcome {
    /// The instance is registered.
    Registered(Stored<Arc<Member>>),
    /// The instance is gone.
    Deregistered,
}

impl Engine {
    /// Carries out up to [`BATCH_ITEMS_MAX`] items, each with an outcome of its own; or, if `atomic`, up to
    /// [`ATOMIC_ITEMS_MAX`] items that succeed or fail together.
    pub async fn batch(
        &self,
        caller: &Caller,
        items: Vec<BatchItem>,
        atomic: bool,
    ) -> Result<Vec<Result<Outcome, EngineError>>, EngineError> {
        let (limit, name) = if atomic {
            (ATOMIC_ITEMS_MAX, "atomic_items_max")
        } else {
            (BATCH_ITEMS_MAX, "batch_items_max")
        };
        let invalid = |detail| EngineError::Invalid {
            field: "items".to_owned(),
            detail,
        };
        if items.len() > limit {
            return Err(invalid(format!(
                "has {} entries; the limit ({name}) is {limit}",
                items.len()
            )));
        }
        if atomic {
            let mut seen = HashSet::new();
            if let Some(twice) = items.iter().find(|item| !seen.insert(item.key())) {
                return Err(invalid(format!(
                    "instance {} stands twice in an atomic batch",
                    twice.key()
                )));
            }
            return self.batch_atomic(caller, &items).await;
        }
        Ok(self.batch_apart(caller, items).await)
    }

    /// Carries out each item by itself: in rounds, as an item may find that another was faster. A round in which no item
    /// comes to an end is an attempt in vain.
    async fn batch_apart(
        &self,
        caller: &Caller,
        items: Vec<BatchItem>,
    ) -> Vec<Result<Outcome, EngineError>> {
        let mut outcomes: Vec<Option<_>> = items.iter().map(|_| None).collect();
        let mut left: Vec<usize> = (0..items.len()).collect();
        let mut attempts = 1;
        while !left.is_empty() {
            let round = self.begin(caller, &items, std::mem::take(&mut left));
            let mut newest = Revision::ZERO;
            let mut ended = Vec::with_capacity(round.len());
            for (place, begun) in round {
                let answer = match begun {
                    Begun::Refused(error) => Err(error),
                    Begun::Nothing(registered) => Ok((registered, None)),
                    Begun::Later => {
                        left.push(place);
                        continue;
                    }
                    Begun::Handed(registered, commit) => match self.settled(commit).await {
                        Err(CommitError::Conflict { found, .. }) if attempts < ATTEMPTS_MAX => {
                            newest = newest.max(found.unwrap_or_default());
                            left.push(place);
                            continue;
                        }
                        Ok(revision) => Ok((registered, Some(revision))),
                        Err(error) => Err(error.into()),
                    },
                };
                if let Ok((_, Some(revision))) = &answer {
                    newest = newest.max(*revision);
                }
                ended.push((place, answer));
            }
            // What is committed is committed, shown or not.
            let _behind = self.context().see(newest).await.is_err();
            attempts += usize::from(ended.is_empty());
            for (place, answer) in ended {
                outcomes[place] = Some(answer.map(|(registered, revision)| {
                    self.outcome(items[place].key(), registered, revision)
                }));
            }
        }
        outcomes.into_iter().flatten().collect()
    }

    async fn settled(&self, commit: Commit) -> Result<Revision, CommitError> {
        let committed = commit.await;
        self.context().commits.note(&committed);
        committed
    }

    /// Plans the items at `places` and hands them to the store.
    fn begin(
        &self,
        caller: &Caller,
        items: &[BatchItem],
        places: Vec<usize>,
    ) -> Vec<(usize, Begun)> {
        let mut sessions = HashSet::new();
        let mut begin = |item: &BatchItem| -> Result<Begun, EngineError> {
            let registration = settled(caller, item)?;
            let step = self.plan_item(caller, item, registration.as_ref())?;
            let registered = |new| registration.map(|registration| (registration.instance, new));
            Ok(match step {
                Step::Done(new) => Begun::Nothing(registered(new)),
                // It would only be refused.
                Step::Commit(plan, _) if !plan.sessions().all(|id| sessions.insert(id.clone())) => {
                    Begun::Later
                }
                Step::Commit(plan, new) => {
                    let commit = self.context().store.commit(self.batch_of(caller, plan));
                    Begun::Handed(registered(new), commit)
                }
            })
        };
        places
            .into_iter()
            .map(|place| {
                let begun = begin(&items[place]);
                (place, begun.unwrap_or_else(Begun::Refused))
            })
            .collect()
    }

    async fn batch_atomic(
        &self,
        caller: &Caller,
        items: &[BatchItem],
    ) -> Result<Vec<Result<Outcome, EngineError>>, EngineError> {
        let registrations: Vec<_> = items
            .iter()
            .map(|item| settled(caller, item))
            .collect::<Result<_, _>>()?;
        let (created, revision) = self
            .carry_out(caller, false, || {
                self.plan_atomic(caller, items, &registrations)
            })
            .await?;
        Ok(items
            .iter()
            .zip(registrations)
            .zip(created)
            .map(|((item, registration), new)| {
                let registered = registration.map(|registration| (registration.instance, new));
                Ok(self.outcome(item.key(), registered, revision))
            })
            .collect())
    }

    fn plan_atomic(
        &self,
        caller: &Caller,
        items: &[BatchItem],
        registrations: &[Option<Registration>],
    ) -> Result<Step<Vec<bool>>, EngineError> {
        let mut whole = Plan::default();
        let mut created = Vec::with_capacity(items.len());
        for (item, registration) in items.iter().zip(registrations) {
            match self.plan_item(caller, item, registration.as_ref())? {
                Step::Done(new) => created.push(new),
                Step::Commit(plan, new) => {
                    created.push(new);
                    whole.absorb(plan);
                }
            }
        }
        whole.settle_sessions();
        Ok(if whole.changes.is_empty() {
            Step::Done(created)
        } else {
            Step::Commit(whole, created)
        })
    }

    /// Plans an item; answers whether it is new.
    fn plan_item(
        &self,
        caller: &Caller,
        item: &BatchItem,
        registration: Option<&Registration>,
    ) -> Result<Step<bool>, EngineError> {
        match registration {
            Some(registration) => self.plan_register(caller, item.key(), registration, None),
            None => Ok(match self.plan_deregister(caller, item.key(), None)? {
                Step::Commit(plan, ()) => Step::Commit(plan, false),
                Step::Done(()) => Step::Done(false),
            }),
        }
    }

    fn outcome(
        &self,
        key: &InstanceKey,
        registered: Registered,
        revision: Option<Revision>,
    ) -> Outcome {
        match registered {
            Some((instance, created)) => Outcome::Registered(Stored {
                created,
                value: self.registered(key, &instance, revision),
            }),
            None => Outcome::Deregistered,
        }
    }
}

/// What an item registers, and whether it is new; `None`: it deregisters.
type Registered = Option<(Arc<Instance>, bool)>;

/// An item on its way.
enum Begun {
    Refused(EngineError),
    /// All is as it asks for.
    Nothing(Registered),
    /// An item before it writes the same session's record: it waits for the next round.
    Later,
    Handed(Registered, Commit),
}

/// The registration of an item as it will be stored, if it is one, and if `caller` may ask for it.
fn settled(caller: &Caller, item: &BatchItem) -> Result<Option<Registration>, EngineError> {
    caller.require(Role::Register, &item.key().service)?;
    match item {
        BatchItem::Register { key, registration } => {
            registration.validate(key)?;
            Ok(Some(Registration::clone(registration).settled(key)))
        }
        BatchItem::Deregister { .. } => Ok(None),
    }
}
