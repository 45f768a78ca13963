//! A service's policy between the wire and the model.

use std::sync::Arc;

use paste_model::Policy;

use crate::error::BoxError;

/// A policy as the registry sends it.
pub(crate) type Wire = paste_api::Policy;

/// Reads a policy.
pub(crate) fn read(wire: Wire) -> Result<Arc<Policy>, BoxError> {
    let policy = Policy::try_from(wire).map_err(|refusal| format!("policy: {refusal:?}"))?;
    Ok(Arc::new(policy))
}

/// Writes a policy.
pub(crate) fn write(policy: &Policy) -> Wire {
    policy.into()
}
