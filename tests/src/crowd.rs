//! Many service processes, played by one: each has a session with an instance, renews it every few seconds at its node,
//! and follows its service over a stream that speaks for the session.
//!
//! They behave as a client library should: whoever gets no answer, or is told that its node is cut off, turns to the next
//! node, and stays where it is when all are; whoever is told that it isn't registered registers again.
//!
//! One can be killed (its sockets close), fall silent (its sockets stay open), and be sent to another node.

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use serde_json::json;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::{runtime, until};

mod person;

/// What all of a crowd have in common.
#[derive(Debug, Clone)]
pub struct Habits {
    /// The service that they are instances of; their ids begin with it, too.
    pub service: String,
    /// Silence until an instance is failing.
    pub ttl: Duration,
    /// Silence until it is removed.
    pub remove_after: Duration,
    /// Time between two heartbeats.
    pub beat: Duration,
    /// Whether each opens a stream that speaks for its session.
    pub streams: bool,
    /// Whether they turn to other nodes by themselves.
    pub roam: bool,
}

impl Habits {
    /// Instances of `service` that renew every second, are failing after 6 s and removed after 12.
    pub fn of(service: &str) -> Self {
        Self {
            service: service.to_owned(),
            ttl: Duration::from_secs(6),
            remove_after: Duration::from_secs(12),
            beat: Duration::from_secs(1),
            streams: true,
            roam: true,
        }
    }
}

/// What one of them has lived through.
#[derive(Debug, Clone, Default)]
pub struct Life {
    /// The node that it speaks to.
    pub home: usize,
    /// When a node last took a sign of life from it.
    pub heard: Option<Instant>,
    /// How often it was told that it isn't registered.
    pub forgotten: usize,
    /// How often it turned to another node by itself.
    pub moves: usize,
    /// Whether its stream is open.
    pub streaming: bool,
}

/// What one of them is told to do.
#[derive(Debug, Clone, Copy)]
struct Order {
    silent: bool,
    /// Where to go, and which of all errands this is.
    errand: (usize, usize),
}

struct Person {
    id: String,
    life: Arc<Mutex<Life>>,
    order: watch::Sender<Order>,
    task: Option<JoinHandle<()>>,
}

/// The crowd. Dropping it kills them all.
pub struct Crowd {
    habits: Habits,
    people: Vec<Person>,
}

impl Crowd {
    /// `count` processes, one after the other at the nodes behind `doors`; waits until all are registered.
    pub fn gather(doors: &[String], habits: &Habits, count: usize) -> Self {
        let crowd = Self {
            habits: habits.clone(),
            people: (0..count)
                .map(|number| Person::begin(doors, habits, number))
                .collect(),
        };
        crowd.until("all are registered", |life| {
            life.heard.is_some() && (life.streaming || !habits.streams)
        });
        crowd
    }

    /// The ids of those in these places; each id is that of the session, too.
    pub fn ids(&self, places: impl IntoIterator<Item = usize>) -> Vec<String> {
        let ids = places
            .into_iter()
            .map(|place| self.people[place].id.clone());
        ids.collect()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.people.len()
    }

    /// Whether there is nobody.
    pub fn is_empty(&self) -> bool {
        self.people.is_empty()
    }

    /// What each has lived through.
    pub fn lives(&self) -> Vec<Life> {
        self.people
            .iter()
            .map(|person| lock(&person.life).clone())
            .collect()
    }

    /// Kills those in these places: their sockets close, and nothing more is heard of them.
    pub fn kill(&mut self, places: impl IntoIterator<Item = usize>) {
        for place in places {
            let Some(task) = self.people[place].task.take() else {
                continue;
            };
            task.abort();
            // When this returns its sockets are closed.
            let _aborted = runtime().block_on(task).is_err();
        }
    }

    /// Has those in these places send nothing more; their sockets stay open.
    pub fn silence(&self, places: impl IntoIterator<Item = usize>) {
        self.tell(places, |order| order.silent = true);
    }

    /// Lets those who were silenced go on.
    pub fn wake(&self, places: impl IntoIterator<Item = usize>) {
        self.tell(places, |order| order.silent = false);
    }

    /// Sends those in these places to another node, with their streams.
    pub fn send(&self, places: impl IntoIterator<Item = usize>, node: usize) {
        self.tell(places, |order| order.errand = (node, order.errand.1 + 1));
    }

    /// Waits until the life of everybody who wasn't killed answers `question`.
    pub fn until(&self, what: &str, question: impl Fn(&Life) -> bool) {
        let living = || {
            let living = self.people.iter().filter(|person| person.task.is_some());
            living.map(|person| lock(&person.life).clone())
        };
        let seen = || format!("{:?}", living().collect::<Vec<_>>());
        until(what, seen, || {
            living().all(|life| question(&life)).then_some(())
        });
    }

    /// What they are like.
    pub fn habits(&self) -> &Habits {
        &self.habits
    }

    fn tell(&self, places: impl IntoIterator<Item = usize>, change: impl Fn(&mut Order)) {
        for place in places {
            self.people[place].order.send_modify(&change);
        }
    }
}

impl Drop for Crowd {
    fn drop(&mut self) {
        for person in &self.people {
            if let Some(task) = &person.task {
                task.abort();
            }
        }
    }
}

impl Person {
    fn begin(doors: &[String], habits: &Habits, number: usize) -> Self {
        let id = format!("{}-{number:04}", habits.service);
        let home = number % doors.len();
        let life = Arc::new(Mutex::new(Life {
            home,
            ..Life::default()
        }));
        let (order, orders) = watch::channel(Order {
            silent: false,
            errand: (home, 0),
        });
        let registration = json!({
            "address": "127.0.0.1",
            "port": 1 + number % 60_000,
            "session": id,
            "ttl": format!("{}ms", habits.ttl.as_millis()),
            "remove_after": format!("{}ms", habits.remove_after.as_millis()),
        });
        let person = person::Person {
            doors: doors.to_vec(),
            habits: habits.clone(),
            id: id.clone(),
            registration,
            life: Arc::clone(&life),
            orders,
        };
        Self {
            id,
            life,
            order,
            task: Some(runtime().spawn(person.live())),
        }
    }
}

fn lock(life: &Mutex<Life>) -> MutexGuard<'_, Life> {
    life.lock().expect("nobody panics with a life in hand")
}
