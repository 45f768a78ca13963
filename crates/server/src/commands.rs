//! What the command line asks for. Each command says how it ended by an exit code, and why by one sentence.

mod admin;
mod backup;
mod cluster;
mod configs;
mod input;
mod instances;
mod policies;
mod services;
mod watch;

use std::future::Future;

use clap_complete::Shell;

use crate::cli::{self, Cli, Command, ConfigCommand, ServeArgs};
use crate::config::Config;
use crate::exit::{Done, Exit, Failure};
use crate::{boot, demo, output, reference, telemetry};

/// Does what the command line says.
pub(crate) fn run(cli: Cli) -> Exit {
    match dispatch(cli.command) {
        Ok(()) => Exit::Ok,
        Err(failure) => {
            match &failure.document {
                Some(document) => output::note(document),
                None => output::note(format_args!("paste-registry: {}", failure.sentence)),
            }
            failure.exit
        }
    }
}

fn dispatch(command: Command) -> Done {
    match command {
        Command::Serve(args) => boot::serve(&configuration(&args)?, args.hints),
        Command::Demo(args) => demo::run(&args),
        Command::DemoService(args) => demo::service(&args),
        Command::Register(args) => block_on(instances::register(*args)),
        Command::Deregister(args) => block_on(instances::deregister(args)),
        Command::Services(args) => block_on(services::list(args)),
        Command::Instances(args) => block_on(instances::list(args)),
        Command::Watch(args) => block_on(watch::watch(args)),
        Command::Explain(args) => block_on(services::explain(args)),
        Command::Events(args) => block_on(services::events(args)),
        Command::Override(command) => block_on(admin::overrides(command)),
        Command::Status(args) => block_on(admin::status(args)),
        Command::Cluster(args) => block_on(cluster::show(args)),
        Command::Token(command) => block_on(admin::token(command)),
        Command::Namespace(command) => block_on(admin::namespace(command)),
        Command::Backup { file, client } => block_on(backup::backup(file, client)),
        Command::Restore { file, client } => block_on(backup::restore(file, client)),
        Command::Config(ConfigCommand::Check(args)) => check(&args),
        Command::Config(ConfigCommand::Item(command)) => block_on(configs::run(command)),
        Command::Policy(command) => block_on(policies::run(command)),
        Command::Apply(args) => block_on(policies::apply(args)),
        Command::Reference { folder } => reference::write(&folder),
        Command::Completion { shell } => {
            complete(shell);
            Ok(())
        }
    }
}

/// Client commands need one thread.
fn block_on(command: impl Future<Output = Done>) -> Done {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::caused(Exit::Failed, "can't start", &error))?
        .block_on(command)
}

fn configuration(args: &ServeArgs) -> Result<Config, Failure> {
    Config::load(args.config.as_deref(), std::env::vars_os(), &args.given())
        .map_err(|error| Failure::new(Exit::Usage, error))
}

fn check(args: &ServeArgs) -> Done {
    let config = configuration(args)?;
    telemetry::filter(&config.log)?;
    boot::exposure(&config)?;
    boot::certificate(&config)?;
    boot::secrets::configs(&config.configs)?;
    output::line("the configuration is valid")
}

fn complete(shell: Shell) {
    clap_complete::generate(
        shell,
        &mut cli::command(),
        "paste-registry",
        &mut std::io::stdout(),
    );
}
