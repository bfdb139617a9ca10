//! The map beside the picture: an object's panel, cases, the tray, search, the scrubber.

use super::wire;

wire! {
    /// Which scene: `lens` is `namespaces` or `nodes`; `at` an instant of the past; `held` the mark of the live
    /// scene already held; `policies` asks what the network policies are predicted to do on each street. With `drawn` a scene
    /// will do that was drawn when the past was recorded, seconds before the instant: its header says when.
    SceneRequest {
        lens: String, at: Option<String>, held: Option<String>, incident: Option<String>, policies: bool, drawn: bool
    }
    /// Names an object, at an instant of the past or now.
    ObjectRequest { id: String, at: Option<String> }
    /// The panel of an object.
    ObjectView {
        id: String, kind: String, group: String, namespace: String, name: String, exists: bool,
        /// What its cluster is called, where there are several.
        cluster: String,
        /// critical, warning, unknown, starting, well, resting, none.
        health: String, reason: String, field: String, contained: bool,
        ready: u32, desired: u32,
        /// The house it belongs to, where it is a pod or a controller inside one.
        house: Option<String>,
        pods: Vec<PodView>, cases: Vec<CaseView>, changes: Vec<ChangeView>, events: Vec<EventView>,
        /// How many Events and related objects there are, of which the first are listed.
        events_total: u32, related_total: u32,
        calls: Vec<RelationView>, called_by: Vec<RelationView>, related: Vec<RelationView>,
        /// Measured calls whose other end could not be placed.
        lost_calls: Vec<LostCallView>,
        unresolved: Vec<UnresolvedView>,
        images: Vec<ImageView>, labels: Vec<LabelView>, created_at: Option<String>,
        /// Sources that would have to say more and do not, as sentences.
        unknowns: Vec<String>,
        /// What it adds up to, where it is a namespace, a node, a zone or a cluster.
        parts: Option<RollupView>,
        /// The release unit its house says it is part of.
        app: Option<AppView>,
    }
    /// An app: `field` of the house says so. Its houses with the one that was asked about, at most 500, and how many there are.
    AppView { name: String, namespace: String, field: String, houses: Vec<String>, count: u32 }
    /// Asks what an aggregate adds up to: a house, namespace or node by its id, a zone as `cluster//Zone//name`, a
    /// cluster as `cluster//Cluster//cluster`; an empty id means everything. `limit` bounds both lists; 0 stands for 100.
    RollupRequest { id: String, at: Option<String>, limit: u32 }
    /// What an aggregate adds up to, and what makes it so.
    RollupView {
        id: String, kind: String, name: String,
        /// The worst state of any object in it; none where nothing in it has a verdict.
        worst: String,
        /// Objects and pods by state, worst first; states nobody is in are left out.
        objects: Vec<StateCountView>, pods: Vec<StateCountView>,
        /// Alerts that fire by severity, and those that do not reach anybody or do not fire yet.
        critical: u32, warning: u32, other: u32, muted: u32, pending: u32,
        /// What is not well and not at rest, worst first, and how many there are; none left out is worse than the last.
        trouble: Vec<MemberView>, trouble_count: u32,
        /// The alerts that stand in it, the loudest first, and how many there are.
        cases: Vec<CaseView>, case_count: u32,
    }
    /// How many are in a state.
    StateCountView { state: String, count: u32 }
    /// An object of an aggregate, with the verdict on it.
    MemberView { id: String, kind: String, namespace: String, name: String, health: String, reason: String, field: String, contained: bool }
    /// A label.
    LabelView { key: String, value: String }
    /// A container's image.
    ImageView { container: String, image: String }
    /// A pod of a house.
    PodView { id: String, name: String, node: String, health: String, reason: String, field: String, restarts: u32, contained: bool }
    /// A relation seen from the selected object: `other` is the far end. `source`: spec, status, declared, observed, or
    /// both for a call that is declared and was measured.
    RelationView {
        other: String, other_kind: String, other_name: String, other_namespace: String, r#type: String, source: String, rule: u32, field: String, state: String, outgoing: bool, health: String,
        /// What was measured of a call, an entry for each observer.
        measured: Vec<MeasuredView>,
        /// Of a call: what the network policies are predicted to do on it: allowed, blocked, unprotected, unknown; else empty.
        verdict: String,
        /// Of an owner: whether it is the controller.
        controller: Option<bool>,
    }
    /// What one observer measured of a call: `rate` in `unit` (requests, flows, bytes) a second, `failed` a share of one.
    MeasuredView {
        observer: String, source: String, unit: String, rate: f64, failed: Option<f64>, p95_ms: Option<f64>, last_seen: Option<String>,
        /// Why it may be out of date.
        stale: Option<String>,
    }
    /// A measured call whose other end, in the source's words, could not be placed.
    LostCallView { other: String, outgoing: bool, observer: String, source: String, unit: String, rate: f64, why: String }
    /// An address that names no Service.
    UnresolvedView { field: String, address: String }
    /// A Kubernetes Event; `regarding` is the object it is about.
    EventView { uid: String, regarding: String, r#type: String, reason: String, message: String, count: u32, first_at: Option<String>, last_at: Option<String>, component: String }
    /// A change seen in the recording: `text` is one line, `detail` what it was before and after.
    ChangeView { at: String, kind: String, text: String, detail: String, subject: String }
    /// An alert as a case. `state`: firing, pending, silenced, inhibited, resolved. `told`: somebody, nobody, unknown.
    CaseView {
        alert: String, name: String, severity: String, state: String,
        /// The object's id, or `cluster`, `control-plane`, `heartbeat`.
        at: String, at_name: String, at_kind: String,
        /// The id of the cluster it is about; empty for what is about none.
        at_cluster: String,
        rung: u32, label: String, also: Vec<String>,
        starts_at: Option<String>, ends_at: Option<String>,
        summary: String, description: String, runbook: String, source: String, receivers: Vec<String>,
        /// The messages it is part of, as words: whom they go to and what its group shares.
        groups: Vec<String>,
        told: String, told_why: String, muted_by: Vec<String>, labels: Vec<LabelView>,
    }
    /// Asks for every case, now or then.
    CasesRequest { at: Option<String> }
    /// Every case, the tray, what nobody has been told, and addresses that name no Service.
    CasesView {
        cases: Vec<CaseView>, tray: Vec<TrayView>, nobody_told: Vec<CaseView>,
        /// The first of them; `unresolved_count` says how many there are.
        unresolved: Vec<AddressView>, unresolved_count: u32,
        /// The rules by which alerts were placed by hand, as known at that moment.
        placings: Vec<PlacingView>,
        evidence: String,
    }
    /// An address that names no Service, and the house it stands in.
    AddressView { from: String, from_kind: String, from_name: String, from_namespace: String, house: String, field: String, address: String }
    /// Places an alert without an address at an object, and every alert that bears these of its labels.
    PlaceAlert { alert: String, labels: Vec<String>, at: String }
    /// Names a rule of placing.
    ForgetPlacement { rule: String }
    /// A rule of placing: `alerts` is how many alerts it places now, `known` whether its object is known here.
    PlacingView { rule: String, labels: Vec<LabelView>, at: String, at_kind: String, at_name: String, at_namespace: String, by: String, made_at: Option<String>, known: bool, alerts: u32 }
    /// An alert without an address.
    TrayView { alert: String, name: String, severity: String, state: String, why: String, starts_at: Option<String>, labels: Vec<LabelView> }
    /// Searches objects, alerts, incidents and rows by words.
    FindRequest { query: String, limit: u32, at: Option<String> }
    /// A hit. `kind`: object, alert, incident, row.
    FoundView { kind: String, id: String, title: String, subtitle: String, health: String }
    /// Asks for the scrubber's picture of a span; absent ends take what is recorded.
    HistoryRequest { from: Option<String>, to: Option<String>, bins: u32, incident: Option<String> }
    /// The scrubber: what fired when, what happened, where nothing was recorded.
    HistoryView { from: String, to: String, now: String, live: bool, bins: Vec<BinView>, gaps: Vec<SpanView>, marks: Vec<MarkView> }
    /// Alerts firing in one bin, the most at any instant of it.
    BinView { at: String, critical: u32, warning: u32, other: u32, pending: u32 }
    /// A span.
    SpanView { from: String, to: String }
    /// A mark on the scrubber. `kind`: change, page, command, symptom, note.
    MarkView { at: String, kind: String, text: String, row: Option<String>, subject: Option<String> }
    /// One line per block: the blocks of the map as a list, for assistive technology and the empty state.
    BlockView { name: String, houses: u32, pods: u32, firing: u32, worst: String }
}

wire! {
    /// A source with its freshness in one word.
    SourceMark { id: String, label: String, state: String, since: Option<String>, count: u32, why: String }
}
