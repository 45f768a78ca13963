//! Who asks, and what they may do.

use std::sync::Arc;

use paste_model::{
    ConfigGroup, ConfigKey, Namespace, NodeName, Principal, Role, ServiceKey, Token, TokenHash,
};

use crate::{Engine, EngineError};

/// Someone whose request has been authenticated.
#[derive(Debug, Clone)]
pub struct Caller {
    principal: Principal,
    /// `None`: everything is allowed (anonymous on loopback).
    token: Option<Arc<Token>>,
}

impl Caller {
    /// A caller without a token, who may do everything: only for requests from this machine.
    pub fn anonymous() -> Self {
        Self {
            principal: Principal::anonymous(),
            token: None,
        }
    }

    /// The registry itself, as this node, which may do everything.
    pub(crate) fn node(name: &NodeName) -> Self {
        Self {
            principal: Principal::node(name),
            token: None,
        }
    }

    /// The holder of `token`.
    pub fn holder(token: Arc<Token>) -> Self {
        Self {
            principal: Principal::token(&token.id),
            token: Some(token),
        }
    }

    /// Who it is.
    pub fn principal(&self) -> &Principal {
        &self.principal
    }

    /// Whether they may act in `role` on `service`.
    pub fn may(&self, role: Role, service: &ServiceKey) -> bool {
        self.any(|token| token.grants.iter().any(|grant| grant.allows(role, service)))
    }

    /// Whether they may act in `role` on some service of `namespace`.
    pub fn may_in(&self, role: Role, namespace: &Namespace) -> bool {
        self.any(|token| {
            token
                .grants
                .iter()
                .any(|grant| grant.allows_in(role, namespace))
        })
    }

    /// Whether they may act in `role` on every service of `namespace`.
    pub fn may_all(&self, role: Role, namespace: &Namespace) -> bool {
        self.any(|token| {
            token
                .grants
                .iter()
                .any(|grant| grant.allows_all(role, namespace))
        })
    }

    /// Whether they may act in `role` everywhere.
    pub fn may_everywhere(&self, role: Role) -> bool {
        self.any(|token| {
            token
                .grants
                .iter()
                .any(|grant| grant.allows_everywhere(role))
        })
    }

    /// Whether they may act in `role` on the configuration item `key`.
    pub fn may_config(&self, role: Role, key: &ConfigKey) -> bool {
        self.any(|token| (token.grants.iter()).any(|grant| grant.allows_config(role, key)))
    }

    /// Whether they may act in `role` on some configuration item of `namespace`.
    pub fn may_configs_in(&self, role: Role, namespace: &Namespace) -> bool {
        self.any(|token| {
            (token.grants.iter()).any(|grant| grant.allows_configs_in(role, namespace))
        })
    }

    /// Refuses unless they may act in `role` on the configuration item `key`.
    pub fn require_config(&self, role: Role, key: &ConfigKey) -> Result<(), EngineError> {
        self.refuse_unless(self.may_config(role, key), role, || {
            format!("configuration item {key}")
        })
    }

    /// Refuses unless they may act in `role` on every configuration item of a group.
    pub fn require_config_group(
        &self,
        role: Role,
        namespace: &Namespace,
        group: &ConfigGroup,
    ) -> Result<(), EngineError> {
        let allowed = self.any(|token| {
            (token.grants.iter()).any(|grant| grant.allows_config_group(role, namespace, group))
        });
        self.refuse_unless(allowed, role, || {
            format!("every configuration item of group {group} in namespace {namespace}")
        })
    }

    /// Refuses unless they may act in `role` on some configuration item of `namespace`.
    pub fn require_configs_in(&self, role: Role, namespace: &Namespace) -> Result<(), EngineError> {
        self.refuse_unless(self.may_configs_in(role, namespace), role, || {
            format!("any configuration item of namespace {namespace}")
        })
    }

    /// Refuses unless they may act in `role` on `service`.
    pub fn require(&self, role: Role, service: &ServiceKey) -> Result<(), EngineError> {
        self.refuse_unless(self.may(role, service), role, || {
            format!("service {service}")
        })
    }

    /// Refuses unless they may act in `role` on every service of `namespace`.
    pub fn require_all(&self, role: Role, namespace: &Namespace) -> Result<(), EngineError> {
        self.refuse_unless(self.may_all(role, namespace), role, || {
            format!("every service of namespace {namespace}")
        })
    }

    /// Refuses unless they may act in `role` everywhere.
    pub fn require_everywhere(&self, role: Role) -> Result<(), EngineError> {
        self.refuse_unless(self.may_everywhere(role), role, || {
            "the whole registry".to_owned()
        })
    }

    fn any(&self, allowed: impl Fn(&Token) -> bool) -> bool {
        self.token.as_deref().is_none_or(allowed)
    }

    fn refuse_unless(
        &self,
        allowed: bool,
        needed: Role,
        subject: impl Fn() -> String,
    ) -> Result<(), EngineError> {
        if allowed {
            return Ok(());
        }
        let (principal, role, subject) = (&self.principal, needed.as_str(), subject());
        Err(EngineError::Forbidden {
            needed,
            detail: format!("{principal} lacks the role {role} for {subject}"),
        })
    }
}

impl Engine {
    /// The caller for what the registry does of its own accord, at its start.
    pub fn itself(&self) -> Caller {
        Caller::node(self.node())
    }

    /// The caller of a request that goes on for long, as they are now: `None` once their token is gone or has expired.
    pub fn still(&self, caller: &Caller) -> Option<Caller> {
        let Some(token) = &caller.token else {
            return Some(caller.clone());
        };
        let known = self.catalog().token(&token.hash)?;
        self.is_current(&known).then(|| Caller::holder(known))
    }

    fn is_current(&self, token: &Token) -> bool {
        (token.expires).is_none_or(|end| self.context().clock.wall() < end)
    }

    /// Finds out who sends `bearer`. A token that is sent is always checked; without one, the caller is anonymous
    /// where that is allowed.
    ///
    /// Only the hash of the secret is compared, so that the time a look-up takes tells nothing about any secret.
    pub fn authenticate(
        &self,
        bearer: Option<&str>,
        anonymous_allowed: bool,
    ) -> Result<Caller, EngineError> {
        let Some(secret) = bearer else {
            return if anonymous_allowed {
                Ok(Caller::anonymous())
            } else {
                Err(EngineError::Unauthenticated {
                    detail: "this request needs a token: send 'Authorization: Bearer <token>'"
                        .to_owned(),
                })
            };
        };
        let token = self.catalog().token(&TokenHash::of(secret));
        match token {
            Some(token) if self.is_current(&token) => Ok(Caller::holder(token)),
            Some(token) => Err(EngineError::Unauthenticated {
                detail: format!("token {} has expired", token.id),
            }),
            None => Err(EngineError::Unauthenticated {
                detail: "the token is not valid".to_owned(),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use paste_model::{Grant, Scope, ServiceName, Timestamp, TokenId};

    #[test]
    fn a_caller_may_what_the_grants_say() {
        let service = |name: &str| ServiceKey {
            namespace: Namespace::default(),
            name: ServiceName::new(name).expect("valid"),
        };
        let grant = Grant {
            role: Role::Register,
            namespace: Some(Namespace::default()),
            scope: Scope::Prefix("pay".into()),
        };
        let caller = Caller::holder(Arc::new(Token {
            hash: TokenHash::of("secret"),
            grants: vec![grant],
            created: Timestamp(0),
            expires: None,
            by: Principal::anonymous(),
            id: TokenId::new("ci").expect("valid"),
        }));
        assert!(caller.require(Role::Register, &service("payments")).is_ok());
        let refusal = caller
            .require(Role::Register, &service("orders"))
            .expect_err("out of scope");
        assert_eq!(refusal.code(), "forbidden");
        assert_eq!(
            refusal.to_string(),
            "token:ci lacks the role register for service default/orders"
        );
        assert!(caller.may_in(Role::Read, &Namespace::default()));
        assert!(!caller.may_all(Role::Read, &Namespace::default()));
        assert!(!caller.may_everywhere(Role::Read));
        assert!(Caller::anonymous().may_everywhere(Role::Admin));
    }
}
