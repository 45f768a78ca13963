//! Restoring a backup, which replaces everything.

use std::fs::File;
use std::io::{Seek, Write};

use bytes::Bytes;
use paste_api::{Code, Restored};
use paste_engine::EngineError;
use paste_model::Role;

use super::answer::{self, Answered};
use super::call::{self, Call};
use super::failure::Failure;

/// Where backups are uploaded to.
pub(super) const PATH: &str = "/api/v1/restore";

/// Restores a backup.
#[utoipa::path(
    post,
    path = "/api/v1/restore",
    operation_id = "restore",
    tag = "operate",
    summary = "Replace everything by a backup, in a new epoch",
    description = "Watchers get a `reset`; every session gets a full grace. What isn't a whole backup changes nothing.",
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses((status = 200, description = "It is restored", body = Restored)),
)]
pub(super) async fn post(mut call: Call) -> Answered {
    call.finish_query()?;
    call.unconditional()?;
    call.caller.require_everywhere(Role::Admin)?;
    let max = call.rest.0.config.restore_bytes_max;
    call.announced(max).await?;
    let file = received(&mut call, max).await?;
    let restored = call.engine().restore(&call.caller, file).await;
    let position = restored.map_err(|error| match error {
        EngineError::Invalid { detail, .. } => Failure::new(Code::InvalidBackup, detail),
        error => error.into(),
    })?;
    answer::ok(&Restored {
        epoch: position.epoch.to_string(),
        revision: position.revision.0,
    })
}

/// The upload in a file that nobody else sees and that goes with its handle.
async fn received(call: &mut Call, max: u64) -> Result<File, Failure> {
    let mut file = on_disk(tempfile::tempfile).await?;
    let mut length = 0;
    while let Some(piece) = call.upload.next().await? {
        length += piece.len() as u64;
        if length > max {
            call.upload.drain().await;
            return Err(call::too_large(max));
        }
        file = on_disk(move || append(file, &piece)).await?;
    }
    on_disk(move || {
        file.rewind()?;
        Ok(file)
    })
    .await
}

fn append(mut file: File, piece: &Bytes) -> std::io::Result<File> {
    file.write_all(piece)?;
    Ok(file)
}

async fn on_disk(
    work: impl FnOnce() -> std::io::Result<File> + Send + 'static,
) -> Result<File, Failure> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(std::io::Error::other)
        .flatten()
        .map_err(|error| {
            tracing::error!(%error, "can't keep an uploaded backup");
            Failure::new(Code::Internal, format!("can't keep the upload: {error}"))
        })
}
