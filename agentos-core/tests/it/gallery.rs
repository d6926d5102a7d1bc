//! The example apps: each is found, raises nothing, and does what its steps say when it is used.
//!
//! The steps stand in `gallery/steps.json`; the browser takes the same ones in
//! `ui/e2e/gallery.test.mjs`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, LazyLock};

use agentos_core::gallery::{self, Category, GalleryApp};
use agentos_core::runtime::{Node, trial};
use agentos_core::spec::mend::{self, Loss};
use agentos_core::spec::{Catalog, Issue, UiSpec, check};
use agentos_core::value::Value as Held;
use serde_json::{Value, json};

use crate::user::User;

const NOON: f64 = 1_767_355_200_000.0;

static STEPS: LazyLock<BTreeMap<String, Vec<Vec<Value>>>> =
    LazyLock::new(|| serde_json::from_str(include_str!("../../gallery/steps.json")).unwrap());

#[test]
fn there_are_thirty_apps_of_every_category_each_with_a_card_of_its_own() {
    let titles: BTreeSet<&str> = gallery::all().iter().map(|app| app.title.as_str()).collect();
    assert_eq!(titles.len(), gallery::all().len(), "no two are called alike");
    assert!(titles.len() >= 30, "{}", titles.len());
    let categories: Vec<Category> = gallery::all().iter().map(|app| app.category).collect();
    let unused = gallery::CATEGORIES
        .into_iter()
        .find(|category| !categories.contains(category));
    assert_eq!(unused, None);
    for app in gallery::all() {
        assert!(
            (10..70).contains(&app.description.chars().count()),
            "{}: {}",
            app.id,
            app.description
        );
        assert!(!app.icon.is_empty(), "{}", app.id);
        assert_eq!(gallery::find(app.id).map(|found| &found.title), Some(&app.title));
    }
    assert!(gallery::find("nothing").is_none());
}

#[test]
fn every_app_raises_nothing_and_needs_no_mending() {
    let catalog = Arc::new(Catalog::builtin().clone());
    let mut found = Vec::new();
    for GalleryApp { id, document, .. } in gallery::all() {
        let spec = UiSpec::from_json(document).unwrap_or_else(|issues| panic!("{id}: {issues:#?}"));
        let mended = mend::mend(document.clone(), &catalog, Loss::Allowed);
        assert_eq!(&mended.doc, document, "{id}");
        let issues = [
            check::check(&spec, &catalog),
            mended.issues,
            trial::run(&spec, &catalog, NOON, 7).issues,
        ];
        found.extend(issues.into_iter().flatten().map(|issue| (*id, issue)));
    }
    assert_eq!(found, Vec::<(&str, Issue)>::new());
}

#[test]
fn every_app_does_what_its_steps_say() {
    let apps: BTreeSet<&str> = gallery::all().iter().map(|app| app.id).collect();
    assert_eq!(STEPS.keys().map(String::as_str).collect::<BTreeSet<_>>(), apps);
    let failed: Vec<&str> = gallery::all()
        .iter()
        .filter(|app| std::panic::catch_unwind(|| use_by_its_steps(app)).is_err())
        .map(|app| app.id)
        .collect();
    assert_eq!(failed, Vec::<&str>::new());
}

fn use_by_its_steps(app: &GalleryApp) {
    let mut user = User::opens(&app.document);
    for step in &STEPS[app.id] {
        eprintln!("{}: {}", app.id, Value::from(step.clone()));
        user = take(step, user, &app.document);
    }
}

/// Takes one step as a person does in a window of the app.
fn take(step: &[Value], mut user: User, document: &Value) -> User {
    let text = |at: usize| step[at].as_str().unwrap();
    match text(0) {
        "click" => user.clicks(text(1)),
        "type" => user.enters(text(1), step[2].clone()),
        "enter" => user.presses_enter(text(1)),
        "check" => user.ticks(text(1), true),
        "uncheck" => user.ticks(text(1), false),
        "choose" => {
            let chosen = option(&user, text(1), text(2));
            user.enters(text(1), chosen);
        }
        "tab" => opens_tab(&mut user, text(1)),
        "draw" => user.enters(
            text(1),
            json!([{"tool": "pen", "color": "#000", "size": 4, "points": [{"x": 1, "y": 1}]}]),
        ),
        "agree" => {} // A user says yes to everything asked.
        "wait" => user.waits(step[1].as_f64().unwrap()),
        "reopen" => user = User::reopens(document, Some(&user.kept()), user.now()),
        "value" => {
            let held = field(&user, text(1)).props.member("value").map(Held::display);
            assert_eq!(held.as_deref(), Some(text(2)), "{}", user.seen());
        }
        "expect" => assert!(shows(&user, text(1)), "no {:?} in:\n{}", text(1), user.seen()),
        "gone" => assert!(
            !shows(&user, text(1)),
            "{:?} is still in:\n{}",
            text(1),
            user.seen()
        ),
        other => panic!("no step is called {other:?}"),
    }
    user
}

/// Whether a text stands anywhere in what is drawn.
fn shows(user: &User, text: &str) -> bool {
    user.drawn().any(|node| {
        if node.error.as_ref().is_some_and(|error| error.contains(text)) {
            return true;
        }
        let props = node.props.to_json();
        let shown = props.as_object().into_iter().flatten();
        shown
            .filter(|(name, _)| *name != "options")
            .any(|(_, value)| holds(value, text))
    })
}

fn holds(value: &Value, text: &str) -> bool {
    match value {
        Value::String(held) => held.contains(text),
        Value::Number(held) => held.to_string() == text,
        Value::Array(all) => all.iter().any(|value| holds(value, text)),
        Value::Object(all) => all.values().any(|value| holds(value, text)),
        Value::Null | Value::Bool(_) => false,
    }
}

/// The field a label names.
#[track_caller]
fn field<'a>(user: &'a User, label: &str) -> &'a Node {
    let named = |node: &&Node| {
        let name = node
            .props
            .member("label")
            .or_else(|| node.props.member("placeholder"));
        name.is_some_and(|name| name.display() == label) || node.id.to_string() == label.to_lowercase()
    };
    let mut fields = user.drawn().filter(|node| node.props.member("value").is_some());
    fields
        .find(named)
        .unwrap_or_else(|| panic!("no field {label:?} in:\n{}", user.seen()))
}

/// The value of the option that is shown as `wanted`.
#[track_caller]
fn option(user: &User, label: &str, wanted: &str) -> Value {
    let options = field(user, label).props.member("options").map(Held::to_json);
    let found = options
        .as_ref()
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .find_map(|option| {
            let shown = option.get("label").or(option.get("value")).unwrap_or(option);
            let is_it = shown.as_str().map_or_else(|| shown.to_string(), str::to_owned) == wanted;
            is_it.then(|| option.get("value").unwrap_or(option).clone())
        });
    found.unwrap_or_else(|| panic!("{label:?} offers no {wanted:?}: {options:?}"))
}

#[track_caller]
fn opens_tab(user: &mut User, label: &str) {
    let panel = user
        .drawn()
        .find(|node| {
            node.props
                .member("label")
                .is_some_and(|name| name.display() == label)
                && &*node.kind == "container"
        })
        .map(|node| node.id.to_string());
    let tabs = user
        .drawn()
        .find(|node| ["tabs", "accordion"].contains(&&*node.kind))
        .map(|node| node.id.to_string());
    let (Some(panel), Some(tabs)) = (panel, tabs) else {
        panic!("no tab {label:?} in:\n{}", user.seen());
    };
    user.enters(&tabs, panel);
}
