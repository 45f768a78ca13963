//! The one loop that holds the catalog's writer: it applies the change stream to the view, and tells the timeline,
//! liveness and the probes what each batch did.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use foldhash::fast::RandomState;
use paste_catalog::{Transition, Writer};
use paste_model::{Committed, Entry, InstanceKey, Key, Record, Revision};
use paste_store::{Changes, Feed as Item, Loaded, Reload};
use tokio::sync::watch;

use crate::{Engine, writeback};

/// What the loop works on.
pub(crate) struct Feed {
    engine: Engine,
    writer: Writer,
    /// Batches up to here were in the picture that was loaded; the view has them already.
    loaded: Revision,
    /// When a relist that took away too much is to be confirmed.
    doubted: Option<Instant>,
}

/// A relist that lacks more of the instances than this, in percent, is doubted…
const VANISHED_PERCENT: usize = 20;
/// …if they are so many.
const VANISHED_MIN: usize = 50;
/// How long what a doubted relist lacks is held on to.
const DOUBT: Duration = Duration::from_secs(60);

impl Feed {
    /// Fills the view from `picture`, and has everything in it watched over.
    pub(crate) fn load(engine: Engine, mut writer: Writer, picture: Loaded) -> Self {
        let loaded = picture.revision;
        fill(&engine, &mut writer, picture);
        Self {
            engine,
            writer,
            loaded,
            doubted: None,
        }
    }

    /// Follows the stream until it ends or the engine stops.
    pub(crate) async fn run(mut self, mut changes: Changes, mut stop: watch::Receiver<bool>) {
        let mut flush_at: Option<Instant> = None;
        loop {
            let due = until(flush_at);
            tokio::select! {
                item = changes.recv() => match item {
                    Some(Item::Batches(batches)) => self.apply(&batches),
                    Some(Item::Reload(reason)) => self.reload(reason),
                    None => return,
                },
                () = due => {}
                () = until(self.doubted) => self.reload(Reload::Behind),
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

    /// Takes over what the store holds now, where the stream can't lead to it. Nothing else may happen to the view
    /// meanwhile, so this blocks the feed, as it does a thread of the runtime.
    fn reload(&mut self, reason: Reload) {
        let mut picture = match self.engine.context().store.load() {
            Ok(picture) => picture,
            Err(error) => {
                tracing::error!(%error, "can't load the store anew; the view stays as it was");
                return;
            }
        };
        match reason {
            Reload::Behind => return self.relist(picture),
            Reload::Restored => {}
            Reload::Lost => self.hold_on(&mut picture),
        }
        let context = self.engine.context();
        let timeline = self.engine.timeline();
        if let Err(error) = timeline.begin(context.store.epoch(), context.clock.wall()) {
            tracing::warn!(%error, "can't begin a new timeline");
        }
        self.loaded = picture.revision;
        fill(&self.engine, &mut self.writer, picture);
        self.engine.loads_board().sweep(self.engine.catalog());
    }

    /// The store lost what nobody deleted: the view goes on showing it, and it is written back.
    fn hold_on(&self, picture: &mut Loaded) {
        let engine = &self.engine;
        let known = engine.catalog().records(Revision::ZERO);
        if let Some(cluster) = engine.cluster()
            && !cluster.is_foremost(engine.catalog().revision())
        {
            tracing::warn!(
                "the store went back; nodes that know more than this one write back what it lost"
            );
            return;
        }
        let lost = writeback::keep_known(picture, known);
        if !lost.is_empty() {
            tracing::error!(
                records = lost.len(),
                "the store went back or was wiped: this node goes on with what it knows, and writes it back"
            );
            tokio::spawn(writeback::run(engine.clone(), lost));
        }
    }

    /// The same history, with a gap: what differs is news. Only a relist that would take away much at once has to be
    /// confirmed by a second one.
    fn relist(&mut self, mut picture: Loaded) {
        let engine = &self.engine;
        engine.timeline().note_gap();
        let known = engine.catalog().records(Revision::ZERO);
        let vanished = vanished(&picture, &known);
        let instances = engine.catalog().counts().instances;
        let suspicious =
            vanished.len() >= VANISHED_MIN && vanished.len() * 100 > instances * VANISHED_PERCENT;
        if suspicious && self.doubted.is_none() {
            tracing::error!(
                vanished = vanished.len(),
                instances,
                again_in = ?DOUBT,
                "much of what is registered is missing where the store is read anew; it is held on to until that is confirmed"
            );
            self.doubted = Some(self.now() + DOUBT);
            let held = vanished.into_iter().cloned();
            picture.entries.extend(held);
        } else if suspicious {
            tracing::warn!(
                vanished = vanished.len(),
                "what was missing is still missing: it is gone"
            );
            self.doubted = None;
        }
        self.loaded = picture.revision;
        let now = self.now();
        let epoch = self.engine.context().store.epoch();
        let (revision, entries) = (picture.revision, picture.entries);
        self.engine.timeline().told_up_to(revision);
        let transitions = self.writer.load(epoch, revision, entries, now);
        transitions
            .iter()
            .for_each(|transition| observe(&self.engine, transition));
    }

    fn now(&self) -> Instant {
        self.engine.context().clock.now()
    }
}

async fn until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at.into()).await,
        None => std::future::pending().await,
    }
}

/// The instances among `known` that `picture` lacks.
fn vanished<'k>(picture: &Loaded, known: &'k [Entry]) -> Vec<&'k Entry> {
    let listed: HashSet<Key, RandomState> = picture
        .entries
        .iter()
        .map(|entry| entry.record.key())
        .filter(|key| matches!(key, Key::Instance(_)))
        .collect();
    let is_gone = |entry: &&Entry| {
        matches!(entry.record, Record::Instance(..)) && !listed.contains(&entry.record.key())
    };
    known.iter().filter(is_gone).collect()
}

/// Passes on what happened to the view.
fn observe(engine: &Engine, transition: &Transition) {
    engine.liveness().observe(transition);
    engine.prober().observe(transition);
    engine.configs().observe(transition);
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
    engine.configs().reset(&catalog.all_configs());
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
