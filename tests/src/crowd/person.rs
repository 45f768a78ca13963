//! One of a crowd.

use std::io;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::timeout;

use super::{Habits, Life, Order, lock};
use crate::client::Client;
use crate::http::{self, Reply};

/// Longest time that it waits for an answer before it turns to another node.
const ANSWER_LIMIT: Duration = Duration::from_secs(2);
/// Time until what failed is tried again.
const RETRY: Duration = Duration::from_millis(250);

pub(super) struct Person {
    pub(super) doors: Vec<String>,
    pub(super) habits: Habits,
    pub(super) id: String,
    pub(super) registration: Value,
    pub(super) life: Arc<Mutex<Life>>,
    pub(super) orders: watch::Receiver<Order>,
}

impl Person {
    /// Lives until it is aborted.
    pub(super) async fn live(self) {
        let person = Arc::new(self);
        let heart = Arc::clone(&person).beat();
        if person.habits.streams {
            // Joined, not spawned: whoever aborts this ends both.
            tokio::join!(heart, person.follow());
        } else {
            heart.await;
        }
    }

    async fn beat(self: Arc<Self>) {
        let mut orders = self.orders.clone();
        let mut client = Client::new(&self.doors[self.home()]);
        // Nodes in a row that said that they are cut off.
        let mut isolated = 0;
        let mut registered = false;
        let mut errand = 0;
        loop {
            if orders.wait_for(|order| !order.silent).await.is_err() {
                return;
            }
            client.turn_to(&self.doors[self.home()]);
            let reply = self.show(&mut client, registered).await;
            let next = match reply.as_ref().map(|reply| reply.status) {
                Some(200..300) => {
                    registered = true;
                    lock(&self.life).heard = Some(Instant::now());
                    self.habits.beat
                }
                Some(404) if registered => {
                    lock(&self.life).forgotten += 1;
                    registered = false;
                    Duration::ZERO
                }
                _ => RETRY,
            };
            let cut_off = reply
                .as_ref()
                .is_some_and(|reply| reply.header("x-registry-isolated").is_some());
            isolated = if cut_off { isolated + 1 } else { 0 };
            let failed = reply.is_none_or(|reply| reply.status >= 500);
            if self.habits.roam && (failed || (cut_off && isolated < self.doors.len())) {
                self.move_on();
            }
            self.pause(&mut orders, &mut errand, next).await;
        }
    }

    /// Registers, or renews.
    async fn show(&self, client: &mut Client, registered: bool) -> Option<Reply> {
        let (method, target, body) = if registered {
            let target = format!("/api/v1/sessions/{}/heartbeat", self.id);
            ("POST", target, None)
        } else {
            let service = &self.habits.service;
            let target = format!("/api/v1/services/{service}/instances/{}", self.id);
            ("PUT", target, Some(&self.registration))
        };
        let asked = client.ask(method, &target, &[], body, ANSWER_LIMIT).await;
        asked.ok()
    }

    /// Waits for `time`, or until it is sent elsewhere.
    async fn pause(&self, orders: &mut watch::Receiver<Order>, errand: &mut usize, time: Duration) {
        let sent = orders.wait_for(|order| order.errand.1 != *errand);
        if let Ok(Ok(order)) = timeout(time, sent).await {
            *errand = order.errand.1;
            lock(&self.life).home = order.errand.0;
        }
    }

    fn home(&self) -> usize {
        lock(&self.life).home
    }

    fn move_on(&self) {
        let mut life = lock(&self.life);
        life.home = (life.home + 1) % self.doors.len();
        life.moves += 1;
    }

    /// Keeps a stream open at its node, and moves it when it moves.
    async fn follow(&self) {
        loop {
            let home = self.home();
            let silent = self.orders.borrow().silent;
            // Whoever has fallen silent opens nothing.
            if !silent && lock(&self.life).heard.is_some() {
                let _ended = self.stream(home).await.is_err();
                lock(&self.life).streaming = false;
            }
            tokio::time::sleep(RETRY).await;
        }
    }

    /// One stream at `home`, until it ends or this process is at home elsewhere.
    async fn stream(&self, home: usize) -> io::Result<()> {
        let address = &self.doors[home];
        let mut stream = timeout(ANSWER_LIMIT, TcpStream::connect(address)).await??;
        let target = format!(
            "/api/v1/watch?service={}&session={}",
            self.habits.service, self.id
        );
        let text = http::text(address, "GET", &target, &[], None);
        stream.write_all(text.as_bytes()).await?;
        let mut buffer = vec![0; 16 * 1024];
        let begin = timeout(ANSWER_LIMIT, stream.read(&mut buffer)).await??;
        if !buffer[..begin].starts_with(b"HTTP/1.1 200") {
            return Err(io::Error::other("no stream"));
        }
        lock(&self.life).streaming = true;
        loop {
            let read = timeout(RETRY, stream.read(&mut buffer)).await;
            match read {
                Ok(Ok(0)) => return Ok(()),
                Ok(Ok(_)) => {}
                Ok(Err(error)) => return Err(error),
                Err(_) if self.home() != home => return Ok(()),
                Err(_) => {}
            }
        }
    }
}
