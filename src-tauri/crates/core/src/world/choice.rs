//! Who is selected by whom: selectors against label classes.
//!
//! Everything in one namespace that bears the same labels is a class: a selector is evaluated once for each class it may
//! match, found by one label pair, and a pod that comes to a class is selected by whoever selects the class.

use std::collections::BTreeSet;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::arena::{Column, Few, Id, Numbers, Scope, Word, hash_of};
use super::index::{labels_of, put, take};
use super::pending::Pending;
use super::store::World;
use crate::resource::{Body, Labels, Object, Selector};

/// The number of a class.
type ClassId = u32;

/// What bears the same labels in one namespace.
#[derive(Clone, Debug)]
struct Class {
    scope: Scope,
    labels: Arc<Labels>,
    members: Option<Few<Id>>,
    selectors: Option<Few<Id>>,
}

/// What can be selected by its labels, and the selectors. A selector that looks into every namespace stands under the
/// scope of [`EVERYWHERE`].
#[derive(Clone, Debug, Default)]
pub(super) struct Choice {
    classes: Vec<Class>,
    /// Numbers of classes without members, to be given again.
    idle: Vec<ClassId>,
    /// Classes by namespace and labels.
    known: Numbers<ClassId>,
    class_of: Column<ClassId>,
    /// Label pair → classes that bear it.
    labelled: FxHashMap<(Scope, Word, Word), Few<ClassId>>,
    /// Namespace → all there is.
    spaced: FxHashMap<Scope, Few<ClassId>>,
    /// Cluster → namespaces in which there is any.
    spaces: FxHashMap<Word, Few<Scope>>,
    /// Label pair → selectors that ask for it, each under one of its pairs.
    anchored: FxHashMap<(Scope, Word, Word), Few<Id>>,
    /// Namespace → selectors that ask for no pair.
    loose: FxHashMap<Scope, Few<Id>>,
    /// Selector → the classes it matches.
    matched: FxHashMap<Id, Few<ClassId>>,
}

/// No namespace is called so.
const EVERYWHERE: &str = "*";

/// What an object may be selected as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Family {
    Pods,
    Services,
}

fn add<T: Ord + Clone>(set: &mut Option<Few<T>>, value: T) {
    match set {
        Some(set) => {
            set.insert(value);
        }
        None => *set = Some(Few::One(value)),
    }
}

fn drop_from<T: Ord + Clone>(set: &mut Option<Few<T>>, value: &T) {
    if set.as_mut().is_some_and(|set| set.remove(value)) {
        *set = None;
    }
}

/// Labels in a namespace, as they are hashed.
struct Borne<'a>(Scope, &'a Labels);

impl Hash for Borne<'_> {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        self.0.hash(hasher);
        for (key, value) in self.1.iter() {
            (key.as_str(), value.as_str()).hash(hasher);
        }
    }
}

impl Choice {
    fn class(&self, id: ClassId) -> Option<&Class> {
        self.classes.get(id as usize)
    }

    fn find(&self, scope: Scope, labels: &Arc<Labels>) -> Option<ClassId> {
        let same = |id: ClassId| {
            self.class(id).is_some_and(|class| {
                class.scope == scope && (Arc::ptr_eq(&class.labels, labels) || class.labels == *labels)
            })
        };
        self.known.find(hash_of(Borne(scope, labels)), same)
    }

    fn open(&mut self, class: Class) -> ClassId {
        let hash = hash_of(Borne(class.scope, &class.labels));
        let id = if let Some(id) = self.idle.pop() {
            self.classes[id as usize] = class;
            id
        } else {
            self.classes.push(class);
            self.classes.len() as ClassId - 1
        };
        self.known.insert(hash, id);
        id
    }

    /// The members of a namespace's classes.
    pub(super) fn bearers_in(&self, scope: Scope) -> impl Iterator<Item = Id> + '_ {
        let classes = self.spaced.get(&scope).into_iter().flatten();
        classes.filter_map(|id| self.class(*id)).flat_map(|class| class.members.iter().flatten().copied())
    }

    fn selectors_of(&self, bearer: Id) -> impl Iterator<Item = Id> + '_ {
        let class = self.class_of.get(bearer).and_then(|class| self.class(*class));
        class.into_iter().flat_map(|class| class.selectors.iter().flatten().copied())
    }

    fn members_of(&self, selector: Id) -> impl Iterator<Item = Id> + '_ {
        let classes = self.matched.get(&selector).into_iter().flatten();
        classes.filter_map(|id| self.class(*id)).flat_map(|class| class.members.iter().flatten().copied())
    }
}

/// How an object selects: among what, in which namespaces, by which labels.
struct Selects<'a> {
    family: Family,
    reach: Reach<'a>,
    by: Selection<'a>,
}

/// The namespaces a selector looks into.
enum Reach<'a> {
    Own,
    Named(&'a [String]),
    Everywhere,
}

/// A selector of a Service, or one with the API's full semantics.
enum Selection<'a> {
    Pairs(&'a Labels),
    Full(&'a Selector),
}

impl Selection<'_> {
    fn matches(&self, labels: &Labels) -> bool {
        match self {
            Self::Pairs(pairs) => pairs.iter().all(|(key, value)| labels.get(key) == Some(value)),
            Self::Full(selector) => selector.matches(labels),
        }
    }

    /// A pair that everything it matches bears.
    fn anchor(&self) -> Option<(&str, &str)> {
        let pairs = match self {
            Self::Pairs(pairs) => pairs,
            Self::Full(selector) => &selector.labels,
        };
        let single = |selector: &'_ Selector| {
            let one = selector.expressions.iter().position(|e| e.operator == "In" && e.values.len() == 1)?;
            Some(one)
        };
        match (pairs.iter().next_back(), self) {
            (Some((key, value)), _) => Some((key, value)),
            (None, Self::Full(selector)) => {
                let expression = &selector.expressions[single(selector)?];
                Some((&expression.key, expression.values.first()?))
            }
            (None, Self::Pairs(_)) => None,
        }
    }
}

/// What an object selects by. A Service without a selector selects nothing, a policy with an empty one is drawn at
/// its namespace, a budget without one (null) protects nothing.
fn selects_of(object: &Object) -> Option<Selects<'_>> {
    let (family, reach, by) = match &object.body {
        Body::Service(service) if !service.selector.is_empty() => {
            (Family::Pods, Reach::Own, Selection::Pairs(&service.selector))
        }
        Body::DisruptionBudget(budget) => (Family::Pods, Reach::Own, Selection::Full(budget.selector.as_ref()?)),
        Body::NetworkPolicy(policy) if !policy.selector.is_empty() => {
            (Family::Pods, Reach::Own, Selection::Full(&policy.selector))
        }
        Body::Monitor(monitor) => {
            let family = if object.key.kind == "PodMonitor" { Family::Pods } else { Family::Services };
            let reach = match monitor.namespaces.as_slice() {
                _ if monitor.anywhere => Reach::Everywhere,
                [] => Reach::Own,
                names => Reach::Named(names),
            };
            (family, reach, Selection::Full(&monitor.selector))
        }
        _ => return None,
    };
    Some(Selects { family, reach, by })
}

/// What an object may be selected as, and the labels it is selected by.
fn chosen_by(object: &Object) -> Option<(Family, &Arc<Labels>)> {
    match &object.body {
        Body::Service(_) => Some((Family::Services, &object.labels)),
        _ => labels_of(object).map(|labels| (Family::Pods, labels)),
    }
}

impl World {
    /// The selectors that match an object.
    pub(super) fn matchers(&self, bearer: Id) -> impl Iterator<Item = Id> + '_ {
        self.index.pods.selectors_of(bearer).chain(self.index.chosen_services.selectors_of(bearer))
    }

    /// What a selector matches: pods and templates, or Services; in no particular order.
    pub(super) fn matched(&self, selector: Id) -> impl Iterator<Item = Id> + '_ {
        self.index.pods.members_of(selector).chain(self.index.chosen_services.members_of(selector))
    }

    /// Every selector that matches anything.
    pub(super) fn selectors(&self) -> impl Iterator<Item = Id> + '_ {
        self.index.pods.matched.keys().chain(self.index.chosen_services.matched.keys()).copied()
    }

    fn choice(&self, family: Family) -> &Choice {
        match family {
            Family::Pods => &self.index.pods,
            Family::Services => &self.index.chosen_services,
        }
    }

    fn choice_mut(&mut self, family: Family) -> &mut Choice {
        match family {
            Family::Pods => &mut self.index.pods,
            Family::Services => &mut self.index.chosen_services,
        }
    }

    /// The namespaces a selector is entered under.
    fn scopes_of(&mut self, id: Id, cluster: &str, reach: &Reach<'_>) -> Vec<Scope> {
        match reach {
            Reach::Own => vec![self.keys.scope(id)],
            Reach::Named(names) => {
                names.iter().map(|name| self.keys.scope_number(cluster, name, &mut self.words)).collect()
            }
            Reach::Everywhere => vec![self.keys.scope_number(cluster, EVERYWHERE, &mut self.words)],
        }
    }

    /// Enters what can be selected: whoever selects its class selects it.
    pub(super) fn enter_bearer(&mut self, id: Id, object: &Object, pending: &mut Pending) {
        let Some((family, labels)) = chosen_by(object) else { return };
        let scope = self.keys.scope(id);
        let nearby = self.class_nearby(family, id, labels);
        let class = match nearby.or_else(|| self.choice(family).find(scope, labels)) {
            Some(class) => class,
            None => self.open_class(family, scope, &object.key.cluster, labels),
        };
        let choice = self.choice_mut(family);
        choice.class_of.insert(id, class);
        add(&mut choice.classes[class as usize].members, id);
        for selector in self.choice(family).selectors_of(id) {
            self.note_link(selector, id, pending);
        }
    }

    /// The class of another ward of the same controller, or of the controller itself, that holds the very same labels.
    fn class_nearby(&self, family: Family, id: Id, labels: &Arc<Labels>) -> Option<ClassId> {
        let controller = self.index.parents.get(id)?.key;
        let wards = self.index.wards.get(&controller).into_iter().flatten();
        let near = wards.take(2).copied().chain([controller]).filter(|near| *near != id);
        let choice = self.choice(family);
        near.filter_map(|near| choice.class_of.get(near).copied())
            .find(|class| choice.class(*class).is_some_and(|class| Arc::ptr_eq(&class.labels, labels)))
    }

    /// Opens a class, and finds who selects it.
    fn open_class(&mut self, family: Family, scope: Scope, cluster: &str, labels: &Arc<Labels>) -> ClassId {
        let everywhere = self.keys.scope_number(cluster, EVERYWHERE, &mut self.words);
        let cluster = self.words.number(cluster);
        let pairs: Vec<(Word, Word)> =
            labels.iter().map(|(key, value)| (self.words.number_of(key), self.words.number_of(value))).collect();
        let choice = self.choice(family);
        let mut candidates: Vec<Id> = Vec::new();
        for scope in [scope, everywhere] {
            candidates.extend(choice.loose.get(&scope).into_iter().flatten());
            for (key, value) in &pairs {
                candidates.extend(choice.anchored.get(&(scope, *key, *value)).into_iter().flatten());
            }
        }
        let selects =
            |selector: &Id| self.at(*selector).and_then(selects_of).is_some_and(|selects| selects.by.matches(labels));
        candidates.sort_unstable();
        candidates.dedup();
        candidates.retain(selects);
        let mut selectors = None;
        for selector in &candidates {
            add(&mut selectors, *selector);
        }
        let choice = self.choice_mut(family);
        let class = choice.open(Class { scope, labels: Arc::clone(labels), members: None, selectors });
        put(&mut choice.spaced, scope, class);
        put(&mut choice.spaces, cluster, scope);
        for (key, value) in pairs {
            put(&mut choice.labelled, (scope, key, value), class);
        }
        for selector in candidates {
            put(&mut choice.matched, selector, class);
        }
        class
    }

    /// Ends a class nobody is in any more.
    fn close_class(&mut self, family: Family, id: ClassId, cluster: &str) {
        let Some(class) = self.choice(family).class(id) else { return };
        let (scope, labels) = (class.scope, Arc::clone(&class.labels));
        let cluster = self.words.number(cluster);
        let pairs: Vec<(Word, Word)> =
            labels.iter().map(|(key, value)| (self.words.number_of(key), self.words.number_of(value))).collect();
        let choice = self.choice_mut(family);
        choice.known.remove(hash_of(Borne(scope, &labels)), |known| known == id);
        take(&mut choice.spaced, &scope, &id);
        if !choice.spaced.contains_key(&scope) {
            take(&mut choice.spaces, &cluster, &scope);
        }
        for (key, value) in pairs {
            take(&mut choice.labelled, &(scope, key, value), &id);
        }
        let selectors = choice.classes[id as usize].selectors.take();
        for selector in selectors.iter().flatten() {
            take(&mut choice.matched, selector, &id);
        }
        choice.idle.push(id);
    }

    /// Enters a selector, and finds the classes it selects.
    pub(super) fn enter_selector(&mut self, id: Id, object: &Object, pending: &mut Pending) {
        let Some(selects) = selects_of(object) else { return };
        let cluster = self.words.number(&object.key.cluster);
        let anchor = selects.by.anchor().map(|(key, value)| (self.words.number(key), self.words.number(value)));
        let scopes = self.scopes_of(id, &object.key.cluster, &selects.reach);
        let choice = self.choice_mut(selects.family);
        for scope in &scopes {
            match anchor {
                Some((key, value)) => put(&mut choice.anchored, (*scope, key, value), id),
                None => put(&mut choice.loose, *scope, id),
            }
        }
        let looked_into: Vec<Scope> = match selects.reach {
            Reach::Everywhere => choice.spaces.get(&cluster).into_iter().flatten().copied().collect(),
            _ => scopes,
        };
        let mut found: BTreeSet<ClassId> = BTreeSet::new();
        for scope in looked_into {
            let here = match anchor {
                Some((key, value)) => choice.labelled.get(&(scope, key, value)),
                None => choice.spaced.get(&scope),
            };
            found.extend(here.into_iter().flatten());
        }
        found.retain(|class| choice.class(*class).is_some_and(|class| selects.by.matches(&class.labels)));
        for class in found {
            add(&mut choice.classes[class as usize].selectors, id);
            put(&mut choice.matched, id, class);
        }
        for bearer in self.choice(selects.family).members_of(id) {
            self.note_link(id, bearer, pending);
        }
    }

    /// Takes what can be selected, or a selector, away.
    pub(super) fn leave(&mut self, id: Id, object: &Object, pending: &mut Pending) {
        if let Some((family, _)) = chosen_by(object) {
            for selector in self.choice(family).selectors_of(id) {
                self.note_link(selector, id, pending);
            }
            let choice = self.choice_mut(family);
            if let Some(class) = choice.class_of.remove(id) {
                let members = &mut choice.classes[class as usize].members;
                drop_from(members, &id);
                if members.is_none() {
                    self.close_class(family, class, &object.key.cluster);
                }
            }
        }
        if let Some(selects) = selects_of(object) {
            for bearer in self.choice(selects.family).members_of(id) {
                self.note_link(id, bearer, pending);
            }
            let anchor = selects.by.anchor().map(|(key, value)| (self.words.number(key), self.words.number(value)));
            let scopes = self.scopes_of(id, &object.key.cluster, &selects.reach);
            let choice = self.choice_mut(selects.family);
            for scope in scopes {
                match anchor {
                    Some((key, value)) => take(&mut choice.anchored, &(scope, key, value), &id),
                    None => take(&mut choice.loose, &scope, &id),
                }
            }
            let classes = choice.matched.remove(&id);
            for class in classes.iter().flatten() {
                drop_from(&mut choice.classes[*class as usize].selectors, &id);
            }
        }
    }

    /// Streets lead to houses: of a pod behind one nobody who calls hears.
    fn note_link(&self, selector: Id, bearer: Id, pending: &mut Pending) {
        pending.delta.relations = true;
        self.note(selector, pending);
        if self.is_house(bearer) {
            pending.callers_of(selector);
        }
    }
}
