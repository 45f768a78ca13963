//! Access tokens: what is stored of them, and what they allow.

use sha2::{Digest, Sha256};

use crate::{
    ConfigGroup, ConfigKey, Namespace, Principal, ServiceKey, ServiceName, Timestamp, TokenId,
};

/// What a token may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// Read services, instances, events; watch.
    Read,
    /// Register, renew and deregister instances; includes `read`.
    Register,
    /// Read configuration, secrets included.
    ConfigRead,
    /// Write drafts of configuration; includes `config-read`.
    ConfigWrite,
    /// Release configuration; includes `config-read`, not `config-write`.
    ConfigPublish,
    /// Change configuration and policies in every way; includes `read` and the three before.
    Config,
    /// Set overrides and service settings, deregister what others registered; includes `register` and `config`.
    Operate,
    /// Everything, tokens and namespaces included.
    Admin,
}

impl Role {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Read,
        Self::Register,
        Self::ConfigRead,
        Self::ConfigWrite,
        Self::ConfigPublish,
        Self::Config,
        Self::Operate,
        Self::Admin,
    ];

    /// The word used on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Register => "register",
            Self::ConfigRead => "config-read",
            Self::ConfigWrite => "config-write",
            Self::ConfigPublish => "config-publish",
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
            Self::Register => needed == self || needed == Self::Read,
            Self::Config => !matches!(needed, Self::Register | Self::Operate | Self::Admin),
            Self::ConfigWrite | Self::ConfigPublish => needed == self || needed == Self::ConfigRead,
            Self::ConfigRead => needed == self,
            Self::Read => needed == Self::Read,
        }
    }
}

/// A role in a namespace (or in all of them), for a part of what is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// What is allowed.
    pub role: Role,
    /// Where; `None` is everywhere.
    pub namespace: Option<Namespace>,
    /// On what there.
    pub scope: Scope,
}

/// What a grant speaks of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// Services whose name begins so; with an empty prefix all services, and all configuration items.
    Prefix(String),
    /// This service.
    Service(ServiceName),
    /// Configuration items.
    Configs(ConfigScope),
}

/// The configuration items that a grant speaks of: those of a group, or of all, whose name begins so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigScope {
    /// The group; `None` for every group.
    pub group: Option<ConfigGroup>,
    /// How the items' names begin; empty for all.
    pub prefix: String,
}

impl Scope {
    /// Everything.
    pub fn all() -> Self {
        Self::Prefix(String::new())
    }

    fn is_all(&self) -> bool {
        matches!(self, Self::Prefix(prefix) if prefix.is_empty())
    }
}

impl Grant {
    /// Whether this grant allows `role` on `service`.
    pub fn allows(&self, role: Role, service: &ServiceKey) -> bool {
        self.reaches(role, &service.namespace)
            && match &self.scope {
                Scope::Prefix(prefix) => service.name.as_str().starts_with(prefix.as_str()),
                Scope::Service(name) => *name == service.name,
                Scope::Configs(_) => false,
            }
    }

    /// Whether this grant allows `role` on the configuration item `key`.
    pub fn allows_config(&self, role: Role, key: &ConfigKey) -> bool {
        self.reaches(role, &key.namespace)
            && match &self.scope {
                Scope::Configs(scope) => {
                    scope.group.as_ref().is_none_or(|group| *group == key.group)
                        && key.name.as_str().starts_with(scope.prefix.as_str())
                }
                Scope::Prefix(_) | Scope::Service(_) => self.scope.is_all(),
            }
    }

    /// Whether this grant allows `role` on every configuration item of a group.
    pub fn allows_config_group(
        &self,
        role: Role,
        namespace: &Namespace,
        group: &ConfigGroup,
    ) -> bool {
        self.reaches(role, namespace)
            && match &self.scope {
                Scope::Configs(scope) => {
                    scope.prefix.is_empty() && scope.group.as_ref().is_none_or(|own| own == group)
                }
                Scope::Prefix(_) | Scope::Service(_) => self.scope.is_all(),
            }
    }

    /// Whether this grant allows `role` on some service of `namespace`.
    pub fn allows_in(&self, role: Role, namespace: &Namespace) -> bool {
        self.reaches(role, namespace) && !matches!(self.scope, Scope::Configs(_))
    }

    /// Whether this grant allows `role` on some configuration item of `namespace`.
    pub fn allows_configs_in(&self, role: Role, namespace: &Namespace) -> bool {
        self.reaches(role, namespace)
            && (self.scope.is_all() || matches!(self.scope, Scope::Configs(_)))
    }

    /// Whether this grant allows `role` on everything in `namespace`.
    pub fn allows_all(&self, role: Role, namespace: &Namespace) -> bool {
        self.reaches(role, namespace) && self.scope.is_all()
    }

    /// Whether this grant allows `role` everywhere.
    pub fn allows_everywhere(&self, role: Role) -> bool {
        self.namespace.is_none() && self.role.includes(role) && self.scope.is_all()
    }

    fn reaches(&self, role: Role, namespace: &Namespace) -> bool {
        self.role.includes(role) && self.namespace.as_ref().is_none_or(|own| own == namespace)
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
        assert!(
            Role::Config.includes(Role::ConfigPublish) && Role::Operate.includes(Role::ConfigRead)
        );
        assert!(!Role::ConfigPublish.includes(Role::ConfigWrite));
        assert!(!Role::ConfigWrite.includes(Role::ConfigPublish));
        assert!(!Role::Read.includes(Role::ConfigRead) && !Role::ConfigRead.includes(Role::Read));
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
            scope: Scope::Prefix("pay".into()),
        };
        assert!(grant.allows(Role::Register, &service("default", "payments")));
        assert!(grant.allows(Role::Read, &service("default", "pay")));
        assert!(!grant.allows(Role::Register, &service("default", "orders")));
        assert!(!grant.allows(Role::Register, &service("other", "payments")));
        assert!(!grant.allows_all(Role::Read, &Namespace::default()));
        let bound = Grant {
            scope: Scope::Service(service("default", "pay").name),
            ..grant
        };
        assert!(!bound.allows(Role::Register, &service("default", "payments")));
    }

    #[test]
    fn a_hash_does_not_show_itself() {
        assert_eq!(format!("{:?}", TokenHash::of("secret")), "TokenHash(..)");
    }
}
