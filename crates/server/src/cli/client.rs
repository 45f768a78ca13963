//! The arguments of the commands that talk to a registry.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand, ValueEnum, ValueHint};

/// How results are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Output {
    /// For people.
    Table,
    /// For programs: the API's JSON, unchanged.
    Json,
}

/// Which registry, and how to talk to it. The token is read from `PASTE_REGISTRY_TOKEN` or from a file: never from the
/// command line, where others could see it.
#[derive(Debug, Clone, Args)]
pub(crate) struct ClientArgs {
    /// The registry's URL.
    #[arg(long, env = "PASTE_REGISTRY_URL", default_value = "http://127.0.0.1:7750", value_hint = ValueHint::Url)]
    pub(crate) url: String,
    /// File with the access token, instead of PASTE_REGISTRY_TOKEN.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) token_file: Option<PathBuf>,
    /// File with certificates to trust, in PEM, instead of the well-known ones.
    #[arg(long, value_name = "FILE", env = "PASTE_REGISTRY_CA_FILE", value_hint = ValueHint::FilePath)]
    pub(crate) ca_file: Option<PathBuf>,
    /// How results are printed.
    #[arg(long, short, value_enum, default_value_t = Output::Table)]
    pub(crate) output: Output,
    /// The namespace.
    #[arg(long, short, default_value = "default")]
    pub(crate) namespace: String,
}

/// A service and an instance of it.
#[derive(Debug, Args)]
pub(crate) struct InstanceArgs {
    /// The service.
    pub(crate) service: String,
    /// The instance's id.
    pub(crate) id: String,
    /// Only if the record is still at this revision.
    #[arg(long, value_name = "REVISION")]
    pub(crate) if_match: Option<u64>,
    #[command(flatten)]
    pub(crate) client: ClientArgs,
}

/// An instance to register.
#[derive(Debug, Args)]
pub(crate) struct RegisterArgs {
    #[command(flatten)]
    pub(crate) instance: InstanceArgs,
    /// Its IP address or host name.
    #[arg(long)]
    pub(crate) address: String,
    /// Its port.
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) port: u16,
    /// What is spoken there, such as http or grpc.
    #[arg(long)]
    pub(crate) protocol: Option<String>,
    /// The version of the running code.
    #[arg(long)]
    pub(crate) version: Option<String>,
    /// Its share of the load, against the others'.
    #[arg(long)]
    pub(crate) weight: Option<u32>,
    /// Its region.
    #[arg(long)]
    pub(crate) region: Option<String>,
    /// Its zone.
    #[arg(long)]
    pub(crate) zone: Option<String>,
    /// What its owner wants of it.
    #[arg(long, value_parser = STATUSES)]
    pub(crate) status: Option<String>,
    /// A tag; may be repeated.
    #[arg(long = "tag", value_name = "TAG")]
    pub(crate) tags: Vec<String>,
    /// Metadata; may be repeated.
    #[arg(long = "meta", value_name = "KEY=VALUE", value_parser = key_and_value)]
    pub(crate) metadata: Vec<(String, String)>,
    /// How the registry probes it: `http:/path`, `tcp` or `grpc`; may be repeated.
    #[arg(long = "check", value_name = "CHECK")]
    pub(crate) checks: Vec<String>,
    /// The session it lives and dies with; one of its own unless it says otherwise.
    #[arg(long)]
    pub(crate) session: Option<String>,
    /// Silence after which it is no longer offered.
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub(crate) ttl: Option<Duration>,
    /// Keep it registered whether it is heard of or not.
    #[arg(long, conflicts_with_all = ["session", "ttl", "hold"])]
    pub(crate) persistent: bool,
    /// Send heartbeats until interrupted, then deregister.
    #[arg(long)]
    pub(crate) hold: bool,
}

/// Which services to list.
#[derive(Debug, Args)]
pub(crate) struct ServicesArgs {
    /// Those whose name begins so.
    #[arg(long)]
    pub(crate) prefix: Option<String>,
    /// At most so many.
    #[arg(long)]
    pub(crate) limit: Option<u32>,
    #[command(flatten)]
    pub(crate) client: ClientArgs,
}

/// Which instances to list.
#[derive(Debug, Args)]
pub(crate) struct InstancesArgs {
    /// The service.
    pub(crate) service: String,
    /// Those whose version is in this range, such as `^1.4` or `>=2 <3`.
    #[arg(long)]
    pub(crate) range: Option<String>,
    /// Those in this zone.
    #[arg(long)]
    pub(crate) zone: Option<String>,
    /// Those in this region.
    #[arg(long)]
    pub(crate) region: Option<String>,
    /// Those with this tag; may be repeated.
    #[arg(long = "tag", value_name = "TAG")]
    pub(crate) tags: Vec<String>,
    /// Those with this metadata; may be repeated.
    #[arg(long = "meta", value_name = "KEY=VALUE", value_parser = key_and_value)]
    pub(crate) metadata: Vec<(String, String)>,
    /// Those with this status.
    #[arg(long, value_parser = STATUSES)]
    pub(crate) status: Option<String>,
    /// Also those that no consumer gets.
    #[arg(long)]
    pub(crate) all: bool,
    /// The first so many.
    #[arg(long)]
    pub(crate) limit: Option<u32>,
    #[command(flatten)]
    pub(crate) client: ClientArgs,
}

/// What to follow.
#[derive(Debug, Args)]
pub(crate) struct WatchArgs {
    /// Services to follow.
    #[arg(required_unless_present = "all_services", num_args = 1..=100)]
    pub(crate) services: Vec<String>,
    /// Follow all services of the namespace.
    #[arg(long, conflicts_with = "services")]
    pub(crate) all_services: bool,
    /// The session that this stream speaks for.
    #[arg(long)]
    pub(crate) session: Option<String>,
    #[command(flatten)]
    pub(crate) client: ClientArgs,
}

/// Whose view to explain.
#[derive(Debug, Args)]
pub(crate) struct ExplainArgs {
    /// The service.
    pub(crate) service: String,
    /// Those in this zone.
    #[arg(long)]
    pub(crate) zone: Option<String>,
    /// The consumer's zone.
    #[arg(long)]
    pub(crate) from_zone: Option<String>,
    /// The consumer's region.
    #[arg(long)]
    pub(crate) from_region: Option<String>,
    /// The key that balancers hash, where the policy names no header.
    #[arg(long)]
    pub(crate) hash_key: Option<String>,
    /// The range of versions asked for.
    #[arg(long)]
    pub(crate) range: Option<String>,
    /// A header of the request; may be repeated.
    #[arg(long = "header", value_name = "NAME=VALUE", value_parser = key_and_value)]
    pub(crate) headers: Vec<(String, String)>,
    #[command(flatten)]
    pub(crate) client: ClientArgs,
}

/// Which events to show.
#[derive(Debug, Args)]
pub(crate) struct EventsArgs {
    /// The service.
    pub(crate) service: String,
    /// Those after this one.
    #[arg(long, value_name = "CURSOR")]
    pub(crate) after: Option<String>,
    /// At most so many.
    #[arg(long)]
    pub(crate) limit: Option<u32>,
    #[command(flatten)]
    pub(crate) client: ClientArgs,
}

/// What to do with an override.
#[derive(Debug, Subcommand)]
pub(crate) enum OverrideCommand {
    /// Set it: it wins over the instance's own status.
    Set {
        #[command(flatten)]
        instance: InstanceArgs,
        /// The status.
        #[arg(value_parser = STATUSES)]
        status: String,
        /// Why; shown in `explain` and `events`.
        #[arg(long, default_value = "")]
        reason: String,
    },
    /// Clear it: the instance's own status counts again.
    Clear(InstanceArgs),
    /// List those of a service, also of instances that aren't registered.
    List {
        /// The service.
        service: String,
        #[command(flatten)]
        client: ClientArgs,
    },
}

/// What to do with tokens.
#[derive(Debug, Subcommand)]
pub(crate) enum TokenCommand {
    /// Make one. Its secret is shown once.
    Create {
        /// Its name.
        id: String,
        /// What it allows: ROLE[:NAMESPACE[:SERVICE]], or ROLE:NAMESPACE:GROUP/KEY for configuration, where `*` stands for all
        /// namespaces or groups, and a service or key may end in `*`. Roles: read, register, config-read, config-write,
        /// config-publish, config, operate, admin. May be repeated.
        #[arg(long = "grant", value_name = "GRANT", required = true, value_parser = grant)]
        grants: Vec<serde_json::Value>,
        /// After how long it ends.
        #[arg(long, value_name = "DURATION", value_parser = duration)]
        expires_in: Option<Duration>,
        #[command(flatten)]
        client: ClientArgs,
    },
    /// List them, without their secrets.
    List(ClientArgs),
    /// Delete one: from then on it is refused.
    Delete {
        /// Its name.
        id: String,
        #[command(flatten)]
        client: ClientArgs,
    },
}

/// What to do with namespaces.
#[derive(Debug, Subcommand)]
pub(crate) enum NamespaceCommand {
    /// Make one, or change its description.
    Create {
        /// Its name.
        name: String,
        /// What it is for.
        #[arg(long, default_value = "")]
        description: String,
        #[command(flatten)]
        client: ClientArgs,
    },
    /// List them.
    List(ClientArgs),
    /// Delete one without services.
    Delete {
        /// Its name.
        name: String,
        #[command(flatten)]
        client: ClientArgs,
    },
}

const STATUSES: [&str; 5] = ["up", "starting", "draining", "down", "maintenance"];

pub(super) fn key_and_value(text: &str) -> Result<(String, String), String> {
    text.split_once('=')
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .ok_or_else(|| "must be KEY=VALUE".to_owned())
}

/// The items of a grant: all whose key begins so. A whole key is written with nothing behind it, and then speaks for longer
/// ones, too.
fn config_scope(text: &str) -> Result<String, String> {
    let scope = text.strip_suffix('*').unwrap_or(text);
    match scope.split_once('/') {
        Some((group, _)) if !group.is_empty() => Ok(scope.to_owned()),
        _ => Err(format!(
            "'{text}' must be GROUP/KEY, such as shop/app.yaml or shop/*"
        )),
    }
}

fn grant(text: &str) -> Result<serde_json::Value, String> {
    let mut parts = text.splitn(3, ':');
    let role = parts.next().unwrap_or_default();
    if paste_model::Role::from_word(role).is_none() {
        return Err(format!(
            "'{role}' is not a role: {}",
            paste_model::Role::ALL
                .map(paste_model::Role::as_str)
                .join(", ")
        ));
    }
    let mut grant = serde_json::json!({ "role": role });
    if let Some(namespace) = parts.next().filter(|namespace| *namespace != "*") {
        grant["namespace"] = namespace.into();
    }
    if let Some(service) = parts.next().filter(|service| *service != "*") {
        if service.contains('/') {
            grant["configs"] = config_scope(service)?.into();
            return Ok(grant);
        }
        match service.strip_suffix('*') {
            Some(prefix) => grant["prefix"] = prefix.into(),
            None => grant["service"] = service.into(),
        }
    }
    Ok(grant)
}

fn duration(text: &str) -> Result<Duration, paste_api::InvalidDuration> {
    text.parse::<paste_api::Duration>()
        .map(|duration| duration.0)
}
