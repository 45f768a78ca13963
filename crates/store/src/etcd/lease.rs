//! What makes a node a member: a lease, and under it the record with the node's name.
//!
//! The record is only ever written over what was read before, so that what an earlier process had on its way comes to
//! nothing. A process that begins takes its name over, whoever has it; one that finds another life in its record, written
//! after its own, has lost its name and leaves it alone. Written before its own it is a leftover: etcd went back.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use paste_model::{Expect, Revision};
use tokio::time::Instant;

use super::EtcdError;
use super::node::Row;
use super::secret::shared_secret;
use super::shared::Shared;
use super::transaction::{compare, header, one, put_under, revision};
use super::wire::TxnRequest;
use crate::Secret;

/// Shortest lease: etcd counts whole seconds.
const LEASE_TTL_MIN: Duration = Duration::from_secs(1);
/// Longest lease: as long a dead node stays a member.
const LEASE_TTL_MAX: Duration = Duration::from_secs(60 * 60);
/// The part of a lease that isn't counted on: clocks don't run alike, and this process may be late.
const MARGIN_PART: u32 = 10;

/// The lease of this process, and its record.
pub(super) struct Lease {
    shared: Arc<Shared>,
    row: Row,
    encoded: Bytes,
    /// The lease that was asked for last; 0 is none.
    id: i64,
    /// The newest revision at which this process has had its record.
    had: Option<Revision>,
}

/// What a renewed lease is good for.
#[derive(Debug, Clone)]
pub(super) struct Term {
    /// The revision of the record.
    pub(super) revision: Revision,
    /// Until when it is sure that the lease runs, should nothing be heard of it.
    pub(super) surely: Instant,
    /// What nodes show each other.
    pub(super) secret: Secret,
}

impl Term {
    /// Whether it isn't over.
    pub(super) fn runs(&self) -> bool {
        Instant::now() < self.surely
    }
}

impl Lease {
    /// A lease that is still to be granted, for the node that `shared` says, if it wants to be a member.
    pub(super) fn new(shared: &Arc<Shared>) -> Result<Option<Self>, EtcdError> {
        let config = &shared.config;
        let Some(url) = &config.url else {
            return Ok(None);
        };
        let limits = LEASE_TTL_MIN..=LEASE_TTL_MAX;
        if !limits.contains(&config.lease_ttl) {
            return Err(EtcdError::Setting {
                setting: "lease_ttl",
                found: format!("{:?} is not within {limits:?}", config.lease_ttl),
            });
        }
        let row = Row::begin(config, url)?;
        Ok(Some(Self {
            shared: Arc::clone(shared),
            encoded: row.encode(),
            row,
            id: 0,
            had: None,
        }))
    }

    /// The record of this process.
    pub(super) fn row(&self) -> &Row {
        &self.row
    }

    /// Renews the lease, or has another granted if it ran out, and sees to it that the record stands under it. `None` if
    /// another process has the name.
    pub(super) async fn renew(&mut self, until: Instant) -> Result<Option<Term>, EtcdError> {
        let (client, ttl) = (&self.shared.client, self.shared.config.lease_ttl);
        let mut sent = Instant::now();
        let kept = match self.id {
            0 => None,
            id => client.keep_alive(id, until).await?,
        };
        let runs = match kept {
            Some(runs) => runs.min(ttl),
            None => {
                self.id = rand::random_range(1..=i64::MAX);
                sent = Instant::now();
                client.grant(self.id, ttl, until).await?;
                ttl
            }
        };
        let secret = shared_secret(&self.shared, until).await?;
        // A member of etcd that was cut off from the others may still renew a lease that they let run out. What it can't do
        // is read in linear order, so the record counts and not the lease.
        let claimed = self.claim(until).await?;
        self.had = claimed.or(self.had);
        Ok(claimed.map(|revision| Term {
            revision,
            surely: sent + (runs - runs / MARGIN_PART),
            secret,
        }))
    }

    /// Has the record stand under the lease; tells its revision, or `None` if another process has the name.
    async fn claim(&self, until: Instant) -> Result<Option<Revision>, EtcdError> {
        let (client, layout) = (&self.shared.client, &self.shared.layout);
        let key = layout.own();
        loop {
            let known = self.shared.known();
            let answer = client.range(one(key.clone()), until).await?;
            self.shared.observe(&known, &header(answer.header)?);
            let expect = match answer.kvs.first() {
                None => Expect::Absent,
                Some(kv) => {
                    let at = revision(kv.mod_revision);
                    let row = Row::decode(layout, kv).ok();
                    match row.is_some_and(|row| row.life == self.row.life) {
                        true if kv.lease == self.id => return Ok(Some(at)),
                        false if self.had.is_some_and(|had| at > had) => return Ok(None),
                        _ => Expect::At(at),
                    }
                }
            };
            let record = put_under(self.id, key.clone(), self.encoded.clone());
            let request = TxnRequest {
                compare: vec![compare(key.clone(), expect)],
                success: vec![record.into()],
                failure: Vec::new(),
            };
            // Where somebody else was faster, or the first of two tries was ours, the next look shows it.
            let answer = client.txn_again(request, until).await?;
            if answer.succeeded {
                return Ok(Some(revision(header(answer.header)?.revision)));
            }
        }
    }

    /// Gives the lease back, and with it the record.
    pub(super) async fn revoke(&self, until: Instant) -> Result<(), EtcdError> {
        match self.id {
            0 => Ok(()),
            id => self.shared.client.revoke(id, until).await,
        }
    }
}
