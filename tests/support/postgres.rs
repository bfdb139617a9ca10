//! A private PostgreSQL for tests: its own folder, a free port on loopback, stopped with the last test that uses it.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

/// Where Debian keeps the programs that are not on the PATH, below a folder per version.
const DEBIAN: &str = "/usr/lib/postgresql";

/// A server that runs as long as somebody holds it.
pub struct Server {
    folder: tempfile::TempDir,
    programs: PathBuf,
    port: u16,
    databases: AtomicU32,
}

static SHARED: Mutex<Weak<Server>> = Mutex::new(Weak::new());

impl Server {
    /// The server of this test program, started by the first who asks.
    ///
    /// # Panics
    /// Where PostgreSQL's programs are missing or do not start: such a test must fail, not skip.
    pub fn shared() -> Arc<Self> {
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(server) = shared.upgrade() {
            return server;
        }
        let server = Arc::new(Self::start());
        *shared = Arc::downgrade(&server);
        server
    }

    fn start() -> Self {
        let programs = programs();
        let folder = tempfile::tempdir().expect("a folder for PostgreSQL");
        if is_root() {
            // PostgreSQL refuses to run as root; Debian's package makes this user.
            run(Command::new("chown").arg("postgres").arg(folder.path()), "give the folder to the user `postgres`");
        }
        let mut last = String::new();
        run(
            as_postgres(&programs.join("initdb"))
                .arg("--pgdata")
                .arg(folder.path().join("data"))
                .args(["--auth", "trust", "--username", "broadstreet", "--encoding", "UTF8", "--no-sync"])
                .args(["--locale", "C.UTF-8"]),
            "make a PostgreSQL cluster",
        );
        for _ in 0..5 {
            let port = free_port();
            let options = format!("-h 127.0.0.1 -p {port} -k {} -c fsync=off", folder.path().display());
            let started = as_postgres(&programs.join("pg_ctl"))
                .arg("--pgdata")
                .arg(folder.path().join("data"))
                .args(["--wait", "--timeout", "60", "--options", &options, "--log"])
                .arg(folder.path().join("log"))
                .arg("start")
                .status()
                .expect("pg_ctl runs");
            if started.success() {
                return Self { folder, programs, port, databases: AtomicU32::new(0) };
            }
            // Somebody else may have taken the port in between.
            last = std::fs::read_to_string(folder.path().join("log")).unwrap_or_default();
        }
        panic!("PostgreSQL does not start: {last}");
    }

    /// Makes an empty database, answers its address.
    ///
    /// # Panics
    /// Where the server refuses.
    pub fn database(&self) -> String {
        let name = format!("desk{}", self.databases.fetch_add(1, Ordering::Relaxed));
        run(
            Command::new(self.programs.join("createdb"))
                .args(["--host", "127.0.0.1", "--port", &self.port.to_string(), "--username", "broadstreet"])
                .arg(&name),
            "make a database",
        );
        format!("postgres://broadstreet@127.0.0.1:{}/{name}?sslmode=disable", self.port)
    }

    /// Runs a statement, answers what it prints.
    ///
    /// # Panics
    /// Where the server refuses.
    pub fn psql(&self, url: &str, statement: &str) -> String {
        let done = Command::new(self.programs.join("psql"))
            .args([
                "--no-psqlrc",
                "--tuples-only",
                "--no-align",
                "--set",
                "ON_ERROR_STOP=1",
                "--command",
                statement,
                url,
            ])
            .output()
            .expect("psql runs");
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8_lossy(&done.stdout).trim().to_owned()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // pg_ctl stops exactly the process whose id stands in this folder.
        let _ = as_postgres(&self.programs.join("pg_ctl"))
            .arg("--pgdata")
            .arg(self.folder.path().join("data"))
            .args(["--mode", "immediate", "--wait", "stop"])
            .output();
    }
}

/// The folder of `initdb` and `pg_ctl`, the newest version first.
fn programs() -> PathBuf {
    let on_path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> =
        std::fs::read_dir(DEBIAN).into_iter().flatten().flatten().map(|version| version.path().join("bin")).collect();
    folders.sort_by_key(|folder| {
        let version = folder.parent().and_then(Path::file_name).and_then(|name| name.to_string_lossy().parse().ok());
        std::cmp::Reverse(version.unwrap_or(0u32))
    });
    folders.extend(std::env::split_paths(&on_path));
    folders.into_iter().find(|folder| folder.join("initdb").exists() && folder.join("pg_ctl").exists()).unwrap_or_else(
        || panic!("PostgreSQL's programs are missing (initdb, pg_ctl): install the Debian package `postgresql`"),
    )
}

fn is_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|done| done.stdout.trim_ascii() == b"0")
}

fn as_postgres(program: &Path) -> Command {
    let mut command = if is_root() {
        let mut command = Command::new("runuser");
        command.args(["--user", "postgres", "--"]).arg(program);
        command
    } else {
        Command::new(program)
    };
    command.current_dir("/").stdin(std::process::Stdio::null()).stdout(std::process::Stdio::null());
    command
}

fn run(command: &mut Command, what: &str) {
    let done = command.output().unwrap_or_else(|error| panic!("cannot {what}: {error}"));
    assert!(done.status.success(), "cannot {what}: {}", String::from_utf8_lossy(&done.stderr));
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port").port()
}
