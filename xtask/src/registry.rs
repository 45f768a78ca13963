//! A registry process for as long as a step needs one.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::{Failure, process};

/// How long a registry may take until it answers; unoptimised on a busy machine.
const START_LIMIT: Duration = Duration::from_secs(30);

/// How long it may take to drain.
const STOP_LIMIT: Duration = Duration::from_secs(30);

/// A running registry with a data folder of its own, both gone when this is dropped.
pub(crate) struct Registry {
    child: Child,
    data: PathBuf,
    address: String,
}

impl Registry {
    /// Starts `binary` on a free port of the loopback interface; its log goes to `log`.
    pub(crate) fn start(binary: &Path, data: PathBuf, log: &Path) -> Result<Self, Failure> {
        if data.exists() {
            fs::remove_dir_all(&data)?;
        }
        fs::create_dir_all(&data)?;
        let log = fs::File::create(log)?;
        let child = Command::new(binary)
            .args(["serve", "--http", "127.0.0.1:0", "--data-dir"])
            .arg(&data)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()
            .map_err(|error| format!("cannot start {}: {error}", binary.display()))?;
        let mut registry = Self {
            child,
            data,
            address: String::new(),
        };
        registry.address = registry.await_address()?;
        Ok(registry)
    }

    /// `host:port` of its HTTP listener.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// Stops it as an operator would, and tells whether it left cleanly.
    pub(crate) fn stop(mut self) -> Result<(), Failure> {
        process::signal(self.child.id(), "TERM")?;
        match process::wait(&mut self.child, STOP_LIMIT)? {
            Some(status) if status.success() => Ok(()),
            Some(status) => Err(format!("the registry ended with {status}").into()),
            None => Err("the registry did not stop on SIGTERM".into()),
        }
    }

    /// The server writes the address that it listens on into its data folder once it answers.
    fn await_address(&mut self) -> Result<String, Failure> {
        let file = self.data.join("address");
        let started = Instant::now();
        while started.elapsed() < START_LIMIT {
            if let Ok(address) = fs::read_to_string(&file) {
                return Ok(address.trim().to_owned());
            }
            if let Some(status) = self.child.try_wait()? {
                return Err(format!("the registry ended with {status} while starting").into());
            }
            thread::sleep(Duration::from_millis(20));
        }
        Err(format!(
            "the registry did not start within {} s",
            START_LIMIT.as_secs()
        )
        .into())
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        process::stop_tree(&mut self.child);
        let _left_behind = fs::remove_dir_all(&self.data);
    }
}
