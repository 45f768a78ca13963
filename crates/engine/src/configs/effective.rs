//! What an application reads that names several groups: of each key the item of the last group that has it.

use std::collections::BTreeMap;
use std::sync::Arc;

use paste_catalog::ConfigItem;
use paste_model::{ConfigGroup, ConfigName, Namespace, Receiver, ReleaseNumber, Role};

use super::reading::{Shown, Which};
use crate::{Caller, Engine, EngineError};

/// Most groups that can be read together.
const GROUPS_MAX: usize = 32;
/// Most bytes of content in one answer.
const BYTES_MAX: usize = 64 * 1024 * 1024;

/// One key, where its value comes from, and what that hides.
#[derive(Debug, Clone)]
pub struct Effective {
    /// What holds.
    pub shown: Shown,
    /// Items of the same key in earlier groups, the nearest first, each with its release.
    pub hidden: Vec<(Arc<ConfigItem>, ReleaseNumber)>,
}

impl Engine {
    /// What holds for a receiver that reads `groups` in this order, by key.
    pub async fn effective_configs(
        &self,
        caller: &Caller,
        namespace: &Namespace,
        groups: &[ConfigGroup],
        receiver: &Receiver,
    ) -> Result<Vec<Effective>, EngineError> {
        if groups.is_empty() || groups.len() > GROUPS_MAX {
            return Err(EngineError::Invalid {
                field: "group".to_owned(),
                detail: format!("name 1 to {GROUPS_MAX} groups"),
            });
        }
        caller.require_configs_in(Role::ConfigRead, namespace)?;
        let mut layers: BTreeMap<ConfigName, Vec<(Arc<ConfigItem>, ReleaseNumber)>> =
            BTreeMap::new();
        for group in groups {
            for item in self
                .catalog()
                .config_group(namespace.as_str(), group.as_str())
            {
                caller.require_config(Role::ConfigRead, &item.key)?;
                if let (Some(number), _) = self.release_for(&item, receiver) {
                    layers
                        .entry(item.key.name.clone())
                        .or_default()
                        .push((item, number));
                }
            }
        }
        let mut effective = Vec::with_capacity(layers.len());
        let mut bytes = 0;
        for mut layers in layers.into_values() {
            let Some((item, _)) = layers.pop() else {
                continue;
            };
            let shown = self
                .read_config(caller, &item.key, &Which::For(receiver.clone()))
                .await?;
            bytes += shown.content.len();
            if bytes > BYTES_MAX {
                return Err(EngineError::Invalid {
                    field: "group".to_owned(),
                    detail: format!(
                        "these groups have over {BYTES_MAX} bytes together; read fewer at once"
                    ),
                });
            }
            layers.reverse();
            effective.push(Effective {
                shown,
                hidden: layers,
            });
        }
        Ok(effective)
    }
}
