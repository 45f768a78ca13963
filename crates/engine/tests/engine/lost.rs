//! A store that loses what nobody deleted: the view goes on showing it, and it is written back.

use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::SeqCst;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use paste_engine::{Caller, Config, Engine, SystemClock, settings};
use paste_model::{Batch, BlobId, Epoch, NodeName, Revision};
use paste_store::embedded::{self, Embedded};
use paste_store::{
    Changes, ChangesError, Commit, CommitError, Feed, Loaded, Reload, Store, StoreError,
    StoreStatus,
};
use tokio::sync::mpsc;

use crate::harness::{key, registration};

/// A store behind which another can be put.
struct Place {
    dirs: Mutex<Vec<tempfile::TempDir>>,
    now: Mutex<Arc<Embedded>>,
    feed: Mutex<Option<mpsc::Sender<Feed>>>,
    /// Instances that a load leaves out.
    hidden: Mutex<Vec<String>>,
}

impl Place {
    fn new() -> Arc<Self> {
        let (dir, store) = empty();
        Arc::new(Self {
            dirs: Mutex::new(vec![dir]),
            now: Mutex::new(store),
            feed: Mutex::default(),
            hidden: Mutex::default(),
        })
    }

    fn now(&self) -> Arc<Embedded> {
        Arc::clone(&self.now.lock().expect("whole"))
    }

    /// Everything is gone, as when etcd is wiped.
    async fn wipe(&self) {
        let (dir, store) = empty();
        self.dirs.lock().expect("whole").push(dir);
        *self.now.lock().expect("whole") = store;
        self.say(Reload::Lost).await;
        self.follow(Revision::ZERO);
    }

    async fn say(&self, reload: Reload) {
        let feed = self.feed.lock().expect("whole").clone();
        let feed = feed.expect("it is followed");
        feed.send(Feed::Reload(reload)).await.expect("it is read");
    }

    /// Hands on what the store behind says from now on.
    fn follow(&self, after: Revision) {
        let feed = self.feed.lock().expect("whole").clone();
        let feed = feed.expect("it is followed");
        let mut changes = self.now().changes(after).expect("nothing is compacted");
        tokio::spawn(async move {
            while let Some(item) = changes.recv().await {
                if feed.send(item).await.is_err() {
                    return;
                }
            }
        });
    }
}

fn empty() -> (tempfile::TempDir, Arc<Embedded>) {
    let dir = tempfile::tempdir().expect("temp dir");
    let store = Embedded::open(dir.path(), embedded::Config::default()).expect("store opens");
    (dir, Arc::new(store))
}

impl Store for Place {
    fn commit(&self, batch: Batch) -> Commit {
        self.now().commit(batch)
    }

    fn load(&self) -> Result<Loaded, StoreError> {
        let mut loaded = self.now().load()?;
        let hidden = self.hidden.lock().expect("whole").clone();
        loaded
            .entries
            .retain(|entry| !hidden.contains(&format!("{:?}", entry.record.key())));
        Ok(loaded)
    }

    fn changes(&self, after: Revision) -> Result<Changes, ChangesError> {
        let (sender, changes) = mpsc::channel(64);
        *self.feed.lock().expect("whole") = Some(sender);
        self.follow(after);
        Ok(changes)
    }

    fn get(&self, id: &BlobId) -> Result<Option<Bytes>, StoreError> {
        self.now().get(id)
    }

    fn blobs(&self) -> Result<Vec<(BlobId, Revision)>, StoreError> {
        self.now().blobs()
    }

    fn restore(&self, picture: Loaded) -> Result<Revision, StoreError> {
        self.now().restore(picture)
    }

    fn epoch(&self) -> Epoch {
        self.now().epoch()
    }

    fn status(&self) -> StoreStatus {
        self.now().status()
    }
}

async fn engine_over(place: &Arc<Place>, dir: &std::path::Path) -> Engine {
    let config = Config {
        transport: None,
        node: NodeName::new("n1").expect("valid"),
        catalog: paste_catalog::Limits::default(),
        liveness: settings::Liveness::default(),
        probes: settings::Probes::default(),
        timeline: settings::Timeline::in_dir(dir.join("timeline")),
        configs: settings::Configs::default(),
    };
    let store: Arc<dyn Store> = Arc::clone(place) as Arc<dyn Store>;
    Engine::start(store, config, Arc::new(SystemClock))
        .await
        .expect("engine starts")
}

async fn register(engine: &Engine, id: &str, port: u16) {
    let caller = Caller::anonymous();
    engine
        .register(&caller, key("orders", id), registration(port, None), None)
        .await
        .expect("registered");
}

fn instances(engine: &Engine) -> usize {
    let service = engine.catalog().service("default", "orders");
    service.map_or(0, |service| service.len())
}

/// Waits until `condition` holds.
async fn eventually(what: &str, condition: impl Fn() -> bool) {
    let waiting = async {
        while !condition() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), waiting)
        .await
        .expect(what);
}

/// apisix#10422 and #11144: what was deleted by nobody was gone everywhere once the store was read anew.
#[tokio::test(flavor = "multi_thread")]
async fn a_wiped_store_gets_back_what_the_node_knows_apisix_10422() {
    let dir = tempfile::tempdir().expect("temp dir");
    let place = Place::new();
    let engine = engine_over(&place, dir.path()).await;
    for id in 0..100 {
        register(&engine, &format!("i{id}"), 80).await;
    }
    let epoch = engine.catalog().position().epoch;
    let (watching, seen) = (engine.clone(), Arc::new(AtomicUsize::new(usize::MAX)));
    let fewest = Arc::clone(&seen);
    let watcher = std::thread::spawn(move || {
        while fewest.fetch_min(instances(&watching), SeqCst) != 0 && Arc::strong_count(&fewest) > 1
        {
            std::thread::yield_now();
        }
    });
    place.wipe().await;
    let began_anew = || engine.catalog().position().epoch != epoch;
    eventually("a new epoch", began_anew).await;
    eventually("everybody is shown", || instances(&engine) == 100).await;
    let stored = || {
        let loaded = place.now().load().expect("readable");
        loaded.entries.len()
    };
    eventually("everything is written back", || stored() == 100).await;
    let fewest = seen.load(SeqCst);
    drop(seen);
    watcher.join().expect("it ends");
    assert_eq!(fewest, 100, "nobody was ever missing");
    // What was written back can be changed.
    register(&engine, "i0", 81).await;
    engine.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_wrote_after_the_loss_stays() {
    let dir = tempfile::tempdir().expect("temp dir");
    let place = Place::new();
    let engine = engine_over(&place, dir.path()).await;
    register(&engine, "a", 80).await;
    let loaded = place.now().load().expect("readable");
    let other = loaded.entries[0].record.clone();
    let (dir_b, store) = empty();
    place.dirs.lock().expect("whole").push(dir_b);
    *place.now.lock().expect("whole") = store;
    // The picture is read before another node's write, which is then in the way of writing back.
    place.say(Reload::Lost).await;
    place.follow(Revision::ZERO);
    let batch = Batch {
        expect: Vec::new(),
        changes: vec![paste_model::Change::Put(other)],
        cause: paste_model::Cause {
            kind: paste_model::CauseKind::Request,
            at: paste_model::Timestamp::default(),
            by: paste_model::Principal::anonymous(),
            reason: "".into(),
            about: None,
        },
    };
    match place.commit(batch).await {
        Ok(_) | Err(CommitError::Conflict { .. }) => {}
        Err(error) => panic!("{error}"),
    }
    eventually("it is shown", || instances(&engine) == 1).await;
    engine.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relist_that_lacks_much_is_doubted() {
    let dir = tempfile::tempdir().expect("temp dir");
    let place = Place::new();
    let engine = engine_over(&place, dir.path()).await;
    for id in 0..200 {
        register(&engine, &format!("i{id}"), 80).await;
    }
    let hide = |ids: std::ops::Range<usize>| {
        let keys = ids.map(|id| {
            let key = paste_model::Key::Instance(key("orders", &format!("i{id}")));
            format!("{key:?}")
        });
        *place.hidden.lock().expect("whole") = keys.collect();
    };
    // A tenth may be gone: that is news.
    hide(0..20);
    place.say(Reload::Behind).await;
    eventually("they are gone", || instances(&engine) == 180).await;
    // Half of them may not, before it is confirmed.
    hide(0..100);
    place.say(Reload::Behind).await;
    register(&engine, "after", 80).await;
    assert_eq!(instances(&engine), 181);
    // It was a mistake.
    hide(0..20);
    place.say(Reload::Behind).await;
    register(&engine, "later", 80).await;
    assert_eq!(instances(&engine), 182);
    engine.stop().await;
}
