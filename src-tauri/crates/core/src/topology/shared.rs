//! Who shares something with an object: a node, a zone, storage, configuration, an image, an account.

use rustc_hash::{FxHashMap, FxHashSet};
use serde::{Deserialize, Serialize};

use super::places::{States, rank};
use super::reach::nodes_in;
use crate::id::{ObjectKey, Text};
use crate::resource::Body;
use crate::world::{Id, World, zone_of};

/// So many nodes of one house are told; a house on more of them is everywhere.
const NODES: usize = 24;

/// What is shared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum By {
    /// A node both run on.
    Node,
    /// A zone both run in.
    Zone,
    /// A `PersistentVolumeClaim` both mount.
    Claim,
    /// A `PersistentVolume` behind claims of both.
    Volume,
    /// A `ConfigMap`.
    ConfigMap,
    /// The name of a Secret.
    Secret,
    /// An image, to the letter.
    Image,
    /// A `ServiceAccount`.
    ServiceAccount,
}

/// One thing that is shared, and with whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shared {
    /// What it is.
    pub by: By,
    /// Its name, or the image.
    pub name: Text,
    /// The object it is, where it is one.
    pub key: Option<ObjectKey>,
    /// The houses it is shared with, and others that use it such as an Ingress; the worst first, then by key. The object
    /// that was asked for is not among them.
    pub with: Vec<Id>,
}

/// What an object shares, and what it left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sharing {
    /// What is shared, by kind of thing and then by name. What nobody else uses is among it, with nobody.
    pub things: Vec<Shared>,
    /// Nodes of the house that are not among the things: those with the fewest of its pods.
    pub nodes_left_out: usize,
}

/// Lists who shares nodes, zones, storage, configuration, images and accounts with an object.
///
/// A pod shares its own node, a house or controller those of all its pods, everything else as its house. A node, a zone, a
/// claim, a volume, a `ConfigMap`, a Secret or an account is itself what is shared. Empty for what was never heard of.
#[must_use]
pub fn shared(world: &World, key: &ObjectKey) -> Sharing {
    let asked = |own| Asked { world, own, order: None, states: States::of(world), sharing: Sharing::default() };
    // A zone is nothing but its nodes.
    if (key.group.as_str(), key.kind.as_str()) == ("", "Zone") {
        let (mut asked, nodes) = (asked(None), nodes_in(world, key));
        if !nodes.is_empty() {
            asked.tell(By::Zone, key.name.clone(), Some(key.clone()), world.houses_on(nodes.into_iter()));
        }
        return asked.sharing;
    }
    let Some(id) = world.id_of(key) else { return Sharing::default() };
    let mut asked = asked(world.house_at(id));
    if let Some(house) = asked.own {
        asked.places(id);
        asked.used(house);
        asked.images(house);
    } else {
        let by = match (key.group.as_str(), key.kind.as_str()) {
            ("", "Node") => By::Node,
            ("", "PersistentVolumeClaim") => By::Claim,
            ("", "PersistentVolume") => By::Volume,
            ("", "ConfigMap") => By::ConfigMap,
            ("", "Secret") => By::Secret,
            ("", "ServiceAccount") => By::ServiceAccount,
            _ => return Sharing::default(),
        };
        asked.thing(by, id);
    }
    let Sharing { mut things, nodes_left_out } = asked.sharing;
    things.sort_by(|a, b| (a.by, &a.name, &a.key).cmp(&(b.by, &b.name, &b.key)));
    Sharing { things, nodes_left_out }
}

/// The place of each number in the order of the keys.
fn order(world: &World) -> Vec<u32> {
    let mut order = vec![0; world.numbers()];
    for (place, id) in (0..).zip(world.numbers_in_order()) {
        order[id.at()] = place;
    }
    order
}

struct Asked<'w> {
    world: &'w World,
    /// The house that asks.
    own: Option<Id>,
    /// The place of each number in the order of the keys, once some were to be put in order.
    order: Option<Vec<u32>>,
    states: States<'w>,
    sharing: Sharing,
}

impl Asked<'_> {
    /// Adds a thing with those who share it, each once.
    fn tell(&mut self, by: By, name: Text, key: Option<ObjectKey>, with: impl IntoIterator<Item = Id>) {
        let mut with: Vec<Id> = with.into_iter().filter(|id| Some(*id) != self.own).collect();
        let order = self.order.get_or_insert_with(|| order(self.world));
        with.sort_unstable_by_key(|id| order[id.at()]);
        with.sort_by_cached_key(|id| std::cmp::Reverse(rank(self.states.state(*id))));
        self.sharing.things.push(Shared { by, name, key, with });
    }

    /// Adds an object that is shared by those with a relation to it.
    fn thing(&mut self, by: By, id: Id) {
        let key = self.world.key_of(id).clone();
        let with = self.users(by, id);
        self.tell(by, key.name.clone(), Some(key), with);
    }

    /// Who uses a thing: houses, and what is no house itself.
    fn users(&self, by: By, id: Id) -> FxHashSet<Id> {
        let relation = match by {
            By::Node => "runs-on",
            By::Claim => "claims",
            By::Volume => "binds",
            By::ServiceAccount => "identifies-as",
            _ => "uses",
        };
        let using = self.world.links(id).into_iter().filter(|link| !link.outgoing && link.r#type == relation);
        using
            .flat_map(|link| match by {
                By::Volume => self.users(By::Claim, link.other).into_iter().collect(),
                _ => vec![self.world.house_at(link.other).unwrap_or(link.other)],
            })
            .collect()
    }

    /// Nodes and zones of the pods of an object.
    fn places(&mut self, id: Id) {
        let world = self.world;
        let mut pods: FxHashMap<Id, usize> = FxHashMap::default();
        for pod in world.pods_at(id) {
            let (key, Some(object)) = (world.key_of(pod), world.object_of(pod)) else { continue };
            let Body::Pod(body) = &object.body else { continue };
            let node = ObjectKey::new(&key.cluster, "", "Node", "", &body.node);
            if let Some(node) = world.id_of(&node) {
                *pods.entry(node).or_default() += 1;
            }
        }
        let mut nodes: Vec<(usize, Id)> = pods.into_iter().map(|(node, count)| (count, node)).collect();
        nodes.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| world.key_of(a.1).cmp(world.key_of(b.1))));
        self.sharing.nodes_left_out = nodes.len().saturating_sub(NODES);
        for (_, node) in nodes.iter().take(NODES) {
            self.thing(By::Node, *node);
        }
        self.zones(nodes.into_iter().map(|(_, node)| node));
    }

    /// Who runs in the zones of these nodes.
    fn zones(&mut self, nodes: impl Iterator<Item = Id>) {
        let world = self.world;
        let zone = |node: Id| Some((world.key_of(node).cluster.clone(), zone_of(world.object_of(node)?)?.clone()));
        let wanted: FxHashSet<(Text, Text)> = nodes.filter_map(zone).collect();
        for (cluster, zone) in wanted {
            self.tell(By::Zone, zone.clone(), None, world.houses_on(world.nodes_of_zone(&cluster, &zone)));
        }
    }

    /// What the house's template names, and the claims of its pods.
    fn used(&mut self, house: Id) {
        let world = self.world;
        let mut named: FxHashSet<(By, Id)> = FxHashSet::default();
        let mut look = |id: Id| {
            for link in world.links(id).into_iter().filter(|link| link.outgoing) {
                let key = world.key_of(link.other);
                let by = match (link.r#type, key.kind.as_str()) {
                    ("uses", "ConfigMap") => By::ConfigMap,
                    ("uses", "Secret") => By::Secret,
                    ("claims", _) => By::Claim,
                    ("identifies-as", _) => By::ServiceAccount,
                    _ => continue,
                };
                named.insert((by, link.other));
            }
        };
        look(house);
        // Ephemeral claims are each pod's own.
        for pod in world.pods_at(house) {
            if pod != house && world.object_of(pod).is_some_and(|pod| claims_of_its_own(&pod.body)) {
                look(pod);
            }
        }
        let volumes: Vec<(By, Id)> = named
            .iter()
            .filter(|(by, _)| *by == By::Claim)
            .flat_map(|(_, claim)| world.links(*claim))
            .filter(|link| link.outgoing && link.r#type == "binds")
            .map(|link| (By::Volume, link.other))
            .collect();
        named.extend(volumes);
        for (by, id) in named {
            self.thing(by, id);
        }
    }

    /// Who else's template has the same images.
    fn images(&mut self, house: Id) {
        let world = self.world;
        let own = world.object_of(house).and_then(|object| object.body.template());
        let images: FxHashSet<&Text> =
            own.into_iter().flat_map(|own| own.images.iter().map(|(_, image)| image)).collect();
        for image in images {
            self.tell(By::Image, image.clone(), None, world.houses_with_image(image));
        }
    }
}

fn claims_of_its_own(body: &Body) -> bool {
    body.template().is_some_and(|template| template.claims.iter().any(|used| used.name.starts_with("*-")))
}
