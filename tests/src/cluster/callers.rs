//! Which process a connection comes from: what proc(5) says of sockets, so that one address can lead each caller over a
//! way of its own.

use std::fs;

/// The place in `pids` of the process that connects from `port` of the loopback interface.
pub(super) fn of(port: u16, pids: &[Option<u32>]) -> Option<usize> {
    let inode = inode_of(&fs::read_to_string("/proc/net/tcp").ok()?, port)?;
    let wanted = format!("socket:[{inode}]");
    pids.iter().position(|pid| {
        pid.and_then(|pid| fs::read_dir(format!("/proc/{pid}/fd")).ok())
            .is_some_and(|files| {
                let mut links = files
                    .flatten()
                    .filter_map(|file| fs::read_link(file.path()).ok());
                links.any(|link| link.as_os_str() == wanted.as_str())
            })
    })
}

/// The inode of the established socket whose own end has this port.
fn inode_of(table: &str, port: u16) -> Option<String> {
    let own_end = format!(":{port:04X}");
    table.lines().skip(1).find_map(|line| {
        let mut fields = line.split_whitespace().skip(1);
        let local = fields.next()?;
        // The remote end and the state come between, and six more up to the inode.
        let state = fields.nth(1)?;
        let inode = fields.nth(5)?;
        (local.ends_with(&own_end) && state == "01").then(|| inode.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use std::net::{TcpListener, TcpStream};

    use super::*;

    #[test]
    fn a_connection_is_known_by_its_process() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let stream =
            TcpStream::connect(listener.local_addr().expect("an address")).expect("connected");
        let port = stream.local_addr().expect("an address").port();
        let pids = [Some(1), None, Some(std::process::id())];
        assert_eq!(of(port, &pids), Some(2));
        assert_eq!(of(port, &pids[..2]), None);
    }
}
