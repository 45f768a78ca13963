//! An application whose runtime is blocked stays registered.

use std::num::NonZeroU16;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::Request;
use paste_registry_client::{
    Client, HyperTransport, NewRegistration, Options, Sending, Transport, Trust,
};

use crate::registry::Registry;
use crate::{PATIENCE, options};

/// Counts the heartbeats that pass.
struct Counting {
    inner: HyperTransport,
    beats: Arc<AtomicUsize>,
}

impl Transport for Counting {
    fn send(&self, request: Request<Bytes>) -> Sending {
        let beat = request.uri().path().ends_with("/heartbeat");
        let (beats, sending) = (Arc::clone(&self.beats), self.inner.send(request));
        Box::pin(async move {
            let answer = sending.await?;
            if beat && answer.status() == 204 {
                beats.fetch_add(1, Ordering::SeqCst);
            }
            Ok(answer)
        })
    }
}

#[tokio::test]
async fn heartbeats_go_on_while_the_runtime_is_blocked() {
    let registry = Registry::start();
    let beats: Arc<AtomicUsize> = Arc::default();
    let transport = Counting {
        inner: HyperTransport::new(&Trust::default()).expect("a transport"),
        beats: Arc::clone(&beats),
    };
    let client = Client::connect(Options {
        heartbeat: Duration::from_millis(50),
        transport: Some(Arc::new(transport)),
        ..options(registry.address())
    })
    .expect("a client");
    let port = NonZeroU16::new(9).expect("not zero");
    let new = NewRegistration::new("orders", port).address("10.0.0.1");
    let registration = client.register(new).expect("open");
    registration.wait(PATIENCE).await.expect("registered");
    let before = beats.load(Ordering::SeqCst);
    // Nothing is awaited here: the only thread of this runtime is taken.
    let started = Instant::now();
    while beats.load(Ordering::SeqCst) < before + 3 {
        assert!(started.elapsed() < PATIENCE, "no heartbeat");
        thread::sleep(Duration::from_millis(10));
    }
    client.close().await.expect("closed");
}
