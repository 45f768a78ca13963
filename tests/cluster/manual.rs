//! The set-up of a cluster in docs/operate/cluster.md, followed from scratch as printed.

use paste_tests::{ports, tour};

#[test]
fn the_set_up_does_what_the_page_says() {
    let moved: Vec<(&str, String)> = ["127.0.0.1:247", "127.0.0.1:248", "127.0.0.1:775"]
        .into_iter()
        .map(|place| (place, format!("127.0.0.1:{}", ports::reserve_decade())))
        .collect();
    tour::follow("docs/operate/cluster.md", &moved);
}
