//! What readers and subscribers see equals the truth, recomputed the naive way from the records.
//!
//! Two nodes follow one history, each at its own pace, by batches or by listing anew; watchers with any topics join,
//! lag behind small rings, leave, and come back with their last id, to either node.

#![expect(clippy::expect_used, reason = "a test may fail loudly")]

#[path = "picture/history.rs"]
mod history;
#[path = "picture/node.rs"]
mod node;
#[path = "picture/resume.rs"]
mod resume;
#[path = "picture/threads.rs"]
mod threads;
#[path = "picture/universe.rs"]
mod universe;
#[path = "picture/vacancies.rs"]
mod vacancies;
#[path = "picture/wakes.rs"]
mod wakes;
#[path = "picture/watcher.rs"]
mod watcher;

use std::time::Duration;

use paste_catalog::{Limits, Topic};
use paste_model::Change;
use proptest::prelude::*;

use history::History;
use node::Node;
use watcher::Watcher;

#[derive(Debug, Clone)]
enum Step {
    Commit(Vec<Change>),
    /// A node applies that many batches more, in one group.
    Apply(usize, usize),
    /// A node lists anew.
    Relist(usize),
    /// Time passes at a node, in milliseconds, and what is due is emitted.
    Flush(usize, u64),
    /// A new history begins with an older state, and a node loads it.
    Restore(usize),
    Subscribe(usize, Vec<Topic>),
    Poll(usize, usize),
    /// A watcher comes back with its last id, to any node.
    Reconnect(usize, usize),
    Leave(usize),
}

const NODES: usize = 2;
const WATCHERS: usize = 4;

fn step() -> impl Strategy<Value = Step> {
    let topics = prop::collection::vec(universe::topic(), 1..3);
    prop_oneof![
        6 => universe::batch().prop_map(Step::Commit),
        6 => (0..NODES, 1..4_usize).prop_map(|(node, count)| Step::Apply(node, count)),
        1 => (0..NODES).prop_map(Step::Relist),
        3 => (0..NODES, 1..80_u64).prop_map(|(node, millis)| Step::Flush(node, millis)),
        1 => (0..40_usize).prop_map(Step::Restore),
        2 => (0..NODES, topics).prop_map(|(node, topics)| Step::Subscribe(node, topics)),
        6 => (0..WATCHERS, 1..6_usize).prop_map(|(watcher, count)| Step::Poll(watcher, count)),
        2 => (0..WATCHERS, 0..NODES).prop_map(|(watcher, node)| Step::Reconnect(watcher, node)),
        1 => (0..WATCHERS).prop_map(Step::Leave),
    ]
}

fn limits() -> impl Strategy<Value = Limits> {
    (1..30_usize, prop::bool::ANY).prop_map(|(changes, small)| Limits {
        ring_changes: if small { changes } else { 10_000 },
        ring_age: Duration::from_secs(if small { 1 } else { 600 }),
        ..Limits::default()
    })
}

/// The world: histories (the newest last), nodes that follow one each, and watchers.
struct World {
    histories: Vec<History>,
    nodes: Vec<Node>,
    watchers: Vec<Option<Watcher>>,
}

impl World {
    fn new(limits: &Limits) -> Self {
        let histories = vec![History::default()];
        let nodes = (0..NODES).map(|_| Node::new(limits, &histories)).collect();
        Self {
            histories,
            nodes,
            watchers: (0..WATCHERS).map(|_| None).collect(),
        }
    }

    fn act(&mut self, step: Step) {
        match step {
            Step::Commit(changes) => {
                if let Some(newest) = self.histories.last_mut() {
                    newest.commit(changes);
                }
            }
            Step::Apply(node, count) => self.nodes[node].apply(&self.histories, count),
            Step::Relist(node) => self.nodes[node].relist(&self.histories),
            Step::Flush(node, millis) => _ = self.nodes[node].flush(millis),
            Step::Restore(choice) => {
                let newest = self.histories.last().expect("one at least");
                let restored = newest.restored(choice, self.histories.len() as u64);
                self.histories.push(restored);
                self.nodes[choice % NODES].reload(&self.histories);
            }
            Step::Subscribe(node, topics) => {
                let watcher = Watcher::new(&self.nodes[node], node, topics);
                let place = self.watchers.iter().position(Option::is_none).unwrap_or(0);
                self.watchers[place] = Some(watcher);
            }
            Step::Poll(watcher, count) => {
                if let Some(watcher) = &mut self.watchers[watcher] {
                    for _ in 0..count {
                        watcher.poll();
                        watcher.check_promise(&self.histories);
                    }
                }
            }
            Step::Reconnect(watcher, node) => {
                if let Some(watcher) = &mut self.watchers[watcher] {
                    watcher.reconnect(&self.nodes[node], node);
                }
            }
            Step::Leave(watcher) => self.watchers[watcher] = None,
        }
    }

    /// Everyone catches up; then every picture must be the truth.
    fn settle(&mut self) {
        for node in &mut self.nodes {
            node.catch_up(&self.histories);
        }
        let truth = &self.histories.last().expect("one at least").newest();
        for watcher in self.watchers.iter_mut().flatten() {
            while watcher.poll() {
                watcher.check_promise(&self.histories);
            }
            watcher.check(truth, self.nodes[watcher.node].catalog.position());
        }
        let watchers = self.watchers.iter().flatten().count();
        let counted = |node: &Node| node.catalog.counts().subscribers;
        assert_eq!(self.nodes.iter().map(counted).sum::<usize>(), watchers);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, max_shrink_iters: 20_000, ..ProptestConfig::default() })]

    #[test]
    fn every_picture_equals_the_truth(limits in limits(), steps in prop::collection::vec(step(), 1..120)) {
        let mut world = World::new(&limits);
        for step in steps {
            world.act(step);
        }
        world.settle();
    }
}
