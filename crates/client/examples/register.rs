//! Registers a service that listens at a port, and takes it out when the process is asked to end.
//!
//! `cargo run --example register -- orders 8080 1.4.2`
#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::env;
use std::error::Error;
use std::time::Duration;

use paste_registry_client::{Client, NewRegistration, Options, shutdown_signal};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let service = arguments.next().unwrap_or_else(|| "orders".to_owned());
    let port = arguments
        .next()
        .unwrap_or_else(|| "8080".to_owned())
        .parse()?;
    let mut new = NewRegistration::new(&service, port).tag("example");
    if let Some(version) = arguments.next() {
        new = new.version(version);
    }
    let client = Client::connect(Options::default())?;
    let registration = client.register(new)?;
    // Being away is no error of the registry's: it is tried until it is there.
    match registration.wait(Duration::from_secs(5)).await {
        Ok(()) => println!("{service} is registered as {}", registration.id()),
        Err(error) => println!("{error}"),
    }
    shutdown_signal().await?;
    client.close().await?;
    println!("{service} is gone");
    Ok(())
}
