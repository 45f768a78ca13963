//! Who gets a configuration release that is on trial.

use paste_model::{Audience, ConfigKey, Receiver};
use twox_hash::XxHash64;

/// Whether `receiver` is to have what is on trial of `key`: all that the audience says applies to it.
pub fn is_on_trial(audience: &Audience, key: &ConfigKey, receiver: &Receiver) -> bool {
    let any =
        |wanted: &[_], own: &[_]| wanted.is_empty() || wanted.iter().any(|one| own.contains(one));
    any(&audience.zones, &receiver.zones)
        && any(&audience.addresses, &receiver.addresses)
        && (audience.instances.is_empty()
            || audience
                .instances
                .iter()
                .any(|id| receiver.instances.contains(id)))
        && audience
            .labels
            .iter()
            .all(|label| receiver.labels.contains(label))
        && audience.percent.is_none_or(|percent| {
            let session = receiver.session.as_ref();
            session.is_some_and(|session| share(key, session.as_str()) < u64::from(percent))
        })
}

/// The place of a session among a hundred, from 0: XXH64 with seed 0 over `{namespace}/{group}/{key}/{session}`, modulo
/// 100. The item is part of it, so that not always the same sessions go first; the percentage isn't, so that whoever has a
/// trial keeps it while the percentage grows.
fn share(key: &ConfigKey, session: &str) -> u64 {
    XxHash64::oneshot(0, format!("{key}/{session}").as_bytes()) % 100
}

#[cfg(test)]
mod tests {
    use super::*;
    use paste_model::{ConfigGroup, ConfigName, InstanceId, Namespace, SessionId};

    fn key() -> ConfigKey {
        ConfigKey {
            namespace: Namespace::default(),
            group: ConfigGroup::new("shop").expect("valid"),
            name: ConfigName::new("app.yaml").expect("valid"),
        }
    }

    fn session(name: &str) -> Receiver {
        Receiver {
            session: Some(SessionId::new(name).expect("valid")),
            ..Receiver::default()
        }
    }

    #[test]
    fn a_share_of_the_sessions_keeps_its_members_as_it_grows() {
        let audience = |percent| Audience {
            percent: Some(percent),
            ..Audience::default()
        };
        let sessions: Vec<_> = (0..10_000)
            .map(|number| session(&format!("s{number}")))
            .collect();
        let mut before = Vec::new();
        for percent in [1, 5, 25, 50, 100] {
            let on_trial: Vec<_> = sessions
                .iter()
                .filter(|receiver| is_on_trial(&audience(percent), &key(), receiver))
                .collect();
            let expected = sessions.len() * usize::from(percent) / 100;
            assert!(
                on_trial.len().abs_diff(expected) <= 200,
                "{percent}: {}",
                on_trial.len()
            );
            assert!(before.iter().all(|one| on_trial.contains(one)));
            before = on_trial;
        }
        assert_eq!(before.len(), sessions.len(), "a hundred are all");
        assert!(
            !is_on_trial(&audience(100), &key(), &Receiver::default()),
            "without a session there is no share"
        );
    }

    #[test]
    fn all_that_is_said_must_apply() {
        let audience = Audience {
            zones: vec!["a".into(), "b".into()],
            labels: vec![("tier".into(), "canary".into())],
            ..Audience::default()
        };
        let receiver = |zone: &str, tier: &str| Receiver {
            zones: vec![zone.into()],
            labels: vec![("tier".into(), tier.into()), ("x".into(), "y".into())],
            ..Receiver::default()
        };
        assert!(is_on_trial(&audience, &key(), &receiver("a", "canary")));
        assert!(!is_on_trial(&audience, &key(), &receiver("c", "canary")));
        assert!(!is_on_trial(&audience, &key(), &receiver("b", "stable")));
        let instances = Audience {
            instances: vec![InstanceId::new("one").expect("valid")],
            ..Audience::default()
        };
        let one = Receiver {
            instances: instances.instances.clone(),
            ..Receiver::default()
        };
        assert!(is_on_trial(&instances, &key(), &one));
        assert!(!is_on_trial(&instances, &key(), &Receiver::default()));
    }

    #[test]
    fn the_hash_is_xxh64() {
        // Vectors of the reference implementation.
        assert_eq!(XxHash64::oneshot(0, b""), 0xef46_db37_51d8_e999);
        assert_eq!(XxHash64::oneshot(0, b"abc"), 0x44bc_2cf5_ad77_0999);
    }
}
