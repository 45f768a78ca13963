//! An instance that was chosen for a call, and what became of it.

use std::sync::Arc;
use std::time::Duration;

use paste_model::Member;
use paste_traffic::Outcome;

use crate::hooks::Event;
use crate::instance::Instance;
use crate::service::Service;

/// An instance that was chosen. It counts as having a call in flight until [`Pick::done`], or until it is dropped, which
/// counts as success without a latency.
#[must_use = "a pick that is dropped counts as a call that succeeded"]
pub struct Pick {
    inner: paste_traffic::Pick,
    open: Open,
}

/// A call of which it isn't known yet what became of it.
struct Open {
    service: Service,
    at: Duration,
    /// Who is called, where somebody wants to hear of it.
    told: Option<Arc<Member>>,
    ended: bool,
}

impl Pick {
    pub(crate) fn new(service: Service, inner: paste_traffic::Pick, at: Duration) -> Self {
        let wanted = service.shared.hooks().are_wanted();
        let told = wanted.then(|| Arc::clone(inner.member()));
        Self {
            inner,
            open: Open {
                service,
                at,
                told,
                ended: false,
            },
        }
    }

    /// The instance.
    pub fn instance(&self) -> Instance {
        Instance(Arc::clone(self.inner.member()))
    }

    /// Says what became of the call, which steers later choices.
    pub fn done(self, outcome: Outcome, latency: Duration) {
        let now = self.open.service.shared.now();
        self.report(outcome, latency, now);
    }

    /// The same; the call began when the instance was chosen, and ends now.
    pub fn ended(self, outcome: Outcome) {
        let now = self.open.service.shared.now();
        let latency = now.saturating_sub(self.open.at);
        self.report(outcome, latency, now);
    }

    fn report(self, outcome: Outcome, latency: Duration, now: Duration) {
        let Self { inner, mut open } = self;
        let chooser = &open.service.copy.chooser;
        chooser.report(inner, outcome, Some(latency), now);
        open.end(outcome == Outcome::Success, Some(latency));
        open.service.tell_ejections();
    }
}

impl Open {
    fn end(&mut self, success: bool, latency: Option<Duration>) {
        self.ended = true;
        self.service.copy.calls.add(!success, latency);
        if let Some(member) = &self.told {
            self.service.shared.hooks().tell(&Event::Called {
                service: self.service.name(),
                id: member.id.as_str(),
                success,
                latency,
            });
        }
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        // The chooser hears of it from what it gave out.
        if !self.ended {
            self.end(true, None);
        }
    }
}

impl std::fmt::Debug for Pick {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Pick").field(&self.instance()).finish()
    }
}
