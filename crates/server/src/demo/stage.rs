//! What happens in the demo, and what is said about it.

use std::time::Duration;

use http::Method;
use serde_json::json;

use crate::cli::{ClientArgs, Output};
use crate::client::{Client, Route};
use crate::exit::Done;
use crate::output;

use super::scene::{Actor, Role};

/// The cast: three services, instances of different versions in two zones.
const CAST: [Role; 7] = [
    Role {
        service: "orders",
        id: "orders-1",
        version: "1.4.0",
        zone: "a",
    },
    Role {
        service: "orders",
        id: "orders-2",
        version: "1.4.2",
        zone: "b",
    },
    Role {
        service: "orders",
        id: "orders-3",
        version: "2.0.0",
        zone: "b",
    },
    Role {
        service: "payments",
        id: "payments-1",
        version: "3.1.0",
        zone: "a",
    },
    Role {
        service: "payments",
        id: "payments-2",
        version: "3.1.0",
        zone: "b",
    },
    Role {
        service: "web",
        id: "web-1",
        version: "0.9.0",
        zone: "a",
    },
    Role {
        service: "web",
        id: "web-2",
        version: "0.9.1",
        zone: "b",
    },
];
/// The one that dies.
const VICTIM: usize = 1;
/// The one that drains.
const DRAINED: usize = 3;

/// Time to look at what has just happened.
const PAUSE: Duration = Duration::from_secs(8);
/// Time for the services to say goodbye.
const FAREWELL: Duration = Duration::from_secs(3);

/// The services, and a client to talk about them.
pub(super) struct Stage {
    url: String,
    client: Client,
    actors: Vec<Actor>,
}

impl Stage {
    pub(super) fn new(url: &str) -> Result<Self, crate::exit::Failure> {
        let client = Client::new(&ClientArgs {
            url: url.to_owned(),
            token_file: None,
            ca_file: None,
            output: Output::Json,
            namespace: "default".to_owned(),
        })?;
        let actors = CAST
            .into_iter()
            .map(|role| Actor::start(role, url))
            .collect::<Result<_, _>>()?;
        Ok(Self {
            url: url.to_owned(),
            client,
            actors,
        })
    }

    /// Acts in a loop until dropped.
    pub(super) async fn play(&mut self) -> Done {
        let url = self.url.clone();
        output::line(format_args!(
            "The registry is at {url}, with three services: orders, payments, web. Look at them in another terminal:\n\n  \
             curl -N '{url}/api/v1/watch?service=*'\n  \
             curl '{url}/api/v1/services/orders/instances?version=^1.4'\n  \
             curl {url}/api/v1/services/orders/explain\n  \
             curl {url}/api/v1/services/orders/events\n  \
             curl {url}/metrics\n\n\
             or with PASTE_REGISTRY_URL={url}: paste-registry services | instances orders | watch orders\n\
             Interrupt to stop.\n"
        ))?;
        self.pause().await?;
        loop {
            self.death().await?;
            self.draining().await?;
        }
    }

    async fn death(&mut self) -> Done {
        let Some(actor) = self.actors.get_mut(VICTIM) else {
            return Ok(());
        };
        let role = actor.role;
        output::line(format_args!(
            "* {} is killed (SIGKILL). Its check fails within seconds: it is no longer offered, and explain says why.",
            role.id
        ))?;
        actor.kill();
        self.pause().await?;
        output::line(format_args!(
            "* {} starts again and registers: it is offered at once.",
            role.id
        ))?;
        let actor = Actor::start(role, &self.url)?;
        if let Some(place) = self.actors.get_mut(VICTIM) {
            *place = actor;
        }
        self.pause().await
    }

    async fn draining(&mut self) -> Done {
        let role = CAST[DRAINED];
        let route = Route::of(&["services", role.service, "instances", role.id, "override"]);
        output::line(format_args!(
            "* {} is drained by an administrator: nobody new gets it, its watchers see why.",
            role.id
        ))?;
        let body = json!({ "status": "draining", "reason": "the demo drains it" });
        self.tell(Method::PUT, &route, Some(&body)).await?;
        self.pause().await?;
        output::line(format_args!("* {} is back.", role.id))?;
        self.tell(Method::DELETE, &route, None).await?;
        self.pause().await
    }

    async fn tell(&self, method: Method, route: &Route, body: Option<&serde_json::Value>) -> Done {
        if let Err(failure) = self.client.call(method, route, body).await {
            output::line(format_args!("  (that didn't work: {})", failure.sentence))?;
        }
        Ok(())
    }

    /// Time passes; then who is offered.
    async fn pause(&self) -> Done {
        tokio::time::sleep(PAUSE).await;
        let mut offered = Vec::new();
        for service in ["orders", "payments", "web"] {
            let route = Route::of(&["services", service, "instances"]);
            if let Ok(list) = self.client.call(Method::GET, &route, None).await {
                let ids = list["instances"].as_array().into_iter().flatten();
                offered.extend(ids.map(|instance| output::text(&instance["id"])));
            }
        }
        output::line(format_args!("  offered now: {}", offered.join(" ")))
    }

    /// Everybody goes: asked first, then made to.
    pub(super) async fn clear(&mut self) {
        for actor in &self.actors {
            actor.ask_to_stop();
        }
        let deadline = tokio::time::Instant::now() + FAREWELL;
        while !self.actors.iter_mut().all(Actor::ended) && tokio::time::Instant::now() < deadline {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        self.actors.clear();
    }
}
