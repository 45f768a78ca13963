//! For reqwest: a middleware that sends `http://service/path` to an instance of the service.
//!
//! ```no_run
//! # async fn example(client: paste_registry_client::Client) -> Result<(), Box<dyn std::error::Error>> {
//! use paste_registry_client::integration::reqwest::ServiceMiddleware;
//!
//! let http = reqwest_middleware::ClientBuilder::new(reqwest::Client::new())
//!     .with(ServiceMiddleware::new(&client))
//!     .build();
//! let answer = http.get("http://orders/list").send().await?;
//! # let _ = answer;
//! # Ok(())
//! # }
//! ```

use std::collections::BTreeSet;
use std::sync::Arc;

use http::Extensions;
use reqwest::{Request, Response};
use reqwest_middleware::{Error, Middleware, Next};

use crate::ask::Ask;
use crate::client::{Client, Shared};
use crate::error::CallError;
use crate::http::attempts::{Attempts, Failed};
use crate::http::{Idempotent, method_is_idempotent, wants_headers};
use crate::instance::Instance;

/// Chooses an instance for each request, tries again elsewhere within the policy's budget, and reports what became of it.
///
/// An [`Ask`] among the extensions of a request says what the instance is to be like; [`Idempotent`] that it may be sent
/// twice. The time to connect is reqwest's own.
#[derive(Clone)]
pub struct ServiceMiddleware {
    shared: Arc<Shared>,
    only: Option<BTreeSet<String>>,
}

impl ServiceMiddleware {
    /// Every host is the name of a service.
    pub fn new(client: &Client) -> Self {
        Self {
            shared: Arc::clone(client.shared()),
            only: None,
        }
    }

    /// Only these hosts are; requests to others are passed on as they are.
    #[must_use]
    pub fn only<N: Into<String>>(mut self, services: impl IntoIterator<Item = N>) -> Self {
        self.only = Some(services.into_iter().map(Into::into).collect());
        self
    }

    async fn send(
        &self,
        mut request: Request,
        extensions: &Extensions,
        next: Next<'_>,
    ) -> Result<Response, CallError> {
        let name = request.url().host_str().ok_or(CallError::NoService)?;
        let service = self.shared.service(name)?;
        service.known().await?;
        let policy = service.policy();
        let mut ask = extensions.get::<Ask>().cloned().unwrap_or_default();
        if wants_headers(&policy) {
            ask = ask.headers(request.headers().clone());
        }
        request.headers_mut().remove(http::header::HOST);
        let attempts = Attempts {
            idempotent: method_is_idempotent(request.method())
                || extensions.get::<Idempotent>().is_some(),
            replayable: request.try_clone().is_some(),
            service: &service,
            policy: &policy,
        };
        let mut request = Some(request);
        let sent = attempts.run(ask, |instance| {
            let copy = request.as_ref().and_then(Request::try_clone);
            let request = copy.or_else(|| request.take());
            let request = request.and_then(|request| addressed(request, instance));
            let (next, mut extensions) = (next.clone(), extensions.clone());
            async move {
                let request = request.ok_or_else(|| Failed {
                    source: "the request can't be sent to this instance".into(),
                    never_sent: true,
                })?;
                let sent = next.run(request, &mut extensions).await;
                let response = sent.map_err(|error| Failed {
                    never_sent: error.is_connect(),
                    source: error.into(),
                })?;
                Ok((response.status(), response))
            }
        });
        sent.await
    }
}

fn addressed(mut request: Request, instance: &Instance) -> Option<Request> {
    let address = instance.address();
    let host = if address.contains(':') {
        format!("[{address}]")
    } else {
        address.to_owned()
    };
    request.url_mut().set_host(Some(&host)).ok()?;
    request.url_mut().set_port(Some(instance.port())).ok()?;
    Some(request)
}

#[async_trait::async_trait]
impl Middleware for ServiceMiddleware {
    async fn handle(
        &self,
        request: Request,
        extensions: &mut Extensions,
        next: Next<'_>,
    ) -> reqwest_middleware::Result<Response> {
        let host = request.url().host_str().unwrap_or_default();
        if self.only.as_ref().is_some_and(|only| !only.contains(host)) {
            return next.run(request, extensions).await;
        }
        self.send(request, extensions, next)
            .await
            .map_err(Error::middleware)
    }
}

impl std::fmt::Debug for ServiceMiddleware {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ServiceMiddleware")
            .field("only", &self.only)
            .finish_non_exhaustive()
    }
}
