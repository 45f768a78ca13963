//! Texts from files and from standard input.

use std::io::Read;
use std::path::Path;

use paste_model::limits::CONFIG_BYTES_MAX;
use serde_json::Value;

use crate::exit::{Exit, Failure};

/// The text in a file; `-` is standard input.
pub(in crate::commands) fn text(path: &Path) -> Result<String, Failure> {
    let what = || format!("can't read {}", path.display());
    let unreadable = |error: std::io::Error| Failure::caused(Exit::Usage, what(), &error);
    let mut bytes = Vec::new();
    // One more than is allowed tells that there is more.
    let limit = CONFIG_BYTES_MAX as u64 + 1;
    if path == Path::new("-") {
        std::io::stdin()
            .lock()
            .take(limit)
            .read_to_end(&mut bytes)
            .map_err(unreadable)?;
    } else {
        let file = std::fs::File::open(path).map_err(unreadable)?;
        file.take(limit)
            .read_to_end(&mut bytes)
            .map_err(unreadable)?;
    }
    if bytes.len() as u64 == limit {
        let detail = format!("{} has over {CONFIG_BYTES_MAX} bytes", path.display());
        return Err(Failure::new(Exit::Usage, detail));
    }
    String::from_utf8(bytes).map_err(|error| Failure::caused(Exit::Usage, what(), &error))
}

/// A JSON Schema from a file.
pub(in crate::commands) fn schema(path: &Path) -> Result<Value, Failure> {
    let text = text(path)?;
    serde_json::from_str(&text).map_err(|error| {
        Failure::caused(
            Exit::Usage,
            format!("{} is not JSON", path.display()),
            &error,
        )
    })
}
