//! The nodes that share the store, and which of them watches over what.

use std::time::Duration;

use paste_api::{ClusterMode, ClusterNode, ClusterStatus, Code, Owner};
use paste_engine::{Engine, NodeStatus};
use paste_model::{InstanceId, InstanceKey, Role, ServiceKey, ServiceName, SessionId};

use super::answer::{self, Answered};
use super::call::Call;
use super::failure::Failure;
use super::instances::registered;
use super::query::invalid;

/// Tells how the cluster is.
#[utoipa::path(
    get,
    path = "/api/v1/cluster",
    operation_id = "cluster",
    tag = "operate",
    summary = "The nodes of the cluster, as this one sees them",
    description = "A node whose store is its own (`mode` is `alone`) is a cluster of one.",
    responses((status = 200, description = "The cluster", body = ClusterStatus)),
)]
pub(super) fn get(mut call: Call) -> Answered {
    call.finish_query()?;
    call.caller.require_everywhere(Role::Read)?;
    answer::ok(&status(call.engine()))
}

fn status(engine: &Engine) -> ClusterStatus {
    let position = engine.catalog().position();
    let Some(cluster) = engine.cluster_status() else {
        return ClusterStatus {
            mode: ClusterMode::Alone,
            node: engine.node().to_string(),
            member: true,
            isolated: false,
            stale: None,
            epoch: position.epoch.to_string(),
            revision: position.revision.0,
            nodes: vec![alone(engine, position.revision.0)],
            waiting: 0,
            told_total: 0,
            taken_total: 0,
            failures_total: 0,
        };
    };
    let nodes = cluster.nodes.iter();
    let nodes = nodes.map(|node| shown(node, cluster.lag(node))).collect();
    ClusterStatus {
        mode: ClusterMode::Cluster,
        node: cluster.node.to_string(),
        member: cluster.member,
        isolated: cluster.isolated,
        stale: cluster.stale.map(seconds),
        epoch: position.epoch.to_string(),
        revision: position.revision.0,
        nodes,
        waiting: cluster.waiting,
        told_total: cluster.told_total,
        taken_total: cluster.taken_total,
        failures_total: cluster.failures_total,
    }
}

/// The only node of a store that isn't shared.
fn alone(engine: &Engine, revision: u64) -> ClusterNode {
    ClusterNode {
        name: engine.node().to_string(),
        url: None,
        joined: None,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        lease: None,
        owned: Some(engine.status().liveness.sessions as u64),
        revision: Some(revision),
        lag: Some(0),
        heard_ago: None,
        unreachable: None,
    }
}

fn shown(node: &NodeStatus, lag: Option<u64>) -> ClusterNode {
    // To the millisecond: nobody reads more.
    let heard_ago = node.heard.map(|ago| {
        let ago = u64::try_from(ago.as_millis()).unwrap_or(u64::MAX);
        paste_api::Duration(Duration::from_millis(ago))
    });
    ClusterNode {
        name: node.name.to_string(),
        url: Some(node.url.clone()),
        joined: Some(node.joined.into()),
        version: node.version.clone(),
        lease: Some(node.lease.0),
        owned: node.owned,
        revision: node.revision.map(|revision| revision.0),
        lag,
        heard_ago,
        unreachable: node.unreachable.clone(),
    }
}

pub(super) fn seconds(seconds: u64) -> paste_api::Duration {
    paste_api::Duration(Duration::from_secs(seconds))
}

/// Tells who watches over something.
#[utoipa::path(
    get,
    path = "/api/v1/cluster/owner",
    operation_id = "owner",
    tag = "operate",
    summary = "The node that watches over a session, or probes an instance",
    description = "Either `session`, or `service` and `id`. An instance without checks is probed by nobody, whoever would \
        do it. Ownership follows from who is there, so the answer holds until a node comes or goes.",
    params(
        ("session" = Option<String>, Query, description = "A session"),
        ("service" = Option<String>, Query, description = "The service of an instance", pattern = "^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$", max_length = 128),
        ("id" = Option<String>, Query, description = "The id of an instance"),
        ("namespace" = Option<String>, Query, description = "The instance's namespace; `default` unless it says otherwise"),
    ),
    responses(
        (status = 200, description = "The node", body = Owner),
        (status = 404, description = "`not-registered`, `unknown-service`", body = paste_api::Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) fn owner(mut call: Call) -> Answered {
    let (session, namespace) = (call.query.one("session")?, call.query.namespace()?);
    let (service, id) = (call.query.one("service")?, call.query.one("id")?);
    call.finish_query()?;
    call.caller.require_everywhere(Role::Read)?;
    let engine = call.engine();
    let node = match (session, service, id) {
        (Some(session), None, None) => {
            let session = SessionId::new(&session).map_err(|error| invalid("session", error))?;
            if engine.catalog().session(session.as_str()).is_none() {
                let detail = format!("session {session} is not registered");
                return Err(Failure::new(Code::NotRegistered, detail));
            }
            engine.owner_of_session(&session)
        }
        (None, Some(service), Some(id)) => {
            let name = ServiceName::new(&service).map_err(|error| invalid("service", error))?;
            let key = InstanceKey {
                service: ServiceKey { namespace, name },
                id: InstanceId::new(&id).map_err(|error| invalid("id", error))?,
            };
            registered(&call, &key)?;
            engine.owner_of_checks(&key)
        }
        _ => {
            let detail = "name a session, or a service and the id of an instance";
            return Err(invalid("session", detail));
        }
    };
    answer::ok(&Owner {
        here: node.as_ref() == Some(engine.node()),
        node: node.map(|node| node.to_string()),
    })
}
