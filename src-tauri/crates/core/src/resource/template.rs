//! A pod's spec: everything it names, and the addresses in its values.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;

use arcstr::literal;

use super::hosts::{LONGEST_TEXT, hosts_in_argument, hosts_in_variable};
use super::json::{At, Read};
use super::memo::remembered;
use super::sieve::Json;
use super::{HostToken, Labels, NamedUse, Template};
use crate::id::Text;

/// What was found in a spec so far.
#[derive(Default)]
struct Found {
    images: Vec<(Text, Text)>,
    ports: Vec<(Text, u16)>,
    env_names: Vec<Text>,
    config_maps: Vec<NamedUse>,
    secrets: Vec<NamedUse>,
    claims: Vec<NamedUse>,
    hosts: Vec<HostToken>,
    mounted_config_maps: Vec<NamedUse>,
    config_keys: Vec<(NamedUse, String)>,
    telemetry: BTreeSet<Text>,
}

/// A pod's spec: everything it names; `field` is where the spec stands.
pub(super) fn template(spec: At<'_>, labels: Arc<Labels>, field: &str) -> Read<Arc<Template>> {
    if spec.0.is_null() {
        return Ok(Arc::new(Template { labels, ..Template::default() }));
    }
    remembered(spec, &labels, field, || read(spec, Arc::clone(&labels), field))
}

/// The template, and whether its own labels say anything beside what they are.
fn read(spec: At<'_>, labels: Arc<Labels>, field: &str) -> Read<(Template, bool)> {
    let mut template = Found::default();
    let account = spec.word("serviceAccountName")?;
    let mut by_label = false;
    for list in ["initContainers", "containers", "ephemeralContainers"] {
        for (index, container) in spec.list(list)?.enumerate() {
            self::container(&mut template, container, &format!("{field}.{list}[{index}]"))?;
            template.telemetry.extend(telemetry(container, &labels, &mut by_label)?);
        }
    }
    volumes(&mut template, spec, field)?;
    for (index, secret) in spec.list("imagePullSecrets")?.enumerate() {
        let name = secret.word("name")?;
        template.secrets.push(NamedUse {
            name,
            field: format!("{field}.imagePullSecrets[{index}].name").into(),
            optional: false,
        });
    }
    let named = |uses: &mut Vec<NamedUse>| {
        let mut seen = BTreeSet::new();
        uses.retain(|used| !used.name.is_empty() && seen.insert((used.name.clone(), used.field.clone())));
    };
    named(&mut template.config_maps);
    named(&mut template.secrets);
    named(&mut template.claims);
    named(&mut template.mounted_config_maps);
    let template = Template {
        labels,
        service_account: if account.is_empty() { literal!("default") } else { account },
        images: template.images.into(),
        ports: template.ports.into(),
        env_names: template.env_names.into(),
        config_maps: template.config_maps.into(),
        secrets: template.secrets.into(),
        claims: template.claims.into(),
        hosts: template.hosts.into(),
        mounted_config_maps: template.mounted_config_maps.into(),
        config_keys: template.config_keys.into(),
        telemetry: template.telemetry.into_iter().collect(),
    };
    Ok((template, by_label))
}

fn container(template: &mut Found, container: At<'_>, field: &str) -> Read<()> {
    template.images.push((container.word("name")?, container.word("image")?));
    for port in container.list("ports")? {
        let (name, number) = (port.word("name")?, u16::try_from(port.count("containerPort")?).unwrap_or_default());
        if !name.is_empty() {
            template.ports.push((name, number));
        }
    }
    let mut values: Values<'_> = Vec::new();
    for (index, env) in container.list("env")?.enumerate() {
        let name = env.word("name")?;
        if let Json::Text(value) = env.get("value").0 {
            let value = expand(value, &values);
            let field = || format!("{field}.env[{name}].value").into();
            template.hosts.extend(hosts_in_variable(&name, &value, &field));
            values.push((name.clone(), value));
        }
        template.env_names.push(name);
        for (path, secret) in [("valueFrom.configMapKeyRef", false), ("valueFrom.secretKeyRef", true)] {
            let reference = env.get(path);
            if reference.has("name") {
                let used = NamedUse {
                    name: reference.word("name")?,
                    field: format!("{field}.env[{index}].{path}.name").into(),
                    optional: reference.yes("optional")?,
                };
                if secret {
                    template.secrets.push(used);
                } else {
                    template.config_keys.push((used.clone(), reference.text("key")?));
                    template.config_maps.push(used);
                }
            }
        }
    }
    for (index, source) in container.list("envFrom")?.enumerate() {
        for (path, secret) in [("configMapRef", false), ("secretRef", true)] {
            let reference = source.get(path);
            if reference.has("name") {
                let used = NamedUse {
                    name: reference.word("name")?,
                    field: format!("{field}.envFrom[{index}].{path}.name").into(),
                    optional: reference.yes("optional")?,
                };
                if secret {
                    template.secrets.push(used);
                } else {
                    template.mounted_config_maps.push(used.clone());
                    template.config_maps.push(used);
                }
            }
        }
    }
    let mut before = Cow::Borrowed("");
    for list in ["command", "args"] {
        for (index, text) in container.list(list)?.enumerate() {
            if let Json::Text(text) = text.0 {
                let text = expand(text, &values);
                let field = || format!("{field}.{list}[{index}]").into();
                template.hosts.extend(hosts_in_argument(&before, &text, &field));
                before = text;
            }
        }
    }
    Ok(())
}

/// The longest name of a service that is kept.
const LONGEST_SERVICE: usize = 253;

/// What a container says it is called in telemetry. `OTEL_SERVICE_NAME` goes before `OTEL_RESOURCE_ATTRIBUTES`
/// (OpenTelemetry's specification of SDK environment variables); a value that names others is not followed.
fn telemetry(container: At<'_>, labels: &Labels, by_label: &mut bool) -> Read<Option<Text>> {
    let mut among_attributes = None;
    for env in container.list("env")? {
        let name = env.get("name").0.as_str().unwrap_or_default();
        if !matches!(name, "OTEL_SERVICE_NAME" | "OTEL_RESOURCE_ATTRIBUTES") {
            continue;
        }
        let value = match env.get("value").0 {
            Json::Text(value) => value.to_string(),
            _ => {
                let path = env.get("valueFrom").get("fieldRef").get("fieldPath").0.as_str().unwrap_or_default();
                let label = path.strip_prefix("metadata.labels['").and_then(|rest| rest.strip_suffix("']"));
                *by_label |= label.is_some();
                label.and_then(|label| labels.get(label)).map(ToString::to_string).unwrap_or_default()
            }
        };
        let of_use = |value: &str| !value.is_empty() && value.len() <= LONGEST_SERVICE && !value.contains("$(");
        match name {
            "OTEL_SERVICE_NAME" if of_use(&value) => return Ok(Some(value.into())),
            "OTEL_RESOURCE_ATTRIBUTES" => {
                let pairs = value.split(',').filter_map(|pair| pair.trim().strip_prefix("service.name="));
                among_attributes = pairs.map(str::trim).find(|name| of_use(name)).map(Text::from);
            }
            _ => {}
        }
    }
    Ok(among_attributes)
}

/// Variables of a container with what they say, in their order.
type Values<'a> = Vec<(Text, Cow<'a, str>)>;

/// What a variable says; the last of its name counts.
fn value_of<'v>(values: &'v Values<'_>, name: &str) -> Option<&'v str> {
    values.iter().rev().find(|(known, _)| known == name).map(|(_, value)| value.as_ref())
}

/// Replaces `$(NAME)` by what an earlier variable says, as the kubelet does; `$$(NAME)` and unknown names stay.
fn expand<'t>(text: &'t str, values: &Values<'_>) -> Cow<'t, str> {
    if !text.contains("$(") {
        return Cow::Borrowed(text);
    }
    let mut out = String::new();
    let mut rest = text;
    while let Some(start) = rest.find('$') {
        out.push_str(&rest[..start]);
        rest = &rest[start..];
        if let Some(escaped) = rest.strip_prefix("$$") {
            out.push('$');
            rest = escaped;
            continue;
        }
        let name = rest.strip_prefix("$(").and_then(|inner| inner.split_once(')'));
        match name.and_then(|(name, after)| Some((value_of(values, name)?, after))) {
            Some((value, after)) if out.len() + value.len() <= LONGEST_TEXT => {
                out.push_str(value);
                rest = after;
            }
            _ => {
                out.push('$');
                rest = &rest[1..];
            }
        }
    }
    out.push_str(rest);
    Cow::Owned(out)
}

fn volumes(template: &mut Found, spec: At<'_>, field: &str) -> Read<()> {
    for (index, volume) in spec.list("volumes")?.enumerate() {
        let here = format!("{field}.volumes[{index}]");
        let mut config = |source: At<'_>, field: String| -> Read<()> {
            if source.has("name") {
                let used =
                    NamedUse { name: source.word("name")?, field: field.into(), optional: source.yes("optional")? };
                // Where keys are listed, the others are not mounted.
                let mut whole = true;
                for item in source.list("items")? {
                    template.config_keys.push((used.clone(), item.text("key")?));
                    whole = false;
                }
                if whole {
                    template.mounted_config_maps.push(used.clone());
                }
                template.config_maps.push(used);
            }
            Ok(())
        };
        config(volume.get("configMap"), format!("{here}.configMap.name"))?;
        for (s, source) in volume.list("projected.sources")?.enumerate() {
            config(source.get("configMap"), format!("{here}.projected.sources[{s}].configMap.name"))?;
            if source.has("secret.name") {
                let optional = source.yes("secret.optional")?;
                let field = format!("{here}.projected.sources[{s}].secret.name").into();
                template.secrets.push(NamedUse { name: source.word("secret.name")?, field, optional });
            }
        }
        if volume.has("secret.secretName") {
            let optional = volume.yes("secret.optional")?;
            template.secrets.push(NamedUse {
                name: volume.word("secret.secretName")?,
                field: format!("{here}.secret.secretName").into(),
                optional,
            });
        }
        for path in
            ["csi.nodePublishSecretRef", "flexVolume.secretRef", "iscsi.secretRef", "rbd.secretRef", "cephfs.secretRef"]
        {
            if volume.has(&format!("{path}.name")) {
                let name = volume.word(&format!("{path}.name"))?;
                template.secrets.push(NamedUse { name, field: format!("{here}.{path}.name").into(), optional: false });
            }
        }
        if volume.has("persistentVolumeClaim.claimName") {
            let name = volume.word("persistentVolumeClaim.claimName")?;
            template.claims.push(NamedUse {
                name,
                field: format!("{here}.persistentVolumeClaim.claimName").into(),
                optional: false,
            });
        }
        if volume.has("ephemeral") {
            // The claim is `<pod>-<volume>`, known only where the pod's name is.
            let name = format!("*-{}", volume.text("name")?).into();
            template.claims.push(NamedUse { name, field: format!("{here}.ephemeral").into(), optional: true });
        }
    }
    Ok(())
}
