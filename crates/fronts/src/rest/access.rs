//! Who asks.
//!
//! A token that is sent is always checked. Without one, a request is trusted only if it comes from this machine, and
//! then only if no web page can have sent it: pages are loaded from anywhere, but run on this machine. So such a request
//! must call us by a loopback name (a page of `evil.example` whose DNS was bent to 127.0.0.1 would call us by that), and
//! where a browser says which page sent it, that page must be our own.

use std::net::{Ipv4Addr, Ipv6Addr};

use http::header::{AUTHORIZATION, HOST, ORIGIN};
use http::{HeaderMap, HeaderValue, Uri};
use paste_api::Code;
use paste_engine::Caller;

use super::Rest;
use super::failure::Failure;
use crate::Peer;

/// Which page sent a request, as browsers say.
const SEC_FETCH_SITE: &str = "sec-fetch-site";

/// Finds out who sent a request.
pub(super) fn caller(
    rest: &Rest,
    headers: &HeaderMap,
    uri: &Uri,
    peer: &Peer,
) -> Result<Caller, Failure> {
    let engine = &rest.0.engine;
    let said = Said::by(headers);
    if let Some(token) = said.bearer()? {
        return Ok(engine.authenticate(Some(token), false)?);
    }
    let allowed = rest.0.config.anonymous_on_loopback && peer.is_loopback();
    let caller = engine.authenticate(None, allowed)?;
    said.native(uri)?;
    Ok(caller)
}

/// What a request's headers say of its sender; gathered in one pass, as requests have few headers.
#[derive(Default)]
struct Said<'a> {
    authorization: Header<'a>,
    host: Header<'a>,
    origin: Header<'a>,
    site: Header<'a>,
}

/// A header's first value, and whether there are more.
#[derive(Default)]
struct Header<'a> {
    first: Option<&'a HeaderValue>,
    repeated: bool,
}

impl<'a> Header<'a> {
    fn add(&mut self, value: &'a HeaderValue) {
        self.repeated = self.first.is_some();
        self.first.get_or_insert(value);
    }

    fn text(&self) -> Option<&'a str> {
        self.first.map(|value| value.to_str().unwrap_or("?"))
    }
}

impl<'a> Said<'a> {
    fn by(headers: &'a HeaderMap) -> Self {
        let mut said = Self::default();
        for (name, value) in headers {
            let header = match *name {
                HOST => &mut said.host,
                AUTHORIZATION => &mut said.authorization,
                ORIGIN => &mut said.origin,
                _ if name == SEC_FETCH_SITE => &mut said.site,
                _ => continue,
            };
            header.add(value);
        }
        said
    }

    /// The token that is sent.
    fn bearer(&self) -> Result<Option<&'a str>, Failure> {
        let Some(value) = self.authorization.first else {
            return Ok(None);
        };
        let refused = || {
            Failure::new(
                Code::Unauthenticated,
                "send one 'Authorization: Bearer <token>'",
            )
        };
        let (scheme, token) = value
            .to_str()
            .ok()
            .and_then(|text| text.split_once(' '))
            .ok_or_else(refused)?;
        if !scheme.eq_ignore_ascii_case("bearer") || self.authorization.repeated {
            return Err(refused());
        }
        Ok(Some(token.trim()))
    }

    /// Refuses what a web page may have sent.
    fn native(&self, uri: &Uri) -> Result<(), Failure> {
        let refused = |detail: &str| Err(Failure::new(Code::ForeignOrigin, detail));
        // HTTP/2 names the host in the URI.
        let host = uri
            .authority()
            .map(http::uri::Authority::as_str)
            .or_else(|| self.host.text());
        let Some(host) = host.filter(|host| is_loopback(host)) else {
            return refused(
                "without a token, the Host header must be localhost or a loopback address",
            );
        };
        if self.host.repeated {
            return refused("more than one Host header");
        }
        if let Some(origin) = self.origin.text() {
            let authority = origin
                .split_once("://")
                .map_or("", |(_, authority)| authority);
            if !authority.eq_ignore_ascii_case(host) {
                return refused(
                    "without a token, a web page of another origin can't use the registry",
                );
            }
        }
        let site = self.site.first.map(HeaderValue::as_bytes);
        if !matches!(site, None | Some(b"same-origin" | b"none")) {
            return refused("without a token, a web page of another site can't use the registry");
        }
        Ok(())
    }
}

/// Whether `authority` (a host and maybe a port) can only mean this machine.
fn is_loopback(authority: &str) -> bool {
    if let Some(rest) = authority.strip_prefix('[') {
        let (address, port) = rest.split_once(']').unwrap_or_default();
        return is_port(port) && address.parse::<Ipv6Addr>().is_ok_and(|ip| ip.is_loopback());
    }
    let (host, port) = authority
        .find(':')
        .map_or((authority, ""), |at| authority.split_at(at));
    is_port(port)
        && (host.eq_ignore_ascii_case("localhost")
            || host.parse::<Ipv4Addr>().is_ok_and(|ip| ip.is_loopback()))
}

/// Whether `text` is nothing, or a colon and a port.
fn is_port(text: &str) -> bool {
    text.is_empty()
        || text
            .strip_prefix(':')
            .is_some_and(|port| port.parse::<u16>().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_names() {
        for host in [
            "localhost",
            "LOCALHOST:1",
            "127.0.0.1:7750",
            "127.9.9.9",
            "[::1]",
            "[::1]:80",
        ] {
            assert!(is_loopback(host), "{host}");
        }
        for host in [
            "",
            "evil.example",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "10.0.0.1",
            "[::2]",
            "::1",
            "localhost:x",
            "[::1]x",
        ] {
            assert!(!is_loopback(host), "{host}");
        }
    }

    #[test]
    fn a_web_page_can_not_speak_for_its_reader() {
        let cases: &[(&[(&str, &str)], bool)] = &[
            (&[("host", "localhost:7750")], true),
            (
                &[
                    ("host", "localhost:7750"),
                    ("origin", "http://localhost:7750"),
                ],
                true,
            ),
            (
                &[
                    ("host", "localhost:7750"),
                    ("sec-fetch-site", "same-origin"),
                ],
                true,
            ),
            (
                &[("host", "localhost:7750"), ("sec-fetch-site", "none")],
                true,
            ),
            (&[], false),
            (&[("host", "evil.example")], false),
            (
                &[
                    ("host", "localhost:7750"),
                    ("origin", "http://evil.example"),
                ],
                false,
            ),
            (
                &[
                    ("host", "localhost:7750"),
                    ("origin", "http://localhost:3000"),
                ],
                false,
            ),
            (&[("host", "localhost:7750"), ("origin", "null")], false),
            (
                &[("host", "localhost:7750"), ("sec-fetch-site", "cross-site")],
                false,
            ),
            (
                &[("host", "localhost:7750"), ("sec-fetch-site", "same-site")],
                false,
            ),
        ];
        for (pairs, allowed) in cases {
            let headers: HeaderMap = pairs
                .iter()
                .map(|(key, value)| {
                    let key = http::HeaderName::from_static(key);
                    (key, HeaderValue::from_static(value))
                })
                .collect();
            assert_eq!(
                Said::by(&headers).native(&Uri::from_static("/")).is_ok(),
                *allowed,
                "{pairs:?}"
            );
        }
    }
}
