//! Several nodes over a real etcd, and what befalls them: processes that are killed, frozen and cut off, and an etcd that is
//! slow, away, wiped or put back. Names end with the number of the issue where somebody else failed.

mod chaos;
mod clock;
mod deaths;
mod histories;
mod manual;
mod nodes;
mod partitions;
mod reads;
mod truth;

use paste_tests::cluster::Cluster;
use paste_tests::crowd::{Crowd, Habits};
use paste_tests::until;
use paste_tests::vigil::Vigil;

/// A crowd that every node knows, and a watch over it.
fn watched(cluster: &Cluster, service: &str, count: usize) -> (Crowd, Vigil) {
    let crowd = Crowd::gather(&cluster.doors(), &Habits::of(service), count);
    let ids = crowd.ids(0..count);
    shown(cluster, service, &ids);
    let vigil = Vigil::keep(cluster, service, &ids);
    (crowd, vigil)
}

/// Waits until every node that runs lists exactly these as eligible.
fn shown(cluster: &Cluster, service: &str, ids: &[String]) {
    let mut expected = ids.to_vec();
    expected.sort();
    for node in cluster.nodes().iter().filter(|node| node.runs()) {
        let listed = || listed(node, service);
        let seen = || format!("{:?}", listed());
        until(&format!("{} lists them", node.name()), seen, || {
            (listed().as_ref() == Some(&expected)).then_some(())
        });
    }
}

/// The ids that a node lists as eligible.
fn listed(node: &paste_tests::cluster::Node, service: &str) -> Option<Vec<String>> {
    let reply = node.get(&format!("/api/v1/services/{service}/instances"));
    let reply = reply.ok().filter(|reply| reply.status == 200)?.json();
    let instances = reply["instances"].as_array()?;
    let ids = instances
        .iter()
        .filter_map(|instance| instance["id"].as_str());
    Some(ids.map(str::to_owned).collect())
}

/// Waits until the crowd has been heard so many times more: that many heartbeats have gone well since.
fn heard_again(crowd: &Crowd) {
    let before = std::time::Instant::now();
    crowd.until("everybody is heard again", |life| {
        life.heard.is_some_and(|heard| heard > before)
    });
}
