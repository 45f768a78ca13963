//! Sessions as the view knows them.
//!
//! Invariant: a cell is in the index exactly while an instance names the session or it has a record. Cells are shared:
//! whoever holds one that has left the index holds the past.

use std::borrow::Borrow;
use std::collections::BTreeMap;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, LazyLock};

use arc_swap::ArcSwapOption;
use foldhash::fast::RandomState;
use parking_lot::Mutex;
use paste_model::{
    Health, HealthState, InstanceId, InstanceKey, Member, Principal, Revision, Session, SessionId,
};

use crate::cell::Cell;

static DEFAULT_SESSION: LazyLock<Arc<Session>> = LazyLock::new(Arc::default);

/// A session as the view knows it: alive as long as an instance names it or it has a record.
pub struct SessionCell {
    id: SessionId,
    record: ArcSwapOption<SessionRecord>,
    links: Mutex<Links>,
    pulse: AtomicU64,
    marks: AtomicU64,
}

/// What is recorded of a session.
struct SessionRecord {
    session: Arc<Session>,
    revision: Revision,
    /// Of the session; shared with its members.
    health: Option<Arc<Health>>,
}

/// The instances that name a session: mostly one, so that is kept in place.
#[derive(Default)]
enum Links {
    #[default]
    None,
    One(Link),
    Many(BTreeMap<InstanceKey, Arc<Cell>>),
}

/// An instance of a cell's service.
#[derive(Clone)]
pub(crate) struct Link {
    pub(crate) cell: Arc<Cell>,
    pub(crate) id: InstanceId,
}

impl Link {
    fn key(&self) -> InstanceKey {
        InstanceKey {
            service: (*self.cell.key).clone(),
            id: self.id.clone(),
        }
    }

    fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.cell, &other.cell) && self.id == other.id
    }
}

impl SessionCell {
    fn new(id: SessionId) -> Self {
        Self {
            id,
            record: ArcSwapOption::empty(),
            links: Mutex::default(),
            pulse: AtomicU64::new(0),
            marks: AtomicU64::new(0),
        }
    }

    /// Its id.
    pub fn id(&self) -> &SessionId {
        &self.id
    }

    /// Its record (the defaults when it has none) and the record's revision.
    pub fn record(&self) -> (Arc<Session>, Option<Revision>) {
        self.record.load().as_ref().map_or_else(
            || (Arc::clone(&DEFAULT_SESSION), None),
            |record| (Arc::clone(&record.session), Some(record.revision)),
        )
    }

    /// Whether it is `principal` who created it, and so may use it.
    pub fn belongs_to(&self, principal: &Principal) -> bool {
        match &*self.record.load() {
            Some(record) => record.session.principal == *principal,
            None => DEFAULT_SESSION.principal == *principal,
        }
    }

    /// Instances that name it, as the view shows them, in order.
    pub fn members(&self) -> Vec<(InstanceKey, Arc<Member>)> {
        self.links()
            .into_iter()
            .filter_map(|Link { cell, id }| {
                let member = Arc::clone(cell.snapshot.load().as_ref()?.member(id.as_str())?);
                let service = (*cell.key).clone();
                Some((InstanceKey { service, id }, member))
            })
            .collect()
    }

    /// The verdict on it.
    pub fn health(&self) -> HealthState {
        self.verdict()
            .map_or(HealthState::Passing, |health| health.state)
    }

    /// A word for whoever watches over the session: liveness keeps the last renewal here. The catalog never reads it.
    pub fn pulse(&self) -> &AtomicU64 {
        &self.pulse
    }

    /// A second word of the same kind (flags: stream open, recovery asked for…).
    pub fn marks(&self) -> &AtomicU64 {
        &self.marks
    }

    /// The verdict on it, with its reason; `None` is passing.
    pub(crate) fn verdict(&self) -> Option<Arc<Health>> {
        self.record.load().as_ref()?.health.clone()
    }

    pub(crate) fn links(&self) -> Vec<Link> {
        match &*self.links.lock() {
            Links::None => Vec::new(),
            Links::One(link) => vec![link.clone()],
            Links::Many(links) => {
                let link = |(key, cell): (&InstanceKey, &Arc<Cell>)| Link {
                    cell: Arc::clone(cell),
                    id: key.id.clone(),
                };
                links.iter().map(link).collect()
            }
        }
    }

    /// Writes or ends its record; answers whether the verdict on it changed.
    pub(crate) fn set_record(&self, record: Option<(Session, Revision)>) -> bool {
        let before = self.verdict();
        let after = record
            .as_ref()
            .and_then(|(session, _)| session.health.clone());
        let changed = before.as_deref() != after.as_ref();
        self.record.store(record.map(|(session, revision)| {
            Arc::new(SessionRecord {
                session: Arc::new(session),
                revision,
                health: if changed { after.map(Arc::new) } else { before },
            })
        }));
        changed
    }

    pub(crate) fn link(&self, link: Link) {
        let mut links = self.links.lock();
        match &mut *links {
            Links::None => *links = Links::One(link),
            Links::Many(many) => {
                many.insert(link.key(), link.cell);
            }
            Links::One(one) if one.is(&link) => {}
            Links::One(one) => {
                let both = [&*one, &link].map(|link| (link.key(), Arc::clone(&link.cell)));
                *links = Links::Many(BTreeMap::from(both));
            }
        }
    }

    pub(crate) fn unlink(&self, link: &Link) {
        let mut links = self.links.lock();
        match &mut *links {
            Links::One(one) if one.is(link) => *links = Links::None,
            Links::None | Links::One(_) => {}
            Links::Many(many) => {
                many.remove(&link.key());
                if many.is_empty() {
                    *links = Links::None;
                }
            }
        }
    }

    fn alive(&self) -> bool {
        self.record.load().is_some() || !matches!(*self.links.lock(), Links::None)
    }
}

impl fmt::Debug for SessionCell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SessionCell({})", self.id)
    }
}

/// The index of sessions. Only the writer changes it.
#[derive(Default)]
pub(crate) struct Sessions(papaya::HashSet<Named, RandomState>);

/// A cell, hashed and compared by its id.
struct Named(Arc<SessionCell>);

impl Borrow<str> for Named {
    fn borrow(&self) -> &str {
        self.0.id.as_str()
    }
}

impl Hash for Named {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.id.as_str().hash(state);
    }
}

impl PartialEq for Named {
    fn eq(&self, other: &Self) -> bool {
        self.0.id == other.0.id
    }
}

impl Eq for Named {}

impl Sessions {
    pub(crate) fn get(&self, id: &str) -> Option<Arc<SessionCell>> {
        self.with(id, Arc::clone)
    }

    /// What `look` makes of the cell, without another reference to it.
    pub(crate) fn with<T>(&self, id: &str, look: impl FnOnce(&Arc<SessionCell>) -> T) -> Option<T> {
        self.0.pin().get(id).map(|named| look(&named.0))
    }

    /// The cell of a session, and whether it was made now.
    pub(crate) fn get_or_make(&self, id: &SessionId) -> (Arc<SessionCell>, bool) {
        let sessions = self.0.pin();
        if let Some(named) = sessions.get(id.as_str()) {
            return (Arc::clone(&named.0), false);
        }
        let cell = Arc::new(SessionCell::new(id.clone()));
        sessions.insert(Named(Arc::clone(&cell)));
        (cell, true)
    }

    /// Forgets the session if neither a record nor an instance keeps it; answers whether it went now.
    pub(crate) fn forget_if_dead(&self, cell: &SessionCell) -> bool {
        !cell.alive() && self.0.pin().remove(cell.id.as_str())
    }

    pub(crate) fn reserve(&self, additional: usize) {
        self.0.pin().reserve(additional);
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn all(&self) -> Vec<Arc<SessionCell>> {
        self.0
            .pin()
            .iter()
            .map(|named| Arc::clone(&named.0))
            .collect()
    }
}
