//! All fronts behind one listener: which of them a request is for is said by how its path begins.
//!
//! Invariant: the native API pays one comparison for its neighbours. Nothing more is cloned for a request than it would have
//! taken alone, and what its neighbours need is boxed, so that the future of an answer stays small.

use std::sync::Arc;

use futures_util::future::Either;
use http::{Request, Response};

use crate::listener::{Handler, RequestBody};
use crate::nodes::Nodes;
use crate::rest::Rest;
use crate::{Body, Peer};

/// The fronts of a listener. A clone is cheap and shares everything.
#[derive(Clone)]
pub struct Fronts(Arc<(Rest, Nodes)>);

impl Fronts {
    /// These, side by side.
    pub fn new(rest: Rest, nodes: Nodes) -> Self {
        Self(Arc::new((rest, nodes)))
    }
}

impl Handler for Fronts {
    type Body = Body;

    fn handle(
        &self,
        request: Request<RequestBody>,
        peer: Peer,
    ) -> impl Future<Output = Response<Body>> + Send {
        let (rest, nodes) = &*self.0;
        if Nodes::takes(request.uri().path()) {
            Either::Left(Box::pin(nodes.clone().answer(request)))
        } else {
            Either::Right(rest.handle(request, peer))
        }
    }
}
