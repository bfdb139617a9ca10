//! What to ask a Prometheus about an object: CPU, memory, restarts and failed requests of its pods.
//!
//! Pods are meant by the shape of their names, so that those that are gone by now count in the past too. Metrics of the
//! kubelet (cAdvisor) and of kube-state-metrics carry the pod in `pod`, or in `exported_pod` where the scrape keeps its own
//! labels; both are asked for. Names of metrics: cAdvisor v0.49, kube-state-metrics v2, Istio 1.2x, Linkerd 2.x.

use crate::id::ObjectKey;

/// What a figure counts in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Cores.
    Cores,
    /// Bytes.
    Bytes,
    /// A number of things.
    Count,
    /// A share from 0 to 1.
    Share,
}

impl Unit {
    /// The word on the wire.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Cores => "cores",
            Self::Bytes => "bytes",
            Self::Count => "count",
            Self::Share => "share",
        }
    }
}

/// One question about an object, answered by a single series.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Figure {
    /// What it shows, for a person.
    pub name: &'static str,
    /// The unit of its values.
    pub unit: Unit,
    /// The question in PromQL.
    pub query: String,
}

/// A pattern (RE2, anchored as Prometheus does) of the names of an object's pods; nothing for what has no pods.
fn pods_of(key: &ObjectKey) -> Option<String> {
    let name = escape(&key.name);
    // Suffixes as the controllers make them: <hash>-<5> of a Deployment, <ordinal>, <5>. Their letters are few on purpose
    // (`SafeEncodeString` and `String` of k8s.io/apimachinery/pkg/util/rand), so that most words of other names are none.
    let suffix = match key.kind.as_str() {
        "Pod" => return Some(name),
        "Deployment" | "Rollout" => "-[bcdfghjklmnpqrstvwxz2456789]{6,10}-[bcdfghjklmnpqrstvwxz2456789]{5}",
        "StatefulSet" => "-[0-9]+",
        "DaemonSet" | "ReplicaSet" => "-[bcdfghjklmnpqrstvwxz2456789]{5}",
        "Job" => "-([0-9]+-)?[bcdfghjklmnpqrstvwxz2456789]{5}",
        "CronJob" => "-[0-9]+-([0-9]+-)?[bcdfghjklmnpqrstvwxz2456789]{5}",
        _ => return None,
    };
    Some(format!("{name}{suffix}"))
}

/// A name within a quoted string of PromQL.
fn quoted(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

/// A name within a pattern within a quoted string.
fn escape(text: &str) -> String {
    let pattern = text.chars().fold(String::new(), |mut pattern, c| {
        if !c.is_ascii_alphanumeric() && c != '-' && c != '_' {
            pattern.push('\\');
        }
        pattern.push(c);
        pattern
    });
    quoted(&pattern)
}

/// What can be asked about an object; empty for one without pods.
#[must_use]
pub fn figures(key: &ObjectKey) -> Vec<Figure> {
    let Some(pods) = pods_of(key) else { return Vec::new() };
    let (namespace, name) = (quoted(&key.namespace), quoted(&key.name));
    let of_pods = |metric: &str, more: &str, rate: bool| {
        let one = |namespace_label: &str, pod_label: &str| {
            let series = format!("{metric}{{{namespace_label}=\"{namespace}\",{pod_label}=~\"{pods}\"{more}}}");
            if rate { format!("sum(rate({series}[5m]))") } else { format!("sum({series})") }
        };
        format!("{} or {}", one("exported_namespace", "exported_pod"), one("namespace", "pod"))
    };
    // Where nothing ever failed there is no series of failures: with traffic that is a share of nothing, not an unknown one.
    let share = |metric: &str, whom: &str, failed: &str| {
        let count = |more: &str| format!("sum(rate({metric}{{{whom}{more}}}[5m]))");
        format!("({} or 0 * {}) / ({} > 0)", count(failed), count(""), count(""))
    };
    // Istio names the workload that was called; a pod is named by the scrape of its own proxy only.
    let called = match key.kind.as_str() {
        "Pod" => format!("namespace=\"{namespace}\",pod=\"{name}\""),
        _ => format!("destination_workload_namespace=\"{namespace}\",destination_workload=\"{name}\""),
    };
    // `job` is what Prometheus calls a scrape, so Linkerd calls a Job otherwise.
    let workload = if key.kind == "Job" { "k8s_job".to_owned() } else { key.kind.to_lowercase() };
    let failed = [
        share("istio_requests_total", &format!("reporter=\"destination\",{called}"), ",response_code=~\"5..\""),
        share(
            "response_total",
            &format!("direction=\"inbound\",namespace=\"{namespace}\",{workload}=\"{name}\""),
            ",classification=\"failure\"",
        ),
        share(
            "http_server_request_duration_seconds_count",
            &format!("namespace=\"{namespace}\",pod=~\"{pods}\""),
            ",http_response_status_code=~\"5..\"",
        ),
        share("http_requests_total", &format!("namespace=\"{namespace}\",pod=~\"{pods}\""), ",code=~\"5..\""),
    ];
    let figure = |name, unit, query| Figure { name, unit, query };
    vec![
        figure("CPU", Unit::Cores, of_pods("container_cpu_usage_seconds_total", ",container!=\"\"", true)),
        figure("Memory", Unit::Bytes, of_pods("container_memory_working_set_bytes", ",container!=\"\"", false)),
        figure("Restarts", Unit::Count, of_pods("kube_pod_container_status_restarts_total", "", false)),
        figure("Failed requests", Unit::Share, failed.map(|one| format!("({one})")).join(" or ")),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(kind: &str, name: &str, expected: Option<&str>) {
        assert_eq!(pods_of(&ObjectKey::new("c", "", kind, "shop", name)).as_deref(), expected);
    }

    #[test]
    fn pods_are_meant_by_the_shape_of_their_names() {
        check("Pod", "cart-1", Some("cart-1"));
        check("Deployment", "cart", Some("cart-[bcdfghjklmnpqrstvwxz2456789]{6,10}-[bcdfghjklmnpqrstvwxz2456789]{5}"));
        check("StatefulSet", "db", Some("db-[0-9]+"));
        check("DaemonSet", "logs.v2", Some("logs\\\\.v2-[bcdfghjklmnpqrstvwxz2456789]{5}"));
        check("Service", "cart", None);
    }

    #[test]
    fn a_name_cannot_leave_its_quotes() {
        let hostile = ObjectKey::new("c", "", "Pod", "a\"} or x{b=\"", "p\\\"q");
        for figure in figures(&hostile) {
            let mut within = false;
            let mut chars = figure.query.chars();
            let mut bare = String::new();
            while let Some(c) = chars.next() {
                match c {
                    '\\' if within => drop(chars.next()),
                    '"' => within = !within,
                    c if !within => bare.push(c),
                    _ => {}
                }
            }
            assert!(!within && !bare.contains("x{b"), "{}", figure.query);
        }
    }

    #[test]
    fn traffic_without_a_failure_is_a_share_of_nothing() {
        let figures = figures(&ObjectKey::new("c", "apps", "Deployment", "shop", "cart"));
        let failed = &figures[3].query;
        let whom = "reporter=\"destination\",destination_workload_namespace=\"shop\",destination_workload=\"cart\"";
        let all = format!("sum(rate(istio_requests_total{{{whom}}}[5m]))");
        let istio = format!(
            "((sum(rate(istio_requests_total{{{whom},response_code=~\"5..\"}}[5m])) or 0 * {all}) / ({all} > 0))"
        );
        assert!(failed.starts_with(&istio), "{failed}");
        assert_eq!(failed.matches(" or 0 * sum(rate(").count(), 4, "each observer's: {failed}");
    }

    #[test]
    fn failed_requests_of_a_pod_and_a_job_are_asked_for_by_the_labels_they_have() {
        let failed = |group, kind, name| figures(&ObjectKey::new("c", group, kind, "shop", name))[3].query.clone();
        let pod = failed("", "Pod", "cart-1");
        assert!(
            pod.contains("istio_requests_total{reporter=\"destination\",namespace=\"shop\",pod=\"cart-1\"}"),
            "{pod}"
        );
        assert!(!pod.contains("destination_workload"), "no workload has the name of a pod: {pod}");
        assert!(pod.contains("response_total{direction=\"inbound\",namespace=\"shop\",pod=\"cart-1\"}"), "{pod}");
        assert!(failed("batch", "Job", "tidy").contains(",k8s_job=\"tidy\"}"));
    }

    #[test]
    fn labels_are_asked_for_in_both_shapes() {
        let figures = figures(&ObjectKey::new("c", "apps", "StatefulSet", "shop", "db"));
        assert_eq!(
            figures[2].query,
            "sum(kube_pod_container_status_restarts_total{exported_namespace=\"shop\",exported_pod=~\"db-[0-9]+\"}) or \
             sum(kube_pod_container_status_restarts_total{namespace=\"shop\",pod=~\"db-[0-9]+\"})"
        );
        assert_eq!(
            figures.iter().map(|it| it.name).collect::<Vec<_>>(),
            ["CPU", "Memory", "Restarts", "Failed requests"]
        );
    }
}
