//! What comes back from disk, and what doesn't.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::UNIX_EPOCH;

use super::*;
use crate::event::{Event, read};
use crate::sse::Frame;

/// A clock whose calendar a test sets.
#[derive(Default)]
struct Wall(AtomicU64);

impl Clock for Wall {
    fn now(&self) -> Duration {
        Duration::from_secs(7)
    }

    fn wall(&self) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(self.0.load(Ordering::Relaxed))
    }
}

fn wall(seconds: u64) -> Wall {
    Wall(AtomicU64::new(1_800_000_000 + seconds))
}

fn frame(kind: &str, data: String) -> Frame {
    Frame {
        id: None,
        kind: kind.to_owned(),
        data,
    }
}

/// The stream tells of a service.
fn tell(copy: &LocalCopy, name: &str, epoch: &str) {
    let service = copy.service(name, Duration::ZERO).expect("a name");
    let data = format!(
        r#"{{"service":"{name}","revision":5,"protected":true,"policy":{{"retries":{{"max":7}}}},"instances":[
        {{"id":"a","address":"10.0.0.1","port":80,"weight":1,"status":"up","health":"passing","ephemeral":true,"revision":3}}]}}"#
    );
    match read(&frame("snapshot", data)) {
        Ok(Some(Event::Snapshot(told))) => {
            service.snapshot(told, epoch, &std::sync::Arc::default(), Duration::ZERO);
        }
        other => panic!("{other:?}"),
    }
}

fn known(name: &str) -> LocalCopy {
    let copy = LocalCopy::new(paste_traffic::Caller::default(), Kept::default());
    tell(&copy, name, "e");
    for (key, secret) in [("open", false), ("closed", true)] {
        let item = copy.config(&format!("shop/{key}")).expect("a name");
        let data = format!(
            r#"{{"group":"shop","key":"{key}","release":2,"format":"yaml","content":"c-{key}","secret":{secret}}}"#
        );
        match read(&frame("config", data)) {
            Ok(Some(Event::Config(told))) => item.take(told, &crate::acks::Acks::default()),
            other => panic!("{other:?}"),
        }
    }
    copy
}

#[test]
fn what_was_known_is_known_again_but_for_secrets() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path().join("not/there/yet");
    save(&folder, "default", "s", &known("orders"), wall(0).wall()).expect("written");
    let path = file(&folder, "default");
    let text = fs::read_to_string(&path).expect("a file");
    assert!(
        text.contains("c-open") && !text.contains("c-closed"),
        "{text}"
    );
    #[cfg(unix)]
    {
        let mode = std::os::unix::fs::PermissionsExt::mode(
            &fs::metadata(&path).expect("it").permissions(),
        );
        assert_eq!(mode & 0o777, 0o600);
    }
    assert_eq!(
        fs::read_dir(&folder).expect("a folder").count(),
        1,
        "nothing beside"
    );
    let kept = load(&folder, "default", &wall(90)).expect("it is good");
    assert_eq!((kept.epoch.as_deref(), kept.age.as_secs()), (Some("e"), 90));
    let copy = LocalCopy::new(paste_traffic::Caller::default(), kept);
    let service = copy
        .service("orders", Duration::from_secs(8))
        .expect("a name");
    let view = service.view().expect("it is known");
    assert_eq!(
        (view.revision, view.protected, view.members.len()),
        (5, true, 1)
    );
    assert_eq!(service.chooser.policy().retries.max, 7);
    assert_eq!(
        service.age(Duration::from_secs(17)),
        Some(Duration::from_secs(100))
    );
    let item = copy.config("shop/open").expect("a name");
    assert_eq!(item.value().map(|value| value.release), Some(2));
    assert!(
        !copy
            .service("other", Duration::ZERO)
            .expect("a name")
            .is_known()
    );
}

/// What a run begins with that finds the file of another.
fn begin(folder: &Path) -> LocalCopy {
    let kept = load(folder, "n", &wall(1)).expect("it is good");
    LocalCopy::new(paste_traffic::Caller::default(), kept)
}

/// The names of the services in the file, and when it was written.
fn written(folder: &Path) -> (Vec<String>, String) {
    let text = fs::read_to_string(file(folder, "n")).expect("a file");
    let payload = text.split_once('\n').expect("two lines").1;
    let payload: Payload = serde_json::from_str(payload).expect("JSON");
    (payload.services.into_keys().collect(), payload.saved_at)
}

#[test]
fn what_is_not_followed_this_time_is_not_kept() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    save(folder, "n", "s", &known("orders"), wall(0).wall()).expect("written");
    let copy = begin(folder);
    tell(&copy, "payments", "e");
    save(folder, "n", "s", &copy, wall(2).wall()).expect("written");
    let kept = load(folder, "n", &wall(3)).expect("it is good");
    assert!(kept.services.contains_key("payments"));
    assert_eq!((kept.services.len(), kept.configs.len()), (1, 0));
}

#[test]
fn only_what_the_stream_told_is_written() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    save(folder, "n", "s", &known("orders"), wall(0).wall()).expect("written");
    let before = written(folder);
    let saved = |copy: &LocalCopy| {
        save(folder, "n", "s", copy, wall(2).wall()).expect("no trouble");
        written(folder)
    };
    let copy = begin(folder);
    assert_eq!(saved(&copy), before, "nothing was told");
    copy.service("orders", Duration::ZERO).expect("a name");
    tell(&copy, "payments", "e");
    assert_eq!(saved(&copy), before, "one is from disk");
    let orders = copy.service("orders", Duration::ZERO).expect("a name");
    orders.reset("f", Duration::ZERO);
    tell(&copy, "orders", "f");
    assert_eq!(saved(&copy), before, "of two histories");
    tell(&copy, "payments", "f");
    let item = copy.config("shop/open").expect("a name");
    assert_eq!(saved(&copy), before, "a configuration item is from disk");
    let data = r#"{"group":"shop","key":"open","removed":true}"#.to_owned();
    match read(&frame("config", data)) {
        Ok(Some(Event::Config(told))) => item.take(told, &crate::acks::Acks::default()),
        other => panic!("{other:?}"),
    }
    let after = saved(&copy);
    assert_eq!(after.0, ["orders", "payments"]);
    assert_ne!(after.1, before.1);
}

#[test]
fn a_file_that_cannot_be_trusted_is_passed_over() {
    let folder = tempfile::tempdir().expect("a folder");
    save(folder.path(), "n", "s", &known("orders"), wall(0).wall()).expect("written");
    let path = file(folder.path(), "n");
    let good = fs::read(&path).expect("a file");
    assert!(load(folder.path(), "n", &wall(24 * 3600)).is_some());
    assert!(
        load(folder.path(), "n", &wall(24 * 3600 + 1)).is_none(),
        "too old"
    );
    let earlier = Wall(AtomicU64::new(5));
    let kept = load(folder.path(), "n", &earlier).expect("a clock that went back");
    assert_eq!(kept.age, Duration::ZERO);
    for length in [0, 1, 30, good.len() / 2, good.len() - 1] {
        fs::write(&path, &good[..length]).expect("written");
        assert!(
            load(folder.path(), "n", &wall(0)).is_none(),
            "torn at {length}"
        );
    }
    let text = String::from_utf8(good).expect("text");
    for (from, to) in [("\"format\":1", "\"format\":2"), ("orders", "0rders")] {
        fs::write(&path, text.replace(from, to)).expect("written");
        assert!(load(folder.path(), "n", &wall(0)).is_none(), "{from}");
    }
    assert!(load(folder.path(), "never", &wall(0)).is_none());
}
