//! The copy that an agent keeps on disk, as docs/sdk.md describes it: one line with a checksum, then the payload.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use twox_hash::XxHash64;

/// A copy, read from disk.
pub struct Copy {
    file: PathBuf,
    bytes: Vec<u8>,
}

impl Copy {
    /// Reads the copy of the namespace `default` in `folder`, and checks that it is as documented.
    pub fn read(folder: &Path) -> Self {
        let file = folder.join("default.json");
        let bytes = fs::read(&file);
        let bytes = bytes.unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let mode = fs::metadata(&file)
            .expect("it is there")
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600, "others may read {}", file.display());
        let copy = Self { file, bytes };
        let (head, payload) = copy.parts();
        let head: Value = serde_json::from_slice(head).expect("the first line is JSON");
        let expected = header(payload);
        assert_eq!(head, expected, "the first line of the copy");
        copy
    }

    fn parts(&self) -> (&[u8], &[u8]) {
        let end = self.bytes.iter().position(|byte| *byte == b'\n');
        let end = end.expect("there is a first line");
        (&self.bytes[..end], &self.bytes[end + 1..])
    }

    /// Writes it back as if the write had ended after so many percent of its bytes.
    pub fn cut_at(&self, percent: usize) {
        self.write(&self.bytes[..self.bytes.len() * percent / 100]);
    }

    /// Writes it back with other words in the payload, and the checksum that it had.
    pub fn falsify(&self, from: &str, to: &str) {
        let text = String::from_utf8(self.bytes.clone()).expect("it is JSON");
        assert!(text.contains(from), "{from} is not in {text}");
        self.write(text.replace(from, to).as_bytes());
    }

    /// Writes it back as if it had been saved at `when`, in words that date(1) knows, such as `-1 hour`.
    pub fn date(&self, when: &str) {
        let mut payload: Value = serde_json::from_slice(self.parts().1).expect("it is JSON");
        assert!(payload["saved_at"].is_string(), "saved_at: {payload}");
        payload["saved_at"] = date(when).into();
        let payload = payload.to_string();
        let head = header(payload.as_bytes());
        self.write(format!("{head}\n{payload}").as_bytes());
    }

    fn write(&self, bytes: &[u8]) {
        fs::write(&self.file, bytes).expect("the copy can be written");
    }
}

fn header(payload: &[u8]) -> Value {
    let checksum = format!("{:016x}", XxHash64::oneshot(0, payload));
    json!({ "format": 1, "checksum": checksum })
}

fn date(when: &str) -> String {
    let output = Command::new("date")
        .args(["--utc", "--date", when, "+%Y-%m-%dT%H:%M:%SZ"])
        .output();
    let output = output.expect("date(1)");
    assert!(output.status.success(), "date(1) doesn't know {when}");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}
