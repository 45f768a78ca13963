//! The view: a materialised picture of an ordered change stream, lock-free to read.
//!
//! Invariants:
//! - The view is a function of the records: whoever applied the same records, in whatever batches, sees the same picture.
//!   So an override or a check verdict that arrives before its instance, or outlives it, is kept and joins the instance
//!   when that comes; only the deletion of its own record ends it.
//! - One [`Writer`] changes the view, batch by batch. Of one service a reader sees all of a batch or nothing.
//! - [`Catalog::revision`] says R only when every service shows all batches up to R.
//! - Of one service, the revisions a [`Subscription`] hands out never go back (but after [`Event::Reset`]).
//! - A slow reader costs its cursor, never a queue.
//!
//! How changes travel: `writer` joins a batch's changes into new members, swaps each service's [`Snapshot`] once, and
//! tells `merge`; what is due becomes an [`Emission`], which `ring` numbers and keeps, in the `topics` that carry it,
//! until a limit of the ring is reached; then one store of `Progress` makes all of it visible, and those who wait are
//! woken.

mod cell;
mod chunk;
mod configs;
mod directory;
mod emission;
mod heralds;
mod limits;
mod merge;
mod progress;
mod reader;
mod records;
mod ring;
mod session;
mod shared;
mod slots;
mod snapshot;
mod subscription;
mod terms;
mod tokens;
mod topics;
mod transition;
mod wait;
mod writer;

use std::sync::Arc;

pub use chunk::Chunk;
pub use configs::{ConfigFollower, ConfigItem, ConfigTopic, Releases};
pub use emission::{Emission, Event, Topic};
pub use heralds::Herald;
pub use limits::Limits;
pub use reader::{Catalog, Counts};
pub use session::SessionCell;
pub use slots::Slots;
pub use snapshot::{Members, Snapshot};
pub use subscription::Subscription;
pub use transition::Transition;
pub use wait::WaitFor;
pub use writer::Writer;

/// Makes an empty catalog: the one writer, and a reader to clone.
pub fn catalog(limits: Limits) -> (Writer, Catalog) {
    let shared = Arc::new(shared::Shared::default());
    (
        Writer::new(Arc::clone(&shared), limits),
        Catalog::new(shared),
    )
}
