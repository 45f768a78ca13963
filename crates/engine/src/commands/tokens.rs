//! Access tokens: made here, shown once, and kept only as a hash.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use paste_model::limits::GRANTS_MAX;
use paste_model::{Expect, Grant, Key, Record, Role, Timestamp, Token, TokenHash, TokenId};
use paste_store::CommitError;
use rand::TryRng;
use rand::rngs::SysRng;

use super::Plan;
use crate::{Caller, Engine, EngineError};

/// What every secret begins with, so that scanners recognise one that leaked.
const SECRET_PREFIX: &str = "prt_";

impl Engine {
    /// Makes a token and returns its secret, which nothing can show again.
    pub async fn create_token(
        &self,
        caller: &Caller,
        id: TokenId,
        grants: Vec<Grant>,
        expires: Option<Timestamp>,
    ) -> Result<(Arc<Token>, String), EngineError> {
        caller.require_everywhere(Role::Admin)?;
        if grants.is_empty() || grants.len() > GRANTS_MAX {
            return Err(EngineError::Invalid {
                field: "grants".to_owned(),
                detail: format!("needs 1 to {GRANTS_MAX} entries (grants_max)"),
            });
        }
        let now = self.context().clock.wall();
        if expires.is_some_and(|end| end <= now) {
            return Err(EngineError::Invalid {
                field: "expires".to_owned(),
                detail: "is in the past: the token would never be valid".to_owned(),
            });
        }
        let secret = new_secret()?;
        let token = Arc::new(Token {
            hash: TokenHash::of(&secret),
            grants,
            created: now,
            expires,
            by: caller.principal().clone(),
            id,
        });
        let mut plan = Plan::default();
        plan.expect(Key::Token(token.id.clone()), Expect::Absent);
        plan.put(Record::Token(Arc::clone(&token)));
        match self.context().commit(self.batch_of(caller, plan)).await {
            Ok(_) => Ok((token, secret)),
            Err(CommitError::Conflict { .. }) => Err(EngineError::Conflict {
                code: "token-exists",
                detail: format!(
                    "a token named {} exists; delete it first or choose another name",
                    token.id
                ),
            }),
            Err(error) => Err(error.into()),
        }
    }

    /// Takes a token back: from now on it is refused.
    pub async fn delete_token(&self, caller: &Caller, id: &TokenId) -> Result<(), EngineError> {
        caller.require_everywhere(Role::Admin)?;
        let mut plan = Plan::default();
        plan.expect(Key::Token(id.clone()), Expect::Present);
        plan.delete(Key::Token(id.clone()));
        match self.context().commit(self.batch_of(caller, plan)).await {
            Ok(_) => Ok(()),
            Err(CommitError::Conflict { .. }) => Err(EngineError::NotFound {
                code: "unknown-token",
                detail: format!("no token is named {id}"),
            }),
            Err(error) => Err(error.into()),
        }
    }

    /// All tokens in name order, without their secrets.
    pub fn tokens(&self, caller: &Caller) -> Result<Vec<Arc<Token>>, EngineError> {
        caller.require_everywhere(Role::Admin)?;
        let mut tokens: Vec<_> = self
            .catalog()
            .tokens()
            .into_iter()
            .map(|(token, _)| token)
            .collect();
        tokens.sort_by(|a, b| a.id.cmp(&b.id));
        Ok(tokens)
    }
}

/// 256 bits of the system's randomness.
fn new_secret() -> Result<String, EngineError> {
    let mut bytes = [0_u8; 32];
    SysRng
        .try_fill_bytes(&mut bytes)
        .map_err(|error| EngineError::read("can't read the system's randomness", error))?;
    Ok(format!("{SECRET_PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes)))
}
