//! The targets, one file each.

pub(crate) mod configuration;
pub(crate) mod document;
pub(crate) mod merge_patch;
pub(crate) mod position;
pub(crate) mod request;
pub(crate) mod request_body;
pub(crate) mod signs;
pub(crate) mod stored;
pub(crate) mod version_range;

use std::fmt::Debug;

/// The value of what must succeed, because its like was accepted before.
#[expect(
    clippy::panic,
    reason = "a target says by a panic that a promise is broken"
)]
fn kept<T, E: Debug>(promise: &str, result: Result<T, E>) -> T {
    match result {
        Ok(value) => value,
        Err(error) => panic!("{promise}: {error:?}"),
    }
}
