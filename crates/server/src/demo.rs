//! The demo: a registry and a few small services on one machine, so that a newcomer sees it move.
//!
//! The services are real processes of this binary. They are ended by their process ids, and end themselves when their
//! parent is gone.

mod scene;
mod service;
mod stage;

use tracing::level_filters::LevelFilter;

use crate::boot::Registry;
use crate::cli::DemoArgs;
use crate::config::{Config, Log};
use crate::drain::Interrupts;
use crate::exit::{Done, Exit, Failure};
use crate::{output, telemetry};

use scene::Folder;
use stage::Stage;

pub(crate) use service::service;

/// Runs the demo until it is interrupted.
pub(crate) fn run(args: &DemoArgs) -> Done {
    if !args.http.ip().is_loopback() {
        return Err(Failure::new(
            Exit::Usage,
            format!(
                "--http {}: the demo only listens on this machine",
                args.http
            ),
        ));
    }
    let folder = Folder::new()?;
    let mut config = Config {
        log: Log {
            filter: LevelFilter::WARN.to_string(),
            ..Log::default()
        },
        ..Config::default()
    };
    config.http.address = args.http;
    config.http.drain_timeout = std::time::Duration::from_secs(2);
    config.store.data_dir = folder.path().to_owned();
    telemetry::start(&config.log)?;
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| Failure::caused(Exit::Failed, "can't start", &error))?
        .block_on(perform(&config))
}

async fn perform(config: &Config) -> Done {
    let mut interrupts = Interrupts::new()?;
    let registry = Registry::start(config).await?;
    let mut stage = Stage::new(&format!("http://{}", registry.address()))?;
    let played = tokio::select! {
        played = stage.play() => played,
        () = interrupts.next() => Ok(()),
    };
    stage.clear().await;
    registry.stop(interrupts).await;
    output::line("The demo is over.")?;
    played
}
