//! Paths of the registry's API, encoded as they are built.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// What stays as it is in a path or query: the unreserved characters of RFC 3986 §2.3.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// The namespace that is not named in requests.
const DEFAULT_NAMESPACE: &str = "default";

/// A path under `/api/v1`, of segments that may contain anything, in a namespace.
pub(crate) fn route(namespace: &str, segments: &[&str]) -> String {
    let mut path = String::from("/api/v1");
    for segment in segments {
        path.push('/');
        path.extend(utf8_percent_encode(segment, ENCODED));
    }
    if namespace != DEFAULT_NAMESPACE {
        path.push_str("?namespace=");
        path.extend(utf8_percent_encode(namespace, ENCODED));
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_encoded_and_the_default_namespace_is_not_named() {
        let segments = ["services", "a/b", "instances", "x y"];
        assert_eq!(
            route("default", &segments),
            "/api/v1/services/a%2Fb/instances/x%20y"
        );
        assert_eq!(
            route("shop&", &["watch"]),
            "/api/v1/watch?namespace=shop%26"
        );
    }
}
