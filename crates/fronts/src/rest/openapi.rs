//! The OpenAPI document: made from the handlers and the wire types, so that it can't tell anything else than they do.

mod shared;

use std::sync::LazyLock;

use bytes::Bytes;
use http::StatusCode;
use utoipa::OpenApi;

use self::shared::Shared;
use super::answer::{self, Answered};
use super::call::Call;
use super::{
    backup, batch, cluster, configs, events, explain, heartbeats, instances, namespaces, overrides,
    policies, restore, services, sessions, stats, status, tokens, watch,
};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "paste.registry",
        description = "Register, discover, watch, stay alive. Errors are problem documents (RFC 9457) with a stable `code`. \
            On loopback no token is needed.\n\nEvery answer says how far the knowledge of its node goes \
            (`X-Registry-Revision`). One that can't reach the store answers from what it knows, and says for how many \
            seconds it couldn't (`X-Registry-Stale`). One that is cut off from the store, or from its place among the other \
            nodes, says so as well (`X-Registry-Isolated: true`): prefer another node, and stay where all say it.",
        license(name = "Apache-2.0", identifier = "Apache-2.0"),
    ),
    servers((url = "http://127.0.0.1:7750", description = "This machine")),
    paths(
        services::list, services::get, services::put, services::delete,
        instances::list, instances::get, instances::put, instances::patch, instances::delete,
        heartbeats::instance, heartbeats::session, overrides::list, overrides::get, overrides::put,
        overrides::delete,
        policies::list, policies::get, policies::put, policies::delete, policies::history, stats::get,
        configs::list::get, configs::list::effective, configs::item::get, configs::item::put,
        configs::item::delete, configs::history::list, configs::history::get, configs::history::diff,
        configs::history::rollback, configs::history::events, configs::gray::post, configs::gray::delete,
        configs::drafts::get, configs::drafts::put, configs::drafts::delete, configs::drafts::approve,
        configs::subscribers::list, configs::subscribers::acks, configs::several::release, configs::several::clone,
        sessions::delete, batch::post, watch::get, watch::post, explain::get, events::list,
        namespaces::list, namespaces::get, namespaces::put, namespaces::delete,
        tokens::list, tokens::create,
        tokens::create_by_post, tokens::delete,
        status::get, cluster::get, cluster::owner, status::healthz, status::readyz, status::metrics, backup::get, restore::post, get,
    ),
    components(schemas(
        paste_api::Problem, paste_api::FieldError, paste_api::InstanceList, paste_api::Delta,
        paste_api::Reset, paste_api::Load, paste_api::ConfigChanged, paste_api::Reach,
    )),
    tags(
        (name = "register", description = "For owners of instances"),
        (name = "discover", description = "For consumers"),
        (name = "configure", description = "For what applications are configured with"),
        (name = "operate", description = "For administrators"),
    ),
    security(("token" = []), ()),
    modifiers(&Shared),
)]
struct Document;

/// The document as committed and as served.
pub fn document() -> String {
    let mut text = Document::openapi().to_pretty_json().unwrap_or_default();
    text.push('\n');
    text
}

/// Serves the document.
#[utoipa::path(
    get,
    path = "/openapi.json",
    operation_id = "openapi",
    tag = "operate",
    summary = "This document",
    security(()),
    responses((status = 200, description = "The document", body = serde_json::Value)),
)]
pub(super) fn get(mut call: Call) -> Answered {
    static BYTES: LazyLock<Bytes> = LazyLock::new(|| document().into());
    call.finish_query()?;
    Ok(answer::bytes(StatusCode::OK, answer::JSON, BYTES.clone()))
}
