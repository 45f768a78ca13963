//! Request heads: paths, query strings and headers, answered by the whole native API over a small registry.
//!
//! An input is a request's target, and a header on each further line: `/api/v1/services?prefix=o` and, say,
//! `If-None-Match: "x"`. It is always a GET, so that the registry stays as it is. What waits (a long poll) is asked once
//! and dropped.

mod house;

use http::{HeaderName, HeaderValue, Request, StatusCode};
use paste_api::Problem;

use super::kept;

/// Longest answer that says what is wrong, in bytes.
const PROBLEM_BYTES_MAX: usize = 64 * 1024;

/// Promises: nothing that can be asked is the registry's fault; what is refused is refused with a problem document that
/// repeats the status; and to say a default aloud changes nothing.
pub(crate) fn run(input: &[u8]) {
    let mut lines = input.split(|byte| *byte == b'\n');
    let target = lines.next().unwrap_or_default();
    let headers: Vec<_> = lines.filter_map(header).collect();
    let Some(answer) = ask(target, &headers) else {
        return;
    };
    if answer.status.as_u16() >= 400 {
        check_problem(&answer);
    }
    let Some(aloud) = defaults_aloud(target) else {
        return;
    };
    if answer.status == StatusCode::OK {
        assert_eq!(
            ask(&aloud, &headers).map(|answer| answer.body),
            Some(answer.body)
        );
    }
}

/// An answer that was there at once.
struct Answer {
    status: StatusCode,
    problem: bool,
    body: Vec<u8>,
}

/// `None`: it is no request, or the answer has to be waited for.
fn ask(target: &[u8], headers: &[(HeaderName, HeaderValue)]) -> Option<Answer> {
    let uri = http::Uri::try_from(target)
        .ok()
        .filter(|uri| uri.scheme().is_none())?;
    let mut request = Request::new(http_body_util::Empty::new());
    *request.uri_mut() = uri;
    request.headers_mut().insert(
        http::header::HOST,
        HeaderValue::from_static("127.0.0.1:7750"),
    );
    request.headers_mut().extend(headers.iter().cloned());
    house::answer(request)
}

fn check_problem(answer: &Answer) {
    assert!(answer.status.as_u16() < 500, "{}", answer.status);
    assert!(answer.problem, "{} is no problem document", answer.status);
    assert!(
        answer.body.len() <= PROBLEM_BYTES_MAX,
        "{} bytes",
        answer.body.len()
    );
    let problem: Problem = kept(
        "a problem document reads",
        serde_json::from_slice(&answer.body),
    );
    assert_eq!(problem.status, answer.status.as_u16());
}

fn header(line: &[u8]) -> Option<(HeaderName, HeaderValue)> {
    let colon = line.iter().position(|byte| *byte == b':')?;
    let name = HeaderName::from_bytes(&line[..colon]).ok()?;
    let value = HeaderValue::from_bytes(line[colon + 1..].trim_ascii()).ok()?;
    Some((name, value))
}

/// The same question about a service's instances with `all=false`, which also keeps it off the shortest way.
fn defaults_aloud(target: &[u8]) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(target).ok()?;
    let (path, query) = text.split_once('?').unwrap_or((text, ""));
    let plain =
        path.ends_with("/instances") && !query.contains("all") && !text.contains(['%', '#']);
    plain.then(|| format!("{path}?all=false&{query}").into_bytes())
}
