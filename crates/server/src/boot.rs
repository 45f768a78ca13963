//! The start: one named step for each room, in an order that leaves everything alone when a step fails.

mod address;
mod admin;
mod exposure;
mod process;
mod reload;
pub(crate) mod secrets;
mod store;

use std::io::IsTerminal;
use std::net::SocketAddr;
use std::sync::Arc;

use paste_engine::{Engine, SystemClock, settings};
use paste_fronts::Fronts;
use paste_fronts::listener::tls::{Certificate, Files};
use paste_fronts::listener::{self, Listener, Running};
use paste_fronts::nodes::Nodes;
use paste_fronts::rest::{self, RateLimit, Rest};
use paste_model::NodeName;
use paste_store::Store;

use crate::config::{Anonymous, Config, Setting};
use crate::drain::{self, Interrupts};
use crate::exit::{Done, Exit, Failure};
use crate::metrics::Exposition;
use crate::peers::Peers;
use crate::{output, telemetry};

use address::AddressFile;
pub(crate) use exposure::exposure;
use reload::Hangups;

/// Runs the registry until it is interrupted.
pub(crate) fn serve(config: &Config, hints: bool) -> Done {
    telemetry::start(&config.log)?;
    process::decline_huge_pages();
    for warning in exposure(config)? {
        tracing::warn!("{warning}");
    }
    process::raise_file_limit();
    let control = process::control_runtime(config.node.control_threads)?;
    control.block_on(async {
        let interrupts = Interrupts::new()?;
        let hangups = Hangups::new()?;
        let registry = Registry::start(config).await?;
        reload::watch(
            hangups,
            registry.certificate.clone(),
            config.tls.reload_interval,
        );
        registry.announce(config, hints || std::io::stdout().is_terminal())?;
        registry.run(interrupts).await;
        Ok(())
    })
}

/// A registry that serves.
pub(crate) struct Registry {
    engine: Engine,
    _opened: store::Opened,
    rest: Rest,
    running: Running,
    certificate: Option<Arc<Certificate>>,
    address_file: AddressFile,
    admin: admin::Secret,
    pace: drain::Pace,
}

impl Registry {
    /// All steps. Nothing is written before the store has been found sound and is ours.
    pub(crate) async fn start(config: &Config) -> Result<Self, Failure> {
        let certificate = certificate(config)?;
        let node = match &config.node.name {
            Some(name) => name.clone(),
            None => process::machine_name()?,
        };
        let listener = bind(config)?;
        let opened = store::open(config, &node, listener.address())?;
        let address_file = AddressFile::clear(&config.store.data_dir)?;
        let engine = start_engine(config, node, Arc::clone(&opened.store)).await?;
        let admin = admin::provide(&engine, &config.store.data_dir, opened.first_start).await?;
        let (rest, nodes) = fronts(config, &engine, &listener);
        let tls = encryption(certificate.as_ref())?;
        let running = listener
            .serve(&Fronts::new(rest.clone(), nodes), tls.as_ref())
            .map_err(|error| Failure::caused(Exit::Failed, "can't serve", &error))?;
        address_file.write(running.address())?;
        Ok(Self {
            engine,
            _opened: opened,
            rest,
            running,
            certificate,
            address_file,
            admin,
            pace: drain::Pace {
                grace: config.http.drain_timeout,
                period: config.cluster.drain_period,
            },
        })
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.running.address()
    }

    /// Serves until interrupted, then goes down in order.
    pub(crate) async fn run(self, mut interrupts: Interrupts) {
        interrupts.next().await;
        self.stop(interrupts).await;
    }

    /// Goes down in order.
    pub(crate) async fn stop(self, interrupts: Interrupts) {
        drain::drain(interrupts, &self.engine, self.rest, self.running, self.pace).await;
        self.address_file.remove();
        drop(self.engine);
        tracing::info!("stopped");
    }

    /// Says what was started, and to a person what to try next.
    fn announce(&self, config: &Config, hints: bool) -> Done {
        let scheme = if config.tls.certificate.is_some() {
            "https"
        } else {
            "http"
        };
        let url = format!("{scheme}://{}", self.address());
        let anonymous = match config.access.anonymous {
            Anonymous::Loopback => "requests from this machine need no token",
            Anonymous::Never => "every request needs a token",
        };
        tracing::info!(
            %url,
            data_dir = %config.store.data_dir.display(),
            store = config.store.backend.show(),
            node = %self.engine.node(),
            "serving; {anonymous}"
        );
        self.admin.show()?;
        if hints {
            output::line(format_args!("{}", hints_for(&url)))?;
        }
        Ok(())
    }
}

fn hints_for(url: &str) -> String {
    format!(
        "paste.registry is at {url}. Try in another terminal:\n\n  \
         curl -X PUT {url}/api/v1/services/hello/instances/one -H 'Content-Type: application/json' \
         -d '{{\"address\": \"127.0.0.1\", \"port\": 8080, \"ttl\": \"1h\"}}'\n  \
         curl {url}/api/v1/services/hello/instances\n  \
         curl -N '{url}/api/v1/watch?service=hello'\n\n\
         Or `paste-registry demo` to see services come, fail and return. Interrupt to stop."
    )
}

fn bind(config: &Config) -> Result<Listener, Failure> {
    let http = &config.http;
    let default = listener::Config::default();
    Listener::bind(listener::Config {
        address: http.address,
        workers: http.workers.unwrap_or(default.workers),
        connections_max: http.connections_max,
        head_bytes_max: http.head_size_max.0,
        send_bytes_max: http.send_size_max.0,
        head_timeout: http.head_timeout,
        idle_timeout: http.idle_timeout,
        body_idle_timeout: http.body_idle_timeout,
        body_timeout: http.body_timeout,
        write_timeout: http.write_timeout,
    })
    .map_err(|error| Failure::caused(Exit::Failed, "can't start", &error))
}

async fn start_engine(
    config: &Config,
    node: NodeName,
    store: Arc<dyn Store>,
) -> Result<Engine, Failure> {
    let timeline = settings::Timeline {
        events_max: config.timeline.events_max,
        age_max: config.timeline.age_max,
        ..settings::Timeline::in_dir(config.store.data_dir.join("timeline"))
    };
    let engine = paste_engine::Config {
        node,
        catalog: paste_catalog::Limits::default(),
        liveness: config.liveness.settings(),
        probes: config
            .probes
            .settings(config.http.address.ip().to_canonical().is_loopback()),
        timeline,
        configs: secrets::configs(&config.configs)?,
        transport: Some(Arc::new(Peers::new(config.cluster.ca_file.as_deref()))),
    };
    Engine::start(store, engine, Arc::new(SystemClock))
        .await
        .map_err(|error| Failure::caused(Exit::Failed, "can't start", &error))
}

/// The native API, and what other nodes speak to, over one set of counters.
fn fronts(config: &Config, engine: &Engine, listener: &Listener) -> (Rest, Nodes) {
    let metrics = Arc::new(paste_fronts::Metrics::default());
    let exposition = Exposition::new(
        engine.clone(),
        Arc::clone(listener.counters()),
        Arc::clone(&metrics),
    );
    let rest = rest::Config {
        anonymous_on_loopback: config.access.anonymous == Anonymous::Loopback,
        rate: Some(RateLimit {
            per_second: config.http.rate_per_second,
            burst: config.http.rate_burst,
        }),
        ..rest::Config::default()
    };
    let nodes = Nodes::new(engine.clone(), Arc::clone(&metrics));
    let exposition = Arc::new(move || exposition.text());
    (Rest::new(engine.clone(), rest, metrics, exposition), nodes)
}

/// The certificate that the configuration names, read.
pub(crate) fn certificate(config: &Config) -> Result<Option<Arc<Certificate>>, Failure> {
    let (Some(certificate), Some(key)) = (&config.tls.certificate, &config.tls.key) else {
        return Ok(None);
    };
    let files = Files {
        certificate: certificate.clone(),
        key: key.clone(),
    };
    Certificate::read(files)
        .map(Some)
        .map_err(|error| Failure::caused(Exit::Usage, "tls", &error))
}

fn encryption(
    certificate: Option<&Arc<Certificate>>,
) -> Result<Option<Arc<rustls::ServerConfig>>, Failure> {
    certificate
        .map(Certificate::server_config)
        .transpose()
        .map_err(|error| Failure::caused(Exit::Failed, "can't set up TLS", &error))
}
