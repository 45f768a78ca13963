//! How a choice was made, step by step: what `explain` shows.

mod sentence;

use compact_str::CompactString;
use paste_model::{BalancerKind, InstanceId};

use crate::NoInstance;
use crate::locality::{Load, Place};

/// The working of one choice, in the order of `conformance/README.md`. Displays as one sentence a line.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Trace(pub Vec<Step>);

/// One step of a choice. Displays as a sentence.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// Who may answer at all.
    Eligible {
        /// So many.
        eligible: usize,
        /// Of so many that are known.
        known: usize,
        /// Whether failing ones may, too, because too few are well.
        protected: bool,
    },
    /// Who is what was asked for.
    Asked {
        /// So many.
        matching: usize,
        /// Of so many that are eligible.
        eligible: usize,
    },
    /// Which part of the service answers; all of it where there is no such step.
    Subset {
        /// The subset.
        name: CompactString,
        /// What decided.
        cause: SubsetCause,
    },
    /// Which place answers.
    Locality {
        /// What each has and gets, nearest first.
        places: Vec<(Place, Load)>,
        /// The index of the one that answers; none where all are ejected.
        chosen: Option<usize>,
        /// The number of 100 that was drawn, where several get traffic.
        drawn: Option<u64>,
    },
    /// So many were left out because they had been tried.
    Tried(usize),
    /// So many were left out for their weight of 0.
    Idle(usize),
    /// All have weight 0, so it doesn't count.
    AllIdle,
    /// There was only one left.
    Only,
    /// Two were drawn by chance, and the one with the lower cost wins; the first of equals.
    Compared {
        /// What the cost is.
        kind: BalancerKind,
        /// The one drawn first, and its cost.
        first: (InstanceId, f64),
        /// The other.
        second: (InstanceId, f64),
    },
    /// One was drawn by chance in proportion to the weights.
    Drawn {
        /// The number drawn.
        drawn: f64,
        /// Of the sum of the weights.
        total: f64,
    },
    /// It was somebody's turn.
    Turn(BalancerKind),
    /// The key decided.
    Hashed {
        /// How.
        kind: BalancerKind,
        /// The key.
        key: CompactString,
    },
    /// This one was chosen.
    Chosen(InstanceId),
    /// Nobody was, for this reason.
    Nobody(NoInstance),
}

/// Why a subset answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SubsetCause {
    /// This rule of the policy applies, counted from 0.
    Rule(usize),
    /// It was drawn in proportion to the weights.
    Share {
        /// The number drawn.
        drawn: u64,
        /// Of the sum of the weights.
        total: u64,
    },
    /// It is the only one with a weight and an eligible instance.
    Only,
}

/// Where the steps are noted, if anybody wants to know.
pub(crate) struct Notes<'t>(Option<&'t mut Trace>);

impl<'t> Notes<'t> {
    pub(crate) fn none() -> Self {
        Self(None)
    }

    pub(crate) fn of(trace: &'t mut Trace) -> Self {
        Self(Some(trace))
    }

    /// Whether anybody wants to know.
    #[inline]
    pub(crate) fn wanted(&self) -> bool {
        self.0.is_some()
    }

    #[inline]
    pub(crate) fn add(&mut self, step: impl FnOnce() -> Step) {
        if let Some(trace) = &mut self.0 {
            trace.0.push(step());
        }
    }
}

#[cfg(test)]
mod tests;
