//! Page attempts of any pager as one state machine.

mod merge;

pub use merge::{late_seconds, merge, outcome};

use serde::{Deserialize, Serialize};

use crate::id::SourceId;
use crate::time::Moment;

/// How far an attempt got, as far as the pager says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryState {
    /// The pager does not say.
    #[default]
    Unknown,
    /// Queued.
    Pending,
    /// On its way.
    Sending,
    /// Handed to the carrier; a rung call counts.
    Sent,
    /// The carrier says it arrived; voicemail counts.
    Delivered,
    /// Read.
    Read,
    /// Failed, will be tried again.
    FailedTemporarily,
    /// Failed for good.
    FailedPermanently,
    /// Went out inside another message.
    Bundled,
}

/// Who a page was for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PageTarget {
    /// `person`, `group`, `schedule`, `channel`.
    pub kind: String,
    /// The pager's id.
    pub id: String,
    /// The name to show.
    pub name: String,
}

/// One attempt to reach one person by one channel.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PageAttempt {
    /// Which pager.
    pub source: SourceId,
    /// The pager's id of the attempt; unique per source.
    pub source_id: String,
    /// What the page is about: the pager's id of its incident, alert or service object.
    pub subject_id: String,
    /// What the page is about, in words.
    pub subject: String,
    /// Labels of the alert where the pager carries them.
    pub labels: crate::resource::Labels,
    /// For whom.
    pub target: PageTarget,
    /// Name of the escalation policy; empty where unknown.
    pub policy: String,
    /// Step of the policy, counted from 1; `None` where the pager does not say.
    pub step: Option<u32>,
    /// Why: `trigger`, `escalate`, `manual`, `responder_request`, `ack_timeout`, `recovery`, `acknowledgement`; empty where unknown.
    pub reason: String,
    /// `push`, `sms`, `voice`, `email`, `webhook`, `command`; empty where unknown.
    pub channel: String,
    /// The address with all but its ends hidden; empty where unknown.
    pub address_redacted: String,
    /// When the pager queued it.
    pub queued_at: Option<Moment>,
    /// When it was sent.
    pub sent_at: Option<Moment>,
    /// When it was delivered.
    pub delivered_at: Option<Moment>,
    /// How far it got.
    pub delivery: DeliveryState,
    /// The pager's words about a failure.
    pub error: String,
    /// The attempt it was bundled into.
    pub bundled_into: String,
    /// When the subject was acknowledged by this person.
    pub acked_at: Option<Moment>,
    /// Who acknowledged.
    pub acked_by: String,
    /// Through what: `web`, `sms`, `api` …; empty where unknown.
    pub ack_via: String,
    /// Names it was escalated to afterwards.
    pub escalated_to: Vec<String>,
    /// Fields this pager never tells, by name, so that the screen can say `not known`.
    pub never_told: Vec<String>,
}
