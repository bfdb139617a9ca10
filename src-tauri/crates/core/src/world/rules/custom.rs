//! What the API server calls, and what custom kinds on the list name (21, 29).

use super::super::RelationState;
use super::super::edge::{Standing, Type};
use super::Prover;
use crate::resource::{Custom, Served};

impl Prover<'_> {
    /// 21: the Service behind a webhook, an API or a conversion; its port must exist.
    pub(super) fn served(&mut self, served: &Served) {
        for one in &served.services {
            let Some(service) = self.referenced(&one.service) else { continue };
            let closed = self.is_closed(service, &one.port.to_string());
            let standing = if closed { Standing::Said(RelationState::Broken) } else { Standing::ByEnds };
            self.edge((self.id, service), Type::Serves, 21, &one.service.field, standing);
        }
    }

    /// 29: the objects named in the fields we know.
    pub(super) fn custom(&mut self, custom: &Custom) {
        for reference in &custom.references {
            if let Some(target) = self.referenced(reference) {
                self.edge((self.id, target), Type::RefersTo, 29, &reference.field, Standing::ByEnds);
            }
        }
    }
}
