//! What is kept of the past, for those who follow or resume: all emissions in order, until a limit is reached.

use std::collections::VecDeque;
use std::mem::size_of;
use std::sync::Arc;
use std::time::Instant;

use paste_model::{Instance, InstanceId, Member};

use crate::emission::Emission;
use crate::limits::Limits;

/// Estimate of a member's encoded form, without its metadata, in bytes.
const ENCODED_MEMBER_BYTES: usize = 384;

/// All emissions that are kept, oldest first.
#[derive(Default)]
pub(crate) struct Ring {
    kept: VecDeque<Kept>,
    changes: usize,
    bytes: usize,
}

struct Kept {
    emission: Arc<Emission>,
    at: Instant,
    changes: usize,
    bytes: usize,
}

impl Ring {
    /// Changes and bytes kept.
    pub(crate) fn size(&self) -> (usize, usize) {
        (self.changes, self.bytes)
    }

    pub(crate) fn push(&mut self, emission: Arc<Emission>, now: Instant) {
        let kept = Kept {
            at: now,
            changes: (emission.upserted.len() + emission.removed.len()).max(1),
            bytes: bytes(&emission),
            emission,
        };
        self.changes += kept.changes;
        self.bytes += kept.bytes;
        self.kept.push_back(kept);
    }

    /// The oldest emission, if it must go.
    pub(crate) fn pop_excess(&mut self, limits: &Limits, now: Instant) -> Option<Arc<Emission>> {
        let oldest = self.kept.front()?;
        let excess = self.changes > limits.ring_changes
            || self.bytes > limits.ring_bytes
            || now.saturating_duration_since(oldest.at) > limits.ring_age;
        if !excess {
            return None;
        }
        let kept = self.kept.pop_front()?;
        self.changes -= kept.changes;
        self.bytes -= kept.bytes;
        Some(kept.emission)
    }

    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }
}

/// Estimate of what an emission keeps alive: members that the view has replaced, and the encoded form.
fn bytes(emission: &Emission) -> usize {
    let member = size_of::<Member>() + size_of::<Instance>() + ENCODED_MEMBER_BYTES;
    let upserted = emission.upserted.iter().map(|upserted| {
        let pairs = upserted.instance.metadata.iter();
        member
            + pairs
                .map(|(key, value)| 2 * (key.len() + value.len()))
                .sum::<usize>()
    });
    let removed = emission.removed.len() * 2 * size_of::<InstanceId>();
    size_of::<Emission>() + removed + upserted.sum::<usize>()
}
