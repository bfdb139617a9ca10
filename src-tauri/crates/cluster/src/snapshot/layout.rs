//! Which tool laid a folder or an archive out, told by its paths, and what each file in it is for.

use super::documents::Assumed;

/// Who laid the files out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Layout {
    /// Somebody's manifests, or lists of `kubectl get`.
    #[default]
    Manifests,
    /// `kubectl cluster-info dump --output-directory`.
    Dump,
    /// OpenShift's insights operator.
    Insights,
    /// `oc adm must-gather`.
    MustGather,
}

impl Layout {
    /// Its name.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Manifests => "manifests",
            Self::Dump => "kubectl cluster-info dump",
            Self::Insights => "insights archive",
            Self::MustGather => "must-gather",
        }
    }
}

/// What has been seen of a layout so far; the last word is [`Marks::layout`].
#[derive(Default)]
pub(super) struct Marks {
    must_gather: bool,
    insights: bool,
    nodes_list: bool,
    lists_by_namespace: bool,
}

impl Marks {
    /// Notes a path, its parts from the root.
    pub(super) fn note(&mut self, parts: &[&str]) {
        let has = |name: &str| parts.contains(&name);
        self.must_gather |= has("cluster-scoped-resources") || parts.ends_with(&["must-gather.log"]);
        self.must_gather |=
            parts.windows(3).any(|it| it[0] == "namespaces" && matches!(it[2], "core" | "apps" | "pods"));
        self.insights |= parts.first() == Some(&"insights-operator")
            || parts.starts_with(&["config", "pod"])
            || parts.starts_with(&["config", "node"])
            || parts == ["config", "version.json"];
        let file = parts.last().copied().unwrap_or_default();
        self.nodes_list |= matches!(file, "nodes.json" | "nodes.yaml");
        self.lists_by_namespace |= parts.len() > 1
            && matches!(file, "replication-controllers.json" | "replication-controllers.yaml" | "daemonsets.json");
    }

    /// Who laid it out.
    pub(super) fn layout(&self) -> Layout {
        match () {
            () if self.must_gather => Layout::MustGather,
            () if self.insights => Layout::Insights,
            () if self.nodes_list && self.lists_by_namespace => Layout::Dump,
            () => Layout::Manifests,
        }
    }
}

/// What a file is for.
#[derive(Clone, Copy)]
pub(super) enum Role {
    /// It holds objects.
    Objects(Assumed),
    /// It holds alerts as Alertmanager or Prometheus answers them.
    Alerts,
    /// It holds samples as an exporter tells them, alerts among them.
    Metrics,
    /// Nobody reads it here: logs, notes, certificates.
    Nothing,
}

/// What the file at a path, its parts from the root, is for.
pub(super) fn role(parts: &[&str]) -> Role {
    let Some((file, folders)) = parts.split_last() else { return Role::Nothing };
    let (name, extension) = file.rsplit_once('.').unwrap_or((file, ""));
    if parts.ends_with(&["config", "metrics"]) {
        return Role::Metrics;
    }
    let is_json = extension.eq_ignore_ascii_case("json");
    let of_alerts = folders.last() == Some(&"config") && name == "alerts"
        || folders.contains(&"monitoring")
            && (name.contains("alerts") || name == "rules")
            && !name.contains("alertmanagers");
    if is_json && of_alerts {
        return Role::Alerts;
    }
    if file.starts_with('.') || folders.iter().any(|folder| folder.starts_with('.')) {
        return Role::Nothing;
    }
    if !is_json && !extension.eq_ignore_ascii_case("yaml") && !extension.eq_ignore_ascii_case("yml") {
        return Role::Nothing;
    }
    // The insights operator keeps some objects without saying what they are.
    let kind = match folders {
        ["config", "pod", ..] => Some(("v1", "Pod")),
        ["config", "node", ..] => Some(("v1", "Node")),
        _ => None,
    };
    Role::Objects(Assumed { kind })
}
