//! The administrator's token, made at the first start.
//!
//! The file is made before the token and filled after it, so that a crash in between shows: an empty file means that a
//! token was made whose secret nobody has, and it is made again.

use std::fs::{File, OpenOptions};
use std::io::{IsTerminal, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use paste_engine::{Engine, EngineError};
use paste_model::{Grant, Role, Scope, TokenId};

use crate::exit::{Done, Exit, Failure};
use crate::output;

/// The token's name.
const NAME: &str = "admin";

/// The secret, where one was made.
#[derive(Debug)]
pub(super) enum Secret {
    /// At an earlier start.
    Kept,
    /// Now, to be shown on the terminal.
    New(String),
    /// Now, and left in this file.
    Left(PathBuf),
}

impl Secret {
    /// Shows it, or where it is. It never gets into the log.
    pub(super) fn show(&self) -> Done {
        match self {
            Self::Kept => Ok(()),
            Self::New(secret) => output::line(format_args!(
                "The administrator's token is shown this once:\n\n  {secret}\n"
            )),
            Self::Left(path) => {
                tracing::info!(path = %path.display(), "the administrator's token was left in a file");
                Ok(())
            }
        }
    }
}

/// Makes the token if this is the first start, or if an earlier one broke off while making it. Of several nodes that start
/// for the first time, the fastest makes it.
pub(super) async fn provide(
    engine: &Engine,
    data_dir: &Path,
    first_start: bool,
) -> Result<Secret, Failure> {
    let path = data_dir.join("admin-token");
    let shared = engine.cluster_status().is_some();
    let broken_off = !shared && std::fs::metadata(&path).is_ok_and(|found| found.len() == 0);
    let first_start = first_start || shared && engine.catalog().tokens().is_empty();
    if !first_start && !broken_off {
        return Ok(Secret::Kept);
    }
    let failed = |error: &dyn std::error::Error| {
        Failure::caused(
            Exit::Failed,
            format!("can't leave the token in {}", path.display()),
            error,
        )
    };
    let mut file = private(&path).map_err(|error| failed(&error))?;
    let secret = match create(engine, shared).await {
        Ok(secret) => secret,
        Err(EngineError::Conflict { .. }) if shared => {
            std::fs::remove_file(&path).map_err(|error| failed(&error))?;
            return Ok(Secret::Kept);
        }
        Err(error) => {
            let what = "can't make the administrator's token";
            return Err(Failure::caused(Exit::Failed, what, &error));
        }
    };
    if std::io::stdout().is_terminal() {
        std::fs::remove_file(&path).map_err(|error| failed(&error))?;
        return Ok(Secret::New(secret));
    }
    writeln!(file, "{secret}")
        .and_then(|()| file.sync_all())
        .map_err(|error| failed(&error))?;
    Ok(Secret::Left(path))
}

/// An empty file that nobody else can read.
fn private(path: &Path) -> std::io::Result<File> {
    if let Err(error) = std::fs::remove_file(path)
        && error.kind() != std::io::ErrorKind::NotFound
    {
        return Err(error);
    }
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
}

async fn create(engine: &Engine, shared: bool) -> Result<String, EngineError> {
    // Whoever can start the registry on its data may do everything.
    let caller = engine.itself();
    let id = TokenId::new(NAME).map_err(|error| EngineError::Invalid {
        field: "name".to_owned(),
        detail: error.to_string(),
    })?;
    let everything = Grant {
        role: Role::Admin,
        namespace: None,
        scope: Scope::all(),
    };
    if !shared {
        match engine.delete_token(&caller, &id).await {
            Ok(()) | Err(EngineError::NotFound { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    let (_, secret) = engine
        .create_token(&caller, id, vec![everything], None)
        .await?;
    Ok(secret)
}
