//! What needs no service: hashes, draws, waits, budgets, buckets, loads, factors.

use std::time::Duration;

use paste_model::SlowStart;
use serde::Deserialize;
use twox_hash::XxHash64;

use super::policy::{WireLocality, WireRetries, WireSlowStart};
use super::{Drawing, Hex, assert_close, vectors};
use crate::chance::{mulhi, two};
use crate::{
    RetryBudget, SuccessRate, Throttle, backoff, latency_bucket, locality, reconnect_delay, subset,
    subset_size,
};

#[cfg_attr(test, test)]
pub(super) fn xxh64() {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Vector {
        name: String,
        text: Option<String>,
        hex: Option<String>,
        seed: Hex,
        hash: Hex,
    }
    for vector in vectors!("xxh64.json") as Vec<Vector> {
        let bytes = match (vector.text, vector.hex) {
            (Some(text), None) => text.into_bytes(),
            (None, Some(hex)) => (0..hex.len())
                .step_by(2)
                .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).expect("hexadecimal"))
                .collect(),
            _ => panic!("{}: text or hex", vector.name),
        };
        let hash = XxHash64::oneshot(vector.seed.0, &bytes);
        assert_eq!(Hex(hash), vector.hash, "{}", vector.name);
        if vector.seed.0 == 0 {
            let (one, other) = bytes.split_at(bytes.len() / 3);
            let parts = crate::hash::hash(&[one, other]);
            assert_eq!(Hex(parts), vector.hash, "{} in parts", vector.name);
        }
    }
}

#[cfg_attr(test, test)]
pub(super) fn p2c_draw() {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Vector {
        name: String,
        n: usize,
        random: Vec<Hex>,
        indices: (usize, usize),
    }
    for vector in vectors!("p2c-draw.json") as Vec<Vector> {
        let mut random = Drawing::of(&vector.random);
        let indices = two(vector.n, &mut || random.draw());
        assert_eq!(indices, vector.indices, "{}", vector.name);
        random.assert_all_drawn(&vector.name);
    }
}

#[cfg_attr(test, test)]
pub(super) fn waits() {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Vector {
        name: String,
        retries: Option<WireRetries>,
        n: u32,
        random: Vec<Hex>,
        wait: u64,
    }
    for vector in vectors!("backoff.json") as Vec<Vector> {
        let mut random = Drawing::of(&vector.random);
        let mut draw = || random.draw();
        let wait = match &vector.retries {
            Some(retries) => backoff(&retries.model(), vector.n, &mut draw),
            None => reconnect_delay(vector.n, &mut draw),
        };
        assert_eq!(wait, Duration::from_nanos(vector.wait), "{}", vector.name);
        random.assert_all_drawn(&vector.name);
    }
}

#[cfg_attr(test, test)]
pub(super) fn latency_buckets() {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Vector {
        name: String,
        latency: u64,
        bucket: usize,
    }
    for vector in vectors!("latency-buckets.json") as Vec<Vector> {
        let latency = Duration::from_nanos(vector.latency);
        assert_eq!(latency_bucket(latency), vector.bucket, "{}", vector.name);
    }
}

#[cfg_attr(test, test)]
pub(super) fn retry_budget() {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Vector {
        name: String,
        retries: WireRetries,
        steps: Vec<BudgetStep>,
    }
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct BudgetStep {
        at: u64,
        tries: Option<u32>,
        retries: Option<u32>,
        granted: Option<u32>,
    }
    for vector in vectors!("retry-budget.json") as Vec<Vector> {
        let retries = vector.retries.model();
        let budget = RetryBudget::default();
        for step in vector.steps {
            let now = Duration::from_nanos(step.at);
            (0..step.tries.unwrap_or(0)).for_each(|_| budget.deposit(now));
            if let (Some(asked), Some(granted)) = (step.retries, step.granted) {
                for number in 0..asked {
                    let allowed = budget.withdraw(&retries, now);
                    assert_eq!(allowed, number < granted, "{} at {}", vector.name, step.at);
                }
            }
        }
    }
}

#[cfg_attr(test, test)]
pub(super) fn locality() {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Vector {
        name: String,
        locality: WireLocality,
        priorities: Vec<Priority>,
        loads: Vec<u32>,
        panic: Vec<bool>,
        draws: Vec<LocalityDraw>,
    }
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Priority {
        healthy: usize,
        total: usize,
    }
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct LocalityDraw {
        random: Vec<Hex>,
        priority: usize,
    }
    for vector in vectors!("locality.json") as Vec<Vector> {
        let counts = vector.priorities.iter();
        let counts: Vec<_> = counts.map(|one| (one.healthy, one.total)).collect();
        let loads = locality::loads(&counts, &vector.locality.model());
        let percents: Vec<_> = loads.iter().map(|load| load.percent).collect();
        let panic: Vec<_> = loads.iter().map(|load| load.panic).collect();
        assert_eq!(percents, vector.loads, "{}", vector.name);
        assert_eq!(panic, vector.panic, "{}", vector.name);
        for draw in vector.draws {
            let several = percents.iter().filter(|percent| **percent > 0).count() > 1;
            assert_eq!(draw.random.len(), usize::from(several), "{}", vector.name);
            let drawn = draw.random.first().map_or(0, |random| mulhi(random.0, 100));
            let priority = locality::at(&loads, drawn);
            assert_eq!(priority, draw.priority, "{}", vector.name);
        }
    }
}

#[cfg_attr(test, test)]
pub(super) fn slow_start() {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Vector {
        name: String,
        slow_start: WireSlowStart,
        ages: Vec<Option<u64>>,
        factors: Vec<f64>,
    }
    for vector in vectors!("slow-start.json") as Vec<Vector> {
        let settings: SlowStart = vector.slow_start.model();
        let growth = crate::plan::Growth::of(&settings);
        let growth = growth.filter(|growth| growth.has_effect(vector.ages.iter().copied()));
        for (age, expected) in vector.ages.iter().zip(&vector.factors) {
            let factor = growth
                .zip(*age)
                .map_or(1.0, |(growth, age)| growth.factor(age));
            assert_close(factor, *expected, &vector.name);
        }
    }
}

#[cfg_attr(test, test)]
pub(super) fn throttle() {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Vector {
        name: String,
        steps: Vec<ThrottleStep>,
    }
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct ThrottleStep {
        at: u64,
        requests: Option<u32>,
        accepts: Option<u32>,
        #[serde(default)]
        random: Vec<Hex>,
        probability: Option<f64>,
        rejected: Option<bool>,
    }
    for vector in vectors!("rust-throttle.json") as Vec<Vector> {
        let throttle = Throttle::default();
        for step in vector.steps {
            let now = Duration::from_nanos(step.at);
            if let (Some(requests), Some(accepts)) = (step.requests, step.accepts) {
                (0..requests).for_each(|number| throttle.record(number < accepts, now));
            }
            if let (Some(probability), Some(rejected)) = (step.probability, step.rejected) {
                assert_close(throttle.probability(now), probability, &vector.name);
                let mut random = Drawing::of(&step.random);
                let refused = throttle.refuses(now, &mut || random.draw());
                assert_eq!(refused, rejected, "{}", vector.name);
                random.assert_all_drawn(&vector.name);
            }
        }
    }
}

#[cfg_attr(test, test)]
pub(super) fn success_rate() {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Vector {
        name: String,
        outcomes: Vec<Outcomes>,
        hosts: usize,
        requests: u32,
        threshold: Option<f64>,
        outliers: Vec<String>,
    }
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Outcomes {
        id: String,
        successes: u32,
        failures: u32,
    }
    for vector in vectors!("rust-success-rate.json") as Vec<Vector> {
        let settings = SuccessRate {
            hosts: vector.hosts,
            requests: vector.requests,
            ..SuccessRate::default()
        };
        let counts = || {
            vector
                .outcomes
                .iter()
                .map(|one| (one.successes, one.failures))
        };
        let outliers = settings.outliers(counts());
        let outliers: Vec<_> = outliers
            .into_iter()
            .map(|at| vector.outcomes[at].id.as_str())
            .collect();
        assert_eq!(outliers, vector.outliers, "{}", vector.name);
        match (settings.threshold(counts()), vector.threshold) {
            (Some(found), Some(expected)) => assert_close(found, expected, &vector.name),
            (found, expected) => assert_eq!(found, expected, "{}", vector.name),
        }
    }
}

#[cfg_attr(test, test)]
pub(super) fn subsetting() {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Vector {
        name: String,
        instances: Option<usize>,
        client: Option<String>,
        ids: Option<Vec<String>>,
        size: usize,
        chosen: Option<Vec<String>>,
    }
    for vector in vectors!("rust-subsetting.json") as Vec<Vector> {
        if let Some(instances) = vector.instances {
            assert_eq!(subset_size(instances), vector.size, "{}", vector.name);
        }
        if let (Some(client), Some(ids), Some(chosen)) = (vector.client, vector.ids, vector.chosen)
        {
            let found = subset(&ids, &client, vector.size);
            let found: Vec<_> = found.into_iter().map(|index| &ids[index]).collect();
            assert_eq!(found, chosen.iter().collect::<Vec<_>>(), "{}", vector.name);
        }
    }
}
