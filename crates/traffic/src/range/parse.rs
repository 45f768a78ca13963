//! Reading the text of a range: one function per rule of the grammar.

use semver::{BuildMetadata, Prerelease};

use super::InvalidVersionRange;
use super::comparator::{Comparator, Operator, Partial};

const COMPARATOR: &str = "a version such as 1.4, 1.x or *, or an operator (=, >, >=, <, <=, ^, ~)";
const NUMBER: &str = "a number, x or *";
const SEPARATOR: &str = "a comma, a space, || or the end";

/// The comparators of `text`, by set.
pub(super) fn sets(text: &str) -> Result<Vec<Vec<Comparator>>, InvalidVersionRange> {
    let mut reader = Reader { text, position: 0 };
    let mut sets = vec![reader.set()?];
    while reader.take('|') {
        if !reader.take('|') {
            return Err(reader.expected("||"));
        }
        sets.push(reader.set()?);
    }
    match reader.peek() {
        None => Ok(sets),
        Some(_) => Err(reader.expected(SEPARATOR)),
    }
}

struct Reader<'t> {
    text: &'t str,
    position: usize,
}

impl<'t> Reader<'t> {
    fn rest(&self) -> &'t str {
        &self.text[self.position..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn take(&mut self, character: char) -> bool {
        let there = self.peek() == Some(character);
        if there {
            self.position += character.len_utf8();
        }
        there
    }

    /// The longest run of ASCII that `allowed` lets through.
    fn take_while(&mut self, allowed: fn(&u8) -> bool) -> &'t str {
        let rest = self.rest();
        let length = rest.bytes().take_while(allowed).count();
        self.position += length;
        &rest[..length]
    }

    fn spaces(&mut self) -> bool {
        !self.take_while(|byte| *byte == b' ').is_empty()
    }

    fn expected(&self, expected: &'static str) -> InvalidVersionRange {
        InvalidVersionRange::Syntax {
            position: self.position,
            expected,
            found: self.peek(),
        }
    }

    fn set(&mut self) -> Result<Vec<Comparator>, InvalidVersionRange> {
        let mut set = Vec::new();
        loop {
            self.spaces();
            set.push(self.comparator()?);
            let spaced = self.spaces();
            let more = self.take(',') || (spaced && !matches!(self.peek(), None | Some('|')));
            if !more {
                return Ok(set);
            }
        }
    }

    fn comparator(&mut self) -> Result<Comparator, InvalidVersionRange> {
        let operator = self.operator();
        self.spaces();
        let partial = self.partial(match operator {
            None => COMPARATOR,
            Some(_) => NUMBER,
        })?;
        Ok(Comparator {
            operator: operator.unwrap_or(Operator::Equal),
            partial,
        })
    }

    fn operator(&mut self) -> Option<Operator> {
        let (text, operator) = [
            (">=", Operator::GreaterEqual),
            ("<=", Operator::LessEqual),
            (">", Operator::Greater),
            ("<", Operator::Less),
            ("=", Operator::Equal),
            ("^", Operator::Caret),
            ("~", Operator::Tilde),
        ]
        .into_iter()
        .find(|(text, _)| self.rest().starts_with(text))?;
        self.position += text.len();
        Some(operator)
    }

    fn partial(&mut self, first: &'static str) -> Result<Partial, InvalidVersionRange> {
        let mut numbers = [None; 3];
        numbers[0] = self.number(first)?;
        let mut given = 1;
        while given < numbers.len() && self.take('.') {
            numbers[given] = self.number(NUMBER)?;
            given += 1;
        }
        let prerelease = if given == numbers.len() {
            self.suffixes()?
        } else {
            Prerelease::EMPTY
        };
        Ok(match numbers {
            [None, ..] => Partial::Any,
            [Some(major), None, _] => Partial::Major(major),
            [Some(major), Some(minor), None] => Partial::Minor(major, minor),
            [Some(major), Some(minor), Some(patch)] => {
                Partial::Full([major, minor, patch], prerelease)
            }
        })
    }

    /// A number; `None` for a wildcard.
    fn number(&mut self, expected: &'static str) -> Result<Option<u64>, InvalidVersionRange> {
        if self.take('x') || self.take('*') {
            return Ok(None);
        }
        let position = self.position;
        let digits = self.take_while(u8::is_ascii_digit);
        if digits.is_empty() {
            return Err(self.expected(expected));
        }
        if digits.len() > 1 && digits.starts_with('0') {
            self.position = position;
            return Err(self.expected("a number without leading zeros"));
        }
        let number = digits
            .parse()
            .map_err(|_| InvalidVersionRange::Number { position })?;
        Ok(Some(number))
    }

    /// A prerelease, and build metadata, which is checked and dropped.
    fn suffixes(&mut self) -> Result<Prerelease, InvalidVersionRange> {
        let mut prerelease = Prerelease::EMPTY;
        if self.take('-') {
            prerelease = self.suffix(
                "a prerelease such as rc.1, without empty parts or leading zeros",
                |text| Prerelease::new(text).ok(),
            )?;
        }
        if self.take('+') {
            self.suffix("build metadata such as 7f3a, without empty parts", |text| {
                BuildMetadata::new(text).ok()
            })?;
        }
        Ok(prerelease)
    }

    fn suffix<T>(
        &mut self,
        expected: &'static str,
        make: fn(&str) -> Option<T>,
    ) -> Result<T, InvalidVersionRange> {
        let position = self.position;
        let text = self.take_while(|byte| byte.is_ascii_alphanumeric() || b"-.".contains(byte));
        let made = if text.is_empty() { None } else { make(text) };
        made.ok_or_else(|| {
            self.position = position;
            self.expected(expected)
        })
    }
}
