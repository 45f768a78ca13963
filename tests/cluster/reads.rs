//! What a client may rely on that speaks to several nodes.

use paste_tests::cluster::{Cluster, Plan};
use paste_tests::etcd::Etcd;
use paste_tests::watch::Watcher;
use serde_json::json;

#[test]
fn what_one_node_was_told_every_node_can_be_asked() {
    let cluster = Plan::default().start();
    let body = json!({ "address": "10.0.0.1", "port": 80 });
    for round in 0..30 {
        let (writer, reader) = (&cluster[round % 3], &cluster[(round + 1) % 3]);
        let target = format!("/api/v1/services/told/instances/i{round:02}");
        let written = writer.expect("PUT", &target, Some(&body), 201).json();
        let id = format!("\"i{round:02}\"");
        let own = writer.expect("GET", "/api/v1/services/told/instances", None, 200);
        assert!(own.text().contains(&id), "{id} at the node that wrote it");
        let query = match round % 2 {
            0 => "consistent=true".to_owned(),
            _ => format!("after={}&wait=0s", written["revision"]),
        };
        let target = format!("/api/v1/services/told/instances?{query}");
        let other = reader.expect("GET", &target, None, 200);
        assert!(
            other.text().contains(&id),
            "{id} at another node with {query}"
        );
        let target = format!("/api/v1/services/told/instances/i{round:02}");
        let query = query.replace("&wait=0s", "");
        reader.expect("GET", &format!("{target}?{query}"), None, 200);
    }
}

#[test]
fn a_stream_goes_on_at_any_node_from_where_it_was() {
    let mut cluster = Plan::default().start();
    let body = json!({ "address": "10.0.0.1", "port": 80 });
    let put = |cluster: &Cluster, node: usize, id: &str| {
        let target = format!("/api/v1/services/stream/instances/{id}");
        cluster[node].expect("PUT", &target, Some(&body), 201);
    };
    put(&cluster, 0, "a");
    let mut last = None;
    for (node, id) in [(0, "b"), (1, "c"), (2, "d"), (0, "e")] {
        let resumed = last.is_some();
        let watcher = Watcher::resume(cluster[node].address(), "service=stream", last);
        put(&cluster, (node + 1) % 3, id);
        last = watcher.until("the newest is told", |picture| {
            let told = picture.healthy("stream").contains(&id.to_owned());
            (told || resumed && picture.count("delta") > 0).then(|| picture.last_id.clone())
        });
        let picture = watcher.picture();
        assert_eq!(picture.count("reset"), 0, "{picture:?}");
        assert_eq!(
            picture.count("snapshot"),
            usize::from(!resumed),
            "{picture:?}"
        );
    }
    cluster.node(0).stop();
}

#[test]
fn registries_with_different_prefixes_do_not_see_each_other() {
    let one = Plan {
        nodes: 1,
        ..Plan::default().set("store.etcd_prefix=/one")
    };
    let other = Plan {
        nodes: 1,
        ..Plan::default().set("store.etcd_prefix=/other")
    };
    let etcd = Etcd::start(1);
    let first = Cluster::start(&one, etcd);
    let body = json!({ "address": "10.0.0.1", "port": 80 });
    first[0].expect("PUT", "/api/v1/services/mine/instances/a", Some(&body), 201);
    let second = paste_tests::registry::Registry::start_with(&[
        "--store",
        &format!("etcd://{}", first.etcd.members()[0].address()),
        "--node",
        "n9",
        "--set",
        &other.settings[2],
    ]);
    second.expect("GET", "/api/v1/services/mine/instances", None, 404);
    let status = second.expect("GET", "/api/v1/cluster", None, 200).json();
    assert_eq!(
        status["nodes"].as_array().map(Vec::len),
        Some(1),
        "{status}"
    );
}
