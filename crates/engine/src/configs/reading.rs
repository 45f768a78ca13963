//! Reading content: what is in use, what is on trial for whom it is meant, or what once was.

use std::sync::Arc;

use compact_str::CompactString;
use paste_catalog::ConfigItem;
use paste_model::{ConfigKey, Content, Receiver, Release, ReleaseNumber, Role, SessionId};
use paste_traffic::is_on_trial;

use super::{Plain, unknown_release};
use crate::{Caller, Engine, EngineError};

/// Which release is asked for.
#[derive(Debug, Clone)]
pub enum Which {
    /// What this receiver is to have.
    For(Receiver),
    /// This one.
    Number(ReleaseNumber),
    /// What waits for approval.
    Draft,
}

/// A release with its content.
#[derive(Debug, Clone)]
pub struct Shown {
    /// Its item.
    pub item: Arc<ConfigItem>,
    /// Its number; of a draft: 0.
    pub number: ReleaseNumber,
    /// The release; `None`: a draft.
    pub release: Option<Arc<Release>>,
    /// The content.
    pub content: Plain,
    /// Whether it is shown because its receiver takes part in a trial.
    pub on_trial: bool,
}

/// A release that was picked, before its content is read.
struct Picked {
    item: Arc<ConfigItem>,
    number: ReleaseNumber,
    release: Option<Arc<Release>>,
    content: Content,
    on_trial: bool,
}

impl Picked {
    fn shown(self, content: Plain) -> Shown {
        Shown {
            item: self.item,
            number: self.number,
            release: self.release,
            content,
            on_trial: self.on_trial,
        }
    }
}

impl Engine {
    /// A release with its content.
    pub async fn read_config(
        &self,
        caller: &Caller,
        key: &ConfigKey,
        which: &Which,
    ) -> Result<Shown, EngineError> {
        caller.require_config(Role::ConfigRead, key)?;
        let picked = self.pick(key, which)?;
        let content = self.content(key, &picked.content).await?;
        Ok(picked.shown(content))
    }

    /// The same, where it takes no wait.
    pub fn read_config_at_once(
        &self,
        caller: &Caller,
        key: &ConfigKey,
        which: &Which,
    ) -> Option<Result<Shown, EngineError>> {
        let read = || {
            caller.require_config(Role::ConfigRead, key)?;
            let picked = self.pick(key, which)?;
            let content = self.content_at_once(key, &picked.content).transpose()?;
            Ok(content.map(|content| picked.shown(content)))
        };
        read().transpose()
    }

    fn pick(&self, key: &ConfigKey, which: &Which) -> Result<Picked, EngineError> {
        let item = self.existing_config(key)?;
        let (number, on_trial) = match which {
            Which::For(receiver) => {
                let on_trial = takes_part(&item, receiver);
                let number = item.item.release_for(on_trial);
                (number.ok_or_else(|| self.unknown_config(key))?, on_trial)
            }
            Which::Number(number) => (*number, false),
            Which::Draft => {
                let draft = item.item.draft.as_ref();
                let content = draft.and_then(|draft| draft.content.clone());
                let content = content.ok_or_else(|| EngineError::NotFound {
                    code: "no-draft",
                    detail: format!("nothing of {key} waits for approval"),
                })?;
                return Ok(Picked {
                    item,
                    number: ReleaseNumber::default(),
                    release: None,
                    content,
                    on_trial: false,
                });
            }
        };
        let found = item
            .releases
            .get(&number)
            .map(|(release, _)| Arc::clone(release));
        let release = found.ok_or_else(|| unknown_release(key, number))?;
        let content = release
            .content
            .clone()
            .ok_or_else(|| EngineError::NotFound {
                code: "unknown-config",
                detail: format!("release {number} of {key} removed it: it has no content"),
            })?;
        Ok(Picked {
            item,
            number,
            release: Some(release),
            content,
            on_trial,
        })
    }

    /// The release of an item that `receiver` is to have, and whether it is on trial.
    pub fn release_for(
        &self,
        item: &ConfigItem,
        receiver: &Receiver,
    ) -> (Option<ReleaseNumber>, bool) {
        let on_trial = takes_part(item, receiver);
        (item.item.release_for(on_trial), on_trial)
    }

    /// What is known of somebody who reads for a session: what it says itself, and what its instances are registered with.
    pub fn receiver(
        &self,
        session: Option<SessionId>,
        zone: Option<CompactString>,
        labels: Vec<(CompactString, CompactString)>,
        address: CompactString,
    ) -> Receiver {
        let mut receiver = Receiver {
            zones: zone.into_iter().collect(),
            labels,
            addresses: vec![address],
            instances: Vec::new(),
            session,
        };
        let cell = receiver
            .session
            .as_ref()
            .and_then(|session| self.catalog().session(session.as_str()));
        for (key, member) in cell.map(|cell| cell.members()).unwrap_or_default() {
            let instance = &member.instance;
            receiver
                .addresses
                .push(CompactString::new(instance.address.as_str()));
            receiver.zones.extend(
                instance
                    .zone
                    .as_ref()
                    .map(|zone| CompactString::new(zone.as_str())),
            );
            let metadata = instance.metadata.iter();
            receiver.labels.extend(
                metadata.map(|(name, value)| (CompactString::new(name), CompactString::new(value))),
            );
            receiver.instances.push(key.id);
        }
        receiver
    }
}

/// Whether a trial of this item is meant for `receiver`.
pub(super) fn takes_part(item: &ConfigItem, receiver: &Receiver) -> bool {
    let gray = item.item.gray.as_ref();
    gray.is_some_and(|gray| is_on_trial(&gray.audience, &item.key, receiver))
}
