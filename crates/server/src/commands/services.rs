//! Listing services, and asking what happened to one and why.

use http::Method;

use crate::cli::{EventsArgs, ExplainArgs, ServicesArgs};
use crate::client::{Client, Route};
use crate::exit::Done;
use crate::output::{Column, print, table, text};

pub(super) async fn list(args: ServicesArgs) -> Done {
    let client = Client::new(&args.client)?;
    let route = Route::of(&["services"])
        .with("namespace", &args.client.namespace)
        .with_some("prefix", args.prefix.as_ref())
        .with_some("limit", args.limit);
    let mut answer = client.call(Method::GET, &route, None).await?;
    // Without a limit of the user's own, all pages are one answer.
    while args.limit.is_none() {
        let Some(cursor) = answer["cursor"].as_str() else {
            break;
        };
        let mut page = client
            .call(Method::GET, &route.clone().with("cursor", cursor), None)
            .await?;
        let mut services = answer["services"].take();
        if let (Some(services), Some(more)) =
            (services.as_array_mut(), page["services"].as_array_mut())
        {
            services.append(more);
        }
        page["services"] = services;
        answer = page;
    }
    print(args.client.output, &answer, |answer| {
        let columns: [Column; 6] = [
            ("SERVICE", |row| text(&row["service"])),
            ("INSTANCES", |row| text(&row["instances"])),
            ("UP", |row| text(&row["up"])),
            ("HEALTHY", |row| text(&row["healthy"])),
            ("PROTECTED", |row| {
                if row["protected"] == true {
                    "yes".to_owned()
                } else {
                    String::new()
                }
            }),
            ("OWNERS", |row| text(&row["owners"])),
        ];
        table(&answer["services"], &columns)
    })
}

pub(super) async fn explain(args: ExplainArgs) -> Done {
    let client = Client::new(&args.client)?;
    let mut route = Route::of(&["services", &args.service, "explain"])
        .with("namespace", &args.client.namespace)
        .with_some("zone", args.zone.as_ref())
        .with_some("from_zone", args.from_zone.as_ref())
        .with_some("from_region", args.from_region.as_ref())
        .with_some("hash_key", args.hash_key.as_ref())
        .with_some("version", args.range.as_ref());
    for (name, value) in &args.headers {
        route = route.with(&format!("header.{name}"), value);
    }
    let answer = client.call(Method::GET, &route, None).await?;
    print(args.client.output, &answer, |answer| {
        let columns: [Column; 5] = [
            ("ID", |row| text(&row["instance"]["id"])),
            ("ELIGIBLE", |row| {
                if row["eligible"] == true {
                    "yes".to_owned()
                } else {
                    "no".to_owned()
                }
            }),
            ("STATUS", |row| text(&row["instance"]["status"])),
            ("HEALTH", |row| text(&row["instance"]["health"])),
            ("WHY", |row| {
                let reasons = row["reasons"].as_array();
                reasons
                    .into_iter()
                    .flatten()
                    .map(text)
                    .collect::<Vec<_>>()
                    .join("; ")
            }),
        ];
        let steps = answer["choice"]["steps"].as_array();
        let steps: Vec<_> = steps.into_iter().flatten().map(text).collect();
        format!(
            "{}\n\n{}\n\nA choice, as a consumer would make it:\n  {}",
            text(&answer["summary"]),
            table(&answer["instances"], &columns),
            steps.join("\n  ")
        )
    })
}

pub(super) async fn events(args: EventsArgs) -> Done {
    let client = Client::new(&args.client)?;
    let route = Route::of(&["services", &args.service, "events"])
        .with("namespace", &args.client.namespace)
        .with_some("after", args.after.as_ref())
        .with_some("limit", args.limit);
    let answer = client.call(Method::GET, &route, None).await?;
    print(args.client.output, &answer, |answer| {
        let columns: [Column; 6] = [
            ("AT", |row| text(&row["at"])),
            ("CURSOR", |row| text(&row["cursor"])),
            ("INSTANCE", |row| text(&row["instance"])),
            ("WHAT", |row| text(&row["kind"])),
            ("BY", |row| text(&row["by"])),
            ("WHY", |row| text(&row["reason"])),
        ];
        table(&answer["events"], &columns)
    })
}
