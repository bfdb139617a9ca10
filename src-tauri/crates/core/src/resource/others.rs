//! What the API server calls, what Prometheus asks, and what scales beside the `HorizontalPodAutoscaler`.

use super::json::{At, Read};
use super::reduce::{conditions, observed};
use super::selector::selector;
use super::{Monitor, Reference, Scaler, Served, ServedBy};

/// The port the API server calls where none is given.
const HTTPS: u16 = 443;

/// Adds the Service a client configuration names; one with a URL names none.
fn served(services: &mut Vec<ServedBy>, at: At<'_>, field: &str) -> Read<()> {
    let service = Reference {
        field: format!("{field}.name"),
        group: String::new(),
        kind: "Service".to_owned(),
        namespace: at.text("namespace")?,
        name: at.text("name")?,
    };
    let port = at.number("port")?.and_then(|port| u16::try_from(port).ok()).unwrap_or(HTTPS);
    let told = services.iter().any(|known| {
        (&known.service.namespace, &known.service.name, known.port) == (&service.namespace, &service.name, port)
    });
    if !service.name.is_empty() && !told {
        services.push(ServedBy { service, port, ignored: false });
    }
    Ok(())
}

/// Reads `ValidatingWebhookConfiguration` and `MutatingWebhookConfiguration`.
pub(super) fn webhooks(at: At<'_>) -> Read<Served> {
    let mut services: Vec<ServedBy> = Vec::new();
    // Of several behind one Service the strictest counts.
    let mut strict = Vec::new();
    let mut outside = 0;
    for (index, webhook) in at.list("webhooks")?.enumerate() {
        let field = format!("webhooks[{index}].clientConfig.service");
        let service = webhook.get("clientConfig.service");
        served(&mut services, service, &field)?;
        if service.0.is_null() {
            outside += 1;
        } else if webhook.text("failurePolicy")? != "Ignore" {
            strict.push((service.text("namespace")?, service.text("name")?));
        }
    }
    for one in &mut services {
        one.ignored = !strict.iter().any(|(space, name)| *space == one.service.namespace && *name == one.service.name);
    }
    Ok(Served { services, conditions: Box::default(), outside })
}

/// Reads `APIService`; one the API server answers itself names no Service.
pub(super) fn api_service(at: At<'_>) -> Read<Served> {
    let mut services = Vec::new();
    served(&mut services, at.get("spec.service"), "spec.service")?;
    Ok(Served { services, conditions: conditions(at)?, outside: 0 })
}

/// Reads `CustomResourceDefinition`: who converts between its versions.
pub(super) fn definition(at: At<'_>) -> Read<Served> {
    let mut services = Vec::new();
    if at.text("spec.conversion.strategy")? == "Webhook" {
        let field = "spec.conversion.webhook.clientConfig.service";
        served(&mut services, at.get(field), field)?;
    }
    Ok(Served { services, conditions: conditions(at)?, outside: 0 })
}

/// Reads `ServiceMonitor` and `PodMonitor`; an absent selector selects everything, as the operator reads it.
pub(super) fn monitor(at: At<'_>, endpoints: &str) -> Read<Monitor> {
    let names = at.list(endpoints)?.map(|one| one.text("port")).collect::<Read<Vec<String>>>()?;
    Ok(Monitor {
        selector: selector(at.get("spec.selector"))?.unwrap_or_default(),
        anywhere: at.yes("spec.namespaceSelector.any")?,
        namespaces: at.texts("spec.namespaceSelector.matchNames")?,
        ports: if names.iter().any(String::is_empty) { Vec::new() } else { names },
    })
}

fn group(version: &str) -> String {
    version.rsplit_once('/').map_or(String::new(), |(group, _)| group.to_owned())
}

/// Reads `VerticalPodAutoscaler`.
pub(super) fn vertical(at: At<'_>) -> Read<Scaler> {
    let target = at.get("spec.targetRef");
    Ok(Scaler {
        target: Reference {
            field: "spec.targetRef".to_owned(),
            group: group(&target.text("apiVersion")?),
            kind: target.text("kind")?,
            namespace: String::new(),
            name: target.text("name")?,
        },
        conditions: conditions(at)?,
        observed_generation: observed(at),
    })
}

/// Reads KEDA's `ScaledObject`, which means a Deployment of `apps` where it says nothing else.
pub(super) fn scaled(at: At<'_>) -> Read<Scaler> {
    let target = at.get("spec.scaleTargetRef");
    let (version, kind) = (target.text("apiVersion")?, target.text("kind")?);
    Ok(Scaler {
        target: Reference {
            field: "spec.scaleTargetRef".to_owned(),
            group: if version.is_empty() { "apps".to_owned() } else { group(&version) },
            kind: if kind.is_empty() { "Deployment".to_owned() } else { kind },
            namespace: String::new(),
            name: target.text("name")?,
        },
        conditions: conditions(at)?,
        observed_generation: observed(at),
    })
}
