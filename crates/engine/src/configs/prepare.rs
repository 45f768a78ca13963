//! Content is checked and packed before anything of it is written.

use std::sync::Arc;

use bytes::Bytes;
use paste_catalog::ConfigItem;
use paste_model::limits::{CONFIG_CHUNKS_MAX, CONFIG_SCHEMA_BYTES_MAX};
use paste_model::{ConfigKey, Content, Format, Item, ReleaseNumber};

use super::ask::{Publication, Terms};
use super::content::Packed;
use super::document::{self, Schema};
use super::edit::validate_text;
use crate::{Caller, Engine, EngineError};
use paste_model::Role;

/// Content that may be released, and the item with its terms as they are to be.
pub(super) struct Prepared {
    pub(super) item: Item,
    pub(super) content: Packed,
    pub(super) schema: Option<Packed>,
    /// Whether the release in use says the same already.
    pub(super) same: bool,
}

impl Prepared {
    /// All that has to be written into blobs.
    pub(super) fn into_parts(self) -> (Item, Content, Vec<Packed>) {
        let content = self.content.content.clone();
        let packed = std::iter::once(self.content).chain(self.schema).collect();
        (self.item, content, packed)
    }
}

impl Engine {
    /// Checks what is to be released, and packs it.
    pub(super) async fn prepare(
        &self,
        caller: &Caller,
        key: &ConfigKey,
        found: Option<&Arc<ConfigItem>>,
        publication: &Publication,
    ) -> Result<Prepared, EngineError> {
        let settings = &self.configs().config;
        validate_text("comment", &publication.comment)?;
        if publication.content.len() > settings.item_bytes_max {
            return Err(EngineError::Invalid {
                field: "content".to_owned(),
                detail: format!(
                    "has {} bytes; the limit (item_size_max) is {}",
                    publication.content.len(),
                    settings.item_bytes_max
                ),
            });
        }
        let before = found.map(|found| &*found.item);
        let format = publication
            .format
            .or(before.map(|item| item.format))
            .unwrap_or_else(|| Format::of_name(key.name.as_str()));
        document::check(format, &publication.content).map_err(unreadable)?;
        let mut item = before.cloned().unwrap_or_else(|| Item::new(format));
        item.format = format;
        require_for_terms(caller, key, before, &publication.terms)?;
        let schema = self.apply_terms(key, &mut item, &publication.terms)?;
        self.fits_schema(key, &item, &publication.terms, format, &publication.content)
            .await?;
        let content = self.pack(key, &publication.content, item.secret)?;
        self.within_quota(key, found, &content.content)?;
        let same = self
            .says_the_same(key, found, &item, &publication.content)
            .await?;
        Ok(Prepared {
            item,
            content,
            schema,
            same,
        })
    }

    /// Writes the terms into the item; answers with a new schema, packed.
    fn apply_terms(
        &self,
        key: &ConfigKey,
        item: &mut Item,
        terms: &Terms,
    ) -> Result<Option<Packed>, EngineError> {
        if let Some(description) = &terms.description {
            validate_text("description", description)?;
            item.description = description.clone();
        }
        item.secret = terms.secret.unwrap_or(item.secret);
        item.approval = terms.approval.unwrap_or(item.approval);
        match &terms.schema {
            None => Ok(None),
            Some(None) => {
                item.schema = None;
                Ok(None)
            }
            Some(Some(schema)) => {
                let packed = self.pack(key, schema, false)?;
                item.schema = Some(packed.content.clone());
                Ok(Some(packed))
            }
        }
    }

    /// Refuses content that the item's schema, or the new one, forbids.
    async fn fits_schema(
        &self,
        key: &ConfigKey,
        item: &Item,
        terms: &Terms,
        format: Format,
        content: &Bytes,
    ) -> Result<(), EngineError> {
        let schema = match (&terms.schema, &item.schema) {
            (Some(Some(new)), _) => new.clone(),
            (_, Some(stored)) => self.content(key, stored).await?,
            (_, None) => return Ok(()),
        };
        let content = content.clone();
        // Validation may take long where a schema is large.
        let checked = tokio::task::spawn_blocking(move || checked(&schema, format, &content));
        checked
            .await
            .map_err(|error| EngineError::read("checking the content was interrupted", error))?
    }

    fn within_quota(
        &self,
        key: &ConfigKey,
        found: Option<&Arc<ConfigItem>>,
        content: &Content,
    ) -> Result<(), EngineError> {
        let max = self.configs().config.namespace_bytes_max;
        let known = found.is_some_and(|found| {
            (found.releases.values())
                .filter_map(|(release, _)| release.content.as_ref())
                .any(|other| other.digest == content.digest)
        });
        let kept = self.catalog().config_bytes(key.namespace.as_str());
        if !known && kept.saturating_add(content.stored) > max {
            return Err(EngineError::Conflict {
                code: "quota-exceeded",
                detail: format!(
                    "namespace {} keeps {kept} bytes of configuration, and its limit \
                     (namespace_size_max) is {max}; delete items, or keep fewer releases",
                    key.namespace
                ),
            });
        }
        Ok(())
    }

    /// Whether what is in use is the same in every way, and can be read.
    async fn says_the_same(
        &self,
        key: &ConfigKey,
        found: Option<&Arc<ConfigItem>>,
        item: &Item,
        plain: &Bytes,
    ) -> Result<bool, EngineError> {
        let Some(found) = found.filter(|found| *found.item == *item) else {
            return Ok(false);
        };
        let current = in_use(found).filter(|content| content.size == plain.len() as u64);
        let Some(current) = current else {
            return Ok(false);
        };
        match self.content(key, current).await {
            Ok(current) => Ok(current == *plain),
            // What nobody can read any more is mended by releasing it anew.
            Err(EngineError::ContentLost { .. } | EngineError::Secret(_)) => Ok(false),
            Err(error) => Err(error),
        }
    }
}

/// The content that is in use.
fn in_use(found: &ConfigItem) -> Option<&Content> {
    let (release, _) = found.releases.get(&found.item.released?)?;
    release.content.as_ref()
}

/// What makes an item less guarded takes more than the right to release.
fn require_for_terms(
    caller: &Caller,
    key: &ConfigKey,
    before: Option<&Item>,
    terms: &Terms,
) -> Result<(), EngineError> {
    let before = before.map_or((false, false), |item| (item.secret, item.approval));
    let laxer =
        (before.0 && terms.secret == Some(false)) || (before.1 && terms.approval == Some(false));
    if laxer {
        caller.require_config(Role::Config, key)?;
    }
    Ok(())
}

/// Checks content against a schema.
pub(super) fn checked(schema: &[u8], format: Format, content: &[u8]) -> Result<(), EngineError> {
    if schema.len() > CONFIG_SCHEMA_BYTES_MAX {
        return Err(EngineError::Invalid {
            field: "schema".to_owned(),
            detail: format!(
                "has {} bytes; the limit (config_schema_bytes_max) is {CONFIG_SCHEMA_BYTES_MAX}",
                schema.len()
            ),
        });
    }
    let schema = Schema::compile(schema).map_err(|error| EngineError::Invalid {
        field: "schema".to_owned(),
        detail: error.to_string(),
    })?;
    let value = document::value(format, content).map_err(unreadable)?;
    schema
        .check(&value)
        .map_err(|violations| EngineError::Unreadable {
            detail: "the content doesn't fit its schema".to_owned(),
            errors: violations
                .into_iter()
                .map(|violation| (format!("content{}", violation.path), violation.reason))
                .collect(),
        })
}

fn unreadable(error: document::Unreadable) -> EngineError {
    EngineError::Unreadable {
        detail: "the content can't be read in its format".to_owned(),
        errors: vec![("content".to_owned(), error.to_string())],
    }
}

/// The number of the next release.
pub(super) fn next_number(item: &mut Item) -> ReleaseNumber {
    item.last = item.last.next();
    item.last
}

/// Refuses several contents that are too many pieces to be written in one batch.
pub(super) fn few_enough<'p>(packed: impl Iterator<Item = &'p Packed>) -> Result<(), EngineError> {
    let pieces: usize = packed.map(|packed| packed.blobs.len()).sum();
    if pieces > CONFIG_CHUNKS_MAX {
        return Err(EngineError::Invalid {
            field: "items".to_owned(),
            detail: format!(
                "their contents are {pieces} pieces together; the limit (config_chunks_max) is \
                 {CONFIG_CHUNKS_MAX}: release them in several steps"
            ),
        });
    }
    Ok(())
}
