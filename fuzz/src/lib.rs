//! Every decoder, fed with what no well-meaning peer would send.
//!
//! A target is a plain function from bytes to nothing that panics when a promise is broken: not only *it doesn't crash*,
//! but *what was accepted survives a round trip*, or *two ways to the same answer agree*. Targets need no nightly
//! compiler: `cargo xtask fuzz` drives them with a generator of its own, and every seed in `corpus/` is replayed by the
//! ordinary tests.
//!
//! To add a target: a file in `targets/`, a line in [`TARGETS`], and a folder in `corpus/` with a few inputs that the
//! decoder accepts. An input that once broke a target goes into the corpus with the fix.
//!
//! The generator mutates the seeds (flips, splices, tokens of the seeds, extreme numbers) without looking at coverage:
//! good seeds are what takes it deep. It is deterministic in its seed, so that even an input which ends the process
//! (a stack overflow) can be found again with `--journal`.

pub mod campaign;
pub mod corpus;
pub mod mutation;
mod random;
mod targets;

/// A function that panics when a promise is broken.
pub type Target = fn(&[u8]);

/// Every target by name; the name is also that of its folder in `corpus/`.
pub const TARGETS: &[(&str, Target)] = &[
    ("backup", targets::stored::backup),
    ("configuration", targets::configuration::run),
    ("document", targets::document::run),
    ("merge-patch", targets::merge_patch::run),
    ("position", targets::position::run),
    ("request", targets::request::run),
    ("request-body", targets::request_body::run),
    ("signs", targets::signs::run),
    ("stored-batch", targets::stored::batch),
    ("stored-key", targets::stored::key),
    ("stored-record", targets::stored::record),
    ("version-range", targets::version_range::run),
];

/// The longest input that is made, in bytes.
pub const INPUT_BYTES_MAX: usize = 16 * 1024;
