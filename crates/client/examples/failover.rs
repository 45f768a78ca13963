//! Calls a service again and again, whatever happens to its instances and to the registry: several nodes to ask, a copy
//! on disk, and word of everything that goes on.
//!
//! `PASTE_REGISTRY_URL=http://one:7750,http://two:7750 cargo run --example failover -- orders /path`
#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::env;
use std::error::Error;
use std::time::Duration;

use paste_registry_client::{Client, Event, Hooks, Options, shutdown_signal};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let name = arguments.next().unwrap_or_else(|| "orders".to_owned());
    let path = arguments.next().unwrap_or_else(|| "/".to_owned());
    let client = Client::connect(Options {
        zone: env::var("ZONE").ok(),
        snapshot_folder: Some(env::temp_dir().join("paste-registry-failover")),
        hooks: Hooks::new(|event| match event {
            Event::Picked { .. } | Event::Called { .. } => {}
            rarer => println!("{rarer:?}"),
        }),
        ..Options::default()
    })?;
    let (http, service) = (client.http(), client.service(&name)?);
    let ended = shutdown_signal();
    tokio::pin!(ended);
    let url = format!("http://{name}{path}");
    loop {
        let calling = http.get(&url);
        tokio::select! {
            _ = &mut ended => break,
            answer = calling => match answer {
                Ok(answer) => println!("{} (what is known is {:?} old)", answer.status(), service.age()),
                Err(error) => println!("{error}"),
            },
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    client.close().await?;
    Ok(())
}
