//! The one loop that holds the catalog's writer: it applies the change stream to the view, and tells the timeline,
//! liveness and the probes what each batch did.

use std::sync::Arc;
use std::time::Instant;

use paste_catalog::{Transition, Writer};
use paste_model::{Committed, InstanceKey, Revision};
use paste_store::{Changes, Feed as Item, Loaded, Reload};
use tokio::sync::watch;

use crate::Engine;

/// What the loop works on.
pub(crate) struct Feed {
    engine: Engine,
    writer: Writer,
    /// Batches up to here were in the picture that was loaded; the view has them already.
    loaded: Revision,
}

impl Feed {
    /// Fills the view from `picture`, and has everything in it watched over.
    pub(crate) fn load(engine: Engine, mut writer: Writer, picture: Loaded) -> Self {
        let loaded = picture.revision;
        fill(&engine, &mut writer, picture);
        Self {
            engine,
            writer,
            loaded,
        }
    }

    /// Follows the stream until it ends or the engine stops.
    pub(crate) async fn run(mut self, mut changes: Changes, mut stop: watch::Receiver<bool>) {
        let mut flush_at: Option<Instant> = None;
        loop {
            let due = async {
                match flush_at {
                    Some(at) => tokio::time::sleep_until(at.into()).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                item = changes.recv() => match item {
                    Some(Item::Batches(batches)) => self.apply(&batches),
                    Some(Item::Reload(reason)) => self.reload(reason),
                    None => return,
                },
                () = due => {}
                _ = stop.wait_for(|stop| *stop) => return,
            }
            flush_at = self.writer.flush(self.now());
        }
    }

    fn apply(&mut self, batches: &[Committed]) {
        let shown = batches.partition_point(|batch| batch.revision <= self.loaded);
        let (shown, new) = batches.split_at(shown);
        let timeline = self.engine.timeline();
        shown.iter().for_each(|batch| timeline.tell_again(batch));
        let told = self.writer.apply_group(new, self.now());
        for (batch, transitions) in new.iter().zip(&told) {
            transitions
                .iter()
                .for_each(|transition| observe(&self.engine, transition));
            self.engine.timeline().tell(batch, transitions);
        }
        if let Some(last) = batches.last() {
            self.engine
                .timeline()
                .told_up_to(last.revision.max(self.loaded));
        }
    }

    /// Takes over what the store holds now, where the stream can't lead to it: everybody gets a full grace. Nothing else may
    /// happen to the view meanwhile, so this blocks the feed, as it does a thread of the runtime.
    fn reload(&mut self, reason: Reload) {
        let engine = &self.engine;
        let picture = match engine.context().store.load() {
            Ok(picture) => picture,
            Err(error) => {
                tracing::error!(%error, "can't load the store anew; the view stays as it was");
                return;
            }
        };
        let epoch = engine.context().store.epoch();
        match reason {
            Reload::Behind => engine.timeline().note_gap(),
            Reload::Restored | Reload::Lost => {
                let wall = engine.context().clock.wall();
                if let Err(error) = engine.timeline().begin(epoch, wall) {
                    tracing::warn!(%error, "can't begin a new timeline");
                }
            }
        }
        self.loaded = picture.revision;
        fill(engine, &mut self.writer, picture);
        engine.loads_board().sweep(engine.catalog());
    }

    fn now(&self) -> Instant {
        self.engine.context().clock.now()
    }
}

/// Passes on what happened to the view.
fn observe(engine: &Engine, transition: &Transition) {
    engine.liveness().observe(transition);
    engine.prober().observe(transition);
    if let Transition::Session {
        cell,
        exists: false,
    } = transition
    {
        engine.loads_board().forget(cell.id());
    }
}

fn fill(engine: &Engine, writer: &mut Writer, picture: Loaded) {
    let context = engine.context();
    engine.timeline().told_up_to(picture.revision);
    writer.load(
        context.store.epoch(),
        picture.revision,
        picture.entries,
        context.clock.now(),
    );
    engine.liveness().reset();
    engine.prober().reset();
    let catalog = engine.catalog();
    for cell in catalog.sessions() {
        observe(engine, &Transition::Session { cell, exists: true });
    }
    for (namespace, _) in catalog.namespaces() {
        for service in catalog.services(namespace.as_str(), "", None, usize::MAX) {
            for member in service.members() {
                let key = InstanceKey {
                    service: service.key().clone(),
                    id: member.id.clone(),
                };
                let after = Some(Arc::clone(member));
                let before = None;
                observe(engine, &Transition::Member { key, before, after });
            }
        }
    }
}
