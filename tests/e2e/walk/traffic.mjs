// Traffic between the workloads of Online Boutique as six observers would have left it in a Prometheus: counters that
// grow by their rates, in the text format of exporters.

/** One metric: its labels and how much it grows a second. */
const series = [];
const add = (name, labels, rate) => series.push({ name, labels, rate });

/** A histogram of which all but `slow` of one answers within the first bucket, and the rest within the second. */
function latency(name, labels, rate, [quick, late], slow) {
  add(`${name}_bucket`, { ...labels, le: String(quick) }, rate * (1 - slow));
  add(`${name}_bucket`, { ...labels, le: String(late) }, rate);
  add(`${name}_bucket`, { ...labels, le: "+Inf" }, rate);
}

const istio = (from, to, more = {}) => ({
  reporter: "destination", source_workload: from, source_workload_namespace: "boutique", source_cluster: "Kubernetes", destination_workload: to,
  destination_workload_namespace: "boutique", destination_service_name: to, destination_service_namespace: "boutique", destination_cluster: "Kubernetes", ...more,
});
add("istio_requests_total", istio("frontend", "cartservice", { response_code: "200" }), 9);
add("istio_requests_total", istio("frontend", "cartservice", { response_code: "503" }), 3);
latency("istio_request_duration_milliseconds", istio("frontend", "cartservice"), 12, [50, 250], 0.1);
// Nothing declares this one.
add("istio_requests_total", istio("paymentservice", "redis-cart", { response_code: "200" }), 2);
// What never arrived, only the caller's side tells.
add("istio_requests_total", istio("frontend", "unknown", { reporter: "source", destination_workload_namespace: "unknown", destination_service_name: "shippingservice", response_code: "503", response_flags: "UH" }), 1);
// From outside the mesh.
add("istio_requests_total", istio("unknown", "frontend", { source_workload_namespace: "unknown", response_code: "200" }), 20);

const linkerd = { direction: "outbound", namespace: "boutique", deployment: "checkoutservice", dst_namespace: "boutique", dst_deployment: "paymentservice" };
add("response_total", { ...linkerd, classification: "success" }, 4);
add("response_total", { ...linkerd, classification: "failure" }, 1);
latency("response_latency_ms", linkerd, 5, [10, 100], 0.5);

const spans = (client, server) => ({ client, server, client_k8s_namespace_name: "boutique", client_k8s_deployment_name: client, server_k8s_namespace_name: "boutique", server_k8s_deployment_name: server });
add("traces_service_graph_request_total", spans("frontend", "productcatalogservice"), 30);
add("traces_service_graph_request_failed_total", spans("frontend", "productcatalogservice"), 3);
latency("traces_service_graph_request_server_seconds", spans("frontend", "productcatalogservice"), 30, [0.1, 0.4], 0.2);
add("traces_service_graph_request_total", { client: "frontend", server: "mystery" }, 1);
add("traces_service_graph_unpaired_spans_total", { client: "frontend" }, 0.5);

const flow = (from, to) => ({ source_namespace: "boutique", source_workload: from, destination_namespace: "boutique", destination_workload: to });
for (const [from, to] of [["frontend", "recommendationservice"], ["recommendationservice", "frontend"]]) {
  add("hubble_flows_processed_total", { ...flow(from, to), verdict: "FORWARDED", protocol: "TCP" }, 40);
}
add("hubble_flows_processed_total", { ...flow("frontend", "recommendationservice"), verdict: "DROPPED", protocol: "TCP" }, 10);
add("hubble_tcp_flags_total", { ...flow("frontend", "recommendationservice"), flag: "SYN", family: "IPv4" }, 1);
add("hubble_lost_events_total", { source: "perf_event_ring_buffer" }, 2);

const link = { client_name: "cartservice", client_namespace: "boutique", client_kind: "Deployment", server_name: "redis-cart", server_namespace: "boutique", server_kind: "Deployment", server_port: "6379" };
for (const role of ["1", "2"]) add("caretta_links_observed", { ...link, role, link_id: role }, 2500);
add("caretta_links_observed", { ...link, server_name: "203.0.113.7", server_namespace: "external", server_kind: "external", role: "1", link_id: "3" }, 100);

add("beyla_network_flow_bytes_total", { k8s_src_owner_name: "checkoutservice", k8s_src_namespace: "boutique", k8s_dst_owner_name: "emailservice", k8s_dst_namespace: "boutique", k8s_cluster_name: "lab" }, 800);

const spell = ({ name, labels }) => `${name}{${Object.entries(labels).map(([k, v]) => `${k}="${v}"`).join(",")}}`;

/** The samples after so many seconds. */
export function samples(seconds) {
  return `${series.map((one) => `${spell(one)} ${Math.max(0, one.rate * seconds)}`).join("\n")}\n`;
}

/** The samples of the last `minutes`, a quarter of a minute apart, in the format `promtool tsdb create-blocks-from openmetrics` reads. */
export function past(now, minutes) {
  const lines = [];
  for (const one of series) {
    for (let second = 0; second <= minutes * 60; second += 15) lines.push(`${spell(one)} ${one.rate * second} ${now - minutes * 60 + second}`);
  }
  return `${lines.join("\n")}\n# EOF\n`;
}
