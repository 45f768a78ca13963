//! Decisions: who may answer a request, and why the others may not.
//!
//! A request narrows a service in two steps that never mix. [`Eligibility`] is judged on the whole service: who is up,
//! who is well, and whether so few are well that the registry would rather doubt itself. A [`Selector`] then picks by
//! version, place, tags, metadata and status. [`explain`] says of one instance what each step made of it.
//!
//! Invariants: nothing here does I/O, reads a clock, is asynchronous or knows a wire format. The same question about the
//! same members has the same answer everywhere; the vectors in `conformance/` fix it for every language.

mod audience;
mod eligibility;
mod explain;
mod latency;
mod nanos;
mod range;
mod selector;

pub use audience::is_on_trial;
pub use eligibility::Eligibility;
pub use explain::{Mismatch, Reason, Verdict, Witness, Word, explain};
pub use latency::{LATENCY_BUCKETS, latency_bound, latency_bucket};
pub use range::{InvalidVersionRange, VERSION_RANGE_BYTES_MAX, VersionRange};
pub use selector::{InvalidSelector, SELECTOR_TERMS_MAX, Selector};
