//! Reaching an etcd that asks who we are, or speaks TLS.

use std::path::Path;
use std::time::Duration;

use paste_store::etcd::{Config, Credentials, EtcdError, Tls};
use paste_store::suite::{batch, commit, drain, put, wait};
use paste_store::{Etcd, Store, StoreError};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};

use crate::eventually;
use crate::place::{config, open};
use crate::server::Server;

fn refused(config: &Config) -> EtcdError {
    match Etcd::open(config.clone()).map(drop) {
        Err(StoreError::Etcd(error)) => error,
        other => panic!("{other:?}"),
    }
}

fn user(name: &str, password: &str) -> Option<Credentials> {
    Some(Credentials {
        name: name.to_owned(),
        password: password.to_owned(),
    })
}

#[test]
fn a_user_who_may_only_write_the_prefix_is_enough_and_others_are_refused() {
    let mut server = Server::start(&[]);
    for (path, body) in [
        ("user/add", r#"{"name":"root","password":"secret"}"#),
        ("user/grant", r#"{"user":"root","role":"root"}"#),
        ("user/add", r#"{"name":"registry","password":"ours-alone"}"#),
        ("role/add", r#"{"name":"registry"}"#),
        // All keys from "/secured/" to "/secured0", of which the latter is the next.
        (
            "role/grant",
            r#"{"name":"registry","perm":{"permType":"READWRITE","key":"L3NlY3VyZWQv","range_end":"L3NlY3VyZWQw"}}"#,
        ),
        ("user/grant", r#"{"user":"registry","role":"registry"}"#),
        ("enable", "{}"),
    ] {
        server.ask(&format!("/v3/auth/{path}"), body);
    }
    let mut config = Config {
        prefix: "/secured".to_owned(),
        ..config(&server, "node-1")
    };
    for (who, prefix) in [
        (None, "/secured"),
        (user("registry", "guess"), "/secured"),
        (user("nobody", "ours-alone"), "/secured"),
        (user("registry", "ours-alone"), "/elsewhere"),
    ] {
        (config.user, config.prefix) = (who, prefix.to_owned());
        let error = refused(&config);
        assert!(matches!(error, EtcdError::Denied(_)), "{error:?}");
        assert!(!format!("{error:?} {config:?}").contains("ours-alone"));
    }
    (config.user, config.prefix) = (user("registry", "ours-alone"), "/secured".to_owned());
    config.url = Some("http://node-1.example:7750".to_owned());
    config.lease_ttl = Duration::from_secs(2);
    let store = open(&config);
    let before = commit(&store, [put("a", 1)]);
    let mut stream = store.changes(before).expect("streams");
    let second = commit(&store, [put("a", 2)]);
    assert_eq!(drain(&mut stream, second).len(), 1);
    // etcd keeps tokens in memory: after a restart it knows none of them.
    server.stop();
    let membership = store.membership().expect("it is a member");
    eventually("the lease may have run out", || {
        membership.borrow().own.is_none()
    });
    server.resume();
    let mut last = second;
    eventually("a new token is fetched", || {
        let answer = wait(store.commit(batch([], [put("a", 3)])));
        last = answer.clone().unwrap_or(last);
        answer.is_ok()
    });
    let seen = drain(&mut stream, last);
    assert_eq!(seen.last().expect("some").changes, [put("a", 3)]);
    assert_eq!(store.load().expect("loads").entries.len(), 1);
    assert!(store.status().disk_bytes > 0);
    eventually("it is a member again", || membership.borrow().own.is_some());
    let other = Config {
        node: "node-2".parse().expect("a valid name"),
        lease_ttl: Duration::from_secs(600),
        ..config.clone()
    };
    let other = open(&other);
    let seen = || membership.borrow().nodes.len();
    eventually("another node is seen", || seen() == 2);
    drop(other);
    eventually("it is gone", || seen() == 1);
}

type Authority = CertifiedIssuer<'static, KeyPair>;

fn authority() -> Authority {
    let mut params = CertificateParams::new(Vec::new()).expect("valid");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().expect("a key")).expect("signed")
}

/// A certificate for `name` and its key, in PEM.
fn certificate(authority: &Authority, name: &str) -> (String, String) {
    let key = KeyPair::generate().expect("a key");
    let params = CertificateParams::new(vec![name.to_owned()]).expect("valid");
    let signed = params.signed_by(&key, authority).expect("signed");
    (signed.pem(), key.serialize_pem())
}

fn written(folder: &Path, name: &str, text: &str) -> String {
    let path = folder.join(name);
    std::fs::write(&path, text).expect("written");
    path.to_str().expect("text").to_owned()
}

#[test]
fn etcd_is_trusted_by_its_certificate_and_trusts_ours() {
    let (trusted, stranger) = (authority(), authority());
    let folder = tempfile::tempdir().expect("a folder");
    let (chain, key) = certificate(&trusted, "127.0.0.1");
    let at = folder.path();
    let options = [
        "--cert-file".to_owned(),
        written(at, "server.pem", &chain),
        "--key-file".to_owned(),
        written(at, "server.key", &key),
        "--trusted-ca-file".to_owned(),
        written(at, "ca.pem", &trusted.pem()),
        "--client-cert-auth".to_owned(),
    ];
    let options: Vec<_> = options.iter().map(String::as_str).collect();
    let server = Server::start_in(folder, &options, true);
    let identity = |authority| {
        let (chain, key) = certificate(authority, "node-1");
        Some((chain.into_bytes(), key.into_bytes()))
    };
    let tls = |ca: &Authority, identity| {
        Some(Tls {
            ca: ca.pem().into_bytes(),
            identity,
        })
    };
    let mut config = config(&server, "node-1");
    config.tls = tls(&trusted, identity(&trusted));
    // Of etcd it is only known that it listens.
    let mut opened = None;
    eventually("etcd serves", || {
        opened = Etcd::open(config.clone()).ok();
        opened.is_some()
    });
    let store = opened.expect("opened");
    let begin = store.status().revision;
    let mut stream = store.changes(begin).expect("streams");
    let last = commit(&store, [put("a", 1)]);
    assert_eq!(drain(&mut stream, last).len(), 1);
    config.read_timeout = Duration::from_secs(1);
    for (who, tls) in [
        ("an etcd of a stranger", tls(&stranger, identity(&trusted))),
        (
            "a certificate of a stranger",
            tls(&trusted, identity(&stranger)),
        ),
        ("no certificate", tls(&trusted, None)),
        ("no TLS", None),
    ] {
        config.tls = tls;
        let error = refused(&config);
        assert!(
            error.to_string().contains("reached") || error.to_string().contains("serve"),
            "{who}: {error:?}"
        );
    }
}
