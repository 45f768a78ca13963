//! Every record survives its bytes; no bytes make the decoder panic.

use bytes::Bytes;
use paste_model::{BlobId, Change, Instance, Key, Record, Revision, Session, Status, Weight};
use proptest::prelude::*;
use prost::Message;

use super::wire::{InstanceRow, SessionRow};
use super::*;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn records_survive(entry in strategy::entry()) {
        let back = decode_record(&encode_entry(&entry));
        prop_assert_eq!(back.expect("own bytes"), entry);
    }

    #[test]
    fn keys_survive(record in strategy::record()) {
        let key = record.key();
        prop_assert_eq!(decode_key(encode_key(&key).as_bytes()).expect("own bytes"), key);
    }

    #[test]
    fn batches_survive_without_their_bulky_values(mut batch in strategy::batch()) {
        let back = decode_batch(&encode_batch(&batch.changes, &batch.cause)).expect("own bytes");
        batch.changes.retain(|change| !bulky(change));
        prop_assert_eq!(back, batch);
    }

    #[test]
    fn garbage_is_refused_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = decode_record(&bytes);
        let _ = decode_batch(&bytes);
        let _ = decode_key(&bytes);
    }

    #[test]
    fn damage_is_refused_or_harmless(
        entry in strategy::entry(), at in any::<prop::sample::Index>(), byte in any::<u8>(),
    ) {
        let mut bytes = encode_entry(&entry);
        let at = at.index(bytes.len());
        bytes[at] = byte;
        if let Ok(found) = decode_record(&bytes) {
            prop_assert_eq!(decode_record(&encode_entry(&found)).expect("own bytes"), found);
        }
    }
}

fn session_key() -> Key {
    Key::Session("s1".parse().expect("valid"))
}

#[test]
fn a_newer_schema_is_refused_by_its_number() {
    let error = decode_value(session_key(), Bytes::from_static(&[SCHEMA + 1, 1, 2, 3]))
        .expect_err("from the future");
    assert!(
        matches!(error, RecordError::Newer { found, .. } if found == SCHEMA + 1),
        "{error}"
    );
    assert!(decode_batch(&[SCHEMA + 1]).is_err());
    assert!(
        decode_value(session_key(), Bytes::new()).is_err(),
        "no schema at all"
    );
    assert!(
        decode_value(session_key(), Bytes::from_static(&[0])).is_err(),
        "schema 0"
    );
}

#[test]
fn unknown_fields_are_ignored_and_missing_ones_default() {
    // Field 100, length-delimited, "new": what a later version of the same schema might add.
    let mut bytes = versioned(&SessionRow::default()).to_vec();
    bytes.extend_from_slice(&[0xa2, 0x06, 3, b'n', b'e', b'w']);
    let record = decode_value(session_key(), bytes.into()).expect("readable");
    assert_eq!(
        record,
        Record::Session("s1".parse().expect("valid"), Session::default())
    );

    let row = InstanceRow {
        address: "10.0.0.1".into(),
        port: 80,
        ..InstanceRow::default()
    };
    let instance = Instance::try_from(row).expect("readable");
    assert_eq!(
        (instance.weight, instance.status),
        (Weight::default(), Status::Up)
    );
}

#[test]
fn keys_are_a_tree_of_text() {
    let blob = Key::Blob(BlobId([0xab; 32]));
    assert_eq!(encode_key(&blob), format!("/blob/{}", "ab".repeat(32)));
    for bad in [
        "",
        "/",
        "instance/a/b/c",
        "/instance/a/b",
        "/instance/a/b/c/d",
        "/instance//b/c",
        "/unknown/a",
        "/blob/xyz",
        "/session/",
        "/service/a",
    ] {
        assert!(decode_key(bad.as_bytes()).is_err(), "{bad}");
    }
    let key = decode_key(b"/instance/default/orders/10.0.0.1:80").expect("valid");
    assert_eq!(encode_key(&key), "/instance/default/orders/10.0.0.1:80");
}

#[test]
fn skimming_finds_the_same_keys_as_decoding() {
    let changes = [
        Change::Delete(session_key()),
        Change::Put(Record::Session(
            "s2".parse().expect("valid"),
            Session::default(),
        )),
    ];
    let cause = decode_batch(&versioned(&wire::BatchRow::default()))
        .expect("defaults")
        .cause;
    let bytes = encode_batch(&changes, &cause);
    let found: Vec<_> = skim_batch(bytes)
        .expect("own bytes")
        .map(|change| {
            (
                decode_key(&change.key).expect("valid"),
                change.value.is_some(),
            )
        })
        .collect();
    assert_eq!(found, [(changes[0].key(), false), (changes[1].key(), true)]);
    assert_eq!(Revision::default(), Revision::ZERO);
    assert!(wire::BatchRow::default().encode_to_vec().is_empty());
}
