//! What was told of calls to a service.

use paste_api::{CallStats, CallerStats, MinuteStats, ServiceLoad, ServiceStats, Time};
use paste_engine::{Calls, LoadReport};
use paste_model::Role;
use paste_traffic::latency_bound;

use super::answer::{self, Answered};
use super::call::Call;
use super::instances::existing;

/// Gets the statistics of a service.
#[utoipa::path(
    get,
    path = "/api/v1/services/{service}/stats",
    operation_id = "stats",
    tag = "discover",
    summary = "Calls to a service in the last hour, as its callers told this node with their heartbeats",
    params(
        ("service" = String, Path, description = "The service"),
        ("namespace" = Option<String>, Query, description = "The namespace; `default` unless it says otherwise"),
    ),
    responses(
        (status = 200, description = "Counts, errors and latencies; by minute and by caller", body = ServiceStats),
        (status = 404, description = "`unknown-service`", body = paste_api::Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) fn get(mut call: Call, service: &str) -> Answered {
    let key = call.service(service)?;
    call.finish_query()?;
    call.caller.require(Role::Read, &key)?;
    existing(&call, &key)?;
    let told = call.engine().calls(&key);
    let loads = call.engine().loads(&key);
    answer::ok(&ServiceStats {
        service: key.name.to_string(),
        namespace: key.namespace.to_string(),
        total: shown(&told.total()),
        minutes: (told.minutes.iter())
            .map(|(at, calls)| MinuteStats {
                at: Time::from(*at),
                calls: shown(calls),
                latency: calls.latency.clone(),
            })
            .collect(),
        callers: (told.callers.iter())
            .map(|(caller, calls)| CallerStats {
                caller: caller.clone(),
                calls: shown(calls),
            })
            .collect(),
        load: load(loads.iter().map(|(_, load)| load)),
    })
}

fn shown(calls: &Calls) -> CallStats {
    CallStats {
        count: calls.count,
        errors: calls.errors,
        p50: quantile(&calls.latency, 50),
        p90: quantile(&calls.latency, 90),
        p99: quantile(&calls.latency, 99),
    }
}

/// The upper bound, in seconds, of the bucket in which so many percent of the calls are reached; of the last bucket, which
/// has none, its lower one.
fn quantile(latency: &[u64], percent: u64) -> Option<f64> {
    let total: u128 = latency.iter().copied().map(u128::from).sum();
    let rank = (total * u128::from(percent)).div_ceil(100);
    let mut reached = 0;
    let bucket = latency.iter().position(|count| {
        reached += u128::from(*count);
        total > 0 && reached >= rank
    })?;
    let bound = latency_bound(bucket).or_else(|| latency_bound(bucket.checked_sub(1)?));
    bound.map(|bound| bound.as_secs_f64())
}

fn load<'a>(reports: impl Iterator<Item = &'a LoadReport>) -> ServiceLoad {
    let mut sum = ServiceLoad::default();
    let mut cpus = Vec::new();
    for report in reports {
        sum.reporting += 1;
        cpus.extend(report.cpu);
        let add = |to: &mut u64, more: Option<u64>| *to = to.saturating_add(more.unwrap_or(0));
        add(&mut sum.in_flight, report.in_flight);
        add(&mut sum.requests, report.requests);
        add(&mut sum.errors, report.errors);
    }
    #[expect(
        clippy::cast_precision_loss,
        reason = "there are fewer than 2^52 instances"
    )]
    let count = cpus.len() as f64;
    sum.cpu = (!cpus.is_empty()).then(|| cpus.iter().sum::<f64>() / count);
    sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use paste_traffic::LATENCY_BUCKETS;

    #[test]
    fn quantiles_are_the_bounds_of_their_buckets() {
        let mut latency = vec![0; LATENCY_BUCKETS];
        assert_eq!(quantile(&[], 50), None);
        assert_eq!(quantile(&latency, 50), None);
        latency[0] = 98;
        latency[20] = 1;
        latency[LATENCY_BUCKETS - 1] = 1;
        assert_eq!(quantile(&latency, 50), Some(0.0001));
        assert_eq!(quantile(&latency, 98), Some(0.0001));
        assert_eq!(quantile(&latency, 99), Some(0.1024));
        assert_eq!(quantile(&latency, 100), Some(52.4288));
    }
}
