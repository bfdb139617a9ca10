//! Alerts that a person placed by hand: the rules are kept with the settings of the desk and told to every world that is
//! opened, so that they are part of what is recorded.

use broadstreet_core::alerts::HandRule;
use broadstreet_core::id::ObjectKey;
use broadstreet_core::resource::Labels;
use broadstreet_core::world::Change;

use crate::live::Input;
use crate::{Engine, EngineError, Result};

const PLACINGS: &str = "placings";

/// More rules than this nobody keeps in mind.
const MOST: usize = 500;

impl Engine {
    /// Every rule by which alerts are placed by hand.
    pub async fn placings(&self) -> Result<Vec<HandRule>> {
        Ok(self.setting(PLACINGS).await?.unwrap_or_default())
    }

    /// Places an alert that no label places at an object, and remembers it for every alert that bears the labels named.
    ///
    /// # Errors
    /// When nothing live is open, the alert or the object is not there, a label is not one of the alert's, none is named,
    /// nobody acts, or the settings cannot be kept.
    pub async fn place_alert(&self, alert: &str, names: &[String], at: &ObjectKey) -> Result<()> {
        let person = self.require_acting()?;
        let live = self.live().await.ok_or_else(|| {
            EngineError::refused(
                "not_live",
                "what is open is a recording: it shows what was known then",
                "open the cluster to place its alerts",
            )
        })?;
        let rule = {
            let state = live.state.read().await;
            let told = state.world.alert(alert).ok_or_else(|| EngineError::not_found("alert", alert))?;
            if state.world.object(at).is_none() {
                return Err(EngineError::not_found("object", at.to_string()));
            }
            let mut labels = Labels::new();
            for name in names {
                let Some(value) = told.labels.get(name.as_str()) else {
                    return Err(EngineError::refused(
                        "no_such_label",
                        format!("the alert `{}` has no label `{name}`", told.name()),
                        "name labels the alert has",
                    ));
                };
                labels.insert(name.as_str().into(), value.clone());
            }
            HandRule::new(labels, at.clone(), &person.name, Some(self.now())).ok_or_else(|| {
                EngineError::refused(
                    "no_labels",
                    "a rule without any label would place every alert",
                    "choose at least one label of the alert",
                )
            })?
        };
        let mut all = self.placings().await?;
        all.retain(|known| known.id != rule.id);
        if all.len() >= MOST {
            return Err(EngineError::refused(
                "too_many",
                format!("{MOST} rules of placing are kept already"),
                "take back some that are no longer needed",
            ));
        }
        all.push(rule.clone());
        self.keep_setting(PLACINGS, &all).await?;
        let _ = live.input.send(Input::Rule(Change::Placing(Box::new(rule)))).await;
        Ok(())
    }

    /// Takes a rule of placing back.
    ///
    /// # Errors
    /// When there is no such rule, or the settings cannot be kept.
    pub async fn forget_placement(&self, rule: &str) -> Result<()> {
        let mut all = self.placings().await?;
        let before = all.len();
        all.retain(|known| known.id != rule);
        if all.len() == before {
            return Err(EngineError::not_found("rule of placing", rule));
        }
        self.keep_setting(PLACINGS, &all).await?;
        if let Some(live) = self.live().await {
            let _ = live.input.send(Input::Rule(Change::PlacingGone { id: rule.to_owned() })).await;
        }
        Ok(())
    }
}
