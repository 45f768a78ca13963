//! Whatever batches brought it about, the same records show the same items, and whoever follows them ends with the truth.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Instant;

use paste_model::{
    Cause, CauseKind, Change, Committed, ConfigGroup, ConfigKey, ConfigName, Entry, Epoch, Format,
    Item, Key, Namespace, Principal, Record, Release, ReleaseNumber, Revision, Stage, Timestamp,
};
use proptest::collection::vec;
use proptest::prelude::*;

use super::ConfigTopic;
use crate::{Catalog, Limits, Writer, catalog};

fn key(group: u8, name: u8) -> ConfigKey {
    ConfigKey {
        namespace: Namespace::default(),
        group: ConfigGroup::new(&format!("g{group}")).expect("valid"),
        name: ConfigName::new(&format!("k{name}")).expect("valid"),
    }
}

fn item(number: u64) -> Item {
    Item {
        released: Some(ReleaseNumber(number)),
        last: ReleaseNumber(number),
        ..Item::new(Format::Text)
    }
}

fn release(number: u64) -> Release {
    Release {
        content: None,
        format: Format::Text,
        stage: Stage::Released,
        restores: None,
        comment: number.to_string().into(),
        by: Principal::anonymous(),
        author: None,
        at: Timestamp(number),
    }
}

fn change() -> impl Strategy<Value = Change> {
    let record =
        (0..2_u8, 0..3_u8, 1..4_u64, any::<bool>()).prop_map(|(group, name, number, whole)| {
            let key = key(group, name);
            if whole {
                Record::Config(key, Arc::new(item(number)))
            } else {
                Record::Release(key, ReleaseNumber(number), Arc::new(release(number)))
            }
        });
    (record, any::<bool>()).prop_map(|(record, put)| {
        if put {
            Change::Put(record)
        } else {
            Change::Delete(record.key())
        }
    })
}

fn batch(revision: u64, changes: Vec<Change>) -> Committed {
    Committed {
        revision: Revision(revision),
        changes,
        cause: Cause {
            kind: CauseKind::Request,
            at: Timestamp(0),
            by: Principal::anonymous(),
            reason: "".into(),
            about: None,
        },
    }
}

fn begun() -> (Writer, Catalog) {
    let (mut writer, catalog) = catalog(Limits::default());
    writer.load(Epoch(1), Revision::ZERO, Vec::new(), Instant::now());
    (writer, catalog)
}

/// Items by name with their revisions and releases, as they are listed.
fn shown(catalog: &Catalog) -> Vec<(String, u64, Vec<u64>)> {
    let listed = catalog.configs("default", None, "", None, usize::MAX);
    for item in &listed {
        let key = &item.key;
        let found = catalog
            .config("default", key.group.as_str(), key.name.as_str())
            .expect("listed");
        assert!(Arc::ptr_eq(item, &found), "the list and the index agree");
    }
    assert_eq!(catalog.counts().configs, listed.len());
    let listed = listed.iter().map(|item| {
        let releases = item.releases.keys().map(|number| number.0).collect();
        (item.key.to_string(), item.revision.0, releases)
    });
    listed.collect()
}

/// Counts how often it is woken.
#[derive(Default)]
struct Alarm(AtomicUsize);

impl Wake for Alarm {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

proptest! {
    #[test]
    fn the_same_records_show_the_same_items(batches in vec(vec(change(), 1..4), 0..20)) {
        let (mut writer, step_by_step) = begun();
        let mut follower = step_by_step.follow_configs(vec![
            ConfigTopic::Group(Namespace::default(), ConfigGroup::new("g0").expect("valid")),
            ConfigTopic::Item(key(1, 0)),
        ]);
        let mut known: BTreeMap<ConfigKey, u64> = BTreeMap::new();
        let mut records: BTreeMap<Key, Entry> = BTreeMap::new();
        for (revision, mut changes) in (1..).zip(batches) {
            changes.sort_by_key(Change::key);
            changes.dedup_by_key(|change| change.key());
            for change in &changes {
                match change {
                    Change::Put(record) => {
                        let entry = Entry { revision: Revision(revision), record: record.clone() };
                        records.insert(record.key(), entry);
                    }
                    Change::Delete(key) => {
                        records.remove(key);
                    }
                }
            }
            writer.apply(&batch(revision, changes), Instant::now());
            let mut cx = Context::from_waker(Waker::noop());
            while let Poll::Ready(key) = follower.poll_changed(&mut cx) {
                let found = step_by_step.config("default", key.group.as_str(), key.name.as_str());
                match found {
                    Some(item) => known.insert(key, item.revision.0),
                    None => known.remove(&key),
                };
            }
        }
        let (mut writer, at_once) = begun();
        writer.load(Epoch(2), Revision(100), records.into_values().collect(), Instant::now());
        prop_assert_eq!(shown(&step_by_step), shown(&at_once));
        let followed: BTreeMap<_, _> = (step_by_step.all_configs().into_iter())
            .filter(|item| item.key.group.as_str() == "g0" || item.key == key(1, 0))
            .map(|item| (item.key.clone(), item.revision.0))
            .collect();
        prop_assert_eq!(known, followed, "a follower ends with the truth");
    }
}

#[test]
fn a_follower_is_woken_for_its_own_and_told_once() {
    let (mut writer, catalog) = begun();
    let alarm = Arc::new(Alarm::default());
    let waker = Waker::from(Arc::clone(&alarm));
    let mut cx = Context::from_waker(&waker);
    let mut follower = catalog.follow_configs(vec![ConfigTopic::Item(key(0, 0))]);
    assert!(follower.poll_changed(&mut cx).is_pending());
    let put = |writer: &mut Writer, revision, key: ConfigKey| {
        let record = Record::Config(key, Arc::new(item(revision)));
        writer.apply(&batch(revision, vec![Change::Put(record)]), Instant::now());
    };
    put(&mut writer, 1, key(0, 1));
    assert_eq!(alarm.0.load(Ordering::Relaxed), 0, "another item");
    put(&mut writer, 2, key(0, 0));
    put(&mut writer, 3, key(0, 0));
    assert!(alarm.0.load(Ordering::Relaxed) > 0);
    assert_eq!(follower.poll_changed(&mut cx), Poll::Ready(key(0, 0)));
    assert!(
        follower.poll_changed(&mut cx).is_pending(),
        "twice changed, once told"
    );
    drop(follower);
    put(&mut writer, 4, key(0, 0));
}

#[test]
fn pages_follow_each_other_without_a_gap() {
    let (mut writer, catalog) = begun();
    let names = (0..3).flat_map(|group| (0..3).map(move |name| key(group, name)));
    let changes = names
        .map(|key| Change::Put(Record::Config(key, Arc::new(item(1)))))
        .collect();
    writer.apply(&batch(1, changes), Instant::now());
    let all = catalog.configs("default", None, "", None, usize::MAX);
    let mut paged: Vec<ConfigKey> = Vec::new();
    loop {
        let after = paged
            .last()
            .map(|key| (key.group.as_str(), key.name.as_str()));
        let page = catalog.configs("default", None, "", after, 2);
        if page.is_empty() {
            break;
        }
        let page: Vec<_> = page.iter().map(|item| item.key.clone()).collect();
        paged.extend(page);
    }
    assert_eq!(
        paged,
        all.iter().map(|item| item.key.clone()).collect::<Vec<_>>()
    );
    assert_eq!(
        catalog.configs("default", Some("g1"), "k1", None, 9).len(),
        1
    );
    assert_eq!(catalog.configs("other", None, "", None, 9).len(), 0);
}
