//! Which alarms are news.

use std::collections::BTreeSet;

use crate::wire::desk::AlarmView;

/// The alarms somebody was told of and that stand still.
#[derive(Debug, Default)]
pub struct Told(BTreeSet<(String, String, Option<String>)>);

impl Told {
    /// Those of the alarms that stand now of which nobody was told; one that ended and comes again is news again.
    pub fn news(&mut self, standing: Vec<AlarmView>) -> Vec<AlarmView> {
        let key = |it: &AlarmView| (it.code.clone(), it.subject.clone(), it.since.clone());
        let now = standing.iter().map(key).collect();
        let before = std::mem::replace(&mut self.0, now);
        standing.into_iter().filter(|it| !before.contains(&key(it))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clock_of(source: &str, seconds: u32) -> AlarmView {
        let text = format!("the clock of `{source}` is {seconds} s behind this desk's");
        AlarmView { code: "clock_disagrees".into(), subject: source.into(), text, hint: String::new(), since: None }
    }

    #[test]
    fn an_alarm_is_told_once_and_the_same_of_another_source_as_well() {
        let mut told = Told::default();
        let mut of = |standing: &[AlarmView]| {
            told.news(standing.to_vec()).into_iter().map(|it| it.subject).collect::<Vec<String>>()
        };
        assert_eq!(of(&[clock_of("cluster:a", 20)]), ["cluster:a"]);
        assert_eq!(of(&[clock_of("cluster:a", 21), clock_of("icinga:b", 20)]), ["icinga:b"]);
        assert!(of(&[clock_of("icinga:b", 30)]).is_empty());
        assert_eq!(of(&[clock_of("cluster:a", 20), clock_of("icinga:b", 30)]), ["cluster:a"], "it comes again");
    }
}
