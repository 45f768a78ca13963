//! Servers that belong together. They share all cores with each other and with the load, so that their figures say how they
//! compare on this machine, and not what each could do on its own.

use std::path::Path;

use crate::servers::{ALL_CORES, Folder, Server, free_port, rnacos_node};
use crate::{Arguments, Failure};

/// Nodes of the registry, and the etcd that they share.
pub(crate) struct Cluster {
    pub(crate) nodes: Vec<Server>,
    pub(crate) etcd: Vec<Server>,
}

impl Cluster {
    /// Starts so many of both.
    pub(crate) fn start(
        arguments: &Arguments,
        nodes: usize,
        members: usize,
    ) -> Result<Self, Failure> {
        let etcd = etcd(arguments, members)?;
        let places: Vec<String> = etcd
            .iter()
            .map(|member| member.address().to_string())
            .collect();
        let store = format!("etcd://{}", places.join(","));
        let nodes = (0..nodes).map(|number| node(arguments, number, &store));
        Ok(Self {
            nodes: nodes.collect::<Result<_, _>>()?,
            etcd,
        })
    }
}

fn node(arguments: &Arguments, number: usize, store: &str) -> Result<Server, Failure> {
    let port = free_port()?;
    let folder = Folder::temporary(arguments)?;
    let options = [
        "serve".to_owned(),
        format!("--http=127.0.0.1:{port}"),
        format!("--data-dir={}", folder.path.display()),
        format!("--store={store}"),
        format!("--node=n{number}"),
    ];
    let program = arguments.binaries.join("paste-registry");
    Server::launch_on(ALL_CORES, &program, &options, port, folder)
}

fn etcd(arguments: &Arguments, members: usize) -> Result<Vec<Server>, Failure> {
    let ports = (0..members).map(|_| Ok((free_port()?, free_port()?)));
    let ports: Vec<(u16, u16)> = ports.collect::<Result<_, Failure>>()?;
    let all: Vec<String> = ports
        .iter()
        .map(|(_, peer)| format!("m{peer}=http://127.0.0.1:{peer}"))
        .collect();
    let started = ports.iter().map(|&(port, peer)| {
        let folder = Folder::temporary(arguments)?;
        let (client, own) = (
            format!("http://127.0.0.1:{port}"),
            format!("http://127.0.0.1:{peer}"),
        );
        let options = [
            format!("--name=m{peer}"),
            format!("--data-dir={}", folder.path.join("etcd").display()),
            format!("--listen-client-urls={client}"),
            format!("--advertise-client-urls={client}"),
            format!("--listen-peer-urls={own}"),
            format!("--initial-advertise-peer-urls={own}"),
            format!("--initial-cluster={}", all.join(",")),
        ];
        // None serves clients before most run, but each listens for the others.
        Server::launch_on(ALL_CORES, Path::new("etcd"), &options, peer, folder)
            .map(|server| server.moved_to(port))
    });
    started.collect()
}

/// Three nodes of r-nacos; `None` where it wasn't built.
pub(crate) fn rnacos(arguments: &Arguments) -> Result<Option<Vec<Server>>, Failure> {
    let mut nodes = Vec::new();
    let mut first = None;
    for number in 1..=3 {
        let grpc = free_port()?;
        let joined = first.map(|first| format!("RNACOS_RAFT_JOIN_ADDR=127.0.0.1:{first}\n"));
        let further = format!(
            "RNACOS_RAFT_NODE_ID={number}\nRNACOS_RAFT_NODE_ADDR=127.0.0.1:{grpc}\nRNACOS_RAFT_AUTO_INIT={}\n{}",
            number == 1,
            joined.unwrap_or_default(),
        );
        first = first.or(Some(grpc));
        let Some(node) = rnacos_node(ALL_CORES, grpc, &further, arguments)? else {
            return Ok(None);
        };
        nodes.push(node);
    }
    Ok(Some(nodes))
}
