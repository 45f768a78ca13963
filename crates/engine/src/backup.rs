//! Backup and restore, while running.

use std::fs::File;
use std::io::{BufReader, Write};
use std::sync::Arc;

use paste_model::{Position, Role};
use paste_store::backup;

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
        backup::write(position.epoch, &picture, out)
            .map_err(|error| EngineError::read("can't write the backup", error))?;
        Ok(position)
    }

    /// Replaces everything by a backup, in a new epoch, so that watchers begin anew and every session gets a full
    /// grace. A file that isn't a whole backup changes nothing.
    pub async fn restore(&self, caller: &Caller, from: File) -> Result<Position, EngineError> {
        caller.require_everywhere(Role::Admin)?;
        let store = Arc::clone(&self.context().store);
        let restoring = tokio::task::spawn_blocking(move || {
            let backup =
                backup::read(BufReader::new(from)).map_err(|error| EngineError::Invalid {
                    field: "backup".to_owned(),
                    detail: error.to_string(),
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
