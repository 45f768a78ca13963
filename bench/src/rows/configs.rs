//! Live configuration.

pub(super) mod publish;
pub(super) mod read;
mod rnacos;
pub(super) mod size;

/// The item that is read and followed.
const ITEM: &str = "/api/v1/configs/news/app.txt";

/// A release of it.
fn release(content: &str) -> Vec<u8> {
    let body = serde_json::json!({ "content": content }).to_string();
    crate::load::request("PUT", ITEM, Some(&body))
}
