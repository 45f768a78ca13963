//! A disk that fails on demand: from the n-th operation on, every write or fsync is refused, the first failing write
//! optionally leaving half of its bytes behind.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use redb::StorageBackend;

/// When and how the disk fails. Clones share their state; a new one never fails.
#[derive(Debug, Clone)]
pub struct Faults(Arc<Plan>);

#[derive(Debug)]
struct Plan {
    writes_left: AtomicU64,
    syncs_left: AtomicU64,
    torn: AtomicBool,
    kind: parking_lot::Mutex<io::ErrorKind>,
}

impl Default for Faults {
    fn default() -> Self {
        Self(Arc::new(Plan {
            writes_left: AtomicU64::new(u64::MAX),
            syncs_left: AtomicU64::new(u64::MAX),
            torn: AtomicBool::new(false),
            kind: parking_lot::Mutex::new(io::ErrorKind::Other),
        }))
    }
}

impl Faults {
    /// Refuses every write after the next `count`, as `kind`.
    pub fn fail_writes_after(&self, count: u64, kind: io::ErrorKind) {
        *self.0.kind.lock() = kind;
        self.0.writes_left.store(count, Ordering::SeqCst);
    }

    /// Refuses every fsync after the next `count`.
    pub fn fail_syncs_after(&self, count: u64) {
        *self.0.kind.lock() = io::ErrorKind::Other;
        self.0.syncs_left.store(count, Ordering::SeqCst);
    }

    /// Half of the next write reaches the disk, nothing after it does.
    pub fn tear_write_after(&self, count: u64) {
        self.0.torn.store(true, Ordering::SeqCst);
        self.fail_writes_after(count, io::ErrorKind::Other);
    }

    /// A storage that fails by this plan and else is `inner`.
    pub(crate) fn wrap<B>(&self, inner: B) -> Faulty<B> {
        Faulty {
            inner,
            faults: self.clone(),
        }
    }

    fn refuse(&self) -> io::Error {
        io::Error::new(*self.0.kind.lock(), "injected fault")
    }

    fn spend(left: &AtomicU64) -> bool {
        left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| match left {
            u64::MAX => Some(u64::MAX),
            left => left.checked_sub(1),
        })
        .is_ok()
    }
}

/// A storage behind a plan of faults.
#[derive(Debug)]
pub(crate) struct Faulty<B> {
    inner: B,
    faults: Faults,
}

impl<B: StorageBackend> StorageBackend for Faulty<B> {
    fn len(&self) -> io::Result<u64> {
        self.inner.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.inner.read(offset, out)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.inner.set_len(len)
    }

    fn sync_data(&self) -> io::Result<()> {
        if Faults::spend(&self.faults.0.syncs_left) {
            self.inner.sync_data()
        } else {
            Err(self.faults.refuse())
        }
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        if Faults::spend(&self.faults.0.writes_left) {
            return self.inner.write(offset, data);
        }
        if self.faults.0.torn.swap(false, Ordering::SeqCst) {
            self.inner.write(offset, &data[..data.len() / 2])?;
        }
        Err(self.faults.refuse())
    }

    fn close(&self) -> io::Result<()> {
        self.inner.close()
    }
}
