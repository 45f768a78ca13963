//! One of those who play with registers.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use serde_json::{Value as Json, json};

use super::Table;
use crate::client::{Client, Silence};
use crate::dice::Dice;
use crate::http::Reply;
use crate::linear::{Action, Answer, Key, Operation, Value};

/// Longest wait for an answer.
const ANSWER_LIMIT: Duration = Duration::from_secs(4);
/// Time after a failure.
const PAUSE: Duration = Duration::from_millis(50);
/// How long registers are played with.
const GENERATION: Duration = Duration::from_secs(10);

/// What a client was told last of a register, and the revision that a condition names.
type Known = (Value, u64);

pub(super) struct Player {
    table: Arc<Table>,
    number: usize,
    dice: Dice,
    client: Client,
    known: HashMap<Key, Known>,
    history: Vec<Operation>,
}

/// What came of a request.
enum Told {
    /// This, and where the register stands now.
    Answer(Answer, Option<Known>),
    /// That nothing was done.
    Nothing,
}

impl Player {
    pub(super) fn new(table: Arc<Table>, number: usize, dice: Dice) -> Self {
        let client = Client::new(&table.doors[number % table.doors.len()]);
        Self {
            table,
            number,
            dice,
            client,
            known: HashMap::new(),
            history: Vec::new(),
        }
    }

    /// Plays until the end, and gives what it was told.
    pub(super) async fn play(mut self) -> Vec<Operation> {
        while !self.table.stop.load(Ordering::Relaxed) {
            if self.dice.percent(5) {
                self.move_on();
            }
            let generation = self.table.begun.elapsed().as_secs() / GENERATION.as_secs();
            let registers = self.table.rules.registers;
            let generation = usize::try_from(generation).expect("a test ends earlier");
            let key = generation * registers + self.dice.below(registers);
            let action = self.choose(key);
            self.act(key, action).await;
        }
        self.history
    }

    fn choose(&mut self, key: Key) -> Action {
        let chance = self.dice.within(0..100);
        let new = Some(self.table.value.fetch_add(1, Ordering::Relaxed) + 1);
        match (chance, self.known.get(&key)) {
            (0..50, _) | (_, None) => Action::Read,
            (50..60, _) => Action::Write(new),
            (60..66, Some((old @ Some(_), _))) => Action::Swap(*old, None),
            (_, Some((old, _))) => Action::Swap(*old, new),
        }
    }

    async fn act(&mut self, key: Key, action: Action) {
        let called = self.now();
        let told = match action {
            Action::Read => self.read(key).await,
            Action::Write(value) | Action::Swap(_, value) => self.change(key, action, value).await,
        };
        let returned = self.now();
        let Told::Answer(answer, known) = told else {
            self.move_on();
            tokio::time::sleep(PAUSE).await;
            return;
        };
        match known {
            Some(known) => self.known.insert(key, known),
            None => self.known.remove(&key),
        };
        self.history.push(Operation {
            client: self.number,
            key,
            action,
            answer,
            called,
            returned,
        });
        if answer == Answer::Unknown {
            self.move_on();
        } else {
            self.table.done.fetch_add(1, Ordering::Relaxed);
        }
    }

    async fn read(&mut self, key: Key) -> Told {
        let mut target = place(key);
        if self.table.rules.consistent {
            target.push_str("?consistent=true");
        }
        let asked = self.client.ask("GET", &target, &[], None, ANSWER_LIMIT);
        match asked.await {
            Ok(reply) if reply.status == 200 => {
                let (value, revision) = stands(&reply);
                Told::Answer(Answer::Saw(value), Some((value, revision)))
            }
            Ok(reply) if reply.status == 404 => Told::Answer(Answer::Saw(None), Some((None, 0))),
            _ => Told::Nothing,
        }
    }

    async fn change(&mut self, key: Key, action: Action, value: Value) -> Told {
        let body = value.map(registration);
        let method = if body.is_some() { "PUT" } else { "DELETE" };
        let condition = match (action, self.known.get(&key)) {
            (Action::Swap(..), Some((_, revision))) => Some(revision.to_string()),
            _ => None,
        };
        let headers: Vec<_> = condition
            .iter()
            .map(|revision| ("if-match", revision.as_str()))
            .collect();
        let target = place(key);
        let asked = self
            .client
            .ask(method, &target, &headers, body.as_ref(), ANSWER_LIMIT);
        match asked.await {
            Ok(reply) if (200..300).contains(&reply.status) => {
                let known = value.map(|_| stands(&reply));
                Told::Answer(Answer::Done, known.or(Some((None, 0))))
            }
            // It has moved on, or is gone.
            Ok(reply) if matches!(reply.status, 404 | 412) => Told::Answer(Answer::Refused, None),
            Ok(reply) if reply.json()["code"] == "outcome-unknown" => {
                Told::Answer(Answer::Unknown, None)
            }
            Ok(reply) if reply.status == 503 => Told::Nothing,
            Ok(reply) => panic!("{method} {target}: {} {}", reply.status, reply.text()),
            Err(Silence::Unsent(_)) => Told::Nothing,
            Err(Silence::Unknown(_)) => Told::Answer(Answer::Unknown, None),
        }
    }

    fn move_on(&mut self) {
        let door = self.dice.below(self.table.doors.len());
        self.client.turn_to(&self.table.doors[door]);
    }

    fn now(&self) -> u64 {
        let elapsed = self.table.begun.elapsed().as_nanos();
        u64::try_from(elapsed).expect("a test ends earlier")
    }
}

fn place(key: Key) -> String {
    format!("/api/v1/services/registers/instances/r{key}")
}

fn registration(value: u64) -> Json {
    json!({
        "address": "127.0.0.1",
        "port": 1,
        "ephemeral": false,
        "metadata": { "value": value.to_string() },
    })
}

/// The value and the revision in an answer.
fn stands(reply: &Reply) -> Known {
    let instance = reply.json();
    let value = instance["metadata"]["value"].as_str();
    let value = value.and_then(|text| text.parse().ok());
    let revision = instance["revision"].as_u64().expect("a revision");
    (value, revision)
}
