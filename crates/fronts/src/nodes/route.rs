//! Where a message goes: all paths of this front.

use http::Method;

/// What all paths of this front begin with.
pub(super) const PREFIX: &str = "/cluster/";

/// A path that something lives at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Route {
    /// What a node heard of sessions.
    Signs,
}

impl Route {
    /// The place of this front in [`crate::Metrics::ROUTES`].
    pub(super) const INDEX: usize = crate::Metrics::ROUTES.len() - 1;

    /// The route of `path`.
    pub(super) fn of(path: &str) -> Option<Self> {
        (path == "/cluster/v1/signs").then_some(Self::Signs)
    }

    /// The only method that it knows.
    pub(super) fn method(self) -> Method {
        match self {
            Self::Signs => Method::POST,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_paths_are_those_of_the_front() {
        assert_eq!(Route::of("/cluster/v1/signs"), Some(Route::Signs));
        for path in [
            "/cluster/",
            "/cluster/v1/signs/",
            "/cluster/v2/signs",
            "/cluster/v1/sign%73",
        ] {
            assert!(
                path.starts_with(PREFIX) && Route::of(path).is_none(),
                "{path}"
            );
        }
        assert_eq!(crate::Metrics::ROUTES[Route::INDEX], "node-signs");
    }
}
