//! Every bound on what a client may send, in one place, each with its unit in its name.

use std::time::Duration;

/// Longest name of a namespace, service, instance, session, node or token, in bytes.
pub const NAME_BYTES_MAX: usize = 128;
/// Longest IP address or host name, in bytes (RFC 1035 §2.3.4).
pub const ADDRESS_BYTES_MAX: usize = 253;
/// Longest protocol, region, zone or tag, in bytes.
pub const LABEL_BYTES_MAX: usize = 128;
/// Longest version, in bytes.
pub const VERSION_BYTES_MAX: usize = 128;
/// Most tags of one instance.
pub const TAGS_MAX: usize = 64;
/// Most extra named ports of one instance.
pub const PORTS_MAX: usize = 32;
/// Most checks of one instance.
pub const CHECKS_MAX: usize = 8;
/// Most keys in one instance's metadata.
pub const METADATA_KEYS_MAX: usize = 64;
/// Metadata of one instance, keys and values together, in bytes.
pub const METADATA_BYTES_MAX: usize = 4 * 1024;
/// Longest path of an HTTP check, in bytes.
pub const CHECK_PATH_BYTES_MAX: usize = 1024;
/// Longest reason, description or owner given in free text, in bytes.
pub const TEXT_BYTES_MAX: usize = 1024;
/// Most owners of one service.
pub const OWNERS_MAX: usize = 32;
/// Largest weight of an instance.
pub const WEIGHT_MAX: u16 = 10_000;
/// Weight of an instance that names none.
pub const WEIGHT_DEFAULT: u16 = 100;
/// Most grants of one token.
pub const GRANTS_MAX: usize = 32;
/// Largest content of a configuration item unless the registry is told otherwise, in bytes.
pub const CONFIG_BYTES_DEFAULT: usize = 1024 * 1024;
/// Largest content of a configuration item that the registry can be told to take, in bytes.
pub const CONFIG_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Content is cut into pieces of this many bytes, which are then compressed: one blob each.
pub const CONFIG_CHUNK_BYTES: usize = 256 * 1024;
/// Most pieces of one content.
pub const CONFIG_CHUNKS_MAX: usize = CONFIG_BYTES_MAX / CONFIG_CHUNK_BYTES;
/// Largest JSON Schema of a configuration item, in bytes.
pub const CONFIG_SCHEMA_BYTES_MAX: usize = 64 * 1024;
/// Most zones, addresses, labels or instances in the audience of a gray release.
pub const AUDIENCE_ENTRIES_MAX: usize = 256;
/// Most items in one release of several.
pub const RELEASE_ITEMS_MAX: usize = 32;
/// Most subsets of one policy.
pub const POLICY_SUBSETS_MAX: usize = 32;
/// Most rules of one policy.
pub const POLICY_RULES_MAX: usize = 64;
/// All texts of one policy together but its description, in bytes.
pub const POLICY_BYTES_MAX: usize = 16 * 1024;
/// Policies of one service that are kept, the one that holds included.
pub const POLICY_RELEASES_MAX: usize = 32;

/// Time to live of a session that names none.
pub const TTL_DEFAULT: Duration = Duration::from_secs(15);
/// Shortest time to live of a session.
pub const TTL_MIN: Duration = Duration::from_secs(1);
/// Longest time to live of a session.
pub const TTL_MAX: Duration = Duration::from_secs(24 * 60 * 60);
/// Silence after which a session that names no other is removed.
pub const REMOVE_AFTER_DEFAULT: Duration = Duration::from_secs(120);
/// Longest silence before removal that a session may ask for.
pub const REMOVE_AFTER_MAX: Duration = Duration::from_secs(7 * 24 * 60 * 60);
/// Shortest interval between two checks of one instance.
pub const CHECK_INTERVAL_MIN: Duration = Duration::from_secs(1);
/// Longest interval between two checks of one instance.
pub const CHECK_INTERVAL_MAX: Duration = Duration::from_secs(60 * 60);
/// Longest time-out of one check.
pub const CHECK_TIMEOUT_MAX: Duration = Duration::from_secs(60);

/// Most items in one `POST /batch`.
pub const BATCH_ITEMS_MAX: usize = 1_000;
/// Most items that one atomic batch may change together.
pub const ATOMIC_ITEMS_MAX: usize = 32;
/// Most subscriptions of one watch stream.
pub const SUBSCRIPTIONS_MAX: usize = 100;
/// Percentage of healthy instances below which a service that names no other is protected.
pub const PROTECT_THRESHOLD_DEFAULT: u8 = 50;
