//! The timeline: what changed, when, why, and seen by whom; kept on disk, bounded by count and age.
//!
//! Events are told by the feed from the change stream and gathered in memory; a background task writes them. A write
//! never waits for the timeline: where it can't keep up, events are dropped, and a gap says so.

mod event;
mod line;
mod segments;

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use paste_catalog::Transition;
use paste_model::{Committed, ConfigKey, Epoch, Revision, Role, ServiceKey, Timestamp};
use segments::{Bounds, Segments};
use tokio::sync::{Notify, watch};

pub use event::{Event, EventCursor, EventKind, InvalidCursor, Subject};

use crate::{Caller, Engine, EngineError};

/// Lines waiting to be written, in bytes; beyond, events are dropped.
const WAITING_BYTES_MAX: usize = 8 * 1024 * 1024;
/// Lines that are written without waiting for the next flush, in bytes.
const WAITING_BYTES_FLUSH: usize = 256 * 1024;
/// Time between two flushes.
const FLUSH_INTERVAL: Duration = Duration::from_millis(200);
/// Most events in one answer.
const EVENTS_ANSWERED_MAX: usize = 1_000;

/// Bounds of the timeline.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where it is kept.
    pub dir: PathBuf,
    /// About how many events are kept, in whole segments of 10,000.
    pub events_max: usize,
    /// How long events are kept.
    pub age_max: Duration,
}

impl Config {
    /// 100,000 events and 7 days, in `dir`.
    pub fn in_dir(dir: PathBuf) -> Self {
        Self {
            dir,
            events_max: 100_000,
            age_max: Duration::from_secs(7 * 24 * 60 * 60),
        }
    }
}

/// How the timeline does.
#[derive(Debug, Clone, Copy, Default)]
pub struct TimelineStatus {
    /// Events told since the start.
    pub events: u64,
    /// Events dropped since the start, because the disk was too slow or failed.
    pub dropped: u64,
}

/// The timeline of this node.
#[derive(Debug)]
pub(crate) struct Timeline {
    config: Config,
    waiting: Mutex<Waiting>,
    segments: Mutex<Segments>,
    wake: Notify,
    /// The revision up to which everything has been told.
    told: watch::Sender<Revision>,
}

#[derive(Debug, Default)]
struct Waiting {
    lines: Vec<u8>,
    count: usize,
    first: EventCursor,
    newest: Timestamp,
    gap: bool,
    status: TimelineStatus,
}

impl Timeline {
    /// Opens the timeline of one history, and drops those of others.
    pub(crate) fn open(config: Config, epoch: Epoch, now: Timestamp) -> io::Result<Self> {
        let segments = Mutex::new(open_segments(&config, epoch, now)?);
        Ok(Self {
            config,
            waiting: Mutex::default(),
            segments,
            wake: Notify::new(),
            told: watch::Sender::new(Revision::ZERO),
        })
    }

    /// Begins anew for another history.
    pub(crate) fn begin(&self, epoch: Epoch, now: Timestamp) -> io::Result<()> {
        let mut segments = self.segments.lock();
        *segments = open_segments(&self.config, epoch, now)?;
        let mut waiting = self.waiting.lock();
        *waiting = Waiting {
            status: waiting.status,
            ..Waiting::default()
        };
        Ok(())
    }

    /// The last revision of which events are on disk.
    pub(crate) fn newest(&self) -> io::Result<Option<Revision>> {
        Ok(self.segments.lock().newest()?.map(|cursor| cursor.revision))
    }

    /// Tells the events of a batch from what it did to the view.
    pub(crate) fn tell(&self, batch: &Committed, transitions: &[Transition]) {
        self.add(&event::of_transitions(batch, transitions));
    }

    /// Tells the events of a batch from before the view was loaded.
    pub(crate) fn tell_again(&self, batch: &Committed) {
        self.add(&event::of_changes(batch));
    }

    /// Notes that everything up to `revision` has been told.
    pub(crate) fn told_up_to(&self, revision: Revision) {
        self.told.send_replace(revision);
    }

    /// Notes that events are missing.
    pub(crate) fn note_gap(&self) {
        self.waiting.lock().gap = true;
    }

    fn add(&self, events: &[Event]) {
        let (Some(first), Some(last)) = (events.first(), events.last()) else {
            return;
        };
        let mut waiting = self.waiting.lock();
        waiting.status.events += events.len() as u64;
        if waiting.lines.len() > WAITING_BYTES_MAX {
            waiting.gap = true;
            waiting.status.dropped += events.len() as u64;
            return;
        }
        if waiting.count == 0 {
            waiting.first = first.cursor;
        }
        if std::mem::take(&mut waiting.gap) {
            line::write(&gap_before(first), &mut waiting.lines);
        }
        for event in events {
            line::write(event, &mut waiting.lines);
        }
        waiting.count += events.len();
        waiting.newest = last.at;
        if waiting.lines.len() > WAITING_BYTES_FLUSH {
            self.wake.notify_one();
        }
    }

    /// Writes what is waiting. Blocks.
    pub(crate) fn flush(&self) -> io::Result<()> {
        let mut segments = self.segments.lock();
        let (lines, count, first, newest) = {
            let mut waiting = self.waiting.lock();
            if waiting.count == 0 {
                return Ok(());
            }
            (
                std::mem::take(&mut waiting.lines),
                std::mem::take(&mut waiting.count),
                waiting.first,
                waiting.newest,
            )
        };
        segments
            .append(&lines, count, first, newest)
            .inspect_err(|_| {
                let mut waiting = self.waiting.lock();
                waiting.gap = true;
                waiting.status.dropped += count as u64;
            })
    }

    /// Flushes now and then until told to stop.
    pub(crate) async fn run(self: Arc<Self>, mut stop: watch::Receiver<bool>) {
        loop {
            let stopping = tokio::select! {
                () = tokio::time::sleep(FLUSH_INTERVAL) => false,
                () = self.wake.notified() => false,
                _ = stop.wait_for(|stop| *stop) => true,
            };
            let timeline = Arc::clone(&self);
            let flushed = tokio::task::spawn_blocking(move || timeline.flush()).await;
            if let Ok(Err(error)) = flushed {
                tracing::warn!(%error, "can't write the timeline; events are missing");
            }
            if stopping {
                return;
            }
        }
    }

    pub(crate) fn status(&self) -> TimelineStatus {
        self.waiting.lock().status
    }

    fn find(
        &self,
        subject: &Subject,
        after: Option<EventCursor>,
        limit: usize,
    ) -> io::Result<Vec<Event>> {
        self.flush()?;
        let paths: Vec<PathBuf> = {
            let segments = self.segments.lock();
            // Where there is no folder and none can be made, events were lost: an empty answer would hide that.
            segments.make_folder()?;
            segments.paths().map(Into::into).collect()
        };
        Segments::find(&paths, subject, after, limit)
    }
}

fn open_segments(config: &Config, epoch: Epoch, now: Timestamp) -> io::Result<Segments> {
    std::fs::create_dir_all(&config.dir)?;
    let own = config.dir.join(epoch.to_string());
    for entry in std::fs::read_dir(&config.dir)? {
        let path = entry?.path();
        if path.is_dir() && path != own {
            std::fs::remove_dir_all(path)?;
        }
    }
    let bounds = Bounds {
        events_max: config.events_max,
        age_max: config.age_max,
    };
    Segments::open(own, bounds, now)
}

fn gap_before(event: &Event) -> Event {
    Event {
        cursor: EventCursor {
            revision: event.cursor.revision,
            place: 0,
        },
        at: event.at,
        subject: None,
        instance: None,
        kind: EventKind::Gap,
        by: String::new(),
        reason: "events before this one are missing".to_owned(),
    }
}

impl Engine {
    /// Events of a service, oldest first: those that follow `after`, or else the newest; at most `limit`, and never more
    /// than 1,000. Where events are missing, a gap stands among them.
    pub async fn events(
        &self,
        caller: &Caller,
        service: &ServiceKey,
        after: Option<EventCursor>,
        limit: usize,
    ) -> Result<Vec<Event>, EngineError> {
        caller.require(Role::Read, service)?;
        self.events_of(Subject::Service(service.clone()), after, limit)
            .await
    }

    /// The same of a configuration item.
    pub async fn config_events(
        &self,
        caller: &Caller,
        key: &ConfigKey,
        after: Option<EventCursor>,
        limit: usize,
    ) -> Result<Vec<Event>, EngineError> {
        caller.require_config(Role::ConfigRead, key)?;
        self.events_of(Subject::Config(key.clone()), after, limit)
            .await
    }

    async fn events_of(
        &self,
        subject: Subject,
        after: Option<EventCursor>,
        limit: usize,
    ) -> Result<Vec<Event>, EngineError> {
        let timeline = Arc::clone(self.timeline());
        // The view is a step ahead of the timeline; whoever asks after a write of theirs wants to find it.
        let revision = self.catalog().revision();
        let mut told = timeline.told.subscribe();
        if told.wait_for(|told| *told >= revision).await.is_err() {
            tracing::debug!("the timeline is closed; answering with what it has");
        }
        let limit = limit.clamp(1, EVENTS_ANSWERED_MAX);
        let found =
            tokio::task::spawn_blocking(move || timeline.find(&subject, after, limit)).await;
        found
            .map_err(|error| EngineError::read("reading the timeline was interrupted", error))?
            .map_err(|error| EngineError::Timeline {
                dir: self.timeline().config.dir.clone(),
                source: Arc::new(error),
            })
    }
}

#[cfg(test)]
mod tests;
