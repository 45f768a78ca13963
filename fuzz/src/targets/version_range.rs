//! Version ranges: the canonical form is the same range, sets are alternatives, and an error points into the text.

use paste_model::{Instance, Version};
use paste_traffic::{InvalidVersionRange, VERSION_RANGE_BYTES_MAX, VersionRange};

use super::kept;

/// Promises: those of the first line, judged on versions made of the input's own numbers and prereleases.
pub(crate) fn run(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else {
        return;
    };
    let range = match VersionRange::parse(text) {
        Ok(range) => range,
        Err(error) => return check_error(text, &error),
    };
    assert!(range.as_str().len() <= VERSION_RANGE_BYTES_MAX);
    let again = kept(
        "a canonical form parses",
        VersionRange::parse(range.as_str()),
    );
    assert_eq!(again, range);
    let sets: Vec<_> = text
        .split("||")
        .map(|set| kept("a set is a range", VersionRange::parse(set)))
        .collect();
    for version in versions(text) {
        let matches = range.matches(&version);
        assert_eq!(again.matches(&version), matches, "{version} in {text:?}");
        let any = sets.iter().any(|set| set.matches(&version));
        assert_eq!(any, matches, "{version} in a set of {text:?}");
    }
}

fn check_error(text: &str, error: &InvalidVersionRange) {
    match *error {
        InvalidVersionRange::TooLong(bytes) => assert!(bytes > VERSION_RANGE_BYTES_MAX),
        InvalidVersionRange::Syntax {
            position, found, ..
        } => {
            assert_eq!(text[position..].chars().next(), found);
        }
        InvalidVersionRange::Number { position } => {
            let digits = text[position..]
                .bytes()
                .take_while(u8::is_ascii_digit)
                .count();
            assert!(text[position..position + digits].parse::<u64>().is_err());
        }
    }
}

/// The versions a text speaks of, with their neighbours.
fn versions(text: &str) -> Vec<Version> {
    let mut found = Vec::new();
    for word in text.split([' ', ',', '|', '=', '<', '>', '^', '~']) {
        let (numbers, prerelease) = word.split_once('-').unwrap_or((word, ""));
        let mut parts = numbers
            .split('.')
            .map(|part| part.parse::<u64>().unwrap_or(0));
        let [major, minor, patch] = [(); 3].map(|()| parts.next().unwrap_or(0));
        for near in [
            [major, minor, patch],
            [major, minor, patch.saturating_add(1)],
            [major, minor.saturating_add(1), 0],
            [major.saturating_add(1), 0, 0],
            [major, minor, patch.saturating_sub(1)],
        ] {
            let [major, minor, patch] = near;
            found.push(Version::new(major, minor, patch));
            for suffix in [prerelease, "0", "zz"] {
                found.extend(Instance::parse_version(&format!(
                    "{major}.{minor}.{patch}-{suffix}"
                )));
            }
        }
    }
    found
}
