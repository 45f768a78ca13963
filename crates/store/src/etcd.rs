//! The store of several nodes: etcd, reached by a thin client of our own.
//!
//! **Revisions.** A revision is the revision of etcd that wrote a record. etcd counts for all that it serves, so revisions
//! have gaps: others' writes, and our own bookkeeping, move it on. All commands that were committed in one transaction
//! carry one revision. On the change stream they are as many batches, in the order in which they were committed, and
//! one [`Feed::Batches`](crate::Feed::Batches) always holds all batches of a revision: who has taken in an item has taken
//! in everything up to its last revision, and must not speak of that revision before.
//!
//! **Writing.** [`Store::commit`] makes a batch ready on its caller's thread and puts it into a bounded queue. Up to four
//! transactions are in flight, each a group of up to 100 operations; each command is a transaction of its own inside, so
//! that one whose expectation fails costs the others nothing. A key is in at most one of them (`grouping.rs`), and each is
//! applied once or never, whatever becomes of its answer (`lane.rs`). Every command is answered within
//! [`Config::timeout`] and a fifth of a second, etcd alive or not.
//!
//! A batch is one transaction, so etcd's limits are its limits: what is too large or has too many expectations is refused
//! with the limit. Many changes alone are no obstacle: they are sent as lists of lists, which etcd counts by the longest.
//!
//! **Causes.** Each command also puts its cause, `/cause/{node}/{lane}/{slot}`, overwritten each time. It closes the batch
//! on the change stream (`split.rs`), so that every node can tell the timeline, and it gives a batch that changes nothing
//! its place. Deleting what isn't there leaves no trace in etcd, so it is not on the stream either.
//!
//! **Histories.** One record says which history this is and in which tree its records are (`history.rs`). Every
//! transaction compares it. A restore writes another tree and then, in one transaction, makes that the one that counts
//! (`restore.rs`). If etcd was wiped, or went back to an earlier state, which shows by the record, by the cluster's id
//! or by a revision below one that was seen, the first node that notices begins a new epoch with what is left, and every
//! change stream says [`Reload::Lost`](crate::Reload::Lost): what is missing then was not deleted by anyone. A cluster
//! that went back under its own id and had come further than before when a node looked again can't be told from one that
//! didn't.
//!
//! **Reading.** [`Store::load`] reads all records at one revision, page by page; a change stream is a watch (`stream.rs`).
//! Both ask for answers in linear order, so a node that was cut off from the others has none rather than an old one.
//!
//! How long etcd keeps the past is its operator's to say (`--auto-compaction-retention 10m`): it may serve others, too, so
//! nothing here compacts it.
//!
//! **Membership.** A node that says where others reach it ([`Config::url`]) has a lease, and under it a record with its
//! name, which is gone with the lease (`lease.rs`). The lease is renewed every third of its time (`keeper.rs`); whether it
//! surely runs is judged by this node's own clock, from when a renewal was sent (`roster.rs`). A process takes its name over
//! when it begins; one that finds another in its place gives it up and doesn't fight. All records are watched (`nodes.rs`).
//! They stand beside `log/`, and no history: etcd wiped, each node writes its own again. A batch that expects
//! [`Key::Node`](paste_model::Key::Node) is compared with the record, so that etcd's word on the lease is the last; a batch
//! that deletes it is refused.

mod client;
mod command;
mod connect;
mod error;
mod fence;
mod grouping;
mod history;
mod keeper;
mod lane;
mod layout;
mod lease;
mod load;
mod members;
mod monitor;
mod node;
mod nodes;
mod queue;
mod restore;
mod roster;
mod secret;
mod shared;
mod split;
mod stream;
mod tls;
mod transaction;
mod wire;
mod writer;

use std::fmt;
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;

use bytes::Bytes;
use paste_model::{Batch, BlobId, Epoch, NodeName, Revision, Timestamp};
use tokio::runtime::{Builder, Handle};
use tokio::sync::watch;
use tokio::time::timeout;

use crate::{
    Changes, ChangesError, Commit, CommitError, Loaded, Membership, Store, StoreError, StoreStatus,
};
use command::Command;
use keeper::Keeper;
use load::Page;
use roster::Roster;
use shared::Shared;

pub use error::EtcdError;
pub use tls::Tls;

/// Who we are to etcd.
#[derive(Clone)]
pub struct Credentials {
    /// The user's name.
    pub name: String,
    /// Its password.
    pub password: String,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// How etcd is reached, and what is asked of it.
#[derive(Debug, Clone)]
pub struct Config {
    /// Members of one cluster, `http://host:port` or `https://host:port`; the first that answers is used.
    pub endpoints: Vec<String>,
    /// What all keys begin with. Registries with different prefixes share an etcd; none may be the beginning of another.
    pub prefix: String,
    /// This node's name, which no other node has at the same time.
    pub node: NodeName,
    /// Where other nodes reach this one, `http://host:port` or `https://host:port`; without it, it is no member.
    pub url: Option<String>,
    /// When this process began, by its own clock; other nodes are told.
    pub joined: Timestamp,
    /// The version of this program; other nodes are told.
    pub version: String,
    /// How long a node that isn't heard of stays a member.
    pub lease_ttl: Duration,
    /// Whom to trust, where the connection is to be encrypted.
    pub tls: Option<Tls>,
    /// Who we are, where etcd wants to know.
    pub user: Option<Credentials>,
    /// Longest time until a write is answered, and until this node has left when the store is dropped.
    pub timeout: Duration,
    /// Longest time until etcd answers a question: opening and restoring ask several, loading one for each page.
    pub read_timeout: Duration,
    /// Longest time that a reader of a change stream takes nothing before it has to load again.
    pub lag: Duration,
    /// Revisions that etcd may be ahead of a change stream before it has to load again.
    pub lag_revisions: u64,
    /// etcd's `--max-txn-ops`.
    pub txn_ops: usize,
    /// etcd's `--max-request-bytes`.
    pub request_bytes: usize,
}

impl Config {
    /// The usual settings, for a node of this name.
    pub fn new(endpoints: Vec<String>, node: NodeName) -> Self {
        Self {
            endpoints,
            prefix: "/paste-registry".to_owned(),
            node,
            url: None,
            joined: Timestamp::default(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            lease_ttl: Duration::from_secs(10),
            tls: None,
            user: None,
            timeout: Duration::from_millis(1_700),
            read_timeout: Duration::from_secs(10),
            lag: Duration::from_secs(10),
            lag_revisions: 50_000,
            txn_ops: 128,
            request_bytes: 1536 * 1024,
        }
    }
}

/// The store of several nodes. Dropping it commits what is waiting and leaves, which blocks for a moment.
pub struct Etcd {
    shared: Arc<Shared>,
    /// `None` where this node is no member.
    roster: Option<Arc<Roster>>,
    tasks: Handle,
    /// Runs the writer, and with it everything else; ends when the queue is closed and empty.
    writer: Option<JoinHandle<()>>,
}

impl Etcd {
    /// Connects to etcd, begins a history there if it has none, and joins. Blocks while it does.
    pub fn open(config: Config) -> Result<Self, StoreError> {
        let runtime = Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(EtcdError::Start)?;
        let tasks = runtime.handle().clone();
        let (sender, opened) = mpsc::sync_channel(1);
        let writer = std::thread::Builder::new()
            .name("store-etcd".to_owned())
            .spawn(move || {
                let (shared, keeper) = match runtime.block_on(begin(config)) {
                    Ok(begun) => begun,
                    Err(error) => {
                        // Whoever opens holds the receiver.
                        let _ = sender.send(Err(error));
                        return;
                    }
                };
                let roster = keeper.as_ref().map(|keeper| Arc::clone(keeper.roster()));
                let _ = sender.send(Ok((Arc::clone(&shared), roster)));
                runtime.block_on(work(shared, keeper));
            })
            .map_err(EtcdError::Start)?;
        let (shared, roster) = opened.recv().map_err(|_| EtcdError::Closed)??;
        Ok(Self {
            shared,
            roster,
            tasks,
            writer: Some(writer),
        })
    }

    /// Runs `future` where the connections are, and waits for it, wherever the caller is.
    fn block<T: Send + 'static>(
        &self,
        future: impl Future<Output = T> + Send + 'static,
    ) -> Result<T, EtcdError> {
        let (sender, answer) = mpsc::sync_channel(1);
        self.tasks.spawn(async move {
            // Whoever waits holds the receiver.
            let _ = sender.send(future.await);
        });
        answer.recv().map_err(|_| EtcdError::Closed)
    }
}

/// Connects and joins.
async fn begin(config: Config) -> Result<(Arc<Shared>, Option<Keeper>), EtcdError> {
    let shared = Arc::new(Shared::open(config).await?);
    let keeper = Keeper::join(&shared).await?;
    Ok((shared, keeper))
}

/// Writes until the store is dropped, then leaves.
async fn work(shared: Arc<Shared>, keeper: Option<Keeper>) {
    let limit = shared.config.timeout;
    tokio::spawn(monitor::run(Arc::clone(&shared)));
    let Some(keeper) = keeper else {
        return writer::run(shared).await;
    };
    let roster = Arc::clone(keeper.roster());
    tokio::spawn(nodes::follow(Arc::clone(&shared), Arc::clone(&roster)));
    let keeping = tokio::spawn(keeper.run());
    // What is waiting may depend on this node's being a member.
    writer::run(shared).await;
    roster.leave();
    // An etcd that is away must not hold the exit up; the lease runs out by itself.
    let _ = timeout(limit, keeping).await;
}

impl Store for Etcd {
    fn commit(&self, batch: Batch) -> Commit {
        let shared = &self.shared;
        let (command, commit) = match Command::prepare(batch, &shared.hasher, &shared.config) {
            Ok(prepared) => prepared,
            Err(error) => return Commit::ready(Err(CommitError::Failed(Arc::new(error)))),
        };
        match shared.queue.push(command) {
            Ok(()) => commit,
            Err(refused) => Commit::ready(Err(refused)),
        }
    }

    fn load(&self) -> Result<Loaded, StoreError> {
        let shared = Arc::clone(&self.shared);
        let (sender, pages) = mpsc::channel();
        let (sent, answer) = mpsc::sync_channel(1);
        self.tasks.spawn(async move {
            // Whoever waits holds the receiver.
            let _ = sent.send(load::pages(&shared, sender).await);
        });
        let mut loaded = Loaded {
            revision: Revision::ZERO,
            entries: Vec::new(),
        };
        // Decoded here, so that what serves the writes has nothing to do with it.
        for page in pages {
            match page {
                Page::Begin(revision) => {
                    loaded.revision = revision;
                    loaded.entries.clear();
                }
                Page::Records(kvs) => {
                    for kv in kvs {
                        loaded.entries.push(load::entry(&self.shared, &kv)?);
                    }
                }
            }
        }
        answer.recv().map_err(|_| EtcdError::Closed)??;
        Ok(loaded)
    }

    fn changes(&self, after: Revision) -> Result<Changes, ChangesError> {
        let shared = Arc::clone(&self.shared);
        self.block(stream::begin(shared, after))
            .map_err(StoreError::Etcd)?
    }

    fn get(&self, id: &BlobId) -> Result<Option<Bytes>, StoreError> {
        let shared = Arc::clone(&self.shared);
        let key = shared.layout.blob(*id);
        Ok(self.block(async move { load::value(&shared, key).await })??)
    }

    fn blobs(&self) -> Result<Vec<(BlobId, Revision)>, StoreError> {
        let shared = Arc::clone(&self.shared);
        Ok(self.block(async move { load::blobs(&shared).await })??)
    }

    fn restore(&self, picture: Loaded) -> Result<Revision, StoreError> {
        let shared = Arc::clone(&self.shared);
        self.block(restore::restore(shared, picture))?
    }

    fn epoch(&self) -> Epoch {
        self.shared.known().history.epoch
    }

    fn status(&self) -> StoreStatus {
        let (known, health) = (self.shared.known(), self.shared.health());
        StoreStatus {
            backend: "etcd",
            failed: health.failed,
            revision: known.seen,
            oldest: known.since.max(health.compacted),
            disk_bytes: health.disk_bytes,
            waiting: self.shared.queue.len(),
        }
    }

    fn membership(&self) -> Option<watch::Receiver<Membership>> {
        self.roster.as_ref().map(|roster| roster.subscribe())
    }

    fn leave(&self) {
        if let Some(roster) = &self.roster {
            roster.leave();
        }
    }
}

impl Drop for Etcd {
    fn drop(&mut self) {
        self.shared.queue.close();
        // It has a limit on everything.
        if let Some(writer) = self.writer.take()
            && writer.join().is_err()
        {
            tracing::error!("the thread that talks to etcd panicked");
        }
    }
}
