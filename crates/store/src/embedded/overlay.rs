//! A file that can be read but is never written: what is written to it stays in memory.
//!
//! redb repairs a file as it opens it, and gives up reading after a failed write. Through this overlay a file is opened
//! without touching it: to learn whether it is sound before the real opening, and to read on after the disk failed.

use std::collections::BTreeMap;
use std::io;

use parking_lot::Mutex;
use redb::StorageBackend;

const PAGE_BYTES: usize = 4096;

/// A storage whose writes stay in memory.
#[derive(Debug)]
pub(super) struct Overlay<B> {
    below: B,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// Bytes of the storage below that show through; those beyond are zero.
    shown: u64,
    length: u64,
    pages: BTreeMap<u64, Box<[u8]>>,
}

impl<B: StorageBackend> Overlay<B> {
    pub(super) fn over(below: B) -> io::Result<Self> {
        let length = below.len()?;
        let state = State {
            shown: length,
            length,
            pages: BTreeMap::new(),
        };
        Ok(Self {
            below,
            state: Mutex::new(state),
        })
    }

    fn read_below(&self, state: &State, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let visible = usize::try_from(state.shown.saturating_sub(offset)).unwrap_or(usize::MAX);
        let (shown, hidden) = out.split_at_mut(visible.min(out.len()));
        hidden.fill(0);
        if shown.is_empty() {
            Ok(())
        } else {
            self.below.read(offset, shown)
        }
    }
}

/// The pages that `length` bytes from `offset` touch: each with where it begins in the bytes and in the page.
fn pieces(offset: u64, length: usize) -> impl Iterator<Item = (u64, usize, usize, usize)> {
    let mut done = 0;
    std::iter::from_fn(move || {
        if done == length {
            return None;
        }
        let at = offset + done as u64;
        let number = at / PAGE_BYTES as u64;
        let within = usize::try_from(at % PAGE_BYTES as u64).unwrap_or(0);
        let count = (PAGE_BYTES - within).min(length - done);
        let piece = (number, done, within, count);
        done += count;
        Some(piece)
    })
}

impl<B: StorageBackend> StorageBackend for Overlay<B> {
    fn len(&self) -> io::Result<u64> {
        Ok(self.state.lock().length)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let state = self.state.lock();
        if offset
            .checked_add(out.len() as u64)
            .is_none_or(|end| end > state.length)
        {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.read_below(&state, offset, out)?;
        for (number, from, within, count) in pieces(offset, out.len()) {
            if let Some(page) = state.pages.get(&number) {
                out[from..from + count].copy_from_slice(&page[within..within + count]);
            }
        }
        Ok(())
    }

    fn set_len(&self, length: u64) -> io::Result<()> {
        let mut state = self.state.lock();
        if length < state.length {
            state.shown = state.shown.min(length);
            let number = length / PAGE_BYTES as u64;
            drop(state.pages.split_off(&(number + 1)));
            let within = usize::try_from(length % PAGE_BYTES as u64).unwrap_or(0);
            if let Some(page) = state.pages.get_mut(&number) {
                page[within..].fill(0);
            }
        }
        state.length = length;
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let mut state = self.state.lock();
        for (number, from, within, count) in pieces(offset, data.len()) {
            if !state.pages.contains_key(&number) {
                let mut page = vec![0; PAGE_BYTES].into_boxed_slice();
                self.read_below(&state, number * PAGE_BYTES as u64, &mut page)?;
                state.pages.insert(number, page);
            }
            if let Some(page) = state.pages.get_mut(&number) {
                page[within..within + count].copy_from_slice(&data[from..from + count]);
            }
        }
        state.length = state.length.max(offset + data.len() as u64);
        Ok(())
    }

    fn close(&self) -> io::Result<()> {
        self.below.close()
    }
}
