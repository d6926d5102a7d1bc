//! The blueprints as a person uses them, through the runtime.

use agentos_core::compose;
use serde_json::{Value, json};

use crate::user::User;

#[track_caller]
fn app(request: &str) -> Value {
    compose::compose(request)
        .unwrap_or_else(|declined| panic!("{request}: {declined}"))
        .document
}

#[track_caller]
fn opens(request: &str) -> User {
    User::opens(&app(request))
}

/// Presses the keys of the calculator one after the other, by what stands on them.
#[track_caller]
fn calculates(keys: &str, display: &str) {
    let mut user = opens("create a calculator");
    for key in keys.split(' ') {
        user.clicks(key);
    }
    assert_eq!(
        user.node("display")
            .unwrap()
            .props
            .member("value")
            .unwrap()
            .display(),
        display,
        "{keys}"
    );
}

#[test]
fn the_calculator_calculates() {
    calculates("7 × 6 =", "42");
    calculates("1 2 + 3 =", "15");
    calculates("9 − 1 2 =", "-3");
    calculates("1 ÷ 8 =", "0.125");
    calculates("0 . 1 + 0 . 2 =", "0.3");
    calculates("2 + 3 × 4 =", "14");
    calculates("5 0 %", "0.5");
    calculates("7 ±", "-7");
    calculates("1 2 3 ⌫", "12");
    calculates("1 2 C", "0");
    calculates("8 ÷ 0 =", "Error");
    calculates("8 ÷ 0 = 5 + 1 =", "6");
    calculates("8 ÷ 0 = C 4 × 2 =", "8");
    calculates("7 × 6 = + 1 =", "43");
    calculates("7 M+ C 5 M+ C MR", "12");
    calculates("9 M+ C 4 M− C MR", "5");
    calculates("5 + %", "0.05");
}

#[test]
fn the_memory_keys_wait_for_something_in_memory() {
    let mut user = opens("create a calculator");
    let is_disabled = |user: &User, key: &str| {
        user.node(key)
            .unwrap()
            .props
            .member("disabled")
            .unwrap()
            .is_true()
    };
    assert!(is_disabled(&user, "mr") && is_disabled(&user, "mc"));
    user.clicks("9");
    user.clicks("M+");
    user.clicks("MC");
    assert!(is_disabled(&user, "mr") && is_disabled(&user, "mc"));
}

#[test]
fn the_calculator_takes_the_keyboard() {
    let mut user = opens("create a calculator");
    for key in ["1", "2", "*", "3", ".", "5", "-", "2"] {
        user.does("display", "key", json!({ "key": key }));
    }
    user.presses_enter("display");
    assert_eq!(
        user.node("display")
            .unwrap()
            .props
            .member("value")
            .unwrap()
            .display(),
        "40"
    );
    user.does("display", "key", json!({ "key": "Backspace" }));
    user.does("display", "escape", json!({}));
    assert_eq!(
        user.node("display")
            .unwrap()
            .props
            .member("value")
            .unwrap()
            .display(),
        "0"
    );
    user.does("display", "key", json!({ "key": "F5" }));
    user.does("display", "key", json!({ "key": "Shift" }));
    assert_eq!(
        user.node("display")
            .unwrap()
            .props
            .member("value")
            .unwrap()
            .display(),
        "0"
    );
}

#[test]
fn the_counter_counts_by_its_step() {
    let mut user = opens("counter");
    user.clicks("+");
    user.clicks("+");
    user.enters("Count by", 10);
    user.clicks("+");
    user.clicks("−");
    user.clicks("−");
    assert_eq!(user.text_of("total"), "-8");
    user.clicks("Reset");
    assert_eq!(user.text_of("total"), "0");
}

#[test]
fn the_todo_list_adds_toggles_filters_and_deletes() {
    let mut user = opens("a todo list");
    for task in ["Milk", "  Bread ", "Tea"] {
        user.enters("New task", task);
        user.presses_enter("New task");
    }
    user.enters("New task", "   ");
    user.presses_enter("New task");
    assert_eq!(user.all("checkbox"), ["Milk", "Bread", "Tea"]);
    assert_eq!(user.text_of("left"), "3 tasks left");
    user.ticks("Bread", true);
    assert_eq!(user.text_of("left"), "2 tasks left");
    user.enters("Show", "done");
    assert_eq!(user.all("checkbox"), ["Bread"]);
    user.enters("Show", "open");
    assert_eq!(user.all("checkbox"), ["Milk", "Tea"]);
    user.clicks("Delete Milk");
    user.enters("Show", "all");
    assert_eq!(user.all("checkbox"), ["Bread", "Tea"]);
    user.clicks("Clear done");
    assert_eq!(user.all("checkbox"), ["Tea"]);
    assert_eq!(user.text_of("left"), "1 task left");
}

#[test]
fn what_an_app_keeps_is_there_when_it_opens_again() {
    let document = app("a todo list");
    let mut user = User::opens(&document);
    user.enters("New task", "Milk");
    user.clicks("Add");
    let user = User::reopens(&document, Some(&user.kept()), user.now() + 1e9);
    assert_eq!(user.all("checkbox"), ["Milk"]);
}

#[test]
fn notes_are_written_found_and_deleted() {
    let mut user = opens("notes");
    user.clicks("New note");
    user.enters("Title", "Groceries");
    user.enters("Note", "milk and bread");
    user.clicks("New note");
    user.enters("Title", "Ideas");
    assert!(user.sees("Groceries") && user.sees("Ideas"));
    user.enters("Search", "BREAD");
    assert!(user.sees("Groceries"));
    assert!(
        !user.all("button").contains(&"Ideas".to_owned()),
        "{:?}",
        user.all("button")
    );
    user.clicks("Groceries");
    assert!(user.sees("3 words"));
    user.clicks("Delete note");
    user.enters("Search", "");
    assert_eq!(user.effects, ["system.confirm"]);
    assert_eq!(user.state()["notes"].as_array().map(Vec::len), Some(1));
}

#[test]
fn the_stopwatch_goes_by_the_clock_even_when_nobody_looks() {
    let mut user = opens("stopwatch");
    user.clicks("Start");
    user.waits(1_500.0);
    assert_eq!(user.text_of("clock"), "00:01.50");
    user.looks_away(3_600_000.0);
    assert_eq!(user.text_of("clock"), "60:01.50");
    user.clicks("Lap");
    user.waits(2_000.0);
    user.clicks("Stop");
    assert_eq!(user.text_of("clock"), "60:03.50");
    user.waits(5_000.0);
    assert_eq!(user.text_of("clock"), "60:03.50");
    user.clicks("Resume");
    user.waits(500.0);
    assert_eq!(user.text_of("clock"), "60:04.00");
    assert_eq!(user.state()["laps"][0]["time"], "60:01.50");
    user.clicks("Stop");
    user.clicks("Reset");
    assert_eq!(user.text_of("clock"), "00:00.00");
    assert!(user.node("laps").is_none());
}

#[test]
fn a_running_stopwatch_goes_on_after_the_app_was_opened_again() {
    let document = app("stopwatch");
    let mut user = User::opens(&document);
    user.clicks("Start");
    user.waits(1_000.0);
    let mut user = User::reopens(&document, Some(&user.state()), user.now() + 60_000.0);
    assert_eq!(user.text_of("clock"), "01:01.00");
    user.waits(1_000.0);
    assert_eq!(user.text_of("clock"), "01:02.00");
}

#[test]
fn the_pomodoro_ends_on_time_even_when_nobody_looks() {
    let mut user = opens("pomodoro");
    assert_eq!(user.text_of("clock"), "25:00");
    user.clicks("Start");
    user.waits(60_000.0);
    assert_eq!(user.text_of("clock"), "24:00");
    user.clicks("Pause");
    user.waits(60_000.0);
    assert_eq!(user.text_of("clock"), "24:00");
    user.clicks("Resume");
    user.looks_away(24.0 * 60_000.0 + 1.0);
    assert_eq!(
        (user.text_of("mode"), user.text_of("clock")),
        ("Break".into(), "05:00".into())
    );
    assert_eq!(user.state()["finished"], 1);
    assert_eq!(user.effects, ["notification.show"]);
    user.clicks("Back to work");
    user.enters("Focus minutes", 50);
    assert_eq!(user.text_of("clock"), "50:00");
}

#[test]
fn the_timer_counts_down_and_tells() {
    let mut user = opens("egg timer");
    user.enters("Minutes", 0);
    user.enters("Seconds", 90);
    assert_eq!(user.text_of("clock"), "01:30");
    user.presses_enter("Seconds");
    user.waits(30_000.0);
    assert_eq!(user.text_of("clock"), "01:00");
    user.looks_away(60_000.0);
    assert!(user.sees("Time is up"));
    assert_eq!(user.effects, ["notification.show"]);
    assert_eq!(user.text_of("clock"), "01:30");
}

#[track_caller]
fn converts(kind: &str, amount: f64, from: &str, to: &str, shown: &str) {
    let mut user = opens("unit converter");
    user.enters("Measure", kind);
    user.enters("From", from);
    user.enters("To", to);
    user.enters("Amount", amount);
    let result = user.text_of("result");
    assert!(
        result.starts_with(&format!("{shown} ")),
        "{amount} {from} in {to}: {result}"
    );
}

#[test]
fn the_converter_converts() {
    converts("Length", 1.0, "km", "m", "1,000");
    converts("Length", 26.2, "mi", "km", "42.1648");
    converts("Length", 1.0, "mm", "mi", "0.0000006214");
    converts("Mass", 5.0, "lb", "kg", "2.268");
    converts("Temperature", 100.0, "C", "F", "212");
    converts("Temperature", 32.0, "F", "C", "0");
    converts("Temperature", -40.0, "C", "F", "-40");
    converts("Temperature", 0.0, "K", "C", "-273.15");
    converts("Volume", 1.0, "gal", "L", "3.7854");
    converts("Speed", 36.0, "kmh", "mps", "10");
    converts("Time", 1.0, "week", "h", "168");
    converts("Data", 1.0, "GiB", "MB", "1,073.7418");
}

#[test]
fn the_converter_swaps_and_starts_each_measure_with_its_usual_units() {
    let mut user = opens("unit converter");
    user.clicks("⇅");
    assert_eq!(
        (&user.state()["from"], &user.state()["to"]),
        (&json!("ft"), &json!("m"))
    );
    user.enters("Measure", "Mass");
    assert_eq!(
        (&user.state()["from"], &user.state()["to"]),
        (&json!("kg"), &json!("lb"))
    );
    user.enters("Measure", "Temperature");
    user.enters("Amount", -500);
    assert!(user.sees("That is below absolute zero."));
}

#[test]
fn expenses_are_added_changed_summed_and_deleted() {
    let mut user = opens("expense tracker");
    assert_eq!(user.state()["date"], "2026-01-02");
    for (what, amount, category) in [
        ("Bread", 3.5, "Food"),
        ("Bus", 2.25, "Transport"),
        ("Milk", 1.5, "Food"),
    ] {
        user.enters("What for", what);
        user.enters("Amount", amount);
        user.enters("Category", category);
        user.presses_enter("Amount");
    }
    assert!(user.sees("$7.25"), "the total");
    assert!(user.sees("$5.00"), "the total of food");
    user.enters("Show", "Transport");
    assert!(user.sees("$2.25"));
    user.enters("Show", "All");
    let row = user.state()["expenses"][0].clone();
    user.does(
        "table",
        "row_click",
        json!({ "row": row, "key": row["id"], "index": 0 }),
    );
    user.enters("Amount", 4.5);
    user.clicks("Save");
    assert!(user.sees("$8.25"));
    let row = user.state()["expenses"][1].clone();
    user.does(
        "table",
        "row_click",
        json!({ "row": row, "key": row["id"], "index": 1 }),
    );
    user.clicks("Delete");
    assert!(user.sees("$6.00"));
    assert_eq!(user.state()["expenses"].as_array().map(Vec::len), Some(2));
}

#[test]
fn a_number_that_was_cleared_shows_nothing() {
    let mut user = opens("expense tracker");
    let shown = |user: &User| {
        user.node("amount")
            .unwrap()
            .props
            .member("value")
            .unwrap()
            .display()
    };
    assert_eq!(shown(&user), "");
    user.enters("Amount", "12.5");
    assert_eq!(shown(&user), "12.5");
    user.enters("Amount", "");
    assert_eq!(shown(&user), "");
}

fn titles(user: &User) -> Vec<String> {
    let edit = user.all("button");
    edit.iter()
        .filter_map(|name| name.strip_prefix("Edit "))
        .map(str::to_owned)
        .collect()
}

#[test]
fn a_tracker_adds_edits_deletes_sorts_and_searches() {
    let document = app("track books with title, author and rating");
    let mut user = User::opens(&document);
    for (title, author, rating) in [
        ("Dune", "Herbert", 5),
        ("Emma", "Austen", 4),
        ("Anathem", "Stephenson", 3),
    ] {
        user.enters("Title", title);
        user.enters("Author", author);
        user.enters("Rating (1 to 5)", rating);
        user.presses_enter("Author");
    }
    assert_eq!(titles(&user), ["Anathem", "Dune", "Emma"], "sorted by title");
    assert!(user.sees("★★★★☆"));
    user.enters("Sort by", "rating");
    assert_eq!(titles(&user), ["Anathem", "Emma", "Dune"]);
    user.ticks("Descending", true);
    assert_eq!(titles(&user), ["Dune", "Emma", "Anathem"]);
    user.clicks("Edit Emma");
    user.enters("Title", "Persuasion");
    user.clicks("Save");
    assert_eq!(titles(&user), ["Dune", "Persuasion", "Anathem"]);
    user.enters("Search", "austen");
    assert_eq!(titles(&user), ["Persuasion"]);
    user.enters("Search", "");
    user.clicks("Delete Dune");
    assert_eq!(titles(&user), ["Persuasion", "Anathem"]);
    assert_eq!(user.text_of("count"), "Books");
    let user = User::reopens(&document, Some(&user.kept()), user.now());
    assert_eq!(titles(&user), ["Persuasion", "Anathem"]);
}

#[test]
fn a_tracker_refuses_a_rating_beyond_its_bounds() {
    let mut user = opens("track books with title and rating");
    user.enters("Title", "Dune");
    user.enters("Rating (1 to 5)", 9);
    user.presses_enter("Title");
    assert_eq!(titles(&user), Vec::<String>::new());
    user.enters("Rating (1 to 5)", 5);
    user.presses_enter("Title");
    assert_eq!(titles(&user), ["Dune"]);
}

#[test]
fn a_rating_has_the_scale_the_request_names() {
    let mut user = opens("track wines with name and rating from 1 to 10");
    user.enters("Name", "Riesling");
    user.enters("Rating (1 to 10)", 8);
    user.presses_enter("Name");
    assert!(user.sees("★★★★★★★★☆☆"));
}

#[test]
fn a_tracker_of_prices_shows_their_total_and_toggles_in_the_list() {
    let mut user = opens("inventory with item, price and sold");
    for (item, price) in [("Lamp", 20), ("Desk", 80)] {
        user.enters("Item", item);
        user.enters("Price", price);
        user.clicks("Add entry");
    }
    assert!(user.sees("$100.00"));
    assert_eq!(user.all("checkbox").len(), 3, "one in the form, one a row");
}

#[test]
fn deleting_what_is_being_edited_clears_the_form() {
    let mut user = opens("track books with title and author");
    user.enters("Title", "Dune");
    user.presses_enter("Title");
    user.clicks("Edit Dune");
    user.clicks("Delete Dune");
    assert!(user.sees("Add book"));
    assert_eq!(user.state()["draft"]["title"], "");
}

#[test]
fn the_shopping_list_clears_what_was_bought() {
    let mut user = opens("shopping list");
    user.enters("Item", "Apples");
    user.enters("Quantity", 6);
    user.presses_enter("Item");
    user.enters("Item", "Tea");
    user.presses_enter("Item");
    assert_eq!(user.all("checkbox"), ["Apples × 6", "Tea"]);
    user.ticks("Tea", true);
    user.clicks("Remove bought");
    assert_eq!(user.all("checkbox"), ["Apples × 6"]);
}

#[test]
fn habits_are_marked_day_by_day() {
    let mut user = opens("habit tracker");
    user.enters("New habit", "Read");
    user.presses_enter("New habit");
    user.clicks("Read on 2026-01-02: open");
    user.clicks("Read on 2026-01-01: open");
    assert!(user.sees("2 of 7"));
    user.clicks("Read on 2026-01-02: done");
    assert!(user.sees("1 of 7"));
    user.looks_away(86_400_000.0);
    assert!(
        user.all("button")
            .contains(&"Read on 2026-01-03: open".to_owned()),
        "{:?}",
        user.all("button")
    );
}

#[test]
fn the_tip_is_split() {
    let mut user = opens("tip calculator");
    user.enters("Bill", 80);
    user.enters("Tip in percent", 20);
    user.enters("People", 4);
    assert!(user.sees("$16.00") && user.sees("$96.00") && user.sees("$24.00"));
}

#[test]
fn flashcards_are_learned() {
    let mut user = opens("flashcards");
    user.does("view", "change", json!({ "value": "deck" }));
    for (front, back) in [("Hund", "dog"), ("Katze", "cat")] {
        user.enters("Front", front);
        user.enters("Back", back);
        user.presses_enter("Back");
    }
    user.does("view", "change", json!({ "value": "study" }));
    assert_eq!(user.text_of("question"), "Hund");
    user.clicks("Show the answer");
    assert_eq!(user.text_of("answer"), "dog");
    user.clicks("I knew it");
    assert_eq!(user.text_of("question"), "Katze");
    assert_eq!(user.state()["cards"][0]["known"], true);
}

#[test]
fn dice_fall_within_their_sides() {
    let mut user = opens("dice");
    user.enters("Number of dice", 6);
    for _ in 0..20 {
        user.clicks("Roll");
        let rolled: Vec<i64> = user.state()["rolled"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(Value::as_i64)
            .collect();
        assert_eq!(rolled.len(), 6);
        assert!(rolled.iter().all(|face| (1..=6).contains(face)), "{rolled:?}");
    }
    let history = user.state()["history"].as_array().unwrap().clone();
    assert_eq!(history.len(), 10);
    let rolled = user.state()["rolled"].as_array().unwrap().clone();
    assert!(
        rolled.iter().any(|face| *face != rolled[0]),
        "each die falls by itself: {rolled:?}"
    );
    assert!(history.iter().any(|total| *total != history[0]), "{history:?}");
}
