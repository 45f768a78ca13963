//! The nodes of one registry: which of them to speak to.
//!
//! Everything goes to the same address: a node that lags behind another would tell of a past that is gone. The next one
//! is taken when one fails, and when one says that it is isolated.

use std::time::Duration;

use http::uri::{Authority, PathAndQuery, Scheme};
use http::{HeaderMap, Uri};
use parking_lot::Mutex;
use tokio::sync::watch;

use crate::clock::Random;
use crate::error::ConnectError;

/// An isolated node makes the SDK move at most once in this time.
const ISOLATED_MOVE_EVERY: Duration = Duration::from_secs(30);
/// For so long it is believed that a node which said so is isolated, when nothing is heard of it.
const ISOLATED_BELIEVED: Duration = Duration::from_secs(120);
/// What an isolated node says.
const ISOLATED: &str = "x-registry-isolated";

/// The addresses, and the one in use.
#[derive(Debug)]
pub(crate) struct Addresses {
    urls: Vec<Uri>,
    current: watch::Sender<usize>,
    isolation: Mutex<Isolation>,
}

#[derive(Debug)]
struct Isolation {
    /// When each last said that it is isolated.
    said: Vec<Option<Duration>>,
    moved: Option<Duration>,
}

impl Addresses {
    /// Reads the URLs, and begins with one at random.
    pub(crate) fn new(urls: &[String], random: &dyn Random) -> Result<Self, ConnectError> {
        let urls: Vec<Uri> = urls
            .iter()
            .map(|url| parse(url))
            .collect::<Result<_, _>>()?;
        let count = u64::try_from(urls.len()).unwrap_or(u64::MAX);
        if count == 0 {
            return Err(ConnectError::NoUrl);
        }
        let first = usize::try_from(random.draw() % count).unwrap_or(0);
        Ok(Self {
            current: watch::Sender::new(first),
            isolation: Mutex::new(Isolation {
                said: vec![None; urls.len()],
                moved: None,
            }),
            urls,
        })
    }

    /// The address in use.
    pub(crate) fn current(&self) -> usize {
        *self.current.borrow()
    }

    /// Tells when another address is in use.
    pub(crate) fn changes(&self) -> watch::Receiver<usize> {
        self.current.subscribe()
    }

    /// The URI of a path at an address.
    pub(crate) fn uri(&self, index: usize, path: &str) -> Result<Uri, http::Error> {
        let base = &self.urls[index];
        let path = format!("{}{path}", base.path().trim_end_matches('/'));
        let mut parts = base.clone().into_parts();
        parts.path_and_query = Some(PathAndQuery::try_from(path)?);
        Ok(Uri::from_parts(parts)?)
    }

    /// An address, for people.
    pub(crate) fn name(&self, index: usize) -> String {
        self.urls[index].to_string()
    }

    /// A request to `index` failed: the next one, unless somebody else has moved on already.
    pub(crate) fn failed(&self, index: usize) {
        let next = (index + 1) % self.urls.len();
        self.current.send_if_modified(|current| {
            let moves = *current == index && next != index;
            if moves {
                *current = next;
            }
            moves
        });
    }

    /// Hears what an answer says of its node.
    pub(crate) fn heard(&self, index: usize, headers: &HeaderMap, now: Duration) {
        let isolated = headers.contains_key(ISOLATED);
        let mut isolation = self.isolation.lock();
        isolation.said[index] = isolated.then_some(now);
        if !isolated || self.current() != index {
            return;
        }
        let moved = isolation.moved;
        if moved.is_some_and(|moved| now.saturating_sub(moved) < ISOLATED_MOVE_EVERY) {
            return;
        }
        let count = self.urls.len();
        let mut others = (1..count).map(|step| (index + step) % count);
        let believed = |said: Option<Duration>| {
            said.is_some_and(|said| now.saturating_sub(said) < ISOLATED_BELIEVED)
        };
        // Where all are isolated, moving on helps nobody.
        if let Some(better) = others.find(|other| !believed(isolation.said[*other])) {
            isolation.moved = Some(now);
            drop(isolation);
            self.current.send_replace(better);
        }
    }
}

fn parse(url: &str) -> Result<Uri, ConnectError> {
    let wrong = || ConnectError::Url {
        url: url.to_owned(),
    };
    let parsed: Uri = url.trim().parse().map_err(|_| wrong())?;
    let known = [Scheme::HTTP, Scheme::HTTPS];
    let scheme = parsed.scheme().filter(|scheme| known.contains(scheme));
    let host = parsed.authority().map(Authority::host);
    if scheme.is_none() || host.is_none_or(str::is_empty) || parsed.query().is_some() {
        return Err(wrong());
    }
    Ok(parsed)
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Zero;

    impl Random for Zero {
        fn draw(&self) -> u64 {
            0
        }
    }

    fn three() -> Addresses {
        let urls = ["http://a:1", "http://b:2/", "https://c/registry/"].map(str::to_owned);
        Addresses::new(&urls, &Zero).expect("valid")
    }

    fn isolated(value: bool) -> HeaderMap {
        let mut headers = HeaderMap::new();
        if value {
            headers.insert(ISOLATED, http::HeaderValue::from_static("true"));
        }
        headers
    }

    #[test]
    fn paths_come_after_what_the_url_has() {
        let addresses = three();
        let uri = |index| {
            let uri = addresses.uri(index, "/api/v1/watch?x=y");
            uri.expect("valid").to_string()
        };
        assert_eq!(uri(1), "http://b:2/api/v1/watch?x=y");
        assert_eq!(uri(2), "https://c/registry/api/v1/watch?x=y");
        for bad in ["", "a:1", "ftp://a", "http://", "http://a?b"] {
            assert!(Addresses::new(&[bad.to_owned()], &Zero).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_failure_moves_on_once_however_many_saw_it() {
        let addresses = three();
        addresses.failed(0);
        addresses.failed(0);
        assert_eq!(addresses.current(), 1);
        addresses.failed(1);
        addresses.failed(2);
        assert_eq!(addresses.current(), 0);
    }

    #[test]
    fn an_isolated_node_is_left_and_all_isolated_ones_are_stayed_with() {
        let addresses = three();
        let at = Duration::from_secs;
        addresses.heard(0, &isolated(true), at(0));
        assert_eq!(addresses.current(), 1);
        addresses.heard(1, &isolated(true), at(29));
        assert_eq!(addresses.current(), 1, "not twice in 30 s");
        addresses.heard(1, &isolated(true), at(30));
        assert_eq!(addresses.current(), 2);
        addresses.heard(2, &isolated(true), at(70));
        assert_eq!(addresses.current(), 2, "all are isolated");
        addresses.heard(0, &isolated(false), at(71));
        addresses.heard(2, &isolated(true), at(72));
        assert_eq!(addresses.current(), 0);
    }
}
