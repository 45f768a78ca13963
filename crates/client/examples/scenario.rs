//! The agent that the scenarios of all SDKs drive: a command a line on standard input, an answer a line on standard
//! output. The commands are those of `docs/sdk.md`.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::io::{self, BufRead, Write};
use std::num::NonZeroU16;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use paste_registry_client::{Ask, Client, Config, Hooks, NewRegistration, Options, Outcome};
use serde::Deserialize;
use serde_json::{Value, json};

type Answer = Result<Value, Box<dyn Error>>;

#[derive(Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
enum Command {
    Start(Start),
    Instances {
        service: String,
        #[serde(default)]
        wait_ms: u64,
    },
    Pick {
        service: String,
        count: u32,
    },
    Call {
        service: String,
        path: String,
        count: u32,
    },
    Config {
        name: String,
        #[serde(default)]
        wait_ms: u64,
    },
    Registered,
    Block {
        ms: u64,
    },
    Events,
    Close,
}

#[derive(Deserialize)]
struct Start {
    urls: Vec<String>,
    snapshot_folder: Option<std::path::PathBuf>,
    #[serde(default)]
    services: Vec<String>,
    #[serde(default)]
    configs: Vec<String>,
    register: Option<Register>,
}

#[derive(Deserialize)]
struct Register {
    service: String,
    address: String,
    port: NonZeroU16,
    id: String,
    version: Option<String>,
}

#[derive(Default)]
struct Agent {
    client: Option<Client>,
    configs: BTreeMap<String, Config>,
    events: Arc<Mutex<Vec<&'static str>>>,
    before: BTreeSet<String>,
}

// One thread: what blocks it blocks the whole event loop of the application.
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut agent = Agent::default();
    for line in io::stdin().lock().lines() {
        let line = line?;
        let command = serde_json::from_str::<Command>(&line);
        let closes = matches!(command, Ok(Command::Close));
        let answer = match command {
            Ok(command) => agent.answer(command).await,
            Err(error) => Err(error.into()),
        };
        let answer = answer.unwrap_or_else(|error| json!({ "error": chain(&*error) }));
        writeln!(io::stdout().lock(), "{answer}")?;
        if closes {
            break;
        }
    }
    Ok(())
}

impl Agent {
    async fn answer(&mut self, command: Command) -> Answer {
        match command {
            Command::Start(start) => self.start(start),
            Command::Instances { service, wait_ms } => self.instances(&service, wait_ms).await,
            Command::Pick { service, count } => self.pick(&service, count).await,
            Command::Call {
                service,
                path,
                count,
            } => self.call(&service, &path, count).await,
            Command::Config { name, wait_ms } => self.config(&name, wait_ms).await,
            Command::Registered => Ok(json!({ "registered": self.client()?.is_registered() })),
            Command::Block { ms } => {
                std::thread::sleep(Duration::from_millis(ms));
                Ok(json!({ "ok": true }))
            }
            Command::Events => {
                let events = self.events.lock().map_err(|_| "a hook panicked")?;
                Ok(json!({ "events": *events }))
            }
            Command::Close => self.close().await,
        }
    }

    fn client(&self) -> Result<&Client, Box<dyn Error>> {
        self.client.as_ref().ok_or_else(|| "start first".into())
    }

    fn start(&mut self, start: Start) -> Answer {
        self.before = left_behind();
        let events = Arc::clone(&self.events);
        let client = Client::connect(Options {
            urls: start.urls,
            snapshot_folder: start.snapshot_folder,
            hooks: Hooks::new(move |event| {
                // A call makes two of these; only what is rarer is worth a list.
                if !["picked", "called"].contains(&event.name())
                    && let Ok(mut events) = events.lock()
                {
                    events.push(event.name());
                }
            }),
            ..Options::default()
        })?;
        for service in &start.services {
            client.service(service)?;
        }
        for name in start.configs {
            self.configs.insert(name.clone(), client.config(&name)?);
        }
        if let Some(register) = start.register {
            let mut new = NewRegistration::new(register.service, register.port)
                .address(register.address)
                .id(register.id);
            if let Some(version) = register.version {
                new = new.version(version);
            }
            client.register(new)?;
        }
        self.client = Some(client);
        Ok(json!({ "ok": true }))
    }

    async fn instances(&self, service: &str, wait_ms: u64) -> Answer {
        let service = self.client()?.service(service)?;
        service.known_within(Duration::from_millis(wait_ms)).await?;
        let instances = service.instances_now()?;
        let ids: Vec<_> = instances.iter().map(|instance| instance.id()).collect();
        let age_ms = service.age().unwrap_or_default().as_millis();
        Ok(json!({ "ids": ids, "age_ms": u64::try_from(age_ms)? }))
    }

    async fn pick(&self, service: &str, count: u32) -> Answer {
        let service = self.client()?.service(service)?;
        let mut picked = BTreeMap::<String, u32>::new();
        for _ in 0..count {
            let pick = service.choose(&Ask::any()).await?;
            *picked.entry(pick.instance().id().to_owned()).or_default() += 1;
            pick.done(Outcome::Success, Duration::from_millis(1));
        }
        Ok(json!({ "picked": picked }))
    }

    async fn call(&self, service: &str, path: &str, count: u32) -> Answer {
        let http = self.client()?.http();
        let (mut ok, mut failed) = (0, 0);
        for _ in 0..count {
            match http.get(&format!("http://{service}{path}")).await {
                Ok(response) if response.status().is_success() => ok += 1,
                Ok(_) => failed += 1,
                Err(error) => {
                    failed += 1;
                    eprintln!("{}", chain(&error));
                }
            }
        }
        Ok(json!({ "ok": ok, "failed": failed }))
    }

    async fn config(&mut self, name: &str, wait_ms: u64) -> Answer {
        let config = match self.configs.get(name) {
            Some(config) => config.clone(),
            None => self.client()?.config(name)?,
        };
        config.wait(Duration::from_millis(wait_ms)).await;
        self.configs.insert(name.to_owned(), config.clone());
        Ok(match config.value() {
            Some(value) => json!({ "content": &*value.content, "release": value.release }),
            None => json!({ "content": null }),
        })
    }

    async fn close(&mut self) -> Answer {
        self.configs.clear();
        if let Some(client) = self.client.take()
            && let Err(error) = client.close().await
        {
            eprintln!("{error}");
        }
        // Kept connections end as soon as their tasks get a turn.
        let patience = Instant::now() + Duration::from_secs(1);
        loop {
            let left: Vec<_> = left_behind().difference(&self.before).cloned().collect();
            if left.is_empty() || Instant::now() > patience {
                return Ok(json!({ "left": left }));
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

/// Threads of the SDK and sockets of the process, where the system tells.
fn left_behind() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for task in std::fs::read_dir("/proc/self/task")
        .into_iter()
        .flatten()
        .flatten()
    {
        let name = std::fs::read_to_string(task.path().join("comm")).unwrap_or_default();
        found.insert(format!(
            "thread {} ({})",
            task.file_name().display(),
            name.trim()
        ));
    }
    for file in std::fs::read_dir("/proc/self/fd")
        .into_iter()
        .flatten()
        .flatten()
    {
        let target = std::fs::read_link(file.path()).unwrap_or_default();
        if target.to_string_lossy().starts_with("socket:") {
            found.insert(target.to_string_lossy().into_owned());
        }
    }
    found
}

fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(&format!(": {error}"));
        cause = error.source();
    }
    text
}
