//! The paths under `/api/v1/configs`.

use http::Method;

use crate::rest::failure::Failure;
use crate::rest::route::{Name, READ, name};

/// A path under `/api/v1/configs`, with the names in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::rest) enum ConfigRoute<'p> {
    List,
    Item(Name<'p>, Name<'p>),
    Releases(Name<'p>, Name<'p>),
    Release(Name<'p>, Name<'p>, Name<'p>),
    Diff(Name<'p>, Name<'p>),
    Rollback(Name<'p>, Name<'p>),
    Gray(Name<'p>, Name<'p>),
    Draft(Name<'p>, Name<'p>),
    Approve(Name<'p>, Name<'p>),
    Subscribers(Name<'p>, Name<'p>),
    Events(Name<'p>, Name<'p>),
    Together,
    Clone,
    Acks,
    Effective,
}

impl<'p> ConfigRoute<'p> {
    /// The route of what follows `/api/v1/configs`.
    pub(in crate::rest) fn of(segments: &[&'p str]) -> Result<Option<Self>, Failure> {
        let item = |group, key| Ok::<_, Failure>((name("group", group)?, name("key", key)?));
        Ok(Some(match *segments {
            [] => Self::List,
            ["release"] => Self::Together,
            ["clone"] => Self::Clone,
            ["acks"] => Self::Acks,
            ["effective"] => Self::Effective,
            [group, key] => {
                let (group, key) = item(group, key)?;
                Self::Item(group, key)
            }
            [group, key, "releases", number] => {
                let (group, key) = item(group, key)?;
                Self::Release(group, key, name("release", number)?)
            }
            [group, key, "draft", "approve"] => {
                let (group, key) = item(group, key)?;
                Self::Approve(group, key)
            }
            [group, key, part] => {
                let (group, key) = item(group, key)?;
                match part {
                    "releases" => Self::Releases(group, key),
                    "diff" => Self::Diff(group, key),
                    "rollback" => Self::Rollback(group, key),
                    "gray" => Self::Gray(group, key),
                    "draft" => Self::Draft(group, key),
                    "subscribers" => Self::Subscribers(group, key),
                    "events" => Self::Events(group, key),
                    _ => return Ok(None),
                }
            }
            _ => return Ok(None),
        }))
    }

    /// The methods it knows.
    pub(in crate::rest) fn methods(&self) -> &'static [Method] {
        match self {
            Self::List
            | Self::Releases(..)
            | Self::Release(..)
            | Self::Diff(..)
            | Self::Subscribers(..)
            | Self::Events(..)
            | Self::Effective => READ,
            Self::Item(..) | Self::Draft(..) => &[Method::GET, Method::PUT, Method::DELETE],
            Self::Gray(..) => &[Method::POST, Method::DELETE],
            Self::Rollback(..) | Self::Approve(..) | Self::Together | Self::Clone | Self::Acks => {
                &[Method::POST]
            }
        }
    }

    /// Its place among the routes of configuration in [`crate::Metrics::ROUTES`].
    pub(in crate::rest) fn index(&self) -> usize {
        match self {
            Self::List => 0,
            Self::Item(..) => 1,
            Self::Releases(..) => 2,
            Self::Release(..) => 3,
            Self::Diff(..) => 4,
            Self::Rollback(..) => 5,
            Self::Gray(..) => 6,
            Self::Draft(..) => 7,
            Self::Approve(..) => 8,
            Self::Subscribers(..) => 9,
            Self::Events(..) => 10,
            Self::Together => 11,
            Self::Clone => 12,
            Self::Acks => 13,
            Self::Effective => 14,
        }
    }

    /// Whether its body may be the content itself.
    pub(in crate::rest) fn takes_octets(&self) -> bool {
        matches!(self, Self::Item(..) | Self::Draft(..))
    }
}
