//! What goes wrong, and the one map from it to an answer: a problem document, as everywhere on this listener, for the
//! person who reads the log of the node that was refused.

use http::header::{ALLOW, CONTENT_LENGTH, CONTENT_TYPE, WWW_AUTHENTICATE};
use http::{HeaderValue, Method, Response, StatusCode};
use paste_api::{Code, FieldError, Problem};
use paste_engine::InvalidSigns;

use crate::Body;

/// A message that isn't taken.
#[derive(Debug)]
pub(super) enum Failure {
    /// This node shares its store with nobody.
    Alone,
    /// Nothing lives at the path.
    Elsewhere,
    /// The path knows another method.
    Method(Method),
    /// Who calls doesn't show that it is a node of this registry.
    Stranger,
    /// The message is over the limit.
    TooLarge,
    /// The message didn't arrive in time.
    TooSlow,
    /// The message broke off.
    Broken(String),
    /// It is no message of a node.
    Unreadable(InvalidSigns),
}

impl Failure {
    fn problem(&self) -> (Code, Problem) {
        let of = |code, detail: &str| (code, Problem::new(code, detail));
        let of_body = |detail: &dyn ToString| {
            let errors = vec![FieldError::new("body", detail.to_string())];
            (
                Code::InvalidField,
                Problem::of_fields(Code::InvalidField, errors),
            )
        };
        match self {
            Self::Alone => of(
                Code::NotFound,
                "this node is alone: it shares its store with nobody",
            ),
            Self::Elsewhere => of(
                Code::NotFound,
                "nothing lives here; this path is for the nodes of a registry only",
            ),
            Self::Method(method) => of(
                Code::MethodNotAllowed,
                &format!("this path knows {method}, and only from nodes of this registry"),
            ),
            Self::Stranger => of(
                Code::Unauthenticated,
                "only nodes of this registry may call this; the secret that they share was not shown",
            ),
            Self::TooLarge => of(
                Code::BodyTooLarge,
                &format!(
                    "the limit (signs_bytes_max) is {} bytes",
                    super::SIGNS_BYTES_MAX
                ),
            ),
            Self::TooSlow => of(Code::RequestTimeout, "send the message without pauses"),
            Self::Broken(detail) => of_body(&format_args!("it broke off: {detail}")),
            Self::Unreadable(error) => of_body(error),
        }
    }

    /// The answer.
    pub(super) fn into_response(self) -> Response<Body> {
        let (code, problem) = self.problem();
        // What has no text is sent without one: the status says it.
        let text = serde_json::to_vec(&problem).unwrap_or_default();
        let length = HeaderValue::from(text.len());
        let mut response = Response::new(Body::from(text));
        *response.status_mut() =
            StatusCode::from_u16(code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let headers = response.headers_mut();
        headers.insert(
            CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        headers.insert(CONTENT_LENGTH, length);
        match self {
            Self::Stranger => {
                headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            }
            Self::Method(method) => {
                if let Ok(method) = HeaderValue::from_str(method.as_str()) {
                    headers.insert(ALLOW, method);
                }
            }
            Self::Alone
            | Self::Elsewhere
            | Self::TooLarge
            | Self::TooSlow
            | Self::Broken(_)
            | Self::Unreadable(_) => {}
        }
        response
    }
}

impl From<InvalidSigns> for Failure {
    fn from(error: InvalidSigns) -> Self {
        match error {
            InvalidSigns::Alone => Self::Alone,
            InvalidSigns::Unreadable(_) | InvalidSigns::Nameless => Self::Unreadable(error),
        }
    }
}
