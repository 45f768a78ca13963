//! wrk, for what only reads: one thread, as many keep-alive connections as asked.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use crate::measure::{Sample, cpu_seconds};
use crate::servers::Server;
use crate::{Failure, LOAD_CORE};

/// Loads `server` for `seconds` over `connections` connections.
pub(crate) fn run(
    server: &Server,
    target: &str,
    script: Option<&Path>,
    connections: usize,
    seconds: u64,
) -> Result<Sample, Failure> {
    let mut command = Command::new("taskset");
    command.args(["-c", &LOAD_CORE.to_string(), "wrk", "-t1"]);
    command
        .arg(format!("-c{connections}"))
        .arg(format!("-d{seconds}s"));
    if let Some(script) = script {
        command.arg("-s").arg(script);
    }
    let url = format!("http://{}{target}", server.address());
    let (cpu, started) = (cpu_seconds(server.pid()), Instant::now());
    let output = command.arg(url).output()?;
    let (cpu, elapsed) = (
        cpu_seconds(server.pid()) - cpu,
        started.elapsed().as_secs_f64(),
    );
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let rate = said
        .lines()
        .find_map(|line| line.strip_prefix("Requests/sec:"))
        .and_then(|rate| rate.trim().parse::<f64>().ok())
        .ok_or_else(|| {
            format!(
                "wrk said: {said}{}",
                String::from_utf8_lossy(&output.stderr)
            )
        })?;
    if let Some(line) = said
        .lines()
        .find(|line| line.contains("Non-2xx") || line.contains("Socket errors"))
    {
        return Err(format!("not every request was answered well: {}", line.trim()).into());
    }
    Ok(Sample {
        value: rate,
        cpu_us: cpu * 1e6 / (rate * elapsed.min(seconds as f64 + 0.5)),
    })
}

/// A script that asks for `targets` in a random order, always with `method`.
pub(crate) fn random_targets(
    folder: &Path,
    method: &str,
    targets: &[String],
) -> Result<std::path::PathBuf, Failure> {
    let list: Vec<String> = targets.iter().map(|target| format!("{target:?}")).collect();
    let script = format!(
        "local targets = {{ {} }}\nlocal requests = {{}}\n\
         init = function() for i, t in ipairs(targets) do requests[i] = wrk.format(\"{method}\", t) end end\n\
         request = function() return requests[math.random(#requests)] end\n",
        list.join(",")
    );
    let file = folder.join(format!("{method}-{}.lua", targets.len()));
    fs::write(&file, script)?;
    Ok(file)
}
