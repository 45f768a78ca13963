//! Request bodies: what is accepted means the same when it is said again, and what is refused is refused in few words.

use std::fmt::Debug;

use paste_api::{
    AckRequest, BatchRequest, CloneRequest, CommentRequest, GrayRequest, Heartbeat,
    NamespaceSettings, OverrideRequest, Policy, Publication, Refusal, Registered, Registration,
    ReleaseRequest, RollbackRequest, ServiceSettings, Strictness, TokenSettings, WatchRequest,
    decode,
};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::kept;

/// Most wrong fields that one answer may name.
const ERRORS_MAX: usize = 32;
/// Longest words for one of them, in bytes: room for a path, and for what was found there.
const ERROR_BYTES_MAX: usize = 2 * 1024;

/// Promises, for a body of each kind: accepted strictly, it is accepted leniently and means the same; within the limits,
/// it means the same when it is printed; a registration or a grant survives its way into the model and back; a refusal
/// is bounded and says what is wrong.
pub(crate) fn run(input: &[u8]) {
    if let Some(registration) = read::<Registration>(input)
        && registers(&registration)
    {
        check_printed(&registration);
    }
    if let Some(batch) = read::<BatchRequest>(input)
        && batch
            .items
            .iter()
            .flat_map(|item| &item.instance)
            .all(registers)
    {
        check_printed(&batch);
    }
    if let Some(settings) = read::<ServiceSettings>(input) {
        check_printed(&settings);
        bounded(paste_model::ServiceSettings::try_from(settings));
    }
    if let Some(settings) = read::<NamespaceSettings>(input) {
        check_printed(&settings);
        bounded(paste_model::NamespaceSettings::try_from(settings));
    }
    if let Some(settings) = read::<TokenSettings>(input) {
        check_printed(&settings);
        check_grants(&settings);
    }
    if let Some(request) = read::<OverrideRequest>(input) {
        check_printed(&request);
    }
    if let Some(request) = read::<WatchRequest>(input) {
        check_printed(&request);
    }
    configs(input);
    policy(input);
    // Printing and reading a fraction may move its last bit, so that only its being accepted again is promised.
    if let Some(report) = bounded(decode::<Heartbeat>(input, Strictness::Strict)) {
        kept("a printed report is accepted", print_and_read(&report));
    }
}

/// A policy that the model takes is written out in full, and means the same when it is read again.
fn policy(input: &[u8]) {
    let Some(policy) = read::<Policy>(input) else {
        return;
    };
    if let Some(policy) = bounded(paste_model::Policy::try_from(policy)) {
        let written: Policy = kept(
            "a printed policy is accepted",
            print_and_read(&Policy::from(&policy)),
        );
        let again = paste_model::Policy::try_from(written);
        assert_eq!(kept("a policy is taken again", again), policy);
    }
}

/// What is asked of configuration. A schema may hold fractions, so that only its being accepted again is promised.
fn configs(input: &[u8]) {
    if let Some(publication) = read::<Publication>(input) {
        kept(
            "a printed publication is accepted",
            print_and_read(&publication),
        );
    }
    if let Some(request) = read::<GrayRequest>(input) {
        check_printed(&request);
        request
            .audience
            .map(|audience| bounded(paste_model::Audience::try_from(audience)));
    }
    if let Some(request) = read::<ReleaseRequest>(input) {
        check_printed(&request);
    }
    if let Some(request) = read::<AckRequest>(input) {
        check_printed(&request);
    }
    if let Some(request) = read::<RollbackRequest>(input) {
        check_printed(&request);
    }
    if let Some(request) = read::<CommentRequest>(input) {
        check_printed(&request);
    }
    if let Some(request) = read::<CloneRequest>(input) {
        check_printed(&request);
    }
}

fn read<T: DeserializeOwned + PartialEq + Debug>(input: &[u8]) -> Option<T> {
    let lenient = bounded(decode::<T>(input, Strictness::Lenient));
    let strict = bounded(decode::<T>(input, Strictness::Strict))?;
    assert_eq!(
        Some(&strict),
        lenient.as_ref(),
        "strictly and leniently the same"
    );
    Some(strict)
}

fn check_printed<T: DeserializeOwned + Serialize + PartialEq + Debug>(body: &T) {
    let again: T = kept("a printed body is accepted", print_and_read(body));
    assert_eq!(again, *body, "printed and read the same");
}

fn print_and_read<T: DeserializeOwned + Serialize>(value: &T) -> Result<T, Refusal> {
    let printed = kept("a body prints", serde_json::to_vec(value));
    decode(&printed, Strictness::Strict)
}

fn bounded<T>(read: Result<T, Refusal>) -> Option<T> {
    let refusal = match read {
        Ok(value) => return Some(value),
        Err(refusal) => refusal,
    };
    assert!(
        (1..=ERRORS_MAX).contains(&refusal.errors.len()),
        "{} errors",
        refusal.errors.len()
    );
    for error in &refusal.errors {
        assert!(
            !error.field.is_empty() && !error.detail.is_empty(),
            "{error:?}"
        );
        let bytes = error.field.len() + error.detail.len();
        assert!(bytes <= ERROR_BYTES_MAX, "{bytes} bytes for one field");
    }
    None
}

/// Whether the model takes it, limits and all; then it takes what it would print, too.
fn registers(wire: &Registration) -> bool {
    let Some(registered) = bounded(Registered::try_from(wire.clone())) else {
        return false;
    };
    kept(
        "a registered instance is valid",
        registered.instance.validate(),
    );
    let again = Registration::from(&registered.instance);
    let again = kept("an instance registers again", Registered::try_from(again));
    assert_eq!(again.instance, registered.instance);
    true
}

fn check_grants(settings: &TokenSettings) {
    let Some(grants) = bounded(settings.grants()) else {
        return;
    };
    let again = TokenSettings {
        grants: grants.iter().map(Into::into).collect(),
        expires: None,
    };
    assert_eq!(kept("grants are granted again", again.grants()), grants);
}
