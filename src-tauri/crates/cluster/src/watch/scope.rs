//! One kind, in all namespaces or in one: list, then watch, for as long as that is allowed.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use broadstreet_core::ports::Observation;
use broadstreet_core::resource::{Json, KindInfo};
use broadstreet_core::time::Moment;
use broadstreet_core::world::{Change, Freshness};
use http::header;
use http_body_util::BodyExt as _;
use serde_json::Value;
use tokio::time::{Instant, sleep, timeout};

use crate::access::JSON;
use crate::connection::escape;
use crate::failure::{Failure, Refusal, describe_body};
use crate::watch::Shared;
use crate::watch::backoff::Backoff;
use crate::watch::border::{self, Crossed, Known};
use crate::watch::discovery::{group_version, root};
use crate::watch::lines::{Lines, WatchLine};

const METADATA_LIST: &str = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";
pub const METADATA: &str = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1";
/// A watch refused this often in a row is given up for a new list: its resource version may be what is wrong.
const REFUSALS_UNTIL_RELIST: u32 = 3;
/// Definitions of custom resources on a page.
const DEFINITIONS_ON_A_PAGE: u32 = 25;
/// A watch that lasted this long without a word was no failure.
const LASTED: Duration = Duration::from_secs(1);

/// While nothing of a page came for so long, others are asked for.
const OTHERS_GO_ON: Duration = Duration::from_secs(3);

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

/// Why a list or a watch ended.
enum End {
    Stop(Stop),
    /// The server ended a watch in good order.
    Closed,
    /// What was asked for is no longer kept.
    Expired,
    /// A watch lost an event, so only a list can say what is there.
    Lost(String),
    /// Anything else, to be tried again.
    Failed(String, Option<Duration>),
}

/// One kind in all namespaces, or in one.
pub struct Scope {
    shared: Arc<Shared>,
    info: &'static KindInfo,
    /// The version the server has it in.
    pub version: &'static str,
    namespace: String,
    known: Arc<Mutex<Known>>,
    said: Option<Freshness>,
    alive_at: Option<Moment>,
    backoff: Backoff,
}

impl Scope {
    /// Of a kind in `namespace`, in all where it is empty. `known` is shared by all scopes of the kind.
    pub fn new(shared: &Arc<Shared>, info: &'static KindInfo, namespace: &str, known: &Arc<Mutex<Known>>) -> Self {
        Self {
            shared: Arc::clone(shared),
            info,
            version: info.version,
            namespace: namespace.to_owned(),
            known: Arc::clone(known),
            said: None,
            alive_at: None,
            backoff: Backoff::new(shared.access.limits.longest_pause),
        }
    }

    /// Says how fresh the kind is, where that changed.
    pub async fn say(&mut self, state: Freshness) {
        if self.said.as_ref() == Some(&state) {
            return;
        }
        self.said = Some(state.clone());
        self.shared.say_freshness(self.info, &self.namespace, state).await;
    }

    /// Lists and watches until that is refused or the kind is absent. Everything else is tried again.
    pub async fn follow(&mut self) -> Stop {
        let mut from: Option<String> = None;
        // Pages of a list that expire between one another would do so for ever: then all at once from the cache.
        let mut at_once = false;
        loop {
            let Some(version) = from.take() else {
                if !matches!(self.said, Some(Freshness::Stale { .. } | Freshness::NeverAnswered { .. })) {
                    self.say(Freshness::CatchingUp).await;
                }
                match self.list(at_once).await {
                    Ok(version) => {
                        at_once = false;
                        self.say(Freshness::Live).await;
                        self.shared.settle(self.info, &self.namespace).await;
                        from = Some(version);
                    }
                    Err(End::Stop(stop)) => return stop,
                    Err(End::Expired) => {
                        at_once = true;
                        self.stumble("the list expired between two pages".to_owned(), None).await;
                    }
                    Err(End::Failed(why, after)) => self.stumble(why, after).await,
                    Err(End::Lost(why)) => self.stumble(why, None).await,
                    Err(End::Closed) => {}
                }
                continue;
            };
            let started = Instant::now();
            let mut latest = version;
            match self.watch(&mut latest).await {
                End::Stop(stop) => return stop,
                End::Closed => {
                    if started.elapsed() < LASTED && self.backoff.failures() == 0 {
                        // Ended at once: not a failure, but not to be asked again in a tight circle either.
                        sleep(Backoff::new(self.shared.access.limits.longest_pause).pause(None)).await;
                    }
                    from = Some(latest);
                }
                End::Expired => {
                    // The first time at once: whatever happened meanwhile must be learned now.
                    if self.backoff.failures() > 0 {
                        self.stumble("the watch's resource version expired".to_owned(), None).await;
                    } else {
                        self.backoff.pause(None);
                    }
                }
                End::Lost(why) => self.stumble(why, None).await,
                End::Failed(why, after) => {
                    self.stumble(why, after).await;
                    from = Some(latest).filter(|_| self.backoff.failures() < REFUSALS_UNTIL_RELIST);
                }
            }
        }
    }

    /// Says that something failed (not the first time after all went well: a connection may break) and waits.
    async fn stumble(&mut self, why: String, after: Option<Duration>) {
        let pause = self.backoff.pause(after);
        tracing::debug!(kind = self.info.kind, namespace = self.namespace, why, ?pause, "to be tried again");
        match self.alive_at {
            None => self.say(Freshness::NeverAnswered { why }).await,
            // Said once for each outage, so that words that change a little fill no record.
            Some(_) if matches!(self.said, Some(Freshness::Stale { .. })) => {}
            Some(since) if self.backoff.failures() > 1 => self.say(Freshness::Stale { since, why }).await,
            Some(_) => {}
        }
        self.shared.stumble(self.info, &self.namespace).await;
        sleep(pause).await;
    }

    fn lives(&mut self) {
        self.alive_at = Some(self.shared.access.clock.now());
    }

    fn path(&self) -> String {
        let root = root(&group_version(self.info.group, self.version));
        if self.namespace.is_empty() {
            format!("{root}/{}", self.info.plural)
        } else {
            format!("{root}/namespaces/{}/{}", escape(&self.namespace), self.info.plural)
        }
    }

    /// Objects on a page. A definition of a custom resource may be a megabyte.
    fn page_size(&self) -> u32 {
        let size = self.shared.access.limits.page_size;
        if self.info.kind == "CustomResourceDefinition" { size.min(DEFINITIONS_ON_A_PAGE) } else { size }
    }

    /// Whether the list would be allowed now, without taking anything from it.
    pub async fn may_list(&self) -> bool {
        let accept = if self.info.metadata_only { METADATA_LIST } else { JSON };
        self.shared
            .access
            .json(&format!("{}?limit=1", self.path()), accept, self.shared.access.limits.page)
            .await
            .is_ok()
    }

    /// Asks for one page of a list. A server that has not begun to answer for long holds up no other kind's page.
    async fn page(&self, path: &str, accept: &str) -> Result<(http::response::Parts, Vec<u8>), Failure> {
        let (access, pages) = (&self.shared.access, &self.shared.pages);
        let mut permit = pages.acquire().await;
        let asked = access.get(path, accept, access.limits.page);
        tokio::pin!(asked);
        let answer = match timeout(OTHERS_GO_ON, &mut asked).await {
            Ok(answer) => answer?,
            Err(_) => {
                drop(permit);
                let answer = asked.await?;
                permit = pages.acquire().await;
                answer
            }
        };
        let read = access.body_of(answer).await;
        drop(permit);
        read
    }

    /// Lists everything, handing on each page as it comes, and at the end what is gone. Answers the resource version.
    async fn list(&mut self, at_once: bool) -> Result<String, End> {
        let accept = if self.info.metadata_only { METADATA_LIST } else { JSON };
        let mut listed: HashSet<String> = HashSet::new();
        let mut token = String::new();
        loop {
            let path = if at_once {
                format!("{}?resourceVersion=0", self.path())
            } else if token.is_empty() {
                format!("{}?limit={}", self.path(), self.page_size())
            } else {
                format!("{}?limit={}&continue={}", self.path(), self.page_size(), escape(&token))
            };
            let answer = self.page(&path, accept).await;
            let (mut changes, mut skipped) = (Vec::new(), Vec::new());
            let page = answer.and_then(|(head, body)| {
                let mut page: Json<'_> = self.shared.access.parse(&head, &body)?;
                let Some(version) = border::version(&page).map(str::to_owned) else {
                    return Ok(Err("something that is no list"));
                };
                let items = match page.take("items") {
                    Some(Json::List(items)) => items,
                    Some(Json::Null) => Vec::new(), // Go writes an empty list so
                    _ => return Ok(Err("a list without items")),
                };
                for item in items {
                    listed.insert(border::place(&item));
                    self.cross(item, &mut changes, &mut skipped);
                }
                let next = page.at("metadata.continue").and_then(Json::as_str).unwrap_or_default().to_owned();
                Ok(Ok((version, next)))
            });
            let version = match page {
                Ok(Ok((version, next))) => {
                    token = next;
                    version
                }
                Ok(Err(what)) => return Err(End::Failed(format!("`{path}` answered {what}"), None)),
                Err(failure) => return Err(end_of(failure, "list")),
            };
            self.lives();
            self.hand_on(changes, skipped).await;
            if token.is_empty() || at_once {
                let gone = {
                    let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
                    border::vanish(&mut known, &self.shared.cluster, self.info, &self.namespace, &listed)
                };
                self.hand_on(gone, Vec::new()).await;
                return Ok(version);
            }
        }
    }

    fn cross(&self, value: Json<'_>, changes: &mut Vec<Change>, skipped: &mut Vec<Observation>) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        match border::cross(&mut known, &self.shared.cluster, self.info, value) {
            Crossed::New(before, mut object) => {
                changes.extend(before);
                if self.info.kind == "Node" && self.info.group.is_empty() {
                    self.shared.nodes.lock().unwrap_or_else(PoisonError::into_inner).keep(&mut object);
                }
                changes.push(Change::Object(object));
            }
            Crossed::Same => {}
            Crossed::Bad(observation) => skipped.push(observation),
        }
    }

    async fn hand_on(&self, changes: Vec<Change>, skipped: Vec<Observation>) {
        if self.info.kind == "Namespace" && self.info.group.is_empty() {
            self.note_namespaces(&changes);
        }
        if self.info.kind == "Node" && self.info.group.is_empty() {
            self.shared.nodes.lock().unwrap_or_else(PoisonError::into_inner).drop_gone(&changes);
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

    /// Watches from `version`, which is moved on with each event, so that the next watch misses none.
    async fn watch(&mut self, version: &mut String) -> End {
        let accept = if self.info.metadata_only { METADATA } else { JSON };
        let limits = self.shared.access.limits;
        let path = format!(
            "{}?watch=1&allowWatchBookmarks=true&resourceVersion={}&timeoutSeconds={}",
            self.path(),
            escape(version),
            limits.watch.as_secs().max(1),
        );
        let answer = match self.shared.access.get(&path, accept, limits.page).await {
            Ok(answer) => answer,
            Err(failure) => return end_of(failure, "watch"),
        };
        let content_type = answer.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let content_type = content_type.unwrap_or_default().to_owned();
        if content_type.contains("html") {
            return End::Failed(format!("the watch was answered with {}", describe_body(&content_type, b"")), None);
        }
        self.lives();
        // A stale kind is live again once the server lets it be watched from where it was.
        self.say(Freshness::Live).await;
        let mut body = answer.into_body();
        let mut lines = Lines::default();
        loop {
            let Ok(frame) = timeout(limits.watch + limits.stall, body.frame()).await else {
                return End::Failed("the watch stalled: neither an event nor its end came".to_owned(), None);
            };
            let data = match frame {
                None => return End::Closed,
                Some(Err(error)) => return End::Failed(format!("the watch broke off: {}", cause(&error)), None),
                Some(Ok(frame)) => frame.into_data().unwrap_or_default(),
            };
            self.lives();
            let (mut changes, mut skipped, mut end) = (Vec::new(), Vec::new(), None);
            for line in lines.take(&data) {
                end = self.take(line, version, &mut changes, &mut skipped);
                if end.is_some() {
                    break;
                }
                self.backoff.reset();
            }
            self.hand_on(changes, skipped).await;
            if let Some(end) = end {
                return end;
            }
        }
    }

    fn take(
        &self,
        line: Result<Vec<u8>, String>,
        version: &mut String,
        changes: &mut Vec<Change>,
        skipped: &mut Vec<Observation>,
    ) -> Option<End> {
        let bytes = match &line {
            Ok(bytes) => Ok(bytes.as_slice()),
            Err(why) => Err(why.clone()),
        };
        let line = match bytes.clone().and_then(WatchLine::read) {
            Ok(line) => line,
            Err(why) => {
                let kind = super::kind_name(self.info);
                skipped.push(Observation::Skipped { kind, name: String::new(), why: why.clone() });
                return Some(End::Lost(why));
            }
        };
        if line.r#type == "ERROR" {
            let refusal = Refusal::of_status(&bytes.map_or(Value::Null, status_of));
            return Some(match refusal {
                refusal if refusal.is_expired() => End::Expired,
                refusal if refusal.code == 403 => {
                    End::Stop(Stop::Forbidden { verb: "watch", message: refusal.message })
                }
                // The server does not say whether something was lost.
                refusal => End::Lost(format!("the watch ended with an error: {}", refusal.words())),
            });
        }
        if let Some(next) = border::version(&line.object) {
            next.clone_into(version);
        }
        match line.r#type.as_str() {
            "ADDED" | "MODIFIED" => self.cross(line.object, changes, skipped),
            "DELETED" => {
                let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
                changes.push(border::delete(&mut known, &self.shared.cluster, self.info, &line.object));
            }
            "BOOKMARK" => {}
            other => {
                let why = format!("an event of the unknown type `{}`", crate::plugin::shorten(other, 40));
                let kind = super::kind_name(self.info);
                skipped.push(Observation::Skipped { kind, name: border::place(&line.object), why });
            }
        }
        None
    }
}

/// The status an `ERROR` line carries, whole.
fn status_of(line: &[u8]) -> Value {
    let mut event: Value = serde_json::from_slice(line).unwrap_or_default();
    event.get_mut("object").map(Value::take).unwrap_or_default()
}

fn end_of(failure: Failure, verb: &'static str) -> End {
    match failure {
        Failure::Status(refusal) if refusal.is_expired() => End::Expired,
        Failure::Status(refusal) if refusal.code == 403 => {
            End::Stop(Stop::Forbidden { verb, message: refusal.message })
        }
        Failure::Status(refusal) if refusal.code == 404 => End::Stop(Stop::Absent),
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
