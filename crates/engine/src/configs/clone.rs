//! Copying what is in use in one namespace into another.

use std::sync::Arc;

use paste_catalog::ConfigItem;
use paste_model::{ConfigKey, Role};

use super::ask::{Clone, Cloned, Publication, Terms};
use super::edit::validate_text;
use crate::{Caller, Engine, EngineError};

impl Engine {
    /// Copies the items of a namespace, or of one of its groups, each with its content, format, schema and terms. Items are
    /// released one after the other: what was copied before a failure stays, and copying again goes on from there.
    pub async fn clone_configs(
        &self,
        caller: &Caller,
        wanted: &Clone,
    ) -> Result<Cloned, EngineError> {
        validate_text("comment", &wanted.comment)?;
        if wanted.from == wanted.to {
            return Err(EngineError::Invalid {
                field: "to".to_owned(),
                detail: "must be another namespace".to_owned(),
            });
        }
        let group = wanted.group.as_ref().map(|group| group.as_str());
        let items = self
            .catalog()
            .configs(wanted.from.as_str(), group, "", None, usize::MAX);
        let released: Vec<_> = items
            .iter()
            .filter(|item| item.item.released.is_some())
            .collect();
        for item in &released {
            caller.require_config(Role::ConfigRead, &item.key)?;
        }
        let mut cloned = Cloned::default();
        for item in released {
            let key = ConfigKey {
                namespace: wanted.to.clone(),
                ..item.key.clone()
            };
            let there = self
                .config_item(&key)
                .is_some_and(|found| found.item.released.is_some());
            if there && !wanted.overwrite {
                cloned.passed_over.push(key);
                continue;
            }
            let publication = self.copy_of(item, wanted).await?;
            self.publish_config(caller, &key, &publication, None)
                .await?;
            cloned.copied.push(key);
        }
        Ok(cloned)
    }

    /// What is in use of an item, to be released elsewhere.
    async fn copy_of(
        &self,
        item: &Arc<ConfigItem>,
        wanted: &Clone,
    ) -> Result<Publication, EngineError> {
        let release = item
            .item
            .released
            .and_then(|number| item.releases.get(&number))
            .and_then(|(release, _)| release.content.as_ref());
        let content = release.ok_or_else(|| self.unknown_config(&item.key))?;
        let schema = match &item.item.schema {
            Some(schema) => Some(self.content(&item.key, schema).await?),
            None => None,
        };
        Ok(Publication {
            content: self.content(&item.key, content).await?,
            format: Some(item.item.format),
            comment: wanted.comment.clone(),
            terms: Terms {
                schema: Some(schema),
                secret: Some(item.item.secret),
                approval: None,
                description: Some(item.item.description.clone()),
            },
        })
    }
}
