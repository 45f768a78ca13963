//! Problem documents (RFC 9457), and the catalogue of everything that can go wrong.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Longest path of a field that an answer repeats, in bytes.
const FIELD_BYTES_MAX: usize = 256;
/// Longest rule that a field breaks, with what was found there, in bytes.
const RULE_BYTES_MAX: usize = 512;
/// Longest account of what was wrong with a request, in bytes.
const DETAIL_BYTES_MAX: usize = 2048;

/// What went wrong, as `application/problem+json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Problem {
    /// A URI for this kind of problem: `urn:paste-registry:problem:` and the code.
    #[serde(rename = "type")]
    #[schema(example = "urn:paste-registry:problem:unknown-service")]
    pub kind: String,
    /// The kind of problem in a few words, always the same for a code.
    #[schema(example = "no such service")]
    pub title: String,
    /// The HTTP status.
    #[schema(minimum = 400, maximum = 599, example = 404)]
    pub status: u16,
    /// What was wrong with this request, and what to do.
    pub detail: String,
    /// The stable word for programs.
    #[schema(example = "unknown-service")]
    pub code: String,
    /// Every field that is wrong, where fields are.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldError>,
}

/// One field that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FieldError {
    /// Where: a path into the body such as `checks[0].interval`, a query parameter, a part of the path or a header.
    #[schema(example = "ports.metrics")]
    pub field: String,
    /// Which rule it breaks.
    #[schema(example = "must be a whole number from 1 to 65535")]
    pub detail: String,
}

impl FieldError {
    /// An error of `field`. What is too long is cut, so that bad input costs a bounded answer.
    pub fn new(field: impl Into<String>, detail: impl ToString) -> Self {
        Self {
            field: cut(field.into(), FIELD_BYTES_MAX),
            detail: cut(detail.to_string(), RULE_BYTES_MAX),
        }
    }
}

macro_rules! catalogue {
    ($($(#[doc = $doc:literal])* $name:ident = $word:literal $status:literal $title:literal,)*) => {
        /// Every kind of problem: a stable word, its HTTP status and its title.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Code {
            $($(#[doc = $doc])* $name,)*
        }

        impl Code {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// The stable word.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $word,)*
                }
            }

            /// The HTTP status it is answered with.
            pub fn status(self) -> u16 {
                match self {
                    $(Self::$name => $status,)*
                }
            }

            /// The kind of problem in a few words.
            pub fn title(self) -> &'static str {
                match self {
                    $(Self::$name => $title,)*
                }
            }
        }
    };
}

catalogue! {
    /// The body is not JSON.
    MalformedJson = "malformed-json" 400 "the body is not JSON",
    /// The body has fields that this version doesn't know.
    UnknownField = "unknown-field" 400 "unknown fields in the body",
    /// A field breaks a rule.
    InvalidField = "invalid-field" 400 "a field of the body is invalid",
    /// A field that must be there is not.
    MissingField = "missing-field" 400 "a required field is missing",
    /// A query parameter is unknown or breaks a rule.
    InvalidQuery = "invalid-query" 400 "a query parameter is unknown or invalid",
    /// A name in the path breaks a rule.
    InvalidPath = "invalid-path" 400 "a name in the path is invalid",
    /// A header breaks a rule.
    InvalidHeader = "invalid-header" 400 "a header is invalid",
    /// A watch asks for more than one stream may carry.
    TooManySubscriptions = "too-many-subscriptions" 400 "too many subscriptions for one stream",
    /// Content of a configuration item is malformed, or doesn't fit its schema.
    InvalidContent = "invalid-content" 400 "the content can't be read, or doesn't fit",
    /// What was uploaded is not a backup that can be restored.
    InvalidBackup = "invalid-backup" 400 "the upload is not a usable backup",
    /// No token, or one that is unknown or has expired.
    Unauthenticated = "unauthenticated" 401 "a valid access token is needed",
    /// The token doesn't allow it.
    Forbidden = "forbidden" 403 "the token does not allow this",
    /// A web page tried to speak for its visitor.
    ForeignOrigin = "foreign-origin" 403 "requests without a token must come from this machine itself",
    /// Nothing lives at this path.
    NotFound = "not-found" 404 "nothing here",
    /// A service that was never seen.
    UnknownService = "unknown-service" 404 "no such service",
    /// An instance or session that is not registered: register again.
    NotRegistered = "not-registered" 404 "not registered",
    /// A namespace that doesn't exist.
    UnknownNamespace = "unknown-namespace" 404 "no such namespace",
    /// A token that doesn't exist.
    UnknownToken = "unknown-token" 404 "no such token",
    /// An instance without an override.
    UnknownOverride = "unknown-override" 404 "no override is set",
    /// A service without a policy.
    UnknownPolicy = "unknown-policy" 404 "no policy is set",
    /// A configuration item that doesn't exist.
    UnknownConfig = "unknown-config" 404 "no such configuration item",
    /// A release that an item doesn't have.
    UnknownRelease = "unknown-release" 404 "no such release",
    /// An item of which no release is on trial.
    NoGrayRelease = "no-gray-release" 404 "no release is on trial",
    /// An item of which nothing waits for approval.
    NoDraft = "no-draft" 404 "nothing waits for approval",
    /// The path doesn't know this method.
    MethodNotAllowed = "method-not-allowed" 405 "the method is not allowed here",
    /// The body didn't arrive in time.
    RequestTimeout = "request-timeout" 408 "the body did not arrive in time",
    /// A service that still has instances can't be deleted.
    ServiceNotEmpty = "service-not-empty" 409 "the service still has instances",
    /// A namespace that still has services can't be deleted.
    NamespaceNotEmpty = "namespace-not-empty" 409 "the namespace still has services",
    /// The namespace `default` can't be deleted.
    NamespacePermanent = "namespace-permanent" 409 "the namespace always exists",
    /// The session belongs to somebody else.
    SessionTaken = "session-taken" 409 "the session belongs to another principal",
    /// A token of that name exists.
    TokenExists = "token-exists" 409 "a token of that name exists",
    /// A release is on trial: promote or abort it first.
    GrayReleaseRunning = "gray-release-running" 409 "a release is on trial",
    /// What is released has to be approved first.
    ApprovalNeeded = "approval-needed" 409 "a second person has to approve it",
    /// Whoever wrote a draft can't approve it.
    SecondPersonNeeded = "second-person-needed" 409 "somebody else has to approve it",
    /// No earlier release is kept.
    NothingToGoBackTo = "nothing-to-go-back-to" 409 "there is no earlier release",
    /// What would be tried is in use.
    NothingToTryOut = "nothing-to-try-out" 409 "what would be tried is in use",
    /// A namespace keeps as much configuration as it may.
    QuotaExceeded = "quota-exceeded" 409 "the namespace keeps as much as it may",
    /// A secret can't be stored, as no key is configured.
    NoSecretKey = "no-secret-key" 409 "no key for secrets is configured",
    /// The condition of a conditional write no longer holds.
    RevisionMismatch = "revision-mismatch" 412 "it has been changed by someone else",
    /// The body is over the limit.
    BodyTooLarge = "body-too-large" 413 "the body is too large",
    /// The body is not declared as JSON.
    UnsupportedMediaType = "unsupported-media-type" 415 "the body must be JSON",
    /// Too many requests from one address.
    RateLimited = "rate-limited" 429 "too many requests",
    /// A fault of the registry's own.
    Internal = "internal" 500 "a fault of the registry's own",
    /// Content that is recorded is not in the store.
    ContentLost = "content-lost" 500 "the content is not in the store",
    /// The key of a secret is not configured here, or the secret is damaged.
    SecretKeyMissing = "secret-key-missing" 500 "the secret can't be opened",
    /// Too much is waiting to be written.
    Busy = "busy" 503 "too many writes are waiting",
    /// The store refuses writes.
    StoreUnavailable = "store-unavailable" 503 "the store takes no writes",
    /// The store was given the write, and nobody can say whether it took effect: read, then decide.
    OutcomeUnknown = "outcome-unknown" 503 "whether the write took effect is not known",
    /// The timeline's folder can't be written or read.
    TimelineUnavailable = "timeline-unavailable" 503 "the timeline can't be told",
}

impl Code {
    /// The code of that word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|code| code.as_str() == word)
    }
}

impl Problem {
    /// A problem of this kind. A detail that is too long is cut.
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        Self {
            kind: format!("urn:paste-registry:problem:{}", code.as_str()),
            title: code.title().to_owned(),
            status: code.status(),
            detail: cut(detail.into(), DETAIL_BYTES_MAX),
            code: code.as_str().to_owned(),
            errors: Vec::new(),
        }
    }

    /// A problem that lists what is wrong with each field; the detail repeats them for people.
    pub fn of_fields(code: Code, errors: Vec<FieldError>) -> Self {
        let detail: Vec<_> = errors
            .iter()
            .map(|error| format!("{}: {}", error.field, error.detail))
            .collect();
        Self {
            errors,
            ..Self::new(code, detail.join("; "))
        }
    }
}

fn cut(mut text: String, bytes_max: usize) -> String {
    if text.len() > bytes_max {
        text.truncate(text.floor_char_boundary(bytes_max));
        text.push('…');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_is_repeated_of_a_request_is_bounded() {
        let (field, detail) = ("ä".repeat(9_999), "ö".repeat(9_999));
        let problem =
            Problem::of_fields(Code::InvalidQuery, vec![FieldError::new(field, detail); 32]);
        let ellipsis = '…'.len_utf8();
        assert_eq!(problem.errors[0].field.len(), FIELD_BYTES_MAX + ellipsis);
        assert_eq!(problem.errors[0].detail.len(), RULE_BYTES_MAX + ellipsis);
        assert!(problem.detail.len() <= DETAIL_BYTES_MAX + ellipsis);
    }

    #[test]
    fn words_are_unique_and_readable_back() {
        for code in Code::ALL {
            assert_eq!(Code::from_word(code.as_str()), Some(*code));
            assert!((400..600).contains(&code.status()));
        }
    }
}
