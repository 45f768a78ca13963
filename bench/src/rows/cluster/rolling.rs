//! Bytes that subscribers are sent while a large service is replaced, instance by instance.

use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::runtime::Runtime;
use tokio::task::LocalSet;

use crate::audience::{self, Audience};
use crate::fill::{Shape, fill, registration, service};
use crate::load::{self, request};
use crate::measure::{Goal, Outcome};
use crate::{Arguments, Failure, servers};

const SHAPE: Shape = Shape {
    instances: 5_000,
    per_service: 5_000,
};
const SUBSCRIBERS: usize = 1_000;
/// Instances replaced at a time, as an orchestrator would: these leave, and others come.
const AT_A_TIME: usize = 50;
/// Between two such steps: all are replaced within a minute and a half.
const STEP: Duration = Duration::from_millis(900);
/// Until what was merged has been sent.
const SETTLE: Duration = Duration::from_secs(3);

pub(in crate::rows) fn measure(
    arguments: &Arguments,
    runtime: &Runtime,
) -> Result<Vec<Outcome>, Failure> {
    audience::fits(SUBSCRIBERS)?;
    let registry = servers::empty_registry(arguments)?;
    fill(runtime, &registry, SHAPE)?;
    let watch = format!("/api/v1/watch?service={}", service(0));
    LocalSet::new().block_on(runtime, async {
        let greeting = request("GET", &watch, None);
        let audience = Audience::gather(&registry, SUBSCRIBERS, |_| greeting.clone()).await?;
        calm(&audience).await;
        let snapshot = audience.bytes() as f64;
        audience.forget();
        let mut stream = load::connect(registry.address(), 0).await?;
        let mut buffer = Vec::new();
        for first in (0..SHAPE.instances).step_by(AT_A_TIME) {
            for new in [false, true] {
                stream.write_all(&step(first, new)).await?;
                load::read_answer(&mut stream, &mut buffer).await?;
                tokio::time::sleep(STEP / 2).await;
            }
        }
        calm(&audience).await;
        let sent = audience.bytes() as f64;
        let each = (SUBSCRIBERS * SHAPE.instances) as f64;
        let row = |what: &str| {
            format!("rolling restart, 5000 instances, {SUBSCRIBERS} subscribers: {what}")
        };
        Ok([
            (row("sent"), "MB", sent / 1e6),
            (
                row("for each instance and subscriber"),
                "bytes",
                sent / each,
            ),
            (row("beside the first snapshots"), "times", sent / snapshot),
        ]
        .into_iter()
        .map(|(row, unit, value)| Outcome::recorded(row, unit, value, Goal::AtMost))
        .collect())
    })
}

/// Waits until nothing more comes.
async fn calm(audience: &Audience) {
    loop {
        let before = audience.bytes();
        tokio::time::sleep(SETTLE).await;
        if audience.bytes() == before {
            return;
        }
    }
}

/// A batch in which some leave, or those come that take their place.
fn step(first: usize, new: bool) -> Vec<u8> {
    let items: Vec<String> = (first..first + AT_A_TIME)
        .map(|number| {
            let (service, next) = (service(0), number + SHAPE.instances);
            if new {
                let instance = registration(next);
                format!(r#"{{"action":"register","service":"{service}","id":"instance-{next}","instance":{instance}}}"#)
            } else {
                format!(r#"{{"action":"deregister","service":"{service}","id":"instance-{number}"}}"#)
            }
        })
        .collect();
    let body = format!(r#"{{"items":[{}]}}"#, items.join(","));
    request("POST", "/api/v1/batch", Some(&body))
}
