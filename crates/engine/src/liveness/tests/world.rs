//! A registry with one hand on the clock: a real view, a store in memory, and the liveness core between them.
//!
//! A script has one line per act: `<second> <act> <what>…`. It ticks every 250 ms; acts of a tick come before it.
//!
//! - `register SERVICE/ID SESSION [zone=Z] [ttl=S] [remove=S] [persistent]` (renews the session, as a registration does)
//! - `deregister SERVICE/ID`
//! - `beat SESSION`, `beats SESSION every S until T`
//! - `open SESSION`, `close SESSION`, `cut SESSION` (we close it), `drain`
//! - `pause S` (no ticks for so long), `wall S` (the wall clock jumps), `restart`, `reload`
//! - `store down|up`, `slow on|off` (verdicts reach the store one tick late)
//! - `nodes A,B…` (who is there; we are `n1`, and without it are no member), `heard NODE` (it makes itself heard),
//!   `told SESSION by NODE [ago S]` (it passes a heartbeat on), `lost SESSION ago S` (another node saw its stream close)
//! - `expect SERVICE/ID passing|suspect|failing|gone|served|hidden`

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use paste_catalog::{Catalog, Limits, Transition, Writer, catalog};
use paste_model::*;

use crate::cluster::HERE;
use crate::cluster::tests::{membership, node_name};
use crate::liveness::judge::Settled;
use crate::liveness::stream::StreamGuard;
use crate::liveness::tests::others::Others;
use crate::liveness::ticks::{Pacemaker, TICK_MS};
use crate::liveness::track::Step;
use crate::liveness::verdict::{Speaker, Verdict};
use crate::liveness::{Config, Liveness};

pub(super) struct World {
    pub(super) liveness: Arc<Liveness>,
    pub(super) catalog: Catalog,
    /// What was committed: `<second> <session> <step> (<reason>)`, or `<second> hold|resume <reason>`.
    pub(super) log: Vec<String>,
    writer: Writer,
    records: BTreeMap<Key, (Record, Revision)>,
    revision: Revision,
    pacemaker: Pacemaker,
    start: Instant,
    /// Time since the start, in milliseconds: that of the machine, which does not stop when the process does.
    pub(super) now: u64,
    wall: i64,
    streams: Vec<(String, StreamGuard)>,
    beats: Vec<(String, u64, u64, u64)>,
    store_down: bool,
    slow: bool,
    late: VecDeque<Verdict>,
    /// The other nodes, in a world that has any.
    others: Option<Others>,
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

fn millis(seconds: &str) -> u64 {
    let seconds: f64 = seconds.parse().expect("seconds");
    u64::try_from(Duration::from_secs_f64(seconds).as_millis()).expect("short")
}

impl World {
    pub(super) fn new() -> Self {
        Self::with(Config::default())
    }

    pub(super) fn with(config: Config) -> Self {
        Self::among(config, None)
    }

    /// A world in which we are `n1`, one of `nodes`.
    pub(super) fn of_nodes(nodes: &[&str]) -> Self {
        let others = Others::of(nodes);
        Self::among(Config::default(), Some(others))
    }

    fn among(config: Config, others: Option<Others>) -> Self {
        let (mut writer, catalog) = catalog(Limits::default());
        let start = Instant::now();
        writer.load(Epoch(1), Revision::ZERO, Vec::new(), start);
        let cluster = others.as_ref().map(|others| Arc::clone(&others.cluster));
        Self {
            liveness: Liveness::new(config, cluster),
            catalog,
            log: Vec::new(),
            writer,
            records: BTreeMap::new(),
            revision: Revision::ZERO,
            pacemaker: Pacemaker::new(start),
            start,
            now: 0,
            wall: 1_700_000_000_000,
            streams: Vec::new(),
            beats: Vec::new(),
            store_down: false,
            slow: false,
            late: VecDeque::new(),
            others,
        }
    }

    /// Plays a script up to second `end`.
    pub(super) fn play(&mut self, script: &str, end: u64) {
        let mut acts: Vec<(u64, &str)> = script
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty())
            .map(|line| {
                let (at, act) = line.split_once(' ').expect("<second> <act>");
                (millis(at), act.trim())
            })
            .collect();
        acts.sort_by_key(|(at, _)| *at);
        let mut acts = acts.into_iter().peekable();
        loop {
            while let Some((_, act)) = acts.next_if(|(at, _)| *at <= self.now) {
                self.act(act);
            }
            if self.now >= end * 1_000 {
                return;
            }
            self.step();
        }
    }

    /// Lets one tick pass.
    pub(super) fn step(&mut self) {
        self.now += TICK_MS;
        let now = self.now;
        if let Some(others) = &self.others {
            others.clock.set(now);
        }
        self.pacemaker.advance(
            &self.liveness.ticks,
            self.start + Duration::from_millis(now),
        );
        let mut due = Vec::new();
        self.beats.retain_mut(|(session, every, next, until)| {
            if *next <= now {
                due.push(session.clone());
                *next += *every;
            }
            *next <= *until
        });
        for session in due {
            self.beat(&session);
        }
        let catalog = self.catalog.clone();
        let wall = self.wall();
        let mut verdicts: VecDeque<_> =
            self.liveness.decide(wall, &|id| catalog.session(id)).into();
        if self.slow {
            std::mem::swap(&mut verdicts, &mut self.late);
        } else {
            let mut late = std::mem::take(&mut self.late);
            late.append(&mut verdicts);
            verdicts = late;
        }
        for verdict in verdicts {
            self.carry_out(verdict);
        }
    }

    fn wall(&self) -> Timestamp {
        Timestamp(self.wall.saturating_add_unsigned(self.now).unsigned_abs())
    }

    pub(super) fn act(&mut self, act: &str) {
        let words: Vec<_> = act.split_whitespace().collect();
        match words[..] {
            ["register", instance, session, ref options @ ..] => {
                self.register(instance, session, options)
            }
            ["deregister", instance] => {
                let changes = vec![Change::Delete(Key::Instance(key(instance)))];
                self.commit(Vec::new(), changes).expect("up");
            }
            ["beat", session] => self.beat(session),
            ["beats", session, "every", every, "until", until] => {
                let every = millis(every);
                self.beats
                    .push((session.into(), every, self.now + every, millis(until)));
            }
            ["open", session] => {
                let id = SessionId::new(session).expect("valid");
                self.streams
                    .push((session.into(), self.liveness.open_stream(&id)));
            }
            ["close", session] => drop(self.take_stream(session)),
            ["cut", session] => self.take_stream(session).closed_by_us(),
            ["drain"] => self.liveness.drain(),
            ["pause", seconds] => self.now += millis(seconds),
            ["wall", seconds] => self.wall += seconds.parse::<i64>().expect("seconds") * 1_000,
            ["restart"] => self.restart(),
            ["reload"] => self.reload(),
            ["store", state] => self.store_down = state == "down",
            ["slow", state] => self.slow = state == "on",
            ["nodes", nodes] => self.set_nodes(&nodes.split(',').collect::<Vec<_>>()),
            ["heard", node] => {
                let _ear = self.others().cluster.ear_of(&node_name(node));
            }
            ["told", session, "by", node, ref ago @ ..] => {
                let ear = self.others().cluster.ear_of(&node_name(node));
                let age = Duration::from_millis(ago.get(1).map_or(0, |ago| millis(ago)));
                let cell = self.catalog.session(session).expect("registered");
                self.liveness.renew_through(&cell, age, ear);
            }
            ["lost", session, "ago", ago] => {
                let id = SessionId::new(session).expect("valid");
                let age = Duration::from_millis(millis(ago));
                self.liveness.close_elsewhere(&id, age);
            }
            ["expect", instance, what] => self.expect(instance, what),
            _ => panic!("no such act: {act}"),
        }
    }

    /// Whether we watch over a session of this name.
    pub(super) fn owns(&self, session: &str) -> bool {
        self.others().cluster.owns(session)
    }

    fn others(&self) -> &Others {
        self.others.as_ref().expect("a world of several nodes")
    }

    fn set_nodes(&mut self, nodes: &[&str]) {
        let others = self.others();
        let member = nodes.contains(&"n1").then_some("n1");
        others.known.send_replace(membership(nodes, member));
        let cluster = Arc::clone(&others.cluster);
        self.liveness
            .reassign(&self.catalog, || cluster.follow(&others.known.borrow()));
    }

    fn take_stream(&mut self, session: &str) -> StreamGuard {
        let at = self
            .streams
            .iter()
            .position(|(of, _)| of == session)
            .expect("open");
        self.streams.remove(at).1
    }

    pub(super) fn beat(&mut self, session: &str) {
        if let Some(cell) = self.catalog.session(session) {
            self.liveness.renew(&cell);
            self.liveness.note_ear(&cell, HERE);
        }
    }

    fn register(&mut self, instance: &str, session: &str, options: &[&str]) {
        let key = key(instance);
        let address = Address::new("10.0.0.1").expect("valid");
        let mut value = Instance::at(address, Port::new(80).expect("not 0"));
        let id = SessionId::new(session).expect("valid");
        value.session = Some(id.clone());
        value.ephemeral = true;
        let mut record = Session::default();
        for option in options {
            match option.split_once('=') {
                Some(("zone", zone)) => value.zone = Some(Label::new("zone", zone).expect("valid")),
                Some(("ttl", ttl)) => record.ttl = Duration::from_millis(millis(ttl)),
                Some(("remove", after)) => {
                    record.remove_after = Duration::from_millis(millis(after));
                }
                _ => value.ephemeral = false,
            }
        }
        let mut changes = vec![Change::Put(Record::Instance(key, Arc::new(value)))];
        if record != Session::default() {
            changes.push(Change::Put(Record::Session(id, record)));
        }
        self.commit(Vec::new(), changes).expect("up");
        self.beat(session);
    }

    fn restart(&mut self) {
        let config = self.liveness.judge.lock().config();
        self.streams.clear();
        self.late.clear();
        let cluster = self
            .others
            .as_ref()
            .map(|others| Arc::clone(&others.cluster));
        self.liveness = Liveness::new(config, cluster);
        let now = self.start + Duration::from_millis(self.now);
        self.pacemaker = Pacemaker::new(now);
        let (writer, catalog) = catalog(Limits::default());
        (self.writer, self.catalog) = (writer, catalog);
        self.reload();
    }

    fn reload(&mut self) {
        let now = self.start + Duration::from_millis(self.now);
        let entries = self
            .records
            .values()
            .map(|(record, revision)| Entry {
                revision: *revision,
                record: record.clone(),
            })
            .collect();
        self.writer.load(Epoch(2), self.revision, entries, now);
        self.liveness.reset();
        for cell in self.catalog.sessions() {
            self.liveness
                .observe(&Transition::Session { cell, exists: true });
        }
        for service in self
            .catalog
            .services(Namespace::DEFAULT, "", None, usize::MAX)
        {
            for member in service.members() {
                self.liveness.observe(&Transition::Member {
                    key: InstanceKey {
                        service: service.key().clone(),
                        id: member.id.clone(),
                    },
                    before: None,
                    after: Some(Arc::clone(member)),
                });
            }
        }
    }

    #[track_caller]
    fn expect(&self, instance: &str, what: &str) {
        let key = key(instance);
        let snapshot = self
            .catalog
            .service(Namespace::DEFAULT, key.service.name.as_str());
        let member = snapshot
            .as_ref()
            .and_then(|snapshot| snapshot.member(key.id.as_str()));
        let protected = snapshot
            .as_ref()
            .is_some_and(|snapshot| snapshot.protected());
        let served = member
            .is_some_and(|member| member.status() == Status::Up && (member.healthy() || protected));
        let found = match (what, member) {
            ("served" | "hidden", _) => {
                if served {
                    "served"
                } else {
                    "hidden"
                }
            }
            (_, None) => "gone",
            (_, Some(member)) => member.health().as_str(),
        };
        assert_eq!(found, what, "{instance} at {}s", self.now as f64 / 1e3);
    }

    fn carry_out(&mut self, verdict: Verdict) {
        let at = self.now as f64 / 1e3;
        let node = NodeName::new("n1").expect("valid");
        let speaker = Speaker {
            node: &node,
            at: self.wall(),
        };
        match verdict {
            Verdict::Step(judgement) => {
                let mut settled = Settled::Done;
                for batch in judgement.batches(&speaker) {
                    settled = if judgement.overtaken() {
                        Settled::Again
                    } else {
                        self.commit(batch.expect, batch.changes)
                            .err()
                            .unwrap_or(Settled::Done)
                    };
                    if settled != Settled::Done {
                        break;
                    }
                }
                let id = judgement.cell.id();
                if settled == Settled::Done {
                    let step = match judgement.step {
                        Step::Passing => "passing",
                        Step::Suspect => "suspect",
                        Step::Failing => "failing",
                        Step::Remove => "removed",
                    };
                    self.log
                        .push(format!("{at} {id} {step} ({})", judgement.reason));
                }
                let now = self.liveness.now(self.wall());
                self.liveness
                    .judge
                    .lock()
                    .settle(id, judgement.step, settled, now);
            }
            Verdict::Hold(notice) => {
                let batches = notice.batches(&speaker);
                assert!(batches.iter().all(|batch| batch.changes.is_empty()));
                self.log.push(format!("{at} hold {}", notice.reason));
            }
            Verdict::Resume(notice) => self.log.push(format!("{at} resume {}", notice.reason)),
            Verdict::Attempt if self.store_down => {}
            Verdict::Attempt => {
                let now = self.liveness.ticks.now();
                self.liveness.judge.lock().resume(now);
                self.log.push(format!("{at} attempt"));
            }
        }
    }

    pub(super) fn commit(
        &mut self,
        expect: Vec<(Key, Expect)>,
        changes: Vec<Change>,
    ) -> Result<(), Settled> {
        if self.store_down {
            return Err(Settled::Refused);
        }
        for (key, expect) in expect {
            let found = self.records.get(&key).map(|(_, revision)| *revision);
            let holds = match expect {
                Expect::Absent => found.is_none(),
                Expect::Present => found.is_some(),
                Expect::At(revision) => found == Some(revision),
            };
            if !holds {
                return Err(Settled::Again);
            }
        }
        self.revision = self.revision.next();
        for change in &changes {
            match change {
                Change::Put(record) => {
                    let value = (record.clone(), self.revision);
                    self.records.insert(record.key(), value);
                }
                Change::Delete(key) => {
                    self.records.remove(key);
                }
            }
        }
        let cause = Cause {
            kind: CauseKind::Request,
            at: self.wall(),
            by: Principal::anonymous(),
            reason: "".into(),
            about: None,
        };
        let batch = Committed {
            revision: self.revision,
            changes,
            cause,
        };
        let now = self.start + Duration::from_millis(self.now);
        for transition in self.writer.apply(&batch, now) {
            self.liveness.observe(&transition);
        }
        Ok(())
    }
}
