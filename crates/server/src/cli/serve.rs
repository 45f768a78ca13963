//! The arguments of `serve`, `config check` and `demo`.

use std::path::PathBuf;

use clap::{Args, ValueHint};

use crate::config::Given;

/// How to run the registry. Every option of the configuration can be given with `--set`; the flags are short forms.
#[derive(Debug, Args)]
pub(crate) struct ServeArgs {
    /// Configuration file, in TOML.
    #[arg(long, value_name = "FILE", env = "PASTE_REGISTRY_CONFIG", value_hint = ValueHint::FilePath)]
    pub(crate) config: Option<PathBuf>,
    /// Directory of everything that is kept (`store.data_dir`).
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    data_dir: Option<String>,
    /// Where to listen (`http.address`); port 0 takes a free one.
    #[arg(long, value_name = "ADDR:PORT")]
    http: Option<String>,
    /// What keeps the truth (`store.backend`): `embedded`, or `etcd://HOST:PORT[,HOST:PORT…]`.
    #[arg(long, value_name = "STORE")]
    store: Option<String>,
    /// This node's name (`node.name`).
    #[arg(long, value_name = "NAME")]
    node: Option<String>,
    /// Where other nodes reach this one (`node.advertise`).
    #[arg(long, value_name = "ADDR:PORT")]
    advertise: Option<String>,
    /// Listen beyond this machine although it isn't safe (`access.insecure`).
    #[arg(long)]
    insecure: bool,
    /// Set any option of the configuration.
    #[arg(long, value_name = "OPTION=VALUE", value_parser = option_and_value)]
    set: Vec<(String, String)>,
    /// Print what to try next, even without a terminal.
    #[arg(long)]
    pub(crate) hints: bool,
}

impl ServeArgs {
    /// The flags that set options.
    pub(crate) fn given(&self) -> Vec<Given> {
        let given = |flag: &str, name: &str, value: &str| Given {
            flag: flag.to_owned(),
            name: name.to_owned(),
            value: value.to_owned(),
        };
        let short = [
            ("--data-dir", "store.data_dir", &self.data_dir),
            ("--http", "http.address", &self.http),
            ("--store", "store.backend", &self.store),
            ("--node", "node.name", &self.node),
            ("--advertise", "node.advertise", &self.advertise),
        ];
        let mut all: Vec<_> = short
            .into_iter()
            .filter_map(|(flag, name, value)| Some(given(flag, name, value.as_deref()?)))
            .collect();
        if self.insecure {
            all.push(given("--insecure", "access.insecure", "true"));
        }
        all.extend(
            self.set
                .iter()
                .map(|(name, value)| given(&format!("--set {name}"), name, value)),
        );
        all
    }
}

fn option_and_value(text: &str) -> Result<(String, String), String> {
    text.split_once('=')
        .map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned()))
        .ok_or_else(|| "must be OPTION=VALUE, such as http.workers=2".to_owned())
}

/// How to run the demo.
#[derive(Debug, Args)]
pub(crate) struct DemoArgs {
    /// Where the registry listens; port 0 takes a free one.
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:7750")]
    pub(crate) http: std::net::SocketAddr,
}

/// What one of the demo's services is.
#[derive(Debug, Args)]
pub(crate) struct DemoServiceArgs {
    /// Its service.
    #[arg(long)]
    pub(crate) service: String,
    /// Its id.
    #[arg(long)]
    pub(crate) id: String,
    /// Its version.
    #[arg(long)]
    pub(crate) release: String,
    /// Its zone.
    #[arg(long)]
    pub(crate) zone: String,
    /// The registry's URL.
    #[arg(long)]
    pub(crate) url: String,
}
