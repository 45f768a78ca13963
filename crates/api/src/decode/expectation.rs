//! What was expected and what was found, in the words of the API instead of those of the language it is written in.

/// Says it in plain words. What is no complaint about a type stays as it is.
pub(super) fn plain(detail: &str) -> String {
    if let Some(rest) = detail.strip_prefix("unknown variant ") {
        return unknown_word(rest);
    }
    let found = ["invalid type: ", "invalid value: ", "invalid length "]
        .iter()
        .find_map(|prefix| detail.strip_prefix(prefix));
    let Some((found, expected)) = found.and_then(|rest| rest.split_once(", expected ")) else {
        return detail.replace('`', "");
    };
    format!("must be {}, not {}", expectation(expected), finding(found))
}

/// `` `ftp`, expected one of `http`, `tcp` ``.
fn unknown_word(rest: &str) -> String {
    let (found, expected) = rest.split_once(", expected ").unwrap_or((rest, ""));
    let words = expected.strip_prefix("one of ").unwrap_or(expected);
    let words = words.replace('`', "").replace(" or ", ", ");
    format!("must be one of {words}, not {}", found.trim_matches('`'))
}

fn expectation(expected: &str) -> String {
    let number = |max: &str| format!("a whole number from 0 to {max}");
    match expected.trim_matches('`') {
        "u8" => number("255"),
        "u16" => number("65535"),
        "u32" => number("4294967295"),
        "u64" | "usize" => "a whole number, not negative".to_owned(),
        "i8" | "i16" | "i32" | "i64" => "a whole number".to_owned(),
        "f32" | "f64" => "a number".to_owned(),
        "a boolean" | "bool" => "true or false".to_owned(),
        "a sequence" => "a list".to_owned(),
        "a map" => "an object".to_owned(),
        "unit" | "null" => "null".to_owned(),
        "option" => "a value or null".to_owned(),
        text if text.starts_with("struct ") || text.starts_with("internally tagged enum") => {
            "an object".to_owned()
        }
        text if text.starts_with("enum ") || text.starts_with("variant ") => "a word".to_owned(),
        text => text.replace('`', ""),
    }
}

fn finding(found: &str) -> String {
    match found {
        "map" => "an object".to_owned(),
        "sequence" => "a list".to_owned(),
        "unit value" => "null".to_owned(),
        other => {
            let value = ["string ", "integer ", "floating point ", "boolean "]
                .iter()
                .find_map(|kind| other.strip_prefix(kind));
            value.unwrap_or(other).trim_matches('`').to_owned()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_has_to_know_the_language() {
        for (detail, said) in [
            (
                "invalid type: string \"80\", expected u16",
                "must be a whole number from 0 to 65535, not \"80\"",
            ),
            (
                "invalid value: integer `-1`, expected u64",
                "must be a whole number, not negative, not -1",
            ),
            (
                "invalid type: integer `5`, expected struct Registration",
                "must be an object, not 5",
            ),
            (
                "invalid type: map, expected a sequence",
                "must be a list, not an object",
            ),
            (
                "invalid type: null, expected a boolean",
                "must be true or false, not null",
            ),
            (
                "unknown variant `ftp`, expected one of `http`, `tcp`, `grpc`",
                "must be one of http, tcp, grpc, not ftp",
            ),
            (
                "unknown variant `x`, expected `register` or `deregister`",
                "must be one of register, deregister, not x",
            ),
            (
                "\"x\" is not a duration such as 15s",
                "\"x\" is not a duration such as 15s",
            ),
        ] {
            assert_eq!(plain(detail), said);
        }
    }
}
