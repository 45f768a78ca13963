//! Configuration files: what is wrong is found where it stands, and a file and flags that say the same are the same.

use std::path::Path;

use paste_registry::config::{Config, ConfigError, Given, Place};
use toml::de::{DeTable, DeValue};

use super::kept;

/// Promises: an error of a file points into it; a file read over itself changes nothing; what a file says can be said
/// with flags.
pub(crate) fn run(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else {
        return;
    };
    let mut config = Config::default();
    if let Err(error) = read(&mut config, text) {
        return check_place(text, &error);
    }
    let once = format!("{config:?}");
    kept("a file that was read reads again", read(&mut config, text));
    assert_eq!(format!("{config:?}"), once);
    if let Some(flags) = flags(text) {
        match Config::load(None, [], &flags) {
            Ok(by_flags) => assert_eq!(format!("{by_flags:?}"), once),
            // Options that don't fit together are found only when everything was read.
            Err(error) => assert!(matches!(error.place, Place::Option(_)), "{error}"),
        }
    }
}

fn read(config: &mut Config, text: &str) -> Result<(), ConfigError> {
    config.read_text(Path::new("registry.toml"), text)
}

fn check_place(text: &str, error: &ConfigError) {
    assert!(!error.detail.is_empty());
    let Place::File { line, column, .. } = error.place else {
        return;
    };
    let lines: Vec<_> = text.split('\n').collect();
    assert!((1..=lines.len()).contains(&line), "{error}");
    assert!(
        (1..=lines[line - 1].chars().count() + 1).contains(&column),
        "{error}"
    );
}

/// The same as flags; `None` if a value is neither a text, a decimal number nor a truth.
fn flags(text: &str) -> Option<Vec<Given>> {
    let document = DeTable::parse(text).ok()?;
    let mut flags = Vec::new();
    for (section, options) in document.get_ref() {
        for (key, value) in options.get_ref().as_table()? {
            let value = match value.get_ref() {
                DeValue::String(text) => text.to_string(),
                DeValue::Integer(number) if number.radix() == 10 => {
                    number.as_str().replace('_', "")
                }
                DeValue::Boolean(truth) => truth.to_string(),
                _ => return None,
            };
            let name = format!("{}.{}", section.get_ref(), key.get_ref());
            flags.push(Given {
                flag: "--set".to_owned(),
                name,
                value,
            });
        }
    }
    Some(flags)
}
