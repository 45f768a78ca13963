//! What the engine knows of configuration, as the wire shows it.

use paste_api::{
    Acknowledged, Config, ConfigChanged, ConfigHunk, ConfigLine, ConfigRelease, ConfigSummary,
    ConfigTerms, Draft, Gray, LineChange, MatchedLine, Published, ReleaseStage, Subscriber,
};
use paste_catalog::ConfigItem;
use paste_engine::{ConfigFound, Hunk, Shown};
use paste_model::{ConfigKey, Item, Release, ReleaseNumber, Stage};

use super::text;
use crate::rest::failure::Failure;

/// An item with content.
pub(super) fn config(shown: &Shown) -> Result<Config, Failure> {
    let key = &shown.item.key;
    let draft = shown.item.item.draft.as_ref();
    let (format, comment, by, at) = match (&shown.release, draft) {
        (Some(release), _) => (release.format, &release.comment, &release.by, release.at),
        (None, Some(draft)) => (draft.format, &draft.comment, &draft.by, draft.at),
        (None, None) => {
            return Err(Failure::new(
                paste_api::Code::NoDraft,
                "nothing waits for approval",
            ));
        }
    };
    Ok(Config {
        namespace: key.namespace.to_string(),
        group: key.group.to_string(),
        key: key.name.to_string(),
        revision: shown.item.revision.0,
        release: shown.number.0,
        format: format.into(),
        content: text(&shown.content)?,
        gray: shown.on_trial,
        secret: shown.item.item.secret,
        comment: comment.to_string(),
        by: by.to_string(),
        at: at.into(),
    })
}

/// What a subscriber is to have.
pub(super) fn changed(shown: &Shown) -> Result<ConfigChanged, Failure> {
    let config = config(shown)?;
    Ok(ConfigChanged {
        namespace: config.namespace,
        group: config.group,
        key: config.key,
        revision: config.revision,
        release: config.release,
        format: Some(config.format),
        content: Some(config.content),
        gray: config.gray,
        secret: config.secret,
        removed: false,
        error: None,
    })
}

/// What a subscriber is told of an item that it can't have: it isn't there, or can't be read here.
pub(super) fn absent(
    key: &ConfigKey,
    item: Option<&ConfigItem>,
    error: Option<&str>,
) -> ConfigChanged {
    ConfigChanged {
        namespace: key.namespace.to_string(),
        group: key.group.to_string(),
        key: key.name.to_string(),
        revision: item.map_or(0, |item| item.revision.0),
        release: error
            .and(item)
            .and_then(|item| item.item.released)
            .unwrap_or_default()
            .0,
        format: None,
        content: None,
        gray: false,
        secret: item.is_some_and(|item| item.item.secret),
        removed: error.is_none(),
        error: error.map(str::to_owned),
    }
}

/// A line of the history.
pub(super) fn release(item: &Item, number: ReleaseNumber, release: &Release) -> ConfigRelease {
    let (stage, aborted) = match &release.stage {
        Stage::Released => (ReleaseStage::Released, None),
        Stage::Gray => (ReleaseStage::Gray, None),
        Stage::Aborted(why) => (ReleaseStage::Aborted, Some(why.to_string())),
    };
    ConfigRelease {
        release: number.0,
        stage,
        in_use: item.released == Some(number),
        removed: release.content.is_none(),
        restores: release.restores.map(|number| number.0),
        format: release.format.into(),
        size: release.content.as_ref().map_or(0, |content| content.size),
        comment: release.comment.to_string(),
        aborted,
        by: release.by.to_string(),
        author: release.author.as_ref().map(ToString::to_string),
        at: release.at.into(),
    }
}

/// An item without its content.
pub(super) fn summary(found: &ConfigFound) -> ConfigSummary {
    let ConfigItem {
        key,
        item,
        revision,
        releases,
        ..
    } = &*found.item;
    let in_use = item.released.and_then(|number| releases.get(&number));
    let content = in_use.and_then(|(release, _)| release.content.as_ref());
    ConfigSummary {
        group: key.group.to_string(),
        key: key.name.to_string(),
        revision: revision.0,
        release: item.released.map(|number| number.0),
        format: item.format.into(),
        size: content.map_or(0, |content| content.size),
        terms: ConfigTerms {
            secret: item.secret,
            approval: item.approval,
            schema: item.schema.is_some(),
            description: item.description.to_string(),
        },
        gray: gray(item),
        draft: item.draft.as_ref().map(|draft| Draft {
            format: draft.format.into(),
            size: draft.content.as_ref().map_or(0, |content| content.size),
            comment: draft.comment.to_string(),
            by: draft.by.to_string(),
            at: draft.at.into(),
        }),
        matched: found
            .line
            .clone()
            .map(|(line, text)| MatchedLine { line, text }),
    }
}

/// A release on trial.
pub(super) fn gray(item: &Item) -> Option<Gray> {
    item.gray.as_ref().map(|gray| Gray {
        release: gray.release.0,
        audience: (&gray.audience).into(),
        since: gray.since.into(),
        by: gray.by.to_string(),
    })
}

/// What became of a change.
pub(super) fn published(published: &paste_engine::Published) -> Published {
    let ConfigItem {
        key,
        item,
        revision,
        ..
    } = &*published.item;
    Published {
        namespace: key.namespace.to_string(),
        group: key.group.to_string(),
        key: key.name.to_string(),
        revision: revision.0,
        release: published.number.0,
        format: item.format.into(),
        unchanged: published.unchanged,
        gray: gray(item),
    }
}

/// Lines that differ.
pub(super) fn hunk(hunk: &Hunk) -> ConfigHunk {
    ConfigHunk {
        from_line: hunk.from_line,
        from_count: hunk.from_count,
        to_line: hunk.to_line,
        to_count: hunk.to_count,
        lines: (hunk.lines.iter())
            .map(|(change, text)| ConfigLine {
                change: match change {
                    paste_engine::LineChange::Same => LineChange::Same,
                    paste_engine::LineChange::Removed => LineChange::Removed,
                    paste_engine::LineChange::Added => LineChange::Added,
                },
                text: text.clone(),
            })
            .collect(),
    }
}

/// One who has a release.
pub(super) fn subscriber(subscriber: paste_engine::Subscriber) -> Subscriber {
    Subscriber {
        session: subscriber.session.map(|session| session.to_string()),
        instances: subscriber
            .instances
            .iter()
            .map(ToString::to_string)
            .collect(),
        address: (!subscriber.address.is_empty()).then(|| subscriber.address.to_string()),
        connected: subscriber.connected,
        gray: subscriber.on_trial,
        wanted: subscriber.wanted.map(|number| number.0),
        sent: subscriber.sent.map(|number| number.0),
        acknowledged: subscriber.ack.map(|ack| Acknowledged {
            release: ack.release.0,
            applied: ack.error.is_none(),
            error: ack.error.map(|error| error.to_string()),
            at: ack.at.into(),
        }),
    }
}
