//! Programs that measure others, so that the labels their scrape adds name the wrong thing. They are known by the name of
//! their scrape job, by labels that were copied from their Service, or by the labels of what was scraped, whatever an
//! install calls it.

use super::Alert;
use super::ground::{Ground, Selected};
use super::ladder::host_of;
use super::names::value;
use crate::id::{ObjectKey, Text};

/// A program that measures others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Exporter {
    /// What its pods and Services are called after, unless an install calls them otherwise.
    pub(super) word: String,
    /// True where it runs once on every node and measures that node.
    pub(super) per_node: bool,
}

/// Exporters every cluster has, with whether they run on every node.
const KNOWN: [(&str, bool); 3] = [("kube-state-metrics", false), ("node-exporter", true), ("cadvisor", true)];

/// The labels by which a pod or Service says what it is.
const SAID: [&str; 3] = ["app.kubernetes.io/name", "app", "k8s-app"];

/// Labels of an alert that some installs copy from the scraped Service.
const COPIED: [&str; 4] = ["service", "app_kubernetes_io_name", "app", "component"];

impl Exporter {
    /// True where a name of a pod or Service says that it is the exporter's own.
    pub(super) fn owns_name(&self, name: &str) -> bool {
        name.contains(&self.word)
    }

    fn called(value: &str) -> Option<Self> {
        let value = value.replace('_', "-");
        let known = KNOWN.iter().find(|(word, _)| value.contains(word))?;
        Some(Self { word: known.0.to_owned(), per_node: known.1 })
    }
}

impl Ground<'_> {
    /// The exporter an alert was measured by, `None` where its labels name what it is about.
    pub(super) fn exporter(&self, at: &Selected, alert: &Alert) -> Option<Exporter> {
        let labels = &alert.labels;
        let job = labels.get("job").map_or("", |job| job.rsplit('/').next().unwrap_or(job));
        // The chart of the Prometheus community scrapes everything in one job and copies the Service's labels.
        let copied = COPIED.iter().filter_map(|label| labels.get(*label)).map(Text::as_str);
        if let Some(exporter) = std::iter::once(job).chain(copied).find_map(Exporter::called) {
            return Some(exporter);
        }
        if job.ends_with("-exporter") || job.ends_with("_exporter") {
            return Some(Exporter { word: job.to_owned(), per_node: false });
        }
        if job.is_empty() {
            return None;
        }
        let service = self.named(at, "Service", value(labels, "namespace"), job);
        let scraped = || self.at_address(at, host_of(value(labels, "instance")?)).filter(|key| key.kind == "Pod");
        service.and_then(|key| self.labelled(&key)).or_else(|| self.labelled(&scraped()?))
    }

    /// True where a pod or Service of this name is the exporter's own, by its name or by its own labels.
    pub(super) fn is_own(
        &self,
        exporter: &Exporter,
        at: &Selected,
        kind: &str,
        (space, name): (Option<&str>, &str),
    ) -> bool {
        exporter.owns_name(name) || self.named(at, kind, space, name).is_some_and(|key| self.is(exporter, &key))
    }

    /// What a scrape names: the one of its namespace, else the only one there is.
    fn named(&self, at: &Selected, kind: &str, space: Option<&str>, name: &str) -> Option<ObjectKey> {
        let here = space.and_then(|space| self.find(at, kind, Some(space), name));
        here.or_else(|| self.find(at, kind, None, name))
    }

    /// True where the labels of an object say that it is this exporter.
    pub(super) fn is(&self, exporter: &Exporter, key: &ObjectKey) -> bool {
        self.labelled(key).is_some_and(|it| it.word == exporter.word)
    }

    /// The exporter an object's own labels say it is.
    fn labelled(&self, key: &ObjectKey) -> Option<Exporter> {
        let labels = &self.world.object(key)?.labels;
        SAID.iter().filter_map(|label| labels.get(*label)).find_map(|said| Exporter::called(said))
    }
}
