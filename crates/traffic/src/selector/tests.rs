//! Selectors, field by field.

use std::sync::Arc;

use paste_model::{
    Address, Instance, InstanceId, Metadata, Override, Principal, Revision, Timestamp,
};

use super::*;

fn label(text: &str) -> Label {
    Label::new("label", text).expect("label")
}

fn member() -> Member {
    let mut instance = Instance::at(
        Address::new("10.0.0.1").expect("address"),
        80.try_into().expect("port"),
    );
    instance.version = Some(Box::new(Instance::parse_version("1.4.2").expect("version")));
    instance.zone = Some(label("eu-1a"));
    instance.region = Some(label("eu-1"));
    instance.tags = [label("blue"), label("canary")].into();
    let pairs = [("team", "pay"), ("tier", "1")];
    instance.metadata = Metadata::new(
        pairs
            .map(|(key, value)| (key.into(), value.into()))
            .to_vec(),
    )
    .expect("metadata");
    Member {
        id: InstanceId::new("a").expect("id"),
        instance: Arc::new(instance),
        revision: Revision::ZERO,
        overridden: None,
        session_health: None,
        check_health: None,
    }
}

/// A selector from words: `version=^1`, `zone=a`, `region=a`, `tag=a`, `meta.k=v`, `status=up`.
fn selector(words: &str) -> Selector {
    let mut selector = Selector::default();
    for word in words.split_whitespace() {
        let (field, value) = word.split_once('=').expect("field=value");
        match field {
            "version" => selector.version = Some(value.parse().expect("range")),
            "zone" => selector.zones.push(label(value)),
            "region" => selector.regions.push(label(value)),
            "tag" => selector.tags.push(label(value)),
            "status" => selector
                .statuses
                .push(Status::from_word(value).expect("status")),
            field => {
                let key = field.strip_prefix("meta.").expect("a field");
                selector.metadata.push((key.into(), value.into()));
            }
        }
    }
    selector
}

#[test]
fn a_member_matches_what_it_is() {
    for (words, matches) in [
        ("", true),
        ("version=^1.4", true),
        ("version=2.x", false),
        ("zone=eu-1a", true),
        ("zone=eu-1b", false),
        ("zone=eu-1b zone=eu-1a", true),
        ("zone=EU-1A", false),
        ("region=eu-1 zone=eu-1b", false),
        ("region=us-1 region=eu-1", true),
        ("tag=blue", true),
        ("tag=blue tag=canary", true),
        ("tag=blue tag=green", false),
        ("meta.team=pay", true),
        ("meta.team=pay meta.tier=1", true),
        ("meta.team=pay meta.tier=2", false),
        ("meta.team=pay meta.team=other", false),
        ("meta.owner=me", false),
        ("status=up", true),
        ("status=draining", false),
        ("status=draining status=up", true),
        (
            "version=^1 zone=eu-1a region=eu-1 tag=blue meta.tier=1 status=up",
            true,
        ),
    ] {
        let selector = selector(words);
        assert_eq!(selector.matches(&member()), matches, "{words:?}");
        assert_eq!(selector.is_any(), words.is_empty(), "{words:?}");
    }
}

#[test]
fn what_a_member_lacks_matches_nothing() {
    let mut member = member();
    member.instance = Arc::new(Instance::at(
        Address::new("10.0.0.1").expect("address"),
        80.try_into().expect("port"),
    ));
    for words in [
        "version=*",
        "zone=eu-1a",
        "region=eu-1",
        "tag=blue",
        "meta.team=pay",
    ] {
        assert!(!selector(words).matches(&member), "{words:?}");
    }
    assert!(Selector::default().matches(&member));
}

#[test]
fn the_status_that_holds_is_the_administrators() {
    let mut member = member();
    member.overridden = Some(Arc::new(Override {
        status: Status::Maintenance,
        reason: "".into(),
        by: Principal::anonymous(),
        at: Timestamp(0),
    }));
    assert!(selector("status=maintenance").matches(&member));
    assert!(!selector("status=up").matches(&member));
}

#[test]
fn values_are_bounded() {
    let mut selector = selector("version=* status=up");
    selector.tags = vec![label("t"); SELECTOR_TERMS_MAX - 2];
    assert_eq!(selector.validate(), Ok(()));
    selector.zones.push(label("z"));
    assert_eq!(selector.validate(), Err(InvalidSelector(65)));
    assert!(
        InvalidSelector(65)
            .to_string()
            .contains("selector_terms_max")
    );
}
