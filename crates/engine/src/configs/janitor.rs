//! Drops what nobody can need any more: releases beyond their retention, items that were removed long ago, and blobs that no
//! record points to.
//!
//! A blob is collected only if two rounds in a row find that nobody points to it, and nobody wrote it in between: whoever is
//! about to release it has written it just before, and expects it to be there.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use foldhash::fast::RandomState;
use paste_catalog::ConfigItem;
use paste_model::{
    Batch, BlobId, Cause, CauseKind, Change, Expect, Item, Key, Principal, Release, ReleaseNumber,
    Revision,
};
use paste_store::{CommitError, EXPECTATIONS_MAX};
use tokio::sync::watch;

use super::Config;
use crate::{Engine, EngineError};

/// Time between two rounds.
const ROUND: Duration = Duration::from_secs(10 * 60);
/// The name by which ownership of this work goes among nodes.
const OWNER: &str = "config-janitor";

/// Goes round until told to stop.
pub(crate) async fn run(engine: Engine, mut stop: watch::Receiver<bool>) {
    let mut unwanted = HashMap::default();
    loop {
        tokio::select! {
            () = tokio::time::sleep(ROUND) => {}
            _ = stop.wait_for(|stop| *stop) => return,
        }
        engine
            .configs()
            .receivers
            .sweep(engine.context().clock.wall());
        if engine.cluster().is_some_and(|cluster| !cluster.owns(OWNER)) {
            unwanted = HashMap::default();
            continue;
        }
        match engine.tidy_configs(unwanted).await {
            Ok(found) => unwanted = found,
            Err(error) => {
                tracing::warn!(%error, "old configuration can't be collected now; it is tried again");
                unwanted = HashMap::default();
            }
        }
    }
}

/// Blobs that nobody points to, and the revisions that wrote them.
pub(crate) type Unwanted = HashMap<BlobId, Revision, RandomState>;

impl Engine {
    /// One round; `before` is what the round before found.
    pub(crate) async fn tidy_configs(&self, before: Unwanted) -> Result<Unwanted, EngineError> {
        for item in self.catalog().all_configs() {
            self.drop_releases(&item).await?;
        }
        let store = Arc::clone(&self.context().store);
        let blobs = tokio::task::spawn_blocking(move || store.blobs())
            .await
            .map_err(|error| EngineError::read("listing blobs was interrupted", error))?
            .map_err(|error| EngineError::read("can't list blobs", error))?;
        // Read after the blobs: whoever released one of them by then is seen.
        let wanted = self.wanted_blobs();
        let unwanted: Unwanted = blobs
            .into_iter()
            .filter(|(id, _)| !wanted.contains(id))
            .collect();
        let twice = unwanted
            .iter()
            .filter(|(id, revision)| before.get(*id) == Some(*revision));
        let twice: Vec<_> = twice
            .map(|(id, revision)| (Key::Blob(*id), *revision))
            .collect();
        for (key, revision) in twice {
            self.collect(vec![(key, Expect::At(revision))], Vec::new())
                .await?;
        }
        Ok(unwanted)
    }

    fn wanted_blobs(&self) -> HashSet<BlobId, RandomState> {
        let mut wanted = HashSet::default();
        for item in self.catalog().all_configs() {
            let releases = item
                .releases
                .values()
                .filter_map(|(release, _)| release.content.as_ref());
            let draft = item
                .item
                .draft
                .as_ref()
                .and_then(|draft| draft.content.as_ref());
            for content in releases.chain(draft).chain(item.item.schema.as_ref()) {
                wanted.extend(content.chunks.iter().copied());
            }
        }
        wanted
    }

    /// Drops an item's releases that are beyond their retention; all of it, where it was removed so long ago.
    async fn drop_releases(&self, item: &ConfigItem) -> Result<(), EngineError> {
        let now = self.context().clock.wall();
        let old = |release: &Release| now.since(release.at) > self.configs().config.release_age_max;
        let newest = item.releases.values().next_back();
        let gone = is_removed(&item.item) && newest.is_none_or(|(release, _)| old(release));
        let doomed: Vec<_> = if gone {
            item.releases.keys().copied().collect()
        } else {
            beyond_retention(item, &self.configs().config, old)
        };
        for numbers in doomed.chunks(EXPECTATIONS_MAX) {
            let keys = numbers
                .iter()
                .map(|number| Key::Release(item.key.clone(), *number));
            // The item stays as it was seen: what is in use or on trial is none of these.
            let expect = vec![(Key::Config(item.key.clone()), Expect::At(item.revision))];
            self.collect(expect, keys.collect()).await?;
        }
        if gone {
            let key = Key::Config(item.key.clone());
            self.collect(vec![(key.clone(), Expect::At(item.revision))], vec![key])
                .await?;
        }
        Ok(())
    }

    /// Deletes `keys`, or whatever is expected, where all is as expected.
    async fn collect(&self, expect: Vec<(Key, Expect)>, keys: Vec<Key>) -> Result<(), EngineError> {
        let keys = if keys.is_empty() {
            expect.iter().map(|(key, _)| key.clone()).collect()
        } else {
            keys
        };
        let context = self.context();
        let batch = Batch {
            expect,
            changes: keys.into_iter().map(Change::Delete).collect(),
            cause: Cause {
                kind: CauseKind::Guard,
                at: context.clock.wall(),
                by: Principal::node(&context.node),
                reason: "beyond its retention".into(),
                about: None,
            },
        };
        match context.commit(batch).await {
            // Somebody changed it in the meantime; the next round looks again.
            Ok(_) | Err(CommitError::Conflict { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

fn is_removed(item: &Item) -> bool {
    item.released.is_none() && item.gray.is_none() && item.draft.is_none()
}

/// The releases beyond their number or age, oldest first; never what is in use or on trial, nor the newest.
fn beyond_retention(
    item: &ConfigItem,
    config: &Config,
    old: impl Fn(&Release) -> bool,
) -> Vec<ReleaseNumber> {
    let too_many = item
        .releases
        .len()
        .saturating_sub(config.releases_max.max(1));
    let kept = [
        item.item.released,
        item.item.gray.as_ref().map(|gray| gray.release),
        Some(item.item.last),
    ];
    item.releases
        .iter()
        .enumerate()
        .filter(|(place, (_, (release, _)))| *place < too_many || old(release))
        .map(|(_, (number, _))| *number)
        .filter(|number| !kept.contains(&Some(*number)))
        .collect()
}
