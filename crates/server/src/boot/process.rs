//! What the operating system is asked for.

use paste_model::NodeName;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::runtime::{Builder, Runtime};

use crate::exit::{Exit, Failure};

/// Raises the limit of open files as far as the system lets us: each connection is one.
pub(super) fn raise_file_limit() {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let raised = setrlimit(
        Resource::Nofile,
        Rlimit {
            current: maximum,
            maximum,
        },
    );
    let limit = match raised {
        Ok(()) => maximum,
        Err(_) => current,
    };
    match limit {
        Some(limit) => tracing::info!(limit, "open files"),
        None => tracing::info!("open files: no limit"),
    }
}

/// Has the system back our memory with ordinary pages. The allocator hands out blocks from large regions; were those
/// backed by huge pages, every block that was ever reserved near one in use would count as memory: 29 KiB an idle
/// connection instead of 17, and 17 MB at the start instead of 2.
pub(super) fn decline_huge_pages() {
    if let Err(error) = rustix::thread::disable_transparent_huge_pages(true) {
        tracing::warn!(%error, "huge pages stay on: expect to see more memory in use");
    }
}

/// The runtime of what happens besides requests: commits, liveness, probes, timers.
pub(super) fn control_runtime(threads: usize) -> Result<Runtime, Failure> {
    Builder::new_multi_thread()
        .worker_threads(threads)
        .thread_name("control")
        .enable_all()
        .build()
        .map_err(|error| Failure::caused(Exit::Failed, "can't start", &error))
}

/// The machine's name, as far as it is a name of ours.
pub(super) fn machine_name() -> Result<NodeName, Failure> {
    let uname = rustix::system::uname();
    let name: String = uname
        .nodename()
        .to_string_lossy()
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-') {
                c
            } else {
                '-'
            }
        })
        .take(paste_model::limits::NAME_BYTES_MAX)
        .collect();
    let name = name.trim_matches(|c: char| !c.is_ascii_alphanumeric());
    NodeName::new(name).map_err(|error| {
        Failure::caused(
            Exit::Usage,
            "the machine's name is no node name; set node.name",
            &error,
        )
    })
}
