//! Registries as nodes of a cluster on one etcd, each of whose ways over the network can be cut for itself.
//!
//! A node reaches each member of etcd through a proxy of its own. The other nodes reach it at an advertised address that
//! is a proxy, too, in which each of them has a lane. Its clients have a third one, the node's door. What looks on from
//! outside uses the node's own address, so that no fault blinds it.

use std::ops::Index;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;

use crate::etcd::Etcd;
use crate::http::{self, Reply};
use crate::proxy::{Proxy, Way, Who};
use crate::registry::Registry;
use crate::{ports, process, until};

mod callers;

/// How long a node may take to answer those who look on.
const ANSWER_LIMIT: Duration = Duration::from_secs(10);

/// What a cluster is made of.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Nodes.
    pub nodes: usize,
    /// Members of etcd: one or three.
    pub members: usize,
    /// Further options of every node, as `NAME=VALUE`.
    pub settings: Vec<String>,
    /// Further variables in the environment of one node.
    pub variables: Vec<(usize, String, String)>,
}

impl Default for Plan {
    /// Three nodes over one etcd, which miss each other after 3 s and send their clients away within 2 s.
    fn default() -> Self {
        let settings = ["cluster.lease_ttl=3s", "cluster.drain_period=2s"];
        Self {
            nodes: 3,
            members: 1,
            settings: settings.map(str::to_owned).into(),
            variables: Vec::new(),
        }
    }
}

impl Plan {
    /// With one more option.
    pub fn set(mut self, setting: &str) -> Self {
        self.settings.push(setting.to_owned());
        self
    }

    /// With so many members of etcd.
    pub fn members(mut self, members: usize) -> Self {
        self.members = members;
        self
    }

    /// Starts it, on an etcd of its own.
    pub fn start(&self) -> Cluster {
        Cluster::start(self, Etcd::start(self.members))
    }
}

/// Process ids of the nodes, as far as they run.
type Pids = Arc<Mutex<Vec<Option<u32>>>>;

/// Nodes that share an etcd. Dropping it ends all of it; in a test that fails it shows what was logged.
pub struct Cluster {
    nodes: Vec<Node>,
    /// Ends after the nodes.
    pub etcd: Etcd,
}

impl Cluster {
    /// Starts nodes over `etcd`, and waits until each sees all.
    pub fn start(plan: &Plan, etcd: Etcd) -> Self {
        let pids: Pids = Arc::new(Mutex::new(vec![None; plan.nodes]));
        let nodes = (0..plan.nodes).map(|index| Node::start(plan, index, &etcd, &pids));
        let cluster = Self {
            nodes: nodes.collect(),
            etcd,
        };
        cluster.settle();
        cluster
    }

    /// Its nodes.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// One of them.
    pub fn node(&mut self, index: usize) -> &mut Node {
        &mut self.nodes[index]
    }

    /// Where clients reach the nodes.
    pub fn doors(&self) -> Vec<String> {
        self.nodes
            .iter()
            .map(|node| node.door.address().to_owned())
            .collect()
    }

    /// Waits until each node that runs has its place and sees all that run, and has heard them.
    pub fn settle(&self) {
        let names = || {
            let running = self.nodes.iter().filter(|node| node.runs());
            running.map(|node| node.name.as_str()).collect::<Vec<_>>()
        };
        for node in self.nodes.iter().filter(|node| node.runs()) {
            let seen = || format!("{:#}", node.status());
            until(&format!("{} sees all nodes", node.name), seen, || {
                let status = node.status();
                let nodes = status["nodes"].as_array()?;
                let found: Vec<_> = nodes
                    .iter()
                    .filter_map(|node| node["name"].as_str())
                    .collect();
                let heard = |seen: &Value| seen["revision"].is_u64() || seen["name"] == *node.name;
                let settled = status["member"] == true
                    && status["isolated"] == false
                    && nodes.iter().all(heard)
                    && found == names();
                settled.then_some(())
            });
        }
    }

    /// The node that watches over `session`.
    pub fn owner_of(&self, session: &str) -> usize {
        let target = format!("/api/v1/cluster/owner?session={session}");
        let seen = || {
            format!(
                "{:?}",
                self.nodes
                    .iter()
                    .map(|node| node.get(&target))
                    .collect::<Vec<_>>()
            )
        };
        until(&format!("{session} has an owner"), seen, || {
            let mut nodes = self.nodes.iter().filter(|node| node.runs());
            let reply = nodes.find_map(|node| node.get(&target).ok())?;
            let name = reply.json()["node"].as_str()?.to_owned();
            self.nodes.iter().position(|node| node.name == name)
        })
    }

    /// Nothing passes in this direction between a node and the others; `To` is what it says.
    pub fn cut_from_peers(&self, index: usize, way: Way) {
        for (other, node) in self.nodes.iter().enumerate() {
            if other == index {
                continue;
            }
            if way != Way::From {
                node.advertised.cut_lane(index, Way::To);
            }
            if way != Way::To {
                self.nodes[index].advertised.cut_lane(other, Way::To);
            }
            if way == Way::Both {
                node.advertised.cut_lane(index, Way::From);
                self.nodes[index].advertised.cut_lane(other, Way::From);
            }
        }
    }

    /// Heals all ways.
    pub fn heal(&self) {
        self.nodes.iter().for_each(Node::heal);
    }

    /// The last lines of every log.
    pub fn tails(&self) -> String {
        let tails = self.nodes.iter().map(|node| {
            let log = format!("{}{}", node.past, node.registry.log());
            format!("--- node {}\n{}", node.name, crate::tail(&log))
        });
        tails.collect::<String>() + &self.etcd.tails()
    }
}

impl Index<usize> for Cluster {
    type Output = Node;

    fn index(&self, index: usize) -> &Node {
        &self.nodes[index]
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("{}", self.tails());
        }
    }
}

/// A node with all the ways that lead to it and from it.
pub struct Node {
    name: String,
    registry: Registry,
    /// What it logged in earlier lives.
    past: String,
    /// To each member of etcd.
    etcd: Vec<Proxy>,
    /// From the other nodes.
    advertised: Proxy,
    /// From its clients.
    door: Proxy,
    index: usize,
    pids: Pids,
}

impl Node {
    fn start(plan: &Plan, index: usize, etcd: &Etcd, pids: &Pids) -> Self {
        let name = format!("n{index}");
        let http = format!("127.0.0.1:{}", ports::reserve());
        let to_etcd: Vec<Proxy> = etcd
            .members()
            .iter()
            .map(|member| Proxy::start(&member.address()))
            .collect();
        let callers = Arc::clone(pids);
        let who: Who = Arc::new(move |port| {
            let pids = callers.lock().expect("nobody panics here").clone();
            // Whoever isn't a node looks on; it shares the lane of the node itself, which never calls itself.
            callers::of(port, &pids).unwrap_or(index)
        });
        let advertised = Proxy::with_lanes(&http, plan.nodes, who);
        let store = to_etcd
            .iter()
            .map(Proxy::address)
            .collect::<Vec<_>>()
            .join(",");
        let mut options = vec!["--store".to_owned(), format!("etcd://{store}")];
        options.extend(["--node", &name, "--advertise", advertised.address()].map(str::to_owned));
        for setting in &plan.settings {
            options.extend(["--set".to_owned(), setting.clone()]);
        }
        let options: Vec<&str> = options.iter().map(String::as_str).collect();
        let variables = plan.variables.iter().filter(|(node, ..)| *node == index);
        let variables: Vec<_> = variables
            .map(|(_, name, value)| (name.as_str(), value.as_str()))
            .collect();
        let registry = Registry::start_at(&http, &options, &variables);
        let node = Self {
            name,
            past: String::new(),
            etcd: to_etcd,
            advertised,
            door: Proxy::start(&http),
            index,
            pids: Arc::clone(pids),
            registry,
        };
        node.note(true);
        node
    }

    fn note(&self, runs: bool) {
        let mut pids = self.pids.lock().expect("nobody panics here");
        pids[self.index] = runs.then(|| self.registry.pid());
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where those reach it who look on.
    pub fn address(&self) -> &str {
        self.registry.address()
    }

    /// Its process.
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// The way from its clients to it.
    pub fn door(&self) -> &Proxy {
        &self.door
    }

    /// Whether it was started and not stopped since.
    pub fn runs(&self) -> bool {
        self.pids.lock().expect("nobody panics here")[self.index].is_some()
    }

    /// Ends it without warning, as a crash does.
    pub fn kill(&mut self) {
        self.note(false);
        self.registry.kill();
    }

    /// Asks it to drain and end, and waits.
    pub fn stop(&mut self) {
        self.note(false);
        let status = self.registry.terminate();
        assert!(
            status.success(),
            "{} ended with {status}: {}",
            self.name,
            self.registry.log()
        );
    }

    /// Starts it again after [`Node::kill`] or [`Node::stop`].
    pub fn start_again(&mut self) {
        self.past.push_str(&self.registry.log());
        self.registry.start_again();
        self.note(true);
    }

    /// Stops it in its tracks.
    pub fn freeze(&self) {
        process::signal(self.registry.pid(), "STOP");
    }

    /// Lets it go on.
    pub fn thaw(&self) {
        process::signal(self.registry.pid(), "CONT");
    }

    /// Nothing passes in this direction between it and etcd.
    pub fn cut_from_etcd(&self, way: Way) {
        self.etcd.iter().for_each(|proxy| proxy.cut(way));
    }

    /// All that passes between it and etcd takes so much longer in each direction.
    pub fn slow_etcd(&self, delay: Duration) {
        self.etcd.iter().for_each(|proxy| proxy.slow(delay));
    }

    /// Heals the ways to it and from it.
    pub fn heal(&self) {
        self.etcd.iter().for_each(Proxy::heal);
        self.advertised.heal();
        self.door.heal();
    }

    /// One request from those who look on.
    pub fn ask(&self, method: &str, target: &str, body: Option<&Value>) -> std::io::Result<Reply> {
        http::request_within(self.address(), method, target, &[], body, ANSWER_LIMIT)
    }

    /// The same, for reading.
    pub fn get(&self, target: &str) -> std::io::Result<Reply> {
        self.ask("GET", target, None)
    }

    /// One request that must be answered with `status`.
    pub fn expect(&self, method: &str, target: &str, body: Option<&Value>, status: u16) -> Reply {
        http::expect(self.address(), method, target, body, status)
    }

    /// The cluster as it sees it; `null` when it doesn't answer.
    pub fn status(&self) -> Value {
        self.get("/api/v1/cluster")
            .map_or(Value::Null, |reply| reply.json())
    }
}
