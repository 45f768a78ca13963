//! Success-rate outliers: instances that succeed far more rarely than the others of their service. For services of more than a
//! handful of instances: among n of them one can't lie further than √(n − 1) standard deviations from the mean.

/// When the success rate of an instance is an outlier.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SuccessRate {
    /// Instances that must have had enough calls.
    pub hosts: usize,
    /// Calls that an instance must have had in the interval.
    pub requests: u32,
    /// How many standard deviations below the mean is too far.
    pub deviations: f64,
}

impl Default for SuccessRate {
    fn default() -> Self {
        Self {
            hosts: 5,
            requests: 100,
            deviations: 1.9,
        }
    }
}

impl SuccessRate {
    /// The indices of those whose rate is an outlier, from the successes and failures of each in an interval.
    pub fn outliers(&self, counts: impl IntoIterator<Item = (u32, u32)>) -> Vec<usize> {
        let counts: Vec<_> = counts.into_iter().collect();
        let Some(least) = self.threshold(counts.iter().copied()) else {
            return Vec::new();
        };
        let rates = counts.iter().map(|counts| self.rate(*counts)).enumerate();
        let below = rates.filter(|(_, rate)| rate.is_some_and(|rate| rate < least));
        below.map(|(index, _)| index).collect()
    }

    /// The rate, in percent, below which one is an outlier; `None` if too few had enough calls.
    pub fn threshold(&self, counts: impl IntoIterator<Item = (u32, u32)>) -> Option<f64> {
        let rates = counts.into_iter().filter_map(|counts| self.rate(counts));
        let rates: Vec<f64> = rates.collect();
        if rates.len() < self.hosts.max(1) {
            return None;
        }
        let count = rates.len() as f64;
        let mean = rates.iter().fold(0.0, |sum, rate| sum + rate) / count;
        let squares = rates.iter().map(|rate| (rate - mean) * (rate - mean));
        let variance = squares.fold(0.0, |sum, square| sum + square) / count;
        Some(mean - self.deviations * variance.sqrt())
    }

    /// In percent; `None` for who had too few calls.
    fn rate(&self, (successes, failures): (u32, u32)) -> Option<f64> {
        let all = u64::from(successes) + u64::from(failures);
        let enough = all >= u64::from(self.requests.max(1));
        enough.then(|| 100.0 * f64::from(successes) / all as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_lies_far_below_the_mean_is_an_outlier() {
        let outliers = |settings: SuccessRate, percents: &[u32]| {
            settings.outliers(percents.iter().map(|percent| (*percent, 100 - percent)))
        };
        let few = SuccessRate {
            hosts: 1,
            ..SuccessRate::default()
        };
        assert_eq!(outliers(few, &[100, 100, 100, 100, 50]), [4]);
        assert_eq!(outliers(few, &[99, 98, 100, 97, 99, 80]), [5]);
        assert!(
            outliers(few, &[100, 100, 100, 50]).is_empty(),
            "of four nobody can"
        );
        assert!(outliers(few, &[100; 6]).is_empty());
        let default = SuccessRate::default();
        assert_eq!(outliers(default, &[100, 100, 100, 100, 50]), [4]);
        assert!(outliers(default, &[100, 100, 100, 50]).is_empty());
    }

    #[test]
    fn who_had_few_calls_is_passed_over() {
        let counts = [(0, 99), (100, 0), (100, 0), (100, 0), (100, 0), (0, 100)];
        let settings = SuccessRate::default();
        assert_eq!(settings.outliers(counts), [5]);
        assert!(settings.outliers([(0, 0); 10]).is_empty());
    }
}
