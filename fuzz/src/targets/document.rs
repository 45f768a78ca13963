//! Content of configuration items, and the schemas that it has to fit.

use paste_engine::{check_content, fits_schema};
use paste_model::Format;

/// Longest account of what is wrong, in bytes.
const REASON_BYTES_MAX: usize = 4 * 1024;

/// Promises: content of any format is accepted, or refused in one bounded line, and the same each time; whatever a schema says,
/// content fits it or doesn't. The first byte picks the format, a zero byte divides a schema from the content.
pub(crate) fn run(input: &[u8]) {
    let Some((first, rest)) = input.split_first() else {
        return;
    };
    let format = Format::ALL[usize::from(*first) % Format::ALL.len()];
    let mut parts = rest.splitn(2, |byte| *byte == 0);
    let (one, two) = (parts.next().unwrap_or_default(), parts.next());
    let (schema, content) = match two {
        Some(content) => (Some(one), content),
        None => (None, one),
    };
    let checked = check_content(format, content);
    if let Err(reason) = &checked {
        assert!(
            !reason.is_empty() && reason.len() <= REASON_BYTES_MAX && !reason.contains('\n'),
            "{reason:?}"
        );
    }
    assert_eq!(checked, check_content(format, content));
    if let Some(schema) = schema {
        let fits = fits_schema(schema, format, content);
        assert!(
            fits.is_err() || checked.is_ok(),
            "what can't be read fits nothing"
        );
    }
}
