//! Steps as sentences for people.

use std::fmt::{self, Display, Formatter};

use paste_model::BalancerKind;

use super::{Step, SubsetCause, Trace};
use crate::locality::{Load, Place};

impl Display for Trace {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for (index, step) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            step.fmt(f)?;
        }
        Ok(())
    }
}

impl Display for Step {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Eligible {
                eligible,
                known,
                protected,
            } => {
                write!(f, "{eligible} of {known} known instances are eligible")?;
                if *protected {
                    f.write_str(", failing ones included, because the service is protected")?;
                }
                Ok(())
            }
            Self::Asked { matching, eligible } => {
                write!(
                    f,
                    "{matching} of {eligible} eligible instances are what was asked for"
                )
            }
            Self::Subset { name, cause } => {
                write!(f, "the subset {name} answers: ")?;
                cause.fmt(f)
            }
            Self::Locality {
                places,
                chosen,
                drawn,
            } => locality(f, places, *chosen, *drawn),
            Self::Tried(count) => write!(f, "{count} left out because they were tried before"),
            Self::Idle(count) => write!(f, "{count} left out for their weight of 0"),
            Self::AllIdle => f.write_str("all have weight 0, so weights don't count"),
            Self::Only => f.write_str("only one is left"),
            Self::Compared {
                kind,
                first: (first, cost),
                second: (second, other),
            } => {
                let what = match kind {
                    BalancerKind::PeakEwma => "latency times calls in flight, in ns, by weight",
                    _ => "calls in flight by weight",
                };
                write!(
                    f,
                    "{}: {first} and {second} drawn by chance; {what}: {cost} and {other}",
                    kind.as_str()
                )
            }
            Self::Drawn { drawn, total } => {
                write!(f, "weighted_random: {drawn} drawn of weights of {total}")
            }
            Self::Turn(kind) => write!(f, "{}: its turn", kind.as_str()),
            Self::Hashed { kind, key } => {
                write!(f, "{}: by the key {key:?}", kind.as_str())
            }
            Self::Chosen(id) => write!(f, "chosen: {id}"),
            Self::Nobody(reason) => write!(f, "nobody is chosen: {reason}"),
        }
    }
}

impl Display for SubsetCause {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rule(index) => write!(f, "rule {index} applies"),
            Self::Share { drawn, total } => write!(f, "{drawn} drawn of weights of {total}"),
            Self::Only => f.write_str("no other has a weight and an eligible instance"),
        }
    }
}

fn locality(
    f: &mut Formatter<'_>,
    places: &[(Place, Load)],
    chosen: Option<usize>,
    drawn: Option<u64>,
) -> fmt::Result {
    match chosen.and_then(|chosen| places.get(chosen)) {
        Some((place, _)) => write!(f, "{place} answers")?,
        None => f.write_str("no place answers")?,
    }
    if let Some(drawn) = drawn {
        write!(f, ", {drawn} drawn of 100")?;
    }
    for (index, (place, load)) in places.iter().enumerate() {
        f.write_str(if index == 0 { ": " } else { ", " })?;
        let Load {
            total,
            healthy,
            percent,
            panic,
        } = load;
        write!(f, "{place} has {healthy} of {total} and gets {percent} %")?;
        if *panic {
            f.write_str(" in panic")?;
        }
    }
    Ok(())
}
