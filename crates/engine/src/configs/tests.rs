//! What the janitor drops and what it leaves, in an engine on the embedded store.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use paste_catalog::Limits;
use paste_model::{BlobId, ConfigGroup, ConfigKey, ConfigName, Namespace, NodeName};
use paste_store::{Embedded, Store, embedded};

use super::janitor::Unwanted;
use super::{Config, Publication, Removal, Terms};
use crate::{Caller, Engine, SystemClock, settings};

struct House {
    engine: Engine,
    store: Arc<Embedded>,
    _dir: tempfile::TempDir,
}

impl House {
    async fn new(configs: Config) -> Self {
        let dir = tempfile::tempdir().expect("temp dir");
        let store = Embedded::open(dir.path(), embedded::Config::default()).expect("opens");
        let store = Arc::new(store);
        let config = crate::Config {
            node: NodeName::new("n1").expect("valid"),
            catalog: Limits::default(),
            liveness: settings::Liveness::default(),
            probes: settings::Probes::default(),
            timeline: settings::Timeline::in_dir(dir.path().join("timeline")),
            configs,
            transport: None,
        };
        let started = Engine::start(
            Arc::clone(&store) as Arc<dyn Store>,
            config,
            Arc::new(SystemClock),
        );
        Self {
            engine: started.await.expect("starts"),
            store,
            _dir: dir,
        }
    }

    async fn publish(&self, content: &str) {
        let publication = Publication {
            content: Bytes::copy_from_slice(content.as_bytes()),
            format: None,
            comment: Default::default(),
            terms: Terms::default(),
        };
        let (caller, key) = (Caller::anonymous(), key());
        let published = self
            .engine
            .publish_config(&caller, &key, &publication, None);
        published.await.expect("released");
    }

    fn releases(&self) -> Vec<u64> {
        let item = self.engine.existing_config(&key()).expect("there");
        item.releases.keys().map(|number| number.0).collect()
    }

    fn blobs(&self) -> Vec<BlobId> {
        let blobs = self.store.blobs().expect("lists");
        blobs.into_iter().map(|(id, _)| id).collect()
    }

    async fn tidy(&self, before: Unwanted) -> Unwanted {
        self.engine.tidy_configs(before).await.expect("tidies")
    }
}

fn key() -> ConfigKey {
    ConfigKey {
        namespace: Namespace::default(),
        group: ConfigGroup::new("shop").expect("valid"),
        name: ConfigName::new("motd").expect("valid"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn releases_beyond_their_number_go_and_their_content_two_rounds_later() {
    let house = House::new(Config {
        releases_max: 2,
        ..Config::default()
    })
    .await;
    for content in ["one", "two", "three", "four"] {
        house.publish(content).await;
    }
    let caller = Caller::anonymous();
    let to = Some(paste_model::ReleaseNumber(1));
    let (key, reason) = (key(), Default::default());
    let back = house
        .engine
        .roll_back_config(&caller, &key, to, &reason, None);
    back.await.expect("goes back");
    assert_eq!(
        (house.releases(), house.blobs().len()),
        (vec![1, 2, 3, 4, 5], 4)
    );

    let unwanted = house.tidy(Unwanted::default()).await;
    assert_eq!(house.releases(), [4, 5], "the newest two");
    assert_eq!(
        (unwanted.len(), house.blobs().len()),
        (2, 4),
        "nothing goes at first sight"
    );
    // Somebody is about to release it again: it has been written since.
    house.publish("two").await;
    let unwanted = house.tidy(unwanted).await;
    assert_eq!(house.releases(), [5, 6]);
    assert!(house.blobs().len() == 3, "one has been unwanted twice");
    house.tidy(unwanted).await;
    assert_eq!(house.blobs().len(), 2);
    let shown = house.engine.content_at_once(&key, &content_in_use(&house));
    assert_eq!(shown.expect("cached").expect("readable"), "two");
    house.engine.stop().await;
}

fn content_in_use(house: &House) -> paste_model::Content {
    let item = house.engine.existing_config(&key()).expect("there");
    let number = item.item.released.expect("in use");
    item.releases[&number]
        .0
        .content
        .clone()
        .expect("has content")
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_removed_long_ago_is_forgotten() {
    let house = House::new(Config {
        release_age_max: Duration::ZERO,
        ..Config::default()
    })
    .await;
    house.publish("one").await;
    tokio::time::sleep(Duration::from_millis(5)).await;
    house.tidy(Unwanted::default()).await;
    assert_eq!(house.releases(), [1], "what is in use stays, however old");
    let caller = Caller::anonymous();
    house
        .engine
        .remove_config(&caller, &key(), &Removal::default(), None)
        .await
        .expect("removed");
    tokio::time::sleep(Duration::from_millis(5)).await;
    let unwanted = house.tidy(Unwanted::default()).await;
    assert!(
        house.engine.existing_config(&key()).is_err(),
        "its history went with it"
    );
    house.tidy(unwanted).await;
    assert!(house.blobs().is_empty());
    house.engine.stop().await;
}
