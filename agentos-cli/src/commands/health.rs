//! `health`: what the server says about itself.

use serde_json::Value;

use super::{print, print_json};
use crate::Verdict;
use crate::server::Server;

pub(crate) fn health(server: &Server, json: bool) -> anyhow::Result<Verdict> {
    let health = server.get("/health")?;
    if json {
        print_json(&health)?;
    } else {
        print(&summary(server, &health))?;
    }
    Ok(if health["status"] == "healthy" {
        Verdict::Good
    } else {
        Verdict::Bad
    })
}

fn summary(server: &Server, health: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or("?").to_owned();
    let connected = |part: &str| {
        if health[part]["connected"] == true {
            "connected"
        } else {
            "not connected"
        }
    };
    [
        format!(
            "{server} is {} (version {})",
            text(&health["status"]),
            text(&health["version"])
        ),
        format!(
            "  model    {} {}, {}",
            text(&health["ai_service"]["provider"]),
            text(&health["ai_service"]["model"]),
            connected("ai_service")
        ),
        format!("  storage  {}", connected("storage")),
        format!("  kernel   {}", connected("kernel")),
        format!("  apps     {}", health["app_manager"]["total_apps"]),
    ]
    .join("\n")
}
