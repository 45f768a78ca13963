//! Verdicts as sentences for people.

use std::fmt::{self, Display, Formatter};
use std::time::{Duration, UNIX_EPOCH};

use paste_model::{Label, Timestamp};

use super::{Mismatch, Reason, Verdict, Witness, Word};

/// 9999-12-31T23:59:59.999Z, the last moment that RFC 3339 can write.
const TIMESTAMP_MAX_MS: u64 = 253_402_300_799_999;

impl Display for Verdict<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Eligible => f.write_str("eligible"),
            Self::Protected(reasons) => {
                f.write_str("eligible only because the service is protected: ")?;
                list(f, reasons, "; ")
            }
            Self::Excluded(reasons) => {
                f.write_str("not eligible: ")?;
                list(f, reasons, "; ")
            }
        }
    }
}

impl Display for Reason<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status {
                status,
                word: Word::Owner,
            } => {
                write!(f, "its owner set its status to {}", status.as_str())
            }
            Self::Status {
                status,
                word: Word::Override(word),
            } => {
                let (by, at) = (&word.by, moment(word.at));
                write!(
                    f,
                    "{by} overrode its status with {} at {at}",
                    status.as_str()
                )?;
                remark(f, &word.reason)
            }
            Self::Health { witness, health } => {
                let since = moment(health.since);
                let whose = match witness {
                    Witness::Session => "its session is",
                    Witness::Checks => "its checks are",
                };
                write!(f, "{whose} {} since {since}", health.state.as_str())?;
                if !health.observer.is_empty() {
                    write!(f, ", seen by {}", health.observer)?;
                }
                remark(f, &health.reason)
            }
            Self::Mismatch(mismatch) => mismatch.fmt(f),
        }
    }
}

impl Display for Mismatch<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Version {
                wanted,
                found: Some(found),
            } => {
                write!(f, "its version {found} is not in {wanted}")
            }
            Self::Version {
                wanted,
                found: None,
            } => {
                write!(f, "it has no version, and {wanted} was asked for")
            }
            Self::Zone { wanted, found } => place(f, "zone", wanted, *found),
            Self::Region { wanted, found } => place(f, "region", wanted, *found),
            Self::Tag { wanted } => write!(f, "it lacks the tag {}", wanted.as_str()),
            Self::Metadata {
                key,
                wanted,
                found: Some(found),
            } => {
                write!(f, "its metadata has {key:?} as {found:?}, not {wanted:?}")
            }
            Self::Metadata {
                key,
                wanted,
                found: None,
            } => {
                write!(f, "its metadata lacks {key:?}, which was to be {wanted:?}")
            }
            Self::Status { wanted, found } => {
                write!(f, "its status is {}, not ", found.as_str())?;
                list(f, wanted.iter().map(|status| status.as_str()), " or ")
            }
        }
    }
}

fn place(
    f: &mut Formatter<'_>,
    noun: &str,
    wanted: &[Label],
    found: Option<&Label>,
) -> fmt::Result {
    let wanted = wanted.iter().map(Label::as_str);
    match found {
        Some(found) => {
            write!(f, "its {noun} is {}, not ", found.as_str())?;
            list(f, wanted, " or ")
        }
        None => {
            write!(f, "it has no {noun}, and ")?;
            list(f, wanted, " or ")?;
            f.write_str(" was asked for")
        }
    }
}

fn remark(f: &mut Formatter<'_>, reason: &str) -> fmt::Result {
    if reason.is_empty() {
        Ok(())
    } else {
        write!(f, " ({reason})")
    }
}

fn list<T: Display>(
    f: &mut Formatter<'_>,
    items: impl IntoIterator<Item = T>,
    separator: &str,
) -> fmt::Result {
    for (index, item) in items.into_iter().enumerate() {
        if index > 0 {
            f.write_str(separator)?;
        }
        item.fmt(f)?;
    }
    Ok(())
}

fn moment(at: Timestamp) -> impl Display {
    let since_epoch = Duration::from_millis(at.0.min(TIMESTAMP_MAX_MS));
    humantime::format_rfc3339_millis(UNIX_EPOCH + since_epoch)
}
