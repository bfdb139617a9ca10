//! An incident from a terminal, from declaring it to the file that proves itself.

mod place;

use place::{Place, is_of_use};
use serde_json::{Value, json};

#[test]
fn an_incident_runs_from_declaring_to_a_bundle_that_verifies() {
    let place = Place::declared();
    let entry = place.mei(&["incident", "note", "-4m restarted cart"]);
    assert_eq!(entry["text"], "restarted cart");
    place.mei(&["incident", "task", "look at cart", "--owner", "Ana", "--in", "10"]);
    place.mei(&["incident", "hypothesis", "cart is out of memory"]);
    let judged = place.mei(&["incident", "hypothesis", "H1", "--judge", "eliminated", "--evidence", "memory is flat"]);
    assert_eq!(judged["hypotheses"][0]["state"], "eliminated");
    place.mei(&["incident", "decide", "roll back"]);
    assert_eq!(place.mei(&["incident", "decide", "d1", "--make"])["decisions"][0]["state"], "made");
    let ended = place.mei(&["incident", "task", "T1", "--end", "done", "--outcome", "restarted"]);
    assert_eq!(ended["tasks"][0]["state"], "done");
    assert_eq!(place.mei(&["incident", "status", "investigating"])["status"], "investigating");
    let shown = place.json(&["incident", "show", "1", "--timeline"]);
    assert_eq!(shown["incident"]["number"], "INC-0001");
    assert!(shown["timeline"]["entries"].as_array().unwrap().len() >= 9);

    let wrote = place.json(&["export", "INC-0001"]);
    assert_eq!(wrote["file"], "INC-0001.broadstreet");
    let held = place.json(&["verify", "INC-0001.broadstreet"]);
    assert_eq!(held["rows"], shown["incident"]["rows"]);
    let mut bytes = std::fs::read(place.path().join("INC-0001.broadstreet")).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    place.file("changed.broadstreet", "");
    std::fs::write(place.path().join("changed.broadstreet"), bytes).unwrap();
    is_of_use(&place.error(&["verify", "changed.broadstreet"]), "bad_bundle", "changed.broadstreet");
}

#[test]
fn command_passes_by_offer_brief_and_acceptance() {
    let place = Place::declared();
    let offered = place.mei(&["incident", "offer", "commander", "--to", "Ana", "--reason", "end of shift"]);
    assert_eq!(offered["commander"]["name"], "Mei", "an offer passes nothing yet");
    is_of_use(&place.error(&["incident", "accept", "--as", "Mei"]), "not_found", "offered");
    let unseen = place.error(&["incident", "accept", "--yes", "--as", "Ana"]);
    is_of_use(&unseen, "brief_not_shown", "Ana");
    assert!(unseen.1["hint"].as_str().unwrap().contains("without --yes"), "{unseen:?}");
    assert!(!is_told(&place, "brief.shown"), "nobody has seen the brief yet");

    let asked = place.run(&["incident", "accept", "--json", "--as", "Ana"]);
    let (brief, said): (Value, Value) =
        (serde_json::from_slice(&asked.stdout).unwrap(), serde_json::from_slice(&asked.stderr).unwrap());
    assert_eq!((asked.status.code(), said["error"]["code"].as_str()), (Some(1), Some("not_accepted")));
    assert!(said["error"]["hint"].as_str().unwrap().contains("--yes"), "{said}");
    let situation = &brief["sections"][0];
    assert!(situation["lines"][0]["text"].as_str().unwrap().starts_with("Checkout fails, declared"), "{brief}");
    assert!(is_told(&place, "brief.shown"), "the record says that the brief was shown");
    assert_eq!(
        place.mei(&["incident", "show"])["commander"]["name"],
        "Mei",
        "a brief that was shown passes nothing yet"
    );

    let accepted = place.json(&["incident", "accept", "--yes", "--as", "Ana"]);
    assert_eq!(accepted["commander"]["name"], "Ana");
}

#[test]
fn a_person_reads_the_brief_before_the_acceptance() {
    let place = Place::declared();
    place.mei(&["incident", "offer", "commander", "--to", "Ana"]);
    // Without a terminal nobody can be asked, and without --yes nobody has answered.
    let output = place.run(&["incident", "accept", "--as", "Ana"]);
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success() && said.contains("Situation\n  Checkout fails, declared"), "{said}");
    assert!(said.contains("not accepted") && said.contains("--yes"), "{said}");
    assert_eq!(place.mei(&["incident", "show"])["commander"]["name"], "Mei");
    let output = place.run(&["incident", "accept", "--yes", "--as", "Ana"]);
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success() && said.contains("Situation\n  Checkout fails, declared"), "{said}");
    assert!(String::from_utf8(output.stdout).unwrap().contains("commander  Ana since"));
}

/// Whether the timeline has a row of this kind.
fn is_told(place: &Place, kind: &str) -> bool {
    let shown = place.json(&["incident", "show", "--timeline"]);
    let entries = shown["timeline"]["entries"].as_array().unwrap();
    entries.iter().any(|it| it["kind"] == kind)
}

#[test]
fn the_note_for_the_next_shift_is_written_and_accepted_by_two() {
    let place = Place::declared();
    let note = place.mei(&["handoff", "draft", "--to", "Ana", "--write", "--note", "watch cart"]);
    assert!(note["row"].is_string() && note["accepted_at"].is_null(), "{note}");
    let accepted = place.json(&["handoff", "accept", "--as", "Ana"]);
    assert_eq!(accepted["accepted_by"], "Ana");
    is_of_use(&place.error(&["handoff", "accept", "--as", "Ana"]), "not_found", "note");
}

#[test]
fn the_postmortem_is_drafted_and_written_in_three_formats() {
    let place = Place::declared();
    let drafted = place.mei(&["postmortem", "draft"]);
    assert_eq!(drafted["title"], "Checkout fails");
    for (format, begins) in [("markdown", "# Checkout fails"), ("html", "<!"), ("pdf", "%PDF-")] {
        let name = format!("out.{format}");
        place.mei(&["postmortem", "export", "-f", format, "--out", &name]);
        let bytes = std::fs::read(place.path().join(&name)).unwrap();
        assert!(bytes.to_ascii_lowercase().starts_with(begins.to_ascii_lowercase().as_bytes()), "{format}");
    }
    assert!(place.answer(&["postmortem", "export", "--out", "-"]).starts_with("# Checkout fails"));
}

#[test]
fn what_cannot_be_done_says_why_and_what_to_do() {
    let place = Place::new();
    is_of_use(&place.error(&["incident", "note", "x", "--as", "Mei"]), "no_incident", "no incident");
    is_of_use(&place.error(&["incident", "show", "INC-0009"]), "not_found", "INC-0009");
    let nobody = place.error(&["incident", "declare", "x", "-s", "2"]);
    is_of_use(&nobody, "nobody_acts", "nobody");
    place.mei(&["incident", "declare", "x", "-s", "2"]);
    is_of_use(&place.error(&["incident", "decide", "D9", "--make", "--as", "Mei"]), "not_found", "D9");
    is_of_use(
        &place.error(&["incident", "note", "x", "--attach", "nowhere.png", "--as", "Mei"]),
        "bad_file",
        "nowhere.png",
    );
    is_of_use(&place.error(&["incident", "status", "asleep", "--as", "Mei"]), "bad_status", "asleep");
}

#[test]
fn commands_ask_the_desk_that_runs_and_pass_over_one_that_was_killed() {
    let place = Place::declared();
    let serving = place.serve(&[]);
    assert!(serving.said["link"].as_str().unwrap().starts_with("http://127.0.0.1:"), "{}", serving.said);
    // The record is held by the server, so this answer can only come through it.
    assert_eq!(place.json(&["incident", "list"]).as_array().unwrap().len(), 1);
    let entry = place.mei(&["incident", "note", "written through the running desk"]);
    assert_eq!(entry["who"], "Mei");
    drop(serving);
    assert!(place.path().join("data/running.json").exists(), "a killed desk leaves its file behind");
    let shown = place.json(&["incident", "show", "--timeline"]);
    assert!(shown["timeline"].to_string().contains("written through the running desk"));
}

#[test]
fn the_pages_of_the_bundled_incident_say_when_at_which_step_and_who_acknowledged() {
    let place = Place::new();
    let _open = place::desk::start(&mut place.command(&["open", "--json", "--as", "Mei"]));
    let ledger = place.json(&["incident", "page"]);
    let table = place.answer(&["incident", "page"]);
    let mut lines = table.lines();
    let heads = lines.next().unwrap();
    let at = |head: &str| heads.find(head).unwrap_or_else(|| panic!("no {head} in {heads}"));
    let (sent, step, who) = (at("SENT"), at("STEP"), at("WHO"));
    let (acknowledged, outcome) = (at("ACKNOWLEDGED"), at("OUTCOME"));
    let attempts = ledger["attempts"].as_array().unwrap();
    assert!(attempts.iter().any(|it| it["acked_at"].is_string()), "somebody acknowledged");
    for (attempt, line) in attempts.iter().zip(lines) {
        let second = |at: &Value| at.as_str().unwrap()[..19].replace('T', " ");
        assert!(line[sent..step].starts_with(&second(&attempt["sent_at"])), "{line}");
        assert_eq!(line[step..who].trim(), attempt["step"].to_string(), "{line}");
        let cell = line[acknowledged..outcome].trim();
        if attempt["acked_at"].is_string() {
            let by = attempt["acked_by"].as_str().unwrap();
            assert_eq!(cell, format!("{by}, {}Z", second(&attempt["acked_at"])), "{line}");
        } else {
            assert!(["no answer", "not asked for"].contains(&cell), "{line}");
        }
    }
}

#[test]
fn the_bundled_incident_is_as_long_and_as_small_as_it_is_meant_to_be_and_tells_the_whole_story() {
    let place = Place::new();
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/bundled/incident.broadstreet");
    assert!(std::fs::metadata(file).unwrap().len() < 3_000_000);
    place.json(&["verify", file]);
    let desk = place::desk::start(&mut place.command(&["open", "--json", "--as", "Mei"]));
    let now = desk.call("desk", Value::Null);
    let at = |field: &str| now[field].as_str().unwrap().parse::<chrono::DateTime<chrono::Utc>>().unwrap();
    let minutes = (at("recorded_to") - at("recorded_from")).num_minutes();
    assert!((30..=60).contains(&minutes), "{minutes} minutes");
    let incident = &now["incident"];
    let timeline = desk.call("timeline", json!({ "incident": incident }));
    let entries = timeline["entries"].as_array().unwrap();
    let kinds: Vec<&str> = entries.iter().filter_map(|it| it["kind"].as_str()).collect();
    for kind in ["incident.declared", "role.offered", "role.accepted", "hypothesis.eliminated", "hypothesis.supported"]
    {
        assert!(kinds.contains(&kind), "no {kind} among {kinds:?}");
    }
    let pages = place.json(&["incident", "page"]);
    let paged: std::collections::BTreeSet<&str> =
        pages["attempts"].as_array().unwrap().iter().filter_map(|it| it["who"].as_str()).collect();
    assert!(paged.len() >= 2, "{paged:?}");
}

#[test]
fn an_incident_that_came_as_a_file_leaves_as_one_and_opening_it_makes_nobody_known() {
    let (first, second) = (Place::new(), Place::new());
    let file = |place: &Place| place.path().join("again.broadstreet").to_str().unwrap().to_owned();
    let (one, two) = (file(&first), file(&second));
    let number = |place: &Place| place.json(&["incident", "list"])[0]["number"].as_str().unwrap().to_owned();
    let opened = place::desk::start(&mut first.command(&["open", "--json", "--as", "Mei"]));
    first.json(&["export", &number(&first), &one]);
    drop(opened);
    // The bundled incident lies beside the record; one from a file comes into it.
    let _opened = place::desk::start(&mut second.command(&["open", &one, "--json", "--as", "Jonas"]));
    second.json(&["export", &number(&second), &two]);
    let said = second.json(&["verify", &two]);
    assert_eq!(said["rows"], first.json(&["verify", &one])["rows"]);
    let keys = said["keys"].as_array().unwrap();
    assert!(!keys.is_empty() && keys.iter().all(|key| key[2] == false), "{said}");
    assert_eq!(said["exporter"][1], true, "{said}");
}

#[test]
fn the_doctor_says_what_is_missing_in_plain_words() {
    let place = Place::new();
    let checks = place.json(&["doctor"]);
    let checks = checks["checks"].as_array().unwrap();
    let state = |what: &str| checks.iter().find(|it| it["what"] == what).map(|it| it["state"].clone());
    assert_eq!(state("data folder"), Some("ok".into()));
    assert_eq!(state("keyring"), Some("warning".into()));
    assert_eq!(state("kubeconfig"), Some("warning".into()), "a desk without a cluster still opens bundles");
    let (exit, _) = place.error(&["doctor", "--kubeconfig", "nowhere"]);
    assert_eq!(exit, 1, "one that was named must be there");
}
