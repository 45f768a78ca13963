//! The timeline keeps what it is told, across restarts and within its bounds.

use paste_model::{
    Cause, CauseKind, Change, Instance, InstanceId, InstanceKey, Namespace, Principal, Record,
};

use super::*;

fn service(name: &str) -> ServiceKey {
    ServiceKey {
        namespace: Namespace::default(),
        name: paste_model::ServiceName::new(name).expect("valid"),
    }
}

fn about(name: &str) -> Subject {
    Subject::Service(service(name))
}

fn registered(revision: u64, name: &str, at: u64) -> Committed {
    let key = InstanceKey {
        service: service(name),
        id: InstanceId::new("a").expect("valid"),
    };
    let address = paste_model::Address::new("10.0.0.1").expect("valid");
    let instance = Instance::at(address, 80.try_into().expect("not 0"));
    Committed {
        revision: Revision(revision),
        changes: vec![Change::Put(Record::Instance(key, Arc::new(instance)))],
        cause: Cause {
            kind: CauseKind::Request,
            at: Timestamp(at),
            by: Principal::anonymous(),
            reason: "".into(),
            about: None,
        },
    }
}

fn open(config: &Config) -> Timeline {
    Timeline::open(config.clone(), Epoch(7), Timestamp(0)).expect("opens")
}

fn revisions(events: &[Event]) -> Vec<u64> {
    events.iter().map(|event| event.cursor.revision.0).collect()
}

#[test]
fn events_are_found_by_service_after_a_restart() {
    let dir = tempfile::tempdir().expect("temp dir");
    let config = Config::in_dir(dir.path().into());
    let timeline = open(&config);
    for revision in 1..=6 {
        let name = if revision % 2 == 0 { "even" } else { "odd" };
        timeline.tell_again(&registered(revision, name, revision));
    }
    assert_eq!(
        revisions(&timeline.find(&about("even"), None, 10).expect("reads")),
        [2, 4, 6]
    );
    drop(timeline);

    let timeline = open(&config);
    assert_eq!(timeline.newest().expect("reads"), Some(Revision(6)));
    let newest = timeline.find(&about("odd"), None, 2).expect("reads");
    assert_eq!(revisions(&newest), [3, 5], "the newest, oldest first");
    let after = Some(EventCursor {
        revision: Revision(1),
        place: 0,
    });
    assert_eq!(
        revisions(&timeline.find(&about("odd"), after, 1).expect("reads")),
        [3]
    );
}

#[test]
fn a_torn_line_is_skipped() {
    let dir = tempfile::tempdir().expect("temp dir");
    let config = Config::in_dir(dir.path().into());
    let timeline = open(&config);
    timeline.tell_again(&registered(1, "a", 1));
    timeline.flush().expect("writes");
    let path = timeline
        .segments
        .lock()
        .paths()
        .next_back()
        .expect("a file")
        .to_owned();
    let mut text = std::fs::read(&path).expect("reads");
    text.extend_from_slice(b"{\"service\":\"a\",\"names");
    std::fs::write(&path, text).expect("writes");
    assert_eq!(open(&config).newest().expect("reads"), Some(Revision(1)));
}

#[test]
fn a_gap_is_told_before_the_next_event() {
    let dir = tempfile::tempdir().expect("temp dir");
    let timeline = open(&Config::in_dir(dir.path().into()));
    timeline.tell_again(&registered(1, "a", 1));
    timeline.note_gap();
    timeline.tell_again(&registered(9, "a", 1));
    let kinds: Vec<_> = timeline
        .find(&about("a"), None, 10)
        .expect("reads")
        .iter()
        .map(|event| event.kind)
        .collect();
    assert_eq!(
        kinds,
        [EventKind::Registered, EventKind::Gap, EventKind::Registered]
    );
}

#[test]
fn a_folder_that_was_cleared_away_is_made_anew() {
    let dir = tempfile::tempdir().expect("temp dir");
    let config = Config::in_dir(dir.path().join("timeline"));
    let timeline = open(&config);
    timeline.tell_again(&registered(1, "a", 1));
    timeline.flush().expect("writes");
    std::fs::remove_dir_all(&config.dir).expect("removes");
    assert_eq!(timeline.find(&about("a"), None, 10).expect("reads"), []);
    timeline.tell_again(&registered(2, "a", 1));
    let left = timeline.find(&about("a"), None, 10).expect("reads");
    assert_eq!(revisions(&left), [2]);
    drop(timeline);
    assert_eq!(open(&config).newest().expect("reads"), Some(Revision(2)));
}

#[test]
fn a_folder_that_cannot_be_made_is_an_error_and_no_empty_answer() {
    let dir = tempfile::tempdir().expect("temp dir");
    let config = Config::in_dir(dir.path().join("timeline"));
    let timeline = open(&config);
    timeline.tell_again(&registered(1, "a", 1));
    timeline.flush().expect("writes");
    std::fs::remove_dir_all(&config.dir).expect("removes");
    std::fs::write(&config.dir, "in the way").expect("writes");
    for _ in 0..2 {
        assert!(timeline.find(&about("a"), None, 10).is_err());
    }
    std::fs::remove_file(&config.dir).expect("removes");
    timeline.tell_again(&registered(2, "a", 1));
    let left = timeline.find(&about("a"), None, 10).expect("reads");
    assert_eq!(revisions(&left), [2]);
}

#[test]
fn the_oldest_segments_go_by_count_and_by_age() {
    let dir = tempfile::tempdir().expect("temp dir");
    let config = Config {
        events_max: 20_000,
        age_max: Duration::from_secs(60),
        ..Config::in_dir(dir.path().into())
    };
    let timeline = open(&config);
    let tell = |revisions: std::ops::Range<u64>, at: u64| {
        for revision in revisions {
            timeline.tell_again(&registered(revision, "a", at));
        }
        timeline.flush().expect("writes");
    };
    tell(0..10_000, 1);
    tell(10_000..20_000, 2);
    tell(20_000..20_001, 3);
    assert_eq!(
        timeline.segments.lock().paths().count(),
        2,
        "bounded by count"
    );
    tell(20_001..30_001, 4);
    tell(30_001..30_002, 4 + 120_000);
    let left = timeline.find(&about("a"), None, 10).expect("reads");
    assert_eq!(revisions(&left), [30_001], "bounded by age");
}

#[test]
fn another_history_begins_a_new_timeline() {
    let dir = tempfile::tempdir().expect("temp dir");
    let config = Config::in_dir(dir.path().into());
    let timeline = open(&config);
    timeline.tell_again(&registered(1, "a", 1));
    timeline.flush().expect("writes");
    timeline.begin(Epoch(8), Timestamp(0)).expect("opens");
    assert_eq!(timeline.newest().expect("reads"), None);
    assert_eq!(
        open(&config).newest().expect("reads"),
        None,
        "the old one is gone"
    );
}
