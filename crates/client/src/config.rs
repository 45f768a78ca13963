//! Configuration items: their value now, and word of each release.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use paste_api::ConfigFormat;

use crate::client::Shared;
use crate::copy::ConfigCopy;
use crate::error::BoxError;

/// What a configuration item holds.
#[derive(Clone, PartialEq, Eq)]
pub struct ConfigValue {
    /// Counts the item's releases, from 1.
    pub release: u64,
    /// How the content is read.
    pub format: ConfigFormat,
    /// The content.
    pub content: Arc<str>,
    /// Whether it is a secret: never written to disk, never shown by `Debug`.
    pub secret: bool,
}

impl fmt::Debug for ConfigValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let content: &str = if self.secret {
            "(secret)"
        } else {
            &self.content
        };
        f.debug_struct("ConfigValue")
            .field("release", &self.release)
            .field("format", &self.format)
            .field("content", &content)
            .finish()
    }
}

/// A configuration item that is followed. Cloning it costs nothing.
#[derive(Clone)]
pub struct Config {
    pub(crate) shared: Arc<Shared>,
    pub(crate) copy: Arc<ConfigCopy>,
}

impl Config {
    /// Its value; nothing where there is no such item, or while nothing is known of it.
    pub fn value(&self) -> Option<ConfigValue> {
        self.copy.value()
    }

    /// Waits until the registry or the disk has told of it, at most `limit`. Tells whether it has.
    pub async fn wait(&self, limit: Duration) -> bool {
        let mut known = self.copy.changes();
        let waiting = async move { known.wait_for(Option::is_some).await.is_ok() };
        self.shared.within(limit, waiting).await.unwrap_or(false)
    }

    /// Calls `callback` with each release from now on, and at once with what is there; `None` when the item was removed.
    ///
    /// One call at a time, on a thread of the SDK's own. What it returns is told to the registry: that the release is in
    /// use here, or why it couldn't be. Where it takes so long that over 16 releases wait, the oldest are left out.
    pub fn on_change<F>(&self, callback: F)
    where
        F: FnMut(Option<&ConfigValue>) -> Result<(), BoxError> + Send + 'static,
    {
        self.copy
            .listen(&self.shared.dispatcher, &self.shared.acks, callback);
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Config").field(&self.copy.name()).finish()
    }
}
