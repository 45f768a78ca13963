//! Where a request goes: the whole tree of paths on one page.

use std::borrow::Cow;

use http::Method;
use paste_api::Code;
use percent_encoding::percent_decode_str;

use super::configs::ConfigRoute;
use super::failure::Failure;
use crate::Metrics;

/// A path that something lives at, with the names in it as they were sent, decoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Route<'p> {
    Services,
    Service(Name<'p>),
    Instances(Name<'p>),
    Instance(Name<'p>, Name<'p>),
    InstanceHeartbeat(Name<'p>, Name<'p>),
    Override(Name<'p>, Name<'p>),
    Overrides(Name<'p>),
    Policies,
    Policy(Name<'p>),
    PolicyHistory(Name<'p>),
    Stats(Name<'p>),
    Configs(ConfigRoute<'p>),
    Explain(Name<'p>),
    Events(Name<'p>),
    Batch,
    Session(Name<'p>),
    SessionHeartbeat(Name<'p>),
    Watch,
    Namespaces,
    Namespace(Name<'p>),
    Tokens,
    Token(Name<'p>),
    Status,
    Cluster,
    Owner,
    Backup,
    Restore,
    OpenApi,
    Healthz,
    Readyz,
    Metrics,
    Unknown,
}

/// A name in a path. Each is decoded for itself, so that an encoded slash never makes a path longer.
pub(super) type Name<'p> = Cow<'p, str>;

pub(super) const READ: &[Method] = &[Method::GET];

impl<'p> Route<'p> {
    /// The route of `path`.
    pub(super) fn of(path: &'p str) -> Result<Self, Failure> {
        let Some(inner) = path.strip_prefix("/api/v1/") else {
            return Ok(match path {
                "/openapi.json" => Self::OpenApi,
                "/healthz" => Self::Healthz,
                "/readyz" => Self::Readyz,
                "/metrics" => Self::Metrics,
                _ => Self::Unknown,
            });
        };
        let mut segments = [""; 6];
        let mut count = 0;
        for segment in inner.split('/') {
            let Some(place) = segments.get_mut(count) else {
                return Ok(Self::Unknown);
            };
            *place = segment;
            count += 1;
        }
        Ok(match &segments[..count] {
            ["services"] => Self::Services,
            ["services", service] => Self::Service(name("service", service)?),
            ["services", service, "instances"] => Self::Instances(name("service", service)?),
            ["services", service, "explain"] => Self::Explain(name("service", service)?),
            ["services", service, "events"] => Self::Events(name("service", service)?),
            ["services", service, "overrides"] => Self::Overrides(name("service", service)?),
            ["services", service, "stats"] => Self::Stats(name("service", service)?),
            ["policies"] => Self::Policies,
            ["policies", service] => Self::Policy(name("service", service)?),
            ["policies", service, "history"] => Self::PolicyHistory(name("service", service)?),
            ["services", service, "instances", id] => {
                Self::Instance(name("service", service)?, name("id", id)?)
            }
            ["services", service, "instances", id, "heartbeat"] => {
                Self::InstanceHeartbeat(name("service", service)?, name("id", id)?)
            }
            ["services", service, "instances", id, "override"] => {
                Self::Override(name("service", service)?, name("id", id)?)
            }
            ["configs", inner @ ..] => ConfigRoute::of(inner)?.map_or(Self::Unknown, Self::Configs),
            ["batch"] => Self::Batch,
            ["sessions", session] => Self::Session(name("session", session)?),
            ["sessions", session, "heartbeat"] => Self::SessionHeartbeat(name("session", session)?),
            ["watch"] => Self::Watch,
            ["namespaces"] => Self::Namespaces,
            ["namespaces", namespace] => Self::Namespace(name("namespace", namespace)?),
            ["tokens"] => Self::Tokens,
            ["tokens", token] => Self::Token(name("token", token)?),
            ["status"] => Self::Status,
            ["cluster"] => Self::Cluster,
            ["cluster", "owner"] => Self::Owner,
            ["backup"] => Self::Backup,
            ["restore"] => Self::Restore,
            _ => Self::Unknown,
        })
    }

    /// The methods it knows, besides `HEAD` where there is `GET`, and `OPTIONS`.
    pub(super) fn methods(&self) -> &'static [Method] {
        match self {
            Self::Services
            | Self::Instances(_)
            | Self::Explain(_)
            | Self::Events(_)
            | Self::Overrides(_)
            | Self::Policies
            | Self::PolicyHistory(_)
            | Self::Stats(_)
            | Self::Namespaces
            | Self::Tokens
            | Self::Status
            | Self::Cluster
            | Self::Owner
            | Self::Backup
            | Self::OpenApi
            | Self::Healthz
            | Self::Readyz
            | Self::Metrics => READ,
            Self::Service(_) | Self::Policy(_) | Self::Namespace(_) | Self::Override(..) => {
                &[Method::GET, Method::PUT, Method::DELETE]
            }
            Self::Instance(..) => &[Method::GET, Method::PUT, Method::PATCH, Method::DELETE],
            Self::InstanceHeartbeat(..) => &[Method::PUT],
            Self::Batch | Self::SessionHeartbeat(_) | Self::Restore => &[Method::POST],
            Self::Session(_) => &[Method::DELETE],
            Self::Watch => &[Method::GET, Method::POST],
            Self::Token(_) => &[Method::PUT, Method::POST, Method::DELETE],
            Self::Configs(route) => route.methods(),
            Self::Unknown => &[],
        }
    }

    /// Its place in [`crate::Metrics::ROUTES`].
    pub(super) fn index(&self) -> usize {
        match self {
            Self::Services => 0,
            Self::Service(_) => 1,
            Self::Instances(_) => 2,
            Self::Instance(..) => 3,
            Self::InstanceHeartbeat(..) => 4,
            Self::Override(..) => 5,
            Self::Explain(_) => 6,
            Self::Events(_) => 7,
            Self::Batch => 8,
            Self::Session(_) => 9,
            Self::SessionHeartbeat(_) => 10,
            Self::Watch => 11,
            Self::Namespaces => 12,
            Self::Namespace(_) => 13,
            Self::Tokens => 14,
            Self::Token(_) => 15,
            Self::Status => 16,
            Self::Cluster => 17,
            Self::Owner => 18,
            Self::Backup => 19,
            Self::Restore => 20,
            Self::OpenApi => 21,
            Self::Healthz => 22,
            Self::Readyz => 23,
            Self::Metrics => 24,
            Self::Overrides(_) => 25,
            Self::Policies => 26,
            Self::Policy(_) => 27,
            Self::PolicyHistory(_) => 28,
            Self::Stats(_) => 29,
            Self::Unknown => 30,
            Self::Configs(route) => Metrics::CONFIG_ROUTES_AT + route.index(),
        }
    }

    /// Whether anybody may read it: it says nothing of what is registered.
    pub(super) fn open(&self) -> bool {
        matches!(self, Self::OpenApi | Self::Healthz | Self::Readyz)
    }

    /// Whether a request to it that changes something belongs into the audit log. Heartbeats and acknowledgements
    /// change nothing that is kept, and a watch only reads.
    pub(super) fn audited(&self, method: &Method) -> bool {
        !matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
            && !matches!(
                self,
                Self::InstanceHeartbeat(..)
                    | Self::SessionHeartbeat(_)
                    | Self::Watch
                    | Self::Configs(ConfigRoute::Acks)
            )
    }
}

pub(super) fn name<'p>(field: &'static str, segment: &'p str) -> Result<Name<'p>, Failure> {
    percent_decode_str(segment)
        .decode_utf8()
        .map_err(|_| Failure::of_field(Code::InvalidPath, field, "is not UTF-8 once decoded"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_encoded_slash_stays_in_its_name() {
        let route = Route::of("/api/v1/services/a/instances/b%2Fheartbeat").expect("decodes");
        assert_eq!(route, Route::Instance("a".into(), "b/heartbeat".into()));
        assert!(Route::of("/api/v1/services/%ff").is_err());
    }

    #[test]
    fn what_is_longer_than_any_path_is_unknown() {
        for path in [
            "",
            "/",
            "/api/v1",
            "/api/v1/",
            "/api/v1/services/",
            "/api/v1/a/b/c/d/e/f/g/h",
        ] {
            let route = Route::of(path).expect("decodes");
            assert!(
                matches!(route, Route::Unknown | Route::Service(_)),
                "{path}: {route:?}"
            );
        }
    }

    #[test]
    fn every_route_has_a_word_of_its_own() {
        let words: std::collections::HashSet<_> = Metrics::ROUTES.into_iter().collect();
        assert_eq!(words.len(), Metrics::ROUTES.len());
        assert_eq!(Metrics::ROUTES[Route::Unknown.index()], "unknown");
        assert_eq!(Metrics::ROUTES[Route::Watch.index()], "watch");
        for (path, word) in [
            ("/api/v1/configs", "configs"),
            ("/api/v1/configs/effective", "configs-effective"),
            ("/api/v1/configs/g/k", "config"),
            ("/api/v1/configs/g/k/draft/approve", "config-approve"),
        ] {
            let route = Route::of(path).expect("decodes");
            assert_eq!(Metrics::ROUTES[route.index()], word, "{path}");
        }
    }
}
