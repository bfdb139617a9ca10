//! What can be typed.

use std::path::PathBuf;

use clap::error::ErrorKind;
use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};

/// A war room for Kubernetes incidents, without its window.
#[derive(Debug, Parser)]
#[command(name = "broadstreet", version, about, propagate_version = true, arg_required_else_help = true)]
pub struct Cli {
    /// What holds for every command.
    #[command(flatten)]
    pub global: Global,
    /// The command.
    #[command(subcommand)]
    pub command: Command,
}

impl Cli {
    /// Reads what was typed; also what no single argument forbids.
    pub fn read() -> Result<Self, clap::Error> {
        let cli = Self::try_parse()?;
        match &cli.command {
            Command::Postmortem(Postmortem::Export { out: Some(out), .. })
                if cli.global.json && out.as_os_str() == "-" =>
            {
                let message = "`--json` cannot stand beside `--out -`, which prints the document itself; leave out one of the two";
                Err(Self::command().error(ErrorKind::ArgumentConflict, message))
            }
            _ => Ok(cli),
        }
    }
}

/// A war room for Kubernetes incidents.
#[derive(Debug, Parser)]
#[command(name = "broadstreet-shell", version, about)]
pub struct Window {
    /// The same options the command line has.
    #[command(flatten)]
    pub global: Global,
    /// A recorded incident to open
    pub file: Option<PathBuf>,
}

/// Options of every command.
#[derive(Clone, Debug, Default, Args)]
pub struct Global {
    /// Folder of the record [default: the platform's data folder]
    #[arg(long, global = true, value_name = "DIR", env = "BROADSTREET_DATA")]
    pub data: Option<PathBuf>,
    /// Shared record in PostgreSQL instead: postgres://user:password@host/database
    #[arg(long, global = true, value_name = "URL", env = "BROADSTREET_DATABASE", hide_env_values = true)]
    pub database: Option<String>,
    /// Kubeconfig file [default: where kubectl looks]
    #[arg(long, global = true, value_name = "FILE")]
    pub kubeconfig: Option<PathBuf>,
    /// Context of the kubeconfig, given again for several side by side [default: its current one]
    #[arg(long = "context", global = true, value_name = "NAME")]
    pub contexts: Vec<String>,
    /// Namespaces to watch where all of them are refused, separated by commas
    #[arg(long, global = true, value_name = "A,B", value_delimiter = ',')]
    pub namespaces: Vec<String>,
    /// The acting person
    #[arg(long = "as", global = true, value_name = "PERSON", env = "BROADSTREET_AS")]
    pub person: Option<String>,
    /// Answer in JSON; errors too
    #[arg(long, global = true)]
    pub json: bool,
    /// What is logged on stderr: error, warn, info, debug, or per part
    #[arg(long, global = true, value_name = "LEVEL", env = "BROADSTREET_LOG", default_value = "error")]
    pub log: String,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Check data folder, keyring, kubeconfig, cluster and every configured source, in plain words
    Doctor,
    /// Print objects, relations and health of a source
    Topology(Topology),
    /// Print where alerts belong, and why
    Cases(Cases),
    /// Record a cluster and the configured sources until Ctrl-C
    Record(Record),
    /// Serve the screen to a browser on this machine
    Serve(Serve),
    /// Open a recorded incident, or a gathered archive, in a browser on this machine
    Open(Open),
    /// Write an incident with its recording into one file
    Export(Export),
    /// Recompute every hash and signature of a bundle
    Verify {
        /// The bundle
        file: PathBuf,
    },
    /// Declare and run an incident
    #[command(subcommand)]
    Incident(Incident),
    /// Write the postmortem
    #[command(subcommand)]
    Postmortem(Postmortem),
    /// Hand the shift over
    #[command(subcommand)]
    Handoff(Handoff),
    /// Care for the database
    #[command(subcommand)]
    Db(Db),
}

/// How an answer is spelled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For reading.
    #[default]
    Table,
    /// For programs.
    Json,
    /// For Graphviz.
    Dot,
    /// For Markdown.
    Mermaid,
}

/// `topology`.
#[derive(Debug, Args)]
pub struct Topology {
    /// A bundle, a `kubectl get -o json` list, a manifest file or a folder of them, a `kubectl cluster-info dump`, a
    /// must-gather or an insights archive [default: the live context]
    pub source: Option<PathBuf>,
    /// How to print
    #[arg(long, short, value_enum, default_value_t)]
    pub format: Format,
}

/// `cases`.
#[derive(Debug, Args)]
pub struct Cases {
    /// A bundle, a `kubectl get -o json` list, a manifest file or a folder of them, a `kubectl cluster-info dump`, a
    /// must-gather or an insights archive [default: the live context]
    pub source: Option<PathBuf>,
    /// Alerts as Alertmanager (/api/v2/alerts) or Prometheus (/api/v1/alerts) answers them; a bundle and most archives bring their own
    #[arg(long, value_name = "FILE")]
    pub alerts: Option<PathBuf>,
    /// How to print: table or json
    #[arg(long, short, value_enum, default_value_t)]
    pub format: Format,
}

/// `record`.
#[derive(Debug, Args)]
pub struct Record {
    /// Stop by itself after this time: 90s, 10m, 2h
    #[arg(long = "for", value_name = "TIME", value_parser = duration)]
    pub span: Option<std::time::Duration>,
}

/// `serve`.
#[derive(Debug, Args)]
pub struct Serve {
    /// Port on 127.0.0.1; 0 takes a free one
    #[arg(long, default_value_t = 0)]
    pub port: u16,
}

/// `open`.
#[derive(Debug, Args)]
pub struct Open {
    /// A bundle, or anything `topology` reads [default: the incident that comes with Broadstreet]
    pub file: Option<PathBuf>,
    /// Port on 127.0.0.1; 0 takes a free one
    #[arg(long, default_value_t = 0)]
    pub port: u16,
}

/// `export`.
#[derive(Debug, Args)]
pub struct Export {
    /// Number or id of the incident
    pub incident: String,
    /// Where to write [default: NUMBER.broadstreet]
    pub file: Option<PathBuf>,
}

/// Which incident a command is about.
#[derive(Clone, Debug, Default, Args)]
pub struct Which {
    /// Number or id [default: the one that is open]
    #[arg(long, short, value_name = "INC-0001")]
    pub incident: Option<String>,
}

/// `incident`.
#[derive(Debug, Subcommand)]
pub enum Incident {
    /// Declare an incident and freeze the evidence
    Declare {
        /// What people see, in one line
        title: String,
        /// 1 (worst) to 5
        #[arg(long, short, value_parser = clap::value_parser!(u32).range(1..=5))]
        severity: u32,
        /// Objects it is about: cluster/group/kind/namespace/name
        #[arg(long = "on", value_name = "OBJECT")]
        subjects: Vec<String>,
        /// Who commands
        #[arg(long, value_name = "PERSON")]
        commander: Option<String>,
        /// Time zone of its entries and prints [default: UTC]
        #[arg(long, value_name = "ZONE")]
        zone: Option<String>,
        /// A drill, not the real thing
        #[arg(long)]
        drill: bool,
    },
    /// List incidents, newest first
    List,
    /// Show one incident
    Show {
        /// Number or id [default: the one that is open]
        incident: Option<String>,
        /// With its timeline
        #[arg(long)]
        timeline: bool,
    },
    /// Write to the timeline: "-4m restarted @cartservice", "h: …", "d: …", "t: … !Ana 10m"
    Note {
        /// The entry
        #[arg(allow_hyphen_values = true)]
        text: String,
        /// Files to attach
        #[arg(long, value_name = "FILE")]
        attach: Vec<PathBuf>,
        /// The incident it is about.
        #[command(flatten)]
        which: Which,
    },
    /// Take a role nobody holds, or lay one down
    Role {
        /// commander, deputy, scribe, operations, communications …
        role: String,
        /// Lay it down
        #[arg(long)]
        release: bool,
        /// Why
        #[arg(long, default_value = "")]
        reason: String,
        /// The incident it is about.
        #[command(flatten)]
        which: Which,
    },
    /// Offer a role to somebody
    Offer {
        /// The role
        role: String,
        /// To whom
        #[arg(long, value_name = "PERSON")]
        to: String,
        /// Why
        #[arg(long, default_value = "")]
        reason: String,
        /// The incident it is about.
        #[command(flatten)]
        which: Which,
    },
    /// Read the brief and accept what is offered to you
    Accept {
        /// The offer [default: the one open to you]
        offer: Option<String>,
        /// Do not ask after the brief; with --json, the brief was shown by an earlier call
        #[arg(long, short)]
        yes: bool,
        /// The incident it is about.
        #[command(flatten)]
        which: Which,
    },
    /// Assign a task, or end one
    Task {
        /// What is to be done; with --end, the task (T1)
        text: String,
        /// Whose it is
        #[arg(long, value_name = "PERSON", required_unless_present = "end")]
        owner: Option<String>,
        /// Minutes until the check-in
        #[arg(long = "in", value_name = "MINUTES", default_value_t = 15)]
        minutes: u32,
        /// End it: done or dropped
        #[arg(long, value_parser = ["done", "dropped"])]
        end: Option<String>,
        /// What came of it
        #[arg(long, default_value = "", requires = "end")]
        outcome: String,
        /// The incident it is about.
        #[command(flatten)]
        which: Which,
    },
    /// Open a hypothesis, or judge one
    Hypothesis {
        /// The hypothesis; with --judge, which one (H1)
        text: String,
        /// Judge it: supported, eliminated or open
        #[arg(long, value_parser = ["supported", "eliminated", "open"], requires = "evidence")]
        judge: Option<String>,
        /// What speaks for or against it
        #[arg(long)]
        evidence: Option<String>,
        /// The incident it is about.
        #[command(flatten)]
        which: Which,
    },
    /// Propose a decision, or make it
    Decide {
        /// The decision; with --make, which one (D1)
        text: String,
        /// Decided already
        #[arg(long, conflicts_with = "make")]
        made: bool,
        /// Make one that was proposed
        #[arg(long)]
        make: bool,
        /// The incident it is about.
        #[command(flatten)]
        which: Which,
    },
    /// Set the status
    Status {
        /// investigating, mitigating, monitoring, resolved, learning …
        status: String,
        /// Why
        #[arg(long, default_value = "")]
        reason: String,
        /// The incident it is about.
        #[command(flatten)]
        which: Which,
    },
    /// Show who was paged, whether it reached them, who answered
    Page {
        /// The incident it is about.
        #[command(flatten)]
        which: Which,
    },
}

/// `postmortem`.
#[derive(Debug, Subcommand)]
pub enum Postmortem {
    /// Draft it from the record; what was written stays
    Draft {
        /// The incident it is about.
        #[command(flatten)]
        which: Which,
    },
    /// Write it into a file
    Export {
        /// How
        #[arg(long, short, value_parser = ["markdown", "html", "pdf"], default_value = "markdown")]
        format: String,
        /// Where [default: what the document is called, in this folder; `-` prints it]
        #[arg(long, short, value_name = "FILE")]
        out: Option<PathBuf>,
        /// The incident it is about.
        #[command(flatten)]
        which: Which,
    },
}

/// `handoff`.
#[derive(Debug, Subcommand)]
pub enum Handoff {
    /// Draft the note for the next shift from the live state
    Draft {
        /// Who takes over
        #[arg(long, value_name = "PERSON")]
        to: String,
        /// How long the next shift is
        #[arg(long, default_value_t = 12, value_parser = clap::value_parser!(u32).range(1..=168))]
        hours: u32,
        /// Hand it over: from now on it is a row of the record
        #[arg(long)]
        write: bool,
        /// What the record does not know
        #[arg(long, default_value = "", requires = "write")]
        note: String,
    },
    /// Accept the note as the incoming person
    Accept {
        /// The note's row [default: the newest one not accepted]
        row: Option<String>,
    },
}

/// `db`.
#[derive(Debug, Subcommand)]
pub enum Db {
    /// Bring the database to the schema this program knows
    Migrate,
}

/// Reads `90s`, `10m`, `2h`.
fn duration(text: &str) -> Result<std::time::Duration, String> {
    let wrong = || format!("`{text}` is no time: write 90s, 10m or 2h");
    let (number, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit()).ok_or_else(wrong)?);
    let number: u64 = number.parse().map_err(|_| wrong())?;
    let seconds = match unit {
        "s" => Some(1),
        "m" => Some(60),
        "h" => Some(3600),
        _ => None,
    };
    let seconds = seconds.and_then(|it: u64| it.checked_mul(number)).filter(|it| *it > 0).ok_or_else(wrong)?;
    Ok(std::time::Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_definition_holds_together() {
        Cli::command().debug_assert();
    }

    #[test]
    fn global_options_may_stand_after_the_command() {
        let cli = Cli::try_parse_from([
            "broadstreet",
            "incident",
            "note",
            "restarted",
            "--as",
            "Mei",
            "--json",
            "--data",
            "/x",
            "-i",
            "INC-0001",
        ])
        .unwrap();
        assert_eq!(cli.global.person.as_deref(), Some("Mei"));
        assert!(cli.global.json);
        let Command::Incident(Incident::Note { text, which, .. }) = cli.command else { panic!("{:?}", cli.command) };
        assert_eq!((text.as_str(), which.incident.as_deref()), ("restarted", Some("INC-0001")));
    }

    #[test]
    fn an_entry_may_begin_with_its_time() {
        let cli = Cli::try_parse_from(["broadstreet", "incident", "note", "-4m restarted"]).unwrap();
        assert!(matches!(cli.command, Command::Incident(Incident::Note { text, .. }) if text == "-4m restarted"));
    }

    #[test]
    fn a_severity_outside_one_to_five_is_refused() {
        for severity in ["0", "6", "worst"] {
            assert!(Cli::try_parse_from(["broadstreet", "incident", "declare", "x", "-s", severity]).is_err());
        }
    }

    #[test]
    fn times_are_read_in_seconds_minutes_and_hours() {
        for (text, seconds) in [("90s", 90), ("10m", 600), ("2h", 7200)] {
            assert_eq!(duration(text).map(|it| it.as_secs()), Ok(seconds));
        }
        for text in ["", "5", "m", "5 m", "0s", "5d", "99999999999999999999s"] {
            assert!(duration(text).is_err_and(|why| why.contains(text)), "{text}");
        }
    }

    #[test]
    fn a_judgement_needs_its_evidence() {
        assert!(Cli::try_parse_from(["broadstreet", "incident", "hypothesis", "H1", "--judge", "eliminated"]).is_err());
    }
}
