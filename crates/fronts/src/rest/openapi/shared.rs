//! What all operations of the document have in common: the form of names, the problems that any request may meet, and
//! that bodies know no other fields.

use paste_model::limits;
use utoipa::Modify;
use utoipa::openapi::path::{Operation, Parameter, ParameterIn, ParameterStyle};
use utoipa::openapi::schema::{
    self, AdditionalProperties, Object, ObjectBuilder, Schema, SchemaType, Type,
};
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::{Content, OpenApi, PathItem, RefOr, ResponseBuilder};

/// Names: `crates/model/src/ids.rs` has the same grammar in words.
const NAME: &str = "^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$";
const ID: &str = "^[A-Za-z0-9]([A-Za-z0-9._:@#$-]*[A-Za-z0-9])?$";
const LABEL: &str = r"^\S+$";
const REVISION: &str = "^([0-9]{1,19}|\"[0-9]{1,19}\")$";
const POSITION: &str = "^[0-9a-f]{16}-[0-9]{1,19}$";

/// Bodies of requests, and what is in them.
const STRICT: [&str; 32] = [
    "Ack",
    "AckRequest",
    "Audience",
    "BatchItem",
    "BatchRequest",
    "CallReport",
    "Check",
    "CloneRequest",
    "CommentRequest",
    "Grant",
    "GrayRequest",
    "Heartbeat",
    "NamespaceSettings",
    "OverrideRequest",
    "Policy",
    "PolicyBalancer",
    "PolicyLocality",
    "PolicyOutlierDetection",
    "PolicyRetries",
    "PolicyRule",
    "PolicySlowStart",
    "PolicySubset",
    "PolicyTimeouts",
    "PolicyUsers",
    "Publication",
    "Registration",
    "ReleaseItem",
    "ReleaseRequest",
    "RollbackRequest",
    "ServiceSettings",
    "TokenSettings",
    "WatchRequest",
];

/// Completes the document.
pub(super) struct Shared;

impl Modify for Shared {
    fn modify(&self, document: &mut OpenApi) {
        let token = Http::builder()
            .scheme(HttpAuthScheme::Bearer)
            .description(Some("An access token; not needed on loopback"))
            .build();
        let components = document.components.get_or_insert_default();
        components.add_security_scheme("token", SecurityScheme::Http(token));
        for name in STRICT {
            if let Some(RefOr::T(Schema::Object(body))) = components.schemas.get_mut(name) {
                body.additional_properties = Some(Box::new(AdditionalProperties::FreeForm(false)));
            }
        }
        for operation in document.paths.paths.values_mut().flat_map(operations) {
            for parameter in operation.parameters.iter_mut().flatten() {
                if let RefOr::T(parameter) = parameter {
                    describe(parameter);
                }
            }
            add_problems(operation);
        }
    }
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    let PathItem {
        get,
        put,
        post,
        patch,
        delete,
        ..
    } = item;
    [get, put, post, patch, delete].into_iter().flatten()
}

/// Gives a parameter the form of what it names, which is the same wherever that is named.
fn describe(parameter: &mut Parameter) {
    let in_path = parameter.parameter_in == ParameterIn::Path;
    let text = match parameter.name.as_str() {
        "service" | "token" if in_path => bounded(NAME, limits::NAME_BYTES_MAX),
        "namespace" | "group" | "key" => bounded(NAME, limits::NAME_BYTES_MAX),
        "cursor" if !is_described(parameter) => bounded(NAME, limits::NAME_BYTES_MAX),
        "id" | "session" => bounded(ID, limits::NAME_BYTES_MAX),
        "zone" | "region" | "tag" if is_list(parameter) => {
            text(LABEL).max_length(Some(limits::LABEL_BYTES_MAX))
        }
        "from_zone" | "from_region" => text(LABEL).max_length(Some(limits::LABEL_BYTES_MAX)),
        "comment" => ObjectBuilder::new()
            .schema_type(Type::String)
            .max_length(Some(limits::TEXT_BYTES_MAX)),
        "If-Match" => text(REVISION),
        "Last-Event-ID" | "last_event_id" => text(POSITION),
        "label" => return prefixed(parameter, "^label\\..+$"),
        "meta" => return prefixed(parameter, "^meta\\..+$"),
        "header" => return prefixed(parameter, "^header\\..+$"),
        _ => return limit(parameter),
    };
    if let Some(RefOr::T(Schema::Array(several))) = &mut parameter.schema {
        several.items = schema::ArrayItems::RefOrSchema(Box::new(Schema::from(text).into()));
    } else {
        parameter.schema = Some(text.into());
    }
}

/// Says how large a count may be where its operation doesn't: `format` alone is a remark, which no validator follows.
fn limit(parameter: &mut Parameter) {
    if let Some(RefOr::T(Schema::Object(count))) = &mut parameter.schema
        && count.schema_type == SchemaType::Type(Type::Integer)
        && count.maximum.is_none()
    {
        count.maximum = Some(usize::MAX.into());
    }
}

/// Whether it may be given several times.
fn is_list(parameter: &Parameter) -> bool {
    matches!(&parameter.schema, Some(RefOr::T(Schema::Array(_))))
}

fn text(pattern: &str) -> ObjectBuilder {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .pattern(Some(pattern))
}

fn bounded(pattern: &str, bytes_max: usize) -> ObjectBuilder {
    text(pattern)
        .min_length(Some(1))
        .max_length(Some(bytes_max))
}

/// Whether the operation itself says what form a parameter has.
fn is_described(parameter: &Parameter) -> bool {
    matches!(&parameter.schema, Some(RefOr::T(Schema::Object(object))) if object.pattern.is_some())
}

/// Parameters whose names only begin alike: an exploded object, whose keys are the parameters.
fn prefixed(parameter: &mut Parameter, pattern: &str) {
    let any = Object::builder()
        .schema_type(Type::Object)
        .additional_properties(Some(Schema::from(
            ObjectBuilder::new().schema_type(Type::String),
        )))
        .property_names(Some(text(pattern)));
    parameter.schema = Some(any.into());
    parameter.style = Some(ParameterStyle::Form);
    parameter.explode = Some(true);
}

/// Adds the problems that any request may meet.
fn add_problems(operation: &mut Operation) {
    let mut problems = vec![
        (
            "400",
            "The request is malformed: `malformed-json`, `unknown-field`, `invalid-field`, \
             `missing-field`, `invalid-query`, `invalid-path`, `invalid-header`, \
             `too-many-subscriptions`, `not-supported-yet`, `invalid-backup`",
        ),
        ("401", "`unauthenticated`"),
        ("403", "`forbidden`, `foreign-origin`"),
        ("415", "`unsupported-media-type`: a body has to be JSON"),
        ("429", "`rate-limited`; see `Retry-After`"),
        ("500", "`internal`"),
        (
            "503",
            "`busy`, `store-unavailable`: nothing was written; `outcome-unknown`: nobody can say, read before you \
             write again; see `Retry-After`",
        ),
    ];
    if operation
        .tags
        .iter()
        .flatten()
        .any(|tag| tag == "configure")
    {
        problems.push((
            "409",
            "What the item, its namespace or the keys for secrets are like forbids it: `approval-needed`, \
             `gray-release-running`, `quota-exceeded`, `no-secret-key`",
        ));
    }
    if operation.request_body.is_some() {
        problems.push(("408", "`request-timeout`"));
        problems.push(("413", "`body-too-large`"));
    }
    for (status, description) in problems {
        let problem = Content::new(Some(RefOr::Ref(schema::Ref::from_schema_name("Problem"))));
        let response = ResponseBuilder::new()
            .description(description)
            .content("application/problem+json", problem)
            .build();
        operation
            .responses
            .responses
            .entry(status.to_owned())
            .or_insert(response.into());
    }
}
