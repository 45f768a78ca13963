//! Signals, memory and the lives of child processes.

use std::fs;
use std::process::{Child, Command, ExitStatus};

/// Sends a signal, by its name without `SIG`.
pub fn signal(pid: u32, name: &str) {
    let status = Command::new("sh")
        .args(["-c", &format!("kill -{name} {pid}")])
        .status();
    assert!(
        status.is_ok_and(|status| status.success()),
        "cannot send SIG{name} to {pid}"
    );
}

/// Waits for the end of `child`, within [`crate::PATIENCE`].
pub fn await_end(child: &mut Child) -> ExitStatus {
    let id = child.id();
    crate::until(
        "the process ends",
        || format!("process {id} is alive"),
        || child.try_wait().expect("a child can be waited for"),
    )
}

/// The processor time that a process has taken, in ticks of the kernel, of which there are 100 in a second (proc(5):
/// `utime` and `stime`).
pub fn cpu_ticks(pid: u32) -> u64 {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    // Its name, in parentheses, may hold blanks; the first field after it is the third.
    let fields = stat.rsplit(')').next().unwrap_or_default();
    let field = |number: usize| -> u64 {
        let text = fields.split_whitespace().nth(number - 3);
        text.and_then(|text| text.parse().ok()).unwrap_or(0)
    };
    field(14) + field(15)
}

/// The resident memory of a process, in KiB (proc(5): `VmRSS`).
pub fn resident_kib(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .and_then(|value| value.split_whitespace().next()?.parse().ok())
        .unwrap_or(0)
}
