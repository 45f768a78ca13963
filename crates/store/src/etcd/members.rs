//! The members of etcd: the one that is connected, and the next when it fails.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use rustls::ClientConfig;
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout, timeout_at};

use super::connect::{Connection, Endpoint};
use super::{Config, EtcdError};

/// Shortest time that an endpoint is given to take a connection, however many there are.
const CONNECT_LIMIT_MIN: Duration = Duration::from_millis(300);

/// The members of one cluster, of which one is connected at a time.
pub(super) struct Members {
    endpoints: Vec<Endpoint>,
    tls: Option<Arc<ClientConfig>>,
    /// The endpoint that is tried first.
    preferred: AtomicUsize,
    numbers: AtomicU64,
    connection: Mutex<Option<Connection>>,
}

impl Members {
    pub(super) fn new(config: &Config) -> Result<Self, EtcdError> {
        let tls = config.tls.as_ref().map(|tls| tls.client()).transpose()?;
        let endpoints = config
            .endpoints
            .iter()
            .map(|text| Endpoint::parse(text, tls.is_some()))
            .collect::<Result<Vec<_>, _>>()?;
        if endpoints.is_empty() {
            return Err(EtcdError::Setting {
                setting: "endpoints",
                found: "there is none".to_owned(),
            });
        }
        Ok(Self {
            endpoints,
            tls,
            preferred: AtomicUsize::new(0),
            numbers: AtomicU64::new(0),
            connection: Mutex::new(None),
        })
    }

    /// The connection, made anew if there is none.
    pub(super) async fn connected(&self, until: Instant) -> Result<Connection, EtcdError> {
        let connecting = async {
            let mut place = self.connection.lock().await;
            if let Some(connection) = place.as_ref().filter(|found| !found.is_closed()) {
                return Ok(connection.clone());
            }
            let connection = self.connect(until).await?;
            *place = Some(connection.clone());
            Ok(connection)
        };
        timeout_at(until, connecting)
            .await
            .unwrap_or_else(|_| Err(EtcdError::TimedOut))
    }

    /// Tries every endpoint once, beginning with the preferred, each for its share of the time.
    async fn connect(&self, until: Instant) -> Result<Connection, EtcdError> {
        let first = self.preferred.load(Ordering::Relaxed);
        let count = self.endpoints.len();
        let mut last = EtcdError::TimedOut;
        for (tried, offset) in (0..count).enumerate() {
            let place = (first + offset) % count;
            let left = until.saturating_duration_since(Instant::now());
            let share = u32::try_from(count - tried).map_or(left, |left_over| left / left_over);
            let limit = share.max(CONNECT_LIMIT_MIN);
            let number = self.numbers.fetch_add(1, Ordering::Relaxed);
            let endpoint = &self.endpoints[place];
            let opening = Connection::open(endpoint, self.tls.as_ref(), number);
            match timeout(limit, opening).await {
                Ok(Ok(connection)) => {
                    self.preferred.store(place, Ordering::Relaxed);
                    return Ok(connection);
                }
                Ok(Err(error)) => last = error,
                Err(elapsed) => {
                    last = EtcdError::Unreachable {
                        endpoint: endpoint.uri.to_string(),
                        source: Box::new(elapsed),
                    };
                }
            }
        }
        Err(last)
    }

    /// Takes note that a call over `connection` failed, and hands the error on.
    pub(super) async fn failed(&self, connection: &Connection, error: EtcdError) -> EtcdError {
        if error.is_passing() {
            let mut place = self.connection.lock().await;
            if place
                .as_ref()
                .is_some_and(|now| now.number == connection.number)
            {
                *place = None;
                self.prefer_another(connection);
            }
        }
        error
    }

    fn prefer_another(&self, than: &Connection) {
        let position = |endpoint: &Endpoint| endpoint.uri == than.uri;
        if let Some(place) = self.endpoints.iter().position(position) {
            self.preferred.store(place + 1, Ordering::Relaxed);
        }
    }
}
