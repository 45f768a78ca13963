//! What is measured of the cluster. A node that is alone shows the same as a cluster of one, so that a dashboard needs no
//! second case.

use std::fmt;

use paste_engine::{ClusterStatus, Engine};

use super::{Page, spec};

/// Most nodes that have series of their own.
const NODES_MAX: usize = 100;

/// What is shown.
struct Shown {
    nodes: u64,
    member: bool,
    isolated: bool,
    stale_seconds: u64,
    owned: u64,
    each: Vec<Node>,
    waiting: u64,
    told: u64,
    taken: u64,
    failures: u64,
}

/// What is shown of one node.
struct Node {
    name: String,
    lag: u64,
    heard_seconds: u64,
}

/// Writes the metrics of the cluster.
pub(super) fn encode(engine: &Engine, page: &mut Page<'_>) -> fmt::Result {
    let owned = engine.status().liveness.sessions as u64;
    let shown = match engine.cluster_status() {
        Some(cluster) => Shown::of(&cluster, owned),
        None => Shown::alone(engine.node().to_string(), owned),
    };
    shown.write(page)
}

impl Shown {
    fn of(cluster: &ClusterStatus, owned: u64) -> Self {
        // Who hasn't said yet how far it is can't be measured.
        let each = cluster.nodes.iter().filter_map(|node| {
            Some(Node {
                name: node.name.to_string(),
                lag: cluster.lag(node)?,
                heard_seconds: node.heard.unwrap_or_default().as_secs(),
            })
        });
        Self {
            nodes: cluster.nodes.len() as u64,
            member: cluster.member,
            isolated: cluster.isolated,
            stale_seconds: cluster.stale.unwrap_or_default(),
            owned,
            each: each.take(NODES_MAX).collect(),
            waiting: cluster.waiting as u64,
            told: cluster.told_total,
            taken: cluster.taken_total,
            failures: cluster.failures_total,
        }
    }

    fn alone(name: String, owned: u64) -> Self {
        Self {
            nodes: 1,
            member: true,
            isolated: false,
            stale_seconds: 0,
            owned,
            each: vec![Node {
                name,
                lag: 0,
                heard_seconds: 0,
            }],
            waiting: 0,
            told: 0,
            taken: 0,
            failures: 0,
        }
    }

    fn write(&self, page: &mut Page<'_>) -> fmt::Result {
        page.gauge(&spec::NODES, self.nodes)?;
        page.gauge(&spec::MEMBER, u64::from(self.member))?;
        page.gauge(&spec::ISOLATED, u64::from(self.isolated))?;
        page.gauge(&spec::STALE, self.stale_seconds)?;
        page.gauge(&spec::OWNED, self.owned)?;
        let lag = self.each.iter().map(|node| (&*node.name, node.lag));
        page.by(&spec::NODE_LAG, "node", lag)?;
        let heard = self.each.iter();
        let heard = heard.map(|node| (&*node.name, node.heard_seconds));
        page.by(&spec::NODE_HEARD, "node", heard)?;
        page.gauge(&spec::SIGNS_WAITING, self.waiting)?;
        page.counter(&spec::SIGNS_TOLD, self.told)?;
        page.counter(&spec::SIGNS_TAKEN, self.taken)?;
        page.counter(&spec::TELL_FAILURES, self.failures)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use paste_engine::NodeStatus;
    use paste_model::{NodeName, Revision, Timestamp};
    use prometheus_client::collector::Collector;
    use prometheus_client::encoding::DescriptorEncoder;
    use prometheus_client::encoding::text::encode;
    use prometheus_client::registry::Registry;

    use super::*;

    #[derive(Debug)]
    struct Fixed(ClusterStatus);

    impl Collector for Fixed {
        fn encode(&self, encoder: DescriptorEncoder<'_>) -> fmt::Result {
            Shown::of(&self.0, 7).write(&mut Page(encoder))
        }
    }

    fn node(name: &str, revision: Option<u64>, heard: Option<Duration>) -> NodeStatus {
        NodeStatus {
            name: NodeName::new(name).expect("valid"),
            url: String::new(),
            joined: Timestamp::default(),
            version: String::new(),
            lease: Revision(1),
            owned: None,
            revision: revision.map(Revision),
            heard,
            unreachable: None,
        }
    }

    #[test]
    fn each_node_that_has_spoken_has_its_series() {
        let cluster = ClusterStatus {
            node: NodeName::new("a").expect("valid"),
            member: true,
            isolated: true,
            stale: Some(12),
            nodes: vec![
                node("a", Some(40), None),
                node("b", Some(42), Some(Duration::from_millis(3_700))),
                node("c", None, None),
            ],
            waiting: 3,
            told_total: 4,
            taken_total: 5,
            failures_total: 6,
        };
        let mut registry = Registry::default();
        registry.register_collector(Box::new(Fixed(cluster)));
        let mut text = String::new();
        encode(&mut text, &registry).expect("written");
        let series: Vec<_> = text.lines().filter(|line| !line.starts_with('#')).collect();
        let expected = [
            "nodes 3",
            "node_member 1",
            "node_isolated 1",
            "node_stale_seconds 12",
            "sessions_owned 7",
            "node_lag_revisions{node=\"a\"} 2",
            "node_lag_revisions{node=\"b\"} 0",
            "node_heard_seconds{node=\"a\"} 0",
            "node_heard_seconds{node=\"b\"} 3",
            "signs_waiting 3",
            "signs_told_total 4",
            "signs_taken_total 5",
            "node_messages_failed_total 6",
        ];
        assert_eq!(series, expected);
    }
}
