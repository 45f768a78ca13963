//! Which services and namespaces there are: found by name without a lock, listed in order under a short one.
//!
//! Invariants: a service is listed exactly while its cell holds a snapshot; a namespace is listed while it has settings
//! or services. The listing's lock is taken to write only when a service or a namespace appears, goes or is set.

use std::collections::BTreeMap;
use std::hash::{Hash, Hasher};
use std::ops::Bound;
use std::sync::Arc;

use foldhash::fast::RandomState;
use papaya::Equivalent;
use parking_lot::RwLock;
use paste_model::{Namespace, NamespaceSettings, ServiceKey, ServiceName};

use crate::cell::Cell;
use crate::snapshot::Snapshot;

/// The index of services.
#[derive(Default)]
pub(crate) struct Directory {
    cells: papaya::HashSet<Named, RandomState>,
    listing: RwLock<BTreeMap<Namespace, Space>>,
}

/// What is listed of a namespace.
#[derive(Default)]
struct Space {
    settings: Option<NamespaceSettings>,
    services: BTreeMap<ServiceName, Arc<Cell>>,
}

/// A cell, hashed and compared by its service's name.
struct Named(Arc<Cell>);

/// A service's name, borrowed.
#[derive(Hash)]
struct Name<'a> {
    namespace: &'a str,
    service: &'a str,
}

impl Named {
    fn name(&self) -> Name<'_> {
        Name::of(&self.0.key)
    }
}

impl<'a> Name<'a> {
    fn of(key: &'a ServiceKey) -> Self {
        Self {
            namespace: key.namespace.as_str(),
            service: key.name.as_str(),
        }
    }
}

impl Hash for Named {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name().hash(state);
    }
}

impl PartialEq for Named {
    fn eq(&self, other: &Self) -> bool {
        self.0.key == other.0.key
    }
}

impl Eq for Named {}

impl Equivalent<Named> for Name<'_> {
    fn equivalent(&self, named: &Named) -> bool {
        self.service == named.0.key.name.as_str()
            && self.namespace == named.0.key.namespace.as_str()
    }
}

impl Directory {
    /// The newest snapshot of a known service.
    pub(crate) fn snapshot(&self, namespace: &str, service: &str) -> Option<Arc<Snapshot>> {
        self.cells
            .pin()
            .get(&Name { namespace, service })?
            .0
            .snapshot
            .load_full()
    }

    /// The cell of a service that is known, or of which something was said.
    pub(crate) fn find(&self, namespace: &str, service: &str) -> Option<Arc<Cell>> {
        let cells = self.cells.pin();
        Some(Arc::clone(&cells.get(&Name { namespace, service })?.0))
    }

    /// The cell of a service, made when it has none. Only the writer calls this.
    pub(crate) fn cell(&self, key: &ServiceKey) -> Arc<Cell> {
        let cells = self.cells.pin();
        if let Some(named) = cells.get(&Name::of(key)) {
            return Arc::clone(&named.0);
        }
        let cell = Arc::new(Cell::new(key.clone()));
        cells.insert(Named(Arc::clone(&cell)));
        cell
    }

    /// Forgets a cell.
    pub(crate) fn remove(&self, key: &ServiceKey) {
        self.cells.pin().remove(&Name::of(key));
    }

    /// All cells, in no order.
    pub(crate) fn cells(&self) -> Vec<Arc<Cell>> {
        self.cells
            .pin()
            .iter()
            .map(|named| Arc::clone(&named.0))
            .collect()
    }

    /// Lists a service that has become known.
    pub(crate) fn list(&self, cell: &Arc<Cell>) {
        self.listing
            .write()
            .entry(cell.key.namespace.clone())
            .or_default()
            .services
            .insert(cell.key.name.clone(), Arc::clone(cell));
    }

    /// Takes a service off the list that has become unknown.
    pub(crate) fn unlist(&self, key: &ServiceKey) {
        let mut listing = self.listing.write();
        if let Some(space) = listing.get_mut(&key.namespace) {
            space.services.remove(&key.name);
            if space.services.is_empty() && space.settings.is_none() {
                listing.remove(&key.namespace);
            }
        }
    }

    /// Sets what is recorded of a namespace; answers what was before.
    pub(crate) fn set_namespace(
        &self,
        name: &Namespace,
        settings: Option<NamespaceSettings>,
    ) -> Option<NamespaceSettings> {
        let mut listing = self.listing.write();
        if settings.is_none() && !listing.contains_key(name) {
            return None;
        }
        let space = listing.entry(name.clone()).or_default();
        let before = std::mem::replace(&mut space.settings, settings);
        if space.services.is_empty() && space.settings.is_none() {
            listing.remove(name);
        }
        before
    }

    /// See [`crate::Catalog::services`].
    pub(crate) fn services(
        &self,
        namespace: &str,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Vec<Arc<Snapshot>> {
        let start = match after {
            Some(after) if after >= prefix => Bound::Excluded(after),
            _ => Bound::Included(prefix),
        };
        let listing = self.listing.read();
        let Some(space) = listing.get(namespace) else {
            return Vec::new();
        };
        space
            .services
            .range::<str, _>((start, Bound::Unbounded))
            .take_while(|(name, _)| name.as_str().starts_with(prefix))
            .filter_map(|(_, cell)| cell.snapshot.load_full())
            .take(limit)
            .collect()
    }

    /// Namespaces in name order.
    pub(crate) fn namespaces(&self) -> Vec<(Namespace, Option<NamespaceSettings>)> {
        self.listing
            .read()
            .iter()
            .map(|(name, space)| (name.clone(), space.settings.clone()))
            .collect()
    }

    /// What is recorded of a namespace.
    pub(crate) fn namespace(&self, name: &str) -> Option<NamespaceSettings> {
        self.listing.read().get(name)?.settings.clone()
    }
}
