//! What the tasks of an etcd store share: the client, the queue, and what is known of etcd.
//!
//! Invariant: of one history, what is known only grows; another takes its place as a whole, in [`Shared::refresh`] alone.

use std::hash::RandomState;
use std::sync::Arc;

use parking_lot::Mutex;
use paste_model::Revision;
use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};

use super::client::Client;
use super::history::{History, Known, Verdict, judge};
use super::layout::Layout;
use super::queue::Queue;
use super::transaction::{compare, header, is_value, one, put, revision};
use super::wire::{ResponseHeader, TxnRequest};
use super::{Config, EtcdError};
use crate::StoreError;

/// What the tasks of an etcd store share.
pub(super) struct Shared {
    pub(super) config: Config,
    pub(super) layout: Layout,
    pub(super) client: Client,
    pub(super) hasher: RandomState,
    pub(super) queue: Queue,
    /// Told when an answer of etcd didn't fit what is known.
    pub(super) doubt: Notify,
    known: Mutex<Known>,
    health: Mutex<Health>,
    refreshing: tokio::sync::Mutex<()>,
}

/// How etcd is.
#[derive(Debug, Clone, Default)]
pub(super) struct Health {
    /// Why the last write was refused, or the next would be.
    pub(super) failed: Option<Arc<StoreError>>,
    pub(super) disk_bytes: u64,
    /// Nothing up to here can be streamed.
    pub(super) compacted: Revision,
}

impl Shared {
    /// Connects, and finds the history or begins one.
    pub(super) async fn open(config: Config) -> Result<Self, EtcdError> {
        let layout = Layout::new(&config.prefix, config.node.clone())?;
        let client = Client::new(&config)?;
        let until = Instant::now() + config.read_timeout;
        let known = establish(&client, &layout, None, until).await?;
        Ok(Self {
            config,
            layout,
            client,
            hasher: RandomState::new(),
            queue: Queue::default(),
            doubt: Notify::new(),
            known: Mutex::new(known),
            health: Mutex::default(),
            refreshing: tokio::sync::Mutex::default(),
        })
    }

    /// When something that begins now and only reads, or is done once, has to be done.
    pub(super) fn read_until(&self) -> Instant {
        Instant::now() + self.config.read_timeout
    }

    /// The history as it is known.
    pub(super) fn known(&self) -> Known {
        self.known.lock().clone()
    }

    pub(super) fn health(&self) -> Health {
        self.health.lock().clone()
    }

    /// Reads which history etcd holds, and begins a new one if it went back.
    pub(super) async fn refresh(&self, until: Instant) -> Result<Known, EtcdError> {
        // Whoever looks at leisure must not keep those waiting who have to know soon.
        let alone = timeout_at(until, self.refreshing.lock()).await;
        let _alone = alone.map_err(|_| EtcdError::TimedOut)?;
        let before = self.known();
        let found = establish(&self.client, &self.layout, Some(&before), until).await?;
        let mut known = self.known.lock();
        if known.history.epoch == found.history.epoch {
            known.seen = known.seen.max(found.seen);
        } else {
            tracing::warn!(
                from = %known.history.epoch,
                to = %found.history.epoch,
                reason = ?found.history.reason,
                "etcd holds another history"
            );
            *known = found;
        }
        Ok(known.clone())
    }

    /// Takes note of an answer to a question that was asked when `before` was known.
    pub(super) fn observe(&self, before: &Known, header: &ResponseHeader) {
        let shown = revision(header.revision);
        if header.cluster_id != before.history.cluster || shown < before.seen {
            self.doubt.notify_one();
            return;
        }
        let mut known = self.known.lock();
        if known.history.epoch == before.history.epoch {
            known.seen = known.seen.max(shown);
        }
    }

    /// Takes note of why writes are refused, or that they aren't.
    pub(super) fn set_failed(&self, failed: Option<Arc<StoreError>>) {
        let mut health = self.health.lock();
        match (&failed, &health.failed) {
            (Some(error), None) => {
                let error = &**error as &dyn std::error::Error;
                tracing::error!(error, "etcd takes no writes");
            }
            (None, Some(_)) => tracing::info!("etcd takes writes again"),
            _ => {}
        }
        health.failed = failed;
    }

    pub(super) fn set_disk_bytes(&self, bytes: u64) {
        self.health.lock().disk_bytes = bytes;
    }

    pub(super) fn set_compacted(&self, revision: Revision) {
        let compacted = &mut self.health.lock().compacted;
        *compacted = revision.max(*compacted);
    }
}

/// Finds the history that etcd holds; begins one where there is none, or where etcd went back.
async fn establish(
    client: &Client,
    layout: &Layout,
    known: Option<&Known>,
    until: Instant,
) -> Result<Known, EtcdError> {
    loop {
        let mut answer = client.range(one(layout.history()), until).await?;
        let header = header(answer.header)?;
        let (cluster, at) = (header.cluster_id, revision(header.revision));
        let found = match answer.kvs.pop() {
            None => None,
            Some(kv) => Some((History::decode(&kv.value)?, kv)),
        };
        let history = found.as_ref().map(|(history, _)| history);
        let (condition, history) = match (judge(known, history, cluster, at), found) {
            (Verdict::Begin(reason), _) => (
                compare(layout.history(), paste_model::Expect::Absent),
                History::begin(cluster, rand::random(), reason),
            ),
            (Verdict::Renew, Some((old, kv))) => (
                is_value(layout.history(), kv.value),
                History::begin(cluster, old.tree, crate::Reload::Lost),
            ),
            (Verdict::Adopt | Verdict::Renew, None) => continue,
            (Verdict::Adopt, Some((history, kv))) => {
                return Ok(Known {
                    history,
                    encoded: kv.value,
                    since: revision(kv.mod_revision),
                    seen: at,
                });
            }
            (Verdict::Same, _) => {
                if let Some(known) = known {
                    return Ok(Known {
                        seen: known.seen.max(at),
                        ..known.clone()
                    });
                }
                continue;
            }
        };
        let encoded = history.encode();
        let request = TxnRequest {
            compare: vec![condition],
            success: vec![put(layout.history(), encoded.clone()).into()],
            failure: Vec::new(),
        };
        // Where somebody else was faster, or the first of two tries was ours, the next look shows it.
        let answer = client.txn_again(request, until).await?;
        if answer.succeeded {
            let at = revision(self::header(answer.header)?.revision);
            return Ok(Known {
                history,
                encoded,
                since: at,
                seen: at,
            });
        }
    }
}
