//! The timeline's files: segments of JSON lines, each named after its first event, the oldest dropped as new ones come.
//!
//! A torn last line, left by a crash, is skipped by readers and followed by a fresh line. Nothing is synced: what a
//! crash of the machine takes is told again from the store's log at the next start.
//!
//! Somebody may clear the folder away while we run, and it is made anew: what was in it is gone, what follows is kept.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use paste_model::Timestamp;

use super::event::{Event, EventCursor, Subject};
use super::line;

/// Events in one segment.
const SEGMENT_EVENTS: usize = 10_000;

/// What was kept of how much the timeline may hold.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    pub(super) events_max: usize,
    pub(super) age_max: Duration,
}

/// The files, and the one being written.
#[derive(Debug)]
pub(super) struct Segments {
    dir: PathBuf,
    bounds: Bounds,
    /// Oldest first, with the time of their last event (unknown for those found at the start: of their last write).
    closed: Vec<(PathBuf, Timestamp)>,
    open: Option<Open>,
}

#[derive(Debug)]
struct Open {
    path: PathBuf,
    file: File,
    events: usize,
    newest: Timestamp,
}

impl Segments {
    pub(super) fn open(dir: PathBuf, bounds: Bounds, now: Timestamp) -> io::Result<Self> {
        fs::create_dir_all(&dir)?;
        let mut paths: Vec<PathBuf> = fs::read_dir(&dir)?
            .map(|entry| entry.map(|entry| entry.path()))
            .collect::<io::Result<_>>()?;
        paths.retain(|path| {
            path.extension()
                .is_some_and(|extension| extension == "jsonl")
        });
        paths.sort();
        let closed = paths.into_iter().map(|path| (path, now)).collect();
        Ok(Self {
            dir,
            bounds,
            closed,
            open: None,
        })
    }

    /// The newest event on disk.
    pub(super) fn newest(&self) -> io::Result<Option<EventCursor>> {
        for path in self.paths().rev() {
            let text = read(path)?;
            if let Some(event) = text.lines().rev().find_map(line::read) {
                return Ok(Some(event.cursor));
            }
        }
        Ok(None)
    }

    /// Appends whole lines of `count` events, the first and last of which are named.
    pub(super) fn append(
        &mut self,
        lines: &[u8],
        count: usize,
        first: EventCursor,
        newest: Timestamp,
    ) -> io::Result<()> {
        self.close_if_done();
        let open = match &mut self.open {
            Some(open) => open,
            none => {
                fs::create_dir_all(&self.dir)?;
                none.insert(begin(&self.dir, first, newest)?)
            }
        };
        open.file.write_all(lines)?;
        open.events += count;
        open.newest = newest;
        self.drop_old(newest)
    }

    /// Closes the segment being written when it is full, or when it was taken away: nobody would read what follows.
    fn close_if_done(&mut self) {
        let Some(open) = &self.open else { return };
        let gone = fs::metadata(&open.path).is_err();
        if (gone || open.events >= SEGMENT_EVENTS)
            && let Some(open) = self.open.take()
            && !gone
        {
            self.closed.push((open.path, open.newest));
        }
    }

    /// Makes the folder, if somebody cleared it away.
    pub(super) fn make_folder(&self) -> io::Result<()> {
        fs::create_dir_all(&self.dir)
    }

    /// Drops whole segments beyond the bounds.
    fn drop_old(&mut self, now: Timestamp) -> io::Result<()> {
        let segments_max = (self.bounds.events_max / SEGMENT_EVENTS).max(1);
        while let Some((path, newest)) = self.closed.first() {
            let many = self.closed.len() + 1 > segments_max;
            if !many && now.since(*newest) <= self.bounds.age_max {
                break;
            }
            match fs::remove_file(path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => self.closed.remove(0),
            };
        }
        Ok(())
    }

    /// Events of `subject`, oldest first: those that follow `after`, or else the newest; `limit` at most.
    pub(super) fn find(
        paths: &[PathBuf],
        subject: &Subject,
        after: Option<EventCursor>,
        limit: usize,
    ) -> io::Result<Vec<Event>> {
        let prefix = line::prefix(subject);
        let about = |text: &&str| text.starts_with(&prefix) || text.starts_with(line::GAP_PREFIX);
        let mut found = Vec::new();
        if let Some(after) = after {
            for path in paths {
                let text = read(path)?;
                let events = text.lines().filter(about).filter_map(line::read);
                found.extend(
                    events
                        .filter(|event| event.cursor > after)
                        .take(limit - found.len()),
                );
                if found.len() == limit {
                    break;
                }
            }
            return Ok(found);
        }
        for path in paths.iter().rev() {
            let text = read(path)?;
            let events = text.lines().rev().filter(about).filter_map(line::read);
            found.extend(events.take(limit - found.len()));
            if found.len() == limit {
                break;
            }
        }
        found.reverse();
        Ok(found)
    }

    /// All files, oldest first.
    pub(super) fn paths(&self) -> impl DoubleEndedIterator<Item = &Path> {
        let open = self.open.as_ref().map(|open| open.path.as_path());
        self.closed
            .iter()
            .map(|(path, _)| path.as_path())
            .chain(open)
    }
}

/// A new segment.
fn begin(dir: &Path, first: EventCursor, newest: Timestamp) -> io::Result<Open> {
    let name = format!("{:020}-{:06}.jsonl", first.revision.0, first.place);
    let path = dir.join(name);
    let file = OpenOptions::new().create(true).append(true).open(&path)?;
    Ok(Open {
        path,
        file,
        events: 0,
        newest,
    })
}

/// A segment's text; empty where it was dropped meanwhile.
fn read(path: &Path) -> io::Result<String> {
    match fs::read(path) {
        Ok(bytes) => Ok(String::from_utf8_lossy(&bytes).into_owned()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(String::new()),
        Err(error) => Err(error),
    }
}
