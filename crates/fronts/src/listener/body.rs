//! The body of a request, which has to keep coming.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use tokio::time::{Instant, Sleep};

use super::guard::Pulse;

/// Why a request's body ended too early.
#[derive(Debug, thiserror::Error)]
pub enum BodyError {
    /// It stopped coming, or took too long in all.
    #[error("the request's body did not arrive in time")]
    TooSlow,
    /// The connection or the encoding broke.
    #[error("the request's body is broken")]
    Broken(#[from] hyper::Error),
}

/// A request's body under its time limits. The timer is made only when the body has to be waited for.
#[derive(Debug)]
pub struct RequestBody {
    incoming: Incoming,
    idle_timeout: Duration,
    ends: Option<Instant>,
    /// For all of it; `None` while it may take as long as it needs.
    timeout: Option<Duration>,
    timer: Option<Pin<Box<Sleep>>>,
    /// Told when the body is given up before its end; none for a request without a body.
    pulse: Option<Arc<Pulse>>,
}

impl RequestBody {
    pub(super) fn new(
        incoming: Incoming,
        idle_timeout: Duration,
        timeout: Duration,
        pulse: &Arc<Pulse>,
    ) -> Self {
        let pulse = (!incoming.is_end_stream()).then(|| Arc::clone(pulse));
        Self {
            pulse,
            incoming,
            idle_timeout,
            ends: None,
            timeout: Some(timeout),
            timer: None,
        }
    }

    /// Lets the body take as long as it needs while it keeps coming. Only for those who may fill a connection for long,
    /// and who are bounded in size.
    pub fn take_time(&mut self) {
        self.timeout = None;
    }

    /// When waiting that begins now has taken too long.
    fn deadline(&mut self) -> Instant {
        let now = Instant::now();
        let idle = now + self.idle_timeout;
        match self.timeout {
            Some(timeout) => idle.min(*self.ends.get_or_insert(now + timeout)),
            None => idle,
        }
    }
}

impl Drop for RequestBody {
    fn drop(&mut self) {
        if let Some(pulse) = &self.pulse
            && !self.incoming.is_end_stream()
        {
            pulse.leave_unread();
        }
    }
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let this = &mut *self;
        if let Poll::Ready(frame) = Pin::new(&mut this.incoming).poll_frame(cx) {
            this.timer = None;
            return Poll::Ready(frame.map(|frame| frame.map_err(BodyError::from)));
        }
        if this.timer.is_none() {
            let deadline = this.deadline();
            this.timer = Some(Box::pin(tokio::time::sleep_until(deadline)));
        }
        let Some(timer) = &mut this.timer else {
            return Poll::Pending;
        };
        timer
            .as_mut()
            .poll(cx)
            .map(|()| Some(Err(BodyError::TooSlow)))
    }

    fn is_end_stream(&self) -> bool {
        self.incoming.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.incoming.size_hint()
    }
}

/// An extension of an answer whose body wants to know, when it is dropped, whether we cut its connection off: that says
/// nothing about the peer but that it was slow.
#[derive(Debug, Clone, Default)]
pub struct CutOffNote(Arc<AtomicBool>);

impl CutOffNote {
    /// Whether it was us.
    pub fn was_us(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// The body of an answer: its end, or its being given up, ends the request.
#[derive(Debug)]
pub(super) struct AnswerBody<B> {
    body: B,
    note: Option<CutOffNote>,
    serving: Serving,
}

impl<B> AnswerBody<B> {
    pub(super) fn new(body: B, note: Option<CutOffNote>, serving: Serving) -> Self {
        Self {
            body,
            note,
            serving,
        }
    }
}

impl<B> Drop for AnswerBody<B> {
    /// Before the body itself is dropped.
    fn drop(&mut self) {
        if let Some(note) = &self.note
            && self.serving.0.is_cut_off()
        {
            note.0.store(true, Ordering::Relaxed);
        }
    }
}

impl<B: Body + Unpin> Body for AnswerBody<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// A request under way, noted in its connection's [`Pulse`] until dropped.
#[derive(Debug)]
pub(super) struct Serving(Arc<Pulse>);

impl Serving {
    pub(super) fn begin(pulse: &Arc<Pulse>, multiplexed: bool) -> Self {
        pulse.begin(multiplexed);
        Self(Arc::clone(pulse))
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        self.0.end();
    }
}
