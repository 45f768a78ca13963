//! Child processes that can't outlive their time: each has a limit, and ends with everything it started.

use std::fs;
use std::process::{Child, Command, ExitStatus};
use std::thread;
use std::time::{Duration, Instant};

use crate::Failure;

/// How often a child is looked at.
const POLL: Duration = Duration::from_millis(50);

/// Runs `command` to its end. Fails when it can't start, ends with another code than 0, or takes longer than `limit`.
pub(crate) fn run(command: &mut Command, limit: Duration) -> Result<(), Failure> {
    let shown = describe(command);
    let mut child = command
        .spawn()
        .map_err(|error| format!("cannot start `{shown}`: {error}"))?;
    match wait(&mut child, limit)? {
        Some(status) if status.success() => Ok(()),
        Some(status) => Err(format!("`{shown}` ended with {status}").into()),
        None => {
            stop_tree(&mut child);
            Err(format!("`{shown}` was stopped after {} s", limit.as_secs()).into())
        }
    }
}

/// What `command` writes to its standard output, if it ends with code 0.
pub(crate) fn output(command: &mut Command) -> Result<String, Failure> {
    let shown = describe(command);
    let output = command
        .output()
        .map_err(|error| format!("cannot start `{shown}`: {error}"))?;
    if !output.status.success() {
        let complaint = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        return Err(format!("`{shown}` ended with {}: {complaint}", output.status).into());
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Waits until `child` ends; `None` when `limit` has passed.
pub(crate) fn wait(child: &mut Child, limit: Duration) -> Result<Option<ExitStatus>, Failure> {
    let started = Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if started.elapsed() >= limit {
            return Ok(None);
        }
        thread::sleep(POLL);
    }
}

/// Sends a signal, by its name without `SIG`.
pub(crate) fn signal(pid: u32, name: &str) -> Result<(), Failure> {
    let status = Command::new("sh")
        .args(["-c", &format!("kill -{name} {pid}")])
        .status()?;
    if status.success() {
        return Ok(());
    }
    Err(format!("cannot send SIG{name} to process {pid}").into())
}

/// Kills `child` and, by their ids, all processes it started.
pub(crate) fn stop_tree(child: &mut Child) {
    for pid in descendants(child.id()) {
        // One that has ended meanwhile needs no signal.
        let _ended = signal(pid, "KILL");
    }
    let _ended = child.kill();
    let _reaped = child.wait();
}

/// The ids of the processes that `ancestor` started, and of those that they started.
fn descendants(ancestor: u32) -> Vec<u32> {
    let parents = parents();
    let mut found = vec![ancestor];
    let mut next = 0;
    while let Some(&parent) = found.get(next) {
        found.extend(
            parents
                .iter()
                .filter(|(_, p)| *p == parent)
                .map(|(pid, _)| *pid),
        );
        next += 1;
    }
    found.remove(0);
    found
}

/// Each process and its parent (proc(5): the fourth field of `stat`, counted after the name in brackets).
fn parents() -> Vec<(u32, u32)> {
    let Ok(entries) = fs::read_dir("/proc") else {
        return Vec::new();
    };
    entries
        .flatten()
        .filter_map(|entry| {
            let pid = entry.file_name().to_str()?.parse().ok()?;
            let stat = fs::read_to_string(entry.path().join("stat")).ok()?;
            let (_, fields) = stat.rsplit_once(')')?;
            let parent = fields.split_whitespace().nth(1)?.parse().ok()?;
            Some((pid, parent))
        })
        .collect()
}

fn describe(command: &Command) -> String {
    let mut shown = command.get_program().to_string_lossy().into_owned();
    for argument in command.get_args() {
        shown.push(' ');
        shown.push_str(&argument.to_string_lossy());
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_tells_how_it_ended() {
        let minute = Duration::from_secs(60);
        assert!(run(Command::new("sh").args(["-c", "exit 0"]), minute).is_ok());
        let failure =
            run(Command::new("sh").args(["-c", "exit 3"]), minute).expect_err("must fail");
        assert!(failure.to_string().contains("exit status: 3"), "{failure}");
        assert_eq!(
            output(Command::new("echo").arg("here")).expect("runs"),
            "here\n"
        );
    }

    #[test]
    fn a_command_over_its_time_is_stopped() {
        let failure = run(Command::new("sleep").arg("600"), Duration::from_millis(100))
            .expect_err("must be stopped");
        assert!(failure.to_string().contains("was stopped"), "{failure}");
    }

    #[test]
    fn a_process_is_stopped_with_those_it_started() {
        let mut child = Command::new("sh")
            .args(["-c", "sleep 600 & wait"])
            .spawn()
            .expect("starts");
        let grandchild = loop {
            if let Some(pid) = descendants(child.id()).first() {
                break *pid;
            }
        };
        stop_tree(&mut child);
        // What init hasn't reaped yet is a zombie, which runs no more.
        let alive = || {
            fs::read_to_string(format!("/proc/{grandchild}/stat"))
                .is_ok_and(|stat| !stat.contains(") Z "))
        };
        // A signal is sent at once and acted on a moment later.
        let sent = Instant::now();
        while alive() {
            let passed = sent.elapsed();
            assert!(passed.as_secs() < 60, "process {grandchild} goes on");
            thread::sleep(POLL);
        }
    }
}
