//! Decisions: who may answer a request, who does, and why not the others.
//!
//! A request narrows a service in two steps that never mix. [`Eligibility`] is judged on the whole service: who is up,
//! who is well, and whether so few are well that the registry would rather doubt itself. A [`Selector`] then picks by
//! version, place, tags, metadata and status. [`explain`] says of one instance what each step made of it.
//!
//! A [`Chooser`] goes on from there for whoever calls a service: it holds the members and the policy of one service,
//! chooses an instance for each call (near before far, less busy before busier, ailing ones left alone for a while), and
//! learns from what became of the calls. All threads share one; choosing neither locks nor allocates.
//!
//! ```
//! use std::sync::Arc;
//! use std::time::{Duration, Instant};
//! # use paste_model::{Address, Instance, InstanceId, Member, Policy, Revision};
//! # let member = |id: &str, address: &str| Arc::new(Member {
//! #     id: InstanceId::new(id).unwrap(),
//! #     instance: Arc::new(Instance::at(Address::new(address).unwrap(), 80.try_into().unwrap())),
//! #     revision: Revision::ZERO,
//! #     overridden: None,
//! #     session_health: None,
//! #     check_health: None,
//! # });
//! # let members = vec![member("a", "10.0.0.1"), member("b", "10.0.0.2")];
//! # let protected = false;
//! # let mut random = || 42_u64;
//! use paste_traffic::{Caller, Chooser, Outcome, Question, Selector};
//!
//! let start = Instant::now();
//! let orders = Chooser::new(Caller::default());
//! orders.update(members, protected, start.elapsed()); // whenever the registry says something new
//! orders.set_policy(Arc::new(Policy::default()), start.elapsed())?;
//!
//! let pick = orders.choose(&Question::default(), start.elapsed(), &mut random)?;
//! let called = Instant::now();
//! let address = &pick.member().instance.address; // … send the request there …
//! # let _ = address;
//! orders.report(pick, Outcome::Success, Some(called.elapsed()), start.elapsed());
//!
//! let canary = Selector { version: Some("^2".parse()?), ..Selector::default() };
//! let question = Question { selector: Some(&canary), ..Question::default() };
//! let (chosen, trace) = orders.choose_traced(&question, start.elapsed(), &mut random);
//! assert!(chosen.is_err());
//! assert!(trace.to_string().ends_with("nobody is chosen: none match"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Beside it: [`RetryBudget`], [`backoff`] and [`reconnect_delay`] for trying again, [`latency_bucket`] for counting
//! latencies, [`Throttle`] and [`subset`] for callers with much traffic or many instances.
//!
//! Invariants: nothing here does I/O, reads a clock, makes random numbers, is asynchronous or knows a wire format; times and
//! random numbers are handed in. The same question about the same members has the same answer everywhere; the vectors in
//! `conformance/` fix it for every language.

mod audience;
mod balance;
mod budget;
mod candidates;
mod chance;
mod chooser;
mod delay;
mod eligibility;
mod explain;
#[cfg(test)]
mod fairness;
mod gauges;
mod hash;
mod latency;
mod ledger;
mod locality;
mod nanos;
mod pick;
mod plan;
mod pool;
mod prepared;
mod question;
mod range;
mod report;
#[cfg(test)]
mod samples;
mod seat;
mod selector;
mod standing;
mod subsetting;
mod success_rate;
mod throttle;
mod trace;
#[cfg(any(test, feature = "vectors"))]
pub mod vectors;
mod view;

pub use audience::is_on_trial;
pub use budget::RetryBudget;
pub use chooser::{Chooser, NoInstance};
pub use delay::{backoff, reconnect_delay};
pub use eligibility::Eligibility;
pub use explain::{Mismatch, Reason, Verdict, Witness, Word, explain};
pub use latency::{LATENCY_BUCKETS, latency_bound, latency_bucket};
pub use ledger::{Ejection, EjectionCause};
pub use locality::{Load, Place};
pub use pick::{Outcome, Pick};
pub use plan::check_policy;
pub use question::{Caller, Headers, Question};
pub use range::{InvalidVersionRange, VERSION_RANGE_BYTES_MAX, VersionRange};
pub use report::LoadReport;
pub use selector::{InvalidSelector, SELECTOR_TERMS_MAX, Selector};
pub use subsetting::{subset, subset_size};
pub use success_rate::SuccessRate;
pub use throttle::Throttle;
pub use trace::{Step, SubsetCause, Trace};
