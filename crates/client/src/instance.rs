//! An instance as the SDK shows it, and its way from the wire and back.

use std::fmt;
use std::sync::Arc;

use paste_api::{Map, Registered, Status};
use paste_model::{Health, HealthState, InstanceId, Label, Member, Revision, Timestamp};
use serde::Deserialize;

use crate::error::BoxError;

/// One running copy of a service. Cloning it costs nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct Instance(pub(crate) Arc<Member>);

impl Instance {
    /// Its id within the service.
    pub fn id(&self) -> &str {
        self.0.id.as_str()
    }

    /// An IP address or a host name.
    pub fn address(&self) -> &str {
        self.0.instance.address.as_str()
    }

    /// The main port.
    pub fn port(&self) -> u16 {
        self.0.instance.port.get()
    }

    /// A further port by its name.
    pub fn named_port(&self, name: &str) -> Option<u16> {
        let mut ports = self.0.instance.ports.iter();
        ports
            .find(|port| port.name.as_str() == name)
            .map(|port| port.port.get())
    }

    /// `address:port`, an IPv6 address in brackets: what stands in a URL.
    pub fn authority(&self) -> String {
        authority(&self.0)
    }

    /// What it speaks on its main port, such as `http`.
    pub fn protocol(&self) -> Option<&str> {
        self.0.instance.protocol.as_ref().map(Label::as_str)
    }

    /// The semantic version of the running code.
    pub fn version(&self) -> Option<&paste_model::Version> {
        self.0.instance.version.as_deref()
    }

    /// The zone it runs in.
    pub fn zone(&self) -> Option<&str> {
        self.0.instance.zone.as_ref().map(Label::as_str)
    }

    /// The region it runs in.
    pub fn region(&self) -> Option<&str> {
        self.0.instance.region.as_ref().map(Label::as_str)
    }

    /// Words to select by.
    pub fn tags(&self) -> impl ExactSizeIterator<Item = &str> {
        self.0.instance.tags.iter().map(Label::as_str)
    }

    /// A value of its metadata.
    pub fn metadata(&self, key: &str) -> Option<&str> {
        self.0.instance.metadata.get(key)
    }

    /// Its share of traffic, 0 to 10,000.
    pub fn weight(&self) -> u16 {
        self.0.instance.weight.get()
    }

    /// The status that holds.
    pub fn status(&self) -> paste_model::Status {
        self.0.status()
    }

    /// What is known of its health.
    pub fn health(&self) -> HealthState {
        self.0.health()
    }

    /// Everything, as the model has it.
    pub fn member(&self) -> &Arc<Member> {
        &self.0
    }
}

impl fmt::Debug for Instance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Instance({} at {})", self.id(), self.authority())
    }
}

/// `address:port` of a member.
pub(crate) fn authority(member: &Member) -> String {
    let (address, port) = (&member.instance.address, member.instance.port);
    if address.as_str().contains(':') {
        format!("[{address}]:{port}")
    } else {
        format!("{address}:{port}")
    }
}

/// An instance as the registry sends it, but for what is no business of consumers: how it is probed, and an override
/// with its reason, as the status that holds is there.
#[derive(Deserialize)]
struct Wire {
    id: String,
    address: String,
    port: paste_api::Port,
    #[serde(default)]
    ports: Map<paste_api::Port>,
    #[serde(default)]
    protocol: Option<String>,
    #[serde(default)]
    version: Option<String>,
    weight: u16,
    #[serde(default)]
    region: Option<String>,
    #[serde(default)]
    zone: Option<String>,
    #[serde(default)]
    tags: Vec<String>,
    #[serde(default)]
    metadata: Map<String>,
    status: Status,
    health: paste_api::Health,
    #[serde(default)]
    health_detail: Option<paste_api::HealthDetail>,
    #[serde(default)]
    session: Option<String>,
    ephemeral: bool,
    revision: u64,
}

/// Reads an instance.
pub(crate) fn member(text: &str) -> Result<Arc<Member>, BoxError> {
    let wire: Wire = serde_json::from_str(text)?;
    let id = InstanceId::new(&wire.id)?;
    let health = health(&wire);
    let revision = Revision(wire.revision);
    let registration = paste_api::Registration {
        address: wire.address,
        port: wire.port,
        ports: wire.ports,
        protocol: wire.protocol,
        version: wire.version,
        weight: Some(wire.weight),
        region: wire.region,
        zone: wire.zone,
        tags: wire.tags,
        metadata: wire.metadata,
        status: Some(wire.status),
        checks: Vec::new(),
        session: wire.session,
        ephemeral: Some(wire.ephemeral),
        ttl: None,
        remove_after: None,
    };
    let registered = Registered::try_from(registration)
        .map_err(|refusal| format!("instance {id}: {refusal:?}"))?;
    Ok(Arc::new(Member {
        id,
        instance: Arc::new(registered.instance),
        revision,
        overridden: None,
        session_health: None,
        check_health: health.map(Arc::new),
    }))
}

fn health(wire: &Wire) -> Option<Health> {
    let state = match wire.health {
        paste_api::Health::Passing => return None,
        paste_api::Health::Suspect => HealthState::Suspect,
        paste_api::Health::Failing => HealthState::Failing,
    };
    let detail = wire.health_detail.as_ref();
    Some(Health {
        state,
        reason: detail
            .map(|detail| detail.reason.as_str().into())
            .unwrap_or_default(),
        observer: detail
            .map(|detail| detail.observer.as_str().into())
            .unwrap_or_default(),
        since: detail.map_or(Timestamp(0), |detail| detail.since.into()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instance_survives_the_way_in_and_out() {
        let text = r#"{"id":"a","address":"2001:db8::1","port":80,"ports":{"metrics":90},"protocol":"http",
            "version":"1.2.3","weight":7,"region":"eu","zone":"eu-1","tags":["x"],"metadata":{"k":"v"},
            "status":"draining","health":"failing","health_detail":{"reason":"silent","observer":"n",
            "since":"2026-11-23T06:00:00.000Z"},"session":"s","ephemeral":true,"revision":9}"#;
        let wire: paste_api::Instance = serde_json::from_str(text).expect("valid");
        let instance = Instance(member(text).expect("valid"));
        assert_eq!(instance.authority(), "[2001:db8::1]:80");
        assert_eq!(instance.named_port("metrics"), Some(90));
        assert_eq!(instance.health(), HealthState::Failing);
        assert_eq!(paste_api::Instance::from(&*instance.0), wire);
    }
}
