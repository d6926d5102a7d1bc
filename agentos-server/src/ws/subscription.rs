//! Events a client asked for, sent in order until it leaves.

use std::sync::Arc;

use agentos_core::apps::AppEvent;
use agentos_core::ports::kernel::EventItem;
use futures::StreamExt;
use futures::stream::BoxStream;
use serde_json::{Value, json};

use super::message::{ServerMessage, Topic};
use super::outbox::{Gone, Outbox};
use crate::desk::Desk;
use crate::wire::WireKernelEvent;

/// Sends what happens to apps after the event `since`, or from now on; all, where that is of an earlier start.
pub(super) async fn follow_apps(desk: Arc<Desk>, since: Option<u64>, outbox: Outbox) -> Result<(), Gone> {
    let mut reader = desk.app_events.reader(since);
    loop {
        let news = reader.next().await;
        if news.missed > 0 {
            lagged(&desk, &outbox, Topic::Apps, news.missed).await?;
        }
        for (seq, event) in news.events {
            let (kind, data) = described(&event);
            let message = ServerMessage::Event {
                topic: Topic::Apps,
                seq,
                kind: json!(kind),
                data,
            };
            outbox.send(message.text(desk.ambient.now())).await?;
        }
    }
}

fn described(event: &AppEvent) -> (&'static str, Value) {
    match event {
        AppEvent::Spawned { app } => ("spawned", json!({ "app_id": app })),
        AppEvent::Focused { app } => ("focused", json!({ "app_id": app })),
        AppEvent::Raised { app } => ("raised", json!({ "app_id": app })),
        AppEvent::Lowered { app } => ("lowered", json!({ "app_id": app })),
        AppEvent::WindowChanged { app } => ("window_changed", json!({ "app_id": app })),
        AppEvent::Resumed { app } => ("resumed", json!({ "app_id": app })),
        AppEvent::Suspended { app } => ("suspended", json!({ "app_id": app })),
        AppEvent::Closed { apps } => ("closed", json!({ "app_ids": apps })),
        AppEvent::EngineReplaced { app, .. } => ("engine_replaced", json!({ "app_id": app })),
        AppEvent::Edited { app, version } => ("edited", json!({ "app_id": app, "version": version })),
        AppEvent::PackageChanged { app } => ("package_changed", json!({ "app_id": app })),
    }
}

/// Sends the kernel's `events` as they come.
pub(super) async fn follow_kernel(
    desk: Arc<Desk>,
    mut events: BoxStream<'static, EventItem>,
    outbox: Outbox,
) -> Result<(), Gone> {
    while let Some(item) = events.next().await {
        match item {
            EventItem::Missed { count } => lagged(&desk, &outbox, Topic::Kernel, count).await?,
            EventItem::Event(event) => {
                let WireKernelEvent { seq, kind, data, .. } = WireKernelEvent::of(&desk, event).await;
                let message = ServerMessage::Event {
                    topic: Topic::Kernel,
                    seq,
                    kind: json!(kind),
                    data,
                };
                outbox.send(message.text(desk.ambient.now())).await?;
            }
        }
    }
    Ok(())
}

async fn lagged(desk: &Desk, outbox: &Outbox, topic: Topic, missed: u64) -> Result<(), Gone> {
    outbox
        .send(ServerMessage::Lagged { topic, missed }.text(desk.ambient.now()))
        .await
}
