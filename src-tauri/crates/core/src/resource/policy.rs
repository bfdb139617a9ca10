//! `NetworkPolicy`: whom its rules admit, and in which directions it counts.

use super::json::{At, Read};
use super::selector::selector;
use super::{NetworkPolicy, Peer, PolicyPort, PolicyRule};

/// Reads a policy.
pub(super) fn policy(at: At<'_>) -> Read<NetworkPolicy> {
    Ok(NetworkPolicy {
        selector: selector(at.get("spec.podSelector"))?.unwrap_or_default(),
        types: at.texts("spec.policyTypes")?,
        ingress: rules(at, "spec.ingress", "from")?,
        egress: rules(at, "spec.egress", "to")?,
    })
}

fn rules(at: At<'_>, field: &str, peers: &str) -> Read<Vec<PolicyRule>> {
    at.list(field)?
        .map(|rule| {
            Ok(PolicyRule {
                peers: rule.list(peers)?.map(peer).collect::<Read<_>>()?,
                ports: rule.list("ports")?.map(port).collect::<Read<_>>()?,
            })
        })
        .collect()
}

fn peer(at: At<'_>) -> Read<Peer> {
    let mut block = at.text("ipBlock.cidr")?;
    let except = at.texts("ipBlock.except")?;
    if !except.is_empty() {
        block = format!("{block} except {}", except.join(", "));
    }
    Ok(Peer { namespaces: selector(at.get("namespaceSelector"))?, pods: selector(at.get("podSelector"))?, block })
}

fn port(at: At<'_>) -> Read<PolicyPort> {
    let protocol = at.text("protocol")?;
    Ok(PolicyPort {
        protocol: if protocol.is_empty() { "TCP".to_owned() } else { protocol },
        port: at.scalar("port")?,
        end: at.number("endPort")?.and_then(|end| u16::try_from(end).ok()),
    })
}

impl NetworkPolicy {
    /// Whether it counts for what comes in.
    #[must_use]
    pub fn governs_ingress(&self) -> bool {
        self.types.is_empty() || self.types.iter().any(|one| one == "Ingress")
    }

    /// Whether it counts for what goes out; where no types are given, only with rules for that.
    #[must_use]
    pub fn governs_egress(&self) -> bool {
        if self.types.is_empty() { !self.egress.is_empty() } else { self.types.iter().any(|one| one == "Egress") }
    }
}
