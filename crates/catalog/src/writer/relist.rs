//! What a relist no longer has.

use std::collections::HashSet;

use foldhash::fast::RandomState;
use paste_model::{Entry, InstanceId, InstanceKey, Key};

use crate::cell::Cell;
use crate::shared::Shared;

/// The keys of all records that the view shows and `entries` lack.
pub(super) fn missing(shared: &Shared, entries: &[Entry]) -> Vec<Key> {
    let listed: HashSet<Key, RandomState> =
        entries.iter().map(|entry| entry.record.key()).collect();
    let mut keys = Vec::new();
    let settings = |(name, settings): (_, Option<_>)| settings.map(|_| Key::Namespace(name));
    keys.extend(
        shared
            .directory
            .namespaces()
            .into_iter()
            .filter_map(settings),
    );
    let tokens = shared.tokens.all().into_iter();
    keys.extend(tokens.map(|(token, _)| Key::Token(token.id.clone())));
    for session in shared.sessions.all() {
        if session.record().1.is_some() {
            keys.push(Key::Session(session.id().clone()));
        }
    }
    for cell in shared.directory.cells() {
        push_service(&cell, &mut keys);
    }
    keys.retain(|key| !listed.contains(key));
    keys
}

/// The keys of all records of one service.
fn push_service(cell: &Cell, keys: &mut Vec<Key>) {
    let key = |id: &InstanceId| InstanceKey {
        service: (*cell.key).clone(),
        id: id.clone(),
    };
    if let Some(snapshot) = cell.snapshot.load_full() {
        if snapshot.settings_revision().is_some() {
            keys.push(Key::Service((*cell.key).clone()));
        }
        for member in snapshot.members() {
            keys.push(Key::Instance(key(&member.id)));
            let overridden = member.overridden.iter();
            keys.extend(overridden.map(|_| Key::Override(key(&member.id))));
            let check_health = member.check_health.iter();
            keys.extend(check_health.map(|_| Key::Check(key(&member.id))));
        }
    }
    for (id, orphan) in &cell.desk.lock().orphans {
        let overridden = orphan.overridden.iter();
        keys.extend(overridden.map(|_| Key::Override(key(id))));
        let check_health = orphan.check_health.iter();
        keys.extend(check_health.map(|_| Key::Check(key(id))));
    }
}
