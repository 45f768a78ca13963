//! What became of every scenario in every language, as one table.

use std::time::Duration;

/// One cell.
pub struct Outcome {
    /// The column.
    pub language: &'static str,
    /// The row.
    pub scenario: &'static str,
    /// How long it took.
    pub took: Duration,
    /// Why it failed, if it did.
    pub failure: Option<String>,
}

/// The table, and below it a paragraph for each cell that failed.
pub fn render(languages: &[&'static str], scenarios: &[&str], outcomes: &[Outcome]) -> String {
    let rows = scenarios.iter().map(|scenario| scenario.len());
    let first = rows.max().unwrap_or(0);
    let mut lines = vec![format!("{:first$}", "")];
    for language in languages {
        lines[0].push_str(&format!("  {language:>12}"));
    }
    for scenario in scenarios {
        let mut line = format!("{scenario:first$}");
        for language in languages {
            line.push_str(&format!(
                "  {:>12}",
                cell(find(outcomes, language, scenario))
            ));
        }
        lines.push(line);
    }
    for outcome in outcomes {
        if let Some(failure) = &outcome.failure
            && first_with(outcomes, outcome)
        {
            let (language, scenario) = (outcome.language, outcome.scenario);
            lines.push(format!("\n{language}, {scenario}: {}", failure.trim_end()));
        }
    }
    lines.join("\n")
}

/// Whether it is the first of its language that failed for its reason: a language that can't be built says so once.
fn first_with(outcomes: &[Outcome], outcome: &Outcome) -> bool {
    let mut alike = outcomes
        .iter()
        .filter(|other| other.language == outcome.language && other.failure == outcome.failure);
    alike
        .next()
        .is_some_and(|first| first.scenario == outcome.scenario)
}

fn find<'a>(outcomes: &'a [Outcome], language: &str, scenario: &str) -> Option<&'a Outcome> {
    let mut outcomes = outcomes.iter();
    outcomes.find(|outcome| outcome.language == language && outcome.scenario == scenario)
}

fn cell(outcome: Option<&Outcome>) -> String {
    let Some(outcome) = outcome else {
        return "-".to_owned();
    };
    let word = if outcome.failure.is_some() {
        "FAILED"
    } else {
        "ok"
    };
    format!("{word} {:>3} s", outcome.took.as_secs())
}

#[test]
fn every_cell_has_its_place_and_every_failure_its_reason() {
    let outcome = |language, scenario, seconds, failure: Option<&str>| Outcome {
        language,
        scenario,
        took: Duration::from_secs(seconds),
        failure: failure.map(str::to_owned),
    };
    let outcomes = [
        outcome("go", "close", 7, None),
        outcome("go", "start", 12, Some("nothing came\n")),
        outcome("java", "start", 3, None),
        outcome("rust", "start", 0, Some("no compiler")),
        outcome("rust", "close", 0, Some("no compiler")),
    ];
    let expected = "                 go          java          rust
start  FAILED  12 s      ok   3 s  FAILED   0 s
close      ok   7 s             -  FAILED   0 s

go, start: nothing came

rust, start: no compiler";
    assert_eq!(
        render(&["go", "java", "rust"], &["start", "close"], &outcomes),
        expected
    );
}
