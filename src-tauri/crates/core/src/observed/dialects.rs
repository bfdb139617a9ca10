//! What to ask for each observer's calls, in `PromQL`.
//!
//! Names and labels as the projects document them: Istio's standard metrics, Linkerd's proxy metrics, Tempo's and the
//! collector's service graph, Hubble's metrics with a workload context, Caretta's links, Beyla's network metrics.

use std::collections::BTreeSet;

use super::{MOST_CALLS, Observer, Unit};

/// What an answer is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Units a second.
    Rate(Unit),
    /// Units a second that failed.
    Failed(Unit),
    /// The 95th percentile, in so many microseconds.
    P95(u32),
    /// Connections begun: whoever is first in such a pair is the caller.
    Begun,
    /// Something lost: the sentence that says so, with `{}` for how many a minute.
    Lost(&'static str),
}

/// One question to a Prometheus.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// What its answer is about.
    pub part: Part,
    /// The question in `PromQL`.
    pub query: String,
}

/// The labels by which Istio's series are kept apart.
const ISTIO: &str = "reporter,source_cluster,source_workload,source_workload_namespace,destination_cluster,\
                     destination_workload,destination_workload_namespace,destination_service_name,\
                     destination_service_namespace";

/// Linkerd's: each workload kind has a label of its own.
const LINKERD: &str = "namespace,deployment,statefulset,daemonset,cronjob,k8s_job,dst_namespace,dst_deployment,\
                       dst_statefulset,dst_daemonset,dst_cronjob,dst_k8s_job,dst_service,authority";

/// The service graph's, with the dimensions that name objects.
const SERVICE_GRAPH: &str = "client,server,connection_type,virtual_node,client_k8s_cluster_name,server_k8s_cluster_name,\
                             client_k8s_namespace_name,client_k8s_deployment_name,client_k8s_statefulset_name,\
                             client_k8s_daemonset_name,client_k8s_cronjob_name,client_k8s_job_name,\
                             server_k8s_namespace_name,server_k8s_deployment_name,server_k8s_statefulset_name,\
                             server_k8s_daemonset_name,server_k8s_cronjob_name,server_k8s_job_name";

/// Hubble's, where its context is set to workloads.
const HUBBLE: &str = "source_namespace,source_workload,destination_namespace,destination_workload";

/// Caretta's: `role` says which side counted.
const CARETTA: &str = "role,client_name,client_namespace,client_kind,server_name,server_namespace,server_kind";

/// Beyla's.
const BEYLA: &str = "k8s_cluster_name,direction,k8s_src_owner_name,k8s_src_owner_type,k8s_src_namespace,\
                     k8s_dst_owner_name,k8s_dst_owner_type,k8s_dst_namespace";

/// Server-side faults among gRPC's status codes: unknown, deadline exceeded, internal, unavailable, data loss.
const GRPC_FAULTS: &str = "2|4|13|14|15";

/// Flows counted once each: what is traced or translated on the way is counted again where it arrives.
const HUBBLE_ENDS: &str = "verdict=~\"FORWARDED|REDIRECTED|AUDIT|DROPPED|ERROR\"";

/// Further metrics that are asked for where they are there: latencies, drops.
const OTHERS: [&str; 12] = [
    "istio_request_duration_milliseconds_bucket",
    "istio_tcp_sent_bytes_total",
    "response_latency_ms_bucket",
    "traces_service_graph_request_failed_total",
    "traces_service_graph_request_server_seconds_bucket",
    "traces_service_graph_unpaired_spans_total",
    "traces_service_graph_dropped_spans_total",
    "hubble_http_requests_total",
    "hubble_http_request_duration_seconds_bucket",
    "hubble_tcp_flags_total",
    "hubble_lost_events_total",
    "obi_network_flow_bytes_total",
];

/// Every metric whose presence is asked for.
#[must_use]
pub fn metrics() -> Vec<&'static str> {
    Observer::ALL.iter().map(|observer| observer.metric()).chain(OTHERS).collect()
}

/// The busiest sums of a rate over five minutes, by labels; what stands still is left out.
fn busiest(by: &str, rate: &str) -> String {
    format!("topk({MOST_CALLS}, sum by ({by}) ({rate}) > 0)")
}

fn rate(metric: &str, matchers: &str) -> String {
    format!("rate({metric}{{{matchers}}}[5m])")
}

fn p95(by: &str, metric: &str, matchers: &str) -> String {
    format!("topk({MOST_CALLS}, histogram_quantile(0.95, sum by (le,{by}) ({})))", rate(metric, matchers))
}

/// How many were lost in the last five minutes, a minute.
fn lost(metric: &str) -> String {
    format!("sum(rate({metric}[5m])) * 60 > 0")
}

/// The questions for one observer, as far as its metrics are there; the rate first. None where it left no series.
#[must_use]
pub fn questions(observer: Observer, present: &BTreeSet<String>) -> Vec<Question> {
    let there = |metric: &str| present.contains(metric);
    let mut asked = Vec::new();
    let mut ask = |metric: &str, part: Part, query: String| {
        if there(metric) {
            asked.push(Question { part, query });
        }
    };
    let metric = observer.metric();
    match observer {
        Observer::Istio => {
            ask(metric, Part::Rate(Unit::Requests), busiest(ISTIO, &rate(metric, "")));
            let failed = format!(
                "{} or {} or {}",
                rate(metric, "response_code=~\"5..|0\""),
                rate(metric, "response_flags=~\"UH|UF|URX\""),
                rate(metric, &format!("grpc_response_status=~\"{GRPC_FAULTS}\""))
            );
            ask(metric, Part::Failed(Unit::Requests), busiest(ISTIO, &failed));
            let latency = "istio_request_duration_milliseconds_bucket";
            ask(latency, Part::P95(1_000), p95(ISTIO, latency, ""));
            let bytes = "istio_tcp_sent_bytes_total";
            ask(bytes, Part::Rate(Unit::Bytes), busiest(ISTIO, &rate(bytes, "")));
        }
        Observer::Linkerd => {
            let outbound = "direction=\"outbound\"";
            ask(metric, Part::Rate(Unit::Requests), busiest(LINKERD, &rate(metric, outbound)));
            let failed = rate(metric, &format!("{outbound},classification=\"failure\""));
            ask(metric, Part::Failed(Unit::Requests), busiest(LINKERD, &failed));
            let latency = "response_latency_ms_bucket";
            ask(latency, Part::P95(1_000), p95(LINKERD, latency, outbound));
        }
        Observer::ServiceGraph => {
            ask(metric, Part::Rate(Unit::Requests), busiest(SERVICE_GRAPH, &rate(metric, "")));
            // Newer connectors mark the failed ones by a label, older ones count them apart; some do both.
            ask(metric, Part::Failed(Unit::Requests), busiest(SERVICE_GRAPH, &rate(metric, "failed=\"true\"")));
            let failed = "traces_service_graph_request_failed_total";
            ask(failed, Part::Failed(Unit::Requests), busiest(SERVICE_GRAPH, &rate(failed, "")));
            let latency = "traces_service_graph_request_server_seconds_bucket";
            ask(latency, Part::P95(1_000_000), p95(SERVICE_GRAPH, latency, ""));
            for (metric, sentence) in [
                ("traces_service_graph_unpaired_spans_total", "{} spans a minute found no pair: calls are missing"),
                ("traces_service_graph_dropped_spans_total", "{} spans a minute were dropped: calls are missing"),
            ] {
                ask(metric, Part::Lost(sentence), lost(metric));
            }
        }
        Observer::Hubble => {
            ask(metric, Part::Rate(Unit::Flows), busiest(HUBBLE, &rate(metric, HUBBLE_ENDS)));
            let dropped = rate(metric, "verdict=~\"DROPPED|ERROR\"");
            ask(metric, Part::Failed(Unit::Flows), busiest(HUBBLE, &dropped));
            let flags = "hubble_tcp_flags_total";
            ask(flags, Part::Begun, busiest(HUBBLE, &rate(flags, "flag=\"SYN\"")));
            let requests = "hubble_http_requests_total";
            ask(requests, Part::Rate(Unit::Requests), busiest(HUBBLE, &rate(requests, "")));
            ask(requests, Part::Failed(Unit::Requests), busiest(HUBBLE, &rate(requests, "status=~\"5..\"")));
            let latency = "hubble_http_request_duration_seconds_bucket";
            ask(latency, Part::P95(1_000_000), p95(HUBBLE, latency, ""));
            let events = "hubble_lost_events_total";
            let sentence = "{} events a minute were lost: flows are missing";
            ask(events, Part::Lost(sentence), lost(events));
        }
        Observer::Caretta => {
            ask(metric, Part::Rate(Unit::Bytes), busiest(CARETTA, &rate(metric, "")));
        }
        Observer::Beyla => {
            for metric in [metric, "obi_network_flow_bytes_total"] {
                ask(metric, Part::Rate(Unit::Bytes), busiest(BEYLA, &rate(metric, "direction!=\"response\"")));
            }
        }
    }
    let says_who = asked.iter().any(|question| matches!(question.part, Part::Rate(_)));
    if says_who { asked } else { Vec::new() }
}
