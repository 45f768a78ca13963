//! Registering, until it is there; and taking a single registration out.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use http::Method;
use tokio::net::UdpSocket;
use tokio::task::JoinSet;

use crate::backoff::Backoff;
use crate::client::Shared;
use crate::hooks::Event;
use crate::link::{self, Failure};
use crate::registration::{Entry, Standing};

/// A task for each registration.
pub(crate) async fn run(shared: Arc<Shared>) {
    let mut tasks = JoinSet::new();
    let mut begun: Vec<Arc<Entry>> = Vec::new();
    loop {
        let more = shared.registrations.more.notified();
        let all = shared.registrations.all();
        begun.retain(|known| all.iter().any(|entry| Arc::ptr_eq(entry, known)));
        for entry in all {
            if !begun.iter().any(|known| Arc::ptr_eq(known, &entry)) {
                begun.push(Arc::clone(&entry));
                tasks.spawn(keep(Arc::clone(&shared), entry));
            }
        }
        more.await;
        while tasks.try_join_next().is_some() {}
    }
}

/// Does what one registration needs, whenever it needs something.
async fn keep(shared: Arc<Shared>, entry: Arc<Entry>) {
    let mut standing = entry.standing.subscribe();
    let mut backoff = Backoff::default();
    loop {
        let now = standing.borrow_and_update().clone();
        let tried = match now {
            Standing::Wanted(_) => register(&shared, &entry).await,
            Standing::Leaving => leave(&shared, &entry).await,
            Standing::Ended => return,
            Standing::Registered | Standing::Refused(_) => {
                let _gone = standing.changed().await.is_err();
                continue;
            }
        };
        let failure = match tried {
            Ok(next) => {
                let refused = matches!(next, Standing::Refused(_));
                entry.advance(&standing, next);
                if refused {
                    // A registry that forgets us and refuses us again isn't asked without a pause.
                    let delay = backoff.failed(shared.now(), None, shared.random());
                    let over = standing.wait_for(Standing::is_over);
                    let _paused = tokio::time::timeout(delay, over).await.is_err();
                } else {
                    backoff.worked(shared.now());
                }
                continue;
            }
            Err(failure) => failure,
        };
        let reason = failure.to_string();
        let delay = backoff.failed(shared.now(), failure.retry_after(), shared.random());
        shared.retrying("register", &reason, delay);
        entry.failed(reason);
        tokio::select! {
            () = tokio::time::sleep(delay) => {}
            _ = standing.changed() => standing.mark_changed(),
        }
    }
}

async fn register(shared: &Shared, entry: &Entry) -> Result<Standing, Failure> {
    let mut wire = entry.wire.lock().clone();
    if wire.address.is_empty() {
        wire.address = own_address(shared).await?;
    }
    let path = shared.route(&["services", &entry.service, "instances", &entry.id]);
    let read = |stored: &[u8]| {
        let stored: paste_api::Instance = link::read(stored)?;
        let other = || Failure::failed("the answer is of another instance");
        (stored.id == entry.id).then_some(()).ok_or_else(other)
    };
    let put = shared
        .link
        .ask(Method::PUT, &path, link::encode(&wire), &[200, 201], read);
    match put.await {
        Ok(()) => {}
        Err(Failure::Refused(refused)) => {
            shared.registrations.set_taken(false);
            tracing::error!(service = entry.service, id = entry.id, %refused, "can't register");
            return Ok(Standing::Refused(refused));
        }
        Err(failure) => {
            shared.registrations.set_taken(false);
            return Err(failure);
        }
    }
    entry.was_there.store(true, Ordering::Relaxed);
    shared.registrations.set_taken(true);
    let (service, id) = (entry.service.as_str(), entry.id.as_str());
    shared.hooks().tell(&Event::Registered { service, id });
    Ok(Standing::Registered)
}

/// Takes one out. Where the registry refuses or doesn't know it, it is as good as gone.
async fn leave(shared: &Shared, entry: &Entry) -> Result<Standing, Failure> {
    let path = shared.route(&["services", &entry.service, "instances", &entry.id]);
    let gone = shared
        .link
        .call(Method::DELETE, &path, bytes::Bytes::new(), &[200, 204]);
    match gone.await {
        Ok(()) | Err(Failure::Unknown | Failure::Missing(_) | Failure::Refused(_)) => {}
        Err(failure) => return Err(failure),
    }
    let (service, id) = (entry.service.as_str(), entry.id.as_str());
    shared.hooks().tell(&Event::Deregistered { service, id });
    Ok(Standing::Ended)
}

/// The address of this machine on the way to the registry. Nothing is sent to find it out.
async fn own_address(shared: &Shared) -> Result<String, Failure> {
    let failed = |error: std::io::Error| {
        Failure::failed(format!(
            "can't tell this machine's address, so name it: {error}"
        ))
    };
    let addresses = &shared.link.addresses;
    let uri = addresses.uri(addresses.current(), "/");
    let uri = uri.map_err(|error| Failure::failed(error.to_string()))?;
    let host = uri.host().unwrap_or_default();
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let port = uri.port_u16().unwrap_or(80);
    let target: Option<SocketAddr> = tokio::net::lookup_host((host, port))
        .await
        .map_err(failed)?
        .next();
    let target = target.ok_or_else(|| Failure::failed("the registry's host has no address"))?;
    let any = if target.is_ipv6() {
        "[::]:0"
    } else {
        "0.0.0.0:0"
    };
    let socket = UdpSocket::bind(any).await.map_err(failed)?;
    socket.connect(target).await.map_err(failed)?;
    let local = socket.local_addr().map_err(failed)?;
    Ok(local.ip().to_string())
}
