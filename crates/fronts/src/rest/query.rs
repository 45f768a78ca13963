//! Query strings: every parameter is known, used once where it has one value, and readable; or the answer says which isn't.

use std::str::FromStr;

use paste_api::{Code, FieldError, Problem, Strictness};
use paste_model::{Namespace, Status};
use paste_traffic::{Selector, VersionRange};
use percent_encoding::percent_decode_str;

use super::failure::Failure;

/// Most parameters in one query.
const PARAMETERS_MAX: usize = 256;

/// The parameters of a request; a handler takes those it knows, and [`Query::finish`] refuses the rest.
#[derive(Debug, Default)]
pub(super) struct Query(Vec<(String, String)>);

impl Query {
    /// Reads a query string (`application/x-www-form-urlencoded`).
    pub(super) fn read(text: &str) -> Result<Self, Failure> {
        let mut pairs = Vec::new();
        for pair in text.split('&').filter(|pair| !pair.is_empty()) {
            if pairs.len() == PARAMETERS_MAX {
                let detail = format!("has over {PARAMETERS_MAX} parameters (parameters_max)");
                return Err(invalid("query", detail));
            }
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            let key = decode(key).ok_or_else(|| invalid(key, "is not UTF-8 once decoded"))?;
            let value = decode(value).ok_or_else(|| invalid(&key, "is not UTF-8 once decoded"))?;
            pairs.push((key, value));
        }
        Ok(Self(pairs))
    }

    /// All values of `name`, in the order sent.
    pub(super) fn all(&mut self, name: &str) -> Vec<String> {
        self.0
            .extract_if(.., |(key, _)| key == name)
            .map(|(_, value)| value)
            .collect()
    }

    /// The value of `name`.
    pub(super) fn one(&mut self, name: &str) -> Result<Option<String>, Failure> {
        let mut values = self.all(name);
        if values.len() > 1 {
            return Err(invalid(name, "is given more than once"));
        }
        Ok(values.pop())
    }

    /// The value of `name`, read.
    pub(super) fn parsed<T: FromStr<Err: ToString>>(
        &mut self,
        name: &str,
    ) -> Result<Option<T>, Failure> {
        self.one(name)?
            .map(|value| value.parse().map_err(|error: T::Err| invalid(name, error)))
            .transpose()
    }

    /// A number from 1 to `max`.
    pub(super) fn limit(&mut self, name: &str, max: usize) -> Result<Option<usize>, Failure> {
        let Some(text) = self.one(name)? else {
            return Ok(None);
        };
        match text.parse() {
            Ok(limit) if (1..=max).contains(&limit) => Ok(Some(limit)),
            _ => Err(invalid(
                name,
                format!("must be a whole number from 1 to {max}, not {text:?}"),
            )),
        }
    }

    /// A number of the kind of revisions.
    pub(super) fn number(&mut self, name: &str) -> Result<Option<u64>, Failure> {
        let read = |text: String| {
            let detail =
                || format!("must be a whole number below 2^64, not negative, not {text:?}");
            whole(&text).ok_or_else(|| invalid(name, detail()))
        };
        self.one(name)?.map(read).transpose()
    }

    /// `true` or `false`; `false` where it isn't given.
    pub(super) fn flag(&mut self, name: &str) -> Result<bool, Failure> {
        match self.one(name)?.as_deref() {
            None | Some("false") => Ok(false),
            Some("true") => Ok(true),
            Some(_) => Err(invalid(name, "must be true or false")),
        }
    }

    /// The namespace; `default` where it isn't given.
    pub(super) fn namespace(&mut self) -> Result<Namespace, Failure> {
        match self.one("namespace")? {
            None => Ok(Namespace::default()),
            Some(name) => Namespace::new(&name).map_err(|error| invalid("namespace", error)),
        }
    }

    /// What instances are asked for. Several zones, regions or statuses (repeated or with commas) mean any of them,
    /// several tags and pairs of metadata all of them.
    pub(super) fn selector(&mut self) -> Result<Selector, Failure> {
        let selector = Selector {
            version: self
                .one("version")?
                .map(|text| VersionRange::parse(&text).map_err(|error| invalid("version", error)))
                .transpose()?,
            zones: self.labels("zone")?,
            regions: self.labels("region")?,
            tags: self.labels("tag")?,
            metadata: self
                .prefixed("meta.")
                .into_iter()
                .map(|(key, value)| (key.into(), value.into()))
                .collect(),
            statuses: self
                .listed("status")
                .iter()
                .map(|word| Status::from_word(word).ok_or_else(|| unknown_status(word)))
                .collect::<Result<_, _>>()?,
        };
        selector
            .validate()
            .map_err(|error| invalid("query", error))?;
        Ok(selector)
    }

    /// Parameters whose name begins with `prefix`, without it.
    pub(super) fn prefixed(&mut self, prefix: &str) -> Vec<(String, String)> {
        self.0
            .extract_if(.., |(key, _)| {
                key.len() > prefix.len() && key.starts_with(prefix)
            })
            .map(|(key, value)| (key[prefix.len()..].to_owned(), value))
            .collect()
    }

    /// Refuses what nobody took, naming all of it, unless the client asked to be lenient.
    pub(super) fn finish(&mut self, strictness: Strictness) -> Result<(), Failure> {
        if self.0.is_empty() || strictness == Strictness::Lenient {
            return Ok(());
        }
        let unknown = self.0.iter().take(32);
        let errors: Vec<_> = unknown
            .map(|(key, _)| FieldError::new(key, "this parameter is not known here"))
            .collect();
        Err(Problem::of_fields(Code::InvalidQuery, errors).into())
    }

    fn labels(&mut self, name: &'static str) -> Result<Vec<paste_model::Label>, Failure> {
        self.listed(name)
            .iter()
            .map(|text| paste_model::Label::new(name, text).map_err(|error| invalid(name, error)))
            .collect()
    }

    fn listed(&mut self, name: &str) -> Vec<String> {
        let values = self.all(name);
        values
            .iter()
            .flat_map(|value| value.split(','))
            .map(str::to_owned)
            .collect()
    }
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        let code = Code::from_word(&problem.code).unwrap_or(Code::Internal);
        Self::from_problem(code, problem)
    }
}

fn unknown_status(word: &str) -> Failure {
    let words: Vec<_> = Status::ALL.iter().map(|status| status.as_str()).collect();
    invalid(
        "status",
        format!("{word:?} is none of {}", words.join(", ")),
    )
}

/// A whole number, written with digits alone.
pub(super) fn whole(text: &str) -> Option<u64> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}

/// A parameter that breaks a rule.
pub(super) fn invalid(name: &str, detail: impl ToString) -> Failure {
    Failure::of_field(Code::InvalidQuery, name, detail)
}

fn decode(text: &str) -> Option<String> {
    let spaced;
    let text = if text.contains('+') {
        spaced = text.replace('+', " ");
        &spaced
    } else {
        text
    };
    Some(percent_decode_str(text).decode_utf8().ok()?.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_decoded() {
        let mut query =
            Query::read("a=1%202+3&b&meta.k=v&meta.l=&zone=x,y&zone=z").expect("readable");
        assert_eq!(query.one("a").expect("once"), Some("1 2 3".to_owned()));
        assert_eq!(query.one("b").expect("once"), Some(String::new()));
        let selector = query.selector().expect("valid");
        assert_eq!(selector.zones.len(), 3);
        assert_eq!(selector.metadata.len(), 2);
        assert!(query.finish(Strictness::Strict).is_ok());
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (text, field) in [
            ("version=latest", "version"),
            ("version=1&version=2", "version"),
            ("status=asleep", "status"),
            ("zone=", "zone"),
            ("tag=a%20b", "tag"),
            ("a=%ff", "a"),
        ] {
            let failure = Query::read(text)
                .and_then(|mut query| query.selector())
                .expect_err(text);
            let problem = failure.into_problem();
            assert_eq!(problem.code, "invalid-query");
            assert_eq!(problem.errors[0].field, field, "{text}");
        }
        let mut query = Query::read("x=1&y=2").expect("readable");
        let problem = query
            .finish(Strictness::Strict)
            .expect_err("unknown")
            .into_problem();
        assert_eq!(problem.errors.len(), 2);
        assert!(query.finish(Strictness::Lenient).is_ok());
    }
}
