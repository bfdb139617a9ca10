//! Opening clusters and leaving them: the one that is opened alone answers first; of several none waits for another.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use broadstreet_core::id::SourceId;
use broadstreet_core::ports::ContextChoice;
use tokio::sync::{RwLock, mpsc};

use crate::desk::Open;
use crate::live::{self, Live, Member, State};
use crate::{Engine, EngineError, Result};

/// Observations that may wait for the writer.
const WAITING: usize = 1024;

/// More clusters side by side than this nobody looks at.
const MOST: usize = 32;

impl Engine {
    /// Opens a cluster alone, starts recording it and asks every configured source.
    ///
    /// # Errors
    /// When it does not answer: what was open stays open.
    pub async fn open_context(&self, choice: ContextChoice) -> Result<()> {
        let connection = self.ports.cluster.connect(choice).await?;
        let live = self.start_live().await?;
        let member = Self::add_member(&live, &connection.identity().label)?;
        live::join(self, &live, &member, &connection).await?;
        self.show(live).await
    }

    /// Opens clusters side by side; `beside` adds them to those that are open. Each is connected in a task of its own, and
    /// says as a source of the desk what keeps it.
    ///
    /// # Errors
    /// When a kubeconfig or context is not there, or a context of the same name is open already.
    pub async fn open_contexts(&self, choices: Vec<ContextChoice>, beside: bool) -> Result<()> {
        let mut named = Vec::new();
        for choice in choices {
            named.push(self.named(choice)?);
        }
        let open = if beside { self.live().await } else { None };
        let known = open.iter().flat_map(|live| live.members()).map(|member| member.label.clone());
        let mut labels: Vec<String> = known.collect();
        for (label, _) in &named {
            if labels.contains(label) {
                return Err(already_open(label));
            }
            labels.push(label.clone());
        }
        if labels.len() > MOST {
            return Err(EngineError::refused(
                "too_many",
                format!("{} clusters would be open", labels.len()),
                format!("choose at most {MOST}"),
            ));
        }
        let is_new = open.is_none();
        let live = match open {
            Some(live) => live,
            None => self.start_live().await?,
        };
        for (label, choice) in named {
            let member = Self::add_member(&live, &label)?;
            live::start_member(self, &live, &member, choice);
        }
        if is_new {
            return self.show(live).await;
        }
        self.notices.tell("desk", []);
        Ok(())
    }

    /// Leaves one of the open clusters; the others stay as they are. The last one closes the desk.
    ///
    /// # Errors
    /// When no open cluster is called so.
    pub async fn leave_context(&self, source: &SourceId) -> Result<()> {
        let live = self.live().await.ok_or_else(|| EngineError::not_found("open cluster", source.as_str()))?;
        let member = live.member(source).ok_or_else(|| EngineError::not_found("open cluster", source.as_str()))?;
        if live.members().len() < 2 {
            return self.close_desk().await;
        }
        member.tasks.ask_to_stop();
        // From here on nothing more of it is taken, so that what is kept is all of it.
        live.members.lock().unwrap_or_else(PoisonError::into_inner).retain(|it| it.source != *source);
        live::keep(self, &live).await;
        // What was read of its recording before has grown since, and is its past from now on.
        self.archive.forget();
        if let Some(id) = member.id()
            && let Err(why) = self.remember_plan(&live, id).await
        {
            tracing::warn!(%why, "the plan could not be remembered");
        }
        let _ = live.input.send(live::Input::Left(source.clone(), member.id().map(str::to_owned))).await;
        let hung = member.tasks.stop().await;
        if !hung.is_empty() {
            tracing::warn!(?hung, "tasks did not stop in time");
        }
        self.notices.tell("desk", []);
        Ok(())
    }

    /// A choice with the name of its context.
    fn named(&self, choice: ContextChoice) -> Result<(String, ContextChoice)> {
        let contexts = self.contexts(choice.kubeconfig.clone())?;
        let found = match &choice.context {
            Some(name) => contexts.iter().find(|it| it.name == *name),
            None => contexts.iter().find(|it| it.current),
        };
        let found = found.map(|it| it.name.clone()).ok_or_else(|| {
            let known: Vec<&str> = contexts.iter().map(|it| it.name.as_str()).collect();
            let asked =
                choice.context.as_deref().map_or_else(|| "current context".to_owned(), |it| format!("context `{it}`"));
            EngineError::refused(
                "unknown_context",
                format!("there is no {asked} in the kubeconfig; there are: {}", known.join(", ")),
                "name one of the contexts",
            )
        })?;
        Ok((found.clone(), ContextChoice { context: Some(found), ..choice }))
    }

    /// Closes what is open and starts what clusters join: one writer, one recorder, one clock, every source.
    async fn start_live(&self) -> Result<Arc<Live>> {
        self.close_desk().await?;
        let (input, received) = mpsc::channel(WAITING);
        let since = chrono::SubsecRound::trunc_subsecs(self.now(), 6);
        let live = Arc::new(Live {
            members: Mutex::default(),
            left: Mutex::default(),
            state: Arc::new(RwLock::new(State { at: Some(since), ..State::default() })),
            input,
            flush: tokio::sync::Notify::new(),
            keeping: tokio::sync::Mutex::default(),
            tasks: self.tasks.child(),
            sources: Mutex::new(BTreeMap::new()),
            asked: std::sync::atomic::AtomicBool::new(false),
            since,
        });
        live::start_writer(self, &live, received);
        live::start_recorder(self, &live);
        live::start_clock(&live);
        Ok(live)
    }

    fn add_member(live: &Arc<Live>, label: &str) -> Result<Arc<Member>> {
        let member = Arc::new(Member::new(label, live.tasks.child()));
        let mut members = live.members.lock().unwrap_or_else(PoisonError::into_inner);
        if members.iter().any(|it| it.source == member.source) {
            return Err(already_open(label));
        }
        members.push(Arc::clone(&member));
        Ok(member)
    }

    /// Asks every source, and makes what was started what the desk shows.
    async fn show(&self, live: Arc<Live>) -> Result<()> {
        for settings in self.sources().await? {
            if let Err(why) = live::start_source(self, &live, &settings) {
                self.say_trouble(&live, &settings.id, &why).await;
            }
        }
        live.asked.store(true, std::sync::atomic::Ordering::Release);
        *self.desk.write().await = Open::Live(live);
        let under_way = self.under_way().await?;
        if self.chosen().is_none_or(|id| !under_way.contains(&id)) {
            self.choose(under_way.into_iter().next());
        }
        self.notices.tell("desk", []);
        self.notices.tell("map", []);
        Ok(())
    }
}

fn already_open(label: &str) -> EngineError {
    EngineError::refused(
        "already_open",
        format!("a context called `{label}` is open already"),
        "leave it first, or rename the context in one of the kubeconfigs",
    )
}
