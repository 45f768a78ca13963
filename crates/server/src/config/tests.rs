//! Every way an option can be wrong names the option and where it stands.

use super::*;

fn file(text: &str) -> Result<Config, ConfigError> {
    let mut config = Config::default();
    config.read_text(Path::new("r.toml"), text)?;
    Ok(config)
}

fn environment(variable: &str, value: &str) -> Result<Config, ConfigError> {
    Config::load(None, [(variable.into(), value.into())], &[])
}

fn flag(name: &str, value: &str) -> Result<Config, ConfigError> {
    let given = Given {
        flag: "--set".to_owned(),
        name: name.to_owned(),
        value: value.to_owned(),
    };
    Config::load(None, [], &[given])
}

#[test]
fn what_is_wrong_is_said_with_its_place() {
    let cases = [
        (
            file("[http]\naddress = \"here\""),
            "r.toml:2:11: http.address: 'here' is not an IP address",
        ),
        (
            file("[http]\n  adress = \"x\""),
            "r.toml:2:3: there is no option 'adress' in section http",
        ),
        (
            file("\n[htpp]\nx = 1"),
            "r.toml:2:2: there is no section 'htpp'",
        ),
        (
            file("[nothing]"),
            "r.toml:1:2: there is no section 'nothing'",
        ),
        (
            file("address = 1"),
            "r.toml:1:1: 'address' must be a section",
        ),
        (
            file("[http]\nworkers = 0"),
            "r.toml:2:11: http.workers: '0' is not a whole number from 1",
        ),
        (
            file("[http]\nworkers = 2024-01-01"),
            "r.toml:2:11: http.workers must not be a datetime",
        ),
        (file("[http\n"), "r.toml:1:6: "),
        (
            file("[http]\nhead_timeout = \"10\""),
            "r.toml:2:16: http.head_timeout: '10' is not a duration",
        ),
        (
            file("[liveness]\nsilence_percent = 101"),
            "r.toml:2:19: liveness.silence_percent: '101'",
        ),
        (
            file("[probes]\nforbidden = [\"10.0.0.0/8\", \"x\"]"),
            "r.toml:2:13: probes.forbidden: '10.0.0.0/8,x' is not a range",
        ),
        (
            environment("PASTE_REGISTRY_HTTP_WORKERS", "many"),
            "environment variable PASTE_REGISTRY_HTTP_WORKERS: http.workers: 'many'",
        ),
        (
            environment("PASTE_REGISTRY_HTTP_WORKER", "1"),
            "environment variable PASTE_REGISTRY_HTTP_WORKER: there is no option 'worker'",
        ),
        (
            environment("PASTE_REGISTRY_FOO", "1"),
            "environment variable PASTE_REGISTRY_FOO: there is no section 'foo'",
        ),
        (
            flag("access.anonymous", "always"),
            "flag --set: access.anonymous: 'always' is not `loopback` or `never`",
        ),
        (
            flag("access", "x"),
            "flag --set: 'access' is not the name of an option",
        ),
    ];
    for (result, expected) in cases {
        let error = result.expect_err(expected).to_string();
        assert!(error.starts_with(expected), "{error}\nexpected {expected}");
    }
}

#[test]
fn encryption_needs_both_files() {
    let error = flag("tls.key", "k.pem").expect_err("no certificate");
    assert!(
        error
            .to_string()
            .starts_with("tls.certificate and tls.key: one is set"),
        "{error}"
    );
}

#[test]
fn flags_win_over_the_environment_over_the_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("r.toml");
    std::fs::write(
        &path,
        "[http]\nworkers = 1\nconnections_max = 1\nhead_size_max = \"16KiB\"",
    )
    .expect("written");
    let variables = [
        "PASTE_REGISTRY_HTTP_WORKERS",
        "PASTE_REGISTRY_HTTP_CONNECTIONS_MAX",
    ];
    let config = Config::load(
        Some(&path),
        variables.map(|variable| (variable.into(), "2".into())),
        &[Given {
            flag: "--set".to_owned(),
            name: "http.workers".to_owned(),
            value: "3".to_owned(),
        }],
    )
    .expect("valid");
    assert_eq!(config.http.workers, Some(3));
    assert_eq!(config.http.connections_max, 2);
    assert_eq!(config.http.head_size_max, ByteSize(16 << 10));
}

#[test]
fn the_bounds_of_the_probers_suspicion_reach_it() {
    let config = file(
        "[probes]\nsuspicion_percent = 60\nsuspicion_targets_min = 7\nsuspicion_services_min = 2\n\
         suspicion_max = \"90s\"",
    )
    .expect("valid");
    let settings = config.probes.settings(true);
    assert_eq!(settings.suspicion_percent, 60);
    assert_eq!(settings.suspicion_targets_min, 7);
    assert_eq!(settings.suspicion_services_min, 2);
    assert_eq!(settings.suspicion_max.as_secs(), 90);
    for (option, value) in [
        ("percent", "101"),
        ("targets_min", "0"),
        ("services_min", "0"),
        ("max", "0s"),
    ] {
        let option = format!("probes.suspicion_{option}");
        assert!(flag(&option, value).is_err(), "{option}={value}");
    }
}

#[test]
fn variables_of_the_client_are_not_options() {
    assert!(environment("PASTE_REGISTRY_TOKEN", "secret").is_ok());
    assert!(environment("PASTE_REGISTRY_URL", "http://x").is_ok());
    assert!(environment("HOME", "/root").is_ok());
}

#[test]
fn a_missing_or_huge_file_is_said_to_be_so() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("r.toml");
    let error = Config::load(Some(&path), [], &[]).expect_err("missing");
    assert!(
        error.to_string().contains("r.toml: can't be read"),
        "{error}"
    );
    let huge = std::fs::File::create(&path).expect("created");
    huge.set_len(FILE_BYTES_MAX + 1).expect("grown");
    let error = Config::load(Some(&path), [], &[]).expect_err("huge");
    assert!(error.to_string().contains("file_bytes_max"), "{error}");
}

#[test]
fn every_default_can_be_written_back() {
    let mut config = Config::default();
    for section in config.sections() {
        for option in section.options() {
            if option.default.is_empty() {
                continue;
            }
            let set = section.set(option.key, &option.default);
            assert_eq!(set, Some(Ok(())), "{}.{}", section.name(), option.key);
        }
    }
}
