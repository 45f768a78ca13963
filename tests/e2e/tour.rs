//! The tour in README.md and the pages on configuration and policies, run as printed.

use paste_tests::registry::{Registry, free_port};
use paste_tests::tour;

#[test]
fn the_tour_does_what_the_page_says() {
    let registry = Registry::start();
    let moved = [
        ("127.0.0.1:7750", registry.address().to_owned()),
        ("8081", free_port().to_string()),
        ("8082", free_port().to_string()),
    ];
    tour::follow("README.md", &moved);
}

#[test]
fn the_page_on_configuration_does_what_it_says() {
    let registry = Registry::start();
    let moved = [("127.0.0.1:7750", registry.address().to_owned())];
    tour::follow("docs/configuration.md", &moved);
}

#[test]
fn the_page_on_policies_does_what_it_says() {
    let registry = Registry::start();
    let moved = [("127.0.0.1:7750", registry.address().to_owned())];
    tour::follow("docs/policies.md", &moved);
}
