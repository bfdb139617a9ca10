//! Rule 24: which Services a workload names in its values, and whose workloads stand behind them.

use super::arena::{Id, KeyRef};
use super::edge::{Edge, HostKey, Proof, Proven, Standing, Type};
use super::pending::Pending;
use super::store::World;
use super::{RelationSource, RelationState};
use crate::resource::{Body, HostName, HostToken};

/// Splits a name of the cluster's own domain (`cart.shop.svc…`, `cart-0.cart.shop.svc…`) into Service and namespace.
pub(super) fn service_of_domain(name: &str) -> Option<(&str, &str)> {
    let mut labels = name.trim_end_matches('.').split('.');
    let (first, second, third) = (labels.next()?, labels.next()?, labels.next()?);
    match (first, second, third, labels.next()) {
        ("svc", ..) | (_, "svc", ..) => None,
        (service, namespace, "svc", _) | (_, service, namespace, Some("svc")) => Some((service, namespace)),
        _ => None,
    }
}

impl World {
    /// Works out whom a house calls. Where nothing that it says itself changed, the words it said are those of the last time.
    pub(super) fn prove_calls(&mut self, id: Id, is_same: bool) -> Proof {
        let mut proof = Proof::default();
        let Some(object) = self.objects.get(id.at()).cloned().flatten() else { return proof };
        let Some(template) = object.body.template().filter(|_| self.is_house(id)) else { return proof };
        let last = self.calls.get(&id).and_then(Proven::rest).filter(|_| is_same).map(|rest| rest.hosts.clone());
        let last = last.unwrap_or_default();
        for token in template.hosts.iter() {
            self.call(id, token, "", &last, &mut proof);
        }
        let whole = template.mounted_config_maps.iter().map(|used| (used, None));
        let single = template.config_keys.iter().map(|(used, key)| (used, Some(format!("data[{key}]"))));
        for (used, only) in whole.chain(single) {
            let config = KeyRef { group: "", kind: "ConfigMap", name: &used.name, ..KeyRef::from(&object.key) };
            let config = self.number(config);
            proof.interests.push(config);
            let Some(config) = self.objects.get(config.at()).cloned().flatten() else { continue };
            let Body::ConfigMap(config) = &config.body else { continue };
            for token in config.hosts.iter().filter(|token| only.as_ref().is_none_or(|only| *only == token.field)) {
                self.call(id, token, &used.field, &last, &mut proof);
            }
        }
        proof.interests.sort_unstable();
        proof.interests.dedup();
        proof.doors.sort_unstable();
        proof.doors.dedup();
        proof
    }

    /// The word of the index by which a token is found.
    fn word_of(&mut self, caller: Id, host: &HostName) -> HostKey {
        let key = self.keys.key(caller).clone();
        match host {
            HostName::Hashed(hash) => HostKey::HashAnywhere(self.words.number_of(&key.cluster), *hash),
            HostName::Written(name) => {
                let place = match service_of_domain(name) {
                    Some(place) => Some(place),
                    None => match name.split_once('.') {
                        None => Some((name.as_str(), key.namespace.as_str())),
                        Some((service, namespace)) => (!namespace.contains('.')).then_some((service, namespace)),
                    },
                };
                let Some((service, namespace)) = place else { return HostKey::Nowhere };
                let scope = if *namespace == key.namespace {
                    self.keys.scope(caller)
                } else {
                    self.keys.scope_number(&key.cluster, namespace, &mut self.words)
                };
                HostKey::Name(scope, self.words.number(service))
            }
        }
    }

    /// The Services a word means that somebody says.
    fn meant_by(&self, caller: Id, host: HostKey) -> Vec<Id> {
        let services = &self.index.services;
        let here = match host {
            HostKey::HashAnywhere(_, hash) => services.get(&HostKey::HashHere(self.keys.scope(caller), hash)),
            _ => None,
        };
        let mut found: Vec<Id> = [here, services.get(&host)].into_iter().flatten().flatten().copied().collect();
        found.sort_unstable();
        found.dedup();
        found
    }

    /// Asks for new calls of everybody who says a word this Service answers to.
    pub(super) fn ask_callers(&mut self, service: Id, pending: &mut Pending) {
        let cluster = self.words.number_of(&self.keys.key(service).cluster);
        let home = self.keys.scope(service);
        for host in self.host_keys(service) {
            // A hashed word stands there once, whichever of its two meanings it may have.
            let (said, at_home) = match host {
                HostKey::HashHere(_, hash) => (HostKey::HashAnywhere(cluster, hash), true),
                other => (other, false),
            };
            let callers = self.index.callers.get(&said).into_iter().flatten();
            for caller in callers.filter(|caller| !at_home || self.keys.scope(**caller) == home) {
                pending.call_again(*caller);
            }
        }
    }

    /// Adds what one token proves. Where it stands in a ConfigMap, `through` is the field that names that.
    fn call(&mut self, caller: Id, token: &HostToken, through: &str, last: &[HostKey], proof: &mut Proof) {
        let host = match last.get(proof.hosts.len()) {
            Some(host) => *host,
            None => self.word_of(caller, &token.host),
        };
        proof.hosts.push(host);
        let found = self.meant_by(caller, host);
        // Most words name nothing at all.
        let nobody = if found.is_empty() { cluster_address(token) } else { None };
        if found.is_empty() && nobody.is_none() {
            return;
        }
        let field = match through {
            "" => self.words.number_of(&token.field),
            through => self.words.number(&format!("{through}/{}", token.field)),
        };
        if let Some(address) = nobody {
            let place = (field, self.words.number(&address));
            if !proof.unresolved.contains(&place) {
                proof.unresolved.push(place);
            }
            return;
        }
        for service in found {
            let standing = if self.listens(service, token.port) {
                Standing::ByEnds
            } else {
                Standing::Said(RelationState::Broken)
            };
            for to in self.behind(service) {
                if to == caller {
                    continue;
                }
                if standing == Standing::ByEnds {
                    let doors = self.doors(service, token.port, to);
                    proof.doors.extend(doors.into_iter().map(|port| (to, port)));
                }
                let edge = Edge {
                    from: caller,
                    to,
                    r#type: Type::Calls,
                    source: RelationSource::Declared,
                    rule: 24,
                    field,
                    standing,
                };
                // One street between two houses: the first field that works, else the first that does not.
                match proof.edges.iter_mut().find(|known| known.to == to) {
                    Some(known) if known.standing != Standing::ByEnds && standing == Standing::ByEnds => *known = edge,
                    Some(_) => {}
                    None => proof.edges.push(edge),
                }
            }
        }
    }

    /// The ports of a house's pods behind a port of a Service, behind all of them where none is named. A headless Service
    /// leads to the very port; what is not TCP is left out, and so is a name no container gives its port.
    fn doors(&self, service: Id, port: Option<u16>, to: Id) -> Vec<u16> {
        let Some(Body::Service(service)) = self.at(service).map(|object| &object.body) else { return Vec::new() };
        if let (Some(port), true) = (port, service.cluster_ip == "None" || service.r#type == "ExternalName") {
            return vec![port];
        }
        let names = self.at(to).and_then(|object| object.body.template()).map_or(&[][..], |template| &template.ports);
        let open = service.ports.iter().filter(|open| open.protocol.is_empty());
        let meant = open.filter(|open| port.is_none_or(|port| open.number == port));
        let behind = meant.filter_map(|open| match (open.target.as_str(), open.target.parse::<u16>()) {
            ("", _) => Some(open.number),
            (_, Ok(number)) => Some(number),
            (name, Err(_)) => names.iter().find(|(known, _)| known == name).map(|(_, number)| *number),
        });
        behind.collect()
    }

    /// True where the Service listens on the port, or cannot be asked: without a cluster address (headless, external
    /// name) its name leads straight to whatever port its pods open.
    fn listens(&self, service: Id, port: Option<u16>) -> bool {
        match (self.at(service).map(|object| &object.body), port) {
            (Some(Body::Service(service)), Some(port)) => {
                service.cluster_ip == "None"
                    || service.r#type == "ExternalName"
                    || service.ports.iter().any(|open| open.number == port)
            }
            _ => true,
        }
    }

    /// The houses behind a Service, or the Service itself where it selects none; ordered by key.
    pub(super) fn behind(&self, service: Id) -> Vec<Id> {
        let mut houses: Vec<Id> = self.matched(service).filter(|id| self.is_house(*id)).collect();
        if houses.is_empty() {
            return vec![service];
        }
        houses.sort_by(|a, b| self.keys.key(*a).cmp(self.keys.key(*b)));
        houses
    }
}

/// The address a token spells, where it can only mean a Service: one label with a port, or the cluster's domain.
fn cluster_address(token: &HostToken) -> Option<String> {
    let HostName::Written(name) = &token.host else { return None };
    let own = service_of_domain(name).is_some() && (name.ends_with(".svc") || name.contains(".svc."));
    let label = !name.contains('.') && token.port.is_some() && name != "localhost";
    (own || label).then(|| match token.port {
        Some(port) => format!("{name}:{port}"),
        None => name.to_string(),
    })
}
