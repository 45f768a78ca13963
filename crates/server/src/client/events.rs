//! Server-sent events, as far as the registry uses them.
//!
//! Source of the format: the HTML standard, "Server-sent events", interpretation of an event stream.

use http_body_util::BodyExt;
use hyper::body::Incoming;

/// Longest event that is taken, in bytes.
const EVENT_BYTES_MAX: usize = 256 * 1024 * 1024;

/// One event.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Event {
    pub(crate) id: Option<String>,
    pub(crate) kind: String,
    pub(crate) data: String,
}

/// A stream of events.
#[derive(Debug)]
pub(crate) struct Events {
    body: Incoming,
    parser: Parser,
}

impl Events {
    pub(crate) fn new(body: Incoming) -> Self {
        Self {
            body,
            parser: Parser::default(),
        }
    }

    /// The next event, or `None` at the stream's end, however it comes.
    pub(crate) async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.parser.next() {
                return Some(event);
            }
            let frame = self.body.frame().await?.ok()?;
            if let Ok(data) = frame.into_data() {
                self.parser.buffer.extend_from_slice(&data);
            }
            if self.parser.buffer.len() > EVENT_BYTES_MAX {
                return None;
            }
        }
    }
}

#[derive(Debug, Default)]
struct Parser {
    buffer: Vec<u8>,
    /// Everything before this has been looked at.
    scanned: usize,
}

impl Parser {
    /// The first whole event in the buffer. One without data still counts when it has an id.
    fn next(&mut self) -> Option<Event> {
        loop {
            let from = self.scanned.saturating_sub(1);
            let rest = self.buffer.get(from..)?;
            let Some(at) = rest.windows(2).position(|pair| pair == b"\n\n") else {
                self.scanned = self.buffer.len();
                return None;
            };
            let text: Vec<u8> = self.buffer.drain(..from + at + 2).collect();
            self.scanned = 0;
            let event = parse(&String::from_utf8_lossy(&text));
            if event.id.is_some() || !event.data.is_empty() {
                return Some(event);
            }
        }
    }
}

fn parse(text: &str) -> Event {
    let mut event = Event::default();
    for line in text.lines() {
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "id" => event.id = Some(value.to_owned()),
            "event" => value.clone_into(&mut event.kind),
            "data" => {
                if !event.data.is_empty() {
                    event.data.push('\n');
                }
                event.data.push_str(value);
            }
            _ => {}
        }
    }
    event
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_come_out_whole_however_they_are_cut() {
        let text = b": hello\n\nid: e-1\nevent: delta\ndata: {\"a\":1}\n\nid:e-2\n\ndata: x\ndata: y\n\nhalf";
        let expected = [
            (Some("e-1"), "delta", "{\"a\":1}"),
            (Some("e-2"), "", ""),
            (None, "", "x\ny"),
        ];
        for size in 1..text.len() {
            let mut parser = Parser::default();
            let mut found = Vec::new();
            for piece in text.chunks(size) {
                parser.buffer.extend_from_slice(piece);
                while let Some(event) = parser.next() {
                    found.push(event);
                }
            }
            assert_eq!(found.len(), expected.len(), "pieces of {size}");
            for (event, (id, kind, data)) in found.iter().zip(expected) {
                assert_eq!(event.id.as_deref(), id);
                assert_eq!(event.kind, kind);
                assert_eq!(event.data, data);
            }
        }
    }
}
