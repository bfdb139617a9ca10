//! Reading everything of a kind: by pages; where those expire, as a stream; where the server has none, whole from its cache.
//!
//! What expired once between two pages would do so for ever, for a list that takes longer than the server keeps its past
//! (kube-apiserver compacts every five minutes). A page that fails is asked for again with the same token, not from the
//! first page on.

use std::pin::Pin;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use broadstreet_core::ports::{Answer, Observation};
use broadstreet_core::resource::{Json, Listing};
use broadstreet_core::world::Change;
use futures_util::future::{MaybeDone, maybe_done};
use kube::client::Body;
use serde_json::Value;

use crate::access::JSON;
use crate::connection::escape;
use crate::failure::Failure;
use crate::timer::within;
use crate::watch::Shared;
use crate::watch::border::{self, Origin};
use crate::watch::items::Items;
use crate::watch::lines::{Lines, WatchLine};
use crate::watch::scope::{End, METADATA, NOTHING_CAME, Scope, end_of, unless_anew, unless_dead};

const METADATA_LIST: &str = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";
/// The annotation of the bookmark after which a stream told everything (Kubernetes 1.27 and later).
const ALL_TOLD: &str = "k8s.io/initial-events-end";
/// How long a stream is asked to last: as long as everything may take.
const STREAM_SECONDS: u32 = 600;
/// A page that failed this often in a row is given up, and with it all before it.
const TRIES_OF_A_PAGE: u32 = 6;
/// Definitions of custom resources on a page: one may be a megabyte.
pub(super) const DEFINITIONS_ON_A_PAGE: u32 = 25;
/// While nothing of a page came for so long, others are asked for.
const OTHERS_GO_ON: Duration = Duration::from_secs(3);
/// What is read in one go and is under way when all connections are given up may still come for so long.
const STILL_COMES: Duration = Duration::from_secs(3);
/// So many objects of a stream are handed on together.
const TOGETHER: usize = 500;

/// A reading of everything, as far as it came.
pub struct Reading {
    way: Way,
    round: u32,
}

enum Way {
    /// By pages, from this token on; the first page has none.
    Pages { token: String, failures: u32 },
    /// As events, the last of which says that this was all.
    Stream,
    /// In one piece, however large, from the server's cache.
    Whole,
}

/// So many objects of a page are read before is looked how far the next page came.
const BETWEEN_LOOKS: usize = 32;

/// A page that is under way.
type Coming = Answer<'static, Result<Page, Failure>>;

/// A page that was asked for, as far as it came: it goes on only where somebody looks.
struct Asked {
    path: String,
    answer: Pin<Box<MaybeDone<Coming>>>,
}

/// The head of an answer and its body.
type Page = (http::response::Parts, Vec<u8>);

/// What came of a page.
struct Taken {
    changes: Vec<Change>,
    skipped: Vec<Observation>,
    /// The version of the list and the token of its next page; nothing where it is no list.
    read: Result<Option<(String, String)>, Failure>,
    /// The next page, where its token stands before the objects.
    ahead: Option<Asked>,
}

impl Reading {
    /// Origin the first page on.
    pub fn by_pages(scope: &Scope) -> Self {
        Self::new(scope, Way::Pages { token: String::new(), failures: 0 })
    }

    fn new(scope: &Scope, way: Way) -> Self {
        Self { way, round: scope.known.lock().unwrap_or_else(PoisonError::into_inner).begin() }
    }

    /// Whether after such an end the same is asked in a way that was not tried yet.
    pub fn has_another_way(&self, end: &End) -> bool {
        matches!((&self.way, end), (Way::Pages { .. }, End::Expired) | (Way::Stream, End::Expired | End::NotSo(_)))
    }

    /// How to go on after it ended so, and whether it came further than before.
    pub fn after(self, end: &End, scope: &Scope) -> (Self, bool) {
        let way = match (self.way, end) {
            (Way::Pages { .. }, End::Expired) => Way::Stream,
            (Way::Pages { token, failures }, End::Failed(..)) if !token.is_empty() && failures < TRIES_OF_A_PAGE => {
                let way = Way::Pages { token, failures: failures + 1 };
                return (Self { way, round: self.round }, failures == 0);
            }
            (Way::Stream, End::Expired | End::NotSo(_)) => Way::Whole,
            (Way::Stream, End::Failed(..)) => Way::Stream,
            (Way::Whole, End::Failed(..)) => Way::Whole,
            _ => Way::Pages { token: String::new(), failures: 0 },
        };
        (Self::new(scope, way), false)
    }
}

impl Scope {
    /// Reads everything, handing on what comes as it comes, and at the end what is gone. Answers the resource version.
    pub(super) async fn read(&mut self, reading: &mut Reading) -> Result<String, End> {
        let round = reading.round;
        let version = match &mut reading.way {
            Way::Pages { token, failures } => self.read_pages(round, token, failures).await,
            Way::Stream => self.read_stream(round).await,
            Way::Whole => self.read_whole(round).await,
        }?;
        self.vanish(Some(round)).await;
        Ok(version)
    }

    fn accept(&self) -> &'static str {
        if self.info.metadata_only { METADATA_LIST } else { JSON }
    }

    fn page_size(&self) -> u32 {
        let size = self.shared.access.limits.page_size;
        if self.info.kind == "CustomResourceDefinition" { size.min(DEFINITIONS_ON_A_PAGE) } else { size }
    }

    async fn read_pages(&mut self, round: u32, token: &mut String, failures: &mut u32) -> Result<String, End> {
        let mut asked = self.ask_page(self.page_path(token));
        loop {
            unless_anew(&mut self.anew, asked.answer.as_mut()).await.ok_or(End::Closed)?;
            let odd = |what: &str| End::Failed(format!("`{}` answered {what}", asked.path), None);
            let answer = asked.answer.as_mut().take_output().ok_or_else(|| odd("nothing"))?;
            let (head, body) = answer.map_err(|failure| end_of(failure, "list"))?;
            let page = self.take_page(round, &head, &body).await;
            drop(body);
            self.lives();
            // However it ended: what was taken is known, and would not be told a second time.
            self.hand_on(page.changes, page.skipped).await;
            let read = page.read.map_err(|failure| end_of(failure, "list"))?;
            let (version, next) = read.ok_or_else(|| odd("something that is no list"))?;
            *failures = 0;
            *token = next;
            if token.is_empty() {
                return Ok(version);
            }
            let path = self.page_path(token);
            asked = page.ahead.filter(|ahead| ahead.path == path).unwrap_or_else(|| self.ask_page(path));
        }
    }

    /// Takes the objects of a page one by one, while the next is under way.
    async fn take_page(&self, round: u32, head: &http::response::Parts, body: &[u8]) -> Taken {
        let (mut changes, mut skipped, mut ahead) = (Vec::new(), Vec::new(), None);
        let mut listing = std::str::from_utf8(body).ok().and_then(Listing::begin);
        if let Some(listing) = &mut listing {
            let token = listing.get("metadata").and_then(|it| it.get("continue")).and_then(Json::as_str);
            ahead = token.filter(|token| !token.is_empty()).map(|token| self.ask_page(self.page_path(token)));
            for (number, item) in listing.enumerate() {
                if let Some(ahead) = &mut ahead
                    && number % BETWEEN_LOOKS == 0
                {
                    let _ = futures_util::poll!(ahead.answer.as_mut());
                }
                self.cross(Origin::Reading(round), item, &mut changes, &mut skipped);
            }
        }
        let page = match listing.and_then(Listing::rest) {
            Some(page) => Ok(Some(page)),
            // Odd, or no list. What was taken of it comes again as it was.
            None => self.shared.access.sift(head, body).map(|mut page| {
                match page.take("items") {
                    Some(Json::List(items)) => {
                        for item in items {
                            self.cross(Origin::Reading(round), item, &mut changes, &mut skipped);
                        }
                    }
                    Some(Json::Null) => {} // Go writes an empty list so
                    _ => return None,
                }
                Some(page)
            }),
        };
        let read = page.map(|page| {
            let page = page?;
            let next = page.at("metadata.continue").and_then(Json::as_str).unwrap_or_default();
            Some((border::version(&page)?.to_owned(), next.to_owned()))
        });
        Taken { changes, skipped, read, ahead }
    }

    /// The page of a token; the first where it is empty.
    fn page_path(&self, token: &str) -> String {
        let path = format!("{}?limit={}", self.path(), self.page_size());
        if token.is_empty() { path } else { format!("{path}&continue={}", escape(token)) }
    }

    fn ask_page(&self, path: String) -> Asked {
        let (shared, asked, accept) = (Arc::clone(&self.shared), path.clone(), self.accept());
        let answer: Answer<'static, _> = Box::pin(async move { page(&shared, &asked, accept).await });
        Asked { path, answer: Box::pin(maybe_done(answer)) }
    }

    /// Reads a streaming list up to the bookmark that says that this was all.
    async fn read_stream(&mut self, round: u32) -> Result<String, End> {
        let accept = if self.info.metadata_only { METADATA } else { JSON };
        let path = format!(
            "{}?watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true\
             &timeoutSeconds={STREAM_SECONDS}",
            self.path()
        );
        let limits = self.shared.access.limits;
        let asked = self.shared.access.get(&path, accept, limits.page);
        let timer = &*self.shared.access.timer;
        let answer = unless_dead(timer, &mut self.anew, STILL_COMES, asked).await.ok_or(End::Closed)?;
        let mut body = answer.map_err(|failure| end_of(failure, "watch"))?.into_body();
        let (mut changes, mut skipped) = (Vec::new(), Vec::new());
        let told = self.tell_stream(round, &mut body, &mut changes, &mut skipped).await;
        // However it ended: what was taken is known, and would not be told a second time.
        self.hand_on(changes, skipped).await;
        told
    }

    async fn tell_stream(
        &mut self,
        round: u32,
        body: &mut Body,
        changes: &mut Vec<Change>,
        skipped: &mut Vec<Observation>,
    ) -> Result<String, End> {
        let (mut lines, mut version) = (Lines::default(), String::new());
        loop {
            let piece = match self.piece(body, self.shared.access.limits.answer, STILL_COMES).await {
                Ok(Some(piece)) => piece,
                // A server from before there were streams of this kind tells everything too, and never that it was all.
                Ok(None) => return Err(End::NotSo("the stream ended before everything was told".to_owned())),
                Err(End::Failed(why, _)) if why.starts_with(NOTHING_CAME) => return Err(End::NotSo(why)),
                Err(end) => return Err(end),
            };
            self.lives();
            for line in lines.take(piece.as_ref()) {
                let line = line.map_err(End::NotSo)?;
                let event = WatchLine::read(&line).map_err(End::NotSo)?;
                let all_told = event.r#type == "BOOKMARK" && is_last_of_all(&line);
                if let Some(end) = self.take(Origin::Reading(round), &line, event, &mut version, changes, skipped) {
                    return Err(end);
                }
                if all_told {
                    return Ok(version);
                }
                if changes.len() >= TOGETHER {
                    self.hand_on(std::mem::take(changes), std::mem::take(skipped)).await;
                }
            }
        }
    }

    /// Reads everything in one answer, cutting it into its objects as it comes.
    async fn read_whole(&mut self, round: u32) -> Result<String, End> {
        let path = format!("{}?resourceVersion=0", self.path());
        let (accept, limits) = (self.accept(), self.shared.access.limits);
        let asked = self.shared.access.get(&path, accept, limits.page);
        let timer = &*self.shared.access.timer;
        let answer = unless_dead(timer, &mut self.anew, STILL_COMES, asked).await.ok_or(End::Closed)?;
        let mut body = answer.map_err(|failure| end_of(failure, "list"))?.into_body();
        let mut items = Items::default();
        while let Some(piece) = self.piece(&mut body, limits.answer, STILL_COMES).await? {
            self.lives();
            let (mut changes, mut skipped) = (Vec::new(), Vec::new());
            items.take(piece.as_ref(), |item| {
                // What is cut out at its own braces and is no JSON is named like any other malformed object.
                let value = std::str::from_utf8(item).map_or_else(|_| serde_json::from_slice(item), Json::read);
                let value = value.unwrap_or(Json::Null);
                self.cross(Origin::Reading(round), value, &mut changes, &mut skipped);
            });
            self.hand_on(changes, skipped).await;
        }
        let around = items.around();
        let list: Json<'_> = serde_json::from_slice(&around)
            .map_err(|error| End::Failed(format!("`{path}` answered half a list ({error})"), None))?;
        let version = border::version(&list).map(str::to_owned);
        version.ok_or_else(|| End::Failed(format!("`{path}` answered something that is no list"), None))
    }

    /// Whether the list would be allowed now, without taking anything from it.
    ///
    /// # Errors
    /// As of any request.
    pub async fn may_list(&self) -> Result<(), Failure> {
        let path = format!("{}?limit=1", self.path());
        self.shared.access.bytes(&path, self.accept(), self.shared.access.limits.page).await.map(drop)
    }
}

/// Asks for one page of a list. A server that has not begun to answer for long holds up no other kind's page.
pub(super) async fn page(
    shared: &Arc<Shared>,
    path: &str,
    accept: &str,
) -> Result<(http::response::Parts, Vec<u8>), Failure> {
    let (access, pages) = (&shared.access, &shared.pages);
    let mut permit = pages.acquire().await;
    let asked = access.get_page(path, accept);
    tokio::pin!(asked);
    let answer = match within(&*access.timer, OTHERS_GO_ON, &mut asked).await {
        Some(answer) => answer?,
        None => {
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

/// Whether a bookmark says that everything there was has been told.
fn is_last_of_all(line: &[u8]) -> bool {
    // Annotations that no rule reads are passed over when objects are read; a bookmark is small.
    let bookmark: Value = serde_json::from_slice(line).unwrap_or_default();
    bookmark["object"]["metadata"]["annotations"][ALL_TOLD] == "true"
}
