//! The rows of the table: what is done to each server, and what is printed of it.

use std::path::Path;

use super::load;
use super::server::{Program, Server};

/// Groups by name, does not send within the measured time.
const ROUTING: &str = "
route: {receiver: nobody, group_by: [alertname], group_wait: 10m}
receivers: [{name: nobody}]
";

/// As above, with an inhibition rule whose sources and targets share `cluster`.
const INHIBITING: &str = "
route: {receiver: nobody, group_by: [alertname], group_wait: 10m}
receivers: [{name: nobody}]
inhibit_rules:
- {source_matchers: [severity=critical], target_matchers: [severity=warning], equal: [cluster]}
";

const NAMES: [&str; 6] = ["ingest", "filter", "whole", "restart", "inhibition", "silences"];

/// Runs the rows with these names; without any, all but `million`.
pub(crate) async fn run(wanted: &[String]) -> Result<(), String> {
    let known = |name: &&String| NAMES.contains(&name.as_str()) || *name == "million";
    if let Some(unknown) = wanted.iter().find(|name| !known(name)) {
        return Err(format!("unknown row {unknown:?}; there are: {}, million", NAMES.join(", ")));
    }
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    let wants = |name: &str| wanted.is_empty() || wanted.iter().any(|wanted| wanted == name);
    println!("{:<34} {:>16} {:>16} {:>8}", "", "alertmanager", "sereno", "ratio");
    if ["ingest", "filter", "whole", "restart"].into_iter().any(wants) {
        plain(folder.path(), 100_000, 1_000).await?;
    }
    if wants("inhibition") {
        inhibition(folder.path(), 10_000).await?;
    }
    if wants("silences") {
        silences(folder.path(), 10_000, 20_000).await?;
    }
    if wanted.iter().any(|name| name == "million") {
        plain(folder.path(), 1_000_000, 10_000).await?;
    }
    Ok(())
}

/// What was measured of both, in the order of [`Program::BOTH`].
#[derive(Default)]
struct Row(Vec<f64>);

fn show(name: &str, unit: &str, row: &Row) {
    let [theirs, ours] = row.0[..] else { return };
    // What is not there is no measure: an empty list is three bytes.
    let ratio = if theirs > 0.001 { format!("{:.4}", ours / theirs) } else { "-".to_owned() };
    println!("{:<34} {theirs:>16.3} {ours:>16.3} {ratio:>8}", format!("{name} [{unit}]"));
}

async fn plain(folder: &Path, count: usize, groups: usize) -> Result<(), String> {
    let folder = folder.join(format!("plain-{count}"));
    let bodies = load::alerts(count, groups, "critical");
    let per_alert = 1e6 / f64::from(u32::try_from(count).map_err(|error| error.to_string())?);
    let [mut new, mut new_cpu, mut again, mut again_cpu, mut memory] = [const { Row(Vec::new()) }; 5];
    let [mut filter, mut regex, mut whole, mut restart, mut kept] = [const { Row(Vec::new()) }; 5];
    for program in Program::BOTH {
        let mut server = Server::start(program, &folder, ROUTING).await?;
        let url = format!("{}/api/v2/alerts", server.url);
        let begin = server.usage();
        let seconds = load::post(&url, &bodies).await?;
        let first = server.usage();
        new.0.push(f64::from(u32::try_from(count).unwrap_or(u32::MAX)) / seconds);
        new_cpu.0.push((first.cpu - begin.cpu) * per_alert);
        let seconds = load::post(&url, &bodies).await?;
        let second = server.usage();
        again.0.push(f64::from(u32::try_from(count).unwrap_or(u32::MAX)) / seconds);
        again_cpu.0.push((second.cpu - first.cpu) * per_alert);
        memory.0.push(second.resident as f64 / 1e6);
        let one = format!("{url}?filter=instance%3D%22host-4242%3A9100%22");
        load::get(&one, 1).await?; // ours makes its index when a label is first asked for
        filter.0.push(load::get(&one, 5).await?.0 * 1e3);
        let some = format!("{url}?filter=alertname%3D~%22Alert(7%7C77%7C777)%22");
        regex.0.push(load::get(&some, 5).await?.0 * 1e3);
        whole.0.push(load::get(&url, 2).await?.0 * 1e3);
        restart.0.push(server.restart().await?);
        let url = format!("{}/api/v2/alerts", server.url);
        kept.0.push(load::get(&url, 1).await?.1 as f64 / 1e6);
        server.stop();
    }
    println!("{count} alerts in {groups} groups");
    show("new alerts", "1/s", &new);
    show("  server CPU", "µs/alert", &new_cpu);
    show("sent again", "1/s", &again);
    show("  server CPU", "µs/alert", &again_cpu);
    show("resident afterwards", "MB", &memory);
    show("GET one by equality", "ms", &filter);
    show("GET some by expression", "ms", &regex);
    show("GET all", "ms", &whole);
    show("restart until ready", "s", &restart);
    show("alerts after it, as JSON", "MB", &kept);
    Ok(())
}

async fn inhibition(folder: &Path, count: usize) -> Result<(), String> {
    let folder = folder.join("inhibition");
    let sources = load::alerts(count, count, "critical");
    let targets = load::alerts(count, count, "warning");
    let [mut cpu, mut look] = [const { Row(Vec::new()) }; 2];
    for program in Program::BOTH {
        let mut server = Server::start(program, &folder, INHIBITING).await?;
        let url = format!("{}/api/v2/alerts", server.url);
        load::post(&url, &sources).await?;
        let before = server.usage();
        load::post(&url, &targets).await?;
        cpu.0.push((server.usage().cpu - before.cpu) / count as f64 * 1e6);
        look.0.push(load::get(&format!("{url}?inhibited=false"), 3).await?.0 * 1e3);
        server.stop();
    }
    println!("inhibition: {count} sources, {count} targets");
    show("  server CPU", "µs/target", &cpu);
    show("GET what is not inhibited", "ms", &look);
    Ok(())
}

async fn silences(folder: &Path, count: usize, alerts: usize) -> Result<(), String> {
    let folder = folder.join("silences");
    let (silences, bodies) = (load::silences(count), load::alerts(alerts, 200, "critical"));
    let [mut set, mut cpu] = [const { Row(Vec::new()) }; 2];
    for program in Program::BOTH {
        let mut server = Server::start(program, &folder, ROUTING).await?;
        let seconds = load::post(&format!("{}/api/v2/silences", server.url), &silences).await?;
        set.0.push(count as f64 / seconds);
        let url = format!("{}/api/v2/alerts", server.url);
        let before = server.usage();
        load::post(&url, &bodies).await?;
        load::get(&format!("{url}?silenced=false&filter=alertname%3D%22Alert7%22"), 1).await?;
        cpu.0.push((server.usage().cpu - before.cpu) / alerts as f64 * 1e6);
        server.stop();
    }
    println!("{alerts} new alerts beside {count} silences");
    show("silences set", "1/s", &set);
    show("  server CPU", "µs/alert", &cpu);
    Ok(())
}
