//! `/metrics`: what is counted elsewhere, rendered when it is asked for.
//!
//! Invariant: the number of series is fixed when this is compiled, but for two of each node that is there. No name of a
//! service, instance, client or token is a label.

mod cluster;
mod process;
mod spec;

use std::fmt;
use std::sync::Arc;

use paste_engine::{Engine, HoldKind};
use paste_fronts::listener::Counters;
use paste_fronts::{BUCKETS_SECONDS, Histogram, Metrics};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{DescriptorEncoder, MetricEncoder, NoLabelSet};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::exemplar::Exemplar;
use prometheus_client::registry::Registry;

pub(crate) use spec::SPECS;
use spec::Spec;

/// Renders the metrics of a registry.
pub(crate) struct Exposition(Registry);

impl Exposition {
    /// Of these parts.
    pub(crate) fn new(engine: Engine, connections: Arc<Counters>, fronts: Arc<Metrics>) -> Self {
        let mut registry = Registry::with_prefix("paste_registry");
        registry.register_collector(Box::new(Sources {
            engine,
            connections,
            fronts,
        }));
        Self(registry)
    }

    /// The text format of Prometheus (OpenMetrics 1.0).
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        if let Err(error) = encode(&mut text, &self.0) {
            tracing::error!(%error, "can't render the metrics");
        }
        text
    }
}

struct Sources {
    engine: Engine,
    connections: Arc<Counters>,
    fronts: Arc<Metrics>,
}

impl fmt::Debug for Sources {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sources").finish_non_exhaustive()
    }
}

impl Collector for Sources {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let mut page = Page(encoder);
        self.knowledge(&mut page)?;
        self.liveness(&mut page)?;
        cluster::encode(&self.engine, &mut page)?;
        self.probes(&mut page)?;
        self.store(&mut page)?;
        self.connections(&mut page)?;
        self.requests(&mut page)?;
        process_metrics(&mut page)
    }
}

impl Sources {
    fn knowledge(&self, page: &mut Page<'_>) -> fmt::Result {
        let status = self.engine.status();
        let counts = &status.counts;
        page.gauge(&spec::DRAINING, u64::from(status.draining))?;
        page.gauge(&spec::REVISION, status.position.revision.0)?;
        page.gauge(&spec::SERVICES, counts.services as u64)?;
        page.gauge(&spec::INSTANCES, counts.instances as u64)?;
        page.gauge(&spec::SESSIONS, counts.sessions as u64)?;
        let (followers, acks) = self.engine.config_counts();
        page.gauge(&spec::CONFIGS, counts.configs as u64)?;
        page.gauge(&spec::CONFIG_FOLLOWERS, followers as u64)?;
        page.gauge(&spec::CONFIG_ACKS, acks as u64)?;
        page.gauge(&spec::SUBSCRIBERS, counts.subscribers as u64)?;
        page.gauge(&spec::RING_CHANGES, counts.ring_changes as u64)?;
        page.gauge(&spec::RING_BYTES, counts.ring_bytes as u64)?;
        page.counter(&spec::EVENTS, status.timeline.events)?;
        page.counter(&spec::EVENTS_DROPPED, status.timeline.dropped)
    }

    fn liveness(&self, page: &mut Page<'_>) -> fmt::Result {
        let status = self.engine.status().liveness;
        let unwell = [
            ("suspect", status.suspect as u64),
            ("failing", status.failing as u64),
        ];
        page.by(&spec::SESSIONS_BY_HEALTH, "health", unwell)?;
        page.gauge(&spec::SESSION_STREAMS, status.streams as u64)?;
        let steps = [
            ("passing", status.passed_total),
            ("suspect", status.suspected_total),
            ("failing", status.failed_total),
            ("removed", status.removed_total),
        ];
        page.by(&spec::SESSION_STEPS, "to", steps)?;
        page.counter(&spec::PAUSES, status.gaps_total)?;
        let guards = HoldKind::ALL.map(HoldKind::as_str);
        let in_force = guards
            .into_iter()
            .zip(status.holds_in_force.map(|count| count as u64));
        page.by(&spec::HOLDS, "guard", in_force)?;
        page.by(
            &spec::HOLDS_BEGUN,
            "guard",
            guards.into_iter().zip(status.holds_total),
        )
    }

    fn probes(&self, page: &mut Page<'_>) -> fmt::Result {
        let probes = self.engine.status().probes;
        page.gauge(&spec::PROBE_TARGETS, probes.targets as u64)?;
        page.gauge(&spec::PROBE_FAILING, probes.failing as u64)?;
        page.gauge(&spec::PROBES_IN_FLIGHT, probes.in_flight as u64)?;
        page.counter(&spec::PROBES, probes.probes_total)?;
        page.counter(&spec::PROBE_FAILURES, probes.failures_total)?;
        page.gauge(&spec::PROBER_SILENT, u64::from(probes.silent.is_some()))
    }

    fn store(&self, page: &mut Page<'_>) -> fmt::Result {
        let status = self.engine.status();
        let (store, commits) = (status.store, status.commits);
        let outcomes = [
            ("done", commits.done),
            ("conflict", commits.conflicts),
            ("refused", commits.refused),
            ("unknown", commits.unknown),
        ];
        page.by(&spec::COMMITS, "outcome", outcomes)?;
        page.gauge(&spec::STORE_FAILED, u64::from(store.failed.is_some()))?;
        page.gauge(&spec::STORE_REVISION, store.revision.0)?;
        page.gauge(&spec::STORE_DISK, store.disk_bytes)?;
        page.gauge(&spec::STORE_WAITING, store.waiting as u64)
    }

    fn connections(&self, page: &mut Page<'_>) -> fmt::Result {
        let counters = &self.connections;
        page.gauge(&spec::CONNECTIONS_OPEN, counters.open() as u64)?;
        page.counter(&spec::CONNECTIONS, counters.accepted())?;
        page.counter(&spec::CONNECTIONS_REFUSED, counters.refused())?;
        page.counter(&spec::ACCEPT_ERRORS, counters.accept_errors())?;
        page.by(
            &spec::CONNECTIONS_CUT_OFF,
            "reason",
            [
                ("head", counters.head_timeouts()),
                ("write", counters.write_timeouts()),
                ("handshake", counters.handshake_failures()),
            ],
        )
    }

    fn requests(&self, page: &mut Page<'_>) -> fmt::Result {
        let mut metric = page.open(&spec::REQUESTS)?;
        for (route, counted) in self.fronts.by_route() {
            for (class, count) in ["1xx", "2xx", "3xx", "4xx", "5xx"]
                .into_iter()
                .zip(counted.classes())
            {
                let labels = [("route", route), ("status", class)];
                metric
                    .encode_family(&labels)?
                    .encode_counter(&count, NO_EXEMPLAR)?;
            }
        }
        let mut metric = page.open(&spec::REQUEST_SECONDS)?;
        for (route, counted) in self.fronts.by_route() {
            histogram(
                metric.encode_family(&[("route", route)])?,
                &counted.durations,
            )?;
        }
        let latency = page.open(&spec::CHANGE_SECONDS)?;
        histogram(latency, &self.fronts.change_latency)?;
        page.gauge(&spec::STREAMS_OPEN, self.fronts.streams_open.get())?;
        page.gauge(&spec::POLLS_WAITING, self.fronts.polls_waiting.get())
    }
}

fn process_metrics(page: &mut Page<'_>) -> fmt::Result {
    // Where there is no /proc these are left out.
    if let Some(bytes) = process::resident_bytes() {
        page.gauge(&spec::RESIDENT_BYTES, bytes)?;
    }
    if let Some(files) = process::open_files() {
        page.gauge(&spec::OPEN_FILES, files)?;
    }
    let mut metric = page.open(&spec::BUILD)?;
    let labels = [("version", env!("CARGO_PKG_VERSION"))];
    metric.encode_family(&labels)?.encode_gauge(&1_u64)
}

const NO_EXEMPLAR: Option<&Exemplar<NoLabelSet, u64>> = None;

fn histogram(mut metric: MetricEncoder<'_>, histogram: &Histogram) -> fmt::Result {
    let counts = histogram.counts();
    let bounds = BUCKETS_SECONDS.into_iter().chain([f64::MAX]);
    let buckets: Vec<_> = bounds.zip(counts).collect();
    let count = counts.iter().sum();
    metric.encode_histogram::<NoLabelSet>(histogram.sum_seconds(), count, &buckets, None)
}

/// The page being written.
struct Page<'a>(DescriptorEncoder<'a>);

impl Page<'_> {
    fn open<'s>(&'s mut self, spec: &'s Spec) -> Result<MetricEncoder<'s>, fmt::Error> {
        self.0
            .encode_descriptor(spec.name, spec.help, None, spec.kind)
    }

    fn gauge(&mut self, spec: &Spec, value: u64) -> fmt::Result {
        self.open(spec)?.encode_gauge(&value)
    }

    fn counter(&mut self, spec: &Spec, value: u64) -> fmt::Result {
        self.open(spec)?.encode_counter(&value, NO_EXEMPLAR)
    }

    /// One number for each value of a label: a counter or a gauge, as the metric is.
    fn by<'v>(
        &mut self,
        spec: &Spec,
        label: &str,
        values: impl IntoIterator<Item = (&'v str, u64)>,
    ) -> fmt::Result {
        let mut metric = self.open(spec)?;
        for (value, number) in values {
            let labels = [(label, value)];
            let mut series = metric.encode_family(&labels)?;
            match spec.kind {
                MetricType::Counter => series.encode_counter(&number, NO_EXEMPLAR)?,
                _ => series.encode_gauge(&number)?,
            }
        }
        Ok(())
    }
}
