//! What is wrong with a request: its fields by their paths, and the rule that each breaks.
//!
//! Invariant: however much is wrong, a refusal names at most [`ERRORS_MAX`] fields, so that bad input costs a bounded
//! answer.

use crate::{Code, FieldError, Problem};

/// Most wrong fields that one answer names.
pub(crate) const ERRORS_MAX: usize = 32;

/// A request that was refused: the kind of problem, and the fields that are wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The kind of problem.
    pub code: Code,
    /// At least one, at most 32.
    pub errors: Vec<FieldError>,
}

impl Refusal {
    /// One wrong field.
    pub fn field(field: impl Into<String>, detail: impl ToString) -> Self {
        Self::of(Code::InvalidField, field, detail)
    }

    /// One field that is wrong in the way of `code`.
    pub(crate) fn of(code: Code, field: impl Into<String>, detail: impl ToString) -> Self {
        let mut errors = FieldErrors::default();
        errors.push(field, detail);
        Self {
            code,
            errors: errors.0,
        }
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        Self::of_fields(refusal.code, refusal.errors)
    }
}

/// Collects what is wrong, so that one answer names all of it, up to the limit.
#[derive(Default)]
pub(crate) struct FieldErrors(Vec<FieldError>);

impl FieldErrors {
    /// Notes that `field` is wrong.
    pub(crate) fn push(&mut self, field: impl Into<String>, detail: impl ToString) {
        if !self.is_full() {
            self.0.push(FieldError::new(field, detail));
        }
    }

    /// What was read, or a note that it is wrong.
    pub(crate) fn keep<T, E: ToString>(
        &mut self,
        field: impl Into<String>,
        read: Result<T, E>,
    ) -> Option<T> {
        read.map_err(|error| self.push(field, error)).ok()
    }

    /// Whether another note would be left out.
    pub(crate) fn is_full(&self) -> bool {
        self.0.len() == ERRORS_MAX
    }

    /// Whether nothing is wrong so far.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The refusal of what was noted.
    pub(crate) fn refusal(self, code: Code) -> Refusal {
        Refusal {
            code,
            errors: self.0,
        }
    }

    /// `value`, if nothing is wrong with any field.
    pub(crate) fn unless_any<T>(self, value: T) -> Result<T, Refusal> {
        if self.is_empty() {
            Ok(value)
        } else {
            Err(self.refusal(Code::InvalidField))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_names_a_bounded_number_of_fields() {
        let mut errors = FieldErrors::default();
        for index in 0..10_000 {
            errors.push(format!("ports.{index}"), "is wrong");
        }
        let refusal = errors.unless_any(()).expect_err("all are wrong");
        assert_eq!(refusal.errors.len(), ERRORS_MAX);
    }
}
