//! `PersistentVolume`: free, bound, released, or failed (core/v1).

use arcstr::literal;

use super::{Health, HealthState};
use crate::resource::Volume;

pub(super) fn judge(volume: &Volume) -> Health {
    let place = "status.phase";
    let more = [&volume.reason, &volume.message].into_iter().filter(|words| !words.is_empty());
    let more = more.fold(String::new(), |said, words| format!("{said}: {words}"));
    match volume.phase.as_str() {
        "" => Health::never_applied(),
        "Bound" => Health::new(HealthState::Well, format!("bound to {}", volume.claim), place),
        "Available" => Health::new(HealthState::Resting, literal!("free: no claim uses it"), place),
        "Released" => {
            Health::new(HealthState::Resting, format!("kept after its claim {} went{more}", volume.claim), place)
        }
        "Pending" => Health::new(HealthState::Starting, format!("it is being made{more}"), place),
        "Failed" => Health::new(HealthState::Critical, format!("it could not be reclaimed{more}"), place),
        other => Health::new(HealthState::Unknown, format!("its phase is {other}{more}"), place),
    }
}
