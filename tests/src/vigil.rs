//! A watch kept over a service while faults befall the cluster: that whoever lives is in every answer and in the picture
//! of every watcher, at every node, all the time.
//!
//! It looks on at the nodes' own addresses. A node that doesn't answer breaks no promise; one that answers must answer
//! rightly, however old its knowledge is.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::cluster::Cluster;
use crate::http;
use crate::watch::{Picture, Watcher};

/// Time between two looks at a node.
const LOOK: Duration = Duration::from_millis(100);
/// Longest wait for an answer.
const ANSWER_LIMIT: Duration = Duration::from_secs(3);
/// Complaints that are kept: the first ones tell.
const COMPLAINTS_MAX: usize = 20;

struct Shared {
    service: String,
    living: Mutex<BTreeSet<String>>,
    stop: AtomicBool,
    begun: Instant,
    complaints: Mutex<Vec<String>>,
}

/// The watch. It must be ended with [`Vigil::end`], which says what was seen.
pub struct Vigil {
    shared: Arc<Shared>,
    looks: Vec<Arc<AtomicUsize>>,
    threads: Vec<JoinHandle<()>>,
    watchers: Vec<(String, Watcher)>,
    /// Events and complaints of each watcher up to here were looked at.
    judged: BTreeMap<String, (usize, usize)>,
}

impl Vigil {
    /// Keeps watch over those in `living`, who are in `service` and are known everywhere already.
    pub fn keep(cluster: &Cluster, service: &str, living: &[String]) -> Self {
        let shared = Arc::new(Shared {
            service: service.to_owned(),
            living: Mutex::new(living.iter().cloned().collect()),
            stop: AtomicBool::new(false),
            begun: Instant::now(),
            complaints: Mutex::default(),
        });
        let mut vigil = Self {
            shared,
            looks: Vec::new(),
            threads: Vec::new(),
            watchers: Vec::new(),
            judged: BTreeMap::new(),
        };
        for node in cluster.nodes() {
            let looks = Arc::new(AtomicUsize::new(0));
            let (shared, counted) = (Arc::clone(&vigil.shared), Arc::clone(&looks));
            let (name, address) = (node.name().to_owned(), node.address().to_owned());
            vigil.looks.push(looks);
            vigil.threads.push(thread::spawn(move || {
                while !shared.stop.load(Ordering::Relaxed) {
                    shared.look(&name, &address, &counted);
                    thread::sleep(LOOK);
                }
            }));
            let watcher = Watcher::start(node.address(), &format!("service={service}"));
            vigil.watchers.push((node.name().to_owned(), watcher));
        }
        vigil
    }

    /// From here on these may be missing.
    pub fn excuse(&mut self, ids: &[String]) {
        // What came before is judged by who lived then.
        self.judge();
        let mut living = self.shared.living.lock().expect("nobody panics here");
        living.retain(|id| !ids.contains(id));
    }

    /// From here on these may not be missing: they are known everywhere.
    pub fn include(&mut self, ids: &[String]) {
        self.judge();
        let mut living = self.shared.living.lock().expect("nobody panics here");
        living.extend(ids.iter().cloned());
    }

    /// How many answers each node has given.
    pub fn looks(&self) -> Vec<usize> {
        self.looks
            .iter()
            .map(|looks| looks.load(Ordering::Relaxed))
            .collect()
    }

    /// The watchers, one at each node.
    pub fn watchers(&self) -> impl Iterator<Item = &Watcher> {
        self.watchers.iter().map(|(_, watcher)| watcher)
    }

    /// Fails if anybody was missing anywhere.
    pub fn end(mut self) {
        self.judge();
        self.shared.stop.store(true, Ordering::Relaxed);
        for thread in self.threads.drain(..) {
            thread.join().expect("nobody panics while looking");
        }
        let complaints = self.shared.complaints.lock().expect("nobody panics here");
        assert!(complaints.is_empty(), "{complaints:#?}");
    }

    /// Looks at what the watchers were told.
    fn judge(&mut self) {
        for (node, watcher) in &self.watchers {
            let picture = watcher.picture();
            let judged = self.judged.entry(node.clone()).or_default();
            self.shared.judge(node, &picture, *judged);
            *judged = (picture.events.len(), picture.complaints.len());
        }
    }
}

impl Drop for Vigil {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Relaxed);
    }
}

impl Shared {
    fn look(&self, node: &str, address: &str, counted: &AtomicUsize) {
        let target = format!("/api/v1/services/{}/instances", self.service);
        let before = self.living.lock().expect("nobody panics here").clone();
        let asked = http::request_within(address, "GET", &target, &[], None, ANSWER_LIMIT);
        let Ok(reply) = asked else { return };
        if reply.status == 503 {
            return;
        }
        counted.fetch_add(1, Ordering::Relaxed);
        let answer = reply.json();
        let listed = ids(&answer["instances"]);
        let after = self.living.lock().expect("nobody panics here").clone();
        let missing: Vec<_> = before
            .intersection(&after)
            .filter(|id| !listed.contains(*id))
            .collect();
        if !missing.is_empty() {
            let revision = reply.header("x-registry-revision").unwrap_or_default();
            let stale = reply.header("x-registry-stale").unwrap_or("0");
            self.complain(&format!(
                "{node} answered {} with {} instances, revision {revision}, {stale} s old; missing: {missing:?}",
                reply.status,
                listed.len()
            ));
        }
    }

    fn judge(&self, node: &str, picture: &Picture, (events, complaints): (usize, usize)) {
        let living = self.living.lock().expect("nobody panics here").clone();
        for complaint in picture.complaints.iter().skip(complaints) {
            self.complain(&format!("the watcher at {node}: {complaint}"));
        }
        for (event, data) in picture.events.iter().skip(events) {
            let failing = |field: &str| {
                let shown = data[field].as_array().into_iter().flatten();
                let failing = shown.filter(|instance| instance["health"] == "failing");
                let ids = failing.filter_map(|instance| instance["id"].as_str());
                ids.map(str::to_owned).collect::<Vec<_>>()
            };
            let mut wrong = [failing("instances"), failing("upserted")].concat();
            let removed = data["removed"].as_array().into_iter().flatten();
            wrong.extend(removed.filter_map(|id| id.as_str()).map(str::to_owned));
            if event == "snapshot" {
                let shown = ids(&data["instances"]);
                wrong.extend(living.difference(&shown).cloned());
            }
            wrong.retain(|id| living.contains(id));
            if !wrong.is_empty() {
                self.complain(&format!("the watcher at {node} was told that {wrong:?} are failing or gone: {event} {data}"));
            }
        }
    }

    fn complain(&self, complaint: &str) {
        let mut complaints = self.complaints.lock().expect("nobody panics here");
        if complaints.len() < COMPLAINTS_MAX {
            let at = self.begun.elapsed().as_secs_f64();
            complaints.push(format!("after {at:.1} s: {complaint}"));
        }
    }
}

fn ids(instances: &Value) -> BTreeSet<String> {
    let instances = instances.as_array().into_iter().flatten();
    let ids = instances.filter_map(|instance| instance["id"].as_str());
    ids.map(str::to_owned).collect()
}
