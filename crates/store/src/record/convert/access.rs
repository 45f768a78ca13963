//! Access tokens and what they grant.

use bytes::Bytes;
use paste_model::{
    ConfigGroup, ConfigScope, Grant, Namespace, Scope, ServiceName, Timestamp, Token, TokenHash,
    TokenId,
};

use super::wire::{ConfigScopeRow, GrantRow, TokenRow};
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
        let (prefix, service, configs) = match &grant.scope {
            Scope::Prefix(prefix) => (text(prefix), None, None),
            Scope::Service(name) => (Bytes::new(), Some(text(name.as_str())), None),
            Scope::Configs(scope) => (Bytes::new(), None, Some(scope)),
        };
        Self {
            role: number(&ROLES, &grant.role),
            namespace: grant
                .namespace
                .as_ref()
                .map(|namespace| text(namespace.as_str())),
            prefix,
            service,
            configs: configs.map(|scope| ConfigScopeRow {
                group: scope.group.as_ref().map(|group| text(group.as_str())),
                prefix: text(&scope.prefix),
            }),
        }
    }
}

impl TryFrom<GrantRow> for Grant {
    type Error = RecordError;

    fn try_from(row: GrantRow) -> Result<Self, RecordError> {
        let namespace = |bytes: Bytes| parse("the namespace", &bytes, Namespace::new);
        let group = |bytes: Bytes| parse("the config group", &bytes, ConfigGroup::new);
        let scope = match (row.service, row.configs) {
            (_, Some(scope)) => Scope::Configs(ConfigScope {
                group: scope.group.map(group).transpose()?,
                prefix: free_text("the prefix", &scope.prefix)?.into(),
            }),
            (Some(name), None) => {
                Scope::Service(parse("the service name", &name, ServiceName::new)?)
            }
            (None, None) => Scope::Prefix(free_text("the prefix", &row.prefix)?.into()),
        };
        Ok(Self {
            role: word("the role", &ROLES, row.role)?,
            namespace: row.namespace.map(namespace).transpose()?,
            scope,
        })
    }
}
