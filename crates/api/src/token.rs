//! Access tokens: what they allow. Their secrets are shown once, when they are made.

use paste_model::{Services, limits};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::refusal::FieldErrors;
use crate::{Refusal, Time};

/// What a token may do; each includes the lesser ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Read services, instances, events; watch.
    Read,
    /// Register, renew and deregister instances.
    Register,
    /// Change configuration and policies.
    Config,
    /// Set overrides and service settings, deregister what others registered.
    Operate,
    /// Everything.
    Admin,
}

/// A role, and where it holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"role": "register", "namespace": "default", "service": "orders"}))]
pub struct Grant {
    /// What is allowed.
    pub role: Role,
    /// In which namespace; in all unless it says otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(
        min_length = 1,
        max_length = 128,
        pattern = "^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$"
    )]
    pub namespace: Option<String>,
    /// For this service alone; not together with `prefix`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(
        min_length = 1,
        max_length = 128,
        pattern = "^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$"
    )]
    pub service: Option<String>,
    /// For services whose name begins so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 128)]
    pub prefix: Option<String>,
}

/// What a new token shall allow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TokenSettings {
    /// What it allows: at least one, at most 32.
    #[schema(min_items = 1, max_items = 32)]
    #[serde(deserialize_with = "crate::object::list")]
    pub grants: Vec<Grant>,
    /// When it ends, if ever.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<Time>,
}

/// What is known of a token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Token {
    /// Its public name.
    pub name: String,
    /// What it allows.
    pub grants: Vec<Grant>,
    /// When it was made.
    pub created: Time,
    /// When it ends, if ever.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub expires: Option<Time>,
    /// Who made it.
    pub by: String,
}

/// A token that was just made, with its secret: this is the only time that it is shown.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NewToken {
    /// Its public name.
    pub name: String,
    /// What to send as `Authorization: Bearer`.
    pub secret: String,
    /// What it allows.
    pub grants: Vec<Grant>,
    /// When it ends, if ever.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub expires: Option<Time>,
}

impl std::fmt::Debug for NewToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewToken")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// All tokens, in name order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TokenList {
    /// The tokens.
    pub tokens: Vec<Token>,
}

impl TokenSettings {
    /// The grants, checked.
    pub fn grants(&self) -> Result<Vec<paste_model::Grant>, Refusal> {
        let mut errors = FieldErrors::default();
        if self.grants.is_empty() || self.grants.len() > limits::GRANTS_MAX {
            let detail = format!(
                "has {} entries; it needs 1 to {} (grants_max)",
                self.grants.len(),
                limits::GRANTS_MAX
            );
            return Err(Refusal::field("grants", detail));
        }
        let grants = self
            .grants
            .iter()
            .enumerate()
            .filter_map(|(index, grant)| grant.checked(index, &mut errors))
            .collect();
        errors.unless_any(grants)
    }
}

impl Grant {
    fn checked(&self, index: usize, errors: &mut FieldErrors) -> Option<paste_model::Grant> {
        let mut refuse = |field: &str, detail: &dyn ToString| {
            errors.push(format!("grants[{index}].{field}"), detail.to_string());
        };
        let namespace = self
            .namespace
            .as_deref()
            .map(paste_model::Namespace::new)
            .transpose();
        let namespace = namespace.map_err(|error| refuse("namespace", &error)).ok();
        let services = match (&self.service, &self.prefix) {
            (Some(_), Some(_)) => {
                refuse("prefix", &"give either service or prefix");
                None
            }
            (Some(service), None) => paste_model::ServiceName::new(service)
                .map(Services::One)
                .map_err(|error| refuse("service", &error))
                .ok(),
            (None, prefix) => {
                let prefix = prefix.clone().unwrap_or_default();
                if prefix.len() > limits::NAME_BYTES_MAX {
                    refuse("prefix", &"is longer than a name may be (name_bytes_max)");
                }
                Some(Services::Prefix(prefix))
            }
        };
        Some(paste_model::Grant {
            role: self.role.into(),
            namespace: namespace?,
            services: services?,
        })
    }
}

impl From<&paste_model::Grant> for Grant {
    fn from(grant: &paste_model::Grant) -> Self {
        let (service, prefix) = match &grant.services {
            Services::One(name) => (Some(name.to_string()), None),
            Services::Prefix(prefix) => (None, (!prefix.is_empty()).then(|| prefix.clone())),
        };
        Self {
            role: grant.role.into(),
            namespace: grant.namespace.as_ref().map(ToString::to_string),
            service,
            prefix,
        }
    }
}

impl From<&paste_model::Token> for Token {
    fn from(token: &paste_model::Token) -> Self {
        Self {
            name: token.id.to_string(),
            grants: token.grants.iter().map(Into::into).collect(),
            created: token.created.into(),
            expires: token.expires.map(Into::into),
            by: token.by.to_string(),
        }
    }
}

impl From<Role> for paste_model::Role {
    fn from(role: Role) -> Self {
        match role {
            Role::Read => Self::Read,
            Role::Register => Self::Register,
            Role::Config => Self::Config,
            Role::Operate => Self::Operate,
            Role::Admin => Self::Admin,
        }
    }
}

impl From<paste_model::Role> for Role {
    fn from(role: paste_model::Role) -> Self {
        match role {
            paste_model::Role::Read => Self::Read,
            paste_model::Role::Register => Self::Register,
            paste_model::Role::Config => Self::Config,
            paste_model::Role::Operate => Self::Operate,
            paste_model::Role::Admin => Self::Admin,
        }
    }
}
