//! The way to other nodes: one connection to each, kept open, over which messages go one after the other.

use std::collections::HashMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use http::{HeaderValue, Request};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::SendRequest;
use paste_engine::{Transport, TransportError};
use paste_store::Secret;
use tokio::sync::Mutex;

use crate::client::Target;
use crate::exit::Failure;

/// Where a node takes what others tell it.
const PATH: &str = "/cluster/v1/signs";

/// The connections to all other nodes.
pub(crate) struct Peers {
    ca_file: Option<PathBuf>,
    links: parking_lot::Mutex<HashMap<String, Arc<Link>>>,
}

/// The connection to one node.
struct Link {
    target: Target,
    open: Mutex<Option<SendRequest<Full<Bytes>>>>,
}

impl Peers {
    /// Nodes whose certificates are signed by those in `ca_file`, or by well-known authorities.
    pub(crate) fn new(ca_file: Option<&Path>) -> Self {
        Self {
            ca_file: ca_file.map(Path::to_owned),
            links: parking_lot::Mutex::default(),
        }
    }

    fn link(&self, url: &str) -> Result<Arc<Link>, Failure> {
        let mut links = self.links.lock();
        if let Some(link) = links.get(url) {
            return Ok(Arc::clone(link));
        }
        let link = Arc::new(Link {
            target: Target::new(url, self.ca_file.as_deref())?,
            open: Mutex::new(None),
        });
        links.insert(url.to_owned(), Arc::clone(&link));
        Ok(link)
    }
}

impl Link {
    async fn tell(&self, secret: &Secret, message: Bytes) -> Result<(), TransportError> {
        let mut bearer = HeaderValue::try_from(format!("Bearer {}", secret.reveal()))?;
        bearer.set_sensitive(true);
        let request = Request::post(PATH)
            .header(HOST, self.target.authority())
            .header(AUTHORIZATION, bearer)
            .header(CONTENT_TYPE, "application/x-protobuf")
            .body(Full::new(message))?;
        // One at a time. Whoever is dropped while it waits for the answer takes the connection with it.
        let mut open = self.open.lock().await;
        let mut sender = match open.take().filter(|sender| !sender.is_closed()) {
            Some(sender) => sender,
            None => self.target.connect().await?,
        };
        sender.ready().await?;
        let answer = sender.send_request(request).await?;
        let status = answer.status();
        answer.into_body().collect().await?;
        *open = Some(sender);
        match status.is_success() {
            true => Ok(()),
            false => Err(format!("{} answered {status}", self.target.authority()).into()),
        }
    }
}

impl Transport for Peers {
    fn tell(
        &self,
        url: &str,
        secret: &Secret,
        message: Bytes,
    ) -> Pin<Box<dyn Future<Output = Result<(), TransportError>> + Send>> {
        let (link, secret) = (self.link(url), secret.clone());
        Box::pin(async move { link?.tell(&secret, message).await })
    }
}

impl fmt::Debug for Peers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Peers").finish_non_exhaustive()
    }
}
