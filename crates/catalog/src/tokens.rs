//! Access tokens, found by hash at every request and so never under a lock. They are few and seldom change: a change
//! copies the table.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use arc_swap::ArcSwap;
use foldhash::fast::RandomState;
use paste_model::{Revision, Token, TokenHash, TokenId};

/// The tokens of the registry.
#[derive(Default)]
pub(crate) struct Tokens(ArcSwap<Table>);

#[derive(Default, Clone)]
struct Table {
    by_id: BTreeMap<TokenId, (Arc<Token>, Revision)>,
    by_hash: HashMap<TokenHash, Arc<Token>, RandomState>,
}

impl Tokens {
    pub(crate) fn all(&self) -> Vec<(Arc<Token>, Revision)> {
        self.0.load().by_id.values().cloned().collect()
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.load().by_id.contains_key(name)
    }

    pub(crate) fn find(&self, hash: &TokenHash) -> Option<Arc<Token>> {
        self.0.load().by_hash.get(hash).cloned()
    }

    pub(crate) fn put(&self, token: Arc<Token>, revision: Revision) {
        self.change(|table| {
            let id = token.id.clone();
            if let Some((old, _)) = table.by_id.insert(id, (Arc::clone(&token), revision)) {
                table.by_hash.remove(&old.hash);
            }
            table.by_hash.insert(token.hash, token);
        });
    }

    /// Answers whether there was one.
    pub(crate) fn remove(&self, id: &TokenId) -> bool {
        let known = self.0.load().by_id.contains_key(id);
        if known {
            self.change(|table| {
                if let Some((old, _)) = table.by_id.remove(id) {
                    table.by_hash.remove(&old.hash);
                }
            });
        }
        known
    }

    fn change(&self, act: impl FnOnce(&mut Table)) {
        let mut table = Table::clone(&self.0.load());
        act(&mut table);
        self.0.store(Arc::new(table));
    }
}
