//! What all operations of the document have in common: the form of names, the problems that any request may meet, and
//! that bodies know no other fields.

use utoipa::Modify;
use utoipa::openapi::path::{Operation, Parameter, ParameterIn, ParameterStyle};
use utoipa::openapi::schema::{self, AdditionalProperties, Object, ObjectBuilder, Schema, Type};
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::{Content, OpenApi, PathItem, RefOr, ResponseBuilder};

/// Names: `crates/model/src/ids.rs` has the same grammar in words.
const NAME: &str = "^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$";
const ID: &str = "^[A-Za-z0-9]([A-Za-z0-9._:@#$-]*[A-Za-z0-9])?$";
const LABEL: &str = "^[!-~]+$";
const REVISION: &str = "^([0-9]{1,19}|\"[0-9]{1,19}\")$";
const POSITION: &str = "^[0-9a-f]{16}-[0-9]{1,19}$";

/// Bodies of requests, and what is in them.
const STRICT: [&str; 11] = [
    "BatchItem",
    "BatchRequest",
    "Check",
    "Grant",
    "LoadReport",
    "NamespaceSettings",
    "OverrideRequest",
    "Registration",
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
    let pattern = match parameter.name.as_str() {
        "service" | "token" if in_path => NAME,
        "namespace" | "cursor" => NAME,
        "id" | "session" => ID,
        "If-Match" => REVISION,
        "Last-Event-ID" | "last_event_id" => POSITION,
        "zone" | "region" | "tag" => return labels(parameter),
        "meta" => return prefixed(parameter, "^meta\\..+$"),
        "header" => return prefixed(parameter, "^header\\..+$"),
        _ => return,
    };
    let text = ObjectBuilder::new()
        .schema_type(Type::String)
        .pattern(Some(pattern));
    let text = if matches!(pattern, NAME | ID) {
        text.min_length(Some(1))
            .max_length(Some(paste_model::limits::NAME_BYTES_MAX))
    } else {
        text
    };
    parameter.schema = Some(text.into());
}

/// Zones, regions and tags: any number of labels, none of them empty.
fn labels(parameter: &mut Parameter) {
    let label = ObjectBuilder::new()
        .schema_type(Type::String)
        .pattern(Some(LABEL))
        .max_length(Some(paste_model::limits::LABEL_BYTES_MAX));
    parameter.schema = Some(schema::ArrayBuilder::new().items(label).into());
}

/// Parameters whose names only begin alike: an exploded object, whose keys are the parameters.
fn prefixed(parameter: &mut Parameter, pattern: &str) {
    let text = || ObjectBuilder::new().schema_type(Type::String);
    let any = Object::builder()
        .schema_type(Type::Object)
        .additional_properties(Some(Schema::from(text())))
        .property_names(Some(text().pattern(Some(pattern))));
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
        ("503", "`busy`, `store-unavailable`; see `Retry-After`"),
    ];
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
