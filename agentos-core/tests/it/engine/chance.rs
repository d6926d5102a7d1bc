//! Apps under random hands: whatever is done, turns tell the whole truth and the engine stands.
//! (`Screen` compares what the turns told with what the engine shows, after each of them.)

use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::{Value, json};

use super::screen::Screen;

fn anything() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-5_i32..1_000).prop_map(Value::from),
        prop_oneof![
            Just(""),
            Just(" "),
            Just("Milk"),
            Just("all"),
            Just("open"),
            Just("done"),
            Just("{{ todos }}"),
            Just("__proto__")
        ]
        .prop_map(Value::from),
        Just(json!([1, {"a": 2}])),
    ]
}

#[derive(Debug, Clone)]
enum Deed {
    /// One of the events that some node takes.
    Use(Index, Value),
    Wait(u16),
    Sleep(u32),
    Resolve(Index, Result<Value, ()>),
    Window(Index),
    Range(u8, u8),
}

fn deed() -> impl Strategy<Value = Deed> {
    prop_oneof![
        12 => (any::<Index>(), anything()).prop_map(|(which, payload)| Deed::Use(which, payload)),
        2 => any::<u16>().prop_map(Deed::Wait),
        1 => any::<u32>().prop_map(Deed::Sleep),
        4 => (any::<Index>(), prop_oneof![anything().prop_map(Ok), Just(Err(()))]).prop_map(|(which, result)| Deed::Resolve(which, result)),
        1 => any::<Index>().prop_map(Deed::Window),
        1 => (any::<u8>(), any::<u8>()).prop_map(|(first, count)| Deed::Range(first, count)),
    ]
}

fn perform(screen: &mut Screen, deed: &Deed) {
    match deed {
        Deed::Use(which, payload) => {
            let view = screen.ask(json!({"op": "view"}));
            let events: Vec<(Value, Value)> = view["nodes"]
                .as_array()
                .unwrap()
                .iter()
                .flat_map(|node| {
                    node["events"]
                        .as_array()
                        .unwrap()
                        .iter()
                        .map(|event| (node["id"].clone(), event.clone()))
                })
                .collect();
            if !events.is_empty() {
                let (node, kind) = which.get(&events);
                let payload = json!({"value": payload, "checked": payload});
                screen.dispatch(node.as_str().unwrap(), kind.as_str().unwrap(), payload);
            }
        }
        Deed::Wait(milliseconds) => screen.pass(f64::from(*milliseconds)),
        Deed::Sleep(milliseconds) => screen.sleep(f64::from(*milliseconds)),
        Deed::Resolve(which, result) if !screen.effects.is_empty() => {
            let tool = which.get(&screen.effects)["tool"].as_str().unwrap().to_owned();
            match result {
                Ok(value) => screen.succeed(&tool, value.clone()),
                Err(()) => screen.fail(&tool, "unavailable"),
            };
        }
        Deed::Resolve(..) => {}
        Deed::Window(which) => {
            let state = which.get(&["open", "focused", "minimised"]);
            screen.play(json!({"op": "window", "state": state}));
        }
        Deed::Range(first, count) => {
            let list = ["items", "keys"]
                .into_iter()
                .find(|id| screen.shows(id) && screen.node(id).get("total").is_some());
            if let Some(list) = list {
                screen.play(json!({"op": "range", "component": list, "first": first, "count": count}));
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_todo_list_stands_whatever_is_done(deeds in prop::collection::vec(deed(), 1..60)) {
        let mut screen = Screen::open(super::todo::todo());
        for deed in &deeds {
            perform(&mut screen, deed);
        }
    }

    #[test]
    fn a_calculator_stands_whatever_is_pressed(deeds in prop::collection::vec(deed(), 1..60)) {
        let mut screen = Screen::open(super::calculator::calculator());
        for deed in &deeds {
            perform(&mut screen, deed);
        }
        let shown = screen.prop("shown", "content");
        prop_assert!(shown.is_string(), "{shown}");
    }

    #[test]
    fn effects_timers_and_queries_stand_whatever_is_done(deeds in prop::collection::vec(deed(), 1..60)) {
        for document in [super::effects::app(), super::timers::app(), super::forms::app(), super::queries::app(json!({"every": 5}))] {
            let mut screen = Screen::open(document);
            for deed in &deeds {
                perform(&mut screen, deed);
            }
        }
    }
}
