//! Heartbeats, and the clean end of a process.

use paste_catalog::SessionCell;
use paste_model::{Expect, Key, Principal, Record, Role, Session, SessionId};

use super::{Plan, Step};
use crate::cluster::HERE;
use crate::{Caller, Engine, EngineError, LoadReport, Registration, StreamGuard};

/// Most instances that one batch removes when a session ends: it expects something of each.
const REMOVED_TOGETHER_MAX: usize = paste_store::EXPECTATIONS_MAX;

impl Engine {
    /// Renews a session. Commits nothing; the load and call counts it may carry are kept in memory.
    pub fn heartbeat_session(
        &self,
        caller: &Caller,
        session: &str,
        report: Option<LoadReport>,
    ) -> Result<(), EngineError> {
        let renewed = self.renew(caller, session, report);
        renewed.unwrap_or_else(|| Err(EngineError::unregistered("session", session)))
    }

    /// Renews the session of an instance. A persistent instance without a session has none to renew.
    pub fn heartbeat_instance(
        &self,
        caller: &Caller,
        namespace: &str,
        service: &str,
        instance: &str,
    ) -> Result<(), EngineError> {
        let unregistered = || {
            EngineError::unregistered("instance", format_args!("{namespace}/{service}/{instance}"))
        };
        let snapshot = self
            .catalog()
            .service(namespace, service)
            .ok_or_else(unregistered)?;
        caller.require(Role::Register, snapshot.key())?;
        let member = snapshot.member(instance).ok_or_else(unregistered)?;
        let Some(session) = &member.instance.session else {
            return Ok(());
        };
        let renewed = self.renew(caller, session.as_str(), None);
        renewed.unwrap_or_else(|| Err(unregistered()))
    }

    /// Renews a session for its creator; `None` where there is none of that name.
    fn renew(
        &self,
        caller: &Caller,
        session: &str,
        report: Option<LoadReport>,
    ) -> Option<Result<(), EngineError>> {
        self.catalog().with_session(session, |cell| {
            require_creator(self, caller, cell)?;
            self.hear(cell, report);
            Ok(())
        })
    }

    /// A session gave a sign of life to this node, whichever watches over it.
    pub(super) fn hear(&self, cell: &SessionCell, report: Option<LoadReport>) {
        self.liveness().renew(cell);
        if let Some(report) = report {
            self.loads_board().report(cell.id(), report);
        }
        if let Some(cluster) = self.cluster() {
            self.liveness().note_ear(cell, HERE);
            if report.is_some() || !self.liveness().watches(cell) {
                cluster.heard(cell.id(), report);
            }
        }
    }

    /// Ends a session: removes the instances whose record still names it, and says how many.
    pub async fn end_session(
        &self,
        caller: &Caller,
        session: &SessionId,
    ) -> Result<usize, EngineError> {
        let mut removed = 0;
        loop {
            let ((count, more), _) = self
                .carry_out(caller, false, || {
                    self.plan_end(caller, session, removed > 0)
                })
                .await?;
            removed += count;
            if !more {
                return Ok(removed);
            }
        }
    }

    /// Has a stream speak for a session: as long as the guard lives, the stream is open. Opening one is a sign of life.
    pub fn open_stream(
        &self,
        caller: &Caller,
        session: &SessionId,
    ) -> Result<StreamGuard, EngineError> {
        let cell = self
            .catalog()
            .session(session.as_str())
            .ok_or_else(|| EngineError::unregistered("session", session))?;
        require_creator(self, caller, &cell)?;
        self.hear(&cell, None);
        Ok(self.liveness().open_stream(session))
    }

    fn plan_end(
        &self,
        caller: &Caller,
        id: &SessionId,
        begun: bool,
    ) -> Result<Step<(usize, bool)>, EngineError> {
        let Some(cell) = self.catalog().session(id.as_str()) else {
            // Once the last instance is gone, so is the session.
            return if begun {
                Ok(Step::Done((0, false)))
            } else {
                Err(EngineError::not_registered("session", id))
            };
        };
        require_creator(self, caller, &cell)?;
        let members = cell.members();
        let mut plan = Plan {
            reason: "session ended".into(),
            ..Plan::default()
        };
        for (key, member) in members.iter().take(REMOVED_TOGETHER_MAX) {
            plan.remove(key, member, Expect::At(member.revision));
        }
        let more = members.len() > REMOVED_TOGETHER_MAX;
        if !more && cell.record().1.is_some() {
            plan.delete(Key::Session(id.clone()));
        }
        let count = members.len().min(REMOVED_TOGETHER_MAX);
        Ok(Step::Commit(plan, (count, more)))
    }
}

/// Refuses unless the caller may use the session.
pub(crate) fn require_creator(
    engine: &Engine,
    caller: &Caller,
    cell: &SessionCell,
) -> Result<(), EngineError> {
    if engine.may_use(caller, cell) {
        return Ok(());
    }
    let owner = &cell.record().0.principal;
    Err(EngineError::Forbidden {
        needed: Role::Register,
        detail: format!("session {} belongs to {owner}", cell.id()),
    })
}

impl Engine {
    /// Whether the caller may use a session: whoever created it may, and once nobody can act as its creator any more (a
    /// token that was deleted, or no token where one is needed now), whoever may register all that is in it.
    pub(super) fn may_use(&self, caller: &Caller, cell: &SessionCell) -> bool {
        if cell.belongs_to(caller.principal()) {
            return true;
        }
        let (session, _) = cell.record();
        let members = || cell.members().into_iter();
        self.is_orphaned(&session.principal)
            && members().all(|(key, _)| caller.may(Role::Register, &key.service))
    }

    /// Plans that `caller` uses the session `id` as `registration` wants it. One that was taken over is the caller's from then
    /// on; one whose record would say nothing but the defaults has none.
    pub(super) fn use_session(
        &self,
        plan: &mut Plan,
        caller: &Caller,
        id: &SessionId,
        registration: &Registration,
    ) -> Result<(), EngineError> {
        let cell = self.catalog().session(id.as_str());
        let existing = cell.as_ref().map(|cell| cell.record());
        if let (Some(cell), Some((session, _))) = (&cell, &existing)
            && !self.may_use(caller, cell)
        {
            return Err(EngineError::Conflict {
                code: "session-taken",
                detail: format!(
                    "session {id} belongs to {}; choose another name",
                    session.principal
                ),
            });
        }
        let revision = existing.as_ref().and_then(|(_, revision)| *revision);
        let existing = existing.map(|(session, _)| session);
        let wanted = registration.session(caller.principal(), existing.as_deref())?;
        plan.expect(
            Key::Session(id.clone()),
            revision.map_or(Expect::Absent, Expect::At),
        );
        if wanted == existing.as_deref().cloned().unwrap_or_default() {
            return Ok(());
        }
        if wanted == Session::default() {
            plan.delete(Key::Session(id.clone()));
        } else {
            plan.put(Record::Session(id.clone(), wanted));
        }
        Ok(())
    }

    /// Whether nobody can act as `principal` any more, for the sake of those who hold a token.
    fn is_orphaned(&self, principal: &Principal) -> bool {
        match principal.token_name() {
            Some(name) => !self.catalog().has_token(name),
            None => *principal == Principal::anonymous(),
        }
    }
}
