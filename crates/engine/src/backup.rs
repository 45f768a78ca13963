//! Backup and restore, while running.

use std::fs::File;
use std::io::{BufReader, Write};
use std::sync::Arc;

use bytes::Bytes;
use paste_model::{Batch, BlobId, Cause, CauseKind, Change, Position, Record, Role};
use paste_store::Store;
use paste_store::backup::{self, ArchiveError};

use crate::{Caller, Engine, EngineError};

impl Engine {
    /// Writes a consistent picture of the store to `out`. Blocks; writing goes on meanwhile.
    pub fn backup(&self, caller: &Caller, out: &mut dyn Write) -> Result<Position, EngineError> {
        caller.require_everywhere(Role::Admin)?;
        let store = &self.context().store;
        let picture = store
            .load()
            .map_err(|error| EngineError::read("can't read the store", error))?;
        let position = Position {
            epoch: store.epoch(),
            revision: picture.revision,
        };
        let ids = store
            .blobs()
            .map_err(|error| EngineError::read("can't list the store's blobs", error))?;
        let blobs = ids.into_iter().filter_map(|(id, _)| {
            let read = store.get(&id).transpose()?;
            let read = read.map_err(|error| EngineError::read("can't read the store", error));
            Some(read.map(|bytes| (id, bytes)).map_err(Trouble::Engine))
        });
        match backup::write(position.epoch, &picture, blobs, out) {
            Ok(_) => Ok(position),
            Err(Trouble::Archive(error)) => Err(EngineError::read("can't write the backup", error)),
            Err(Trouble::Engine(error)) => Err(error),
        }
    }

    /// Replaces everything by a backup, in a new epoch, so that watchers begin anew and every session gets a full
    /// grace. A file that isn't a whole backup changes nothing.
    pub async fn restore(&self, caller: &Caller, from: File) -> Result<Position, EngineError> {
        caller.require_everywhere(Role::Admin)?;
        let store = Arc::clone(&self.context().store);
        let cause = Cause {
            kind: CauseKind::Request,
            at: self.context().clock.wall(),
            by: caller.principal().clone(),
            reason: "restored from a backup".into(),
            about: None,
        };
        let restoring = tokio::task::spawn_blocking(move || {
            let put = |id, bytes| put_blob(&*store, &cause, id, bytes);
            let backup =
                backup::read(BufReader::new(from), put).map_err(|trouble| match trouble {
                    Trouble::Archive(error) => EngineError::Invalid {
                        field: "backup".to_owned(),
                        detail: error.to_string(),
                    },
                    Trouble::Engine(error) => error,
                })?;
            let revision = store
                .restore(backup.picture)
                .map_err(|error| EngineError::read("can't restore the store", error))?;
            Ok::<_, EngineError>(Position {
                epoch: store.epoch(),
                revision,
            })
        });
        let position = restoring
            .await
            .map_err(|error| EngineError::read("the restore was interrupted", error))??;
        self.catalog().wait_for(position.revision).await;
        Ok(position)
    }
}

/// What can go wrong on the way of a backup.
enum Trouble {
    Archive(ArchiveError),
    Engine(EngineError),
}

impl From<ArchiveError> for Trouble {
    fn from(error: ArchiveError) -> Self {
        Self::Archive(error)
    }
}

/// Writes a bulky value, and waits until it is there. Blocks.
fn put_blob(store: &dyn Store, cause: &Cause, id: BlobId, bytes: Bytes) -> Result<(), Trouble> {
    let batch = Batch {
        expect: Vec::new(),
        changes: vec![Change::Put(Record::Blob(id, bytes))],
        cause: cause.clone(),
    };
    let written = tokio::runtime::Handle::current().block_on(store.commit(batch));
    written
        .map(drop)
        .map_err(|error| Trouble::Engine(error.into()))
}
