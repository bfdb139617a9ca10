//! One of the clusters that are open. Each is connected, watched and left by itself: none waits for another.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use broadstreet_core::alerts::{HandRule, LastOwner};
use broadstreet_core::id::SourceId;
use broadstreet_core::plan::Plan;
use broadstreet_core::ports::{ClusterError, ClusterIdentity, Connection, ContextChoice};
use futures_util::StreamExt;

use super::{Input, Live};
use crate::supervise::Supervisor;
use crate::{Engine, EngineError, Result};

/// How often the API server is asked whether it lives.
const ALIVE_EVERY: Duration = Duration::from_secs(3);

/// How long a try to connect may take: a credential plugin may ask a person.
const CONNECT_WITHIN: Duration = Duration::from_mins(1);

/// Between two tries to connect, at first and at most.
const TRY_AGAIN: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(30));

/// One of the clusters that are open.
pub struct Member {
    /// The source that watches it, `cluster:` and the context.
    pub source: SourceId,
    /// The context's name.
    pub label: String,
    /// Its tasks.
    pub tasks: Supervisor,
    met: OnceLock<(ClusterIdentity, Arc<dyn Connection>)>,
}

/// What a cluster brings that answered for the first time.
#[derive(Debug)]
pub struct Joining {
    /// Who it is.
    pub identity: ClusterIdentity,
    /// The plan it had when it was open last.
    pub plan: Plan,
    /// Rules by which alerts are placed at its objects.
    pub rules: Vec<HandRule>,
    /// Whose pods were that went before it was left.
    pub owners: Vec<LastOwner>,
}

impl Member {
    /// A cluster nothing is known of yet but the name of its context.
    pub fn new(label: &str, tasks: Supervisor) -> Self {
        let source = SourceId::new(format!("cluster:{label}"));
        Self { source, label: label.to_owned(), tasks, met: OnceLock::new() }
    }

    /// Who it is; none before it answered.
    pub fn identity(&self) -> Option<&ClusterIdentity> {
        self.met.get().map(|(identity, _)| identity)
    }

    /// Its id; none before it answered.
    pub fn id(&self) -> Option<&str> {
        self.identity().map(|identity| identity.id.as_str())
    }

    /// The way to it; none before it answered.
    pub fn connection(&self) -> Option<&Arc<dyn Connection>> {
        self.met.get().map(|(_, connection)| connection)
    }

    /// The way to it.
    ///
    /// # Errors
    /// Before it answered.
    pub fn reach(&self) -> std::result::Result<Arc<dyn Connection>, ClusterError> {
        self.connection().cloned().ok_or_else(|| ClusterError::Unreachable {
            server: self.label.clone(),
            why: "it has not answered since it was opened".to_owned(),
        })
    }
}

impl Live {
    /// Remembers who a member is.
    ///
    /// # Errors
    /// Where another context leads to the same cluster: each kind is watched once.
    fn meet(&self, member: &Member, connection: &Arc<dyn Connection>) -> Result<ClusterIdentity> {
        let members = self.members.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let identity = connection.identity();
        let twin = members.iter().find(|it| it.source != member.source && it.id() == Some(&identity.id));
        if let Some(twin) = twin {
            return Err(EngineError::refused(
                "same_cluster",
                format!("`{}` leads to the same cluster as `{}`, which is open already", member.label, twin.label),
                "leave one of them: each cluster is watched once",
            ));
        }
        let _ = member.met.set((identity.clone(), Arc::clone(connection)));
        Ok(identity)
    }
}

/// Connects to a member in a task of its own, again and again until it answers, and then watches it.
pub(crate) fn start_member(engine: &Engine, live: &Arc<Live>, member: &Arc<Member>, choice: ContextChoice) {
    let (engine, live, joined) = (engine.clone(), Arc::clone(live), Arc::clone(member));
    member.tasks.start(&format!("connect to {}", member.label), async move {
        let member = joined;
        let _ = live.input.send(Input::Added(member.source.clone())).await;
        let mut pause = TRY_AGAIN.0;
        loop {
            let connecting = engine.ports.cluster.connect(choice.clone());
            let failed = match tokio::time::timeout(CONNECT_WITHIN, connecting).await {
                Ok(Ok(connection)) => match join(&engine, &live, &member, &connection).await {
                    Ok(()) => return Ok(()),
                    Err(why) => why,
                },
                Ok(Err(why)) => why.into(),
                Err(_) => EngineError::from(ClusterError::Unreachable {
                    server: member.label.clone(),
                    why: format!("no connection within {} s", CONNECT_WITHIN.as_secs()),
                }),
            };
            if live.input.send(Input::Unreached(member.source.clone(), failed)).await.is_err() {
                return Ok(());
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(TRY_AGAIN.1);
        }
    });
}

/// Lets a cluster that answered join, and watches it from then on.
pub(crate) async fn join(
    engine: &Engine,
    live: &Arc<Live>,
    member: &Arc<Member>,
    connection: &Arc<dyn Connection>,
) -> Result<()> {
    let identity = live.meet(member, connection)?;
    let here = |rule: &HandRule| rule.at.cluster == identity.id.as_str();
    let rules = engine.placings().await?.into_iter().filter(here).collect();
    let (plan, owners) = engine.remembered_plan(&identity.id).await?;
    let joining = Joining { identity, plan, rules, owners };
    let _ = live.input.send(Input::Joined(member.source.clone(), Box::new(joining))).await;
    watch(live, member, connection);
    Ok(())
}

/// Starts the watches and the proof of life of a member.
fn watch(live: &Arc<Live>, member: &Arc<Member>, connection: &Arc<dyn Connection>) {
    let (watched, input, source) = (Arc::clone(connection), live.input.clone(), member.source.clone());
    member.tasks.keep_running(&format!("watch {}", member.label), move || {
        let (mut flow, input, source) = (watched.watch(), input.clone(), source.clone());
        async move {
            while let Some(observation) = flow.next().await {
                if input.send(Input::Seen(source.clone(), observation)).await.is_err() {
                    return Ok(());
                }
            }
            Err("the watches ended".to_owned())
        }
    });
    let (connection, input, source) = (Arc::clone(connection), live.input.clone(), member.source.clone());
    member.tasks.start(&format!("proof of life of {}", member.label), async move {
        loop {
            let answer = connection.alive().await;
            if input.send(Input::Alive(source.clone(), answer)).await.is_err() {
                return Ok(());
            }
            tokio::time::sleep(ALIVE_EVERY).await;
        }
    });
}
