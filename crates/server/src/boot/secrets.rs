//! The keys of secrets: read once, at the start, from a file or from the environment.

use paste_engine::{Vault, settings};

use crate::config::Configs;
use crate::exit::{Exit, Failure};

/// What the engine is to know of configuration.
pub(crate) fn configs(config: &Configs) -> Result<settings::Configs, Failure> {
    Ok(settings::Configs {
        item_bytes_max: config.item_size_max.0,
        namespace_bytes_max: config.namespace_size_max.0 as u64,
        releases_max: config.releases_max,
        release_age_max: config.release_age_max,
        cache_bytes: config.cache_size.0 as u64,
        vault: vault(config)?,
    })
}

fn vault(config: &Configs) -> Result<Vault, Failure> {
    let text = match (&config.secret_keys, &config.secret_keys_file) {
        (Some(keys), _) => keys.0.replace(',', "\n"),
        (None, Some(path)) => std::fs::read_to_string(path).map_err(|error| {
            let what = format!("can't read configs.secret_keys_file {}", path.display());
            Failure::caused(Exit::Usage, what, &error)
        })?,
        (None, None) => return Ok(Vault::none()),
    };
    let vault = Vault::parse(&text).map_err(|error| Failure::new(Exit::Usage, error))?;
    if vault.key_names().next().is_none() {
        let detail = "configs.secret_keys_file holds no key; add one, or unset it";
        return Err(Failure::new(Exit::Usage, detail));
    }
    Ok(vault)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Hidden;

    const KEY: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

    fn names(config: &Configs) -> Result<Vec<String>, Failure> {
        let vault = configs(config)?.vault;
        Ok(vault.key_names().map(str::to_owned).collect())
    }

    #[test]
    fn keys_come_from_a_file_or_the_environment() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), format!("new:{KEY}\nold:{KEY}\n")).expect("writes");
        let from_file = Configs {
            secret_keys_file: Some(file.path().to_owned()),
            ..Configs::default()
        };
        assert_eq!(names(&from_file).expect("valid"), ["new", "old"]);
        let from_environment = Configs {
            secret_keys: Some(Hidden(format!("new:{KEY},old:{KEY}"))),
            ..Configs::default()
        };
        assert_eq!(names(&from_environment).expect("valid"), ["new", "old"]);
        assert!(names(&Configs::default()).expect("valid").is_empty());
    }

    #[test]
    fn keys_that_are_missing_or_wrong_stop_the_start() {
        let missing = Configs {
            secret_keys_file: Some("/nowhere/keys".into()),
            ..Configs::default()
        };
        let refused = names(&missing).expect_err("not there");
        assert!(refused.sentence.contains("/nowhere/keys"), "{refused}");
        let wrong = Configs {
            secret_keys: Some(Hidden("mine:c2hvcnQ=".to_owned())),
            ..Configs::default()
        };
        let refused = names(&wrong).expect_err("too short").sentence;
        assert!(
            refused.contains("mine") && !refused.contains("c2hvcnQ="),
            "{refused}"
        );
    }
}
