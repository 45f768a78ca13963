//! What nodes tell each other, as protocol buffers. Fields are only ever added: in a rolling upgrade two versions talk.

use prost::Message;

/// Signs of life and death that one node heard and another has to know.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Signs {
    /// The name of the node that tells.
    #[prost(string, tag = "1")]
    pub(super) from: String,
    /// How far its view has come.
    #[prost(uint64, tag = "2")]
    pub(super) revision: u64,
    /// Sessions that it watches over.
    #[prost(uint64, tag = "3")]
    pub(super) owned: u64,
    #[prost(message, repeated, tag = "4")]
    pub(super) signs: Vec<SignRow>,
}

/// A sign of one session.
#[derive(Clone, PartialEq, Message)]
pub(super) struct SignRow {
    #[prost(string, tag = "1")]
    pub(super) session: String,
    /// How long ago, in milliseconds.
    #[prost(uint64, tag = "2")]
    pub(super) age_ms: u64,
    /// Its last stream closed, rather than that it was heard.
    #[prost(bool, tag = "3")]
    pub(super) closed: bool,
    #[prost(message, optional, tag = "4")]
    pub(super) load: Option<LoadRow>,
}

/// What a session said of its load.
#[derive(Clone, Copy, PartialEq, Message)]
pub(super) struct LoadRow {
    #[prost(double, optional, tag = "1")]
    pub(super) cpu: Option<f64>,
    #[prost(uint64, optional, tag = "2")]
    pub(super) in_flight: Option<u64>,
    #[prost(uint64, optional, tag = "3")]
    pub(super) requests: Option<u64>,
    #[prost(uint64, optional, tag = "4")]
    pub(super) errors: Option<u64>,
}
