//! Many registrations and deregistrations in one request.

use paste_api::{
    Action, BatchItem, BatchRequest, BatchResponse, BatchResult, Code, Instance, Registered,
};
use paste_engine::{EngineError, Outcome};
use paste_model::limits::{ATOMIC_ITEMS_MAX, BATCH_ITEMS_MAX};
use paste_model::{InstanceId, InstanceKey, Namespace, ServiceKey, ServiceName};

use super::answer::{self, Answered};
use super::audit::{self, Author};
use super::call::Call;
use super::failure::Failure;
use super::instances;

/// Registers and deregisters.
#[utoipa::path(
    post,
    path = "/api/v1/batch",
    operation_id = "batch",
    tag = "register",
    summary = "Register and deregister up to 1,000 instances",
    description = "Each item succeeds or fails for itself; with `atomic`, up to 32 items succeed or fail together.",
    params(("namespace" = Option<String>, Query, description = "The namespace of items that name none; `default` unless it says otherwise")),
    request_body(content = BatchRequest, content_type = "application/json"),
    responses(
        (status = 200, description = "What became of each item", body = BatchResponse),
        (status = 404, description = "atomic: `not-registered`", body = paste_api::Problem, content_type = "application/problem+json"),
        (status = 409, description = "atomic: `session-taken`", body = paste_api::Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn post(mut call: Call) -> Answered {
    let namespace = call.query.namespace()?;
    call.finish_query()?;
    call.unconditional()?;
    let max = call.rest.0.config.batch_bytes_max;
    let request = call.json_within::<BatchRequest>(max).await?;
    bounded(&request)?;
    let mut refused = Vec::new();
    let mut items = Vec::with_capacity(request.items.len());
    let mut subjects = Vec::with_capacity(request.items.len());
    for (index, wire) in request.items.into_iter().enumerate() {
        subjects.push((wire.action, format!("{}/{}", wire.service, wire.id)));
        match item(wire, &namespace) {
            Ok(item) => items.push(item),
            Err(failure) if request.atomic => {
                return Err(failure.within(&format!("items[{index}]")));
            }
            Err(failure) => refused.push((index, failure)),
        }
    }
    let done = if items.is_empty() {
        Vec::new()
    } else {
        call.engine()
            .batch(&call.caller, items, request.atomic)
            .await?
    };
    let mut results: Vec<_> = done.into_iter().map(result).collect();
    // In order of the request: those that were refused go where they stood.
    for (index, failure) in refused {
        results.insert(index, failed(failure));
    }
    tell(&call, &subjects, &results);
    answer::ok(&BatchResponse { results })
}

fn bounded(request: &BatchRequest) -> Result<(), Failure> {
    let (limit, max) = if request.atomic {
        ("atomic_items_max", ATOMIC_ITEMS_MAX)
    } else {
        ("batch_items_max", BATCH_ITEMS_MAX)
    };
    let count = request.items.len();
    if count > max {
        let detail = format!("has {count} entries; the limit ({limit}) is {max}");
        return Err(Failure::of_field(Code::InvalidField, "items", detail));
    }
    Ok(())
}

fn item(wire: BatchItem, namespace: &Namespace) -> Result<paste_engine::BatchItem, Failure> {
    let invalid = |field: &str, error: &dyn ToString| {
        Failure::of_field(Code::InvalidField, field, error.to_string())
    };
    let namespace = match &wire.namespace {
        None => namespace.clone(),
        Some(name) => Namespace::new(name).map_err(|error| invalid("namespace", &error))?,
    };
    let name = ServiceName::new(&wire.service).map_err(|error| invalid("service", &error))?;
    let id = InstanceId::new(&wire.id).map_err(|error| invalid("id", &error))?;
    let key = InstanceKey {
        service: ServiceKey { namespace, name },
        id,
    };
    match (wire.action, wire.instance) {
        (Action::Register, Some(instance)) => {
            let registered = Registered::try_from(instance);
            let registered =
                registered.map_err(|refusal| Failure::from(refusal).within("instance"))?;
            let registration = Box::new(instances::registration(registered));
            Ok(paste_engine::BatchItem::Register { key, registration })
        }
        (Action::Register, None) => Err(Failure::of_field(
            Code::MissingField,
            "instance",
            "what shall be registered?",
        )),
        (Action::Deregister, None) => Ok(paste_engine::BatchItem::Deregister { key }),
        (Action::Deregister, Some(_)) => {
            Err(invalid("instance", &"only an item that registers has one"))
        }
    }
}

fn result(outcome: Result<Outcome, EngineError>) -> BatchResult {
    match outcome {
        Ok(Outcome::Registered(stored)) => BatchResult {
            status: if stored.created { 201 } else { 200 },
            instance: Some(Instance::from(&*stored.value)),
            problem: None,
        },
        Ok(Outcome::Deregistered) => BatchResult {
            status: 204,
            instance: None,
            problem: None,
        },
        Err(error) => failed(error.into()),
    }
}

fn failed(failure: Failure) -> BatchResult {
    let problem = failure.into_problem();
    BatchResult {
        status: problem.status,
        instance: None,
        problem: Some(problem),
    }
}

/// A batch is as many writes as it has items, and each has its line.
fn tell(call: &Call, subjects: &[(Action, String)], results: &[BatchResult]) {
    let principal = call.caller.principal().as_str();
    for ((action, subject), result) in subjects.iter().zip(results) {
        let author = Author {
            principal: Some(principal),
            peer: &call.peer,
        };
        let action = match action {
            Action::Register => "batch register",
            Action::Deregister => "batch deregister",
        };
        let outcome = result
            .problem
            .as_ref()
            .map_or("ok", |problem| &problem.code);
        audit::line(call.engine(), author, action, subject, "", outcome);
    }
}
