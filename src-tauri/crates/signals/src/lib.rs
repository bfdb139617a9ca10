//! Every other outside system over HTTP: alerts and pages.
//!
//! Everything is read, nothing is written: no acknowledgement, no silence. No task is started here, and no clock is
//! asked: times are the sources' own. A secret goes into a request header and nowhere else; every text that comes back
//! is searched for it before it is shown.

mod alertmanager;
mod goalert;
mod http;
mod icinga;
mod pagerduty;
mod paging;
mod prometheus;
mod rarely;

use std::sync::Arc;
use std::time::Duration;

use broadstreet_core::ports::{AlertSource, Pager, ProxyGet, SignalError, Signals, SourceKind, SourceSettings};

use crate::http::Http;

/// How long things may take, and how large they may be.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Until a connection stands.
    pub connect: Duration,
    /// Until an answer is whole.
    pub answer: Duration,
    /// Bytes of an answer.
    pub body: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { connect: Duration::from_secs(5), answer: Duration::from_secs(10), body: 64 * 1024 * 1024 }
    }
}

/// Opens Alertmanager, Prometheus, Icinga 2, `GoAlert` and `PagerDuty`.
#[derive(Clone, Debug, Default)]
pub struct HttpSignals {
    limits: Limits,
}

impl HttpSignals {
    /// With the usual limits.
    #[must_use]
    pub fn new() -> Self {
        Self::with(Limits::default())
    }

    /// With other limits.
    #[must_use]
    pub fn with(limits: Limits) -> Self {
        // Fails where somebody installed one already; either one will do.
        let _ = rustls::crypto::ring::default_provider().install_default();
        Self { limits }
    }
}

impl Signals for HttpSignals {
    fn alerts(
        &self,
        settings: &SourceSettings,
        secret: Option<String>,
        proxy: Option<ProxyGet>,
    ) -> Result<Arc<dyn AlertSource>, SignalError> {
        let open = |proxy| Http::open(settings, secret.as_deref(), proxy, self.limits);
        match settings.kind {
            SourceKind::Alertmanager => {
                Ok(Arc::new(alertmanager::Alertmanager::new(open(proxy)?, settings.silent_receivers.clone())))
            }
            SourceKind::Prometheus => Ok(Arc::new(prometheus::Prometheus::new(open(proxy)?))),
            kind => Err(SignalError::BadSettings {
                source_id: settings.id.clone(),
                why: format!("{} is a pager, not a source of alerts; open it as a pager", name(kind)),
            }),
        }
    }

    fn pager(&self, settings: &SourceSettings, secret: Option<String>) -> Result<Arc<dyn Pager>, SignalError> {
        let open = || Http::open(settings, secret.as_deref(), None, self.limits);
        match settings.kind {
            SourceKind::Icinga => Ok(Arc::new(icinga::Icinga::new(open()?))),
            SourceKind::Goalert => Ok(Arc::new(goalert::GoAlert::new(open()?))),
            SourceKind::Pagerduty => Ok(Arc::new(pagerduty::PagerDuty::new(open()?))),
            kind => Err(SignalError::BadSettings {
                source_id: settings.id.clone(),
                why: format!("{} is a source of alerts, not a pager; open it as a source of alerts", name(kind)),
            }),
        }
    }
}

fn name(kind: SourceKind) -> &'static str {
    match kind {
        SourceKind::Alertmanager => "Alertmanager",
        SourceKind::Prometheus => "Prometheus",
        SourceKind::Icinga => "Icinga 2",
        SourceKind::Goalert => "GoAlert",
        SourceKind::Pagerduty => "PagerDuty",
    }
}
