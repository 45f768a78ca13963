//! The session: what the registry knows this process by.

use crate::clock::Random;

/// Bytes of a host name that go into the id, which has at most 128.
const HOST_BYTES_MAX: usize = 100;

/// Draws an id: `<host name>-<process id>-<8 hexadecimal digits>`.
pub(crate) fn draw(random: &dyn Random) -> String {
    let low = random.draw() & 0xffff_ffff;
    format!("{}-{}-{low:08x}", plain(&host_name()), std::process::id())
}

/// The name with what an id can't have replaced.
fn plain(name: &str) -> String {
    let plain = |c: char| {
        let fits = c.is_ascii_alphanumeric() || ['.', '_', '-'].contains(&c);
        if fits { c } else { '-' }
    };
    let text: String = name.chars().map(plain).take(HOST_BYTES_MAX).collect();
    // An id begins with a letter or a digit.
    let text = text.trim_start_matches(|c: char| !c.is_ascii_alphanumeric());
    if text.is_empty() {
        "host".to_owned()
    } else {
        text.to_owned()
    }
}

#[cfg(unix)]
fn host_name() -> String {
    rustix::system::uname()
        .nodename()
        .to_string_lossy()
        .into_owned()
}

#[cfg(not(unix))]
fn host_name() -> String {
    std::env::var("COMPUTERNAME").unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_the_host_is_called_the_id_is_one() {
        for (name, expected) in [
            ("web-1.example.com", "web-1.example.com"),
            ("wéb 1", "w-b-1"),
            ("-_x", "x"),
            ("", "host"),
        ] {
            assert_eq!(plain(name), expected);
        }
        let id = draw(&crate::clock::ThreadRandom);
        assert!(paste_model::SessionId::new(&id).is_ok(), "{id}");
        assert!(paste_model::InstanceId::new(&format!("{id}-65535")).is_ok());
    }
}
