//! Puts many instances into a registry, by batches.

use crate::Failure;
use crate::load::{self, request};
use crate::servers::Server;

/// Items in a batch.
pub(crate) const BATCH_ITEMS: usize = 1_000;

/// Connections that batches go over.
const CONNECTIONS: usize = 8;

/// How instances are spread.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shape {
    pub(crate) instances: usize,
    pub(crate) per_service: usize,
}

impl Shape {
    pub(crate) fn services(self) -> usize {
        self.instances.div_ceil(self.per_service)
    }
}

/// The name of a service by its number.
pub(crate) fn service(number: usize) -> String {
    format!("service-{number}")
}

/// What an instance registers: an address, a port, a version, a zone, and a session that ten instances share and that
/// outlives the bench, so that nothing but the measured load happens.
pub(crate) fn registration(number: usize) -> String {
    let (a, b, c) = (number >> 16 & 255, number >> 8 & 255, number & 255);
    let session = number / 10;
    format!(
        r#"{{"address":"10.{a}.{b}.{c}","port":8080,"version":"1.4.2","zone":"a","session":"session-{session}","ttl":"24h","remove_after":"24h"}}"#
    )
}

/// One batch of `BATCH_ITEMS` instances from `first` on.
pub(crate) fn batch(shape: Shape, first: usize) -> Vec<u8> {
    let items: Vec<String> = (first..(first + BATCH_ITEMS).min(shape.instances))
        .map(|number| {
            let service = service(number / shape.per_service);
            let instance = registration(number);
            format!(r#"{{"action":"register","service":"{service}","id":"instance-{number}","instance":{instance}}}"#)
        })
        .collect();
    let body = format!(r#"{{"items":[{}]}}"#, items.join(","));
    request("POST", "/api/v1/batch", Some(&body))
}

/// Registers all instances of `shape`.
pub(crate) fn fill(
    runtime: &tokio::runtime::Runtime,
    server: &Server,
    shape: Shape,
) -> Result<(), Failure> {
    use tokio::io::AsyncWriteExt;
    let batches = shape.instances.div_ceil(BATCH_ITEMS);
    let address = server.address();
    runtime.block_on(async {
        let tasks = (0..CONNECTIONS).map(|connection| async move {
            let mut stream = load::connect(address, 0).await?;
            let mut buffer = Vec::new();
            for number in (connection..batches).step_by(CONNECTIONS) {
                stream
                    .write_all(&batch(shape, number * BATCH_ITEMS))
                    .await?;
                let answer = load::read_answer(&mut stream, &mut buffer).await?;
                if let Some(at) = answer
                    .windows(9)
                    .position(|window| window == b"\"problem\"")
                {
                    let end = (at + 300).min(answer.len());
                    return Err(String::from_utf8_lossy(&answer[at..end])
                        .into_owned()
                        .into());
                }
            }
            Ok::<_, Failure>(())
        });
        for done in join_all(tasks.collect()).await {
            done?;
        }
        Ok(())
    })
}

/// Drives all of `tasks` to their ends.
async fn join_all<T>(tasks: Vec<impl Future<Output = T>>) -> Vec<T> {
    let mut tasks: Vec<_> = tasks.into_iter().map(Box::pin).collect();
    let mut done: Vec<Option<T>> = tasks.iter().map(|_| None).collect();
    std::future::poll_fn(|context| {
        for (task, done) in tasks.iter_mut().zip(&mut done) {
            if done.is_none()
                && let std::task::Poll::Ready(value) = task.as_mut().poll(context)
            {
                *done = Some(value);
            }
        }
        if done.iter().all(Option::is_some) {
            return std::task::Poll::Ready(());
        }
        std::task::Poll::Pending
    })
    .await;
    done.into_iter().flatten().collect()
}
