//! Access tokens and what they grant.

use bytes::Bytes;
use paste_model::{Grant, Namespace, ServiceName, Services, Timestamp, Token, TokenHash, TokenId};

use super::wire::{GrantRow, TokenRow};
use super::{ROLES, RecordError, free_text, number, parse, principal, text, word};

impl From<&Token> for TokenRow {
    fn from(token: &Token) -> Self {
        Self {
            hash: Bytes::copy_from_slice(&token.hash.0),
            grants: token.grants.iter().map(GrantRow::from).collect(),
            created_ms: token.created.0,
            expires_ms: token.expires.map(|at| at.0),
            by: text(token.by.as_str()),
        }
    }
}

impl TokenRow {
    /// The token of that name.
    pub(in crate::record) fn token(self, id: TokenId) -> Result<Token, RecordError> {
        let hash = self.hash.as_ref().try_into();
        Ok(Token {
            hash: TokenHash(
                hash.map_err(|error| RecordError::malformed("the token's hash", error))?,
            ),
            grants: self
                .grants
                .into_iter()
                .map(Grant::try_from)
                .collect::<Result<_, _>>()?,
            created: Timestamp(self.created_ms),
            expires: self.expires_ms.map(Timestamp),
            by: principal(&self.by)?,
            id,
        })
    }
}

impl From<&Grant> for GrantRow {
    fn from(grant: &Grant) -> Self {
        let (prefix, service) = match &grant.services {
            Services::Prefix(prefix) => (text(prefix), None),
            Services::One(name) => (Bytes::new(), Some(text(name.as_str()))),
        };
        Self {
            role: number(&ROLES, &grant.role),
            namespace: grant
                .namespace
                .as_ref()
                .map(|namespace| text(namespace.as_str())),
            prefix,
            service,
        }
    }
}

impl TryFrom<GrantRow> for Grant {
    type Error = RecordError;

    fn try_from(row: GrantRow) -> Result<Self, RecordError> {
        let namespace = |bytes: Bytes| parse("the namespace", &bytes, Namespace::new);
        let services = match row.service {
            Some(name) => Services::One(parse("the service name", &name, ServiceName::new)?),
            None => Services::Prefix(free_text("the prefix", &row.prefix)?.into()),
        };
        Ok(Self {
            role: word("the role", &ROLES, row.role)?,
            namespace: row.namespace.map(namespace).transpose()?,
            services,
        })
    }
}
