//! The client: one for each process, shared by everything in it.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::runtime::Handle;
use tokio::sync::watch;

use crate::acks::Acks;
use crate::addresses::Addresses;
use crate::agent;
use crate::clock::{Clock, Random};
use crate::config::Config;
use crate::copy::{Kept, LocalCopy};
use crate::dispatch::Dispatcher;
use crate::error::{CloseError, ConnectError, FollowError, RegisterError};
use crate::hooks::{Event, Hooks};
use crate::http::{HttpClient, Pools};
use crate::link::Link;
use crate::options::{Options, unfit};
use crate::registration::{NewRegistration, Registration, Registrations};
use crate::served::Served;
use crate::service::Service;
use crate::transport::{Dialer, HyperTransport, Transport};
use crate::{route, session, snapshot};

/// A client of the registry. Cloning it costs nothing; dropping the last clone closes it without waiting.
#[derive(Clone)]
pub struct Client(Arc<Handles>);

struct Handles {
    shared: Arc<Shared>,
    agent: agent::Thread,
}

/// What all parts of a client share.
pub(crate) struct Shared {
    pub(crate) options: Options,
    pub(crate) session: String,
    pub(crate) link: Link,
    pub(crate) copy: LocalCopy,
    pub(crate) registrations: Registrations,
    pub(crate) acks: Arc<Acks>,
    pub(crate) dispatcher: Arc<Dispatcher>,
    pub(crate) served: Served,
    pub(crate) pools: Pools,
    /// Counts the times that the registry had forgotten this process.
    pub(crate) forgotten: watch::Sender<u64>,
    /// Whether the client is to close.
    pub(crate) closing: watch::Sender<bool>,
    /// Held while the copy is written to disk.
    pub(crate) saving: Mutex<()>,
    /// What closing left undone.
    pub(crate) undone: Mutex<Option<CloseError>>,
    /// Where the SDK's own tasks run.
    pub(crate) runtime: Handle,
}

impl Client {
    /// Starts a client. Nothing here waits for the registry, whose being away is no error.
    ///
    /// Reads the copy on disk, where there is one, and starts the thread that speaks to the registry. Needs no runtime.
    pub fn connect(options: Options) -> Result<Self, ConnectError> {
        let (shared, agent) = agent::start(move |runtime| Shared::new(options, runtime))?;
        Ok(Self(Arc::new(Handles { shared, agent })))
    }

    /// Registers an instance, and keeps it registered until the client is closed. Returns at once: the registration is
    /// repeated until it is there, which [`Registration::wait`] waits for.
    pub fn register(&self, new: NewRegistration) -> Result<Registration, RegisterError> {
        let shared = &self.0.shared;
        if *shared.closing.borrow() {
            return Err(RegisterError::Ended);
        }
        Ok(Registration::new(shared, new))
    }

    /// The local copy of a service, followed from now on.
    pub fn service(&self, name: &str) -> Result<Service, FollowError> {
        self.0.shared.service(name)
    }

    /// A configuration item `group/key`, followed from now on.
    pub fn config(&self, name: &str) -> Result<Config, FollowError> {
        let shared = &self.0.shared;
        let copy = shared.copy.config(name)?;
        Ok(Config {
            shared: Arc::clone(shared),
            copy,
        })
    }

    /// An HTTP client that sends `http://service/path` to an instance of the service.
    pub fn http(&self) -> HttpClient {
        HttpClient::new(Arc::clone(&self.0.shared))
    }

    /// Counts the calls that this process serves; they are told with the heartbeat.
    pub fn served(&self) -> Served {
        self.0.shared.served.clone()
    }

    /// What the registry knows this process by.
    pub fn session(&self) -> &str {
        &self.0.shared.session
    }

    /// Whether the last registration or heartbeat was taken.
    pub fn is_registered(&self) -> bool {
        self.0.shared.registrations.last_taken()
    }

    /// Drains, deregisters, and ends everything that was started: within the close time-out, whatever the registry does.
    /// May be called again; then it only waits.
    pub async fn close(&self) -> Result<(), CloseError> {
        self.0.shared.closing.send_replace(true);
        self.0.agent.ended().await;
        self.0.shared.undone.lock().clone().map_or(Ok(()), Err)
    }
}

impl Client {
    #[cfg(feature = "reqwest")]
    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.0.shared
    }
}

impl Drop for Handles {
    fn drop(&mut self) {
        self.shared.closing.send_replace(true);
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("session", &self.0.shared.session)
            .finish_non_exhaustive()
    }
}

impl Shared {
    pub(crate) fn new(options: Options, runtime: Handle) -> Result<Self, ConnectError> {
        options.check()?;
        let random = Arc::clone(&options.random);
        let dialer = Dialer::new(&options.trust).map_err(|error| unfit("trust", &error))?;
        let transport: Arc<dyn Transport> = match &options.transport {
            Some(transport) => Arc::clone(transport),
            None => Arc::new(HyperTransport::new(&options.trust).map_err(|e| unfit("trust", &e))?),
        };
        let link = Link {
            transport,
            addresses: Addresses::new(&options.urls, &*random)?,
            clock: Arc::clone(&options.clock),
            authorization: options.authorization()?,
            request_timeout: options.request_timeout,
        };
        let kept = load(&options);
        let session = session::draw(&*random);
        Ok(Self {
            copy: LocalCopy::new(options.caller()?, kept),
            registrations: Registrations::new(),
            acks: Arc::default(),
            dispatcher: Arc::default(),
            served: Served::default(),
            pools: Pools::new(dialer),
            forgotten: watch::Sender::new(0),
            closing: watch::Sender::new(false),
            saving: Mutex::new(()),
            undone: Mutex::new(None),
            session,
            link,
            runtime,
            options,
        })
    }

    pub(crate) fn service(self: &Arc<Self>, name: &str) -> Result<Service, FollowError> {
        let copy = self.copy.service(name, self.now())?;
        Ok(Service::new(Arc::clone(self), copy))
    }

    pub(crate) fn now(&self) -> Duration {
        self.options.clock.now()
    }

    pub(crate) fn random(&self) -> &dyn Random {
        &*self.options.random
    }

    pub(crate) fn hooks(&self) -> &Hooks {
        &self.options.hooks
    }

    pub(crate) fn route(&self, segments: &[&str]) -> String {
        route::route(&self.options.namespace, segments)
    }

    /// Tells that something is tried again.
    pub(crate) fn retrying(&self, what: &str, reason: &str, delay: Duration) {
        tracing::debug!(what, reason, ?delay, "the registry is asked again");
        self.hooks().tell(&Event::Retrying {
            what,
            reason,
            delay,
        });
    }

    /// Waits for `future` at most `limit`, on the SDK's own runtime: whoever asks needs none. `None` when the time is
    /// over, or the client closed.
    pub(crate) async fn within<T: Send + 'static>(
        &self,
        limit: Duration,
        future: impl Future<Output = T> + Send + 'static,
    ) -> Option<T> {
        let waiting = async move { tokio::time::timeout(limit, future).await.ok() };
        self.runtime.spawn(waiting).await.ok().flatten()
    }
}

/// Reads what an earlier run left on disk.
fn load(options: &Options) -> Kept {
    let Some(folder) = &options.snapshot_folder else {
        return Kept::default();
    };
    let clock: &dyn Clock = &*options.clock;
    let Some(kept) = snapshot::load(folder, &options.namespace, clock) else {
        return Kept::default();
    };
    options.hooks.tell(&Event::SnapshotLoaded {
        age: kept.age,
        services: kept.services.len(),
    });
    kept
}
