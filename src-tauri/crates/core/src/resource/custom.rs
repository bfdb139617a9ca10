//! Custom kinds whose references are known. A field of any other kind that looks like a reference is no relation: only
//! its `ownerReferences` count.

use super::json::{At, Read};
use super::{KINDS, Reference};

/// A custom kind, and the fields of it that name objects.
struct Listed {
    group: &'static str,
    kind: &'static str,
    fields: &'static [Field],
}

/// A field that names an object.
struct Field {
    /// Where it stands.
    path: &'static str,
    /// The group of what it names, where the reference does not say.
    group: &'static str,
    /// The kind of what it names, where the reference does not say.
    kind: &'static str,
    /// False where the field is the name itself.
    is_reference: bool,
}

const fn reference(path: &'static str, group: &'static str, kind: &'static str) -> Field {
    Field { path, group, kind, is_reference: true }
}

const fn name(path: &'static str, kind: &'static str) -> Field {
    Field { path, group: "", kind, is_reference: false }
}

const SOURCES: &str = "source.toolkit.fluxcd.io";

/// The list. Behind each group the document its fields were read from.
const LIST: &[Listed] = &[
    // cert-manager.io/v1: cert-manager.io/docs/reference/api-docs. A ClusterIssuer names Secrets of a namespace that only
    // its controller knows.
    Listed {
        group: "cert-manager.io",
        kind: "Certificate",
        fields: &[name("spec.secretName", "Secret"), reference("spec.issuerRef", "cert-manager.io", "Issuer")],
    },
    Listed {
        group: "cert-manager.io",
        kind: "Issuer",
        fields: &[name("spec.ca.secretName", "Secret"), reference("spec.acme.privateKeySecretRef", "", "Secret")],
    },
    // external-secrets.io/v1: external-secrets.io/latest/api/externalsecret.
    Listed {
        group: "external-secrets.io",
        kind: "ExternalSecret",
        fields: &[reference("spec.secretStoreRef", "external-secrets.io", "SecretStore")],
    },
    // argoproj.io/v1alpha1: argo-rollouts manifests/crds/rollout-crd.yaml, docs/features/specification.md.
    Listed { group: "argoproj.io", kind: "Rollout", fields: &[reference("spec.workloadRef", "apps", "Deployment")] },
    // flagger.app/v1beta1: flagger artifacts/flagger/crd.yaml.
    Listed {
        group: "flagger.app",
        kind: "Canary",
        fields: &[
            reference("spec.targetRef", "apps", "Deployment"),
            reference("spec.autoscalerRef", "autoscaling", "HorizontalPodAutoscaler"),
            reference("spec.ingressRef", "networking.k8s.io", "Ingress"),
        ],
    },
    // helm.toolkit.fluxcd.io/v2: fluxcd.io/flux/components/helm/api/v2.
    Listed {
        group: "helm.toolkit.fluxcd.io",
        kind: "HelmRelease",
        fields: &[
            reference("spec.chart.spec.sourceRef", SOURCES, "HelmRepository"),
            reference("spec.chartRef", SOURCES, "HelmChart"),
        ],
    },
    // kustomize.toolkit.fluxcd.io/v1: fluxcd.io/flux/components/kustomize/api/v1.
    Listed {
        group: "kustomize.toolkit.fluxcd.io",
        kind: "Kustomization",
        fields: &[
            reference("spec.sourceRef", SOURCES, "GitRepository"),
            reference("spec.decryption.secretRef", "", "Secret"),
        ],
    },
    // source.toolkit.fluxcd.io/v1: fluxcd.io/flux/components/source/api/v1.
    Listed { group: SOURCES, kind: "GitRepository", fields: &[reference("spec.secretRef", "", "Secret")] },
    Listed { group: SOURCES, kind: "HelmRepository", fields: &[reference("spec.secretRef", "", "Secret")] },
    Listed { group: SOURCES, kind: "OCIRepository", fields: &[reference("spec.secretRef", "", "Secret")] },
    Listed { group: SOURCES, kind: "Bucket", fields: &[reference("spec.secretRef", "", "Secret")] },
    Listed { group: SOURCES, kind: "HelmChart", fields: &[reference("spec.sourceRef", SOURCES, "HelmRepository")] },
    // Crossplane's references are generic (`spec.forProvider.*Ref` of kinds made at run time): none is listed.
];

fn listed(group: &str, kind: &str) -> Option<&'static Listed> {
    LIST.iter().find(|one| one.group == group && one.kind == kind)
}

/// Whether the references of a kind are known.
pub(super) fn is_known(group: &str, kind: &str) -> bool {
    listed(group, kind).is_some()
}

/// The objects an object of a known kind names.
pub(super) fn references(at: At<'_>, group: &str, kind: &str) -> Read<Vec<Reference>> {
    let mut found = Vec::new();
    for field in listed(group, kind).map_or(&[][..], |one| one.fields) {
        if !field.is_reference {
            let reference = Reference {
                field: field.path.to_owned(),
                kind: field.kind.to_owned(),
                name: at.text(field.path)?,
                ..Reference::default()
            };
            found.push(reference);
            continue;
        }
        let (one, named) = (at.get(field.path), at.text(&format!("{}.kind", field.path))?);
        let kind = if named.is_empty() { field.kind.to_owned() } else { named };
        found.push(Reference {
            field: field.path.to_owned(),
            group: group_of(one, field, &kind)?,
            namespace: if is_namespaced(&kind) { one.text("namespace")? } else { String::new() },
            name: one.text("name")?,
            kind,
        });
    }
    found.retain(|one| !one.name.is_empty());
    Ok(found)
}

/// What the reference says (`group`, `apiGroup` or the group of `apiVersion`), else what the field means.
fn group_of(at: At<'_>, field: &Field, kind: &str) -> Read<String> {
    for path in ["group", "apiGroup"] {
        let said = at.text(path)?;
        if !said.is_empty() {
            return Ok(said);
        }
    }
    let version = at.text("apiVersion")?;
    if let Some((group, _)) = version.rsplit_once('/') {
        return Ok(group.to_owned());
    }
    if !version.is_empty() || kind == "Secret" {
        return Ok(String::new());
    }
    Ok(field.group.to_owned())
}

/// A namespace beside the name of a cluster-scoped object means nothing.
fn is_namespaced(kind: &str) -> bool {
    KINDS.iter().find(|info| info.kind == kind).is_none_or(|info| info.namespaced)
}
