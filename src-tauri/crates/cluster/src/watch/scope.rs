//! One kind, in all namespaces or in one: read whole, then watched, for as long as that is allowed.

use std::convert::Infallible;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use broadstreet_core::ports::Observation;
use broadstreet_core::resource::Json;
use broadstreet_core::time::Moment;
use broadstreet_core::world::{Change, Freshness};
use futures_util::future::{Either, select};
use http_body_util::BodyExt as _;
use kube::client::Body;
use tokio::sync::watch as latest;

use crate::connection::escape;
use crate::failure::Failure;
use crate::timer::{Timer, within};
use crate::watch::backoff::{self, Backoff};
use crate::watch::border::{self, Crossed, Known, Origin};
use crate::watch::discovery::{group_version, root};
use crate::watch::reading::Reading;
use crate::watch::{Kind, Shared};

pub const METADATA: &str = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1";
/// What is said of an answer that stopped.
pub const NOTHING_CAME: &str = "nothing came";
/// A watch refused this often in a row is given up for a new list: its resource version may be what is wrong.
const REFUSALS_UNTIL_RELIST: u32 = 3;
/// A watch that lasted this long without a word was no failure.
const LASTED: Duration = Duration::from_secs(1);
/// Once the way is there again all kinds ask, spread over this long.
const ALL_ASK_AGAIN_WITHIN: Duration = Duration::from_secs(1);
/// A server that starts answers before its authorizer has read the roles, and refuses meanwhile what it allowed before
/// (kubernetes/kubernetes#121635). So long after the way was found again such a refusal is not believed,
const STARTS_FOR: Duration = Duration::from_secs(20);
/// but asked about again after this.
const WHILE_IT_STARTS: Duration = Duration::from_secs(2);

/// Why following ended.
#[derive(Debug)]
pub enum Stop {
    /// 403.
    Forbidden {
        /// `list` or `watch`.
        verb: &'static str,
        /// The server's message.
        message: String,
    },
    /// 404: the server does not know the kind.
    Absent,
}

/// Why a reading or a watch ended.
pub enum End {
    /// For good.
    Stop(Stop),
    /// In good order, or because all connections were given up for new ones.
    Closed,
    /// What was asked for is no longer kept.
    Expired,
    /// A watch lost an event, so only a list can say what is there.
    Lost(String),
    /// The server does not do what it was asked for in this way.
    NotSo(String),
    /// Anything else, to be tried again.
    Failed(String, Option<Duration>),
}

/// One kind in all namespaces, or in one.
pub struct Scope {
    pub(super) shared: Arc<Shared>,
    pub(super) info: Arc<Kind>,
    /// The version the server has it in.
    pub version: String,
    pub(super) namespace: String,
    pub(super) known: Arc<Mutex<Known>>,
    pub(super) said: Option<Freshness>,
    pub(super) backoff: Backoff,
    alive_at: Option<Moment>,
    /// The last time all connections were given up that was heard of.
    began_anew: Option<Duration>,
    /// Whether the last answer failed, and when that was found to be over.
    broke: bool,
    broke_until: Option<Duration>,
    /// Tells when every connection is given up for new ones.
    pub(super) anew: latest::Receiver<Option<Duration>>,
}

impl Scope {
    /// Of a kind in `namespace`, in all where it is empty. `known` is shared by all scopes of the kind.
    pub fn new(shared: &Arc<Shared>, info: &Arc<Kind>, namespace: &str, known: &Arc<Mutex<Known>>) -> Self {
        Self {
            shared: Arc::clone(shared),
            info: Arc::clone(info),
            version: info.version.to_string(),
            namespace: namespace.to_owned(),
            known: Arc::clone(known),
            said: None,
            alive_at: None,
            began_anew: None,
            broke: false,
            broke_until: None,
            backoff: Backoff::new(shared.access.limits.longest_pause),
            anew: shared.access.anew.subscribe(),
        }
    }

    /// Says how fresh the kind is, where that changed.
    pub async fn say(&mut self, state: Freshness) {
        if self.said.as_ref() == Some(&state) {
            return;
        }
        self.said = Some(state.clone());
        self.shared.say_freshness(&self.info, &self.namespace, state).await;
    }

    /// Reads and watches until that is refused or the kind is absent. Everything else is tried again.
    pub async fn follow(&mut self) -> Stop {
        let Err(stop) = self.go_on().await;
        stop
    }

    async fn go_on(&mut self) -> Result<Infallible, Stop> {
        let mut reading = Some(Reading::by_pages(self));
        let mut from = String::new();
        loop {
            self.forgive();
            let Some(mut read) = reading.take() else {
                match self.watch_on(&mut from).await {
                    Ok(true) => {}
                    Ok(false) => reading = Some(Reading::by_pages(self)),
                    Err(stop) => self.unless_it_starts(stop).await?,
                }
                continue;
            };
            // What is refused, absent or stale stays so until all was read: a question asked is no answer.
            if matches!(self.said, None | Some(Freshness::Live)) {
                self.say(Freshness::CatchingUp).await;
            }
            match self.read(&mut read).await {
                Ok(version) => {
                    self.say(Freshness::Live).await;
                    self.shared.settle(&self.info, &self.namespace).await;
                    from = version;
                }
                Err(End::Stop(stop)) => {
                    self.unless_it_starts(stop).await?;
                    reading = Some(Reading::by_pages(self));
                }
                Err(End::Closed) => reading = Some(read),
                Err(end) => {
                    if let End::Failed(..) = &end {
                        self.broke = true;
                    }
                    let (why, after) = match &end {
                        End::NotSo(why) | End::Lost(why) => (why.clone(), None),
                        End::Failed(why, after) => (why.clone(), *after),
                        _ => ("the list expired between two pages".to_owned(), None),
                    };
                    let goes_on = read.has_another_way(&end);
                    let (next, progressed) = read.after(&end, self);
                    if progressed {
                        self.backoff.reset();
                    }
                    reading = Some(next);
                    if goes_on {
                        // The server answers, and what it holds is still to be read: that is no failure of the kind.
                        let pause = self.backoff.pause(after);
                        tracing::debug!(
                            kind = &*self.info.kind,
                            namespace = self.namespace,
                            why,
                            ?pause,
                            "asked in another way"
                        );
                        self.rest(pause).await;
                    } else {
                        self.stumble(why, after).await;
                    }
                }
            }
        }
    }

    /// What failed before the way was found again says nothing of how it goes now.
    fn forgive(&mut self) {
        let anew = *self.shared.access.anew.borrow();
        if self.began_anew != anew {
            self.began_anew = anew;
            self.backoff.reset();
        }
    }

    /// Waits to ask again where a server that starts refuses what was read before.
    async fn unless_it_starts(&mut self, stop: Stop) -> Result<(), Stop> {
        self.forgive();
        let now = self.shared.access.timer.elapsed();
        if std::mem::take(&mut self.broke) {
            self.broke_until = Some(now);
        }
        let again = self.began_anew.max(self.broke_until);
        let starts = self.alive_at.is_some() && again.is_some_and(|again| now < again + STARTS_FOR);
        match stop {
            Stop::Forbidden { message, .. } if starts => {
                // Counted, but not waited for longer each time: it is soon known whether the refusal is meant.
                self.backoff.pause(None);
                let pause = WHILE_IT_STARTS.mul_f64(1.0 + backoff::fraction() / 10.0);
                self.falter(message, pause).await;
                Ok(())
            }
            stop => Err(stop),
        }
    }

    /// Watches once more from `from`; answers whether to go on so, or to read everything anew.
    async fn watch_on(&mut self, from: &mut String) -> Result<bool, Stop> {
        let started = self.shared.access.timer.elapsed();
        match self.watch(from).await {
            End::Stop(stop) => return Err(stop),
            End::Closed => {
                let lasted = self.shared.access.timer.elapsed().saturating_sub(started);
                if lasted < self.lasts() / 2 {
                    // A server that is stopped in good order ends its watches before their time.
                    self.shared.broke.notify_one();
                }
                if lasted < LASTED && self.backoff.failures() == 0 {
                    // Ended at once: not a failure, but not to be asked again in a tight circle either.
                    let pause = Backoff::new(self.shared.access.limits.longest_pause).pause(None);
                    self.rest(pause).await;
                }
            }
            End::Expired => {
                // The first time at once: whatever happened meanwhile must be learned now.
                if self.backoff.failures() > 0 {
                    self.stumble("the watch's resource version expired".to_owned(), None).await;
                } else {
                    self.backoff.pause(None);
                }
                return Ok(false);
            }
            End::Lost(why) => {
                self.stumble(why, None).await;
                return Ok(false);
            }
            End::Failed(why, after) => {
                self.broke = true;
                self.shared.broke.notify_one();
                self.stumble(why, after).await;
                return Ok(self.backoff.failures() < REFUSALS_UNTIL_RELIST);
            }
            End::NotSo(why) => {
                self.stumble(why, None).await;
                return Ok(self.backoff.failures() < REFUSALS_UNTIL_RELIST);
            }
        }
        Ok(true)
    }

    /// Says that something failed (not the first time after all went well: a connection may break) and waits.
    pub async fn stumble(&mut self, why: String, after: Option<Duration>) {
        let pause = self.backoff.pause(after);
        self.falter(why, pause).await;
    }

    async fn falter(&mut self, why: String, pause: Duration) {
        tracing::debug!(kind = &*self.info.kind, namespace = self.namespace, why, ?pause, "to be tried again");
        match (&self.said, self.alive_at) {
            // Said once for each outage, so that words that change a little fill no record; and what is refused or
            // absent is so until it is read.
            (Some(Freshness::Stale { .. } | Freshness::Forbidden { .. } | Freshness::Absent), _) => {}
            (_, None) => self.say(Freshness::NeverAnswered { why }).await,
            (_, Some(since)) if self.backoff.failures() > 1 => self.say(Freshness::Stale { since, why }).await,
            (_, Some(_)) => {}
        }
        self.shared.stumble(&self.info, &self.namespace).await;
        self.rest(pause).await;
    }

    /// Waits, but no longer than until the way is there again.
    async fn rest(&mut self, pause: Duration) {
        let timer = Arc::clone(&self.shared.access.timer);
        if unless_anew(&mut self.anew, timer.sleep(pause)).await.is_none() {
            timer.sleep(ALL_ASK_AGAIN_WITHIN.min(pause).mul_f64(backoff::fraction())).await;
        }
    }

    pub(super) fn lives(&mut self) {
        self.alive_at = Some(self.shared.access.clock.now());
        self.broke = false;
    }

    pub(super) fn path(&self) -> String {
        let root = root(&group_version(&self.info.group, &self.version));
        if self.namespace.is_empty() {
            format!("{root}/{}", self.info.plural)
        } else {
            format!("{root}/namespaces/{}/{}", escape(&self.namespace), self.info.plural)
        }
    }

    /// Takes one object; what came of it is put beside what came before.
    pub(super) fn cross(
        &self,
        from: Origin,
        value: Json<'_>,
        changes: &mut Vec<Change>,
        skipped: &mut Vec<Observation>,
    ) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        match border::cross(&mut known, &self.shared.cluster, &self.info, from, value) {
            Crossed::New(before, mut object) => {
                changes.extend(before);
                if self.info.kind == "Node" && self.info.group.is_empty() {
                    self.shared.nodes.lock().unwrap_or_else(PoisonError::into_inner).keep(&mut object);
                }
                changes.push(Change::Object(object.into()));
            }
            Crossed::Same => {}
            Crossed::Bad(observation) => skipped.push(observation),
        }
    }

    /// Notes what cannot be taken.
    pub(super) fn skip(&self, from: Origin, value: Option<&Json<'_>>, why: String) -> Observation {
        border::skip(&mut self.known.lock().unwrap_or_else(PoisonError::into_inner), &self.info, from, value, why)
    }

    pub(super) fn delete(&self, value: &Json<'_>) -> Change {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        border::delete(&mut known, &self.shared.cluster, &self.info, value)
    }

    /// Tells everything gone that the reading of this number did not hold; all there is, where there was none.
    pub async fn vanish(&self, round: Option<u32>) {
        let gone = {
            let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
            border::vanish(&mut known, &self.shared.cluster, &self.info, &self.namespace, round)
        };
        self.hand_on(gone, Vec::new()).await;
    }

    pub(super) async fn hand_on(&self, changes: Vec<Change>, skipped: Vec<Observation>) {
        match (&*self.info.group, &*self.info.kind) {
            ("", "Namespace") => self.note_namespaces(&changes),
            ("", "Node") => self.shared.nodes.lock().unwrap_or_else(PoisonError::into_inner).drop_gone(&changes),
            ("apiextensions.k8s.io", "CustomResourceDefinition") if !changes.is_empty() => {
                self.shared.defined.send_modify(|defined| defined.times += 1)
            }
            _ => {}
        }
        for observation in skipped {
            self.shared.say(observation).await;
        }
        if !changes.is_empty() {
            self.shared.say(Observation::Changes(changes)).await;
        }
    }

    fn note_namespaces(&self, changes: &[Change]) {
        self.shared.listed.send_if_modified(|listed| {
            changes.iter().fold(false, |changed, change| match change {
                Change::Object(object) => listed.names.insert(object.key.name.to_string()) || changed,
                Change::Gone { key, .. } => listed.names.remove(key.name.as_str()) || changed,
                _ => changed,
            })
        });
    }

    /// The next piece of an answer, none at its end. Where all connections are given up it is waited for `still` so long.
    pub(super) async fn piece(
        &mut self,
        body: &mut Body,
        quiet: Duration,
        still: Duration,
    ) -> Result<Option<impl AsRef<[u8]> + use<>>, End> {
        let timer = Arc::clone(&self.shared.access.timer);
        let coming = within(&*timer, quiet, body.frame());
        let frame = unless_dead(&*timer, &mut self.anew, still, coming).await.ok_or(End::Closed)?;
        match frame {
            None => Err(End::Failed(format!("{NOTHING_CAME} for {} s", quiet.as_secs_f32()), None)),
            Some(None) => Ok(None),
            Some(Some(Err(error))) => Err(End::Failed(format!("the answer broke off: {}", cause(&error)), None)),
            Some(Some(Ok(frame))) => Ok(Some(frame.into_data().unwrap_or_default())),
        }
    }
}

/// What `work` comes to, unless all connections are given up meanwhile.
pub async fn unless_anew<T>(anew: &mut latest::Receiver<Option<Duration>>, work: impl Future<Output = T>) -> Option<T> {
    let (work, anew) = (pin!(work), pin!(anew.changed()));
    match select(work, anew).await {
        Either::Left((done, _)) => Some(done),
        Either::Right(_) => None,
    }
}

/// The same, unless it comes within `still` all the same: over a connection that lives, a server that was only slow is not
/// asked for everything once more.
pub(super) async fn unless_dead<T>(
    timer: &dyn Timer,
    anew: &mut latest::Receiver<Option<Duration>>,
    still: Duration,
    work: impl Future<Output = T>,
) -> Option<T> {
    let mut work = pin!(work);
    match unless_anew(anew, work.as_mut()).await {
        Some(done) => Some(done),
        None => within(timer, still, work).await,
    }
}

/// What a failure means for whoever wanted to `verb`.
pub fn end_of(failure: Failure, verb: &'static str) -> End {
    match failure {
        Failure::Status(refusal) if refusal.is_expired() => End::Expired,
        Failure::Status(refusal) if refusal.code == 403 => {
            End::Stop(Stop::Forbidden { verb, message: refusal.message })
        }
        Failure::Status(refusal) if refusal.code == 404 => End::Stop(Stop::Absent),
        // 408 and 429 are about the moment, every other 4xx is about the question.
        Failure::Status(refusal) if (400..500).contains(&refusal.code) && !matches!(refusal.code, 408 | 429) => {
            End::NotSo(refusal.words())
        }
        Failure::Status(refusal) => End::Failed(refusal.words(), refusal.retry_after),
        Failure::Cluster(error) => End::Failed(error.to_string(), None),
    }
}

fn cause(error: &kube::Error) -> String {
    let mut last: &dyn std::error::Error = error;
    while let Some(source) = last.source() {
        last = source;
    }
    last.to_string()
}
