//! For tonic: a channel for generated clients that chooses an instance for each call.
//!
//! ```no_run
//! # async fn example(client: paste_registry_client::Client) -> Result<(), Box<dyn std::error::Error>> {
//! use paste_registry_client::integration::tonic::ServiceChannel;
//!
//! let channel = ServiceChannel::new(client.service("orders")?);
//! // let orders = OrdersClient::new(channel);
//! # let _ = channel;
//! # Ok(())
//! # }
//! ```

use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::{Request, Response};
use parking_lot::Mutex;
use paste_traffic::Outcome;
use tonic::body::Body;
use tonic::transport::{Channel, Endpoint};
use tower_service::Service as _;

use crate::ask::Ask;
use crate::error::CallError;
use crate::http::wants_headers;
use crate::instance::Instance;
use crate::service::Service;

/// The code of gRPC for "has too much to do".
const RESOURCE_EXHAUSTED: &str = "8";
/// Codes of gRPC that speak of the server's state, not of the request: deadline exceeded, internal, unavailable, data loss.
const FAILURES: [&str; 4] = ["4", "13", "14", "15"];

/// Calls one service, each call at the instance that is chosen for it. Cloning it costs nothing.
///
/// What became of a call is told when its answer begins: a status that comes after messages isn't seen. Calls are not
/// tried again: only whoever wrote a method knows whether that is harmless.
#[derive(Clone)]
pub struct ServiceChannel {
    service: Service,
    ask: Ask,
    /// By `address:port`.
    channels: Arc<Mutex<HashMap<String, Channel>>>,
}

impl ServiceChannel {
    /// Calls any instance.
    pub fn new(service: Service) -> Self {
        Self::asking(service, Ask::any())
    }

    /// Calls instances that are as asked.
    pub fn asking(service: Service, ask: Ask) -> Self {
        Self {
            service,
            ask,
            channels: Arc::default(),
        }
    }

    async fn send(self, request: Request<Body>) -> Result<Response<Body>, CallError> {
        self.service.known().await?;
        let policy = self.service.policy();
        let mut ask = self.ask.clone();
        if wants_headers(&policy) {
            ask = ask.headers(request.headers().clone());
        }
        let pick = self.service.choose_now(&ask)?;
        let instance = pick.instance();
        let failed = |source: crate::error::BoxError| CallError::Failed {
            service: self.service.name().to_owned(),
            instance: format!("{} at {}", instance.id(), instance.authority()),
            source,
        };
        let called = self.call_at(&instance, request);
        let called = tokio::time::timeout(policy.timeouts.request, called).await;
        match called {
            Ok(Ok(response)) => {
                pick.ended(outcome(&response));
                Ok(response)
            }
            Ok(Err(error)) => {
                pick.ended(Outcome::Failure);
                Err(failed(error.into()))
            }
            Err(_) => {
                pick.ended(Outcome::Failure);
                Err(CallError::TimedOut {
                    service: self.service.name().to_owned(),
                    after: policy.timeouts.request,
                })
            }
        }
    }

    async fn call_at(
        &self,
        instance: &Instance,
        request: Request<Body>,
    ) -> Result<Response<Body>, tonic::transport::Error> {
        let mut channel = self.channel(instance)?;
        std::future::poll_fn(|cx| channel.poll_ready(cx)).await?;
        channel.call(request).await
    }

    fn channel(&self, instance: &Instance) -> Result<Channel, tonic::transport::Error> {
        let authority = instance.authority();
        let mut channels = self.channels.lock();
        if let Some(channel) = channels.get(&authority) {
            return Ok(channel.clone());
        }
        let known = self.service.instances_now().unwrap_or_default();
        let known: Vec<_> = known.iter().map(Instance::authority).collect();
        channels.retain(|authority, _| known.contains(authority));
        let connect = self.service.policy().timeouts.connect;
        let endpoint = Endpoint::from_shared(format!("http://{authority}"))?;
        let channel = endpoint.connect_timeout(connect).connect_lazy();
        channels.insert(authority, channel.clone());
        Ok(channel)
    }
}

fn outcome(response: &Response<Body>) -> Outcome {
    let code = response
        .headers()
        .get("grpc-status")
        .and_then(|code| code.to_str().ok());
    match code {
        Some(RESOURCE_EXHAUSTED) => Outcome::Overloaded,
        Some(code) if FAILURES.contains(&code) => Outcome::Failure,
        Some(_) => Outcome::Success,
        None if response.status().is_server_error() => Outcome::Failure,
        None => Outcome::Success,
    }
}

impl tower_service::Service<Request<Body>> for ServiceChannel {
    type Response = Response<Body>;
    type Error = CallError;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, CallError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), CallError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        Box::pin(self.clone().send(request))
    }
}

impl std::fmt::Debug for ServiceChannel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("ServiceChannel")
            .field(&self.service)
            .finish()
    }
}
