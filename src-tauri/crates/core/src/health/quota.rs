//! `ResourceQuota`: what is used up (core/v1).

use arcstr::literal;

use super::{Health, HealthState};
use crate::resource::{Quota, QuotaLimit};

pub(super) fn judge(quota: &Quota) -> Health {
    if !quota.has_status {
        return Health::never_applied();
    }
    if quota.limits.is_empty() {
        return Health::new(HealthState::Resting, literal!("it limits nothing"), literal!("status.hard"));
    }
    let spell = |one: &QuotaLimit| format!("{} {} of {}", one.resource, one.used, one.hard);
    let mut unread = None;
    let mut exhausted: Vec<&QuotaLimit> = Vec::new();
    for one in &quota.limits {
        match (number(&one.hard), number(&one.used)) {
            // A limit of nothing forbids on purpose.
            (Some(hard), Some(used)) if used >= hard && used > 0.0 => exhausted.push(one),
            (Some(_), Some(_)) => {}
            _ => unread = unread.or(Some(one)),
        }
    }
    if let Some(first) = exhausted.first() {
        let told: Vec<String> = exhausted.iter().map(|one| spell(one)).collect();
        let reason = format!("used up: {}", told.join(", "));
        return Health::new(HealthState::Warning, reason, format!("status.used[{}]", first.resource));
    }
    if let Some(one) = unread {
        let reason = format!("nothing says how much {} is used", one.resource);
        return Health::new(HealthState::Unknown, reason, format!("status.used[{}]", one.resource));
    }
    let told: Vec<String> = quota.limits.iter().map(spell).collect();
    Health::new(HealthState::Well, told.join(", "), format!("status.used[{}]", quota.limits[0].resource))
}

/// A quantity as a number (apimachinery, `resource.Quantity`: decimal and binary suffixes, exponents). What a quota
/// counts stays far below where a float loses whole steps of it.
fn number(quantity: &str) -> Option<f64> {
    let split =
        quantity.find(|c: char| !c.is_ascii_digit() && c != '.' && c != '-' && c != '+').unwrap_or(quantity.len());
    let (digits, suffix) = quantity.split_at(split);
    let base: f64 = digits.parse().ok()?;
    let scale = match suffix {
        "" => 1.0,
        "n" => 1e-9,
        "u" => 1e-6,
        "m" => 1e-3,
        "k" => 1e3,
        "M" => 1e6,
        "G" => 1e9,
        "T" => 1e12,
        "P" => 1e15,
        "E" => 1e18,
        "Ki" => 1024.0,
        "Mi" => 1_048_576.0,
        "Gi" => 1_073_741_824.0,
        "Ti" => 1_099_511_627_776.0,
        "Pi" => 1_125_899_906_842_624.0,
        "Ei" => 1_152_921_504_606_846_976.0,
        exponent => 10f64.powi(exponent.strip_prefix(['e', 'E'])?.parse().ok()?),
    };
    Some(base * scale)
}

#[cfg(test)]
mod tests {
    use super::number;

    #[test]
    fn quantities_are_read_as_the_api_server_writes_them() {
        for (text, expected) in [
            ("10", Some(10.0)),
            ("500m", Some(0.5)),
            ("1.5", Some(1.5)),
            ("2k", Some(2000.0)),
            ("4Gi", Some(4_294_967_296.0)),
            ("1e3", Some(1000.0)),
            ("1E3", Some(1000.0)),
            ("2E", Some(2e18)),
            ("-1", Some(-1.0)),
            ("", None),
            ("Gi", None),
            ("3 cats", None),
            ("1e", None),
        ] {
            assert_eq!(number(text), expected, "{text}");
        }
    }
}
