//! JSON as the API server sends it, read once: texts stay where they lie in the bytes, and what no rule reads is passed
//! over while reading. Half of a pod is who manages which field, and a quarter how it is probed and mounted.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::quick;
use super::reduce::ANNOTATIONS;

/// What no rule reads, wherever it stands outside a map whose keys people choose. By length, as it is asked of every key.
fn is_passed_over(key: &str) -> bool {
    match key.len() {
        6 => key == "podIPs",
        7 => matches!(key, "hostIPs" | "imageID"),
        8 => matches!(key, "affinity" | "qosClass"),
        9 => matches!(key, "lifecycle" | "resources" | "dnsPolicy"),
        11 => matches!(key, "containerID" | "tolerations" | "defaultMode" | "downwardAPI"),
        12 => matches!(key, "startupProbe" | "volumeMounts" | "volumesInUse" | "generateName"),
        13 => matches!(
            key,
            "managedFields" | "livenessProbe" | "volumeDevices" | "lastProbeTime" | "restartPolicy" | "schedulerName"
        ),
        14 => key == "readinessProbe",
        15 => matches!(key, "openAPIV3Schema" | "securityContext" | "volumesAttached" | "imagePullPolicy"),
        18 => key == "enableServiceLinks",
        19 => key == "serviceAccountToken",
        22 => key == "terminationMessagePath",
        24 => key == "terminationMessagePolicy",
        25 => key == "topologySpreadConstraints",
        29 => key == "terminationGracePeriodSeconds",
        _ => false,
    }
}

/// True for a map whose keys people choose.
fn is_free(key: &str) -> bool {
    match key.len() {
        4 => key == "data",
        6 => key == "labels",
        8 => key == "selector",
        10 => key == "binaryData",
        11 => key == "matchLabels",
        12 => key == "nodeSelector",
        _ => false,
    }
}

/// A JSON value as far as it is wanted.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Json<'a> {
    /// Null, or nothing.
    #[default]
    Null,
    /// True. No variant holds less than eight bytes: what would lie beside the tag makes every move of a value a slow one.
    True,
    /// False.
    False,
    /// A whole number.
    Whole(i64),
    /// Any other number.
    Real(f64),
    /// Text, where it was read from.
    Text(Cow<'a, str>),
    /// A list.
    List(Vec<Json<'a>>),
    /// A map, in the order it was read.
    Map(Vec<(Cow<'a, str>, Json<'a>)>),
}

impl<'a> Json<'a> {
    /// Reads a text, as `serde_json` does.
    ///
    /// # Errors
    /// Where it is no JSON, in the words of `serde_json`.
    pub fn read(text: &'a str) -> serde_json::Result<Self> {
        quick::read(text).map_or_else(|| serde_json::from_str(text), Ok)
    }

    /// The value of a key; the last where it stands twice.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Json<'a>> {
        match self {
            Self::Map(fields) => fields.iter().rev().find(|(name, _)| name == key).map(|(_, value)| value),
            _ => None,
        }
    }

    /// The value at a dotted path.
    #[must_use]
    pub fn at(&self, path: &str) -> Option<&Json<'a>> {
        let (mut value, mut rest) = (self, path);
        while let Some(dot) = rest.bytes().position(|byte| byte == b'.') {
            value = value.get(&rest[..dot])?;
            rest = &rest[dot + 1..];
        }
        value.get(rest)
    }

    /// Text, if it is that.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// True where there is nothing.
    #[must_use]
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// The fields, if it is a map.
    #[must_use]
    pub fn fields(&self) -> Option<&[(Cow<'a, str>, Json<'a>)]> {
        match self {
            Self::Map(fields) => Some(fields),
            _ => None,
        }
    }

    /// Sets a field of a map.
    pub fn set(&mut self, key: &'static str, value: impl Into<Cow<'a, str>>) {
        if let Self::Map(fields) = self {
            fields.retain(|(name, _)| name != key);
            fields.push((Cow::Borrowed(key), Self::Text(value.into())));
        }
    }

    /// Takes a field out of a map.
    pub fn take(&mut self, key: &str) -> Option<Json<'a>> {
        match self {
            Self::Map(fields) => {
                let at = fields.iter().rposition(|(name, _)| name == key)?;
                Some(fields.swap_remove(at).1)
            }
            _ => None,
        }
    }

    /// Keeps only one field of a map.
    pub fn keep_only(&mut self, key: &str) {
        if let Self::Map(fields) = self {
            fields.retain(|(name, _)| name == key);
        }
    }
}

/// What may be passed over at a place.
#[derive(Clone, Copy)]
pub(super) enum Place {
    /// Fields the API names.
    Named,
    /// Keys people choose: nothing is passed over.
    Free,
    /// Annotations: only those on the allow-list are kept.
    Annotations,
}

impl Place {
    pub fn wants(self, key: &str) -> bool {
        match self {
            Self::Named => !is_passed_over(key),
            Self::Free => true,
            Self::Annotations => ANNOTATIONS.contains(&key),
        }
    }

    pub fn below(self, key: &str) -> Self {
        match self {
            Self::Named if key == "annotations" => Self::Annotations,
            Self::Named if is_free(key) => Self::Free,
            other => other,
        }
    }
}

impl<'a, 'de: 'a> Deserialize<'de> for Json<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        DeserializeSeed::deserialize(Place::Named, deserializer)
    }
}

impl<'de> DeserializeSeed<'de> for Place {
    type Value = Json<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Json<'de>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Place {
    type Value = Json<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON")
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Json<'de>, E> {
        Ok(if flag { Json::True } else { Json::False })
    }

    fn visit_i64<E>(self, number: i64) -> Result<Json<'de>, E> {
        Ok(Json::Whole(number))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Json<'de>, E> {
        Ok(i64::try_from(number).map_or(Json::Real(number as f64), Json::Whole))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Json<'de>, E> {
        Ok(Json::Real(number))
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Json<'de>, E> {
        Ok(Json::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Json<'de>, E> {
        Ok(Json::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_string<E>(self, text: String) -> Result<Json<'de>, E> {
        Ok(Json::Text(Cow::Owned(text)))
    }

    fn visit_unit<E>(self) -> Result<Json<'de>, E> {
        Ok(Json::Null)
    }

    fn visit_none<E>(self) -> Result<Json<'de>, E> {
        Ok(Json::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Json<'de>, D::Error> {
        DeserializeSeed::deserialize(self, deserializer)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Json<'de>, A::Error> {
        let mut list = Vec::with_capacity(items.size_hint().unwrap_or(0).min(1024));
        while let Some(item) = items.next_element_seed(self)? {
            list.push(item);
        }
        Ok(Json::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Json<'de>, A::Error> {
        let mut fields = Vec::with_capacity(8);
        while let Some(Key(key)) = entries.next_key()? {
            if self.wants(&key) {
                let value = entries.next_value_seed(self.below(&key))?;
                fields.push((key, value));
            } else {
                entries.next_value::<IgnoredAny>()?;
            }
        }
        Ok(Json::Map(fields))
    }
}

/// A key, where it was read from: serde copies a `Cow` by itself.
struct Key<'a>(Cow<'a, str>);

impl<'de> Deserialize<'de> for Key<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl<'de> Visitor<'de> for Text {
            type Value = Key<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a key")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Key<'de>, E> {
                Ok(Key(Cow::Borrowed(text)))
            }

            fn visit_str<E>(self, text: &str) -> Result<Key<'de>, E> {
                Ok(Key(Cow::Owned(text.to_owned())))
            }
        }
        deserializer.deserialize_str(Text)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_no_rule_reads_is_passed_over_but_never_a_key_people_chose() {
        let text = json!({
            "metadata": {"managedFields": [{"big": 1}], "labels": {"affinity": "x", "managedFields": "y"},
                "annotations": {"deployment.kubernetes.io/revision": "3", "secret.example/token": "hunter2"}},
            "spec": {"selector": {"tolerations": "z"}, "containers": [{"name": "a", "livenessProbe": {"httpGet": {}}}]},
            "data": {"lifecycle": "w"}
        })
        .to_string();
        let json: Json = serde_json::from_str(&text).unwrap();
        let at = |path: &str| json.at(path).and_then(Json::as_str);
        assert_eq!(json.at("metadata.managedFields"), None);
        assert_eq!(at("metadata.labels.affinity"), Some("x"));
        assert_eq!(at("metadata.labels.managedFields"), Some("y"));
        assert_eq!(at("spec.selector.tolerations"), Some("z"));
        assert_eq!(at("data.lifecycle"), Some("w"));
        assert!(!format!("{json:?}").contains("hunter2"), "an annotation off the allow-list was read");
        assert!(format!("{json:?}").contains("revision"));
        assert!(!format!("{json:?}").contains("httpGet"));
    }

    #[test]
    fn numbers_escapes_and_doubled_keys_are_read_as_the_api_server_reads_them() {
        let json: Json =
            serde_json::from_str(r#"{"a":"\u00e4\n","n":-3,"r":1.5,"u":18446744073709551615,"a":"last"}"#).unwrap();
        assert_eq!(json.get("a").and_then(Json::as_str), Some("last"));
        assert_eq!(json.get("n"), Some(&Json::Whole(-3)));
        assert_eq!(json.get("r"), Some(&Json::Real(1.5)));
        assert!(matches!(json.get("u"), Some(Json::Real(_))));
    }
}
