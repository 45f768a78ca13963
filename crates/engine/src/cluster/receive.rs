//! What other nodes tell this one.

use std::time::Duration;

use paste_model::NodeName;
use prost::Message;

use super::UNHEARD;
use super::message::{LoadRow, Signs};
use crate::{Engine, LoadReport};

/// A message that is none.
#[derive(Debug, thiserror::Error)]
pub enum InvalidSigns {
    /// This node doesn't share its store with others.
    #[error("this node is alone: it shares its store with nobody")]
    Alone,
    /// It can't be read.
    #[error("the message can't be read")]
    Unreadable(#[from] prost::DecodeError),
    /// It names no node.
    #[error("the message comes from no node")]
    Nameless,
}

impl Engine {
    /// Takes in what another node tells. The caller has checked that it is one: see [`Self::is_node`].
    pub fn take_signs(&self, message: &[u8]) -> Result<(), InvalidSigns> {
        let cluster = self.cluster().ok_or(InvalidSigns::Alone)?;
        let message = Signs::decode(message)?;
        let from = NodeName::new(&message.from).map_err(|_| InvalidSigns::Nameless)?;
        // One that isn't there, or not yet, is listened to, and nothing is remembered of it.
        let there = cluster.roster().others().any(|node| node.name == from);
        let ear = if there {
            let (revision, owned, signs) = (message.revision, message.owned, message.signs.len());
            cluster.progress.lock().heard(&from, revision, owned, signs);
            cluster.ear_of(&from)
        } else {
            UNHEARD
        };
        for sign in message.signs {
            let age = Duration::from_millis(sign.age_ms);
            // Who is not in the view is not registered any more, or not yet: then its registration is its sign of life.
            let _known = self.catalog().with_session(&sign.session, |cell| {
                if sign.closed {
                    self.liveness().close_elsewhere(cell.id(), age);
                } else {
                    self.liveness().renew_through(cell, age, ear);
                }
                if let Some(load) = sign.load {
                    self.loads_board().report(cell.id(), load.into());
                }
            });
        }
        Ok(())
    }

    /// Whether whoever shows this secret is a node of this registry.
    pub fn is_node(&self, secret: &[u8]) -> bool {
        self.cluster().is_some_and(|cluster| {
            let known = cluster.secret();
            let known = known.reveal().as_bytes();
            // Compared to the end whatever differs, so that the time it takes tells nothing.
            let differing = known
                .iter()
                .zip(secret)
                .fold(0, |differing, (known, shown)| differing | (known ^ shown));
            !known.is_empty() && known.len() == secret.len() && differing == 0
        })
    }
}

impl From<LoadRow> for LoadReport {
    fn from(row: LoadRow) -> Self {
        Self {
            cpu: row.cpu,
            in_flight: row.in_flight,
            requests: row.requests,
            errors: row.errors,
        }
    }
}
