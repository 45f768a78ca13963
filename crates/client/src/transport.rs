//! How requests reach the registry. The SDK brings one transport, over hyper; tests and hosts may bring their own.

mod hyper;
mod tls;

use std::future::Future;
use std::pin::Pin;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::combinators::UnsyncBoxBody;

pub use self::hyper::HyperTransport;
pub(crate) use self::hyper::{ConnectTimeout, Connector, Dialer, never_sent};
pub use self::tls::{TlsError, Trust};
use crate::error::BoxError;

/// The body of an answer, read as it comes.
pub type TransportBody = UnsyncBoxBody<Bytes, BoxError>;

/// An answer on its way.
pub type Sending = Pin<Box<dyn Future<Output = Result<Response<TransportBody>, BoxError>> + Send>>;

/// Carries one request to the address in its URI and brings back the answer.
///
/// Time-outs and retries are the caller's. Dropping the future or the body gives up the request. Called only from within
/// a tokio runtime.
pub trait Transport: Send + Sync + 'static {
    /// Sends it.
    fn send(&self, request: Request<Bytes>) -> Sending;
}
