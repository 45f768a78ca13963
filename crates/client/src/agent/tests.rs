//! What the agent does when things go well and when they don't, against a registry that a test plays, in paused time.

mod fake;
mod registering;
mod streaming;

use std::time::Duration;

pub(super) use crate::client::Shared;

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}
