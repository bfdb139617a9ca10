//! What crosses the border to a screen, as TypeScript sees it. Times are RFC 3339 in UTC; ids are text.

pub mod desk;
pub mod evidence;
pub mod finding;
pub mod incident;
pub mod map;
pub mod record;

/// Declares wire types: serde both ways, TypeScript, a default.
macro_rules! wire {
    ($($(#[$meta:meta])* $name:ident { $($(#[$field_meta:meta])* $field:ident : $type:ty),* $(,)? })*) => {$(
        $(#[$meta])*
        #[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize, ts_rs::TS)]
        #[serde(default)]
        #[ts(export)]
        #[allow(missing_docs, clippy::struct_excessive_bools, reason = "the struct's line says what its fields are")]
        pub struct $name { $($(#[$field_meta])* pub $field: $type),* }
    )*};
}
pub(crate) use wire;
