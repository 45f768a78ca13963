//! For tower: the instances of a service as its `Discover`, and a layer that counts what a server serves.
//!
//! A balancer of tower's own chooses among the instances by itself: it knows neither the policy nor outliers. Where those
//! are to hold, choose with [`Service::choose`].

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_util::stream::{self, BoxStream, StreamExt};
use paste_model::{HealthState, Member, Status};
use tokio::sync::watch;
use tower::Layer;
use tower::discover::Change;

use crate::instance::Instance;
use crate::served::Served;
use crate::service::Service;

/// The comings and goings of a service's instances, keyed by id: a `tower::discover::Discover`.
pub type Discovery<S> = BoxStream<'static, Result<Change<String, S>, Infallible>>;

/// Tells of the instances of `service` that may answer, each made into something that can be called.
///
/// An instance whose registration changed is told of again. It never ends.
pub fn discover<S, F>(service: &Service, make: F) -> Discovery<S>
where
    S: Send + 'static,
    F: FnMut(&Instance) -> S + Send + 'static,
{
    let state = Discovering {
        changes: service.changes(),
        service: service.clone(),
        told: BTreeMap::new(),
        make,
    };
    let rounds = stream::unfold((state, true), |(mut state, first)| async move {
        if !first && state.changes.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
        let changes = state.round();
        Some((stream::iter(changes), (state, false)))
    });
    rounds.flatten().map(Ok).boxed()
}

struct Discovering<F> {
    service: Service,
    changes: watch::Receiver<u64>,
    told: BTreeMap<String, Arc<Member>>,
    make: F,
}

impl<F> Discovering<F> {
    /// What changed since the last round.
    fn round<S>(&mut self) -> Vec<Change<String, S>>
    where
        F: FnMut(&Instance) -> S,
    {
        self.changes.mark_unchanged();
        let Ok(instances) = self.service.instances_now() else {
            return Vec::new();
        };
        let protected = self.service.is_protected();
        let mut changes = Vec::new();
        let mut now = BTreeMap::new();
        for instance in instances {
            let well = instance.health() != HealthState::Failing;
            if instance.status() != Status::Up || !(well || protected) {
                continue;
            }
            let id = instance.id().to_owned();
            let known = self.told.remove(&id);
            if known.is_none_or(|known| known.instance != instance.member().instance) {
                changes.push(Change::Insert(id.clone(), (self.make)(&instance)));
            }
            now.insert(id, Arc::clone(instance.member()));
        }
        let gone = std::mem::replace(&mut self.told, now);
        changes.extend(gone.into_keys().map(Change::Remove));
        changes
    }
}

/// Counts the calls that a server serves, for the heartbeat. An error, or an answer of 500 and above, counts as failed.
#[derive(Debug, Clone)]
pub struct ServedLayer(Served);

impl ServedLayer {
    /// Counts for the client whose [`Served`](crate::Client::served) this is.
    pub fn new(served: Served) -> Self {
        Self(served)
    }
}

impl<S> Layer<S> for ServedLayer {
    type Service = Counting<S>;

    fn layer(&self, inner: S) -> Counting<S> {
        Counting {
            inner,
            served: self.0.clone(),
        }
    }
}

/// A service whose calls are counted.
#[derive(Debug, Clone)]
pub struct Counting<S> {
    inner: S,
    served: Served,
}

impl<S, R, B> tower_service::Service<R> for Counting<S>
where
    S: tower_service::Service<R, Response = http::Response<B>>,
    S::Future: Send + 'static,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<S::Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: R) -> Self::Future {
        let serving = self.served.begin();
        let answering = self.inner.call(request);
        Box::pin(async move {
            let answer = answering.await;
            serving.done(
                answer
                    .as_ref()
                    .is_ok_and(|answer| !answer.status().is_server_error()),
            );
            answer
        })
    }
}
