//! What a client is started with.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use http::HeaderValue;
use paste_model::Label;

use crate::clock::{Clock, Random, SystemClock, ThreadRandom};
use crate::error::ConnectError;
use crate::hooks::Hooks;
use crate::registration::TTL;
use crate::transport::{Transport, Trust};

/// Variable with the addresses, comma-separated.
const URL_VARIABLE: &str = "PASTE_REGISTRY_URL";
/// Variable with the access token.
const TOKEN_VARIABLE: &str = "PASTE_REGISTRY_TOKEN";
/// Where a registry is on a developer's machine.
const URL_DEFAULT: &str = "http://127.0.0.1:7750";
/// The longest time for closing.
const CLOSE_TIMEOUT_MAX: Duration = Duration::from_secs(60 * 60);

/// How a client is started. The default reads the environment:
///
/// ```
/// let options = paste_registry_client::Options {
///     zone: Some("eu-1a".to_owned()),
///     ..Default::default()
/// };
/// # let _ = options;
/// ```
#[derive(Clone)]
pub struct Options {
    /// Nodes of one registry; `PASTE_REGISTRY_URL` (comma-separated), else `http://127.0.0.1:7750`.
    pub urls: Vec<String>,
    /// The access token; `PASTE_REGISTRY_TOKEN`, else none.
    pub token: Option<String>,
    /// The namespace; `default`.
    pub namespace: String,
    /// The zone that this process runs in: for choosing what is near, and for its registrations.
    pub zone: Option<String>,
    /// The region that this process runs in.
    pub region: Option<String>,
    /// What this process says of itself, for gray releases of configuration.
    pub labels: Vec<(String, String)>,
    /// Where the copy is kept for a start without the registry; nowhere.
    pub snapshot_folder: Option<PathBuf>,
    /// Time between two heartbeats, give or take 10 %; 5 s. Less than the 15 s after which silence counts as failure.
    pub heartbeat: Duration,
    /// The time of each request to the registry but the stream; 5 s.
    pub request_timeout: Duration,
    /// Time between `draining` and the end of the session; 2 s. Less than the time for closing.
    pub drain_delay: Duration,
    /// The time for closing, the drain delay included; 10 s, at most an hour.
    pub close_timeout: Duration,
    /// Whom to trust under TLS, at the registry and at instances.
    pub trust: Trust,
    /// Who is told what happens.
    pub hooks: Hooks,
    /// In place of the transport over hyper.
    pub transport: Option<Arc<dyn Transport>>,
    /// The clock, for tests.
    pub clock: Arc<dyn Clock>,
    /// The source of randomness, for tests.
    pub random: Arc<dyn Random>,
}

impl Default for Options {
    fn default() -> Self {
        let variable = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
        let urls = variable(URL_VARIABLE).unwrap_or_else(|| URL_DEFAULT.to_owned());
        Self {
            urls: urls.split(',').map(|url| url.trim().to_owned()).collect(),
            token: variable(TOKEN_VARIABLE),
            namespace: "default".to_owned(),
            zone: None,
            region: None,
            labels: Vec::new(),
            snapshot_folder: None,
            heartbeat: Duration::from_secs(5),
            request_timeout: Duration::from_secs(5),
            drain_delay: Duration::from_secs(2),
            close_timeout: Duration::from_secs(10),
            trust: Trust::default(),
            hooks: Hooks::default(),
            transport: None,
            clock: Arc::new(SystemClock::default()),
            random: Arc::new(ThreadRandom),
        }
    }
}

impl std::fmt::Debug for Options {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Options")
            .field("urls", &self.urls)
            .field("namespace", &self.namespace)
            .field("zone", &self.zone)
            .field("region", &self.region)
            .finish_non_exhaustive()
    }
}

impl Options {
    /// The zone and region that choices are made from.
    pub(crate) fn caller(&self) -> Result<paste_traffic::Caller, ConnectError> {
        let label = |option, text: &Option<String>| {
            let label = text
                .as_deref()
                .map(|text| Label::new(option, text))
                .transpose();
            label.map_err(|error| unfit(option, &error))
        };
        Ok(paste_traffic::Caller {
            zone: label("zone", &self.zone)?,
            region: label("region", &self.region)?,
        })
    }

    pub(crate) fn authorization(&self) -> Result<Option<HeaderValue>, ConnectError> {
        let value = self
            .token
            .as_ref()
            .map(|token| HeaderValue::try_from(format!("Bearer {token}")));
        let value = value.transpose();
        let mut value =
            value.map_err(|_| unfit("token", &"it has characters that a header can't carry"))?;
        if let Some(value) = &mut value {
            value.set_sensitive(true);
        }
        Ok(value)
    }

    /// Refuses what would only show later.
    pub(crate) fn check(&self) -> Result<(), ConnectError> {
        paste_model::Namespace::new(&self.namespace).map_err(|error| unfit("namespace", &error))?;
        let times = [
            ("heartbeat", self.heartbeat),
            ("request_timeout", self.request_timeout),
        ];
        if let Some((option, _)) = times.into_iter().find(|(_, time)| time.is_zero()) {
            return Err(unfit(option, &"it must be longer than nothing"));
        }
        if self.heartbeat >= TTL {
            let reason =
                format!("it must be less than {TTL:?}, after which silence counts as failure");
            return Err(unfit("heartbeat", &reason));
        }
        if self.close_timeout > CLOSE_TIMEOUT_MAX {
            let reason = format!("it must be at most {CLOSE_TIMEOUT_MAX:?}");
            return Err(unfit("close_timeout", &reason));
        }
        if self.drain_delay >= self.close_timeout {
            return Err(unfit("drain_delay", &"it must be less than close_timeout"));
        }
        Ok(())
    }
}

pub(crate) fn unfit(option: &'static str, reason: &dyn ToString) -> ConnectError {
    ConnectError::Option {
        option,
        reason: reason.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_that_cannot_work_are_refused() {
        let check = |change: fn(&mut Options)| {
            let mut options = Options::default();
            change(&mut options);
            options.check()
        };
        assert!(check(|_| {}).is_ok());
        let bad: [fn(&mut Options); 5] = [
            |options| options.heartbeat = Duration::ZERO,
            |options| options.heartbeat = TTL,
            |options| options.request_timeout = Duration::ZERO,
            |options| options.drain_delay = options.close_timeout,
            |options| options.close_timeout = Duration::from_secs(3601),
        ];
        for change in bad {
            assert!(matches!(check(change), Err(ConnectError::Option { .. })));
        }
    }
}
