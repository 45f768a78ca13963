//! The Rust SDK: its parts, and what they promise. What follows is its README.
//!
#![doc = include_str!("../README.md")]

mod acks;
mod addresses;
mod agent;
mod ask;
mod backoff;
mod calls;
mod client;
mod clock;
mod config;
mod copy;
mod dispatch;
mod error;
mod event;
mod hooks;
mod http;
mod instance;
#[cfg(any(feature = "tower", feature = "reqwest", feature = "tonic"))]
pub mod integration;
mod link;
mod options;
mod pick;
mod policy;
mod registration;
mod report;
mod route;
mod served;
mod service;
mod session;
mod signal;
mod snapshot;
mod sse;
mod transport;

pub use ask::{Ask, AskError};
pub use client::Client;
pub use clock::{Clock, Random, SystemClock, ThreadRandom};
pub use config::{Config, ConfigValue};
pub use error::{
    BoxError, CallError, ChooseError, CloseError, ConnectError, FollowError, Refused, RegisterError,
};
pub use hooks::{Event, Hooks};
pub use http::{Body, HttpClient, Idempotent, pass_on_trace};
pub use instance::Instance;
pub use options::Options;
pub use paste_api::{ConfigFormat, Status};
pub use paste_model::{HealthState, Policy};
pub use paste_traffic::{NoInstance, Outcome, Trace};
pub use pick::Pick;
pub use registration::{NewRegistration, Registration};
pub use served::{Served, Serving};
pub use service::Service;
pub use signal::shutdown_signal;
pub use transport::{HyperTransport, Sending, TlsError, Transport, TransportBody, Trust};
