//! The instances of a service as JSON, written once per snapshot and then only handed out.
//!
//! What is kept, and for how long: a service of up to 256 instances keeps its whole answers beside its snapshot. A
//! larger one keeps only the runs of its chunks, beside those, so that a change of one instance among 50,000 rewrites one
//! run, and no second copy of the whole exists; the answer is then sent run by run. Everything goes with the snapshot or
//! chunk that it was made of, so that at most one picture of what is registered is kept, and only of what is asked for.

use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};

use bytes::Bytes;
use http::HeaderValue;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, ETAG};
use http_body::{Frame, SizeHint};
use paste_api::Instance;
use paste_catalog::{Chunk, Slots, Snapshot};
use paste_model::{Member, Status};
use sha2::{Digest, Sha256};

use super::answer;
use crate::Body;

/// Services up to this size keep their answers whole.
const WHOLE_MEMBERS_MAX: usize = 256;

const COMMA: Bytes = Bytes::from_static(b",");
const END: Bytes = Bytes::from_static(b"]}");

/// Whom a list names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Whom {
    /// Everyone registered.
    Everyone,
    /// Who has status `up` and is not failing; the failing too where the service is protected.
    Eligible,
}

/// A list that is ready to be sent.
#[derive(Debug, Clone)]
pub(super) struct Listing {
    runs: Runs,
    etag: HeaderValue,
    length: u64,
    content_length: HeaderValue,
}

#[derive(Debug, Clone)]
enum Runs {
    Whole(Bytes),
    Many(Arc<[Bytes]>),
}

/// What is kept beside a snapshot.
#[derive(Default)]
struct OfSnapshot {
    everyone: OnceLock<Listing>,
    eligible: OnceLock<Listing>,
}

/// What is kept beside a chunk: its run for each way of choosing from it.
#[derive(Default)]
struct OfChunk {
    everyone: OnceLock<Run>,
    healthy: OnceLock<Run>,
    up: OnceLock<Run>,
}

/// Instances, separated by commas, and the hash of that.
#[derive(Clone)]
struct Run {
    json: Bytes,
    hash: [u8; 32],
}

/// The list of a snapshot's instances; written when it is first asked for.
pub(super) fn of(snapshot: &Snapshot, whom: Whom) -> &Listing {
    let kept = snapshot
        .slots()
        .get_or_init(Slots::REST, OfSnapshot::default);
    let everyone = || {
        kept.everyone
            .get_or_init(|| written(snapshot, Whom::Everyone))
    };
    match whom {
        Whom::Everyone => everyone(),
        Whom::Eligible if snapshot.up_healthy() == snapshot.len() => everyone(),
        Whom::Eligible => kept
            .eligible
            .get_or_init(|| written(snapshot, Whom::Eligible)),
    }
}

/// The list of some of a snapshot's instances; kept nowhere.
pub(super) fn of_members<'m>(
    snapshot: &Snapshot,
    members: impl Iterator<Item = &'m Arc<Member>>,
) -> Listing {
    let mut json = head(snapshot);
    write(members, &mut json);
    json.extend_from_slice(&END);
    whole(json)
}

fn written(snapshot: &Snapshot, whom: Whom) -> Listing {
    let choice = Choice::of(snapshot, whom);
    if snapshot.len() <= WHOLE_MEMBERS_MAX {
        return of_members(
            snapshot,
            snapshot.members().filter(|member| choice.takes(member)),
        );
    }
    let head = head(snapshot);
    let mut hash = Sha256::new_with_prefix(&head);
    let mut runs = vec![Bytes::from(head)];
    for chunk in snapshot.chunks() {
        let run = choice.run(chunk);
        hash.update(run.hash);
        if !run.json.is_empty() {
            if runs.len() > 1 {
                runs.push(COMMA);
            }
            runs.push(run.json.clone());
        }
    }
    runs.push(END);
    let length = runs.iter().map(|run| run.len() as u64).sum();
    Listing::new(Runs::Many(runs.into()), length, hash)
}

fn whole(json: Vec<u8>) -> Listing {
    let hash = Sha256::new_with_prefix(&json);
    let length = json.len() as u64;
    Listing::new(Runs::Whole(json.into()), length, hash)
}

/// The answer up to its first instance. Names need no escaping: their grammar has nothing that JSON would escape.
fn head(snapshot: &Snapshot) -> Vec<u8> {
    let key = snapshot.key();
    let (service, namespace) = (key.name.as_str(), key.namespace.as_str());
    let (revision, protected) = (snapshot.revision(), snapshot.protected());
    format!(
        "{{\"service\":\"{service}\",\"namespace\":\"{namespace}\",\"revision\":{revision},\
         \"protected\":{protected},\"instances\":["
    )
    .into_bytes()
}

fn write<'m>(members: impl Iterator<Item = &'m Arc<Member>>, json: &mut Vec<u8>) {
    for (index, member) in members.enumerate() {
        if index > 0 {
            json.push(b',');
        }
        json.extend_from_slice(&answer::encode(&Instance::from(&**member)));
    }
}

/// Whom of a chunk a list takes: what `Whom` means once it is known whether the service is protected.
#[derive(Clone, Copy)]
enum Choice {
    Everyone,
    Healthy,
    Up,
}

impl Choice {
    fn of(snapshot: &Snapshot, whom: Whom) -> Self {
        match whom {
            Whom::Everyone => Self::Everyone,
            Whom::Eligible if snapshot.protected() => Self::Up,
            Whom::Eligible => Self::Healthy,
        }
    }

    fn takes(self, member: &Member) -> bool {
        match self {
            Self::Everyone => true,
            Self::Healthy => member.status() == Status::Up && member.healthy(),
            Self::Up => member.status() == Status::Up,
        }
    }

    fn run(self, chunk: &Chunk) -> &Run {
        let kept = chunk.slots().get_or_init(Slots::REST, OfChunk::default);
        let everyone = || {
            kept.everyone
                .get_or_init(|| Run::of(chunk.members().iter()))
        };
        // Most chunks have nobody to leave out.
        if chunk.members().iter().all(|member| self.takes(member)) {
            return everyone();
        }
        let place = match self {
            Self::Everyone => &kept.everyone,
            Self::Healthy => &kept.healthy,
            Self::Up => &kept.up,
        };
        place.get_or_init(|| Run::of(chunk.members().iter().filter(|member| self.takes(member))))
    }
}

impl Run {
    fn of<'m>(members: impl Iterator<Item = &'m Arc<Member>>) -> Self {
        let mut json = Vec::new();
        write(members, &mut json);
        Self {
            hash: Sha256::digest(&json).into(),
            json: json.into(),
        }
    }
}

impl Listing {
    fn new(runs: Runs, length: u64, hash: Sha256) -> Self {
        let hash = hash.finalize();
        let mut etag = String::with_capacity(34);
        etag.push('"');
        for byte in hash.iter().take(16) {
            etag.push_str(&format!("{byte:02x}"));
        }
        etag.push('"');
        Self {
            runs,
            // Quoted hexadecimal digits are always a header value.
            etag: HeaderValue::try_from(etag).unwrap_or(HeaderValue::from_static("\"\"")),
            length,
            content_length: HeaderValue::from(length),
        }
    }

    /// The hash of the answer, quoted.
    pub(super) fn etag(&self) -> &HeaderValue {
        &self.etag
    }

    /// The list as an answer.
    pub(super) fn response(&self) -> http::Response<Body> {
        let body = match &self.runs {
            Runs::Whole(json) => Body::Full(json.clone()),
            Runs::Many(runs) => Body::stream(Sending {
                runs: Arc::clone(runs),
                next: 0,
                left: self.length,
            }),
        };
        let mut response = http::Response::new(body);
        let headers = response.headers_mut();
        headers.reserve(6);
        headers.insert(CONTENT_TYPE, answer::JSON);
        headers.insert(CONTENT_LENGTH, self.content_length.clone());
        headers.insert(ETAG, self.etag.clone());
        response
    }

    /// The list in pieces.
    pub(super) fn pieces(&self) -> &[Bytes] {
        match &self.runs {
            Runs::Whole(json) => std::slice::from_ref(json),
            Runs::Many(runs) => runs,
        }
    }
}

/// Runs that are being sent.
struct Sending {
    runs: Arc<[Bytes]>,
    next: usize,
    left: u64,
}

impl http_body::Body for Sending {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let Some(run) = self.runs.get(self.next).cloned() else {
            return Poll::Ready(None);
        };
        self.next += 1;
        self.left -= run.len() as u64;
        Poll::Ready(Some(Ok(Frame::data(run))))
    }

    fn is_end_stream(&self) -> bool {
        self.next == self.runs.len()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}
