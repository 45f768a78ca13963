//! The command line. Its help texts are the reference: `docs/reference/cli.md` is made from them.

mod client;
mod configs;
mod policies;
mod serve;

use std::path::PathBuf;

use clap::{CommandFactory, Parser, Subcommand, ValueHint};
use clap_complete::Shell;

use crate::exit::Exit;

pub(crate) use client::{
    ClientArgs, EventsArgs, ExplainArgs, InstanceArgs, InstancesArgs, NamespaceCommand, Output,
    OverrideCommand, RegisterArgs, ServicesArgs, TokenCommand, WatchArgs,
};
pub(crate) use configs::{ChangeArgs, GrayArgs, ItemArgs, ItemCommand, ItemName, SetArgs};
pub(crate) use policies::{ApplyArgs, PolicyArgs, PolicyCommand};
pub(crate) use serve::{DemoArgs, DemoServiceArgs, ServeArgs};

/// A service registry: services register, are watched while they live, and find each other.
#[derive(Debug, Parser)]
#[command(name = "paste-registry", version, after_help = after_help())]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What signals do to a registry, for its help and the reference.
const SIGNALS: &str = "Signals:
  TERM, INT  finish what is under way (`http.drain_timeout`) and end; a second one ends at once
  HUP        read the certificate again; other options take a restart, tokens hold at once";

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the registry.
    #[command(after_help = SIGNALS)]
    Serve(Box<ServeArgs>),
    /// Run a registry with a few small services that register, are probed, die and come back.
    Demo(DemoArgs),
    /// One of the demo's services.
    #[command(hide = true)]
    DemoService(DemoServiceArgs),
    /// Register an instance, or change it. With `--hold`, keep it alive until interrupted.
    Register(Box<RegisterArgs>),
    /// Take an instance out.
    Deregister(InstanceArgs),
    /// List services.
    Services(ServicesArgs),
    /// List a service's instances: those a consumer would get, or all.
    Instances(InstancesArgs),
    /// Follow services as they change.
    Watch(WatchArgs),
    /// Say of each instance whether a consumer gets it, and why.
    Explain(ExplainArgs),
    /// Show what happened to a service.
    Events(EventsArgs),
    /// Set, clear or list an administrator's word on the status of instances.
    #[command(subcommand)]
    Override(OverrideCommand),
    /// Show how the registry is.
    Status(ClientArgs),
    /// Show the nodes of the registry: what each watches over, and how far it has come.
    Cluster(ClientArgs),
    /// Make, list and delete access tokens.
    #[command(subcommand)]
    Token(TokenCommand),
    /// Make, list and delete namespaces.
    #[command(subcommand)]
    Namespace(NamespaceCommand),
    /// Write everything the registry knows to a file, while it runs.
    Backup {
        /// The file; it must not exist yet.
        #[arg(value_hint = ValueHint::FilePath)]
        file: PathBuf,
        #[command(flatten)]
        client: ClientArgs,
    },
    /// Replace everything the registry knows by a backup, while it runs.
    Restore {
        /// A file that `backup` wrote.
        #[arg(value_hint = ValueHint::FilePath)]
        file: PathBuf,
        #[command(flatten)]
        client: ClientArgs,
    },
    /// Read, release, try and take back configuration items; check the registry's own configuration.
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Read, set and compare the policies of services: how their consumers choose among the instances.
    #[command(subcommand)]
    Policy(PolicyCommand),
    /// Set the policies of several services from files.
    Apply(ApplyArgs),
    /// Write the reference pages.
    #[command(hide = true)]
    Reference {
        /// Into this folder.
        folder: PathBuf,
    },
    /// Print the completion script of a shell.
    Completion {
        /// Which shell.
        shell: Shell,
    },
}

/// What to do with the configuration.
#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    #[command(flatten)]
    Item(ItemCommand),
    /// Read the registry's own configuration as `serve` would, and say whether it is valid.
    Check(Box<ServeArgs>),
}

/// The command line as clap knows it.
pub(crate) fn command() -> clap::Command {
    Cli::command()
}

/// Reads the process's command line. Help and version are printed; they end well.
pub(crate) fn parse() -> Result<Cli, Exit> {
    Cli::try_parse().map_err(|error| {
        // Where even that can't be printed, the exit code has to say it.
        let _ = error.print();
        if error.use_stderr() {
            Exit::Usage
        } else {
            Exit::Ok
        }
    })
}

fn after_help() -> String {
    let codes: Vec<_> = Exit::MEANINGS
        .iter()
        .map(|(exit, meaning)| format!("  {}  {meaning}", exit.code()))
        .collect();
    format!("Exit codes:\n{}", codes.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_definition_is_sound() {
        command().debug_assert();
    }

    #[test]
    fn what_scripts_use_is_understood() {
        for line in [
            "serve --data-dir d --http 127.0.0.1:0 --store embedded --node n --config c",
            "serve --set http.workers=2 --insecure --hints",
            "register orders a --address 10.0.0.1 --port 80 --output json",
            "register orders a --address h --port 80 --version 1.2.3 --zone z --tag x --meta k=v --check http:/health --hold",
            "deregister orders a --if-match 7",
            "services --prefix pay --limit 3",
            "instances orders --range ^1.4 --tag a --tag b --all",
            "watch orders payments --session s",
            "watch --all-services",
            "explain orders --zone z --header x-user=1 --from-zone a --from-region eu --hash-key k",
            "events orders --after 5.0 --limit 10",
            "override set orders a draining --reason why",
            "override clear orders a",
            "override list orders --output json",
            "status --url http://127.0.0.1:1",
            "cluster --output json",
            "token create ci --grant register:default:orders --expires-in 30d",
            "token list",
            "token delete ci",
            "namespace create blue --description x",
            "namespace list",
            "namespace delete blue",
            "backup f",
            "restore f",
            "config check --config c",
            "config get shop/app.yaml --release 3",
            "config set shop/app.yaml - --format yaml -m why --if-match 7 --secret --approval false",
            "config edit shop/app.yaml",
            "config history shop/app.yaml --output json",
            "config diff shop/app.yaml --from 1 --to 2",
            "config rollback shop/app.yaml",
            "config gray shop/app.yaml f --percent 10 --zone a --label tier=canary",
            "config gray shop/app.yaml --promote",
            "config who shop/app.yaml",
            "config list --group shop --search port",
            "config export out.zip --group shop",
            "config import out --dry-run",
            "config clone staging --overwrite",
            "config effective shared shop",
            "config approve shop/app.yaml --if-match 7",
            "token create ci --grant config-read:default:shop/app*",
            "policy get orders",
            "policy set orders p.yaml -m why --if-match 7 --dry-run",
            "policy diff orders p.yaml",
            "policy diff orders --from 1 --to 2",
            "policy history orders --output json",
            "policy delete orders",
            "policy list",
            "apply -f a.yaml -f b.json --dry-run",
            "completion bash",
            "demo --http 127.0.0.1:0",
        ] {
            let words = std::iter::once("paste-registry").chain(line.split_whitespace());
            if let Err(error) = Cli::try_parse_from(words) {
                panic!("{line}: {error}");
            }
        }
    }

    #[test]
    fn nonsense_is_refused() {
        for line in [
            "",
            "serv",
            "serve --htp x",
            "register orders",
            "register orders a --address h --port 70000",
            "register orders a --address h --port 80 --meta novalue",
            "watch",
            "token create ci --grant owner",
            "override set orders a sideways",
            "policy diff orders p.yaml --from 1",
            "apply",
            "config get shop",
            "config get shop/a/b",
            "config gray shop/app.yaml --promote --abort",
            "token create ci --grant config-read:default:/app",
        ] {
            let words = std::iter::once("paste-registry").chain(line.split_whitespace());
            assert!(Cli::try_parse_from(words).is_err(), "{line}");
        }
    }
}
