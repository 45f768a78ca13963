//! An administrator's word outlives everything but its own taking back.

use paste_tests::registry::Registry;
use serde_json::json;

use crate::{instance, instances, registration};

/// nacos#3934, nacos#8653: what was taken out of service was back in it once the registry, or the instance, had restarted.
#[test]
fn what_is_taken_out_of_service_stays_out_through_restarts_nacos_3934() {
    let mut registry = Registry::start();
    let (list, one) = (instances("orders"), instance("orders", "one"));
    registry.expect("PUT", &one, Some(&registration()), 201);
    let out = json!({ "status": "down", "reason": "it answers nonsense" });
    registry.expect("PUT", &format!("{one}/override"), Some(&out), 201);
    let hidden = |registry: &Registry, when: &str| {
        let listed = registry.expect("GET", &list, None, 200).json();
        assert_eq!(listed["instances"], json!([]), "{when}");
    };
    hidden(&registry, "at once");
    registry.kill();
    registry.start_again();
    hidden(&registry, "after a crash of the registry");
    registry.expect("PUT", &one, Some(&registration()), 200);
    hidden(&registry, "after the instance has registered again");
    registry.expect("DELETE", &one, None, 204);
    registry.expect("PUT", &one, Some(&registration()), 201);
    hidden(&registry, "after it left and came back");
    assert!(registry.terminate().success());
    registry.start_again();
    hidden(&registry, "after a restart of the registry");
    registry.expect("DELETE", &format!("{one}/override"), None, 204);
    let listed = registry.expect("GET", &list, None, 200).json();
    assert_eq!(listed["instances"][0]["id"], "one", "once it is taken back");
}
