//! What goes wrong, and the one map from it to an answer.

use std::time::Duration;

use http::header::{ALLOW, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, Method, Response, StatusCode};
use paste_api::{Code, FieldError, Problem, Refusal};
use paste_engine::EngineError;

use super::answer;
use crate::Body;

/// A request that can't be answered as it was meant.
#[derive(Debug, Clone)]
pub(super) struct Failure(Box<Inner>);

#[derive(Debug, Clone)]
struct Inner {
    code: Code,
    problem: Problem,
    retry_after: Option<Duration>,
    allow: Option<HeaderValue>,
}

impl Failure {
    /// A failure of this kind.
    pub(super) fn new(code: Code, detail: impl Into<String>) -> Self {
        Self::from_problem(code, Problem::new(code, detail))
    }

    /// A failure of one field: of the body, the query, the path or a header.
    pub(super) fn of_field(code: Code, field: impl Into<String>, detail: impl ToString) -> Self {
        Self::from_problem(
            code,
            Problem::of_fields(code, vec![FieldError::new(field, detail)]),
        )
    }

    /// A path that doesn't know the method.
    pub(super) fn method(methods: &[Method]) -> Self {
        let allow = allow(methods);
        let detail = format!(
            "this path knows {}",
            String::from_utf8_lossy(allow.as_bytes())
        );
        let mut failure = Self::new(Code::MethodNotAllowed, detail);
        failure.0.allow = Some(allow);
        failure
    }

    /// A failure that may pass after a while.
    pub(super) fn later(code: Code, detail: impl Into<String>, after: Duration) -> Self {
        let mut failure = Self::new(code, detail);
        failure.0.retry_after = Some(after);
        failure
    }

    /// The problem document.
    pub(super) fn into_problem(self) -> Problem {
        self.0.problem
    }

    /// The same failure, each of its fields within `place`.
    pub(super) fn within(mut self, place: &str) -> Self {
        let errors = std::mem::take(&mut self.0.problem.errors);
        let moved: Vec<_> = errors
            .into_iter()
            .map(|error| FieldError::new(format!("{place}.{}", error.field), error.detail))
            .collect();
        if !moved.is_empty() {
            self.0.problem = Problem::of_fields(self.0.code, moved);
        }
        self
    }

    pub(super) fn from_problem(code: Code, problem: Problem) -> Self {
        Self(Box::new(Inner {
            code,
            problem,
            retry_after: None,
            allow: None,
        }))
    }

    /// The answer: a problem document with the headers that belong to its kind.
    pub(super) fn into_response(self) -> Response<Body> {
        let Inner {
            code,
            problem,
            retry_after,
            allow,
        } = *self.0;
        let status =
            StatusCode::from_u16(code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = answer::json_of(status, &problem);
        let headers = response.headers_mut();
        headers.insert(http::header::CONTENT_TYPE, answer::PROBLEM);
        if let Some(after) = retry_after {
            headers.insert(RETRY_AFTER, after.as_secs().max(1).into());
        }
        if let Some(allow) = allow {
            headers.insert(ALLOW, allow);
        }
        if code == Code::Unauthenticated {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response.extensions_mut().insert(code);
        response
    }
}

/// What `Allow` says for these methods.
pub(super) fn allow(methods: &[Method]) -> HeaderValue {
    let mut words: Vec<&str> = methods.iter().map(Method::as_str).collect();
    if methods.contains(&Method::GET) {
        words.push("HEAD");
    }
    words.push("OPTIONS");
    HeaderValue::try_from(words.join(", ")).unwrap_or_else(|_| HeaderValue::from_static("OPTIONS"))
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self::from_problem(refusal.code, refusal.into())
    }
}

/// The engine's words for what isn't there and what stands in the way are those of the catalogue.
fn code_of(error: &EngineError) -> Code {
    match error {
        EngineError::Unauthenticated { .. } => Code::Unauthenticated,
        EngineError::Forbidden { .. } => Code::Forbidden,
        EngineError::UnknownService(_) => Code::UnknownService,
        EngineError::NotRegistered { .. } => Code::NotRegistered,
        EngineError::NotFound { code, .. } | EngineError::Conflict { code, .. } => {
            Code::from_word(code).unwrap_or(Code::Internal)
        }
        EngineError::Moved { .. } => Code::RevisionMismatch,
        EngineError::Invalid { .. } => Code::InvalidField,
        EngineError::Unreadable { .. } => Code::InvalidContent,
        EngineError::ContentLost { .. } => Code::ContentLost,
        EngineError::Secret(error) => Code::from_word(error.code()).unwrap_or(Code::Internal),
        EngineError::Busy { .. } => Code::Busy,
        EngineError::Refused(_) => Code::StoreUnavailable,
        EngineError::OutcomeUnknown(_) => Code::OutcomeUnknown,
        EngineError::Timeline { .. } => Code::TimelineUnavailable,
        EngineError::Read { .. } => Code::Internal,
    }
}

impl From<EngineError> for Failure {
    fn from(error: EngineError) -> Self {
        let code = code_of(&error);
        let retry_after = error.retry_after();
        if code == Code::Internal {
            tracing::error!(%error, "a request failed through a fault of our own");
        }
        let mut failure = match error {
            EngineError::Invalid { field, detail } => Self::of_field(code, field, detail),
            EngineError::Unreadable { detail, errors } => {
                let errors = errors.into_iter();
                let errors = errors.map(|(field, reason)| FieldError::new(field, reason));
                let mut problem = Problem::of_fields(code, errors.collect());
                problem.detail = format!("{detail}: {}", problem.detail);
                Self::from_problem(code, problem)
            }
            error => Self::new(code, error.to_string()),
        };
        failure.0.retry_after = retry_after;
        failure
    }
}

#[cfg(test)]
mod tests {
    use paste_store::CommitError;

    use super::*;

    #[test]
    fn what_the_engine_says_has_its_code() {
        let detail = || "why".to_owned();
        let after = Duration::from_millis(1500);
        for (error, code, status, retry_after) in [
            (
                EngineError::Busy {
                    retry_after: after,
                    detail: detail(),
                },
                "busy",
                503,
                "1",
            ),
            (
                EngineError::Busy {
                    retry_after: Duration::ZERO,
                    detail: detail(),
                },
                "busy",
                503,
                "1",
            ),
            (
                EngineError::NotFound {
                    code: "unknown-token",
                    detail: detail(),
                },
                "unknown-token",
                404,
                "",
            ),
            (
                EngineError::Conflict {
                    code: "no word of the catalogue",
                    detail: detail(),
                },
                "internal",
                500,
                "",
            ),
            (
                EngineError::OutcomeUnknown(CommitError::Closed),
                "outcome-unknown",
                503,
                "1",
            ),
            (
                EngineError::Moved { found: None },
                "revision-mismatch",
                412,
                "",
            ),
        ] {
            let response = Failure::from(error).into_response();
            assert_eq!(response.status(), status, "{code}");
            assert_eq!(
                response
                    .extensions()
                    .get::<Code>()
                    .map(|code| code.as_str()),
                Some(code)
            );
            let header = response
                .headers()
                .get(RETRY_AFTER)
                .map(|value| value.to_str().expect("text"));
            assert_eq!(header.unwrap_or_default(), retry_after, "{code}");
        }
    }

    #[test]
    fn a_field_can_be_moved_into_its_place() {
        let failure = Failure::of_field(Code::InvalidField, "port", "x").within("items[3]");
        assert_eq!(failure.into_problem().detail, "items[3].port: x");
    }
}
