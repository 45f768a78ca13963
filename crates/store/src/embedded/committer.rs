//! The committer: the one thread that writes.
//!
//! Order of a group: evaluate, write and fsync, note in the index and publish under one lock, answer. So an answer is
//! never ahead of the disk, nor of the change stream.

use std::sync::Arc;
use std::thread::JoinHandle;

use bytes::Bytes;
use paste_model::{Committed, Epoch, Expect, Key, Revision};
use tokio::sync::oneshot;

use super::checkpoint::{self, Finished};
use super::command::Command;
use super::index::{Index, KeyHash, KeyMap};
use super::log::{Group, Header};
use super::queue::{Order, Work};
use super::shared::Shared;
use super::streams;
use crate::record::{EntryRow, encode_key, encode_value};
use crate::{CommitError, Feed, Loaded, Reload, StoreError};

/// Starts the thread.
pub(super) fn spawn(shared: Arc<Shared>) -> Result<JoinHandle<()>, StoreError> {
    let path = shared.log_path.clone();
    std::thread::Builder::new()
        .name("store-commit".to_owned())
        .spawn(move || Committer::new(shared).run())
        .map_err(|error| StoreError::io("start a thread to write", &path, error))
}

type Answer = oneshot::Sender<Result<Revision, CommitError>>;

struct Committer {
    shared: Arc<Shared>,
    /// Log up to here may go.
    drop_until: Revision,
    /// Whether some of it may still be there.
    dropping: bool,
    /// The thread that writes a checkpoint.
    checkpoint: Option<JoinHandle<()>>,
    /// Bytes of log from which on the next one is due.
    checkpoint_at: u64,
}

/// The commands of a group that hold, before they are written.
#[derive(Default)]
struct Accepted {
    group: Group,
    effects: Vec<(KeyHash, Option<Revision>)>,
    committed: Vec<Committed>,
    answers: Vec<(Answer, Revision)>,
}

impl Committer {
    fn new(shared: Arc<Shared>) -> Self {
        let mut committer = Self {
            shared,
            drop_until: Revision::ZERO,
            dropping: true,
            checkpoint: None,
            checkpoint_at: 0,
        };
        committer.plan();
        committer
    }

    fn run(mut self) {
        let mut commands = Vec::new();
        loop {
            let idle = self.dropping && self.shared.failed.get().is_none();
            match self.shared.queue.take(&mut commands, idle) {
                Work::Group => self.commit(&mut commands),
                Work::Idle => self.write(Accepted::default()),
                Work::Order(Order::Restore(picture, answer)) => {
                    // A caller that has gone away wants no answer.
                    let _ = answer.send(self.restore(picture));
                }
                Work::Order(Order::Checkpointed(result)) => self.checkpointed(result),
                Work::Closed => break,
            }
        }
        if let Some(checkpoint) = self.checkpoint.take() {
            // It has been told to stop; what it left is swept at the next start.
            let _ = checkpoint.join();
        }
    }

    fn commit(&mut self, commands: &mut Vec<Command>) {
        if let Some(error) = self.shared.failed.get() {
            return refuse(commands.drain(..).map(|command| command.answer), error);
        }
        let accepted = {
            let state = self.shared.state.lock();
            accept(&state.index, state.revision, commands.drain(..))
        };
        if !accepted.answers.is_empty() {
            self.write(accepted);
        }
    }

    /// Writes what was accepted, and drops a little of the old log with the same fsync.
    fn write(&mut self, accepted: Accepted) {
        let Accepted {
            group,
            effects,
            committed,
            answers,
        } = accepted;
        let drop_until = if self.dropping {
            self.drop_until
        } else {
            Revision::ZERO
        };
        let dropped = match self.shared.with_log(|log| log.commit(&group, drop_until)) {
            Ok(dropped) => dropped,
            Err(error) => {
                let error = self.shared.fail(error);
                return refuse(answers.into_iter().map(|(answer, _)| answer), &error);
            }
        };
        self.dropping &= !dropped.complete;
        {
            let mut state = self.shared.state.lock();
            for (key, revision) in effects {
                state.index.set(key, revision);
            }
            state.log_bytes += group.row.len() as u64;
            state.oldest = dropped.oldest.unwrap_or(state.oldest);
            if let Some(last) = committed.last() {
                state.revision = last.revision;
                state.first = None;
                streams::publish(&self.shared, &mut state, &Feed::Batches(committed.into()));
            }
        }
        for (answer, revision) in answers {
            // Nobody has to wait for an answer.
            let _ = answer.send(Ok(revision));
        }
        self.checkpoint_if_due();
    }

    /// Decides from which size of the log on a checkpoint is due, and what of the log may go.
    fn plan(&mut self) {
        let state = self.shared.state.lock();
        let config = &self.shared.config;
        self.checkpoint_at = config.log_bytes.max(state.checkpoint_bytes / 2);
        let kept = Revision(state.revision.0.saturating_sub(config.batches_kept));
        self.drop_until = state.checkpoint.min(kept);
    }

    fn checkpoint_if_due(&mut self) {
        let due = self.shared.state.lock().log_bytes >= self.checkpoint_at;
        if !due || self.checkpoint.is_some() {
            return;
        }
        let shared = Arc::clone(&self.shared);
        let spawned = std::thread::Builder::new()
            .name("store-checkpoint".to_owned())
            .spawn(move || {
                let result = write_checkpoint(&shared);
                // A closed queue means that the store is closing: the next start sweeps the file.
                let _ = shared.queue.order(Order::Checkpointed(result));
            });
        match spawned {
            Ok(thread) => self.checkpoint = Some(thread),
            Err(error) => {
                let directory = &self.shared.directory;
                let error = StoreError::io("start a thread to write to", directory, error);
                self.postpone(&error);
            }
        }
    }

    /// Waits for as much log again before trying another checkpoint.
    fn postpone(&mut self, error: &StoreError) {
        tracing::warn!(
            error = error as &dyn std::error::Error,
            "no checkpoint was written"
        );
        self.checkpoint_at = self.checkpoint_at.saturating_mul(2);
    }

    fn checkpointed(&mut self, result: Result<Finished, StoreError>) {
        if let Some(thread) = self.checkpoint.take() {
            // It has said all it had to say.
            let _ = thread.join();
        }
        if self.shared.failed.get().is_some() {
            return;
        }
        let finished = match result {
            Ok(finished) => finished,
            Err(error) => return self.postpone(&error),
        };
        let header = Header {
            epoch: finished.epoch,
            checkpoint: finished.revision,
        };
        let old = self.shared.state.lock().header();
        if old.epoch != finished.epoch {
            // The store was restored meanwhile.
            return remove_checkpoint(&self.shared, finished.revision);
        }
        if let Err(error) = self.shared.with_log(|log| log.put_header(header)) {
            self.shared.fail(error);
            return;
        }
        {
            let mut state = self.shared.state.lock();
            state.checkpoint = finished.revision;
            state.checkpoint_bytes = finished.bytes;
            state.log_bytes = state.log_bytes.saturating_sub(finished.log_bytes);
        }
        // One that began after a restore and before any batch was written in the place of the restore's own.
        if old.checkpoint != finished.revision {
            remove_checkpoint(&self.shared, old.checkpoint);
        }
        self.plan();
        self.dropping = true;
    }

    fn restore(&mut self, picture: Loaded) -> Result<Revision, StoreError> {
        if let Some(error) = self.shared.failed.get() {
            return Err(StoreError::Refused(Arc::clone(error)));
        }
        let shared = Arc::clone(&self.shared);
        let (old, revision) = {
            let state = shared.state.lock();
            (state.header(), state.revision.max(picture.revision).next())
        };
        let epoch = Epoch(rand::random());
        let mut index = Index::default();
        let bytes = checkpoint::write(&shared.directory, epoch, revision, |push| {
            for entry in &picture.entries {
                let key = Bytes::from(encode_key(&entry.record.key()));
                index.set(shared.hasher.hash(&key), Some(entry.revision));
                let value = encode_value(&entry.record);
                push(&EntryRow {
                    revision: entry.revision.0,
                    key,
                    value,
                })?;
            }
            Ok(())
        })?;
        for (id, revision) in shared.view()?.blob_revisions()? {
            let key = encode_key(&Key::Blob(id));
            index.set(shared.hasher.hash(key.as_bytes()), Some(revision));
        }
        {
            // Under the lock, as the log and the state must not be seen apart.
            let mut state = shared.state.lock();
            let header = Header {
                epoch,
                checkpoint: revision,
            };
            if let Err(error) = shared.with_log(|log| log.begin_again(header)) {
                return Err(StoreError::Refused(shared.fail(error)));
            }
            (state.index, state.revision, state.epoch) = (index, revision, epoch);
            (state.checkpoint, state.checkpoint_bytes) = (revision, bytes);
            (state.log_bytes, state.oldest) = (0, revision);
            state.first = None;
            streams::publish(&shared, &mut state, &Feed::Reload(Reload::Restored));
        }
        remove_checkpoint(&shared, old.checkpoint);
        self.plan();
        Ok(revision)
    }
}

/// Takes the commands that hold, each at its place in the order, and answers the others.
fn accept(index: &Index, revision: Revision, commands: impl Iterator<Item = Command>) -> Accepted {
    let mut accepted = Accepted::default();
    accepted.group.first = revision.next();
    let mut next = revision.next();
    // What commands before in this group have done.
    let mut fresh: KeyMap<Option<Revision>> = KeyMap::default();
    for command in commands {
        let now = |key: KeyHash| fresh.get(&key).copied().unwrap_or_else(|| index.get(key));
        let broken = command.expect.iter().find_map(|(hash, key, expect)| {
            let found = now(*hash);
            let holds = match expect {
                Expect::Absent => found.is_none(),
                Expect::Present => found.is_some(),
                Expect::At(revision) => found == Some(*revision),
            };
            (!holds).then(|| CommitError::Conflict {
                key: key.clone(),
                found,
            })
        });
        if let Some(conflict) = broken {
            // Nobody has to wait for an answer.
            let _ = command.answer.send(Err(conflict));
            continue;
        }
        for (key, put) in command.effects {
            let revision = put.then_some(next);
            fresh.insert(key, revision);
            accepted.effects.push((key, revision));
        }
        accepted.group.append(&command.encoded);
        let blobs = command
            .blobs
            .into_iter()
            .map(|(id, bytes)| (id, next, bytes));
        accepted.group.blobs.extend(blobs);
        let (changes, cause) = (command.changes, command.cause);
        accepted.committed.push(Committed {
            revision: next,
            changes,
            cause,
        });
        accepted.answers.push((command.answer, next));
        next = next.next();
    }
    accepted
}

fn refuse(answers: impl Iterator<Item = Answer>, error: &Arc<StoreError>) {
    for answer in answers {
        // Nobody has to wait for an answer.
        let _ = answer.send(Err(CommitError::Failed(Arc::clone(error))));
    }
}

fn remove_checkpoint(shared: &Shared, revision: Revision) {
    if revision != Revision::ZERO
        && let Err(error) = std::fs::remove_file(checkpoint::path(&shared.directory, revision))
    {
        tracing::warn!(
            error = &error as &dyn std::error::Error,
            "an old checkpoint stays behind"
        );
    }
}

/// Writes a checkpoint of what is there now; it doesn't count yet.
pub(super) fn write_checkpoint(shared: &Shared) -> Result<Finished, StoreError> {
    let (source, header, revision, log_bytes) = {
        let state = shared.state.lock();
        (
            shared.source(&state)?,
            state.header(),
            state.revision,
            state.log_bytes,
        )
    };
    let live = |entries: &[(KeyHash, EntryRow)], keep: &mut Vec<bool>| {
        let state = shared.state.lock();
        let held = entries
            .iter()
            .map(|(key, entry)| state.index.holds(*key, Revision(entry.revision)));
        keep.extend(held);
    };
    let bytes = checkpoint::write(&shared.directory, header.epoch, revision, |push| {
        checkpoint::copy(source, &shared.hasher, &shared.stop, live, push)
    })?;
    Ok(Finished {
        epoch: header.epoch,
        revision,
        bytes,
        log_bytes,
    })
}
