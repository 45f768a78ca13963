//! Java properties, as `java.util.Properties` reads them: of a key that stands twice the last value counts.

use std::collections::BTreeMap;

use super::Unreadable;

/// The pairs of a text.
pub(super) fn read(text: &str) -> Result<BTreeMap<String, String>, Unreadable> {
    let mut pairs = BTreeMap::new();
    let mut rest = Rest { text, at: 0 };
    while let Some((line, begins)) = rest.logical_line() {
        let (key, value) = split(&line);
        let key = unescaped(key).map_err(|reason| Unreadable::at(text, begins, &reason))?;
        let value = unescaped(value).map_err(|reason| Unreadable::at(text, begins, &reason))?;
        pairs.insert(key, value);
    }
    Ok(pairs)
}

/// What is still to be read.
struct Rest<'t> {
    text: &'t str,
    at: usize,
}

impl Rest<'_> {
    /// The next line that says something, joined with those that it goes on in, and where it begins.
    fn logical_line(&mut self) -> Option<(String, usize)> {
        loop {
            let begins = self.at;
            let first = self.natural_line()?;
            let first = first.trim_start_matches(BLANKS);
            if first.is_empty() || first.starts_with(['#', '!']) {
                continue;
            }
            let mut line = first.to_owned();
            while goes_on(&line) {
                line.pop();
                let Some(next) = self.natural_line() else {
                    break;
                };
                line.push_str(next.trim_start_matches(BLANKS));
            }
            return Some((line, begins));
        }
    }

    fn natural_line(&mut self) -> Option<&str> {
        let rest = self.text.get(self.at..).filter(|rest| !rest.is_empty())?;
        let end = rest.find(['\n', '\r']).unwrap_or(rest.len());
        let break_length = match &rest.as_bytes()[end..] {
            [b'\r', b'\n', ..] => 2,
            [] => 0,
            _ => 1,
        };
        self.at += end + break_length;
        Some(&rest[..end])
    }
}

const BLANKS: [char; 3] = [' ', '\t', '\u{c}'];

/// Whether a line ends in an odd number of backslashes.
fn goes_on(line: &str) -> bool {
    line.bytes().rev().take_while(|byte| *byte == b'\\').count() % 2 == 1
}

/// The key and the value of a line, both still escaped.
fn split(line: &str) -> (&str, &str) {
    let mut escaped = false;
    let end = line.char_indices().find(|(_, character)| {
        let ends = !escaped && (BLANKS.contains(character) || matches!(character, '=' | ':'));
        escaped = !escaped && *character == '\\';
        ends
    });
    let end = end.map_or(line.len(), |(at, _)| at);
    let (key, rest) = line.split_at(end);
    let rest = rest.trim_start_matches(BLANKS);
    let value = rest.strip_prefix(['=', ':']).unwrap_or(rest);
    (key, value.trim_start_matches(BLANKS))
}

fn unescaped(text: &str) -> Result<String, String> {
    let mut out = String::with_capacity(text.len());
    let mut units: Vec<u16> = Vec::new();
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        let escape = if character == '\\' {
            characters.next()
        } else {
            None
        };
        if escape == Some('u') {
            let digits: String = characters.by_ref().take(4).collect();
            let unit = u16::from_str_radix(&digits, 16)
                .ok()
                .filter(|_| digits.len() == 4);
            units.push(unit.ok_or_else(|| format!("\\u{digits} must have 4 hex digits"))?);
            continue;
        }
        flush(&mut units, &mut out)?;
        match (character, escape) {
            (_, Some('t')) => out.push('\t'),
            (_, Some('n')) => out.push('\n'),
            (_, Some('r')) => out.push('\r'),
            (_, Some('f')) => out.push('\u{c}'),
            (_, Some(other)) => out.push(other),
            ('\\', None) => {}
            (plain, None) => out.push(plain),
        }
    }
    flush(&mut units, &mut out)?;
    Ok(out)
}

/// Characters beyond the first plane are written as two escapes.
fn flush(units: &mut Vec<u16>, out: &mut String) -> Result<(), String> {
    for read in char::decode_utf16(units.drain(..)) {
        out.push(
            read.map_err(|error| format!("\\u{:04x} stands alone", error.unpaired_surrogate()))?,
        );
    }
    Ok(())
}
