//! Merge patches (RFC 7396): applying one twice is applying it once, and none makes an instance invalid unseen.

use paste_api::{MergePatch, Registered, Registration, Strictness, decode};
use serde_json::{Value, json};

use super::kept;

/// Promises: those of the first line, on a registration, on nothing and on an array.
pub(crate) fn run(input: &[u8]) {
    let Ok(patch) = decode::<MergePatch>(input, Strictness::Strict) else {
        return;
    };
    for target in [Value::Null, json!([1]), instance()] {
        let mut once = target;
        patch.apply(&mut once);
        let mut twice = once.clone();
        patch.apply(&mut twice);
        assert_eq!(once, twice, "applied twice");
        let bytes = kept("a patched document prints", serde_json::to_vec(&once));
        if let Ok(registration) = decode::<Registration>(&bytes, Strictness::Strict)
            && let Ok(registered) = Registered::try_from(registration)
        {
            kept(
                "a patched instance is valid",
                registered.instance.validate(),
            );
        }
    }
}

fn instance() -> Value {
    json!({
        "address": "10.0.0.7", "port": 8080, "version": "1.4.2", "zone": "eu-1a", "tags": ["blue"],
        "metadata": {"team": "pay"}, "ports": {"metrics": 9090},
        "checks": [{"type": "http", "path": "/healthz", "interval": "10s"}],
    })
}
