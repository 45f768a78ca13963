//! The audit log: one line for every write, whatever came of it: who, what, when, from where. Paths and principals hold no
//! secrets.

use http::{Response, Uri};
use paste_api::Code;
use paste_engine::Engine;

use crate::{Body, Peer};

/// Who wrote, and from where.
pub(super) struct Author<'a> {
    /// `None`: nobody that could be told.
    pub(super) principal: Option<&'a str>,
    pub(super) peer: &'a Peer,
}

/// Notes a request that was answered.
pub(super) fn note(
    engine: &Engine,
    author: Author<'_>,
    action: &str,
    uri: &Uri,
    response: &Response<Body>,
) {
    let outcome = response.extensions().get::<Code>();
    line(
        engine,
        author,
        action,
        uri.path(),
        uri.query().unwrap_or_default(),
        outcome.map_or("ok", |code| code.as_str()),
    );
}

/// Notes one of several things that a request asked for.
pub(super) fn line(
    engine: &Engine,
    author: Author<'_>,
    action: &str,
    subject: &str,
    scope: &str,
    outcome: &str,
) {
    tracing::info!(
        target: "audit",
        principal = author.principal.unwrap_or("unknown"),
        from = %author.peer.remote,
        action,
        subject,
        scope,
        outcome,
        revision = engine.catalog().revision().0,
    );
}
