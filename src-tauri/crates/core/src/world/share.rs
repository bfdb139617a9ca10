//! What objects have in common is kept once: the words they use, and what a pod has from its house.

use std::sync::Arc;

use super::arena::{Id, KeyRef};
use super::store::World;
use crate::health::{Health, HealthState};
use crate::id::Text;
use crate::resource::{Body, Condition, Object, Template};

/// What this many hold is kept once, or seldom twice.
const MANY: usize = 8;

/// Takes what another holds where it is the same.
fn with<T: PartialEq + ?Sized>(mine: &mut Arc<T>, theirs: &Arc<T>) {
    if !Arc::ptr_eq(mine, theirs) && **mine == **theirs {
        *mine = Arc::clone(theirs);
    }
}

fn template_of_mut(body: &mut Body) -> Option<&mut Arc<Template>> {
    match body {
        Body::Pod(pod) => Some(&mut pod.template),
        Body::Workload(workload) => Some(&mut workload.template),
        Body::Job(job) => Some(&mut job.template),
        Body::CronJob(job) => Some(&mut job.template),
        _ => None,
    }
}

/// Takes a whole template, or the parts of it that are the same: revisions differ in little.
fn with_template(mine: &mut Arc<Template>, theirs: &Arc<Template>) {
    with(mine, theirs);
    if Arc::ptr_eq(mine, theirs) {
        return;
    }
    let mine = Arc::make_mut(mine);
    with(&mut mine.labels, &theirs.labels);
    with(&mut mine.images, &theirs.images);
    with(&mut mine.ports, &theirs.ports);
    with(&mut mine.env_names, &theirs.env_names);
    with(&mut mine.config_maps, &theirs.config_maps);
    with(&mut mine.secrets, &theirs.secrets);
    with(&mut mine.claims, &theirs.claims);
    with(&mut mine.hosts, &theirs.hosts);
    with(&mut mine.mounted_config_maps, &theirs.mounted_config_maps);
    with(&mut mine.config_keys, &theirs.config_keys);
    with(&mut mine.telemetry, &theirs.telemetry);
}

impl World {
    /// Lets an object that is about to be kept hold what is kept already.
    pub(super) fn share(&mut self, id: Id, object: &mut Object) {
        object.key = self.keys.key(id).clone();
        // Whoever read the object may hold its template too, for the next of the same spec.
        let mut is_kept = false;
        let relative = self.objects.get(id.at()).cloned().flatten().or_else(|| self.kin(id, object));
        if let Some(relative) = &relative {
            with(&mut object.labels, &relative.labels);
            with(&mut object.annotations, &relative.annotations);
            with(&mut object.owners, &relative.owners);
            if let (Some(mine), Some(theirs)) = (template_of_mut(&mut object.body), relative.body.template()) {
                with_template(mine, theirs);
                is_kept = Arc::ptr_eq(mine, theirs);
            }
        }
        if relative.as_ref().is_none_or(|relative| !Arc::ptr_eq(&object.owners, &relative.owners)) {
            self.words_of_owners(object);
        }
        if let Some(template) = template_of_mut(&mut object.body).filter(|_| !is_kept) {
            let template = Arc::make_mut(template);
            with(&mut template.labels, &object.labels);
            self.words_of_template(template, relative.as_deref().and_then(|it| it.body.template()).map(|it| &**it));
        }
        match &mut object.body {
            Body::Pod(pod) => {
                for word in [&mut pod.node, &mut pod.phase, &mut pod.reason, &mut pod.host_ip] {
                    self.word(word);
                }
                self.words_of_conditions(&mut pod.conditions);
                for container in &mut pod.containers {
                    for word in [&mut container.name, &mut container.image, &mut container.waiting] {
                        self.word(word);
                    }
                }
            }
            Body::Workload(workload) => self.words_of_conditions(&mut workload.conditions),
            Body::Job(job) => self.words_of_conditions(&mut job.conditions),
            Body::Node(node) => self.words_of_conditions(&mut node.conditions),
            _ => {}
        }
    }

    /// Who owns is named in the words of its own key.
    fn words_of_owners(&mut self, object: &mut Object) {
        if object.owners.is_empty() {
            return;
        }
        for owner in Arc::make_mut(&mut object.owners) {
            let key = KeyRef { group: &owner.group, kind: &owner.kind, name: &owner.name, ..KeyRef::from(&object.key) };
            if let Some(id) = self.keys.find(key) {
                let key = self.keys.key(id);
                owner.group.clone_from(&key.group);
                owner.kind.clone_from(&key.kind);
                owner.name.clone_from(&key.name);
            }
        }
    }

    /// Another child of the same controller, of the same kind; else the controller itself.
    fn kin(&self, id: Id, object: &Object) -> Option<Arc<Object>> {
        let parent = self.keys.find(super::index::controller_of(object)?.0)?;
        let wards = self.index.wards.get(&parent).into_iter().flatten();
        let mut siblings = wards.filter(|ward| **ward != id && self.keys.key(**ward).kind == object.key.kind);
        let kin = siblings.next().copied().unwrap_or(parent);
        self.objects.get(kin.at()).cloned().flatten()
    }

    /// Words of a template that many templates say: fields, names of variables, images. What is the relative's has them.
    fn words_of_template(&mut self, template: &mut Template, relative: Option<&Template>) {
        fn each<T: Clone>(list: &mut Arc<[T]>, theirs: Option<&Arc<[T]>>, work: impl FnMut(&mut T)) {
            if !list.is_empty() && theirs.is_none_or(|theirs| !Arc::ptr_eq(list, theirs)) {
                Arc::make_mut(list).iter_mut().for_each(work);
            }
        }
        each(&mut template.images, relative.map(|it| &it.images), |(name, image)| {
            self.word(name);
            self.word(image);
        });
        each(&mut template.env_names, relative.map(|it| &it.env_names), |name| self.word(name));
        each(&mut template.hosts, relative.map(|it| &it.hosts), |token| self.word(&mut token.field));
        each(&mut template.config_keys, relative.map(|it| &it.config_keys), |(used, _)| {
            self.word(&mut used.name);
            self.word(&mut used.field);
        });
        let uses = [
            (&mut template.config_maps, relative.map(|it| &it.config_maps)),
            (&mut template.secrets, relative.map(|it| &it.secrets)),
            (&mut template.claims, relative.map(|it| &it.claims)),
            (&mut template.mounted_config_maps, relative.map(|it| &it.mounted_config_maps)),
        ];
        for (list, theirs) in uses {
            each(list, theirs, |used| {
                self.word(&mut used.name);
                self.word(&mut used.field);
            });
        }
    }

    fn word(&mut self, text: &mut Text) {
        if Text::strong_count(text).is_some_and(|holders| holders < MANY) {
            *text = self.words.share_of(text);
        }
    }

    fn words_of_conditions(&mut self, conditions: &mut [Condition]) {
        for condition in conditions {
            for word in [&mut condition.r#type, &mut condition.status, &mut condition.reason] {
                self.word(word);
            }
        }
    }

    /// A verdict in words that are kept already; what is wrong is said in words of its own.
    pub(super) fn shared_verdict(&mut self, mut health: Health) -> Health {
        self.word(&mut health.field);
        if !matches!(health.state, HealthState::Critical | HealthState::Warning) {
            self.word(&mut health.reason);
        }
        health
    }
}
