//! What a heartbeat says.

use std::sync::Arc;
use std::time::Duration;

use paste_api::{CallReport, Heartbeat};

use crate::calls::Counted;
use crate::copy::{LocalCopy, ServiceCopy};
use crate::served::Served;

/// Called services that one heartbeat tells of; the others wait for the next.
const SERVICES_MAX: usize = 100;

/// What was taken to be told, so that it can be put back.
pub(crate) struct Report {
    served: Served,
    calls: Vec<(Arc<ServiceCopy>, Counted)>,
    body: Heartbeat,
}

impl Report {
    /// Takes what there is to tell.
    pub(crate) fn take(copy: &LocalCopy, served: &Served, cpu: Option<f64>) -> Self {
        let mut calls = Vec::new();
        for service in copy.services() {
            if calls.len() == SERVICES_MAX {
                break;
            }
            if let Some(counted) = service.calls.take() {
                calls.push((service, counted));
            }
        }
        let served_now = served.take();
        let told = |(service, counted): &(Arc<ServiceCopy>, Counted)| CallReport {
            service: service.name().to_owned(),
            count: bounded(counted.count),
            errors: bounded(counted.errors),
            latency: counted.latency.iter().copied().map(bounded).collect(),
        };
        Self {
            served: served.clone(),
            body: Heartbeat {
                cpu,
                in_flight: served_now.map(|(in_flight, ..)| in_flight),
                requests: served_now.map(|(_, requests, _)| requests),
                errors: served_now.map(|(.., errors)| errors),
                calls: calls.iter().map(told).collect(),
            },
            calls,
        }
    }

    /// The body of the heartbeat.
    pub(crate) fn encode(&self) -> bytes::Bytes {
        crate::link::encode(&self.body)
    }

    /// It wasn't taken: the next one tells it again.
    pub(crate) fn put_back(self) {
        for (service, counted) in &self.calls {
            service.calls.put_back(counted);
        }
        if let (Some(requests), Some(errors)) = (self.body.requests, self.body.errors) {
            self.served.put_back(requests, errors);
        }
    }
}

/// What is beyond the wire's numbers is as good as their last.
fn bounded(count: u64) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// The share of the machine's processors that this process uses.
#[derive(Debug, Default)]
pub(crate) struct Processor {
    last: Option<(Duration, Duration)>,
}

impl Processor {
    /// The share since the last time that this was asked, 0 to 1.
    pub(crate) fn share(&mut self, now: Duration) -> Option<f64> {
        let used = used()?;
        let (then, before) = self.last.replace((now, used))?;
        let elapsed = now.checked_sub(then).filter(|elapsed| !elapsed.is_zero())?;
        let processors = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let processors = f64::from(u32::try_from(processors).unwrap_or(u32::MAX));
        let share = used.saturating_sub(before).as_secs_f64() / elapsed.as_secs_f64() / processors;
        Some(share.clamp(0.0, 1.0))
    }
}

/// Time of processors that this process has used.
#[cfg(unix)]
fn used() -> Option<Duration> {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    let seconds = u64::try_from(time.tv_sec).ok()?;
    let nanos = u32::try_from(time.tv_nsec).ok()?;
    Some(Duration::new(seconds, nanos))
}

#[cfg(not(unix))]
fn used() -> Option<Duration> {
    None
}
