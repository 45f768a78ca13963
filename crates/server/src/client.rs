//! A small HTTP client for the commands: one connection for each request, no pool, no redirects.

mod connect;
mod events;

use std::path::Path;

use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HOST, HeaderValue};
use http::{Method, Request, Response};
use http_body::Body;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use crate::cli::{ClientArgs, Output};
use crate::exit::{Exit, Failure};

pub(crate) use connect::Target;
pub(crate) use events::{Event, Events};

/// Variable with the access token.
const TOKEN_VARIABLE: &str = "PASTE_REGISTRY_TOKEN";

/// Largest answer that is read into memory, in bytes: a service of 50,000 instances fits several times.
const ANSWER_BYTES_MAX: usize = 256 * 1024 * 1024;

/// What stays as it is in a path or query: the unreserved characters of RFC 3986 §2.3.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// A path of the API with its query, encoded as it is built.
#[derive(Debug, Clone)]
pub(crate) struct Route(String, bool);

impl Route {
    /// A path under `/api/v1`, of segments that may contain anything.
    pub(crate) fn of(segments: &[&str]) -> Self {
        let mut path = String::from("/api/v1");
        for segment in segments {
            path.push('/');
            path.extend(utf8_percent_encode(segment, ENCODED));
        }
        Self(path, false)
    }

    /// With a query parameter.
    pub(crate) fn with(mut self, key: &str, value: impl AsRef<str>) -> Self {
        self.0.push(if self.1 { '&' } else { '?' });
        self.1 = true;
        self.0.extend(utf8_percent_encode(key, ENCODED));
        self.0.push('=');
        self.0.extend(utf8_percent_encode(value.as_ref(), ENCODED));
        self
    }

    /// With a query parameter that may be missing.
    pub(crate) fn with_some(self, key: &str, value: Option<impl ToString>) -> Self {
        match value {
            Some(value) => self.with(key, value.to_string()),
            None => self,
        }
    }
}

/// A registry to talk to.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    target: Target,
    authorization: Option<HeaderValue>,
    /// Whether what fails is told to a program.
    for_programs: bool,
}

impl Client {
    /// The registry that the arguments and the environment name.
    pub(crate) fn new(args: &ClientArgs) -> Result<Self, Failure> {
        Ok(Self {
            target: Target::new(&args.url, args.ca_file.as_deref())?,
            authorization: token(args.token_file.as_deref())?
                .map(|token| authorization(&token))
                .transpose()?,
            for_programs: args.output == Output::Json,
        })
    }

    /// Asks for JSON, or sends some. An answer that isn't a success is a failure.
    pub(crate) async fn call(
        &self,
        method: Method,
        route: &Route,
        body: Option<&Value>,
    ) -> Result<Value, Failure> {
        self.call_if(method, route, None, body).await
    }

    /// The same, if the record is still at `revision`.
    pub(crate) async fn call_if(
        &self,
        method: Method,
        route: &Route,
        revision: Option<u64>,
        body: Option<&Value>,
    ) -> Result<Value, Failure> {
        let mut request = self.request(method, route)?;
        if let Some(revision) = revision {
            request
                .headers_mut()
                .insert(http::header::IF_MATCH, revision.into());
        }
        let body = match body {
            Some(body) => {
                let json = HeaderValue::from_static("application/json");
                request.headers_mut().insert(CONTENT_TYPE, json);
                Bytes::from(body.to_string())
            }
            None => Bytes::new(),
        };
        let answer = self.send(request.map(|()| Full::new(body))).await?;
        let bytes = read(answer).await?;
        if bytes.is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_slice(&bytes).map_err(|error| {
            Failure::caused(
                Exit::Failed,
                "the answer is not JSON; is this a registry?",
                &error,
            )
        })
    }

    /// All entries of a list that comes in pages.
    pub(crate) async fn pages(&self, route: &Route, name: &str) -> Result<Vec<Value>, Failure> {
        let mut entries = Vec::new();
        let mut page = self
            .call(Method::GET, &route.clone().with("limit", "1000"), None)
            .await?;
        loop {
            if let Some(found) = page[name].as_array_mut() {
                entries.append(found);
            }
            let Some(cursor) = page["cursor"].as_str() else {
                return Ok(entries);
            };
            let next = route.clone().with("limit", "1000").with("cursor", cursor);
            page = self.call(Method::GET, &next, None).await?;
        }
    }

    /// Asks for bytes as they are.
    pub(crate) async fn content(&self, route: &Route) -> Result<Bytes, Failure> {
        let request = self.request(Method::GET, route)?;
        read(self.send(request.map(|()| Full::new(Bytes::new()))).await?).await
    }

    /// A request with everything but a body.
    pub(crate) fn request(&self, method: Method, route: &Route) -> Result<Request<()>, Failure> {
        let mut request = Request::builder()
            .method(method)
            .uri(&route.0)
            .header(HOST, self.target.authority())
            .header(ACCEPT, "application/json")
            .body(())
            .map_err(|error| Failure::caused(Exit::Usage, "can't build the request", &error))?;
        if let Some(authorization) = &self.authorization {
            request
                .headers_mut()
                .insert(AUTHORIZATION, authorization.clone());
        }
        Ok(request)
    }

    /// Sends it, and turns an answer that isn't a success into a failure.
    pub(crate) async fn send<B>(&self, request: Request<B>) -> Result<Response<Incoming>, Failure>
    where
        B: Body<Data = Bytes, Error: Into<Box<dyn std::error::Error + Send + Sync>>>
            + Send
            + 'static,
    {
        let answer = self.target.send(request).await;
        let answer = answer.map_err(|failure| self.told(failure, "unreachable"))?;
        if answer.status().is_success() {
            return Ok(answer);
        }
        let status = answer.status();
        let exit = Exit::of_status(status.as_u16());
        let bytes = read(answer).await.unwrap_or_default();
        let Ok(problem) = serde_json::from_slice::<paste_api::Problem>(&bytes) else {
            let failure = Failure::new(exit, format_args!("the registry answered {status}"));
            return Err(self.told(failure, "not-a-registry"));
        };
        let sentence = format!("{} ({}, {})", problem.detail, problem.code, problem.status);
        let mut failure = Failure::new(exit, sentence);
        if self.for_programs {
            failure.document = serde_json::from_slice(&bytes).ok();
        }
        Err(failure)
    }

    /// A failure that no problem document tells of, as one where a program asked.
    fn told(&self, failure: Failure, code: &str) -> Failure {
        let document = || Box::new(json!({ "code": code, "detail": failure.sentence }));
        Failure {
            document: self.for_programs.then(document),
            ..failure
        }
    }
}

async fn read(answer: Response<Incoming>) -> Result<Bytes, Failure> {
    http_body_util::Limited::new(answer.into_body(), ANSWER_BYTES_MAX)
        .collect()
        .await
        .map(http_body_util::Collected::to_bytes)
        .map_err(|error| Failure::caused(Exit::Unreachable, "the answer broke off", error.as_ref()))
}

/// The token from the file, or else from the environment.
fn token(file: Option<&Path>) -> Result<Option<String>, Failure> {
    let Some(path) = file else {
        return Ok(std::env::var(TOKEN_VARIABLE)
            .ok()
            .filter(|token| !token.is_empty()));
    };
    std::fs::read_to_string(path)
        .map(|text| Some(text.trim().to_owned()))
        .map_err(|error| {
            let what = format!("can't read the token file {}", path.display());
            Failure::caused(Exit::Usage, what, &error)
        })
}

fn authorization(token: &str) -> Result<HeaderValue, Failure> {
    let mut value = HeaderValue::try_from(format!("Bearer {token}")).map_err(|_| {
        Failure::new(
            Exit::Usage,
            "the token has characters that a header can't carry",
        )
    })?;
    value.set_sensitive(true);
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_encoded() {
        let route = Route::of(&["services", "a/b", "instances"])
            .with("tag", "x&y=z")
            .with_some("limit", Some(3))
            .with_some("zone", None::<&str>);
        assert_eq!(
            route.0,
            "/api/v1/services/a%2Fb/instances?tag=x%26y%3Dz&limit=3"
        );
    }
}
