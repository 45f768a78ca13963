//! One of the demo's services: answers HTTP, registers itself, sends heartbeats, deregisters when asked to stop.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, Response};
use http_body_util::Full;
use paste_fronts::Peer;
use paste_fronts::listener::{self, Handler, Listener, RequestBody};
use rustix::process::{Pid, Signal, getppid, set_parent_process_death_signal};
use serde_json::{Value, json};

use crate::cli::{ClientArgs, DemoServiceArgs, Output};
use crate::client::{Client, Route};
use crate::exit::{Done, Exit, Failure};

/// Between two heartbeats.
const HEARTBEAT_INTERVAL: Duration = Duration::from_secs(5);
/// How often the registry probes it: quick enough to watch.
const CHECK_INTERVAL: &str = "1s";

/// Runs until it is stopped, or its parent is gone.
pub(crate) fn service(args: &DemoServiceArgs) -> Done {
    // A parent that is gone before this can't tell any more, so it is looked at after.
    let parent = getppid();
    set_parent_process_death_signal(Some(Signal::TERM))
        .map_err(|error| Failure::caused(Exit::Failed, "can't follow the parent", &error))?;
    if parent.is_none() || parent == Some(Pid::INIT) {
        return Ok(());
    }
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::caused(Exit::Failed, "can't start", &error))?
        .block_on(run(args))
}

async fn run(args: &DemoServiceArgs) -> Done {
    let interrupted = crate::drain::interrupted()?;
    tokio::pin!(interrupted);
    let listener = Listener::bind(listener::Config {
        address: SocketAddr::from(([127, 0, 0, 1], 0)),
        workers: 1,
        ..listener::Config::default()
    })
    .map_err(|error| Failure::caused(Exit::Failed, "can't listen", &error))?;
    let port = listener.address().port();
    let running = listener
        .serve(
            &Greeting(format!("{} {}\n", args.id, args.release).into()),
            None,
        )
        .map_err(|error| Failure::caused(Exit::Failed, "can't serve", &error))?;
    let client = Client::new(&ClientArgs {
        url: args.url.clone(),
        token_file: None,
        ca_file: None,
        output: Output::Json,
        namespace: "default".to_owned(),
    })?;
    let registration = json!({
        "address": "127.0.0.1",
        "port": port,
        "protocol": "http",
        "version": args.release,
        "zone": args.zone,
        "session": args.id,
        "checks": [{ "type": "http", "path": "/health", "interval": CHECK_INTERVAL }],
    });
    let mut ticks = tokio::time::interval(HEARTBEAT_INTERVAL);
    loop {
        tokio::select! {
            () = &mut interrupted => break,
            _ = ticks.tick() => {}
        }
        // The next tick tries again.
        let _ = keep_alive(&client, args, &registration).await;
    }
    // Where the registry is gone, there is nothing to take back.
    let _ = client
        .call(Method::DELETE, &Route::of(&["sessions", &args.id]), None)
        .await;
    running.stop(Duration::from_secs(1)).await;
    Ok(())
}

/// A heartbeat; where the registry doesn't know us (yet), a registration.
async fn keep_alive(
    client: &Client,
    args: &DemoServiceArgs,
    registration: &Value,
) -> Result<Value, Failure> {
    let heartbeat = Route::of(&["sessions", &args.id, "heartbeat"]);
    let register = Route::of(&["services", &args.service, "instances", &args.id]);
    let known = client.call(Method::GET, &register, None).await;
    let current = known.is_ok_and(|known| known["port"] == registration["port"]);
    if current && client.call(Method::POST, &heartbeat, None).await.is_ok() {
        return Ok(Value::Null);
    }
    client
        .call(Method::PUT, &register, Some(registration))
        .await
}

/// Answers everything alike, `/health` included.
#[derive(Clone)]
struct Greeting(Bytes);

impl Handler for Greeting {
    type Body = Full<Bytes>;

    async fn handle(&self, _request: Request<RequestBody>, _peer: Peer) -> Response<Full<Bytes>> {
        Response::new(Full::new(self.0.clone()))
    }
}
