//! Showing the nodes of the cluster.

use http::Method;
use serde_json::Value;

use crate::cli::ClientArgs;
use crate::client::{Client, Route};
use crate::exit::Done;
use crate::output::{Column, print, table, text};

pub(super) async fn show(args: ClientArgs) -> Done {
    let client = Client::new(&args)?;
    let route = Route::of(&["cluster"]);
    let answer = client.call(Method::GET, &route, None).await?;
    print(args.output, &answer, shown)
}

fn shown(answer: &Value) -> String {
    let standing = match (answer["mode"].as_str(), &answer["member"]) {
        (Some("alone"), _) => "alone: its store is its own",
        (_, Value::Bool(true)) => "a member",
        _ => "without its place among the others: it judges nobody",
    };
    let mut lines = vec![
        format!("node       {}, {standing}", text(&answer["node"])),
        format!(
            "revision   {} of epoch {}",
            answer["revision"],
            text(&answer["epoch"])
        ),
        format!(
            "signs      {} waiting, {} told, {} taken, {} messages failed",
            answer["waiting"],
            answer["told_total"],
            answer["taken_total"],
            answer["failures_total"]
        ),
    ];
    lines.extend(trouble(answer));
    format!(
        "{}\n\n{}",
        lines.join("\n"),
        table(&answer["nodes"], &COLUMNS)
    )
}

/// What is wrong with a node, where something is: for its status, too.
pub(super) fn trouble(answer: &Value) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(stale) = answer["stale"].as_str() {
        lines.push(format!(
            "stale      it hasn't reached the store for {stale}"
        ));
    }
    if answer["isolated"] == true {
        lines.push("isolated   it is cut off; use another node".to_owned());
    }
    lines
}

const COLUMNS: [Column; 9] = [
    ("NAME", |row| text(&row["name"])),
    ("URL", |row| text(&row["url"])),
    ("VERSION", |row| text(&row["version"])),
    ("JOINED", |row| text(&row["joined"])),
    ("OWNED", |row| text(&row["owned"])),
    ("REVISION", |row| text(&row["revision"])),
    ("LAG", |row| text(&row["lag"])),
    ("HEARD", |row| match row["heard_ago"].as_str() {
        Some(ago) => format!("{ago} ago"),
        None => String::new(),
    }),
    ("UNREACHABLE", |row| text(&row["unreachable"])),
];

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_cluster_in_trouble_says_where() {
        let answer = json!({
            "mode": "cluster", "node": "a", "member": false, "isolated": true, "stale": "7s",
            "epoch": "00000000000000ab", "revision": 12,
            "nodes": [
                {"name": "a", "url": "http://a:7750", "joined": "2026-11-23T06:00:00.000Z", "version": "0.1.0",
                 "lease": 3, "owned": 0, "revision": 12, "lag": 2},
                {"name": "b", "url": "http://b:7750", "joined": "2026-11-23T06:00:01.000Z", "version": "0.1.0",
                 "lease": 4, "owned": 9, "revision": 14, "lag": 0, "heard_ago": "4200ms",
                 "unreachable": "it answered 401"},
                {"name": "c", "url": "http://c:7750", "joined": "2026-11-23T06:00:02.000Z", "version": "0.1.0",
                 "lease": 5},
            ],
            "waiting": 3, "told_total": 20, "taken_total": 30, "failures_total": 1,
        });
        let text = shown(&answer);
        let lines: Vec<_> = text.lines().collect();
        let expected = [
            "node       a, without its place among the others: it judges nobody",
            "revision   12 of epoch 00000000000000ab",
            "signs      3 waiting, 20 told, 30 taken, 1 messages failed",
            "stale      it hasn't reached the store for 7s",
            "isolated   it is cut off; use another node",
            "",
        ];
        assert_eq!(lines[..6], expected);
        assert!(
            lines[6].starts_with("NAME") && lines[6].ends_with("UNREACHABLE"),
            "{text}"
        );
        assert!(lines[8].contains("4200ms ago") && lines[8].ends_with("it answered 401"));
        assert_eq!(lines.len(), 10, "{text}");
    }
}
