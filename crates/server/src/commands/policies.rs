//! Policies of services: read, set, compared, and applied from files.

use std::path::Path;

use http::Method;
use serde_json::{Map, Value};
use similar::TextDiff;

use super::input;
use crate::cli::{ApplyArgs, ClientArgs, Output, PolicyArgs, PolicyCommand};
use crate::client::{Client, Route};
use crate::exit::{Done, Exit, Failure};
use crate::output::{self, Column, print, table, text};

pub(super) async fn run(command: PolicyCommand) -> Done {
    match command {
        PolicyCommand::Get(args) => get(args).await,
        PolicyCommand::Set {
            policy,
            file,
            comment,
            if_match,
            dry_run,
        } => set(policy, &file, &comment, if_match, dry_run).await,
        PolicyCommand::Diff {
            policy,
            file,
            from,
            to,
        } => diff(policy, file.as_deref(), from, to).await,
        PolicyCommand::History(args) => history(args).await,
        PolicyCommand::Delete { policy, comment } => delete(policy, &comment).await,
        PolicyCommand::List(client) => list(client).await,
    }
}

fn route(service: &str, part: &[&str], namespace: &str) -> Route {
    Route::of(&[&["policies", service], part].concat()).with("namespace", namespace)
}

async fn get(args: PolicyArgs) -> Done {
    let client = Client::new(&args.client)?;
    let route = route(&args.service, &[], &args.client.namespace);
    let answer = client.call(Method::GET, &route, None).await?;
    print(args.client.output, &answer, |answer| {
        pretty(&answer["policy"])
    })
}

async fn set(
    args: PolicyArgs,
    file: &Path,
    comment: &str,
    if_match: Option<u64>,
    dry_run: bool,
) -> Done {
    let policy = one(file)?;
    let client = Client::new(&args.client)?;
    let mut route = route(&args.service, &[], &args.client.namespace).with("comment", comment);
    if dry_run {
        route = route.with("dry_run", "true");
    }
    let answer = client
        .call_if(Method::PUT, &route, if_match, Some(&policy))
        .await?;
    print(args.client.output, &answer, |answer| {
        if dry_run {
            format!(
                "policy {} of {} would be taken",
                answer["number"], args.service
            )
        } else {
            told(answer)
        }
    })
}

/// Which policy holds now.
fn told(answer: &Value) -> String {
    format!(
        "{} has policy {}, revision {}",
        text(&answer["service"]),
        answer["number"],
        answer["revision"]
    )
}

async fn delete(args: PolicyArgs, comment: &str) -> Done {
    let client = Client::new(&args.client)?;
    let route = route(&args.service, &[], &args.client.namespace).with("comment", comment);
    let answer = client.call(Method::DELETE, &route, None).await?;
    print(args.client.output, &answer, |_| {
        format!("{} has no policy any more: the defaults hold", args.service)
    })
}

async fn history(args: PolicyArgs) -> Done {
    let answer = past(&args).await?;
    let columns: [Column; 5] = [
        ("NUMBER", |row| text(&row["number"])),
        ("WHEN", |row| text(&row["at"])),
        ("BY", |row| text(&row["by"])),
        ("BALANCER", |row| match &row["policy"] {
            Value::Null => "removed".to_owned(),
            policy => text(&policy["balancer"]["kind"]),
        }),
        ("COMMENT", |row| text(&row["comment"])),
    ];
    print(args.client.output, &answer["releases"], |releases| {
        table(releases, &columns)
    })
}

async fn past(args: &PolicyArgs) -> Result<Value, Failure> {
    let client = Client::new(&args.client)?;
    let route = route(&args.service, &["history"], &args.client.namespace);
    client.call(Method::GET, &route, None).await
}

/// A unified diff: from the policy that holds to that of a file, as the registry would write it out, or between two of
/// the history.
async fn diff(args: PolicyArgs, file: Option<&Path>, from: Option<u64>, to: Option<u64>) -> Done {
    let (before, after) = match file {
        Some(file) => {
            let client = Client::new(&args.client)?;
            let route = route(&args.service, &[], &args.client.namespace).with("dry_run", "true");
            let policy = one(file)?;
            let answer = client.call(Method::PUT, &route, Some(&policy)).await?;
            (holding(&args).await?, answer["policy"].clone())
        }
        None => of_history(&past(&args).await?, from, to)?,
    };
    let (before, after) = (pretty(&before), pretty(&after));
    let diff = TextDiff::from_lines(&before, &after);
    let unified = diff.unified_diff().to_string();
    if args.client.output == Output::Json {
        return output::line(Value::from(Map::from_iter([(
            "unified".to_owned(),
            unified.into(),
        )])));
    }
    output::bytes(unified.as_bytes())
}

/// The policy that holds; null where there is none.
async fn holding(args: &PolicyArgs) -> Result<Value, Failure> {
    match past(args).await {
        Ok(past) => Ok(past["releases"][0]["policy"].clone()),
        Err(failure) if failure.exit == Exit::NotFound => Ok(Value::Null),
        Err(failure) => Err(failure),
    }
}

fn of_history(past: &Value, from: Option<u64>, to: Option<u64>) -> Result<(Value, Value), Failure> {
    let newest = past["releases"][0]["number"].as_u64().unwrap_or_default();
    let to = to.unwrap_or(newest);
    let from = from.unwrap_or(to.saturating_sub(1));
    let find = |number: u64| {
        if number == 0 {
            return Ok(Value::Null);
        }
        let mut releases = past["releases"].as_array().into_iter().flatten();
        let found = releases.find(|release| release["number"] == number);
        let missing = || Failure::new(Exit::NotFound, format!("policy {number} is not kept"));
        found
            .map(|release| release["policy"].clone())
            .ok_or_else(missing)
    };
    Ok((find(from)?, find(to)?))
}

async fn list(args: ClientArgs) -> Done {
    let client = Client::new(&args)?;
    let route = Route::of(&["policies"]).with("namespace", &args.namespace);
    let policies = client.pages(&route, "policies").await?;
    let columns: [Column; 5] = [
        ("SERVICE", |row| text(&row["service"])),
        ("NUMBER", |row| text(&row["number"])),
        ("BALANCER", |row| text(&row["policy"]["balancer"]["kind"])),
        ("WHEN", |row| text(&row["at"])),
        ("COMMENT", |row| text(&row["comment"])),
    ];
    print(args.output, &Value::Array(policies), |policies| {
        table(policies, &columns)
    })
}

/// Sets the policies of several services. All are checked before the first is set.
pub(super) async fn apply(args: ApplyArgs) -> Done {
    let mut wanted = Vec::new();
    for file in &args.files {
        for document in documents(file)? {
            wanted.push(Wanted::of(document, file, &args.client.namespace)?);
        }
    }
    let client = Client::new(&args.client)?;
    let mut answers = Vec::new();
    for dry_run in [true, false] {
        if args.dry_run && !dry_run {
            break;
        }
        answers.clear();
        for one in &wanted {
            let mut route = route(&one.service, &[], &one.namespace).with("comment", &args.comment);
            if dry_run {
                route = route.with("dry_run", "true");
            }
            let answer = client.call(Method::PUT, &route, Some(&one.policy)).await;
            answers.push(answer.map_err(|failure| failure.about(&one.service))?);
        }
    }
    print(args.client.output, &Value::Array(answers), |answers| {
        let answers = answers.as_array().into_iter().flatten();
        let told = |answer: &Value| match args.dry_run {
            true => format!("{} would be taken", text(&answer["service"])),
            false => told(answer),
        };
        answers.map(told).collect::<Vec<_>>().join("\n")
    })
}

/// The policy that a service is to have.
struct Wanted {
    service: String,
    namespace: String,
    policy: Value,
}

impl Wanted {
    fn of(document: Value, file: &Path, namespace: &str) -> Result<Self, Failure> {
        let malformed =
            |what: &str| Failure::new(Exit::Usage, format!("{}: {what}", file.display()));
        let Value::Object(mut fields) = document else {
            return Err(malformed(
                "each document must be an object with service and policy",
            ));
        };
        let namespace = match fields.remove("namespace") {
            None => namespace.to_owned(),
            Some(given) => text(&given),
        };
        let service = fields.remove("service").map(|service| text(&service));
        let wanted = Self {
            service: service.ok_or_else(|| malformed("a document lacks service"))?,
            namespace,
            policy: fields
                .remove("policy")
                .ok_or_else(|| malformed("a document lacks policy"))?,
        };
        match fields.keys().next() {
            None => Ok(wanted),
            Some(field) => Err(malformed(&format!(
                "a document has an unknown field {field:?}"
            ))),
        }
    }
}

/// The one policy in a file.
fn one(file: &Path) -> Result<Value, Failure> {
    let documents = documents(file)?;
    let count = documents.len();
    let mut documents = documents.into_iter();
    match (documents.next(), count) {
        (Some(document), 1) => Ok(document),
        _ => Err(Failure::new(
            Exit::Usage,
            format!("{} must hold one policy, not {count}", file.display()),
        )),
    }
}

/// The documents in a file; those of a list are documents of their own. JSON is YAML, too.
fn documents(file: &Path) -> Result<Vec<Value>, Failure> {
    let content = input::text(file)?;
    let read: Vec<Value> = serde_saphyr::from_multiple(&content).map_err(|error| {
        let what = format!("{} is neither JSON nor YAML", file.display());
        Failure::caused(Exit::Usage, what, &error)
    })?;
    let documents = read.into_iter().filter(|document| !document.is_null());
    Ok(documents
        .flat_map(|document| match document {
            Value::Array(list) => list,
            one => vec![one],
        })
        .collect())
}

fn pretty(value: &Value) -> String {
    if value.is_null() {
        return String::new();
    }
    let mut pretty = serde_json::to_string_pretty(value).unwrap_or_default();
    pretty.push('\n');
    pretty
}
