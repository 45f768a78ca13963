//! Access tokens: what they allow. Their secrets are shown once, when they are made.

use paste_model::{ConfigGroup, ConfigScope, Scope, limits};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::refusal::FieldErrors;
use crate::{Refusal, Time};

/// What a token may do; each includes the lesser ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Read services, instances, events; watch.
    Read,
    /// Register, renew and deregister instances.
    Register,
    /// Read configuration, secrets included.
    ConfigRead,
    /// Write drafts of configuration.
    ConfigWrite,
    /// Release configuration: approve drafts, promote, abort, roll back. Together with `config-write`: publish.
    ConfigPublish,
    /// Change configuration and policies in every way.
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
    /// For configuration items: `group/` and how their keys begin, `*/` for every group. Not together with the two before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 257, example = "shop/app")]
    pub configs: Option<String>,
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

/// Stands for every group.
const EVERY_GROUP: &str = "*";

/// Reads `group/prefix`.
fn config_scope(text: &str) -> Result<ConfigScope, String> {
    let (group, prefix) = text
        .split_once('/')
        .ok_or("must be group/prefix, with */ for every group")?;
    if prefix.len() > limits::NAME_BYTES_MAX {
        return Err("is longer than a name may be (name_bytes_max)".to_owned());
    }
    let group = match group {
        EVERY_GROUP => None,
        name => Some(ConfigGroup::new(name).map_err(|error| error.to_string())?),
    };
    Ok(ConfigScope {
        group,
        prefix: prefix.to_owned(),
    })
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
        let scope = match (&self.service, &self.prefix, &self.configs) {
            (None, None, Some(configs)) => config_scope(configs)
                .map(Scope::Configs)
                .map_err(|error| refuse("configs", &error))
                .ok(),
            (Some(service), None, None) => paste_model::ServiceName::new(service)
                .map(Scope::Service)
                .map_err(|error| refuse("service", &error))
                .ok(),
            (None, prefix, None) => {
                let prefix = prefix.clone().unwrap_or_default();
                if prefix.len() > limits::NAME_BYTES_MAX {
                    refuse("prefix", &"is longer than a name may be (name_bytes_max)");
                }
                Some(Scope::Prefix(prefix))
            }
            _ => {
                refuse("prefix", &"give one of service, prefix and configs");
                None
            }
        };
        Some(paste_model::Grant {
            role: self.role.into(),
            namespace: namespace?,
            scope: scope?,
        })
    }
}

impl From<&paste_model::Grant> for Grant {
    fn from(grant: &paste_model::Grant) -> Self {
        let (service, prefix, configs) = match &grant.scope {
            Scope::Service(name) => (Some(name.to_string()), None, None),
            Scope::Prefix(prefix) => (None, (!prefix.is_empty()).then(|| prefix.clone()), None),
            Scope::Configs(scope) => {
                let group = scope
                    .group
                    .as_ref()
                    .map_or(EVERY_GROUP, ConfigGroup::as_str);
                (None, None, Some(format!("{group}/{}", scope.prefix)))
            }
        };
        Self {
            role: grant.role.into(),
            namespace: grant.namespace.as_ref().map(ToString::to_string),
            service,
            prefix,
            configs,
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
            Role::ConfigRead => Self::ConfigRead,
            Role::ConfigWrite => Self::ConfigWrite,
            Role::ConfigPublish => Self::ConfigPublish,
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
            paste_model::Role::ConfigRead => Self::ConfigRead,
            paste_model::Role::ConfigWrite => Self::ConfigWrite,
            paste_model::Role::ConfigPublish => Self::ConfigPublish,
            paste_model::Role::Config => Self::Config,
            paste_model::Role::Operate => Self::Operate,
            paste_model::Role::Admin => Self::Admin,
        }
    }
}
