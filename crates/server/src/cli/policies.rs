//! The arguments of the commands for policies.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueHint};

use super::client::ClientArgs;

/// The policy of a service.
#[derive(Debug, Args)]
pub(crate) struct PolicyArgs {
    /// The service.
    pub(crate) service: String,
    #[command(flatten)]
    pub(crate) client: ClientArgs,
}

/// What to do with policies.
#[derive(Debug, Subcommand)]
pub(crate) enum PolicyCommand {
    /// Print the policy of a service, with all its defaults written out.
    Get(PolicyArgs),
    /// Set the policy of a service; its consumers have it at once.
    Set {
        #[command(flatten)]
        policy: PolicyArgs,
        /// File with the policy, as JSON or YAML; `-` for standard input.
        #[arg(value_hint = ValueHint::FilePath)]
        file: PathBuf,
        /// Why; stands in the history.
        #[arg(long, short = 'm', default_value = "")]
        comment: String,
        /// Only if the record is still at this revision; 0: only if there is none.
        #[arg(long, value_name = "REVISION")]
        if_match: Option<u64>,
        /// Check it, and change nothing.
        #[arg(long)]
        dry_run: bool,
    },
    /// Show what a file would change, or how two policies of the history differ.
    Diff {
        #[command(flatten)]
        policy: PolicyArgs,
        /// File with a policy, as JSON or YAML; `-` for standard input.
        #[arg(value_hint = ValueHint::FilePath, conflicts_with_all = ["from", "to"])]
        file: Option<PathBuf>,
        /// The earlier one, by number; the one before `--to` unless given.
        #[arg(long)]
        from: Option<u64>,
        /// The later one, by number; the newest unless given.
        #[arg(long)]
        to: Option<u64>,
    },
    /// Show the policies that a service had, newest first.
    History(PolicyArgs),
    /// Remove the policy of a service: the defaults hold.
    Delete {
        #[command(flatten)]
        policy: PolicyArgs,
        /// Why; stands in the history.
        #[arg(long, short = 'm', default_value = "")]
        comment: String,
    },
    /// List the services that have a policy.
    List(ClientArgs),
}

/// Policies from files.
#[derive(Debug, Args)]
pub(crate) struct ApplyArgs {
    /// File with documents of `service`, `policy` and perhaps `namespace`, as JSON or YAML (several behind `---`, or a list);
    /// `-` for standard input; may be repeated.
    #[arg(long = "file", short = 'f', required = true, value_hint = ValueHint::FilePath)]
    pub(crate) files: Vec<PathBuf>,
    /// Why; stands in the history.
    #[arg(long, short = 'm', default_value = "")]
    pub(crate) comment: String,
    /// Check all of them, and change nothing.
    #[arg(long)]
    pub(crate) dry_run: bool,
    #[command(flatten)]
    pub(crate) client: ClientArgs,
}
