//! What an agent can be told to do (docs/sdk.md), with its answers checked for their form.

use std::thread;
use std::time::{Duration, Instant};

use paste_tests::{PATIENCE, until};
use serde_json::{Value, json};

use super::{ANSWER_LIMIT, Agent};

/// What an agent knows of a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// The ids, in the order given.
    pub ids: Vec<String>,
    /// How old that is.
    pub age: Duration,
}

impl Agent {
    /// Starts the client, which answers at once.
    pub fn start(&mut self, options: &Value) {
        let mut command = options.clone();
        command["do"] = "start".into();
        assert_eq!(
            self.must(&command, Duration::ZERO)["ok"],
            true,
            "{command:#}"
        );
    }

    /// What it knows of a service, after waiting up to `wait` for the first knowledge.
    pub fn instances(&mut self, service: &str, wait: Duration) -> Result<Known, String> {
        let wait_ms = u64::try_from(wait.as_millis()).expect("a short time");
        let command = json!({ "do": "instances", "service": service, "wait_ms": wait_ms });
        let answer = self.ask(&command, wait)?;
        let ids = answer["ids"].as_array();
        let ids = ids.unwrap_or_else(|| panic!("{command} was answered without ids: {answer}"));
        let age = answer["age_ms"].as_f64().unwrap_or(-1.0);
        assert!(age >= 0.0, "an age is never negative: {answer}");
        Ok(Known {
            ids: ids
                .iter()
                .map(|id| id.as_str().unwrap_or_default().to_owned())
                .collect(),
            age: Duration::from_secs_f64(age / 1000.0),
        })
    }

    /// Chooses so often; gives each id that was chosen, and how often.
    pub fn pick(&mut self, service: &str, count: u64) -> Vec<(String, u64)> {
        let command = json!({ "do": "pick", "service": service, "count": count });
        let answer = self.must(&command, ANSWER_LIMIT);
        let picked = answer["picked"].as_object();
        let picked: Vec<(String, u64)> = picked
            .into_iter()
            .flatten()
            .map(|(id, count)| (id.clone(), count.as_u64().unwrap_or(0)))
            .collect();
        let sum: u64 = picked.iter().map(|(_, count)| count).sum();
        assert_eq!(sum, count, "{command} was answered {answer}");
        picked
    }

    /// Calls a service so often through the HTTP wrapper; gives how many calls went well.
    pub fn call(&mut self, service: &str, path: &str, count: u64) -> u64 {
        let command = json!({ "do": "call", "service": service, "path": path, "count": count });
        let answer = self.must(&command, ANSWER_LIMIT);
        let number = |key: &str| answer[key].as_u64().unwrap_or(0);
        assert_eq!(number("ok") + number("failed"), count, "{answer}");
        number("ok")
    }

    /// The content and the release of a configuration item, after waiting up to `wait` for the first knowledge; `None` where
    /// there is none.
    pub fn config(&mut self, name: &str, wait: Duration) -> Result<Option<(String, u64)>, String> {
        let wait_ms = u64::try_from(wait.as_millis()).expect("a short time");
        let answer = self.ask(
            &json!({ "do": "config", "name": name, "wait_ms": wait_ms }),
            wait,
        )?;
        let release = answer["release"].as_u64().unwrap_or(0);
        Ok(answer["content"]
            .as_str()
            .map(|content| (content.to_owned(), release)))
    }

    /// Whether its last registration or heartbeat was taken.
    pub fn registered(&mut self) -> bool {
        let answer = self.must(&json!({ "do": "registered" }), Duration::ZERO);
        let registered = answer["registered"].as_bool();
        registered.unwrap_or_else(|| panic!("`registered` was answered {answer}"))
    }

    /// Checks that its hooks were called with this event.
    pub fn has_lived(&mut self, event: &str) {
        let answer = self.must(&json!({ "do": "events" }), Duration::ZERO);
        let mut events = answer["events"].as_array().into_iter().flatten();
        assert!(events.any(|seen| seen == event), "no {event} in {answer}");
    }

    /// Begins to block its event loop; [`Agent::unblocked`] waits for the end.
    pub fn block(&mut self, time: Duration) {
        let ms = u64::try_from(time.as_millis()).expect("a short time");
        self.send(&json!({ "do": "block", "ms": ms }));
    }

    /// Waits until it is no longer blocked.
    pub fn unblocked(&mut self, time: Duration) {
        let answer = self.answer(&json!({ "do": "block" }), time);
        answer.unwrap_or_else(|error| panic!("`block`: {error}"));
    }

    /// Waits until its knowledge of `service` is as wanted.
    pub fn until_known<T>(
        &mut self,
        what: &str,
        service: &str,
        wanted: impl FnMut(&Known) -> Option<T>,
    ) -> T {
        self.until_known_within(PATIENCE, what, service, wanted)
    }

    /// The same with a patience of its own, for what takes its time by design.
    pub fn until_known_within<T>(
        &mut self,
        patience: Duration,
        what: &str,
        service: &str,
        mut wanted: impl FnMut(&Known) -> Option<T>,
    ) -> T {
        let begun = Instant::now();
        loop {
            let known = self.instances(service, Duration::ZERO);
            if let Some(value) = known.as_ref().ok().and_then(&mut wanted) {
                return value;
            }
            assert!(
                begun.elapsed() < patience,
                "waited {} s in vain: {what}; the agent knows {known:?}",
                patience.as_secs()
            );
            thread::sleep(Duration::from_millis(50));
        }
    }

    /// Waits until it says that it is registered.
    pub fn until_registered(&mut self) {
        until("the agent is registered", String::new, || {
            thread::sleep(Duration::from_millis(50));
            self.registered().then_some(())
        });
    }
}
