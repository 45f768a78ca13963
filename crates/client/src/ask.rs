//! What a caller asks for when it chooses.

use http::HeaderMap;
use paste_model::{InstanceId, Label};
use paste_traffic::{Question, Selector, VersionRange};

/// What an instance is to be like, and what the request says. The default asks for any instance.
///
/// ```
/// use paste_registry_client::Ask;
///
/// let ask = Ask::any().version("^1.2")?.tag("fast")?.metadata("tier", "gold")?.hash_key("user-7");
/// # let _ = ask;
/// # Ok::<(), paste_registry_client::AskError>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct Ask {
    selector: Selector,
    headers: Headers,
    hash_key: Option<String>,
    tried: Vec<InstanceId>,
}

/// Something that can't be asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AskError {
    /// The version range can't be read.
    #[error(transparent)]
    Version(#[from] paste_traffic::InvalidVersionRange),
    /// A tag breaks the rules of labels.
    #[error(transparent)]
    Tag(#[from] paste_model::InvalidInstance),
    /// Too much is asked for at once.
    #[error(transparent)]
    TooMuch(#[from] paste_traffic::InvalidSelector),
    /// An excluded id is none.
    #[error(transparent)]
    Id(#[from] paste_model::InvalidName),
}

impl Ask {
    /// Any instance.
    pub fn any() -> Self {
        Self::default()
    }

    /// Its version is in this range, such as `^1.2`.
    pub fn version(mut self, range: &str) -> Result<Self, AskError> {
        self.selector.version = Some(range.parse::<VersionRange>()?);
        self.checked()
    }

    /// It carries this tag; several tags are all asked for.
    pub fn tag(mut self, tag: &str) -> Result<Self, AskError> {
        self.selector.tags.push(Label::new("tag", tag)?);
        self.checked()
    }

    /// Its metadata holds this pair; several are all asked for.
    pub fn metadata(mut self, key: &str, value: &str) -> Result<Self, AskError> {
        self.selector.metadata.push((key.into(), value.into()));
        self.checked()
    }

    /// Headers of the request, for rules of the policy and for its hash header.
    #[must_use]
    pub fn headers(mut self, headers: HeaderMap) -> Self {
        self.headers = Headers(headers);
        self
    }

    /// The key of hashing balancers, where no header gives it.
    #[must_use]
    pub fn hash_key(mut self, key: impl Into<String>) -> Self {
        self.hash_key = Some(key.into());
        self
    }

    /// Not this instance, while there is another.
    pub fn excluding(mut self, id: &str) -> Result<Self, AskError> {
        self.tried.push(InstanceId::new(id)?);
        Ok(self)
    }

    pub(crate) fn tried(&mut self, id: InstanceId) {
        self.tried.push(id);
    }

    pub(crate) fn question(&self) -> Question<'_> {
        Question {
            selector: Some(&self.selector).filter(|selector| !selector.is_any()),
            headers: (!self.headers.0.is_empty()).then_some(&self.headers as _),
            hash_key: self.hash_key.as_deref(),
            tried: &self.tried,
        }
    }

    fn checked(self) -> Result<Self, AskError> {
        self.selector.validate()?;
        Ok(self)
    }
}

/// Headers as rules look them up: without regard to case, the first of several values.
#[derive(Debug, Clone, Default)]
struct Headers(HeaderMap);

impl paste_traffic::Headers for Headers {
    fn value(&self, name: &str) -> Option<&str> {
        self.0
            .get(name)
            .and_then(|value| std::str::from_utf8(value.as_bytes()).ok())
    }
}
