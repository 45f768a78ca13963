//! Sessions, verdicts and overrides.

use std::time::Duration;

use paste_model::{Health, Override, Session, Timestamp};

use super::wire::{HealthRow, OverrideRow, SessionRow};
use super::{RecordError, STATES, STATUSES, free_text, nanos, number, principal, text, word};

impl From<&Session> for SessionRow {
    fn from(session: &Session) -> Self {
        Self {
            ttl_ns: Some(nanos(session.ttl)),
            remove_after_ns: Some(nanos(session.remove_after)),
            principal: Some(text(session.principal.as_str())),
            health: session.health.as_ref().map(HealthRow::from),
        }
    }
}

impl TryFrom<SessionRow> for Session {
    type Error = RecordError;

    fn try_from(row: SessionRow) -> Result<Self, RecordError> {
        let default = Self::default();
        Ok(Self {
            ttl: row.ttl_ns.map_or(default.ttl, Duration::from_nanos),
            remove_after: row
                .remove_after_ns
                .map_or(default.remove_after, Duration::from_nanos),
            principal: row
                .principal
                .map_or(Ok(default.principal), |by| principal(&by))?,
            health: row.health.map(Health::try_from).transpose()?,
        })
    }
}

impl From<&Health> for HealthRow {
    fn from(health: &Health) -> Self {
        Self {
            state: number(&STATES, &health.state),
            reason: text(&health.reason),
            observer: text(&health.observer),
            since_ms: health.since.0,
        }
    }
}

impl TryFrom<HealthRow> for Health {
    type Error = RecordError;

    fn try_from(row: HealthRow) -> Result<Self, RecordError> {
        Ok(Self {
            state: word("the health", &STATES, row.state)?,
            reason: free_text("the reason", &row.reason)?,
            observer: free_text("the observer", &row.observer)?,
            since: Timestamp(row.since_ms),
        })
    }
}

impl From<&Override> for OverrideRow {
    fn from(word: &Override) -> Self {
        Self {
            status: number(&STATUSES, &word.status),
            reason: text(&word.reason),
            by: text(word.by.as_str()),
            at_ms: word.at.0,
        }
    }
}

impl TryFrom<OverrideRow> for Override {
    type Error = RecordError;

    fn try_from(row: OverrideRow) -> Result<Self, RecordError> {
        Ok(Self {
            status: word("the status", &STATUSES, row.status)?,
            reason: free_text("the reason", &row.reason)?,
            by: principal(&row.by)?,
            at: Timestamp(row.at_ms),
        })
    }
}
