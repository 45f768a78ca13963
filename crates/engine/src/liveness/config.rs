//! What may be set about liveness. The defaults are the promises of the documentation; each guard can be switched off
//! by the value named beside it.

use std::time::Duration;

/// Settings of expiry and of the guards against mass removal.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// Time from the closing of a session's last watch stream to `failing`, unless a heartbeat comes.
    pub closed_to_failing: Duration,
    /// Guard against silence that is the registry's own fault.
    pub silence: SilenceConfig,
    /// Guard against the loss of a whole zone.
    pub zone: ZoneConfig,
    /// Guard on the pace of expiry.
    pub pace: PaceConfig,
    /// Guard against sessions that come and go.
    pub flapping: FlappingConfig,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            closed_to_failing: Duration::from_secs(10),
            silence: SilenceConfig::default(),
            zone: ZoneConfig::default(),
            pace: PaceConfig::default(),
            flapping: FlappingConfig::default(),
        }
    }
}

/// When too many sessions fall silent at once, nobody is judged by silence for a while.
#[derive(Debug, Clone, PartialEq)]
pub struct SilenceConfig {
    /// More than this percentage of the node's sessions; 100 switches the guard off.
    pub percent: u8,
    /// And at least so many sessions.
    pub sessions_min: usize,
    /// All fallen silent within this time.
    pub window: Duration,
    /// How long they are held, unless they come back earlier.
    pub hold: Duration,
}

impl Default for SilenceConfig {
    fn default() -> Self {
        Self {
            percent: 15,
            sessions_min: 20,
            window: Duration::from_secs(60),
            hold: Duration::from_secs(300),
        }
    }
}

/// When much of a zone is unhealthy, what is left of it is judged more slowly.
#[derive(Debug, Clone, PartialEq)]
pub struct ZoneConfig {
    /// From this percentage of a zone's instances on; over 100 switches the guard off.
    pub percent: u8,
    /// By what factor a step there is slower.
    pub slowdown: u32,
}

impl Default for ZoneConfig {
    fn default() -> Self {
        Self {
            percent: 55,
            slowdown: 10,
        }
    }
}

/// How many instances of one service may step to `failing`, or be removed, per second: the greater of the two.
#[derive(Debug, Clone, PartialEq)]
pub struct PaceConfig {
    /// Instances per second; `u32::MAX` switches the guard off.
    pub per_second: u32,
    /// Thousandths of the service's instances per second.
    pub permille_per_second: u32,
}

impl Default for PaceConfig {
    fn default() -> Self {
        Self {
            per_second: 10,
            permille_per_second: 5,
        }
    }
}

/// When a session keeps failing and coming back, it is held down: `failing` although heartbeats come.
#[derive(Debug, Clone, PartialEq)]
pub struct FlappingConfig {
    /// So many steps to `failing`; 0 switches the guard off.
    pub times: usize,
    /// Within this time.
    pub window: Duration,
    /// The first hold; each further one is twice as long.
    pub hold_first: Duration,
    /// The longest hold.
    pub hold_max: Duration,
    /// Time without a step to `failing` after which the next hold is half as long again.
    pub decay: Duration,
}

impl Default for FlappingConfig {
    fn default() -> Self {
        Self {
            times: 3,
            window: Duration::from_secs(60),
            hold_first: Duration::from_secs(30),
            hold_max: Duration::from_secs(300),
            decay: Duration::from_secs(300),
        }
    }
}

/// A duration in the milliseconds of the liveness clock.
pub(super) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
