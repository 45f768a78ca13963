//! Watches that something moves on a connection, and closes it so that the peer can read the last answer.
//!
//! hyper's own head time-out allocates and registers a timer for each request, and counts the idle time between requests
//! as part of the next head. Here the connection only notes what it is doing and since when (a few relaxed stores), and
//! one timer for each connection looks at the note when it fires: a deadline is found late by at most half a head
//! time-out, which is why the limits are said to be coarse.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep};

use super::Config;
use super::counters::CutOff;

/// What a connection is doing and since when. Times are milliseconds since it was opened.
#[derive(Debug)]
pub(super) struct Pulse {
    opened: Instant,
    /// Requests whose answer isn't finished.
    serving: AtomicU32,
    /// When the last answer was finished.
    idle_since: AtomicU64,
    /// When the first byte of a head arrived, plus one; 0 when none is arriving.
    head_since: AtomicU64,
    /// Since when the peer has taken nothing, plus one; 0 when nothing waits to be taken.
    stalled_since: AtomicU64,
    /// The peer may still be sending a body that nobody reads.
    unread: AtomicBool,
    /// We have given the connection up.
    cut_off: AtomicBool,
    /// HTTP/2 multiplexes, so bytes that arrive don't mean that a head begins.
    multiplexed: AtomicBool,
}

/// What the watch found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Look again after this.
    Fine(Duration),
    /// Nothing has been asked for too long: close it politely.
    Idle,
    /// Cut it off.
    CutOff(CutOff),
}

impl Pulse {
    pub(super) fn new() -> Self {
        Self {
            opened: Instant::now(),
            serving: AtomicU32::new(0),
            idle_since: AtomicU64::new(0),
            head_since: AtomicU64::new(0),
            stalled_since: AtomicU64::new(0),
            unread: AtomicBool::new(false),
            cut_off: AtomicBool::new(false),
            multiplexed: AtomicBool::new(false),
        }
    }

    fn now_ms(&self) -> u64 {
        u64::try_from(self.opened.elapsed().as_millis()).unwrap_or(u64::MAX - 1)
    }

    /// A request's head is whole.
    pub(super) fn begin(&self, multiplexed: bool) {
        self.serving.fetch_add(1, Ordering::Relaxed);
        self.head_since.store(0, Ordering::Relaxed);
        if multiplexed {
            self.multiplexed.store(true, Ordering::Relaxed);
        }
    }

    /// An answer is finished, or was given up.
    pub(super) fn end(&self) {
        self.idle_since.store(self.now_ms(), Ordering::Relaxed);
        self.serving.fetch_sub(1, Ordering::Relaxed);
    }

    /// A body was given up before its end.
    pub(super) fn leave_unread(&self) {
        self.unread.store(true, Ordering::Relaxed);
    }

    /// We give the connection up.
    pub(super) fn cut_off(&self) {
        self.cut_off.store(true, Ordering::Relaxed);
    }

    /// Whether we have given the connection up.
    pub(super) fn is_cut_off(&self) -> bool {
        self.cut_off.load(Ordering::Relaxed)
    }

    /// Whether the peer may be in the middle of sending something.
    fn half_read(&self) -> bool {
        self.unread.load(Ordering::Relaxed) || self.head_since.load(Ordering::Relaxed) != 0
    }

    fn read(&self) {
        if self.serving.load(Ordering::Relaxed) == 0
            && self.head_since.load(Ordering::Relaxed) == 0
            && !self.multiplexed.load(Ordering::Relaxed)
        {
            self.head_since.store(self.now_ms() + 1, Ordering::Relaxed);
        }
    }

    fn written(&self) {
        if self.stalled_since.load(Ordering::Relaxed) != 0 {
            self.stalled_since.store(0, Ordering::Relaxed);
        }
    }

    fn stalled(&self) {
        if self.stalled_since.load(Ordering::Relaxed) == 0 {
            self.stalled_since
                .store(self.now_ms() + 1, Ordering::Relaxed);
        }
    }

    /// Judges the note against the limits.
    pub(super) fn judge(&self, config: &Config) -> Verdict {
        let now = self.now_ms();
        let mut wait = config.head_timeout / 2;
        let mut over = |since: u64, limit: Duration| {
            let passed = Duration::from_millis(now.saturating_sub(since));
            wait = wait.min(limit.saturating_sub(passed));
            passed >= limit
        };
        let stalled_since = self.stalled_since.load(Ordering::Relaxed);
        if stalled_since != 0 && over(stalled_since - 1, config.write_timeout) {
            return Verdict::CutOff(CutOff::Write);
        }
        if self.serving.load(Ordering::Relaxed) == 0 {
            let head_since = self.head_since.load(Ordering::Relaxed);
            if head_since != 0 && over(head_since - 1, config.head_timeout) {
                return Verdict::CutOff(CutOff::Head);
            }
            let idle_since = self.idle_since.load(Ordering::Relaxed);
            if head_since == 0 && over(idle_since, config.idle_timeout) {
                return Verdict::Idle;
            }
        }
        Verdict::Fine(wait.max(Duration::from_millis(1)))
    }
}

/// What is read and thrown away from a peer that still sends when we close, in bytes. Closing at once would reset the
/// connection, and the peer might never see the answer that says what was wrong.
const LINGER_BYTES_MAX: usize = 16 * 1024 * 1024;
/// The time a peer has for that.
const LINGER_TIMEOUT: Duration = Duration::from_secs(5);
/// Thrown away at once.
const LINGER_CHUNK_BYTES: usize = 4 * 1024;

/// Pieces of an answer that are together no longer than this are copied into one.
const COPIED_BYTES_MAX: usize = 1024;

/// A transport that notes in a [`Pulse`] what moves.
#[derive(Debug)]
pub(super) struct Guarded<T> {
    transport: T,
    pulse: Arc<Pulse>,
    /// The peer has sent its last byte.
    ended: bool,
    linger: Option<Box<Linger>>,
}

/// The end of a connection whose peer still sends.
#[derive(Debug)]
struct Linger {
    timer: Pin<Box<Sleep>>,
    left_bytes: usize,
}

impl<T> Guarded<T> {
    pub(super) fn new(transport: T, pulse: Arc<Pulse>) -> Self {
        Self {
            transport,
            pulse,
            ended: false,
            linger: None,
        }
    }

    fn note(&self, progress: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        match &progress {
            Poll::Pending => self.pulse.stalled(),
            Poll::Ready(_) => self.pulse.written(),
        }
        progress
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for Guarded<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = ready!(Pin::new(&mut self.transport).poll_read(cx, buffer));
        if read.is_ok() && buffer.filled().len() > before {
            self.pulse.read();
        } else {
            self.ended = true;
        }
        Poll::Ready(read)
    }
}

impl<T: AsyncRead + AsyncWrite + Unpin> Guarded<T> {
    /// Reads on until the peer has ended, too, or has had its chance.
    fn poll_linger(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let linger = self.linger.get_or_insert_with(|| {
            Box::new(Linger {
                timer: Box::pin(tokio::time::sleep(LINGER_TIMEOUT)),
                left_bytes: LINGER_BYTES_MAX,
            })
        });
        let mut chunk = [std::mem::MaybeUninit::uninit(); LINGER_CHUNK_BYTES];
        while !self.ended && linger.left_bytes > 0 {
            if linger.timer.as_mut().poll(cx).is_ready() {
                break;
            }
            let mut chunk = ReadBuf::uninit(&mut chunk);
            let read = ready!(Pin::new(&mut self.transport).poll_read(cx, &mut chunk));
            self.ended = read.is_err() || chunk.filled().is_empty();
            linger.left_bytes = linger.left_bytes.saturating_sub(chunk.filled().len());
        }
        Poll::Ready(())
    }
}

/// The pieces in one; what doesn't fit into `room` is left for the next write.
fn joined<'a>(pieces: &[io::IoSlice<'_>], room: &'a mut [u8]) -> &'a [u8] {
    let mut written = io::Cursor::new(room);
    let mut length = 0;
    for piece in pieces {
        // A cursor over memory takes what it has room for.
        length += io::Write::write(&mut written, piece).unwrap_or(0);
    }
    &written.into_inner()[..length]
}

impl<T: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Guarded<T> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let progress = Pin::new(&mut self.transport).poll_write(cx, bytes);
        self.note(progress)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let transport = Pin::new(&mut self.transport);
        // `send` costs the kernel less than `writev`: worth copying a few short pieces for.
        let length: usize = bytes.iter().map(|piece| piece.len()).sum();
        let progress = match bytes {
            [one] => transport.poll_write(cx, one),
            many if length <= COPIED_BYTES_MAX => {
                let mut room = [0; COPIED_BYTES_MAX];
                transport.poll_write(cx, joined(many, &mut room))
            }
            many => transport.poll_write_vectored(cx, many),
        };
        self.note(progress)
    }

    fn is_write_vectored(&self) -> bool {
        self.transport.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.transport).poll_flush(cx);
        if flushed.is_pending() {
            self.pulse.stalled();
        }
        flushed
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.linger.is_none() {
            ready!(Pin::new(&mut self.transport).poll_shutdown(cx))?;
        }
        if !self.pulse.half_read() {
            return Poll::Ready(Ok(()));
        }
        self.poll_linger(cx).map(Ok)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config() -> Config {
        Config {
            head_timeout: Duration::from_secs(10),
            idle_timeout: Duration::from_secs(75),
            write_timeout: Duration::from_secs(30),
            ..Config::default()
        }
    }

    /// Times are counted from the opening, so time passes when that moves back.
    fn pass(pulse: &mut Pulse, seconds: u64) {
        pulse.opened -= Duration::from_secs(seconds);
    }

    #[test]
    fn idle_is_not_a_slow_head() {
        let mut pulse = Pulse::new();
        pass(&mut pulse, 74);
        assert!(matches!(pulse.judge(&config()), Verdict::Fine(_)));
        pass(&mut pulse, 1);
        assert_eq!(pulse.judge(&config()), Verdict::Idle);
    }

    #[test]
    fn half_a_head_is_cut_off_however_it_trickles() {
        let mut pulse = Pulse::new();
        pulse.read();
        for _ in 0..9 {
            pass(&mut pulse, 1);
            pulse.read();
            assert!(matches!(pulse.judge(&config()), Verdict::Fine(_)));
        }
        pass(&mut pulse, 1);
        assert_eq!(pulse.judge(&config()), Verdict::CutOff(CutOff::Head));
    }

    #[test]
    fn a_long_answer_is_fine_while_it_moves() {
        let mut pulse = Pulse::new();
        pulse.read();
        pulse.begin(false);
        for _ in 0..10 {
            pulse.stalled();
            pass(&mut pulse, 29);
            assert!(matches!(pulse.judge(&config()), Verdict::Fine(_)));
            pulse.written();
        }
        pulse.stalled();
        pass(&mut pulse, 30);
        assert_eq!(pulse.judge(&config()), Verdict::CutOff(CutOff::Write));
    }

    #[test]
    fn pings_of_a_multiplexed_connection_begin_no_head() {
        let mut pulse = Pulse::new();
        pulse.begin(true);
        pulse.end();
        pulse.read();
        pass(&mut pulse, 11);
        assert!(matches!(pulse.judge(&config()), Verdict::Fine(_)));
    }
}
