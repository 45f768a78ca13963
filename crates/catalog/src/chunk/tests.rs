//! Chunks under any edits: the same members as in a plain map, in order, within bounds, and shared where untouched.

use std::collections::BTreeMap;
use std::num::NonZeroU16;

use paste_model::{Address, Instance, Revision};
use proptest::prelude::*;

use super::*;

fn member(id: &InstanceId, port: u16) -> Arc<Member> {
    let address = Address::new("10.0.0.1").expect("valid");
    let port = NonZeroU16::new(port + 1).expect("not 0");
    Arc::new(Member {
        id: id.clone(),
        instance: Arc::new(Instance::at(address, port)),
        revision: Revision(1),
        overridden: None,
        session_health: None,
        check_health: None,
    })
}

fn edits(changes: &BTreeMap<u16, Option<u16>>) -> Vec<Edit> {
    changes
        .iter()
        .map(|(id, port)| {
            let id = InstanceId::new(&format!("i{id:05}")).expect("valid");
            let member = port.map(|port| member(&id, port));
            (id, member)
        })
        .collect()
}

fn check(chunks: &[Arc<Chunk>], truth: &BTreeMap<InstanceId, Arc<Member>>) {
    let shown: Vec<_> = chunks.iter().flat_map(|it| it.members()).collect();
    assert!(shown.into_iter().eq(truth.values()));
    for chunk in chunks {
        assert!((1..=CHUNK_MEMBERS_MAX).contains(&chunk.members().len()));
    }
    for id in truth.keys() {
        assert_eq!(find(chunks, id.as_str()), truth.get(id));
    }
    assert!(find(chunks, "nobody").is_none());
}

fn changes() -> impl Strategy<Value = BTreeMap<u16, Option<u16>>> {
    let few = prop::collection::btree_map(0..900_u16, prop::option::of(0..9_u16), 0..4);
    let many =
        prop::collection::btree_map(0..900_u16, prop::option::weighted(0.7, 0..9_u16), 0..400);
    let sweep =
        (0..900_u16, 0..900_u16).prop_map(|(from, to)| (from..to).map(|id| (id, None)).collect());
    prop_oneof![3 => few, 2 => many, 1 => sweep]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn edits_do_what_a_map_does(steps in prop::collection::vec(changes(), 1..12)) {
        let mut truth = BTreeMap::new();
        let mut chunks = Vec::new();
        for step in steps {
            let edits = edits(&step);
            for (id, member) in &edits {
                match member {
                    Some(member) => truth.insert(id.clone(), Arc::clone(member)),
                    None => truth.remove(id),
                };
            }
            chunks = edited(&chunks, &edits);
            check(&chunks, &truth);
        }
    }
}

#[test]
fn one_change_copies_one_chunk() {
    let all: BTreeMap<u16, Option<u16>> = (0..50_000).map(|id| (id, Some(1))).collect();
    let before = edited(&[], &edits(&all));
    let after = edited(&before, &edits(&BTreeMap::from([(25_000, Some(2))])));
    let copied = after
        .iter()
        .filter(|chunk| !before.iter().any(|old| Arc::ptr_eq(old, chunk)));
    assert_eq!(copied.count(), 1);
    assert_eq!(after.len(), before.len());
}
