//! Trying a call, and trying it again at another instance: as often as the policy says, within its budget and its time.

use http::StatusCode;
use paste_model::Policy;
use paste_traffic::{Outcome, backoff};
use tokio::time::Instant;

use crate::ask::Ask;
use crate::error::{BoxError, CallError};
use crate::instance::Instance;
use crate::service::Service;

/// A try that has no answer.
pub(crate) struct Failed {
    pub(crate) source: BoxError,
    /// Whether it can't have had any effect: no connection was open.
    pub(crate) never_sent: bool,
}

/// A call that may take several tries.
pub(crate) struct Attempts<'a> {
    pub(crate) service: &'a Service,
    pub(crate) policy: &'a Policy,
    /// Whether it may be sent again after it may have had an effect.
    pub(crate) idempotent: bool,
    /// Whether it can be sent again at all.
    pub(crate) replayable: bool,
}

impl Attempts<'_> {
    /// Runs `send` with one instance after the other, until one answers or nothing may be tried any more.
    pub(crate) async fn run<R, F>(
        &self,
        mut ask: Ask,
        mut send: impl FnMut(&Instance) -> F,
    ) -> Result<R, CallError>
    where
        F: Future<Output = Result<(StatusCode, R), Failed>>,
    {
        let shared = &self.service.shared;
        let chooser = &self.service.copy.chooser;
        let deadline = Instant::now() + self.policy.timeouts.request;
        chooser.budget().deposit(shared.now());
        let mut retry = 0;
        let mut last = None;
        loop {
            let pick = match self.service.choose_now(&ask) {
                Ok(pick) => pick,
                Err(error) => return last.unwrap_or_else(|| Err(error.into())),
            };
            let instance = pick.instance();
            let tried = self.attempt(send(&instance), deadline).await;
            pick.ended(outcome(&tried));
            let again = self.may_be_sent_again(&tried);
            let answer = tried
                .map(|(_, answer)| answer)
                .map_err(|failed| self.error(&instance, failed, deadline));
            if !again || retry >= u32::from(self.policy.retries.max) {
                return answer;
            }
            let draw = &mut || shared.random().draw();
            let wait = backoff(&self.policy.retries, retry, draw);
            if Instant::now() + wait >= deadline
                || !chooser
                    .budget()
                    .withdraw(&self.policy.retries, shared.now())
            {
                return answer;
            }
            last = Some(answer);
            ask.tried(instance.member().id.clone());
            retry += 1;
            tokio::time::sleep(wait).await;
        }
    }

    /// One try, within its time.
    async fn attempt<R>(
        &self,
        sending: impl Future<Output = Result<(StatusCode, R), Failed>>,
        deadline: Instant,
    ) -> Result<(StatusCode, R), Failed> {
        let per_try = self
            .policy
            .timeouts
            .per_try
            .map(|limit| Instant::now() + limit);
        let until = per_try.map_or(deadline, |until| until.min(deadline));
        let sent = tokio::time::timeout_at(until, sending).await;
        sent.unwrap_or_else(|late| {
            Err(Failed {
                source: late.into(),
                never_sent: false,
            })
        })
    }

    fn may_be_sent_again<R>(&self, tried: &Result<(StatusCode, R), Failed>) -> bool {
        let harmless = match tried {
            Ok((status, _)) => {
                self.idempotent && self.policy.retries.statuses.contains(&status.as_u16())
            }
            Err(failed) => self.idempotent || failed.never_sent,
        };
        harmless && self.replayable
    }

    fn error(&self, instance: &Instance, failed: Failed, deadline: Instant) -> CallError {
        let service = self.service.name().to_owned();
        if Instant::now() >= deadline {
            return CallError::TimedOut {
                service,
                after: self.policy.timeouts.request,
            };
        }
        CallError::Failed {
            service,
            instance: format!("{} at {}", instance.id(), instance.authority()),
            source: failed.source,
        }
    }
}

fn outcome<R>(tried: &Result<(StatusCode, R), Failed>) -> Outcome {
    match tried {
        Ok((status, _)) if status.is_server_error() => Outcome::Failure,
        Ok((StatusCode::TOO_MANY_REQUESTS, _)) => Outcome::Overloaded,
        Ok(_) => Outcome::Success,
        Err(_) => Outcome::Failure,
    }
}
