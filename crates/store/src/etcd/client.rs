//! A thin client: the calls of etcd that are used here, over whichever member answers.
//!
//! One connection at a time. When it breaks, or its member can't serve, the next call goes to the next endpoint. Every
//! call ends by the time its caller gives. A call says of each failure whether the request may have reached etcd, which
//! is what decides whether a write can be sent again.

mod lease;

use std::time::Duration;

use http::uri::PathAndQuery;
use parking_lot::Mutex;
use prost::Message;
use tokio::time::{Instant, timeout_at};
use tonic::client::Grpc;
use tonic::metadata::{AsciiMetadataValue, MetadataMap, MetadataValue};
use tonic::{Request, Status, Streaming};
use tonic_prost::ProstCodec;

use super::connect::Connection;
use super::members::Members;
use super::wire::{
    AuthenticateRequest, AuthenticateResponse, RangeRequest, RangeResponse, StatusRequest,
    StatusResponse, TxnRequest, TxnResponse, WatchCreateRequest, WatchRequest, WatchRequestUnion,
    WatchResponse,
};
use super::{Config, Credentials, EtcdError};

const AUTHENTICATE: &str = "/etcdserverpb.Auth/Authenticate";
const RANGE: &str = "/etcdserverpb.KV/Range";
const STATUS: &str = "/etcdserverpb.Maintenance/Status";
const TXN: &str = "/etcdserverpb.KV/Txn";
const WATCH: &str = "/etcdserverpb.Watch/Watch";

/// Largest answer that is taken: a page of records.
const ANSWER_BYTES_MAX: usize = 64 * 1024 * 1024;
/// Between two tries of a call that changes nothing.
const RETRY_PAUSE: Duration = Duration::from_millis(50);

/// A call that failed.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) error: EtcdError,
    /// Whether etcd may have acted on it all the same.
    pub(super) perhaps_done: bool,
}

/// The client.
pub(super) struct Client {
    members: Members,
    user: Option<Credentials>,
    token: Mutex<Option<AsciiMetadataValue>>,
}

impl Client {
    pub(super) fn new(config: &Config) -> Result<Self, EtcdError> {
        Ok(Self {
            members: Members::new(config)?,
            user: config.user.clone(),
            token: Mutex::new(None),
        })
    }

    /// A transaction, sent once.
    pub(super) async fn txn(
        &self,
        request: TxnRequest,
        until: Instant,
    ) -> Result<TxnResponse, Failure> {
        self.call(TXN, request, until).await
    }

    /// A transaction that may be sent again when its answer got lost.
    pub(super) async fn txn_again(
        &self,
        request: TxnRequest,
        until: Instant,
    ) -> Result<TxnResponse, EtcdError> {
        self.insist(TXN, request, until).await
    }

    /// Reads keys, in linear order with all writes.
    pub(super) async fn range(
        &self,
        request: RangeRequest,
        until: Instant,
    ) -> Result<RangeResponse, EtcdError> {
        self.insist(RANGE, request, until).await
    }

    /// How the member that is connected is.
    pub(super) async fn status(&self, until: Instant) -> Result<StatusResponse, EtcdError> {
        self.insist(STATUS, StatusRequest {}, until).await
    }

    /// Begins a watch; it ends when its member loses sight of the others.
    pub(super) async fn watch(
        &self,
        create: WatchCreateRequest,
        until: Instant,
    ) -> Result<Streaming<WatchResponse>, EtcdError> {
        let connection = self.members.connected(until).await?;
        let request = WatchRequest {
            request: Some(WatchRequestUnion::Create(create)),
        };
        // A stream of requests that ends would end the watch.
        let requests = futures_util::StreamExt::chain(
            futures_util::stream::iter([request]),
            futures_util::stream::pending(),
        );
        let mut request = Request::new(requests);
        self.sign(request.metadata_mut(), until).await?;
        let leader = MetadataValue::from_static("true");
        request.metadata_mut().insert("hasleader", leader);
        let call = async {
            let mut grpc = grpc(&connection);
            grpc.ready().await.map_err(broken)?;
            let path = PathAndQuery::from_static(WATCH);
            grpc.streaming(request, path, ProstCodec::default()).await
        };
        match timeout_at(until, call).await {
            Ok(Ok(response)) => Ok(response.into_inner()),
            Ok(Err(status)) => Err(self
                .members
                .failed(&connection, EtcdError::from_status(status))
                .await),
            Err(_) => Err(self.members.failed(&connection, EtcdError::TimedOut).await),
        }
    }

    /// What it means that etcd ended a watch and gave this reason.
    pub(super) fn canceled(&self, reason: String) -> EtcdError {
        let error = EtcdError::from_status(Status::unauthenticated(reason));
        if error.is_stale_token() {
            self.forget_token();
        }
        error
    }

    /// Has the next call fetch a new token.
    fn forget_token(&self) {
        *self.token.lock() = None;
    }

    /// Makes a call that changes nothing, or nothing more when it is made twice, until it is answered.
    async fn insist<M, R>(
        &self,
        path: &'static str,
        message: M,
        until: Instant,
    ) -> Result<R, EtcdError>
    where
        M: Message + Clone + 'static,
        R: Message + Default + 'static,
    {
        let mut cause = None;
        loop {
            let error = match self.call(path, message.clone(), until).await {
                Ok(answer) => return Ok(answer),
                Err(failure) => failure.error.because(cause.take()),
            };
            if !error.is_passing() || Instant::now() + RETRY_PAUSE >= until {
                return Err(error);
            }
            cause = Some(error);
            tokio::time::sleep(RETRY_PAUSE).await;
        }
    }

    /// Makes a call once; twice if its token had run out.
    async fn call<M, R>(&self, path: &'static str, message: M, until: Instant) -> Result<R, Failure>
    where
        M: Message + Clone + 'static,
        R: Message + Default + 'static,
    {
        let not_sent = |error| Failure {
            error,
            perhaps_done: false,
        };
        let mut fresh = false;
        loop {
            let connection = self.members.connected(until).await.map_err(not_sent)?;
            let mut request = Request::new(message.clone());
            let signed = self.sign(request.metadata_mut(), until).await;
            signed.map_err(not_sent)?;
            let error = match timeout_at(until, send(&connection, path, request)).await {
                Ok(Ok(answer)) => return Ok(answer),
                Ok(Err(status)) => EtcdError::from_status(status),
                Err(_) => EtcdError::TimedOut,
            };
            if error.is_stale_token() && !fresh {
                self.forget_token();
                fresh = true;
                continue;
            }
            return Err(Failure {
                perhaps_done: error.is_passing(),
                error: self.members.failed(&connection, error).await,
            });
        }
    }

    /// Puts the token into `metadata`, fetching one if there is none.
    async fn sign(&self, metadata: &mut MetadataMap, until: Instant) -> Result<(), EtcdError> {
        let Some(user) = &self.user else {
            return Ok(());
        };
        let known = self.token.lock().clone();
        let token = match known {
            Some(token) => token,
            None => {
                let token = self.authenticate(user, until).await?;
                *self.token.lock() = Some(token.clone());
                token
            }
        };
        metadata.insert("token", token);
        Ok(())
    }

    async fn authenticate(
        &self,
        user: &Credentials,
        until: Instant,
    ) -> Result<AsciiMetadataValue, EtcdError> {
        let connection = self.members.connected(until).await?;
        let request = Request::new(AuthenticateRequest {
            name: user.name.clone(),
            password: user.password.clone(),
        });
        let answer: AuthenticateResponse =
            match timeout_at(until, send(&connection, AUTHENTICATE, request)).await {
                Ok(Ok(answer)) => answer,
                Ok(Err(status)) => {
                    let error = match EtcdError::from_status(status) {
                        // A wrong password is an invalid argument to etcd.
                        EtcdError::Refused(status) => EtcdError::Denied(status),
                        error => error,
                    };
                    return Err(self.members.failed(&connection, error).await);
                }
                Err(_) => return Err(self.members.failed(&connection, EtcdError::TimedOut).await),
            };
        let mut token =
            AsciiMetadataValue::try_from(answer.token).map_err(|_| EtcdError::Answer {
                found: "its token is no text",
            })?;
        token.set_sensitive(true);
        Ok(token)
    }
}

async fn send<M, R>(
    connection: &Connection,
    path: &'static str,
    request: Request<M>,
) -> Result<R, Status>
where
    M: Message + 'static,
    R: Message + Default + 'static,
{
    let mut grpc = grpc(connection);
    grpc.ready().await.map_err(broken)?;
    let path = PathAndQuery::from_static(path);
    let answer = grpc.unary(request, path, ProstCodec::default()).await?;
    Ok(answer.into_inner())
}

fn grpc(connection: &Connection) -> Grpc<Connection> {
    Grpc::with_origin(connection.clone(), connection.uri.clone())
        .max_decoding_message_size(ANSWER_BYTES_MAX)
}

fn broken(error: hyper::Error) -> Status {
    Status::from_error(Box::new(error))
}
