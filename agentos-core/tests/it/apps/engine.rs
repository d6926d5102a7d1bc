//! The engine's patches and the server's replica: what one writes is what the other holds.

use std::collections::BTreeSet;
use std::sync::Arc;

use agentos_core::compose::{compose, examples};
use agentos_core::ids::{AppId, EngineId};
use agentos_core::runtime::{App, Event, Opening, Turn};
use agentos_core::spec::{Catalog, UiSpec};
use agentos_core::value::{map_from_json, map_to_json};
use serde_json::{Value, json};

use super::desk::Desk;
use super::on_a_desk;

/// An engine that runs one app and sends every turn's patch at once.
struct Session<'a> {
    desk: &'a Desk,
    id: AppId,
    engine: EngineId,
    rev: u64,
    app: App,
}

impl<'a> Session<'a> {
    async fn open(desk: &'a Desk, id: AppId) -> Self {
        let lease = desk.apps.take_lease(id).await.expect("a lease");
        let document = desk.apps.app(id).await.expect("there").record.document;
        let spec = UiSpec::from_json(&document).expect("a document");
        let (app, turn) = App::open(Opening {
            spec: &spec,
            catalog: Arc::new(Catalog::builtin().clone()),
            saved: lease.state.as_object().map(map_from_json),
            now: 0.0,
            seed: 1,
            draft: false,
        });
        let mut session = Self {
            desk,
            id,
            engine: lease.engine,
            rev: lease.rev,
            app,
        };
        session.send(turn).await;
        session
    }

    async fn dispatch(&mut self, component: &str, kind: &str, payload: Value) {
        let event = Event {
            component: component.into(),
            kind: kind.into(),
            payload,
            item: Vec::new(),
        };
        // What is not enabled just now refuses the event; the next control is tried then.
        if let Ok(turn) = self.app.dispatch(&event, 0.0) {
            self.send(turn).await;
        }
    }

    async fn send(&mut self, turn: Turn) {
        if turn.state_patch.is_empty() {
            return;
        }
        let ops = serde_json::to_value(&turn.state_patch).expect("operations are JSON");
        let applied = self
            .desk
            .apps
            .apply_batch(self.id, self.engine, self.rev, ops)
            .await;
        self.rev = applied.expect("a turn's patch fits the replica");
        let replica = self.desk.apps.state(self.id).await.expect("there");
        assert_eq!(replica.state, Value::Object(map_to_json(self.app.state())));
    }

    fn controls(&self, kind: &str) -> BTreeSet<String> {
        let (_, nodes) = self.app.view();
        nodes
            .into_iter()
            .filter(|node| node.events.iter().any(|event| &**event == kind))
            .map(|node| node.id.to_string())
            .collect()
    }
}

#[test]
fn every_blueprints_turns_fit_the_replica_and_opening_one_makes_no_data() {
    let blueprints: BTreeSet<&str> = examples().map(|(name, _)| name).collect();
    for name in blueprints {
        let (_, request) = examples()
            .find(|(blueprint, _)| *blueprint == name)
            .expect("an example");
        let document = compose(request).expect("a document").document;
        on_a_desk(|desk| async move {
            let id = desk.spawn(document).await.record.id;
            let mut session = Session::open(&desk, id).await;
            assert!(
                !desk.apps.has_data(id).await.expect("known"),
                "{name}: opening it wrote what it persists"
            );
            let opened = session.rev;
            for control in session.controls("change") {
                session.dispatch(&control, "change", json!({"value": "12"})).await;
            }
            for control in session.controls("click") {
                session.dispatch(&control, "click", Value::Null).await;
            }
            assert!(session.rev > opened, "{name}: no control changed the state");
        });
    }
}
