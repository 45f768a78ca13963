//! The sections. The documentation of each option here is the reference page's.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use paste_engine::settings;
use paste_fronts::rest::RateLimit;
use paste_model::{NodeName, limits};

use super::backend::{Backend, Place};
use super::section::section;
use super::setting::{Anonymous, ByteSize, Hidden, LogFormat, Percent};

const fn seconds(number: u64) -> Duration {
    Duration::from_secs(number)
}

section! {
    /// Where requests are taken, and what a connection may cost.
    Http = "http" {
        /// Address and port to listen on. Port 0 takes a free one. Other addresses than loopback need `access.anonymous =
        /// "never"` and encryption (`tls.certificate`, `tls.key`), or `access.insecure`.
        address: SocketAddr = SocketAddr::from(([127, 0, 0, 1], 7750)),
        /// Threads that accept and answer. Without it, as many as the machine offers this process.
        workers: Option<usize> = None,
        /// Connections open at once. One more is answered 503 and closed.
        connections_max: usize = 65_536,
        /// Largest head of a request; a larger one is answered 431. At least 8KiB.
        head_size_max: ByteSize = ByteSize(64 << 10),
        /// Most of an answer that the system keeps for a peer that doesn't read.
        send_size_max: ByteSize = ByteSize(1 << 20),
        /// Time from the first byte of a request's head to its last, and for a TLS handshake. Found with a tolerance of half
        /// of it.
        head_timeout: Duration = seconds(10),
        /// Time between two requests on a connection that is kept open.
        idle_timeout: Duration = seconds(75),
        /// Time between two pieces of a request's body.
        body_idle_timeout: Duration = seconds(30),
        /// Time for the whole body of a request. A backup that is restored may take longer, as long as it keeps coming.
        body_timeout: Duration = seconds(60),
        /// Time for which a peer may take nothing of what is being sent to it.
        write_timeout: Duration = seconds(30),
        /// Requests a second from one address, in the long run. Never applied to this machine.
        rate_per_second: u32 = RateLimit::default().per_second,
        /// Requests from one address that may come at once.
        rate_burst: u32 = RateLimit::default().burst,
        /// Time to finish what is under way when the registry is stopped.
        drain_timeout: Duration = seconds(10),
    }
}

section! {
    /// Encryption of the HTTP port. The files are read again when they change, and on SIGHUP.
    Tls = "tls" {
        /// File with the certificate, followed by those that lead to its root, in PEM.
        certificate: Option<PathBuf> = None,
        /// File with the certificate's private key, in PEM.
        key: Option<PathBuf> = None,
        /// How often the files are looked at.
        reload_interval: Duration = seconds(5),
    }
}

section! {
    /// Who may do what.
    Access = "access" {
        /// Where requests without a token are taken: from this machine, or nowhere.
        anonymous: Anonymous = Anonymous::Loopback,
        /// Listen beyond this machine without encryption, or with `anonymous = "loopback"`. Printed at every start.
        insecure: bool = false,
    }
}

section! {
    /// Where the truth is kept.
    Store = "store" {
        /// What keeps it: a file of this process, or an etcd, which makes this node one of several.
        backend: Backend = Backend::Embedded,
        /// Directory of everything that is kept. Made if it isn't there.
        data_dir: PathBuf = PathBuf::from("paste-data"),
        /// Size of the log from which on a checkpoint is written and the log dropped. On disk reckon with five times as much
        /// for `log.redb`, which uses its room again but never shrinks, and with twice the whole state for checkpoints: the
        /// old one stays until the new one is whole. A backup restored into an empty directory begins with a small log.
        log_size: ByteSize = ByteSize(64 << 20),
        /// Memory for pages of the log.
        cache_size: ByteSize = ByteSize(8 << 20),
        /// What all keys in etcd begin with. Registries that share an etcd have different ones, and none may be the beginning of
        /// another.
        etcd_prefix: String = "/paste-registry".to_owned(),
        /// Who this registry is to etcd.
        etcd_user: Option<String> = None,
        /// File with that user's password; a line break at its end doesn't count.
        etcd_password_file: Option<PathBuf> = None,
        /// File with the certificates of the authorities that sign etcd's, in PEM. With it, connections to etcd are encrypted.
        etcd_ca_file: Option<PathBuf> = None,
        /// File with this registry's certificate for etcd, and those that lead to its root, in PEM.
        etcd_certificate: Option<PathBuf> = None,
        /// File with that certificate's private key, in PEM.
        etcd_key: Option<PathBuf> = None,
    }
}

section! {
    /// This node.
    Node = "node" {
        /// Its name, the observer in verdicts. Without it, the machine's name.
        name: Option<NodeName> = None,
        /// Threads of the background work: commits, liveness, probes.
        control_threads: usize = 2,
        /// Where other nodes reach this one. Without it, where it listens, unless that is on all addresses.
        advertise: Option<Place> = None,
    }
}

section! {
    /// This node among others, where the store is shared with them.
    Cluster = "cluster" {
        /// For how long a node that isn't heard of still counts as there.
        lease_ttl: Duration = seconds(10),
        /// File with the certificates of the authorities that sign those of the other nodes, in PEM. Without it, the well-known
        /// ones are trusted. Of use with `tls.certificate`, as nodes reach each other where clients do.
        ca_file: Option<PathBuf> = None,
        /// Time over which watchers are sent to other nodes when this one is stopped. None are while it is alone.
        drain_period: Duration = seconds(100),
    }
}

section! {
    /// How silence is judged, and the guards against mass removal.
    Liveness = "liveness" {
        /// Time from the closing of a session's last watch stream to `failing`, unless a heartbeat comes.
        closed_to_failing: Duration = settings::Liveness::default().closed_to_failing,
        /// When more than this share of the node's sessions falls silent within `silence_window`, nobody is judged by silence
        /// for `silence_hold`. 100 switches the guard off.
        silence_percent: Percent = Percent(settings::Silence::default().percent),
        /// And at least so many sessions.
        silence_sessions_min: usize = settings::Silence::default().sessions_min,
        /// All fallen silent within this time.
        silence_window: Duration = settings::Silence::default().window,
        /// How long nobody is judged by silence, unless they come back earlier.
        silence_hold: Duration = settings::Silence::default().hold,
        /// When this share of a zone's instances is unhealthy, the rest of it is judged more slowly.
        zone_percent: Percent = Percent(settings::Zone::default().percent),
        /// By what factor.
        zone_slowdown: u32 = settings::Zone::default().slowdown,
        /// Most instances of one service that become failing or are removed in a second, or `pace_permille` of it if that is
        /// more.
        pace_per_second: u32 = settings::Pace::default().per_second,
        /// Thousandths of a service's instances in a second.
        pace_permille: u32 = settings::Pace::default().permille_per_second,
        /// A session that fails so often within `flapping_window` is held down although heartbeats come.
        flapping_times: usize = settings::Flapping::default().times,
        /// Within this time.
        flapping_window: Duration = settings::Flapping::default().window,
        /// The first time it is held down for this long; each further time twice as long.
        flapping_hold_first: Duration = settings::Flapping::default().hold_first,
        /// The longest time it is held down.
        flapping_hold_max: Duration = settings::Flapping::default().hold_max,
        /// Time without failing after which the next hold is half as long again.
        flapping_decay: Duration = settings::Flapping::default().decay,
    }
}

impl Liveness {
    /// As the engine takes it.
    pub(crate) fn settings(&self) -> settings::Liveness {
        settings::Liveness {
            closed_to_failing: self.closed_to_failing,
            silence: settings::Silence {
                percent: self.silence_percent.0,
                sessions_min: self.silence_sessions_min,
                window: self.silence_window,
                hold: self.silence_hold,
            },
            zone: settings::Zone {
                percent: self.zone_percent.0,
                slowdown: self.zone_slowdown,
            },
            pace: settings::Pace {
                per_second: self.pace_per_second,
                permille_per_second: self.pace_permille,
            },
            flapping: settings::Flapping {
                times: self.flapping_times,
                window: self.flapping_window,
                hold_first: self.flapping_hold_first,
                hold_max: self.flapping_hold_max,
                decay: self.flapping_decay,
            },
        }
    }
}

section! {
    /// How instances are probed.
    Probes = "probes" {
        /// Time between two probes of a check that names no interval; varied by a quarter each way.
        interval: Duration = settings::Probes::default().interval,
        /// The same while its result is changing.
        interval_changing: Duration = settings::Probes::default().interval_changing,
        /// So many failures in a row make a check failing.
        failures: u32 = settings::Probes::default().failures,
        /// So many passes in a row bring it back.
        passes: u32 = settings::Probes::default().passes,
        /// Most probes on their way at once.
        in_flight_max: usize = settings::Probes::default().in_flight_max,
        /// Most probes started in a second.
        per_second_max: usize = settings::Probes::default().per_second_max,
        /// Addresses that are never probed, such as 10.0.0.0/8, besides link-local and metadata addresses. Loopback addresses
        /// are probed only while the registry itself listens on loopback.
        forbidden: Vec<settings::Range> = Vec::new(),
        /// When more than this share of all probed instances turn from passing to failing within one interval, the prober
        /// suspects its own network and writes nothing for `suspicion_max`. 100 switches the guard off.
        suspicion_percent: Percent = Percent(settings::Probes::default().suspicion_percent),
        /// And at least so many of them.
        suspicion_targets_min: usize = settings::Probes::default().suspicion_targets_min,
        /// Of at least so many services.
        suspicion_services_min: usize = settings::Probes::default().suspicion_services_min,
        /// How long nothing is written, unless so many pass again that it would not have begun.
        suspicion_max: Duration = settings::Probes::default().suspicion_max,
    }
}

impl Probes {
    /// As the engine takes it; `loopback` says whether the registry itself listens there.
    pub(crate) fn settings(&self, loopback: bool) -> settings::Probes {
        settings::Probes {
            interval: self.interval,
            interval_changing: self.interval_changing,
            failures: self.failures,
            passes: self.passes,
            in_flight_max: self.in_flight_max,
            per_second_max: self.per_second_max,
            loopback,
            forbidden: self.forbidden.clone(),
            suspicion_percent: self.suspicion_percent.0,
            suspicion_targets_min: self.suspicion_targets_min,
            suspicion_services_min: self.suspicion_services_min,
            suspicion_max: self.suspicion_max,
        }
    }
}

section! {
    /// How much of the past is kept.
    Timeline = "timeline" {
        /// About how many events.
        events_max: usize = 100_000,
        /// For how long.
        age_max: Duration = seconds(7 * 24 * 60 * 60),
    }
}

section! {
    /// What is logged, to standard error.
    Log = "log" {
        /// For people or for programs.
        format: LogFormat = LogFormat::Text,
        /// What: a level (`error`, `warn`, `info`, `debug`, `trace`), or several for parts, such as
        /// `info,paste_engine=debug`.
        filter: String = "info".to_owned(),
    }
}

section! {
    /// Live configuration: what is kept of it, and the keys of its secrets.
    Configs = "configs" {
        /// Largest content of one item; at most 16MiB.
        item_size_max: ByteSize = ByteSize(limits::CONFIG_BYTES_DEFAULT),
        /// Most that a namespace may keep, history included, as it is stored.
        namespace_size_max: ByteSize = ByteSize(1 << 30),
        /// Releases of one item that are kept; the one in use always is.
        releases_max: usize = 100,
        /// For how long a release is kept that is no longer in use, and an item that was removed.
        release_age_max: Duration = seconds(180 * 24 * 60 * 60),
        /// Memory for content.
        cache_size: ByteSize = ByteSize(64 << 20),
        /// File with the keys of secrets: lines of `<name>:<base64 of 32 bytes>`. The first encrypts, all decrypt, so that a new
        /// key is put before the others.
        secret_keys_file: Option<PathBuf> = None,
        /// The same keys separated by commas, for the environment; not together with the file.
        secret_keys: Option<Hidden> = None,
    }
}
