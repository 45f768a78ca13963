//! The view turned back into the records that it is made of.

use std::sync::Arc;

use paste_model::{ConfigKey, Entry, InstanceId, InstanceKey, Record, Revision};

use crate::cell::Cell;
use crate::configs::Releases;
use crate::shared::Shared;

/// Every record that the view shows, in no particular order. A record whose revision the view doesn't keep has `unknown`.
pub(crate) fn records(shared: &Shared, unknown: Revision) -> Vec<Entry> {
    let mut entries = Vec::new();
    let mut push = |record, revision| entries.push(Entry { revision, record });
    for (name, settings) in shared.directory.namespaces() {
        if let Some(settings) = settings {
            push(Record::Namespace(name, settings), unknown);
        }
    }
    for (token, revision) in shared.tokens.all() {
        push(Record::Token(token), revision);
    }
    for session in shared.sessions.all() {
        if let (record, Some(revision)) = session.record() {
            let record = Record::Session(session.id().clone(), (*record).clone());
            push(record, revision);
        }
    }
    for item in shared.configs.all() {
        push(
            Record::Config(item.key.clone(), Arc::clone(&item.item)),
            item.revision,
        );
        push_releases(&item.key, &item.releases, &mut push);
    }
    for (key, releases) in shared.configs.all_loose() {
        push_releases(&key, &releases, &mut push);
    }
    for cell in shared.directory.cells() {
        push_service(&cell, unknown, &mut push);
    }
    entries
}

/// Every release of one configuration item.
fn push_releases(key: &ConfigKey, releases: &Releases, push: &mut impl FnMut(Record, Revision)) {
    for (number, (release, revision)) in releases {
        push(
            Record::Release(key.clone(), *number, Arc::clone(release)),
            *revision,
        );
    }
}

/// Every record of one service.
fn push_service(cell: &Cell, unknown: Revision, push: &mut impl FnMut(Record, Revision)) {
    let key = |id: &InstanceId| InstanceKey {
        service: (*cell.key).clone(),
        id: id.clone(),
    };
    if let Some(snapshot) = cell.snapshot.load_full() {
        if let Some(revision) = snapshot.settings_revision() {
            let settings = Arc::new(snapshot.settings().clone());
            push(Record::Service((*cell.key).clone(), settings), revision);
        }
        if let Some((history, revision)) = snapshot.policy_history() {
            let history = Arc::clone(history);
            push(Record::Policy((*cell.key).clone(), history), revision);
        }
        for member in snapshot.members() {
            let instance = Arc::clone(&member.instance);
            push(Record::Instance(key(&member.id), instance), member.revision);
            if let Some(word) = &member.overridden {
                push(Record::Override(key(&member.id), Arc::clone(word)), unknown);
            }
            if let Some(health) = &member.check_health {
                let health = (**health).clone();
                push(Record::Check(key(&member.id), health), unknown);
            }
        }
    }
    for (id, orphan) in &cell.desk.lock().orphans {
        if let Some(word) = &orphan.overridden {
            push(Record::Override(key(id), Arc::clone(word)), unknown);
        }
        if let Some(health) = &orphan.check_health {
            push(Record::Check(key(id), (**health).clone()), unknown);
        }
    }
}
