//! Server-sent events: bytes in whatever pieces, events out.
//!
//! Source of the format: the HTML standard, "Server-sent events", interpretation of an event stream.

/// Longest line that is taken, in bytes.
const LINE_BYTES_MAX: usize = 64 * 1024 * 1024;

/// One event. One without data only carries an id.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Frame {
    pub(crate) id: Option<String>,
    pub(crate) kind: String,
    pub(crate) data: String,
}

/// A line, or an event, is longer than is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a line of the stream is longer than {LINE_BYTES_MAX} bytes")]
pub(crate) struct TooLong;

/// What was read of the stream and isn't an event yet.
#[derive(Debug, Default)]
pub(crate) struct Parser {
    buffer: Vec<u8>,
    /// Everything before this has been used.
    used: usize,
    /// Everything before this holds no further line end.
    scanned: usize,
    frame: Frame,
}

impl Parser {
    /// Takes the next piece.
    pub(crate) fn feed(&mut self, piece: &[u8]) {
        if self.used > 0 {
            self.buffer.drain(..self.used);
            self.scanned -= self.used;
            self.used = 0;
        }
        self.buffer.extend_from_slice(piece);
    }

    /// The next whole event of what was fed.
    pub(crate) fn next(&mut self) -> Result<Option<Frame>, TooLong> {
        loop {
            let rest = &self.buffer[self.scanned..];
            let Some(at) = rest.iter().position(|byte| *byte == b'\n') else {
                self.scanned = self.buffer.len();
                let open = self.scanned - self.used;
                return if open > LINE_BYTES_MAX {
                    Err(TooLong)
                } else {
                    Ok(None)
                };
            };
            let end = self.scanned + at;
            let line = &self.buffer[self.used..end];
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            if line.len() + self.frame.data.len() > LINE_BYTES_MAX {
                return Err(TooLong);
            }
            let ends = line.is_empty();
            if !ends {
                field(&mut self.frame, &String::from_utf8_lossy(line));
            }
            self.used = end + 1;
            self.scanned = self.used;
            if ends {
                let frame = std::mem::take(&mut self.frame);
                if frame.id.is_some() || !frame.data.is_empty() {
                    return Ok(Some(frame));
                }
            }
        }
    }
}

fn field(frame: &mut Frame, line: &str) {
    let (name, value) = line.split_once(':').unwrap_or((line, ""));
    let value = value.strip_prefix(' ').unwrap_or(value);
    match name {
        "id" if !value.contains('\0') => frame.id = Some(value.to_owned()),
        "event" => value.clone_into(&mut frame.kind),
        "data" => {
            if !frame.data.is_empty() {
                frame.data.push('\n');
            }
            frame.data.push_str(value);
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_come_out_whole_however_they_are_cut() {
        let text = b": hello\n\nid: e-1\nevent: delta\ndata: {\"a\":1}\n\nid:e-2\r\n\r\nretry: 5\n\ndata: x\ndata: y\n\nhalf";
        let expected = [
            (Some("e-1"), "delta", "{\"a\":1}"),
            (Some("e-2"), "", ""),
            (None, "", "x\ny"),
        ];
        for size in 1..text.len() {
            let mut parser = Parser::default();
            let mut found = Vec::new();
            for piece in text.chunks(size) {
                parser.feed(piece);
                while let Some(frame) = parser.next().expect("short") {
                    found.push(frame);
                }
            }
            assert_eq!(found.len(), expected.len(), "pieces of {size}");
            for (frame, (id, kind, data)) in found.iter().zip(expected) {
                assert_eq!(frame.id.as_deref(), id);
                assert_eq!(frame.kind, kind);
                assert_eq!(frame.data, data);
            }
        }
    }

    #[test]
    fn a_line_without_end_is_not_waited_for() {
        let mut parser = Parser::default();
        let piece = vec![b'x'; LINE_BYTES_MAX / 2];
        parser.feed(&piece);
        assert_eq!(parser.next(), Ok(None));
        parser.feed(&piece);
        parser.feed(b"x");
        assert_eq!(parser.next(), Err(TooLong));
    }
}
