//! What the server has: the groups and versions it serves, asked once for all kinds, and what is in those that matter.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use broadstreet_core::resource::KINDS;
use serde_json::Value;
use tokio::sync::{Mutex, OnceCell};

use crate::access::{Access, JSON};
use crate::failure::Failure;
use crate::watch::Kind;

/// Names of resources by group and version.
type Resources = HashMap<String, BTreeSet<String>>;

/// The groups a server has, where it said so.
type Groups = Option<Arc<BTreeSet<String>>>;

/// The server did not say what it has.
#[derive(Clone, Copy, Debug)]
pub struct Unsaid;

/// What was asked so far.
#[derive(Default)]
pub struct Discovery {
    groups: Mutex<Option<(Duration, Groups)>>,
    first: OnceCell<Resources>,
}

impl Discovery {
    /// The version in which to read a kind, as the server was when it was first asked; none where it has none of it. What
    /// discovery does not say is taken to be there, and the list will tell.
    pub async fn version_of(&self, access: &Access, info: &Kind) -> Option<String> {
        let served = self.served(access, None).await;
        let first = self.first.get_or_init(|| resources_of_all(access, served.as_deref())).await;
        let mut versions = info.versions().filter(|version| is_served(served.as_deref(), &info.group, version));
        let is_there = |version: &&str| {
            first.get(&group_version(&info.group, version)).is_none_or(|plurals| plurals.contains(&*info.plural))
        };
        versions.find(is_there).map(str::to_owned)
    }

    /// The same as the server is now, as known no longer than `at_most` ago. All kinds that ask together ask once.
    ///
    /// # Errors
    /// Where the server does not say: then nothing is known of the kind, neither that it is there nor that it is not.
    pub async fn version_now(&self, access: &Access, info: &Kind, at_most: Duration) -> Result<Option<String>, Unsaid> {
        let served = self.served(access, Some(at_most)).await;
        for version in info.versions().filter(|version| is_served(served.as_deref(), &info.group, version)) {
            match resources(access, &group_version(&info.group, version)).await {
                None => return Err(Unsaid),
                Some(plurals) if plurals.contains(&*info.plural) => return Ok(Some(version.to_owned())),
                Some(_) => {}
            }
        }
        Ok(None)
    }

    /// The groups and versions that are served, as known or no older than `at_most`; nothing where the server does not say.
    async fn served(&self, access: &Access, at_most: Option<Duration>) -> Option<Arc<BTreeSet<String>>> {
        let mut held = self.groups.lock().await;
        match &*held {
            Some((at, served)) if at_most.is_none_or(|age| access.timer.elapsed() < *at + age) => served.clone(),
            _ => {
                let served = groups(access).await.map(Arc::new);
                *held = Some((access.timer.elapsed(), served.clone()));
                served
            }
        }
    }
}

/// `group/version` of everything that `/apis` lists.
async fn groups(access: &Access) -> Option<BTreeSet<String>> {
    let (_, value) = access.json("/apis", JSON, access.limits.answer).await.ok()?;
    let groups = value.get("groups").and_then(Value::as_array)?;
    let versions = groups.iter().filter_map(|group| group.get("versions")?.as_array()).flatten();
    Some(versions.filter_map(|version| version.get("groupVersion")?.as_str()).map(str::to_owned).collect())
}

/// Whether a version may be there; the core group does not stand in the list.
fn is_served(served: Option<&BTreeSet<String>>, group: &str, version: &str) -> bool {
    group.is_empty() || served.is_none_or(|served| served.contains(&group_version(group, version)))
}

async fn resources_of_all(access: &Access, served: Option<&BTreeSet<String>>) -> Resources {
    let wanted: BTreeSet<String> = KINDS
        .iter()
        .flat_map(|info| info.versions().map(|version| (info.group, version)))
        .filter(|(group, version)| is_served(served, group, version))
        .map(|(group, version)| group_version(group, version))
        .collect();
    let asked = wanted.into_iter().map(|wanted| async move {
        let found = resources(access, &wanted).await;
        found.map(|plurals| (wanted, plurals))
    });
    futures_util::future::join_all(asked).await.into_iter().flatten().collect()
}

/// The resources of a group's version; none for one that is not served, `None` where it cannot be asked.
async fn resources(access: &Access, group_version: &str) -> Option<BTreeSet<String>> {
    match access.json(&root(group_version), JSON, access.limits.answer).await {
        Ok((_, value)) => {
            let resources = value.get("resources").and_then(Value::as_array)?;
            Some(resources.iter().filter_map(|entry| entry.get("name")?.as_str()).map(str::to_owned).collect())
        }
        Err(Failure::Status(refusal)) if refusal.code == 404 => Some(BTreeSet::new()),
        Err(_) => None,
    }
}

/// A version as objects of it are marked: the core group has no name.
pub fn group_version(group: &str, version: &str) -> String {
    if group.is_empty() { version.to_owned() } else { format!("{group}/{version}") }
}

/// The path under which a group's version lies.
pub fn root(group_version: &str) -> String {
    if group_version.contains('/') { format!("/apis/{group_version}") } else { format!("/api/{group_version}") }
}
