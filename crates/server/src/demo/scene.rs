//! Where the demo happens: a folder that goes with it, and the processes.

use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};

use crate::exit::{Exit, Failure};

/// A folder of its own for the registry, removed at the end.
#[derive(Debug)]
pub(super) struct Folder(PathBuf);

impl Folder {
    pub(super) fn new() -> Result<Self, Failure> {
        let path = std::env::temp_dir().join(format!("paste-registry-demo-{}", std::process::id()));
        std::fs::DirBuilder::new()
            .mode(0o700)
            .create(&path)
            .map_err(|error| {
                Failure::caused(
                    Exit::Failed,
                    format!("can't make {}", path.display()),
                    &error,
                )
            })?;
        Ok(Self(path))
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // Left behind it would be a few kilobytes among temporary files.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// One instance of the demo's services.
#[derive(Debug, Clone, Copy)]
pub(super) struct Role {
    pub(super) service: &'static str,
    pub(super) id: &'static str,
    pub(super) version: &'static str,
    pub(super) zone: &'static str,
}

/// A process that plays a role. Dropping it kills it.
#[derive(Debug)]
pub(super) struct Actor {
    pub(super) role: Role,
    child: Child,
}

impl Actor {
    pub(super) fn start(role: Role, url: &str) -> Result<Self, Failure> {
        let failed = |error: std::io::Error| {
            Failure::caused(Exit::Failed, format!("can't start {}", role.id), &error)
        };
        let child = Command::new(std::env::current_exe().map_err(failed)?)
            .args(["demo-service", "--service", role.service, "--id", role.id])
            .args(["--release", role.version, "--zone", role.zone, "--url", url])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .map_err(failed)?;
        Ok(Self { role, child })
    }

    /// As if the machine had lost power.
    pub(super) fn kill(&mut self) {
        // It may be dead already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Asks it to stop; it deregisters first.
    pub(super) fn ask_to_stop(&self) {
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        if let Some(pid) = pid {
            // It may be dead already.
            let _ = kill_process(pid, Signal::TERM);
        }
    }

    /// Whether it has ended.
    pub(super) fn ended(&mut self) -> bool {
        !matches!(self.child.try_wait(), Ok(None))
    }
}

impl Drop for Actor {
    fn drop(&mut self) {
        self.kill();
    }
}
