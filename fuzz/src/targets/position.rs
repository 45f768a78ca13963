//! Resume tokens of watch streams: what is accepted is written in exactly one way.

use paste_model::Position;

use super::kept;

/// Promises: an accepted token prints as a token of the same position, and differs from it at most in leading zeros of
/// the revision.
pub(crate) fn run(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else {
        return;
    };
    let Ok(position) = text.parse::<Position>() else {
        return;
    };
    let printed = position.to_string();
    assert_eq!(
        kept("a printed position parses", printed.parse::<Position>()),
        position
    );
    let plain = |text: &str| {
        let (epoch, revision) = text.split_once('-').unwrap_or_default();
        (
            epoch.to_owned(),
            revision.trim_start_matches('0').to_owned(),
        )
    };
    assert_eq!(plain(text), plain(&printed));
}
