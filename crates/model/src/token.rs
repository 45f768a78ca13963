//! Access tokens: what is stored of them, and what they allow.

use sha2::{Digest, Sha256};

use crate::{Namespace, Principal, ServiceKey, ServiceName, Timestamp, TokenId};

/// What a token may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// Read services, instances, events; watch.
    Read,
    /// Register, renew and deregister instances; includes `read`.
    Register,
    /// Change configuration and policies; includes `read`.
    Config,
    /// Set overrides and service settings, deregister what others registered; includes `register` and `config`.
    Operate,
    /// Everything, tokens and namespaces included.
    Admin,
}

impl Role {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Read,
        Self::Register,
        Self::Config,
        Self::Operate,
        Self::Admin,
    ];

    /// The word used on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Register => "register",
            Self::Config => "config",
            Self::Operate => "operate",
            Self::Admin => "admin",
        }
    }

    /// The role of that word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == word)
    }

    /// Whether whoever has this role may do what `needed` allows.
    pub fn includes(self, needed: Self) -> bool {
        match self {
            Self::Admin => true,
            Self::Operate => needed != Self::Admin,
            Self::Config | Self::Register => needed == self || needed == Self::Read,
            Self::Read => needed == Self::Read,
        }
    }
}

/// A role in a namespace (or in all of them), for services whose name begins with a prefix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// What is allowed.
    pub role: Role,
    /// Where; `None` is everywhere.
    pub namespace: Option<Namespace>,
    /// For which services.
    pub services: Services,
}

/// The services a grant speaks of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Services {
    /// Those whose name begins so; empty for all.
    Prefix(String),
    /// This one.
    One(ServiceName),
}

impl Grant {
    /// Whether this grant allows `role` on `service`.
    pub fn allows(&self, role: Role, service: &ServiceKey) -> bool {
        self.allows_in(role, &service.namespace)
            && match &self.services {
                Services::Prefix(prefix) => service.name.as_str().starts_with(prefix.as_str()),
                Services::One(name) => *name == service.name,
            }
    }

    /// Whether this grant allows `role` on some service of `namespace`.
    pub fn allows_in(&self, role: Role, namespace: &Namespace) -> bool {
        self.role.includes(role) && self.namespace.as_ref().is_none_or(|own| own == namespace)
    }

    /// Whether this grant allows `role` on every service of `namespace`.
    pub fn allows_all(&self, role: Role, namespace: &Namespace) -> bool {
        self.allows_in(role, namespace)
            && matches!(&self.services, Services::Prefix(prefix) if prefix.is_empty())
    }

    /// Whether this grant allows `role` everywhere.
    pub fn allows_everywhere(&self, role: Role) -> bool {
        self.namespace.is_none()
            && self.role.includes(role)
            && matches!(&self.services, Services::Prefix(prefix) if prefix.is_empty())
    }
}

/// SHA-256 of a token's secret. Tokens are 256 random bits, so that a plain hash can't be guessed back.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct TokenHash(pub [u8; 32]);

impl TokenHash {
    /// The hash of a secret as it is sent.
    pub fn of(secret: &str) -> Self {
        Self(Sha256::digest(secret.as_bytes()).into())
    }
}

impl std::fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TokenHash(..)")
    }
}

/// What is stored of an access token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// Of its secret.
    pub hash: TokenHash,
    /// What it allows; at most [`crate::limits::GRANTS_MAX`].
    pub grants: Vec<Grant>,
    /// When it was made.
    pub created: Timestamp,
    /// When it ends, if ever.
    pub expires: Option<Timestamp>,
    /// Who made it.
    pub by: Principal,
    /// Its public name.
    pub id: TokenId,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_include_lesser_ones() {
        assert!(Role::Admin.includes(Role::Operate));
        assert!(Role::Operate.includes(Role::Register) && Role::Operate.includes(Role::Config));
        assert!(!Role::Operate.includes(Role::Admin));
        assert!(Role::Register.includes(Role::Read) && !Role::Register.includes(Role::Config));
        assert!(Role::Config.includes(Role::Read) && !Role::Config.includes(Role::Register));
        assert!(!Role::Read.includes(Role::Register));
    }

    #[test]
    fn grants_are_scoped() {
        let service = |namespace: &str, name: &str| ServiceKey {
            namespace: Namespace::new(namespace).expect("valid"),
            name: ServiceName::new(name).expect("valid"),
        };
        let grant = Grant {
            role: Role::Register,
            namespace: Some(Namespace::default()),
            services: Services::Prefix("pay".into()),
        };
        assert!(grant.allows(Role::Register, &service("default", "payments")));
        assert!(grant.allows(Role::Read, &service("default", "pay")));
        assert!(!grant.allows(Role::Register, &service("default", "orders")));
        assert!(!grant.allows(Role::Register, &service("other", "payments")));
        assert!(!grant.allows_all(Role::Read, &Namespace::default()));
        let bound = Grant {
            services: Services::One(service("default", "pay").name),
            ..grant
        };
        assert!(!bound.allows(Role::Register, &service("default", "payments")));
    }

    #[test]
    fn a_hash_does_not_show_itself() {
        assert_eq!(format!("{:?}", TokenHash::of("secret")), "TokenHash(..)");
    }
}
