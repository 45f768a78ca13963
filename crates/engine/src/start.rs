//! The engine as a whole: what it is made of, how it starts and how it stops.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::Mutex;
use paste_catalog::{Catalog, Limits, catalog};
use paste_model::{NodeName, Revision};
use paste_store::{Changes, ChangesError, Loaded, Store};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::cluster::{self, Cluster, Transport};
use crate::commits::Commits;
use crate::configs::Configs;
use crate::context::Context;
use crate::feed::Feed;
use crate::liveness::Liveness;
use crate::load::LoadBoard;
use crate::probe::Prober;
use crate::stats::StatsBoard;
use crate::timeline::Timeline;
use crate::{Clock, StartError, configs, liveness, probe, timeline};

/// What of the engine can be set.
#[derive(Debug, Clone)]
pub struct Config {
    /// This node's name: the observer in verdicts.
    pub node: NodeName,
    /// The view's bounds.
    pub catalog: Limits,
    /// How silence is judged.
    pub liveness: liveness::Config,
    /// How instances are probed.
    pub probes: probe::Config,
    /// How much of the past is kept.
    pub timeline: timeline::Config,
    /// How much configuration is kept, and the keys of its secrets.
    pub configs: configs::Config,
    /// The way to other nodes, where the store is shared with them.
    pub transport: Option<Arc<dyn Transport>>,
}

/// The engine: cheap to clone, shared by all fronts.
#[derive(Clone)]
pub struct Engine(Arc<Parts>);

struct Parts {
    context: Arc<Context>,
    liveness: Arc<Liveness>,
    prober: Arc<Prober>,
    timeline: Arc<Timeline>,
    loads: LoadBoard,
    stats: StatsBoard,
    configs: Configs,
    draining: AtomicBool,
    stop: watch::Sender<bool>,
    tasks: Mutex<JoinSet<()>>,
}

impl Engine {
    /// Loads the store into the view and starts what runs in the background, on the current runtime.
    pub async fn start(
        store: Arc<dyn Store>,
        config: Config,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, StartError> {
        let (writer, catalog) = catalog(config.catalog);
        let loading = Arc::clone(&store);
        let picture = tokio::task::spawn_blocking(move || loading.load())
            .await
            .map_err(|_| StartError::Interrupted)?
            .map_err(StartError::Load)?;
        let path = config.timeline.dir.clone();
        let timeline = Timeline::open(config.timeline, store.epoch(), clock.wall())
            .and_then(|timeline| timeline.newest().map(|told| (timeline, told)));
        let (timeline, told) = timeline.map_err(|source| StartError::Timeline { path, source })?;
        let changes = follow(&*store, &timeline, &picture, told)?;

        let cluster = store
            .membership()
            .zip(config.transport)
            .map(|(membership, transport)| {
                Cluster::new(
                    config.node.clone(),
                    membership,
                    transport,
                    Arc::clone(&clock),
                )
            });
        let context = Context {
            store,
            catalog,
            clock,
            node: config.node,
            cluster: cluster.clone(),
            commits: Commits::default(),
        };
        let engine = Self(Arc::new(Parts {
            context: Arc::new(context),
            liveness: Liveness::new(config.liveness, cluster.clone()),
            prober: Prober::new(config.probes, cluster),
            timeline: Arc::new(timeline),
            loads: LoadBoard::default(),
            stats: StatsBoard::default(),
            configs: Configs::new(config.configs),
            draining: AtomicBool::new(false),
            stop: watch::Sender::new(false),
            tasks: Mutex::new(JoinSet::new()),
        }));
        let filling = engine.clone();
        let feed = tokio::task::spawn_blocking(move || Feed::load(filling, writer, picture))
            .await
            .map_err(|_| StartError::Interrupted)?;
        engine.spawn(feed, changes);
        Ok(engine)
    }

    fn spawn(&self, feed: Feed, changes: Changes) {
        let stop = || self.0.stop.subscribe();
        let mut tasks = self.0.tasks.lock();
        tasks.spawn(feed.run(changes, stop()));
        tasks.spawn(Arc::clone(&self.0.liveness).run(Arc::clone(&self.0.context), stop()));
        tasks.spawn(Arc::clone(&self.0.prober).run(Arc::clone(&self.0.context), stop()));
        tasks.spawn(Arc::clone(&self.0.timeline).run(stop()));
        tasks.spawn(configs::watchman::run(self.clone(), stop()));
        tasks.spawn(configs::janitor::run(self.clone(), stop()));
        if let Some(cluster) = &self.0.context.cluster {
            tasks.spawn(cluster::run(self.clone(), Arc::clone(cluster), stop()));
        }
    }

    /// Begins to go down: not ready any more, streams that close from now on count against nobody, and other nodes take
    /// over what this one watches over.
    pub fn drain(&self) {
        if !self.0.draining.swap(true, Ordering::AcqRel) {
            self.0.liveness.drain();
            self.0.context.store.leave();
        }
    }

    /// Stops what runs in the background and waits until it has.
    pub async fn stop(&self) {
        self.drain();
        self.0.stop.send_replace(true);
        let mut tasks = std::mem::take(&mut *self.0.tasks.lock());
        while tasks.join_next().await.is_some() {}
    }

    /// The view.
    pub fn catalog(&self) -> &Catalog {
        &self.0.context.catalog
    }

    /// This node's name.
    pub fn node(&self) -> &NodeName {
        &self.0.context.node
    }

    /// Whether the node is going down.
    pub fn draining(&self) -> bool {
        self.0.draining.load(Ordering::Acquire)
    }

    pub(crate) fn context(&self) -> &Context {
        &self.0.context
    }

    pub(crate) fn cluster(&self) -> Option<&Cluster> {
        self.0.context.cluster.as_deref()
    }

    pub(crate) fn liveness(&self) -> &Arc<Liveness> {
        &self.0.liveness
    }

    pub(crate) fn prober(&self) -> &Prober {
        &self.0.prober
    }

    pub(crate) fn timeline(&self) -> &Arc<Timeline> {
        &self.0.timeline
    }

    pub(crate) fn configs(&self) -> &Configs {
        &self.0.configs
    }

    pub(crate) fn stats_board(&self) -> &StatsBoard {
        &self.0.stats
    }

    pub(crate) fn loads_board(&self) -> &LoadBoard {
        &self.0.loads
    }
}

/// Follows the store from where the timeline ends, so that what a crash kept from being told is told now; from the
/// picture on where there is no timeline yet, or where the log no longer reaches so far back.
fn follow(
    store: &dyn Store,
    timeline: &Timeline,
    picture: &Loaded,
    told: Option<Revision>,
) -> Result<Changes, StartError> {
    let from = told.map_or(picture.revision, |told| told.min(picture.revision));
    match store.changes(from) {
        Err(ChangesError::Compacted { .. }) => {
            timeline.note_gap();
            store.changes(picture.revision).map_err(StartError::Follow)
        }
        changes => changes.map_err(StartError::Follow),
    }
}
