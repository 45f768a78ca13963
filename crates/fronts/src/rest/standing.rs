//! What every answer says of the node that gives it, where something is wrong with it: that what it knows is old, and that
//! clients should prefer another node.

use http::{HeaderMap, HeaderName, HeaderValue};
use paste_engine::Engine;

/// For how many seconds the node hasn't reached the store.
const STALE: HeaderName = HeaderName::from_static("x-registry-stale");
/// The node is cut off from the store or from its place among the others.
const ISOLATED: HeaderName = HeaderName::from_static("x-registry-isolated");

/// Notes how `engine` stands. A node that is alone has nothing to look up, and one that is well says nothing.
pub(super) fn note(engine: &Engine, headers: &mut HeaderMap) {
    if let Some(seconds) = engine.stale() {
        headers.insert(STALE, HeaderValue::from(seconds));
    }
    if engine.isolated() {
        headers.insert(ISOLATED, HeaderValue::from_static("true"));
    }
}
