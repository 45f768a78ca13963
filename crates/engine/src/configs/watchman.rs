//! Watches over trials: what its receivers can't live with is taken back without anybody's doing.

use std::time::Duration;

use compact_str::{CompactString, format_compact};
use paste_model::{ConfigKey, Gray, HealthState, ReleaseNumber};
use tokio::sync::watch;

use super::receivers::Subscriber;
use crate::Engine;

/// How often trials are looked at, beside when somebody reports a failure.
const LOOK: Duration = Duration::from_secs(1);
/// How long after it began, or was widened, a trial is judged by how its receivers fare.
const JUDGED_FOR: Duration = Duration::from_secs(5 * 60);
/// How much larger the share of failing receivers may be than among the others, in points of a hundred.
const POINTS_MAX: usize = 10;

/// Looks at the trials until told to stop.
pub(crate) async fn run(engine: Engine, mut stop: watch::Receiver<bool>) {
    loop {
        tokio::select! {
            () = tokio::time::sleep(LOOK) => {}
            () = engine.configs().receivers.failed.notified() => {}
            _ = stop.wait_for(|stop| *stop) => return,
        }
        let trials: Vec<ConfigKey> = engine.configs().trials.lock().iter().cloned().collect();
        for key in trials {
            let Some(item) = engine.config_item(&key) else {
                continue;
            };
            let Some(gray) = &item.item.gray else {
                continue;
            };
            if let Some(why) = engine.verdict(&key, gray) {
                engine.abort_by_itself(&key, gray.release, why).await;
            }
        }
    }
}

impl Engine {
    /// Why a trial has to end, if it has to.
    fn verdict(&self, key: &ConfigKey, gray: &Gray) -> Option<CompactString> {
        let subscribers = self.subscribers(key);
        if let Some(why) = could_not_apply(&subscribers, gray.release) {
            return Some(why);
        }
        if self.context().clock.wall().since(gray.since) > JUDGED_FOR {
            return None;
        }
        let share = |on_trial: bool| {
            let among: Vec<_> = subscribers
                .iter()
                .filter(|one| one.on_trial == on_trial)
                .collect();
            let failing = among.iter().filter(|one| self.is_failing(one)).count();
            (failing * 100).checked_div(among.len()).unwrap_or_default()
        };
        let (tried, rest) = (share(true), share(false));
        (tried >= rest + POINTS_MAX).then(|| {
            format_compact!(
                "{tried} % of those who have it are failing, and {rest} % of the others"
            )
        })
    }

    fn is_failing(&self, subscriber: &Subscriber) -> bool {
        let session = subscriber.session.as_ref();
        let cell = session.and_then(|session| self.catalog().session(session.as_str()));
        cell.is_some_and(|cell| {
            let mut members = cell.members().into_iter();
            members.any(|(_, member)| member.health() == HealthState::Failing)
        })
    }
}

fn could_not_apply(subscribers: &[Subscriber], release: ReleaseNumber) -> Option<CompactString> {
    subscribers.iter().find_map(|subscriber| {
        let ack = subscriber
            .ack
            .as_ref()
            .filter(|ack| ack.release == release)?;
        let error = ack.error.as_ref()?;
        let who = subscriber
            .session
            .as_ref()
            .map_or("a receiver", |session| session.as_str());
        let mut why = format_compact!("{who} could not apply it: {error}");
        let mut end = why.len().min(paste_model::limits::TEXT_BYTES_MAX);
        while !why.is_char_boundary(end) {
            end -= 1;
        }
        why.truncate(end);
        Some(why)
    })
}
