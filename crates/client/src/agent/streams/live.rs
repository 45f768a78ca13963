//! An open stream.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::BodyExt;

use super::reader::Why;
use crate::client::Shared;
use crate::copy::Pulse;
use crate::link::Opened;
use crate::sse::{Frame, Parser, TooLong};
use crate::transport::TransportBody;

/// A stream that says nothing for so long is dead.
const SILENCE_MAX: Duration = Duration::from_secs(45);

/// A stream that can be read.
pub(crate) struct Live {
    pub(crate) address: usize,
    body: TransportBody,
    parser: Parser,
    ready: VecDeque<Frame>,
    heard: tokio::time::Instant,
}

impl Live {
    pub(crate) fn new(opened: Opened) -> Self {
        Self {
            address: opened.address,
            body: opened.body,
            parser: Parser::default(),
            ready: VecDeque::new(),
            heard: tokio::time::Instant::now(),
        }
    }

    /// The next event, or why there will be none. Nothing is lost when this is dropped halfway.
    pub(crate) async fn next(&mut self, shared: &Shared, pulse: &Arc<Pulse>) -> Result<Frame, Why> {
        loop {
            if let Some(frame) = self.ready.pop_front() {
                return Ok(frame);
            }
            let silence = self.heard + SILENCE_MAX;
            let piece = tokio::time::timeout_at(silence, self.body.frame()).await;
            let silent = |_| Why::Ended(format!("nothing was heard for {SILENCE_MAX:?}"));
            let piece = piece
                .map_err(silent)?
                .ok_or_else(|| Why::Ended("the registry ended it".to_owned()))?
                .map_err(|error| Why::Ended(crate::link::chain(&*error)))?;
            let Ok(data) = piece.into_data() else {
                continue;
            };
            self.heard = tokio::time::Instant::now();
            pulse.beat(shared.now());
            self.parser.feed(&data);
            let too_long = |error: TooLong| Why::Unreadable(error.to_string());
            while let Some(frame) = self.parser.next().map_err(too_long)? {
                self.ready.push_back(frame);
            }
        }
    }
}
