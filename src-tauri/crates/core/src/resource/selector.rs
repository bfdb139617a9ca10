//! Label selectors with the API's full semantics (apimachinery `labels.Requirement.Matches`).

use super::json::{At, Read};
use super::{Expression, Labels, Selector};
use crate::id::Text;

/// A selector; none where there is none.
pub(super) fn selector(at: At<'_>) -> Read<Option<Selector>> {
    if at.0.is_null() {
        return Ok(None);
    }
    Ok(Some(Selector {
        labels: at.map("matchLabels")?,
        expressions: at
            .list("matchExpressions")?
            .map(|e| Ok(Expression { key: e.text("key")?, operator: e.text("operator")?, values: e.texts("values")? }))
            .collect::<Read<_>>()?,
    }))
}

impl Selector {
    /// True where it asks for nothing: it then matches everything.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty() && self.expressions.is_empty()
    }

    /// True where the labels fulfil every pair and every expression. An operator nobody knows is fulfilled by nothing.
    #[must_use]
    pub fn matches(&self, labels: &Labels) -> bool {
        self.labels.iter().all(|(key, value)| labels.get(key) == Some(value))
            && self.expressions.iter().all(|expression| expression.matches(labels))
    }
}

impl Expression {
    /// True where the labels fulfil it; `NotIn` is fulfilled by a label that is not there.
    fn matches(&self, labels: &Labels) -> bool {
        let value = labels.get(self.key.as_str()).map(Text::as_str);
        match self.operator.as_str() {
            "In" => value.is_some_and(|value| self.values.iter().any(|one| one == value)),
            "NotIn" => value.is_none_or(|value| !self.values.iter().any(|one| one == value)),
            "Exists" => value.is_some(),
            "DoesNotExist" => value.is_none(),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(operator: &str, values: &[&str], expected: [bool; 3]) {
        let values = values.iter().map(|value| (*value).to_owned()).collect();
        let expressions = [Expression { key: "tier".to_owned(), operator: operator.to_owned(), values }].into();
        let selector = Selector { expressions, ..Selector::default() };
        let labels = |value: &str| Labels::from_iter([("tier".into(), value.into())]);
        let found = [labels("web"), labels("db"), Labels::new()].map(|labels| selector.matches(&labels));
        assert_eq!(found, expected, "{operator}");
    }

    #[test]
    fn expressions_mean_what_the_api_says() {
        check("In", &["web"], [true, false, false]);
        check("NotIn", &["web"], [false, true, true]);
        check("Exists", &[], [true, true, false]);
        check("DoesNotExist", &[], [false, false, true]);
        check("Near", &["web"], [false, false, false]);
        assert!(Selector::default().matches(&Labels::new()));
    }
}
