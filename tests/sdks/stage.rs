//! Where a scenario is played: a registry, the gate in front of it, a folder for copies on disk, and the agents of one
//! language.

use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use paste_tests::gate::{Gate, Mode};
use paste_tests::registry::Registry;
use paste_tests::{http, ports, until};
use serde_json::{Value, json};

use crate::agent::{Agent, logged};
use crate::languages::Language;

/// The service that agents watch, and where they register.
pub const SERVICE: &str = "a";
/// The id that agents register.
pub const OWN: &str = "own";
/// How many others there are.
const PEERS: usize = 3;
/// How often an agent is looked at that has to hold what it knows.
const LOOK: Duration = Duration::from_millis(100);

/// Everything that a scenario needs, gone when it is dropped.
pub struct Stage<'a> {
    /// Whose agents play.
    pub language: &'a Language,
    /// What they speak to, through the gate.
    pub registry: Registry,
    /// What stands between them.
    pub gate: Gate,
    folder: tempfile::TempDir,
    agents: usize,
}

impl<'a> Stage<'a> {
    /// A stage with an open gate and an empty registry, on a port that stays its own while it is down.
    pub fn new(language: &'a Language) -> Self {
        let registry = Registry::start_at(&format!("127.0.0.1:{}", ports::reserve()), &[], &[]);
        Self {
            language,
            gate: Gate::start(registry.address(), Mode::Open),
            registry,
            folder: tempfile::tempdir().expect("a temporary folder"),
            agents: 0,
        }
    }

    /// A new agent of this language, not started yet.
    pub fn agent(&mut self) -> Agent {
        self.agent_with(&[])
    }

    /// The same, with further variables of its environment.
    pub fn agent_with(&mut self, variables: &[(&str, String)]) -> Agent {
        self.agents += 1;
        let mut command = self.language.command();
        command.envs(variables.iter().map(|(name, value)| (name, value)));
        Agent::launch(command, &self.log_of(self.agents))
    }

    fn log_of(&self, agent: usize) -> PathBuf {
        self.folder.path().join(format!("agent-{agent}.log"))
    }

    /// What agents are started with: they watch [`SERVICE`] and register [`OWN`] there.
    pub fn registering(&self) -> Value {
        let mut options = self.watching();
        options["register"] =
            json!({ "service": SERVICE, "address": "127.0.0.1", "port": 9, "id": OWN });
        options
    }

    /// What agents are started with that only watch.
    pub fn watching(&self) -> Value {
        json!({ "urls": [url(&self.gate)], "services": [SERVICE], "configs": [] })
    }

    /// The folder for copies on disk, the same for all agents of a stage.
    pub fn copies(&self) -> PathBuf {
        self.folder.path().join("copies")
    }

    /// A file of the stage's own.
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Registers others, which stay whatever happens; gives their ids in order.
    pub fn peers(&self) -> Vec<String> {
        let ids: Vec<String> = (0..PEERS).map(|number| format!("peer-{number}")).collect();
        for id in &ids {
            self.register(id, json!({ "address": "127.0.0.1", "port": 9 }));
        }
        ids
    }

    /// Registers an instance that stays whatever happens.
    pub fn register(&self, id: &str, mut instance: Value) {
        instance["ephemeral"] = false.into();
        self.registry
            .expect("PUT", &instance_path(id), Some(&instance), 201);
    }

    /// Deregisters an instance.
    pub fn deregister(&self, id: &str) {
        self.registry
            .expect("DELETE", &instance_path(id), None, 204);
    }

    /// Sets the policy of [`SERVICE`].
    pub fn set_policy(&self, policy: &Value) {
        self.policy("PUT", Some(policy));
    }

    /// Takes the policy of [`SERVICE`] away.
    pub fn delete_policy(&self) {
        self.policy("DELETE", None);
    }

    fn policy(&self, method: &str, policy: Option<&Value>) {
        let path = format!("/api/v1/policies/{SERVICE}");
        let reply = http::request(self.registry.address(), method, &path, &[], policy);
        let reply = reply.unwrap_or_else(|error| panic!("{method} {path}: {error}"));
        assert!(reply.status < 300, "{method} {path}: {}", reply.text());
    }

    /// The health of an instance, as the registry has it; `None` if it doesn't know the instance.
    pub fn health(&self, id: &str) -> Option<String> {
        let path = instance_path(id);
        let reply = http::request(self.registry.address(), "GET", &path, &[], None);
        let reply = reply.unwrap_or_else(|error| panic!("{path}: {error}"));
        reply.json()["health"].as_str().map(str::to_owned)
    }

    /// Waits until the registry has the agent as healthy.
    pub fn until_healthy(&self) {
        let health = || self.health(OWN);
        until(
            "the registry has the agent as healthy",
            || format!("{:?}", health()),
            || (health().as_deref() == Some("passing")).then_some(()),
        );
    }

    /// Starts an agent that registers, and waits until it knows its peers and itself.
    pub fn settled_agent(&mut self, peers: &[String]) -> Agent {
        let mut agent = self.agent();
        agent.start(&self.registering());
        self.settle(&mut agent, peers);
        agent
    }

    /// Waits until the agent and the registry know of each other, and the agent of everybody, as of now.
    pub fn settle(&self, agent: &mut Agent, peers: &[String]) {
        agent.until_registered();
        self.until_healthy();
        let mut all = peers.to_vec();
        all.push(OWN.to_owned());
        all.sort();
        until_current(agent, &all);
    }

    /// The agents' logs, newest last, for a person who looks for a cause.
    pub fn logs(&self) -> String {
        let shown = (1..=self.agents).map(|agent| {
            let log = logged(&self.log_of(agent));
            format!("--- what agent {agent} logged last\n{log}")
        });
        shown.collect()
    }
}

/// Where an agent finds a gate.
pub fn url(gate: &Gate) -> String {
    format!("http://{}", gate.address())
}

/// The path of an instance of [`SERVICE`].
pub fn instance_path(id: &str) -> String {
    format!("/api/v1/services/{SERVICE}/instances/{id}")
}

/// Waits until the agent lists exactly these, in this order, and knows it to be so now.
pub fn until_current(agent: &mut Agent, ids: &[String]) {
    let what = format!("{SERVICE} has {ids:?}, as of now");
    agent.until_known(&what, SERVICE, |known| {
        (known.ids == ids && known.age < Duration::from_secs(10)).then_some(())
    });
}

/// Looks at the agent for so long: at no time may one of `peers` be missing, or a choice fail. Gives how old its knowledge was
/// at the end.
pub fn holds(agent: &mut Agent, peers: &[String], time: Duration) -> Duration {
    let begun = Instant::now();
    loop {
        let known = agent
            .instances(SERVICE, Duration::ZERO)
            .unwrap_or_else(|error| panic!("it no longer knows {SERVICE}: {error}"));
        let missing: Vec<_> = peers
            .iter()
            .filter(|peer| !known.ids.contains(peer))
            .collect();
        assert!(missing.is_empty(), "{missing:?} are missing: {known:?}");
        for (id, _) in agent.pick(SERVICE, 10) {
            assert!(known.ids.contains(&id), "{id} is not among {known:?}");
        }
        if begun.elapsed() >= time {
            return known.age;
        }
        thread::sleep(LOOK);
    }
}
