//! The copy on disk: what was known, for a start without the registry.
//!
//! A line that says the format and the checksum, and then one JSON document. It is written beside, synced and renamed, so
//! that whatever ends the process leaves the old file or the new one.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashMap};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};
use twox_hash::XxHash64;

use crate::clock::Clock;
use crate::config::ConfigValue;
use crate::copy::{Kept, LocalCopy, Saved, View};
use crate::error::BoxError;
use crate::{event, policy};

/// The format that this version writes and reads.
const FORMAT: u32 = 1;
/// Older than this it is not used.
const AGE_MAX: Duration = Duration::from_secs(24 * 60 * 60);
/// Older than this it is used with a warning.
const AGE_DOUBTFUL: Duration = Duration::from_secs(10 * 60);
/// Largest file that is read.
const FILE_BYTES_MAX: u64 = 1024 * 1024 * 1024;

#[derive(Serialize, Deserialize)]
struct Head {
    format: u32,
    checksum: String,
}

#[derive(Serialize, Deserialize)]
struct Payload {
    epoch: Option<String>,
    saved_at: String,
    services: BTreeMap<String, Service>,
    configs: BTreeMap<String, Config>,
}

#[derive(Serialize, Deserialize)]
struct Service {
    revision: u64,
    protected: bool,
    #[serde(default)]
    policy: Option<policy::Wire>,
    instances: Vec<Box<RawValue>>,
}

#[derive(Serialize, Deserialize)]
struct Config {
    release: u64,
    format: paste_api::ConfigFormat,
    content: String,
}

fn file(folder: &Path, namespace: &str) -> PathBuf {
    folder.join(format!("{namespace}.json"))
}

/// Reads what an earlier run left. Whatever can't be used is passed over, with a warning.
pub(crate) fn load(folder: &Path, namespace: &str, clock: &dyn Clock) -> Option<Kept> {
    let path = file(folder, namespace);
    let opened = match File::open(&path) {
        Ok(opened) => opened,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return None,
        Err(error) => {
            tracing::warn!(path = %path.display(), %error, "can't read the copy on disk");
            return None;
        }
    };
    match read(opened, clock) {
        Ok(kept) => {
            if kept.age > AGE_DOUBTFUL {
                tracing::warn!(path = %path.display(), age = ?kept.age, "the copy on disk is old");
            }
            Some(kept)
        }
        Err(error) => {
            tracing::warn!(path = %path.display(), error, "the copy on disk is passed over");
            None
        }
    }
}

fn read(opened: File, clock: &dyn Clock) -> Result<Kept, BoxError> {
    let mut bytes = Vec::new();
    opened.take(FILE_BYTES_MAX).read_to_end(&mut bytes)?;
    let end = bytes
        .iter()
        .position(|byte| *byte == b'\n')
        .ok_or("it is torn")?;
    let head: Head = serde_json::from_slice(&bytes[..end])?;
    if head.format != FORMAT {
        return Err(format!("it is of format {}, not {FORMAT}", head.format).into());
    }
    let payload = &bytes[end + 1..];
    if head.checksum != checksum(payload) {
        return Err("it is torn: its checksum is another".into());
    }
    let payload: Payload = serde_json::from_slice(payload)?;
    let saved_at = humantime::parse_rfc3339(&payload.saved_at)?;
    // A clock that went back makes no copy younger than new.
    let age = clock.wall().duration_since(saved_at).unwrap_or_default();
    if age > AGE_MAX {
        return Err(format!("it is {age:?} old").into());
    }
    let services = payload.services.into_iter();
    let services = services.map(|(name, service)| {
        let saved = saved(&name, service)?;
        Ok((name, saved))
    });
    Ok(Kept {
        epoch: payload.epoch,
        age,
        read_at: clock.now(),
        services: services.collect::<Result<HashMap<_, _>, BoxError>>()?,
        configs: payload
            .configs
            .into_iter()
            .map(|(name, item)| (name, value(item)))
            .collect(),
    })
}

fn saved(name: &str, service: Service) -> Result<Saved, BoxError> {
    let instances = service.instances.iter().map(|instance| &**instance);
    let mut members = event::members(name, instances);
    members.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(Saved {
        view: View {
            members,
            revision: service.revision,
            protected: service.protected,
            policy: service.policy.map(policy::read).transpose()?,
        },
    })
}

fn value(item: Config) -> ConfigValue {
    ConfigValue {
        release: item.release,
        format: item.format,
        content: item.content.into(),
        secret: false,
    }
}

/// Writes what is known now; while the stream hasn't told all of it, the file stays as it is.
pub(crate) fn save(
    folder: &Path,
    namespace: &str,
    session: &str,
    copy: &LocalCopy,
    now: SystemTime,
) -> io::Result<()> {
    let Some(payload) = payload(copy, now) else {
        return Ok(());
    };
    let payload = serde_json::to_vec(&payload)?;
    let head = Head {
        format: FORMAT,
        checksum: checksum(&payload),
    };
    fs::create_dir_all(folder)?;
    let beside = folder.join(format!("{namespace}.json.{session}"));
    let written = write(&beside, &serde_json::to_vec(&head)?, &payload)
        .and_then(|()| fs::rename(&beside, file(folder, namespace)));
    if written.is_err() {
        let _never_there = fs::remove_file(&beside).is_err();
    }
    written?;
    // So that the renaming is on disk, too, where a folder can be synced.
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .or(Ok(()))
}

fn write(path: &Path, head: &[u8], payload: &[u8]) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(head)?;
    file.write_all(b"\n")?;
    file.write_all(payload)?;
    file.sync_all()
}

/// What is known, if the stream has told all of it in this run: one `saved_at` and one epoch couldn't be true of anything else.
fn payload(copy: &LocalCopy, now: SystemTime) -> Option<Payload> {
    let mut payload = Payload {
        epoch: None,
        saved_at: humantime::format_rfc3339_millis(now).to_string(),
        services: BTreeMap::new(),
        configs: BTreeMap::new(),
    };
    for service in copy.services() {
        if service.is_known() {
            let (epoch, view) = service.confirmed()?;
            if payload.epoch.get_or_insert_with(|| epoch.clone()) != &epoch {
                return None;
            }
            let name = service.name().to_owned();
            payload.services.insert(name, of_view(&view));
        }
    }
    let mut told = payload.epoch.is_some();
    for item in copy.configs() {
        let value = item.value();
        if value.is_some() && !item.is_told() {
            return None;
        }
        told |= item.is_told();
        if let Some(value) = value.filter(|value| !value.secret) {
            payload.configs.insert(item.name(), of_value(value));
        }
    }
    told.then_some(payload)
}

fn of_view(view: &View) -> Service {
    Service {
        revision: view.revision,
        protected: view.protected,
        policy: view.policy.as_deref().map(policy::write),
        instances: view
            .members
            .iter()
            // What was read can be written.
            .filter_map(|member| to_raw_value(&paste_api::Instance::from(&**member)).ok())
            .collect(),
    }
}

fn of_value(value: ConfigValue) -> Config {
    Config {
        release: value.release,
        format: value.format,
        content: value.content.as_ref().to_owned(),
    }
}

fn checksum(payload: &[u8]) -> String {
    format!("{:016x}", XxHash64::oneshot(0, payload))
}
