//! `DATA_DIR/address`: where this registry listens, for whoever started it with port 0. It is there exactly while the
//! registry answers.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use crate::exit::{Done, Exit, Failure};

/// The file.
#[derive(Debug)]
pub(super) struct AddressFile(PathBuf);

impl AddressFile {
    /// Removes what an earlier run left. Only the holder of the store's lock may do that.
    pub(super) fn clear(data_dir: &Path) -> Result<Self, Failure> {
        let path = data_dir.join("address");
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(Failure::caused(
                Exit::Failed,
                format!("can't remove {}", path.display()),
                &error,
            )),
            _ => Ok(Self(path)),
        }
    }

    /// Writes it whole or not at all.
    pub(super) fn write(&self, address: SocketAddr) -> Done {
        let partial = self.0.with_extension("partial");
        std::fs::write(&partial, format!("{address}\n"))
            .and_then(|()| std::fs::rename(&partial, &self.0))
            .map_err(|error| {
                Failure::caused(
                    Exit::Failed,
                    format!("can't write {}", self.0.display()),
                    &error,
                )
            })
    }

    /// Removes it.
    pub(super) fn remove(&self) {
        if let Err(error) = std::fs::remove_file(&self.0) {
            tracing::warn!(path = %self.0.display(), %error, "can't remove the address file");
        }
    }
}
