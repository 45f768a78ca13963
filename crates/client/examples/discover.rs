//! Lists the instances of a service, and chooses one.
//!
//! `cargo run --example discover -- orders '^1.2'`
#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::env;
use std::error::Error;
use std::time::Duration;

use paste_registry_client::{Ask, Client, Options, Outcome};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let name = arguments.next().unwrap_or_else(|| "orders".to_owned());
    let mut ask = Ask::any();
    if let Some(range) = arguments.next() {
        ask = ask.version(&range)?;
    }
    let client = Client::connect(Options::default())?;
    let service = client.service(&name)?;
    for instance in service.instances().await? {
        println!(
            "{} at {}: {:?}",
            instance.id(),
            instance.authority(),
            instance.health()
        );
    }
    let (chosen, trace) = service.choose_traced(&ask);
    println!("{trace}");
    match chosen {
        Ok(pick) => {
            println!("chosen: {}", pick.instance().authority());
            // Here the call would be made; what became of it steers later choices.
            pick.done(Outcome::Success, Duration::from_millis(3));
        }
        Err(error) => println!("{error}"),
    }
    client.close().await?;
    Ok(())
}
