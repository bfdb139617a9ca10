//! One object whole, and what containers printed.

use std::collections::VecDeque;
use std::sync::Arc;

use broadstreet_core::id::ObjectKey;
use broadstreet_core::logs::{LONGEST_LINE, LogLine};
use broadstreet_core::ports::{ClusterError, Flow, LogsOf, Manifest};
use broadstreet_core::resource::cover;
use futures_util::stream;
use http_body_util::BodyExt as _;
use kube::client::Body;

use crate::access::{Access, JSON};
use crate::connection::escape;
use crate::failure::Failure;
use crate::watch::{Defined, Kind, METADATA, group_version, root, unless_anew};

/// Bytes of a line that are kept while its end is waited for: the text, and the time before it.
const LONGEST_READ: usize = LONGEST_LINE + 64;

/// Reads an object in the newest version there is and covers what nobody may see before anybody does.
pub async fn manifest(access: &Access, kinds: &Defined, key: &ObjectKey) -> Result<Manifest, ClusterError> {
    let what = format!("{} `{}`", key.kind, key.name);
    let Some(info) = kinds.kind(&key.group, &key.kind) else {
        let message = "this kind is not one that is read".to_owned();
        return Err(ClusterError::Declined { what, status: 404, message });
    };
    let accept = if info.metadata_only { METADATA } else { JSON };
    let mut declined = None;
    for version in info.versions() {
        match access.json(&path_of(&info, version, key), accept, access.limits.answer).await {
            Ok((_, value)) => {
                let (value, covered) = cover(value);
                let yaml = serde_saphyr::to_string(&value).map_err(|why| ClusterError::NotKubernetes {
                    server: access.server.clone(),
                    why: format!("{what} that cannot be written as YAML: {why}"),
                })?;
                return Ok(Manifest { yaml, covered });
            }
            Err(Failure::Status(refusal)) if refusal.code == 404 => {
                declined.get_or_insert(Failure::Status(refusal));
            }
            Err(failure) => return Err(of(access, failure, "get", &info, &what)),
        }
    }
    let failure = declined.unwrap_or_else(|| Failure::Status(crate::failure::Refusal::default()));
    Err(of(access, failure, "get", &info, &what))
}

fn of(access: &Access, failure: Failure, verb: &str, info: &Kind, what: &str) -> ClusterError {
    failure.into_declined(&access.server, verb, &format!("{}/{}", info.group, info.kind), what)
}

fn path_of(info: &Kind, version: &str, key: &ObjectKey) -> String {
    let root = root(&group_version(&info.group, version));
    let space = if info.namespaced { format!("/namespaces/{}", escape(&key.namespace)) } else { String::new() };
    format!("{root}{space}/{}/{}", info.plural, escape(&key.name))
}

/// `/api/v1/namespaces/NS/pods/POD/log`, with the time before each line.
fn log_path(of: &LogsOf) -> String {
    let mut path = format!(
        "/api/v1/namespaces/{}/pods/{}/log?timestamps=true&container={}",
        escape(&of.namespace),
        escape(&of.pod),
        escape(&of.container)
    );
    for (name, wanted) in [("follow", of.follow), ("previous", of.previous)] {
        if wanted {
            path.push_str(&format!("&{name}=true"));
        }
    }
    if of.tail > 0 {
        path.push_str(&format!("&tailLines={}", of.tail));
    }
    if let Some(since) = of.since {
        path.push_str(&format!("&sinceTime={}", escape(&since.to_rfc3339_opts(chrono::SecondsFormat::Secs, true))));
    }
    path
}

enum Reading {
    Asked,
    Open(Box<Body>, Cutter),
    Ended,
}

/// What a container printed. A container that prints nothing keeps the stream open as long as it is followed, but no longer
/// than its connection is believed in: where all are given up for new ones, it breaks off.
pub fn logs(access: Arc<Access>, of: LogsOf) -> Flow<Result<LogLine, ClusterError>> {
    let anew = access.anew.subscribe();
    Box::pin(stream::unfold((access, of, anew, Reading::Asked), |(access, of, mut anew, mut reading)| async move {
        let broke_off = |why: &str| {
            let why = format!("the log of pod `{}` broke off: {why}", of.pod);
            Err(ClusterError::Unreachable { server: access.server.clone(), why })
        };
        let given_up = "every connection was given up for a new one";
        loop {
            let told = match &mut reading {
                Reading::Ended => return None,
                Reading::Asked => {
                    let path = log_path(&of);
                    let asked = access.get(&path, "*/*", access.limits.page);
                    match unless_anew(&mut anew, asked).await {
                        Some(Ok(answer)) => {
                            reading = Reading::Open(Box::new(answer.into_body()), Cutter::default());
                            continue;
                        }
                        Some(Err(failure)) => {
                            let what = format!("logs of container `{}` of pod `{}`", of.container, of.pod);
                            Err(failure.into_declined(&access.server, "get", "/Pod (pods/log)", &what))
                        }
                        None => broke_off(given_up),
                    }
                }
                Reading::Open(body, cutter) => {
                    if let Some(line) = cutter.lines.pop_front() {
                        return Some((Ok(LogLine::read(&line)), (access, of, anew, reading)));
                    }
                    match unless_anew(&mut anew, body.frame()).await {
                        Some(Some(Ok(frame))) => {
                            if let Ok(data) = frame.into_data() {
                                cutter.take(&data);
                            }
                            continue;
                        }
                        Some(Some(Err(error))) => broke_off(&error.to_string()),
                        Some(None) => Ok(LogLine::read(&cutter.end()?)),
                        None => broke_off(given_up),
                    }
                }
            };
            return Some((told, (access, of, anew, Reading::Ended)));
        }
    }))
}

/// Cuts pieces into lines. Of a line longer than [`LONGEST_READ`] the rest is passed over as it comes.
#[derive(Default)]
struct Cutter {
    lines: VecDeque<Vec<u8>>,
    rest: Vec<u8>,
}

impl Cutter {
    fn take(&mut self, piece: &[u8]) {
        let mut parts = piece.split(|byte| *byte == b'\n');
        let last = parts.next_back().unwrap_or_default();
        for part in parts {
            self.keep(part);
            self.lines.push_back(std::mem::take(&mut self.rest));
        }
        self.keep(last);
    }

    fn keep(&mut self, part: &[u8]) {
        let room = LONGEST_READ.saturating_sub(self.rest.len());
        self.rest.extend_from_slice(&part[..part.len().min(room)]);
    }

    /// The last line, where it has no end.
    fn end(&mut self) -> Option<Vec<u8>> {
        (!self.rest.is_empty()).then(|| std::mem::take(&mut self.rest))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_the_same_however_the_pieces_are_cut() {
        let text = "a\n\nbc\nlast without an end";
        for size in [1, 2, 3, text.len()] {
            let mut cutter = Cutter::default();
            text.as_bytes().chunks(size).for_each(|piece| cutter.take(piece));
            let rest = cutter.end().expect("the last line");
            assert_eq!(cutter.lines, [&b"a"[..], b"", b"bc"].map(<[u8]>::to_vec), "pieces of {size}");
            assert_eq!(rest, b"last without an end");
        }
    }

    #[test]
    fn a_line_that_does_not_end_holds_no_more_memory_than_one_that_does() {
        let mut cutter = Cutter::default();
        for _ in 0..1_000 {
            cutter.take(&[b'x'; 4096]);
        }
        assert_eq!(cutter.rest.len(), LONGEST_READ);
        cutter.take(b"\nnext\n");
        assert_eq!(cutter.lines[1], b"next");
    }

    #[test]
    fn the_paths_are_the_apis() {
        let key = |group, kind, namespace, name| ObjectKey::new("c", group, kind, namespace, name);
        let check = |key: ObjectKey, expected: &str| {
            let info = Defined::default().kind(&key.group, &key.kind).expect("a kind");
            assert_eq!(path_of(&info, &info.version, &key), expected);
        };
        check(key("", "Node", "", "node-01"), "/api/v1/nodes/node-01");
        check(key("apps", "Deployment", "shop", "a/b"), "/apis/apps/v1/namespaces/shop/deployments/a%2Fb");
        let of = LogsOf { namespace: "shop".into(), pod: "p".into(), container: "c".into(), ..LogsOf::default() };
        assert_eq!(log_path(&of), "/api/v1/namespaces/shop/pods/p/log?timestamps=true&container=c");
        let since = chrono::DateTime::from_timestamp(1_772_634_725, 0);
        let of = LogsOf { previous: true, follow: true, tail: 500, since, ..of };
        assert!(log_path(&of).ends_with("&follow=true&previous=true&tailLines=500&sinceTime=2026-03-04T14%3A32%3A05Z"));
    }
}
