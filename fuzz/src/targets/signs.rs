//! What nodes tell each other, taken by the front for nodes over a small registry that shares its store.

mod node;

use http::StatusCode;

/// Promises: whatever comes from who knows the secret is taken or refused, and never the registry's fault; the same message
/// is answered the same way again; and nobody is forgotten because of it.
pub(crate) fn run(input: &[u8]) {
    let answered = node::tell(input);
    assert!(
        matches!(
            answered,
            StatusCode::NO_CONTENT | StatusCode::BAD_REQUEST | StatusCode::PAYLOAD_TOO_LARGE
        ),
        "{answered}"
    );
    assert_eq!(node::tell(input), answered);
    assert!(node::knows_its_session(), "a session is gone");
}
