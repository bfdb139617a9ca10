//! The closed list of row kinds. A kind's payload is what its constructor in [`super::drafts`] writes.

/// Declared, with a title and a severity.
pub const INCIDENT_DECLARED: &str = "incident.declared";
/// The status changed.
pub const INCIDENT_STATUS: &str = "incident.status";
/// The severity changed.
pub const INCIDENT_SEVERITY: &str = "incident.severity";
/// Closed as reviewed, duplicate, declined …
pub const INCIDENT_CLOSED: &str = "incident.closed";
/// Reopened.
pub const INCIDENT_REOPENED: &str = "incident.reopened";
/// Somebody took a role nobody held.
pub const ROLE_ASSUMED: &str = "role.assumed";
/// A role was offered.
pub const ROLE_OFFERED: &str = "role.offered";
/// An offer was accepted.
pub const ROLE_ACCEPTED: &str = "role.accepted";
/// An offer was declined.
pub const ROLE_DECLINED: &str = "role.declined";
/// An offer was taken back.
pub const ROLE_WITHDRAWN: &str = "role.withdrawn";
/// A role was laid down.
pub const ROLE_RELEASED: &str = "role.released";
/// The brief was shown to whom a role is offered.
pub const BRIEF_SHOWN: &str = "brief.shown";
/// A note.
pub const NOTE: &str = "note";
/// Something seen.
pub const OBSERVATION: &str = "observation";
/// A note on another row.
pub const ANNOTATION: &str = "annotation";
/// A hypothesis.
pub const HYPOTHESIS_OPENED: &str = "hypothesis.opened";
/// Evidence speaks for a hypothesis.
pub const HYPOTHESIS_SUPPORTED: &str = "hypothesis.supported";
/// A hypothesis is ruled out.
pub const HYPOTHESIS_ELIMINATED: &str = "hypothesis.eliminated";
/// A hypothesis is open again.
pub const HYPOTHESIS_REOPENED: &str = "hypothesis.reopened";
/// A decision was proposed.
pub const DECISION_PROPOSED: &str = "decision.proposed";
/// Somebody objects to a decision.
pub const DECISION_OBJECTED: &str = "decision.objected";
/// A decision was made.
pub const DECISION_MADE: &str = "decision.made";
/// A task with one owner and a check-in time.
pub const TASK_ASSIGNED: &str = "task.assigned";
/// A task is done.
pub const TASK_DONE: &str = "task.done";
/// A task was dropped.
pub const TASK_DROPPED: &str = "task.dropped";
/// A task's check-in moved.
pub const TASK_CHECKIN: &str = "task.checkin";
/// An objective.
pub const OBJECTIVE_SET: &str = "objective.set";
/// An objective is met.
pub const OBJECTIVE_MET: &str = "objective.met";
/// Stakeholders inside were told.
pub const COMMS_INTERNAL: &str = "comms.internal";
/// Customers were told.
pub const COMMS_EXTERNAL: &str = "comms.external";
/// A milestone was set by hand.
pub const MILESTONE_SET: &str = "milestone.set";
/// Something to do after the incident.
pub const ACTION_OPENED: &str = "action.opened";
/// An action item changed.
pub const ACTION_CHANGED: &str = "action.changed";
/// An action item is done.
pub const ACTION_CLOSED: &str = "action.closed";
/// Evidence was pinned.
pub const EVIDENCE_PINNED: &str = "evidence.pinned";
/// A handoff note was written.
pub const HANDOFF_WRITTEN: &str = "handoff.written";
/// A handoff note was accepted.
pub const HANDOFF_ACCEPTED: &str = "handoff.accepted";
/// An alert began to fire.
pub const ALERT_FIRED: &str = "alert.fired";
/// An alert resolved.
pub const ALERT_RESOLVED: &str = "alert.resolved";
/// A silence mutes an alert.
pub const ALERT_SILENCED: &str = "alert.silenced";
/// Another alert mutes an alert.
pub const ALERT_INHIBITED: &str = "alert.inhibited";
/// An alert is muted no more and fires on.
pub const ALERT_UNMUTED: &str = "alert.unmuted";
/// An alert's condition holds.
pub const ALERT_PENDING: &str = "alert.pending";
/// A workload rolled out.
pub const K8S_ROLLOUT: &str = "k8s.rollout";
/// A workload was scaled.
pub const K8S_SCALED: &str = "k8s.scaled";
/// A node changed its condition.
pub const K8S_NODE_CONDITION: &str = "k8s.node_condition";
/// A Kubernetes Event.
pub const K8S_EVENT: &str = "k8s.event";
/// Configuration changed.
pub const K8S_CONFIG_CHANGED: &str = "k8s.config_changed";
/// A page was queued.
pub const PAGE_QUEUED: &str = "page.queued";
/// A page was sent.
pub const PAGE_SENT: &str = "page.sent";
/// A page arrived.
pub const PAGE_DELIVERED: &str = "page.delivered";
/// A page failed.
pub const PAGE_FAILED: &str = "page.failed";
/// A page went out inside another.
pub const PAGE_BUNDLED: &str = "page.bundled";
/// A page was acknowledged.
pub const PAGE_ACKED: &str = "page.acked";
/// A page was escalated.
pub const PAGE_ESCALATED: &str = "page.escalated";
/// Declaring froze what was known.
pub const EVIDENCE_FROZEN: &str = "evidence.frozen";
/// A cluster that was silent while the incident was declared answered, and is part of it from then on.
pub const CLUSTER_JOINED: &str = "cluster.joined";
/// What the cluster looked like was kept.
pub const TOPOLOGY_SNAPSHOT: &str = "topology.snapshot";

/// Kinds a person writes.
pub const HUMAN: &[&str] = &[
    INCIDENT_DECLARED,
    INCIDENT_STATUS,
    INCIDENT_SEVERITY,
    INCIDENT_CLOSED,
    INCIDENT_REOPENED,
    ROLE_ASSUMED,
    ROLE_OFFERED,
    ROLE_ACCEPTED,
    ROLE_DECLINED,
    ROLE_WITHDRAWN,
    ROLE_RELEASED,
    BRIEF_SHOWN,
    NOTE,
    OBSERVATION,
    ANNOTATION,
    HYPOTHESIS_OPENED,
    HYPOTHESIS_SUPPORTED,
    HYPOTHESIS_ELIMINATED,
    HYPOTHESIS_REOPENED,
    DECISION_PROPOSED,
    DECISION_OBJECTED,
    DECISION_MADE,
    TASK_ASSIGNED,
    TASK_DONE,
    TASK_DROPPED,
    TASK_CHECKIN,
    OBJECTIVE_SET,
    OBJECTIVE_MET,
    COMMS_INTERNAL,
    COMMS_EXTERNAL,
    MILESTONE_SET,
    ACTION_OPENED,
    ACTION_CHANGED,
    ACTION_CLOSED,
    EVIDENCE_PINNED,
    HANDOFF_WRITTEN,
    HANDOFF_ACCEPTED,
];

/// Kinds only a machine writes; nobody corrects them.
pub const MACHINE: &[&str] = &[
    ALERT_FIRED,
    ALERT_RESOLVED,
    ALERT_SILENCED,
    ALERT_INHIBITED,
    ALERT_UNMUTED,
    ALERT_PENDING,
    K8S_ROLLOUT,
    K8S_SCALED,
    K8S_NODE_CONDITION,
    K8S_EVENT,
    K8S_CONFIG_CHANGED,
    PAGE_QUEUED,
    PAGE_SENT,
    PAGE_DELIVERED,
    PAGE_FAILED,
    PAGE_BUNDLED,
    PAGE_ACKED,
    PAGE_ESCALATED,
    EVIDENCE_FROZEN,
    CLUSTER_JOINED,
    TOPOLOGY_SNAPSHOT,
];

/// True for kinds only a machine writes.
#[must_use]
pub fn is_machine(kind: &str) -> bool {
    MACHINE.contains(&kind)
}

/// True for kinds of the list.
#[must_use]
pub fn is_known(kind: &str) -> bool {
    HUMAN.contains(&kind) || is_machine(kind)
}

/// The field of the payload that holds a kind's own words, which a correction replaces.
#[must_use]
pub fn words(kind: &str) -> &'static str {
    match kind {
        INCIDENT_DECLARED => "title",
        INCIDENT_STATUS | INCIDENT_SEVERITY | INCIDENT_CLOSED | INCIDENT_REOPENED | ROLE_OFFERED | ROLE_DECLINED
        | ROLE_RELEASED | MILESTONE_SET => "reason",
        HYPOTHESIS_SUPPORTED | HYPOTHESIS_ELIMINATED | HYPOTHESIS_REOPENED => "evidence",
        TASK_DONE | TASK_DROPPED | TASK_CHECKIN => "outcome",
        _ => "text",
    }
}
