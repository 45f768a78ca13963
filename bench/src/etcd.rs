//! Puts into etcd over its own gRPC interface, spoken by hand: one message of two fields needs no generated code.

use std::cell::Cell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use bytes::{BufMut, Bytes, BytesMut};
use http::Request;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http2::{self, SendRequest};
use hyper::rt::Executor;
use hyper_util::rt::TokioIo;
use tokio::task::LocalSet;

use crate::Failure;
use crate::load::{self, Meter};
use crate::measure::Sample;
use crate::servers::Server;

/// Puts unique keys for `seconds` over `connections` connections, one in flight on each.
pub(crate) fn puts(
    runtime: &tokio::runtime::Runtime,
    server: &Server,
    connections: usize,
    seconds: u64,
    value: &str,
) -> Result<Sample, Failure> {
    let local = LocalSet::new();
    let (next, answered) = (Rc::new(Cell::new(0_u64)), Rc::new(Cell::new(0_u64)));
    let (address, value) = (server.address(), Bytes::copy_from_slice(value.as_bytes()));
    let meter = Meter::begin(&[server]);
    let (started, until) = (meter.began, meter.began + Duration::from_secs(seconds));
    let tasks: Vec<_> = (0..connections)
        .map(|number| {
            let (next, answered, value) = (Rc::clone(&next), Rc::clone(&answered), value.clone());
            local.spawn_local(async move {
                let stream = load::connect(address, number).await?;
                let (mut sender, connection) =
                    http2::handshake(Local, TokioIo::new(stream)).await?;
                tokio::task::spawn_local(connection);
                while Instant::now() < until {
                    let mine = next.replace(next.get() + 1);
                    let key = format!("/instance/default/bench/{started:?}-{mine}");
                    put(
                        &mut sender,
                        &format!("http://{address}/etcdserverpb.KV/Put"),
                        key.as_bytes(),
                        &value,
                    )
                    .await?;
                    answered.set(answered.get() + 1);
                }
                Ok::<_, Failure>(())
            })
        })
        .collect();
    load::finish(runtime, &local, tasks, &answered, &meter)
}

async fn put(
    sender: &mut SendRequest<Full<Bytes>>,
    uri: &str,
    key: &[u8],
    value: &[u8],
) -> Result<(), Failure> {
    let request = Request::post(uri)
        .header("content-type", "application/grpc")
        .header("te", "trailers")
        .body(Full::new(message(key, value)))?;
    sender.ready().await?;
    let response = sender
        .send_request(request)
        .await?
        .into_body()
        .collect()
        .await?;
    let status = response
        .trailers()
        .and_then(|trailers| trailers.get("grpc-status"));
    if status.is_some_and(|status| status == "0") {
        return Ok(());
    }
    Err(format!("etcd refused a put: {:?}", response.trailers()).into())
}

/// `PutRequest { key = 1, value = 2 }` behind gRPC's prefix of five bytes (no compression, length).
fn message(key: &[u8], value: &[u8]) -> Bytes {
    let mut fields = BytesMut::new();
    for (tag, field) in [(0x0a, key), (0x12, value)] {
        fields.put_u8(tag);
        let mut length = field.len();
        while length >= 0x80 {
            fields.put_u8(u8::try_from(length & 0x7f).unwrap_or(0) | 0x80);
            length >>= 7;
        }
        fields.put_u8(u8::try_from(length).unwrap_or(0));
        fields.put_slice(field);
    }
    let mut message = BytesMut::with_capacity(fields.len() + 5);
    message.put_u8(0);
    message.put_u32(u32::try_from(fields.len()).unwrap_or(u32::MAX));
    message.extend_from_slice(&fields);
    message.freeze()
}

/// Runs hyper's tasks on this thread.
#[derive(Clone)]
struct Local;

impl<F: Future<Output = ()> + 'static> Executor<F> for Local {
    fn execute(&self, task: F) {
        tokio::task::spawn_local(task);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_put_is_encoded_as_protobuf_behind_a_length() {
        assert_eq!(
            &message(b"k", b"vv")[..],
            b"\0\0\0\0\x07\x0a\x01k\x12\x02vv"
        );
        let long = message(b"k", &[b'v'; 300]);
        assert_eq!(&long[8..11], b"\x12\xac\x02");
    }
}
