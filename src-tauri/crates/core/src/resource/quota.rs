//! `ResourceQuota`: what a namespace may use, and uses.

use super::json::At;
use super::sieve::Json;
use super::{Quota, QuotaLimit};

/// What is limited and used, as the quota controller says.
pub(super) fn quota(at: At<'_>) -> Quota {
    let (hard, used) = (at.get("status.hard").0, at.get("status.used").0);
    // Resources have dots in their names, so they are no paths.
    let quantity = |of: &Json<'_>, resource: &str| match of.get(resource) {
        Some(Json::Text(text)) => text.clone().into_owned(),
        Some(Json::Whole(number)) => number.to_string(),
        Some(Json::Real(number)) => number.to_string(),
        _ => String::new(),
    };
    let resources = hard.fields().unwrap_or_default().iter().map(|(resource, _)| resource);
    let mut limits: Vec<QuotaLimit> = resources
        .map(|it| QuotaLimit { resource: it.to_string(), hard: quantity(hard, it), used: quantity(used, it) })
        .collect();
    limits.sort_by(|a, b| a.resource.cmp(&b.resource));
    Quota { limits, has_status: hard.fields().is_some() }
}
