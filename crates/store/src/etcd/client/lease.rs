//! Leases: what stands under one in etcd is gone when it has run out.

use std::time::Duration;

use tokio::time::Instant;

use super::Client;
use crate::etcd::EtcdError;
use crate::etcd::wire::{
    Done, LeaseGrantRequest, LeaseKeepAliveRequest, LeaseKeepAliveResponse, LeaseRevokeRequest,
};

const GRANT: &str = "/etcdserverpb.Lease/LeaseGrant";
const KEEP_ALIVE: &str = "/etcdserverpb.Lease/LeaseKeepAlive";
const REVOKE: &str = "/etcdserverpb.Lease/LeaseRevoke";

impl Client {
    /// Grants a lease of this id that runs for `ttl` at least: etcd counts whole seconds, and has a shortest time of its own.
    pub(in crate::etcd) async fn grant(
        &self,
        lease: i64,
        ttl: Duration,
        until: Instant,
    ) -> Result<(), EtcdError> {
        let whole = ttl.as_secs() + u64::from(ttl.subsec_nanos() > 0);
        let request = LeaseGrantRequest {
            ttl: i64::try_from(whole).unwrap_or(i64::MAX),
            id: lease,
        };
        match self.insist::<_, Done>(GRANT, request, until).await {
            Ok(Done {}) => Ok(()),
            // The id is a random one, so this is an earlier try whose answer got lost.
            Err(error) if error.is_lease_there() => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Renews a lease; tells how long it runs from then on, or that it has run out.
    pub(in crate::etcd) async fn keep_alive(
        &self,
        lease: i64,
        until: Instant,
    ) -> Result<Option<Duration>, EtcdError> {
        let request = LeaseKeepAliveRequest { id: lease };
        // To etcd it is a stream of requests and one of answers; of one each it looks on the wire as any other call does.
        let answer: LeaseKeepAliveResponse = self.insist(KEEP_ALIVE, request, until).await?;
        let ttl = u64::try_from(answer.ttl).unwrap_or_default();
        Ok((ttl > 0).then(|| Duration::from_secs(ttl)))
    }

    /// Ends a lease, and with it what stands under it.
    pub(in crate::etcd) async fn revoke(
        &self,
        lease: i64,
        until: Instant,
    ) -> Result<(), EtcdError> {
        let request = LeaseRevokeRequest { id: lease };
        match self.insist::<_, Done>(REVOKE, request, until).await {
            Ok(Done {}) => Ok(()),
            Err(error) if error.is_lease_gone() => Ok(()),
            Err(error) => Err(error),
        }
    }
}
