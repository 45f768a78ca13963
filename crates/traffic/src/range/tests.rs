//! Ranges against the shared vectors, against themselves, and against Cargo's where the two grammars agree.

use proptest::prelude::*;
use semver::VersionReq;
use serde::Deserialize;

use super::*;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Vector {
    range: String,
    canonical: Option<String>,
    #[serde(default)]
    matches: Vec<String>,
    #[serde(default)]
    misses: Vec<String>,
    error: Option<String>,
    at: Option<usize>,
    #[serde(rename = "note")]
    _note: Option<String>,
}

fn exact(text: &str) -> Version {
    Version::parse(text).expect(text)
}

#[test]
fn ranges_pass_the_shared_vectors() {
    let vectors: Vec<Vector> =
        serde_json::from_str(include_str!("../../../../conformance/version-range.json"))
            .expect("vectors");
    assert!(vectors.len() >= 60);
    for vector in vectors {
        let text = &vector.range;
        match (VersionRange::parse(text), &vector.canonical) {
            (Ok(range), Some(canonical)) => {
                assert_eq!(range.as_str(), canonical, "canonical form of {text:?}");
                for version in &vector.matches {
                    assert!(
                        range.matches(&exact(version)),
                        "{version} should be in {text:?}"
                    );
                }
                for version in &vector.misses {
                    assert!(
                        !range.matches(&exact(version)),
                        "{version} should not be in {text:?}"
                    );
                }
            }
            (Err(error), None) => {
                let (kind, at) = match error {
                    InvalidVersionRange::TooLong(_) => ("length", None),
                    InvalidVersionRange::Syntax { position, .. } => ("syntax", Some(position)),
                    InvalidVersionRange::Number { position } => ("number", Some(position)),
                };
                assert_eq!(
                    (Some(kind), at),
                    (vector.error.as_deref(), vector.at),
                    "{text:?}"
                );
            }
            (outcome, _) => panic!("{text:?} gave {outcome:?}"),
        }
    }
}

#[test]
fn refusals_say_where_and_what_was_expected() {
    for (text, message) in [
        (
            "!=1.2",
            "version range: expected a version such as 1.4, 1.x or *, or an operator \
             (=, >, >=, <, <=, ^, ~) at byte 0, found '!'",
        ),
        (
            "~>1.2",
            "version range: expected a number, x or * at byte 1, found '>'",
        ),
        (
            "1.2-rc",
            "version range: expected a comma, a space, || or the end at byte 3, found '-'",
        ),
        (
            "1.2.",
            "version range: expected a number, x or * at byte 4, found the end",
        ),
        (
            "1.2.3-01",
            "version range: expected a prerelease such as rc.1, without empty parts or leading \
             zeros at byte 6, found '0'",
        ),
        (
            "99999999999999999999",
            "version range: the number at byte 0 is over 18446744073709551615",
        ),
    ] {
        assert_eq!(
            VersionRange::parse(text).expect_err(text).to_string(),
            message
        );
    }
    let error = VersionRange::parse(&"1".repeat(300))
        .expect_err("too long")
        .to_string();
    assert!(
        error.contains("300") && error.contains("version_range_bytes_max"),
        "{error}"
    );
}

/// A text of tokens that often parses, and often almost does.
fn range_text() -> impl Strategy<Value = String> {
    let token = prop_oneof![
        4 => "[0-3]",
        3 => Just(".".to_owned()),
        1 => Just("18446744073709551615".to_owned()),
        2 => prop::sample::select(vec![">", ">=", "<", "<=", "=", "^", "~"]).prop_map(str::to_owned),
        2 => prop::sample::select(vec![" ", ",", ", ", "||", " || "]).prop_map(str::to_owned),
        2 => prop::sample::select(vec!["x", "*", "-", "-rc.1", "-a", "+b"]).prop_map(str::to_owned),
    ];
    prop_oneof![
        prop::collection::vec(token, 0..14).prop_map(|tokens| tokens.concat()),
        prop::collection::vec(comparator(), 1..4).prop_map(|set| set.join(" || ")),
        prop::collection::vec(comparator(), 1..4).prop_map(|set| set.join(" , ")),
    ]
}

fn comparator() -> impl Strategy<Value = String> {
    let operator = prop::sample::select(vec!["", "=", ">", ">=", "<", "<=", "^", "~"]);
    let number = "[0-3]|x|\\*";
    let partial = (
        number,
        prop::option::of((number, prop::option::of((number, suffix())))),
    );
    (operator, partial).prop_map(|(operator, (major, rest))| match rest {
        None => format!("{operator}{major}"),
        Some((minor, None)) => format!("{operator}{major}.{minor}"),
        Some((minor, Some((patch, suffix)))) => {
            format!("{operator}{major}.{minor}.{patch}{suffix}")
        }
    })
}

fn suffix() -> impl Strategy<Value = String> {
    prop_oneof![4 => Just(String::new()), 1 => "-(a|b|a\\.0|a\\.1|0|10|rc\\.1)"]
}

fn version() -> impl Strategy<Value = Version> {
    (0..5_u64, 0..5_u64, 0..5_u64, suffix())
        .prop_map(|(a, b, c, suffix)| format!("{a}.{b}.{c}{suffix}").parse().expect("version"))
}

/// One comparator both grammars know, with the same meaning: an operator, and one to three numbers.
fn shared_comparator(full: bool) -> impl Strategy<Value = String> {
    let operator = prop::sample::select(vec!["=", ">", ">=", "<", "<=", "^", "~"]);
    let least = if full { 3 } else { 1 };
    (
        operator,
        prop::collection::vec(0..4_u64, least..=3),
        suffix(),
    )
        .prop_map(move |(operator, numbers, suffix)| {
            let numbers: Vec<_> = numbers.iter().map(u64::to_string).collect();
            let suffix = if full { suffix } else { String::new() };
            format!("{operator}{}{suffix}", numbers.join("."))
        })
}

/// Cargo never lets a prerelease into a partial version, whoever asks for it; we do where it lies within the bounds, as
/// npm does. So a set has either partial versions or prereleases here.
fn shared_set() -> impl Strategy<Value = String> {
    let set = |full| prop::collection::vec(shared_comparator(full), 1..4);
    prop_oneof![set(true), set(false)].prop_map(|set| set.join(", "))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn the_canonical_form_is_the_same_range(text in range_text(), versions in prop::collection::vec(version(), 20)) {
        if let Ok(range) = VersionRange::parse(&text) {
            let again = VersionRange::parse(range.as_str()).expect("canonical forms parse");
            prop_assert_eq!(&again, &range);
            prop_assert_eq!(again.as_str(), range.as_str());
            for version in &versions {
                prop_assert_eq!(again.matches(version), range.matches(version), "{} in {}", version, text);
            }
        }
    }

    #[test]
    fn any_text_is_refused_or_parsed(text in "\\PC{0,40}") {
        if let Err(InvalidVersionRange::Syntax { position, found, .. }) = VersionRange::parse(&text) {
            prop_assert_eq!(text[position..].chars().next(), found);
        }
    }

    #[test]
    fn sets_mean_what_cargo_means(set in shared_set(), versions in prop::collection::vec(version(), 20)) {
        let (ours, cargo) = (VersionRange::parse(&set).expect("ours"), VersionReq::parse(&set).expect("cargo"));
        for version in &versions {
            prop_assert_eq!(ours.matches(version), cargo.matches(version), "{} in {}", version, set);
        }
    }

    #[test]
    fn wildcards_mean_what_cargo_means(text in "[0-3]\\.[0-3]\\.[x*]|[0-3]\\.[x*]|\\*", version in version()) {
        let (ours, cargo) = (VersionRange::parse(&text).expect("ours"), VersionReq::parse(&text).expect("cargo"));
        prop_assert_eq!(ours.matches(&version), cargo.matches(&version), "{} in {}", version, text);
    }

    #[test]
    fn alternatives_are_unions(left in shared_set(), right in shared_set(), version in version()) {
        let range = |text: &str| VersionRange::parse(text).expect("valid");
        let either = range(&format!("{left} || {right}"));
        prop_assert_eq!(
            either.matches(&version),
            range(&left).matches(&version) || range(&right).matches(&version)
        );
    }
}
