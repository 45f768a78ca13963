//! Targets on a made-up network, with one hand on the clock.

use std::collections::{BTreeMap, HashSet};
use std::num::NonZeroU16;
use std::sync::Arc;
use std::time::Duration;

use paste_model::*;

use crate::probe::config::Config;
use crate::probe::network::Failure;
use crate::probe::schedule::{Launch, Schedule};

pub(super) struct World {
    pub(super) schedule: Schedule,
    pub(super) now: Duration,
    pub(super) members: BTreeMap<InstanceKey, Arc<Member>>,
    /// `address:port` of what does not answer, or is refused.
    pub(super) down: HashSet<String>,
    pub(super) refused: HashSet<String>,
    /// `<second> <target> failing: <reason>` or `… passing`, and notices.
    pub(super) log: Vec<String>,
    /// `<second> <address:port>` of each probe sent.
    pub(super) sent: Vec<(f64, String)>,
    /// Results come after so long.
    pub(super) delay: Duration,
    pub(super) store_down: bool,
    late: Vec<(Duration, Launch)>,
}

pub(super) fn key(text: &str) -> InstanceKey {
    let (service, id) = text.split_once('/').expect("SERVICE/ID");
    InstanceKey {
        service: ServiceKey {
            namespace: Namespace::default(),
            name: ServiceName::new(service).expect("valid"),
        },
        id: InstanceId::new(id).expect("valid"),
    }
}

pub(super) fn port(port: u16) -> Port {
    NonZeroU16::new(port).expect("not 0")
}

pub(super) fn tcp(at: u16) -> Check {
    Check {
        kind: CheckKind::Tcp,
        port: Some(port(at)),
        interval: None,
        timeout: None,
    }
}

pub(super) fn http(at: u16, path: &str) -> Check {
    Check {
        kind: CheckKind::Http { path: path.into() },
        ..tcp(at)
    }
}

impl World {
    /// `dice`: what every throw comes to.
    pub(super) fn new(config: Config, dice: f64) -> Self {
        Self {
            schedule: Schedule::new(config, Box::new(move || dice)),
            now: Duration::ZERO,
            members: BTreeMap::new(),
            down: HashSet::new(),
            refused: HashSet::new(),
            log: Vec::new(),
            sent: Vec::new(),
            delay: Duration::ZERO,
            store_down: false,
            late: Vec::new(),
        }
    }

    pub(super) fn register(&mut self, name: &str, address: &str, checks: &[Check]) {
        let key = key(name);
        let mut instance = Instance::at(Address::new(address).expect("valid"), port(80));
        instance.checks = checks.into();
        let check_health = self
            .members
            .get(&key)
            .and_then(|member| member.check_health.clone());
        let member = Arc::new(Member {
            id: key.id.clone(),
            instance: Arc::new(instance),
            revision: Revision(1),
            overridden: None,
            session_health: None,
            check_health,
        });
        self.schedule.follow(&key, Some(&member), self.now);
        self.members.insert(key, member);
    }

    pub(super) fn deregister(&mut self, name: &str) {
        let key = key(name);
        self.members.remove(&key);
        self.schedule.follow(&key, None, self.now);
    }

    /// Forgets everything but what is recorded.
    pub(super) fn restart(&mut self, config: Config) {
        self.schedule = Schedule::new(config, Box::new(|| 0.5));
        for (key, member) in &self.members {
            self.schedule.follow(key, Some(member), self.now);
        }
    }

    pub(super) fn run(&mut self, seconds: u64) {
        for _ in 0..seconds * 10 {
            self.step();
        }
    }

    pub(super) fn step(&mut self) {
        self.now += Duration::from_millis(100);
        let now = self.now;
        for (_, launch) in self
            .late
            .extract_if(.., |(at, _)| *at <= now)
            .collect::<Vec<_>>()
        {
            self.answer(&launch);
        }
        let due = self.schedule.tick(now, Timestamp(0));
        if let Some(notice) = due.notice {
            self.log
                .push(format!("{} {}", now.as_secs_f64(), notice.reason));
        }
        for launch in due.launches {
            let to = launch.request.authority();
            self.sent.push((now.as_secs_f64(), to.to_string()));
            if self.delay.is_zero() {
                self.answer(&launch);
            } else {
                self.late.push((now + self.delay, launch));
            }
        }
        for write in due.writes {
            self.write(write);
        }
    }

    fn answer(&mut self, launch: &Launch) {
        let to = launch.request.authority();
        let failure = |reason: &str, refused| Failure {
            reason: reason.into(),
            refused,
        };
        let result = if self.refused.contains(to.as_str()) {
            Err(failure("refused: link-local", true))
        } else if self.down.contains(to.as_str()) {
            Err(failure("down", false))
        } else {
            Ok(())
        };
        self.schedule.finish(launch.probe, result, self.now);
    }

    fn write(&mut self, write: crate::probe::schedule::Write) {
        let at = self.now.as_secs_f64();
        let target = format!("{}/{}", write.target.service.name, write.target.id);
        let Some(member) = self
            .members
            .get_mut(&write.target)
            .filter(|_| !self.store_down)
        else {
            return self.schedule.written(write, false, self.now);
        };
        let health = write.fails.clone().map(|reason| {
            Arc::new(Health {
                state: HealthState::Failing,
                reason,
                observer: "n1".into(),
                since: Timestamp(0),
            })
        });
        self.log.push(match &write.fails {
            Some(reason) => format!("{at} {target} failing {reason}"),
            None => format!("{at} {target} passing"),
        });
        let after = Arc::new(Member {
            check_health: health,
            ..(**member).clone()
        });
        *member = Arc::clone(&after);
        let key = write.target.clone();
        self.schedule.written(write, true, self.now);
        self.schedule.follow(&key, Some(&after), self.now);
    }

    pub(super) fn count(&self, what: &str) -> usize {
        self.log.iter().filter(|line| line.contains(what)).count()
    }
}
