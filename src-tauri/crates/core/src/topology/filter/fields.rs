//! The fields a filter may ask for: one table for the parser, the completion and the help.

use crate::resource::KINDS;

/// What a clause asks about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Field {
    /// The kind.
    Kind,
    /// The namespace.
    Namespace,
    /// The name.
    Name,
    /// The state of health.
    Status,
    /// Images of containers.
    Image,
    /// Restarts of containers.
    Restarts,
    /// Time since the creation.
    Age,
    /// Labels.
    Label,
    /// The node.
    Node,
    /// The zone.
    Zone,
    /// Names of firing alerts.
    Alert,
    /// Severities of firing alerts.
    Severity,
    /// The cluster.
    Cluster,
}

/// How a clause compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Op {
    /// `:`, also written `=`: is one of the values.
    Is,
    /// `~`: contains one of the values.
    Has,
    /// `>`.
    Above,
    /// `>=`.
    AtLeast,
    /// `<`.
    Below,
    /// `<=`.
    AtMost,
}

impl Op {
    /// As it is written.
    #[must_use]
    pub fn sign(self) -> &'static str {
        match self {
            Self::Is => ":",
            Self::Has => "~",
            Self::Above => ">",
            Self::AtLeast => ">=",
            Self::Below => "<",
            Self::AtMost => "<=",
        }
    }

    /// Whether the value lies on the wanted side of the bound.
    pub(super) fn holds<T: Ord>(self, value: &T, bound: &T) -> bool {
        match self {
            Self::Is | Self::Has => value == bound,
            Self::Above => value > bound,
            Self::AtLeast => value >= bound,
            Self::Below => value < bound,
            Self::AtMost => value <= bound,
        }
    }
}

/// What a field's values are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Takes {
    /// Any text.
    Text,
    /// A state of health.
    State,
    /// The severity of an alert.
    Severity,
    /// A whole number.
    Count,
    /// A span such as `15m`.
    Span,
}

/// A row of the table.
#[derive(Clone, Copy, Debug)]
pub struct FieldInfo {
    /// The field.
    pub field: Field,
    /// Its name.
    pub name: &'static str,
    /// Other names it answers to.
    pub also: &'static [&'static str],
    /// How it may be compared, the usual way first.
    pub ops: &'static [Op],
    /// What its values are.
    pub takes: Takes,
    /// What matches, in one sentence.
    pub about: &'static str,
    /// A clause as an example.
    pub example: &'static str,
}

const WORDS: &[Op] = &[Op::Is, Op::Has];
const GRADES: &[Op] = &[Op::AtLeast, Op::Is, Op::Above, Op::Below, Op::AtMost];
const NUMBERS: &[Op] = &[Op::Above, Op::AtLeast, Op::Is, Op::Below, Op::AtMost];
const SPANS: &[Op] = &[Op::Below, Op::AtMost, Op::Above, Op::AtLeast];

const fn row(
    field: Field,
    (name, also): (&'static str, &'static [&'static str]),
    (ops, takes): (&'static [Op], Takes),
    about: &'static str,
    example: &'static str,
) -> FieldInfo {
    FieldInfo { field, name, also, ops, takes, about, example }
}

/// Every field, in the order the help lists them.
pub const FIELDS: &[FieldInfo] = &[
    row(
        Field::Kind,
        ("kind", &[]),
        (WORDS, Takes::Text),
        "The kind, its plural or kubectl's short name for it. Events, EndpointSlices, Endpoints, ReplicaSets and \
         ControllerRevisions are searched only where they are named here.",
        "kind:Deployment",
    ),
    row(Field::Namespace, ("ns", &["namespace"]), (WORDS, Takes::Text), "The namespace.", "ns:shop,pay"),
    row(Field::Name, ("name", &[]), (WORDS, Takes::Text), "The name.", "name~cart"),
    row(
        Field::Status,
        ("status", &["health"]),
        (GRADES, Takes::State),
        "The state, from worst: critical, warning, unknown, starting, well, resting; none has no rule. More is worse, and \
         what is unknown is never less than anything.",
        "status>=warning",
    ),
    row(
        Field::Image,
        ("image", &[]),
        (WORDS, Takes::Text),
        "An image of a container, of a workload those of its template.",
        "image~\"redis:7.4\"",
    ),
    row(
        Field::Restarts,
        ("restarts", &[]),
        (NUMBERS, Takes::Count),
        "The most restarts of any container of the pod, or of any pod of the workload.",
        "restarts>3",
    ),
    row(
        Field::Age,
        ("age", &[]),
        (SPANS, Takes::Span),
        "How long before the moment shown it was created: s, m, h, d or w.",
        "age<15m",
    ),
    row(
        Field::Label,
        ("label", &["l"]),
        (WORDS, Takes::Text),
        "A label of the object, as key=value; the key alone asks whether it is there.",
        "label:team=cart",
    ),
    row(
        Field::Node,
        ("node", &[]),
        (WORDS, Takes::Text),
        "The node a pod runs on, of a workload that of any of its pods; \"\" for not scheduled.",
        "node:node-a-0001",
    ),
    row(
        Field::Zone,
        ("zone", &[]),
        (WORDS, Takes::Text),
        "The zone of a node, of a pod that of its node, of a workload that of any of its pods.",
        "zone:eu-1a",
    ),
    row(
        Field::Alert,
        ("alert", &[]),
        (WORDS, Takes::Text),
        "The name of an alert that fires at the object or at a part of it.",
        "alert~crash",
    ),
    row(
        Field::Severity,
        ("severity", &[]),
        (GRADES, Takes::Severity),
        "The severity of an alert that fires at the object or at a part of it, from worst: critical, warning, info, none.",
        "severity:critical",
    ),
    row(Field::Cluster, ("cluster", &[]), (WORDS, Takes::Text), "The cluster, by its label or its id.", "cluster:prod"),
];

impl Field {
    /// Its row of the table.
    #[must_use]
    pub fn info(self) -> &'static FieldInfo {
        FIELDS.iter().find(|info| info.field == self).unwrap_or(&FIELDS[0])
    }
}

/// A field by any of its names, whatever the case.
pub(super) fn named(name: &str) -> Option<&'static FieldInfo> {
    let is = |known: &&str| known.eq_ignore_ascii_case(name);
    FIELDS.iter().find(|info| is(&info.name) || info.also.iter().any(is))
}

/// kubectl's short names (kubernetes 1.36, `kubectl api-resources`).
const SHORT: &[(&str, &str)] = &[
    ("po", "Pod"),
    ("no", "Node"),
    ("ns", "Namespace"),
    ("deploy", "Deployment"),
    ("sts", "StatefulSet"),
    ("ds", "DaemonSet"),
    ("rs", "ReplicaSet"),
    ("cj", "CronJob"),
    ("svc", "Service"),
    ("ep", "Endpoints"),
    ("ing", "Ingress"),
    ("netpol", "NetworkPolicy"),
    ("cm", "ConfigMap"),
    ("pvc", "PersistentVolumeClaim"),
    ("pv", "PersistentVolume"),
    ("sc", "StorageClass"),
    ("sa", "ServiceAccount"),
    ("hpa", "HorizontalPodAutoscaler"),
    ("pdb", "PodDisruptionBudget"),
    ("ev", "Event"),
    ("crd", "CustomResourceDefinition"),
];

/// The kind a word means: itself where it is no plural and no short name.
pub(super) fn kind_of(word: &str) -> &str {
    let short = SHORT.iter().find(|(short, _)| short.eq_ignore_ascii_case(word)).map(|(_, kind)| *kind);
    let plural = || KINDS.iter().find(|info| info.plural.eq_ignore_ascii_case(word)).map(|info| info.kind);
    short.or_else(plural).unwrap_or(word)
}

/// Seconds of a span such as `15m`; nothing where it is none. A number alone is no span: nobody says what it counts.
pub(super) fn seconds(text: &str) -> Option<u64> {
    let number = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match text.get(number.len()..)?.to_ascii_lowercase().as_str() {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        "w" => 604_800,
        _ => return None,
    };
    whole(number)?.checked_mul(unit)
}

/// A whole number of digits alone.
pub(super) fn whole(text: &str) -> Option<u64> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}
