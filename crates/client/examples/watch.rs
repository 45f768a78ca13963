//! Tells of each change of a service and of a configuration item, until the process is asked to end.
//!
//! `cargo run --example watch -- orders shop/app`
#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::env;
use std::error::Error;

use paste_registry_client::{Client, Options, shutdown_signal};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let service = arguments.next().unwrap_or_else(|| "orders".to_owned());
    let item = arguments.next().unwrap_or_else(|| "shop/app".to_owned());
    let client = Client::connect(Options::default())?;
    client.service(&service)?.on_change(move |instances| {
        println!("{service}: {instances:?}");
    });
    let config = client.config(&item)?;
    config.on_change(move |value| {
        match value {
            Some(value) => println!("{item}, release {}: {}", value.release, value.content),
            None => println!("{item}: there is none"),
        }
        // An error here would be told to the registry: this release can't be used.
        Ok(())
    });
    shutdown_signal().await?;
    client.close().await?;
    Ok(())
}
