//! The thread that speaks to the registry, with a small runtime of its own: whatever blocks the application, heartbeats go
//! on.

mod acknowledge;
mod closing;
mod heart;
mod register;
mod save;
mod streams;
#[cfg(test)]
mod tests;

use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::runtime::{Builder, Handle};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::client::Shared;
use crate::error::ConnectError;

/// The name of the thread.
const THREAD: &str = "paste-registry";
/// What still looks up a name when the client is closed is waited for so long.
const LOOKUP_PATIENCE: Duration = Duration::from_secs(1);

/// The running thread.
pub(crate) struct Thread {
    handle: Mutex<Option<thread::JoinHandle<()>>>,
    ended: watch::Receiver<bool>,
}

impl Thread {
    /// Waits until everything has ended.
    pub(crate) async fn ended(&self) {
        let mut ended = self.ended.clone();
        // An error says that the thread is gone, and that it is.
        let _gone = ended.wait_for(|ended| *ended).await.is_err();
        if let Some(handle) = self.handle.lock().take() {
            // It was its last word: this doesn't wait.
            let _panicked = handle.join().is_err();
        }
    }
}

/// Starts the thread; `make` builds what it works on, beside its runtime.
pub(crate) fn start(
    make: impl FnOnce(Handle) -> Result<Shared, ConnectError> + Send + 'static,
) -> Result<(Arc<Shared>, Thread), ConnectError> {
    let (sender, made) = mpsc::sync_channel(1);
    let (end, ended) = watch::channel(false);
    let work = move || {
        let runtime = Builder::new_current_thread().enable_all().build();
        let runtime = match runtime {
            Ok(runtime) => runtime,
            Err(error) => {
                let _gone = sender.send(Err(ConnectError::Thread(error)));
                return;
            }
        };
        match make(runtime.handle().clone()) {
            Ok(shared) => {
                let shared = Arc::new(shared);
                let _gone = sender.send(Ok(Arc::clone(&shared)));
                runtime.block_on(run(&shared));
            }
            Err(error) => {
                let _gone = sender.send(Err(error));
            }
        }
        runtime.shutdown_timeout(LOOKUP_PATIENCE);
        end.send_replace(true);
    };
    let thread = thread::Builder::new().name(THREAD.to_owned()).spawn(work);
    let thread = thread.map_err(ConnectError::Thread)?;
    let gone = || ConnectError::Thread(std::io::Error::other("it ended at once"));
    let shared = made.recv().map_err(|_| gone())??;
    let handle = Mutex::new(Some(thread));
    Ok((shared, Thread { handle, ended }))
}

/// Everything that the SDK does by itself, until it is closed.
pub(crate) async fn run(shared: &Arc<Shared>) {
    let mut writing = JoinSet::new();
    writing.spawn(register::run(Arc::clone(shared)));
    // While others are told to send nothing more, this process is alive.
    let mut beating = JoinSet::new();
    beating.spawn(heart::run(Arc::clone(shared)));
    writing.spawn(acknowledge::run(Arc::clone(shared)));
    // Streams stay open until the session has ended: one that closes makes the session suspect.
    let mut reading = JoinSet::new();
    reading.spawn(streams::run(Arc::clone(shared)));
    reading.spawn(save::run(Arc::clone(shared)));
    let mut closing = shared.closing.subscribe();
    let _gone = closing.wait_for(|closing| *closing).await.is_err();
    writing.shutdown().await;
    shared.copy.close();
    let limit = shared.options.close_timeout;
    let started = tokio::time::Instant::now();
    let deadline = started + limit;
    closing::drain(shared, deadline).await;
    beating.shutdown().await;
    let undone = closing::end(shared, deadline).await;
    reading.shutdown().await;
    save::last(shared, deadline).await;
    shared.pools.clear();
    let left = limit.saturating_sub(started.elapsed());
    let dispatcher = Arc::clone(&shared.dispatcher);
    let stopping = tokio::task::spawn_blocking(move || dispatcher.stop(left));
    let stopped = stopping.await.unwrap_or(true);
    let callback = (!stopped).then_some(crate::error::CloseError::CallbackRunning);
    *shared.undone.lock() = undone.or(callback);
}
