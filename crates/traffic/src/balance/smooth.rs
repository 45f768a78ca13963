//! Smooth weighted round robin: the turns of the heavy ones are spread out.

use parking_lot::Mutex;

use crate::candidates::Candidate;

/// Whose turn it is in a service. One at a time may ask, since each turn depends on the one before.
#[derive(Debug, Default)]
pub(crate) struct Turns(Mutex<()>);

impl Turns {
    /// The index of the next; the list isn't empty.
    pub(crate) fn next(&self, list: &[Candidate], weight: impl Fn(&Candidate) -> f64) -> usize {
        let _turn = self.0.lock();
        let (mut best, mut greatest, mut total) = (0, f64::NEG_INFINITY, 0.0);
        for (index, candidate) in list.iter().enumerate() {
            let weight = weight(candidate);
            let current = candidate.gauges.current() + weight;
            candidate.gauges.set_current(current);
            total += weight;
            if current > greatest {
                (best, greatest) = (index, current);
            }
        }
        list[best].gauges.set_current(greatest - total);
        best
    }
}
