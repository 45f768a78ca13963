//! What is believed, whatever is said in whichever order.

use std::time::Duration;

use paste_model::Timestamp;

use super::*;
use crate::Node;
use crate::suite::wait;

fn row(name: &str, life: u64, revision: u64) -> Row {
    Row {
        node: Node {
            name: name.parse().expect("a valid name"),
            url: "http://a:1".to_owned(),
            joined: Timestamp(1),
            version: "1".to_owned(),
            revision: Revision(revision),
        },
        life,
    }
}

fn rows(all: &[Row]) -> Rows {
    let named = |row: &Row| (row.node.name.clone(), row.clone());
    all.iter().map(named).collect()
}

/// A term that is over `seconds` from now.
fn term(revision: u64, seconds: u64) -> Term {
    Term {
        revision: Revision(revision),
        surely: Instant::now() + Duration::from_secs(seconds),
        secret: Secret::new("secret"),
    }
}

/// Node `b`, in its life 1, which wrote its record at 10; it was shown `a`.
fn roster() -> Roster {
    Roster::new(row("b", 1, 0), rows(&[row("a", 9, 3)]), term(10, 600))
}

fn seen(roster: &Roster) -> (Option<u64>, Vec<(String, u64)>) {
    let membership = roster.subscribe().borrow().clone();
    let nodes = membership.nodes.iter();
    (
        membership.own.map(|own| own.0),
        nodes
            .map(|node| (node.name.to_string(), node.revision.0))
            .collect(),
    )
}

#[test]
fn what_is_shown_of_the_own_record_is_believed_if_it_is_newer() {
    let doubts = |roster: &Roster| {
        let doubted = async { tokio::time::timeout(Duration::ZERO, roster.doubted()).await };
        wait(doubted).is_ok()
    };
    for (shown, at, own, there, doubted, over) in [
        // Before it was written.
        (None, 9, Some(10), Some(10), false, false),
        (Some(row("b", 2, 5)), 9, Some(10), Some(10), false, false),
        // As it is believed.
        (Some(row("b", 1, 10)), 10, Some(10), Some(10), false, false),
        (Some(row("b", 1, 10)), 99, Some(10), Some(10), false, false),
        // Written again by this process.
        (Some(row("b", 1, 12)), 12, Some(10), Some(12), true, false),
        // Gone, or another life's that is older: etcd went back.
        (None, 12, None, None, true, false),
        (Some(row("b", 2, 5)), 12, None, Some(5), true, false),
        // Another process has the name.
        (Some(row("b", 2, 12)), 12, None, Some(12), false, true),
    ] {
        let what = format!("{shown:?} at {at}");
        let roster = roster();
        let all: Vec<_> = shown.into_iter().chain([row("a", 9, 3)]).collect();
        roster.show(rows(&all), Revision(at));
        let nodes = [("a", Some(3)), ("b", there)];
        let nodes = nodes
            .into_iter()
            .filter_map(|(name, at)| Some((name.to_owned(), at?)));
        assert_eq!(seen(&roster), (own, nodes.collect()), "{what}");
        assert_eq!(doubts(&roster), doubted, "{what}");
        roster.hold(term(20, 600));
        let held = if over { None } else { Some(20) };
        assert_eq!(seen(&roster).0, held, "{what}");
    }
}

#[test]
fn who_has_left_holds_nothing_again() {
    let roster = roster();
    roster.leave();
    wait(roster.ended());
    roster.hold(term(20, 600));
    assert_eq!(seen(&roster).0, None);
    assert_eq!(seen(&roster).1.len(), 2, "until it is shown otherwise");
    roster.show(rows(&[row("a", 9, 3)]), Revision(30));
    assert_eq!(seen(&roster).1, [("a".to_owned(), 3)]);
}

#[test]
fn a_term_is_over_by_itself_and_what_was_known_stays() {
    let roster = Roster::new(row("b", 1, 0), rows(&[row("a", 9, 3)]), term(10, 0));
    let over = async {
        let mut changes = roster.subscribe();
        let own = changes.wait_for(|membership| membership.own.is_none());
        tokio::select! {
            never = roster.lapse() => match never {},
            seen = own => drop(seen),
        }
    };
    wait(over);
    assert_eq!(seen(&roster).1.len(), 2);
    // One that is over when it is heard of is none.
    roster.hold(term(10, 0));
    assert_eq!(seen(&roster).0, None);
    roster.hold(term(10, 600));
    assert_eq!(seen(&roster).0, Some(10));
}

#[test]
fn only_news_is_told() {
    let roster = roster();
    let changes = roster.subscribe();
    roster.hold(term(10, 700));
    roster.show(rows(&[row("a", 9, 3), row("b", 1, 10)]), Revision(10));
    assert!(!changes.has_changed().expect("it is open"));
    roster.show(rows(&[row("b", 1, 10)]), Revision(11));
    assert!(changes.has_changed().expect("it is open"));
}
