//! The arguments of the commands for configuration items.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueHint};

use super::client::{ClientArgs, key_and_value};

/// An item, as GROUP/KEY.
#[derive(Debug, Clone)]
pub(crate) struct ItemName {
    pub(crate) group: String,
    pub(crate) key: String,
}

impl std::fmt::Display for ItemName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.group, self.key)
    }
}

fn item_name(text: &str) -> Result<ItemName, String> {
    match text.split_once('/') {
        Some((group, key)) if !group.is_empty() && !key.is_empty() && !key.contains('/') => {
            Ok(ItemName {
                group: group.to_owned(),
                key: key.to_owned(),
            })
        }
        _ => Err("must be GROUP/KEY, such as shop/app.yaml".to_owned()),
    }
}

/// An item of a registry.
#[derive(Debug, Args)]
pub(crate) struct ItemArgs {
    /// The item, as GROUP/KEY.
    #[arg(value_name = "GROUP/KEY", value_parser = item_name)]
    pub(crate) item: ItemName,
    #[command(flatten)]
    pub(crate) client: ClientArgs,
}

/// Why, and on what condition.
#[derive(Debug, Args)]
pub(crate) struct ChangeArgs {
    /// Why; stands in the history.
    #[arg(long, short = 'm', default_value = "")]
    pub(crate) comment: String,
    /// Only if the item is still at this revision; 0: only if it isn't there.
    #[arg(long, value_name = "REVISION")]
    pub(crate) if_match: Option<u64>,
}

/// What an item is to be.
#[derive(Debug, Args)]
pub(crate) struct SetArgs {
    #[command(flatten)]
    pub(crate) item: ItemArgs,
    /// File with the content; `-` for standard input.
    #[arg(value_hint = ValueHint::FilePath)]
    pub(crate) file: PathBuf,
    #[command(flatten)]
    pub(crate) change: ChangeArgs,
    /// How the content is read; by the ending of the key unless given.
    #[arg(long, value_parser = FORMATS)]
    pub(crate) format: Option<String>,
    /// File with the JSON Schema that content has to fit from now on.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) schema: Option<PathBuf>,
    /// Encrypt it at rest from now on, or not.
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true")]
    pub(crate) secret: Option<bool>,
    /// Have a second person approve what is released from now on, or not.
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true")]
    pub(crate) approval: Option<bool>,
    /// What it is for.
    #[arg(long)]
    pub(crate) description: Option<String>,
    /// Write a draft, for somebody else to approve.
    #[arg(long, conflicts_with_all = ["dry_run", "schema", "secret", "approval", "description"])]
    pub(crate) draft: bool,
    /// Change nothing: check, and say what would change and whom it would reach.
    #[arg(long)]
    pub(crate) dry_run: bool,
}

/// A gray release.
#[derive(Debug, Args)]
pub(crate) struct GrayArgs {
    #[command(flatten)]
    pub(crate) item: ItemArgs,
    /// File with the content to try; `-` for standard input. Without it, the audience of the trial changes.
    #[arg(value_hint = ValueHint::FilePath, conflicts_with_all = ["promote", "abort"])]
    pub(crate) file: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) change: ChangeArgs,
    /// So many of a hundred sessions.
    #[arg(long, conflicts_with_all = ["promote", "abort"])]
    pub(crate) percent: Option<u8>,
    /// Those with this label; may be repeated, all must apply.
    #[arg(long = "label", value_name = "NAME=VALUE", value_parser = key_and_value, conflicts_with_all = ["promote", "abort"])]
    pub(crate) labels: Vec<(String, String)>,
    /// Those in this zone; may be repeated.
    #[arg(long = "zone", value_name = "ZONE", conflicts_with_all = ["promote", "abort"])]
    pub(crate) zones: Vec<String>,
    /// Those at this address; may be repeated.
    #[arg(long = "address", value_name = "ADDRESS", conflicts_with_all = ["promote", "abort"])]
    pub(crate) addresses: Vec<String>,
    /// This instance; may be repeated.
    #[arg(long = "instance", value_name = "ID", conflicts_with_all = ["promote", "abort"])]
    pub(crate) instances: Vec<String>,
    /// Give it to everybody.
    #[arg(long)]
    pub(crate) promote: bool,
    /// Take it back.
    #[arg(long, conflicts_with = "promote")]
    pub(crate) abort: bool,
}

/// What to do with configuration items.
#[derive(Debug, Subcommand)]
pub(crate) enum ItemCommand {
    /// Print an item's content, byte for byte.
    Get {
        #[command(flatten)]
        item: ItemArgs,
        /// This release; the one in use unless given.
        #[arg(long)]
        release: Option<u64>,
    },
    /// Release an item's content to everybody.
    Set(Box<SetArgs>),
    /// Open an item in $VISUAL or $EDITOR, and release what comes out.
    Edit {
        #[command(flatten)]
        item: ItemArgs,
        /// Why; stands in the history.
        #[arg(long, short = 'm', default_value = "")]
        comment: String,
    },
    /// Remove an item; its history stays, and a rollback brings it back.
    Delete {
        #[command(flatten)]
        item: ItemArgs,
        #[command(flatten)]
        change: ChangeArgs,
    },
    /// List items.
    List {
        /// Of this group.
        #[arg(long)]
        group: Option<String>,
        /// Whose key begins so.
        #[arg(long)]
        prefix: Option<String>,
        /// With this text in key, description or content.
        #[arg(long)]
        search: Option<String>,
        #[command(flatten)]
        client: ClientArgs,
    },
    /// Show an item's releases, newest first.
    History {
        #[command(flatten)]
        item: ItemArgs,
        /// At most so many.
        #[arg(long, default_value_t = 1000)]
        limit: u32,
    },
    /// Show what differs between two releases; the last two that were in use unless given.
    Diff {
        #[command(flatten)]
        item: ItemArgs,
        /// The earlier; 0 for nothing.
        #[arg(long)]
        from: Option<u64>,
        /// The later.
        #[arg(long)]
        to: Option<u64>,
    },
    /// Go back one release; called again, one further back.
    Rollback {
        #[command(flatten)]
        item: ItemArgs,
        /// Back to this one.
        #[arg(long)]
        to: Option<u64>,
        #[command(flatten)]
        change: ChangeArgs,
    },
    /// Try a release with some; widen that, promote it to everybody, or abort it.
    Gray(Box<GrayArgs>),
    /// Release the draft of an item.
    Approve {
        #[command(flatten)]
        item: ItemArgs,
        /// Only if the item is still at this revision: what was reviewed is what is released.
        #[arg(long, value_name = "REVISION")]
        if_match: Option<u64>,
    },
    /// Show who has which release.
    Who(ItemArgs),
    /// Show what holds for an application that reads these groups in this order, and where it comes from.
    Effective {
        /// The groups; later ones override.
        #[arg(required = true)]
        groups: Vec<String>,
        #[command(flatten)]
        client: ClientArgs,
    },
    /// Write what is in use to a folder, or to a file that ends in .zip: a file GROUP/KEY for each item.
    Export {
        /// The folder or file; it must not exist yet.
        #[arg(value_hint = ValueHint::AnyPath)]
        to: PathBuf,
        /// Only this group.
        #[arg(long)]
        group: Option<String>,
        /// Secrets, too: what is written isn't encrypted.
        #[arg(long)]
        secrets: bool,
        #[command(flatten)]
        client: ClientArgs,
    },
    /// Show what differs from a folder or zip file of that kind, and release what does.
    Import {
        /// The folder or file.
        #[arg(value_hint = ValueHint::AnyPath)]
        from: PathBuf,
        /// Why; stands in the history.
        #[arg(long, short = 'm', default_value = "imported")]
        comment: String,
        /// Only show what differs.
        #[arg(long)]
        dry_run: bool,
        #[command(flatten)]
        client: ClientArgs,
    },
    /// Copy what is in use into another namespace.
    Clone {
        /// The other namespace.
        to: String,
        /// Only this group.
        #[arg(long)]
        group: Option<String>,
        /// Replace what is there; it is passed over otherwise.
        #[arg(long)]
        overwrite: bool,
        #[command(flatten)]
        client: ClientArgs,
    },
}

const FORMATS: [&str; 5] = ["text", "json", "yaml", "toml", "properties"];
