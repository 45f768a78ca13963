//! Configuration: items, their releases, gray releases, drafts, and who has which.

pub(super) mod drafts;
mod encoded;
pub(super) mod feed;
pub(super) mod gray;
pub(super) mod history;
pub(super) mod item;
pub(super) mod list;
mod poll;
mod route;
pub(super) mod several;
mod shown;
pub(super) mod subscribers;

pub(super) use self::encoded::Encoded;
pub(super) use self::item::at_once;
pub(super) use self::route::ConfigRoute;

use compact_str::CompactString;
use http::Method;
use paste_api::Code;
use paste_engine::{EngineError, Following};
use paste_model::{ConfigGroup, ConfigKey, ConfigName, Receiver, ReleaseNumber, SessionId};

use super::answer::Answered;
use super::call::{Call, path};
use super::failure::Failure;
use super::query::{invalid, whole};

/// Most labels of one reader.
const LABELS_MAX: usize = paste_model::limits::METADATA_KEYS_MAX;

/// Answers whatever is asked of configuration.
pub(super) async fn dispatch(route: &ConfigRoute<'_>, call: Call) -> Answered {
    use ConfigRoute as Route;
    let method = call.method.clone();
    match (route, method) {
        (Route::List, _) => list::get(call).await,
        (Route::Item(group, key), Method::PUT) => item::put(call, group, key).await,
        (Route::Item(group, key), Method::DELETE) => item::delete(call, group, key).await,
        (Route::Item(group, key), _) => item::get(call, group, key).await,
        (Route::Releases(group, key), _) => history::list(call, group, key),
        (Route::Release(group, key, number), _) => history::get(call, group, key, number).await,
        (Route::Diff(group, key), _) => history::diff(call, group, key).await,
        (Route::Rollback(group, key), _) => history::rollback(call, group, key).await,
        (Route::Gray(group, key), Method::DELETE) => gray::delete(call, group, key).await,
        (Route::Gray(group, key), _) => gray::post(call, group, key).await,
        (Route::Draft(group, key), Method::PUT) => drafts::put(call, group, key).await,
        (Route::Draft(group, key), Method::DELETE) => drafts::delete(call, group, key).await,
        (Route::Draft(group, key), _) => drafts::get(call, group, key).await,
        (Route::Approve(group, key), _) => drafts::approve(call, group, key).await,
        (Route::Subscribers(group, key), _) => subscribers::list(call, group, key),
        (Route::Events(group, key), _) => history::events(call, group, key).await,
        (Route::Together, _) => several::release(call).await,
        (Route::Clone, _) => several::clone(call).await,
        (Route::Acks, _) => subscribers::acks(call).await,
        (Route::Effective, _) => list::effective(call).await,
    }
}

impl Call {
    /// The item of that name in the query's namespace.
    fn config(&mut self, group: &str, key: &str) -> Result<ConfigKey, Failure> {
        Ok(ConfigKey {
            namespace: self.query.namespace()?,
            group: ConfigGroup::new(group).map_err(|error| path("group", error))?,
            name: ConfigName::new(key).map_err(|error| path("key", error))?,
        })
    }

    /// Who reads: as the query says, and where the connection comes from.
    fn receiver(&mut self) -> Result<Receiver, Failure> {
        let session = self.query.one("session")?;
        let session = session.map(|id| SessionId::new(&id)).transpose();
        let session = session.map_err(|error| invalid("session", error))?;
        let zone = self.query.one("zone")?.map(CompactString::from);
        let labels = labels(self.query.prefixed("label."), |detail| {
            invalid("label", detail)
        })?;
        Ok(self
            .engine()
            .receiver(session, zone, labels, self.address()))
    }

    /// The release that a parameter of the query names.
    fn release(&mut self, name: &str) -> Result<Option<ReleaseNumber>, Failure> {
        Ok(self.query.number(name)?.map(ReleaseNumber))
    }

    /// Where the connection comes from.
    pub(super) fn address(&self) -> CompactString {
        compact_str::format_compact!("{}", self.peer.remote.ip())
    }
}

/// What a reader says of itself, if it isn't too much.
pub(super) fn labels<E>(
    pairs: Vec<(String, String)>,
    refuse: impl Fn(String) -> E,
) -> Result<Vec<(CompactString, CompactString)>, E> {
    if pairs.len() > LABELS_MAX {
        return Err(refuse(format!(
            "over {LABELS_MAX} are given (metadata_keys_max)"
        )));
    }
    Ok(pairs
        .into_iter()
        .map(|(name, value)| (name.into(), value.into()))
        .collect())
}

/// The number of a release, as a path says it.
fn release_of(text: &str) -> Option<ReleaseNumber> {
    whole(text).map(ReleaseNumber)
}

/// The number of a release.
fn release_number(field: &str, number: u64) -> Result<ReleaseNumber, Failure> {
    if number == 0 {
        return Err(Failure::of_field(
            Code::InvalidField,
            field,
            "releases are counted from 1",
        ));
    }
    Ok(ReleaseNumber(number))
}

/// Content is text; what is stored of it can be nothing else.
fn text(content: &[u8]) -> Result<String, Failure> {
    let text = std::str::from_utf8(content).map(str::to_owned);
    text.map_err(|error| {
        EngineError::ContentLost {
            detail: format!("the content is not UTF-8: {error}"),
        }
        .into()
    })
}

/// What follows items for a stream.
pub(super) type Follower = Following;
