//! The only caller of `spawn`: named tasks, observed exits, restart with backoff where that helps, a bounded stop.

use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// The longest a task may take to end after it was asked to.
pub const STOP_LIMIT: Duration = Duration::from_secs(5);

/// The longest pause before a failed task is started again.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// Why a task ended by itself.
pub type Ended = Result<(), String>;

/// A task and what it is called.
type Named = (String, JoinHandle<()>);

/// A group of tasks that live and end together: the whole engine, or what one open cluster needs.
#[derive(Clone, Default)]
pub struct Supervisor {
    tasks: Arc<Mutex<Vec<Named>>>,
    stop: CancellationToken,
}

impl Supervisor {
    /// A group that also ends when `self` does.
    #[must_use]
    pub fn child(&self) -> Self {
        Self { tasks: Arc::default(), stop: self.stop.child_token() }
    }

    /// Resolves when the group is asked to stop.
    pub fn stopping(&self) -> CancellationToken {
        self.stop.clone()
    }

    /// Starts a task that ends by itself or when the group stops.
    #[allow(clippy::disallowed_methods, reason = "the one home of spawn")]
    pub fn start(&self, name: &str, task: impl Future<Output = Ended> + Send + 'static) {
        let stop = self.stop.clone();
        let label = name.to_owned();
        let handle = tokio::spawn(async move {
            tokio::select! {
                () = stop.cancelled() => {}
                ended = task => if let Err(why) = ended {
                    tracing::warn!(task = label, why, "task ended");
                },
            }
        });
        self.keep(name, handle);
    }

    /// Starts a task that is started again, after a growing pause, whenever it ends before the group stops.
    pub fn keep_running<F, T>(&self, name: &str, mut make: F)
    where
        F: FnMut() -> T + Send + 'static,
        T: Future<Output = Ended> + Send + 'static,
    {
        let stop = self.stop.clone();
        let label = name.to_owned();
        self.start(name, async move {
            let mut pause = Duration::from_millis(500);
            while !stop.is_cancelled() {
                match make().await {
                    Ok(()) => pause = Duration::from_millis(500),
                    Err(why) => tracing::warn!(task = label, why, "task failed, will start again"),
                }
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
            Ok(())
        });
    }

    /// Runs work that takes long without an answer, such as typesetting, beside the tasks; `None` where it was cut off.
    #[allow(clippy::disallowed_methods, reason = "the one home of spawn")]
    pub async fn block<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
        tokio::task::spawn_blocking(work).await.ok()
    }

    /// Runs work no person waits for on a thread that gets what all others leave of the machine; `None` where it ended badly.
    /// It must hold nothing others wait for.
    pub async fn quietly<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
        let (done, answer) = tokio::sync::oneshot::channel();
        let quiet = move || {
            // On Linux this is the priority of the thread, elsewhere of the whole process. Refused, it is only less quiet.
            #[cfg(target_os = "linux")]
            let _ = rustix::process::nice(10);
            let _ = done.send(work());
        };
        std::thread::Builder::new().name("quiet".to_owned()).spawn(quiet).ok()?;
        answer.await.ok()
    }

    /// Asks every task to end, without waiting.
    pub fn ask_to_stop(&self) {
        self.stop.cancel();
    }

    /// Asks every task to end, waits [`STOP_LIMIT`], aborts what hangs and answers the names of those.
    pub async fn stop(&self) -> Vec<String> {
        self.stop.cancel();
        let tasks = std::mem::take(&mut *self.tasks.lock().unwrap_or_else(PoisonError::into_inner));
        let mut hung = Vec::new();
        for (name, mut handle) in tasks {
            if tokio::time::timeout(STOP_LIMIT, &mut handle).await.is_err() {
                handle.abort();
                tracing::warn!(task = name, "did not stop in time, aborted");
                hung.push(name);
            }
        }
        hung
    }

    fn keep(&self, name: &str, handle: JoinHandle<()>) {
        let mut tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        tasks.retain(|(_, handle)| !handle.is_finished());
        tasks.push((name.to_owned(), handle));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_stopped_group_ends_its_tasks_and_names_none() {
        let group = Supervisor::default();
        group.start("waits for ever", std::future::pending());
        assert_eq!(group.stop().await, Vec::<String>::new());
    }

    #[tokio::test]
    async fn quiet_work_gets_what_others_leave_and_takes_nothing_from_them() {
        let group = Supervisor::default();
        assert_eq!(group.quietly(|| 7).await, Some(7));
        assert_eq!(group.quietly(|| -> u8 { panic!("on purpose") }).await, None);
        #[cfg(target_os = "linux")]
        {
            let own = || rustix::process::getpriority_process(None).unwrap();
            let before = own();
            assert_eq!(group.quietly(own).await, Some((before + 10).min(19)));
            assert_eq!(own(), before);
        }
    }

    #[tokio::test]
    async fn a_failed_task_starts_again() {
        let group = Supervisor::default();
        let (sender, mut receiver) = tokio::sync::mpsc::unbounded_channel();
        group.keep_running("fails", move || {
            let sender = sender.clone();
            async move {
                let _ = sender.send(());
                Err("on purpose".to_owned())
            }
        });
        assert!(receiver.recv().await.is_some());
        assert!(receiver.recv().await.is_some());
        group.stop().await;
    }
}
