//! Acknowledging releases of configuration.

use std::sync::Arc;

use http::Method;
use paste_api::AckRequest;

use crate::backoff::Backoff;
use crate::client::Shared;
use crate::link::{Failure, encode};

/// Acknowledges until it is dropped.
pub(crate) async fn run(shared: Arc<Shared>) {
    let mut backoff = Backoff::default();
    let path = shared.route(&["configs", "acks"]);
    loop {
        let request = AckRequest {
            session: shared.session.clone(),
            acks: shared.acks.take().await,
        };
        let told = shared
            .link
            .call(Method::POST, &path, encode(&request), &[200, 204]);
        match told.await {
            Ok(()) => backoff.worked(shared.now()),
            // Nobody there wants to know.
            Err(Failure::Unknown | Failure::Missing(_)) => {}
            Err(Failure::Refused(refused)) => {
                tracing::warn!(%refused, "the registry takes no acknowledgements from here");
            }
            Err(failure) => {
                let delay = backoff.failed(shared.now(), failure.retry_after(), shared.random());
                shared.retrying("acks", &failure.to_string(), delay);
                tokio::time::sleep(delay).await;
                shared.acks.put_back(request.acks);
            }
        }
    }
}
