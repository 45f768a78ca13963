//! Samples, pairs of them, and what comes out.

use std::fmt;
use std::fs;

use serde::Serialize;

use crate::Failure;

/// Clock ticks per second in /proc (sysconf `_SC_CLK_TCK`; 100 on every Linux that runs this).
const TICKS_PER_SECOND: f64 = 100.0;

/// One run of one server.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Sample {
    /// In the row's unit; usually requests per second.
    pub(crate) value: f64,
    /// Processor time of the server per request, in microseconds; 0 where it isn't measured.
    pub(crate) cpu_us: f64,
}

/// Which side of the target is good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Goal {
    AtLeast,
    AtMost,
}

/// One line of the record.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Outcome {
    pub(crate) row: String,
    pub(crate) unit: &'static str,
    /// The registry's median.
    pub(crate) ours: f64,
    /// Processor time per request, in microseconds: the registry's median.
    pub(crate) ours_cpu_us: f64,
    /// What it was held against, and that one's medians.
    pub(crate) reference_name: String,
    pub(crate) reference: f64,
    pub(crate) reference_cpu_us: f64,
    /// What the target speaks of: the median of ratios, or the value itself where there is no reference.
    pub(crate) result: f64,
    pub(crate) goal: Goal,
    /// `None`: measured for information.
    pub(crate) target: Option<f64>,
    pub(crate) pairs: Vec<(Sample, Sample)>,
}

impl Outcome {
    /// A value that is held against a fixed target.
    pub(crate) fn value(
        row: impl Into<String>,
        unit: &'static str,
        ours: f64,
        goal: Goal,
        target: f64,
    ) -> Self {
        Self {
            row: row.into(),
            unit,
            ours,
            ours_cpu_us: 0.0,
            reference_name: "-".to_owned(),
            reference: 0.0,
            reference_cpu_us: 0.0,
            result: ours,
            goal,
            target: Some(target),
            pairs: Vec::new(),
        }
    }

    /// A value that is recorded, and held against nothing.
    pub(crate) fn recorded(
        row: impl Into<String>,
        unit: &'static str,
        ours: f64,
        goal: Goal,
    ) -> Self {
        Self {
            target: None,
            ..Self::value(row, unit, ours, goal, 0.0)
        }
    }

    /// Whether the target is reached; `None` where there is none.
    pub(crate) fn reached(&self) -> Option<bool> {
        let target = self.target?;
        Some(match self.goal {
            Goal::AtLeast => self.result >= target,
            Goal::AtMost => self.result <= target,
        })
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {:.1} {}", self.row, self.ours, self.unit)?;
        if self.reference > 0.0 {
            write!(
                f,
                ", {} {:.1}, ratio {:.3}",
                self.reference_name, self.reference, self.result
            )?;
        }
        if self.ours_cpu_us > 0.0 {
            write!(f, ", cpu {:.2} us", self.ours_cpu_us)?;
            write!(f, " (reference {:.2} us)", self.reference_cpu_us)?;
        }
        let sign = if self.goal == Goal::AtLeast {
            ">="
        } else {
            "<="
        };
        match (self.target, self.reached()) {
            (Some(target), Some(true)) => write!(f, "; target {sign} {target}: reached"),
            (Some(target), _) => write!(f, "; target {sign} {target}: NOT reached"),
            _ => Ok(()),
        }
    }
}

/// What a comparison is of.
pub(crate) struct Comparison {
    pub(crate) row: String,
    pub(crate) unit: &'static str,
    pub(crate) reference_name: &'static str,
    pub(crate) goal: Goal,
    pub(crate) target: Option<f64>,
}

impl Comparison {
    /// Runs `pairs` pairs, the one that goes first changing each time.
    pub(crate) fn run(
        self,
        pairs: usize,
        mut reference: impl FnMut() -> Result<Sample, Failure>,
        mut ours: impl FnMut() -> Result<Sample, Failure>,
    ) -> Result<Outcome, Failure> {
        let mut samples = Vec::with_capacity(pairs);
        for pair in 0..pairs {
            let sample = if pair % 2 == 0 {
                let reference = reference()?;
                (ours()?, reference)
            } else {
                let ours = ours()?;
                (ours, reference()?)
            };
            println!("  {:>10.1} : {:<10.1}", sample.0.value, sample.1.value);
            samples.push(sample);
        }
        let of = |pick: fn(&(Sample, Sample)) -> f64| median(samples.iter().map(pick).collect());
        Ok(Outcome {
            row: self.row,
            unit: self.unit,
            ours: of(|pair| pair.0.value),
            ours_cpu_us: of(|pair| pair.0.cpu_us),
            reference_name: self.reference_name.to_owned(),
            reference: of(|pair| pair.1.value),
            reference_cpu_us: of(|pair| pair.1.cpu_us),
            result: of(|pair| pair.0.value / pair.1.value),
            goal: self.goal,
            target: self.target,
            pairs: samples,
        })
    }
}

/// The middle one; the lower of two.
pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values
        .get(values.len().saturating_sub(1) / 2)
        .copied()
        .unwrap_or(f64::NAN)
}

/// The value that `share` (0 to 1) of the sorted values don't exceed.
pub(crate) fn quantile(sorted: &[f64], share: f64) -> f64 {
    let rank = (sorted.len() as f64 * share).ceil().max(1.0);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a rank is a small whole number of at least 1"
    )]
    let rank = rank as usize;
    sorted.get(rank - 1).copied().unwrap_or(f64::NAN)
}

/// Processor time of a process so far, user and system, in seconds (proc(5): fields 14 and 15 of `stat`).
pub(crate) fn cpu_seconds(pid: u32) -> f64 {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let fields = stat.rsplit_once(')').map_or("", |(_, fields)| fields);
    let ticks = fields.split_whitespace().skip(11).take(2);
    ticks
        .filter_map(|ticks| ticks.parse::<f64>().ok())
        .sum::<f64>()
        / TICKS_PER_SECOND
}

/// Resident memory of a process, in bytes (proc(5): `VmRSS`).
pub(crate) fn resident_bytes(pid: u32) -> f64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|value| value.split_whitespace().next()?.parse::<f64>().ok());
    kib.unwrap_or(f64::NAN) * 1024.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians_and_quantiles_are_values_that_were_measured() {
        assert_eq!(median(vec![3.0, 1.0, 2.0]).to_bits(), 2.0_f64.to_bits());
        assert_eq!(
            median(vec![4.0, 1.0, 2.0, 3.0]).to_bits(),
            2.0_f64.to_bits()
        );
        let sorted: Vec<f64> = (1..=100).map(f64::from).collect();
        assert_eq!(quantile(&sorted, 0.99).to_bits(), 99.0_f64.to_bits());
        assert_eq!(quantile(&sorted[..1], 0.99).to_bits(), 1.0_f64.to_bits());
    }
}
