//! The offline composer: which blueprint a request picks, how it is filled, and what is declined.

use std::sync::Arc;

use agentos_core::compose::{self, Composed};
use agentos_core::runtime::trial;
use agentos_core::spec::mend::{self, Loss};
use agentos_core::spec::{Catalog, Issue, UiSpec, check};
use proptest::prelude::*;
use serde_json::Value;

fn composed(request: &str) -> Composed {
    compose::compose(request).unwrap_or_else(|declined| panic!("{request}: {declined}"))
}

#[track_caller]
fn picks(request: &str, blueprint: &str, title: &str) {
    let app = composed(request);
    assert_eq!(
        (app.blueprint, app.document["title"].as_str()),
        (blueprint, Some(title)),
        "{request}"
    );
}

#[track_caller]
fn declines(request: &str) {
    let answer = compose::compose(request);
    assert!(
        answer.is_err(),
        "{request} made a {}",
        answer.map(|app| app.blueprint).unwrap_or_default()
    );
}

/// The labels of the fields a tracker's form asks for.
#[track_caller]
fn tracks(request: &str, title: &str, fields: &[&str]) {
    let app = composed(request);
    assert_eq!(
        (app.blueprint, app.document["title"].as_str()),
        ("tracker", Some(title)),
        "{request}"
    );
    let inputs = app
        .document
        .pointer("/components/0/children/0/children/0/children")
        .and_then(Value::as_array);
    let labels: Vec<&str> = inputs
        .into_iter()
        .flatten()
        .filter_map(|input| input.pointer("/props/label")?.as_str())
        .collect();
    assert_eq!(labels, fields, "{request}");
}

#[test]
fn a_request_picks_the_blueprint_it_names() {
    picks("create a calculator", "calculator", "Calculator");
    picks(
        "Please make me a nice simple calculator app!",
        "calculator",
        "Calculator",
    );
    picks("a calculator for my shop", "calculator", "Calculator for my shop");
    picks("calculator with memory and percent", "calculator", "Calculator");
    picks("CALC", "calculator", "Calculator");
    picks("counter", "counter", "Counter");
    picks("count my coffees", "counter", "Coffees");
    picks("a sheep counter", "counter", "Sheep counter");
    picks("todo", "todo", "Tasks");
    picks("create a todo list", "todo", "Tasks");
    picks("I need a to do list with add, delete and filter", "todo", "Tasks");
    picks("build a To-Do app that saves my tasks", "todo", "Tasks");
    picks("task manager", "todo", "Tasks");
    picks("notes", "notes", "Notes");
    picks("a notes app with search", "notes", "Notes");
    picks("meeting notes", "notes", "Meeting notes");
    picks("stopwatch with laps", "stopwatch", "Stopwatch");
    picks("a pomodoro timer", "pomodoro", "Pomodoro");
    picks("egg timer", "timer", "Egg timer");
    picks("countdown timer", "timer", "Timer");
    picks("unit converter", "converter", "Unit converter");
    picks("convert kilometers to miles", "converter", "Unit converter");
    picks("temperature converter", "converter", "Unit converter");
    picks("expense tracker", "expenses", "Expenses");
    picks("track my expenses by category", "expenses", "Expenses");
    picks("shopping list", "shopping", "Shopping list");
    picks("grocery list", "shopping", "Shopping list");
    picks("habit tracker", "habits", "Habits");
    picks("tip calculator", "tip", "Tip calculator");
    picks("split the bill", "tip", "Tip calculator");
    picks("spanish flashcards", "flashcards", "Spanish flashcards");
    picks("dice roller", "dice", "Dice");
    picks("a tic tac toe game", "tictactoe", "Tic-tac-toe");
    picks("mortgage calculator", "loan", "Loan calculator");
    picks("word counter", "textcount", "Text counter");
    picks("hangman", "words", "Guess the word");
    picks("a sales dashboard with charts", "sales", "Sales dashboard");
}

#[test]
fn a_list_of_ones_own_has_the_fields_the_request_names() {
    tracks(
        "track books with title, author and rating",
        "Books",
        &["Title", "Author", "Rating (1 to 5)"],
    );
    tracks(
        "I want to track the books I read with title and author",
        "Books",
        &["Title", "Author"],
    );
    tracks(
        "a contact list with name, email & phone",
        "Contact list",
        &["Name", "Email", "Phone"],
    );
    tracks(
        "movie collection",
        "Movie collection",
        &["Title", "Year", "Rating (1 to 5)", "Watched", "Notes"],
    );
    tracks(
        "inventory with item, quantity and price",
        "Inventory",
        &["Item", "Quantity", "Price"],
    );
    tracks("track my weight", "Weight", &["Date", "Weight", "Notes"]);
    tracks(
        "a table of plants: name, location, last watered date",
        "Plants",
        &["Name", "Location", "Last watered date"],
    );
    tracks(
        "todo list with priority and due date",
        "Tasks",
        &["Task", "Done", "Priority", "Due date"],
    );
    tracks(
        "expense tracker with date, amount, shop and payment method",
        "Expenses",
        &["Expense", "Date", "Amount", "Shop", "Payment method"],
    );
    tracks(
        "track job applications with company, status (applied, interview, offer) and link, sorted by company",
        "Job applications",
        &["Company", "Status", "Link"],
    );
    tracks(
        "track wines with name and rating from 1 to 10",
        "Wines",
        &["Name", "Rating (1 to 10)"],
    );
    tracks(
        "track wines with name, stars (1-3) and score",
        "Wines",
        &["Name", "Star (1 to 3)", "Score"],
    );
    tracks(
        "track wines with name and rating out of 100",
        "Wines",
        &["Name", "Rating"],
    );
    tracks(
        "track games with title, platform, add, edit and delete",
        "Games",
        &["Title", "Platform"],
    );
}

#[test]
fn fields_have_the_type_their_name_suggests() {
    let app = composed(
        "track things with name, rating, price, due date, done, email, website, notes, status, quantity",
    );
    let inputs = app
        .document
        .pointer("/components/0/children/0/children/0/children")
        .and_then(Value::as_array);
    let kinds: Vec<String> = inputs
        .into_iter()
        .flatten()
        .map(|input| {
            let kind = input["type"].as_str().unwrap_or_default();
            match input.pointer("/props/type").and_then(Value::as_str) {
                Some(detail) => format!("{kind} {detail}"),
                None => kind.to_owned(),
            }
        })
        .collect();
    assert_eq!(
        kinds,
        [
            "input",
            "input number",
            "input number",
            "date",
            "checkbox",
            "input email",
            "input url",
            "textarea",
            "select",
            "input number"
        ]
    );
}

#[test]
fn what_no_blueprint_can_do_is_declined() {
    declines("");
    declines("hello");
    declines("make something");
    declines("a chess game");
    declines("a snake game with score and levels");
    declines("a calculator for my mortgage");
    declines("weather app");
    declines("a chat app with users and messages");
    declines("track the bitcoin price");
    declines("music player");
    declines("a game with a timer");
    declines("record audio");
    declines("file manager");
    declines("password manager");
    declines("window manager");
    declines("snake and chess game");
    declines("count down to new year");
    declines("what can you do?");
    declines("Ein Taschenrechner");
    declines("計算機を作って");
    declines("{{ 7 * 7 }}");
    let declined = compose::compose("a chess game").unwrap_err();
    assert!(
        declined
            .can_build
            .iter()
            .any(|built| built.contains("calculator")),
        "{declined:?}"
    );
}

#[test]
fn a_name_in_the_request_becomes_the_title_and_can_hold_no_template() {
    picks("a calculator called \"Till\"", "calculator", "Till");
    picks(
        "create a todo list named Garden work with filter",
        "todo",
        "Garden work",
    );
    picks("a calculator called \"{{ 7 * 7 }}\"", "calculator", "7 * 7");
    picks("a counter called {% raw %}", "counter", "% raw %");
    let long = format!("a calculator called \"{}\"", "x".repeat(500));
    assert_eq!(composed(&long).document["title"].as_str().map(str::len), Some(60));
}

#[test]
fn fields_of_a_request_are_bounded_and_never_break_the_document() {
    for request in [
        "track things with {{ x }}, }} and '",
        "track things with __proto__, constructor, id and prototype",
        "track things with größe, 年 and 3d",
        "track things with if, not, in, is and none",
        "track \"things' with name\\, a\"b",
    ] {
        let app = composed(request);
        UiSpec::from_json(&app.document).unwrap_or_else(|issues| panic!("{request}: {issues:#?}"));
    }
    let many: Vec<String> = (0..50).map(|field| format!("field{field}")).collect();
    let app = composed(&format!("track things with {}", many.join(", ")));
    let inputs = app
        .document
        .pointer("/components/0/children/0/children/0/children")
        .and_then(Value::as_array);
    assert_eq!(inputs.map(Vec::len), Some(12));
}

#[test]
fn every_example_of_a_blueprint_is_built_from_it_and_is_a_document() {
    let mut examples = 0;
    for (blueprint, example) in compose::examples() {
        let app = composed(example);
        assert_eq!(app.blueprint, blueprint, "{example}");
        UiSpec::from_json(&app.document).unwrap_or_else(|issues| panic!("{example}: {issues:#?}"));
        let text = app.document.to_string();
        assert!(!text.contains("[["), "{example}: a slot was left in {text}");
        examples += 1;
    }
    assert!(examples > 40, "{examples}");
}

/// Prompts the composer claims beyond the examples of its blueprints.
const CLAIMED: [&str; 41] = [
    "make me a really good calculator please",
    "I want a calculator that can add, subtract, multiply and divide",
    "Can you make an app to calculate things?",
    "todo app with priorities",
    "make a list of things to do",
    "a simple note taking app",
    "a notes app with title, body and tags",
    "daily journal with mood",
    "a timer for 5 minutes",
    "miles to km",
    "kg to lbs converter",
    "Expense tracker with categories and monthly chart",
    "budget planner",
    "keep track of my books",
    "a library of my books with title, author, isbn and rating",
    "reading list",
    "movie watchlist",
    "contacts app",
    "address book",
    "customer list with name, company, email, phone and notes",
    "inventory management",
    "inventory tracker for my shop with name, quantity, price and supplier",
    "recipes",
    "track my workouts with exercise, sets, reps and weight",
    "water log",
    "bug tracker",
    "plant watering schedule",
    "guest list for my wedding with name, email and rsvp",
    "packing list",
    "track wines with name and rating from 1 to 10",
    "bucket list",
    "grocery list with prices",
    "click counter",
    "todo list and calculator",
    "a form with name, email and message",
    "a list with name and phone",
    "track sales with date, customer, product, quantity, unit price and paid",
    "a database of employees with name, department, salary, start date and active",
    "pets with name, species, birthday and vet visit date",
    "track jobs: company, role, status (applied/interview/rejected/offer), date applied, link",
    "track things with name, mood, priority, time, phone, difficulty, weight in kg and url",
];

#[test]
fn every_claimed_prompt_makes_a_document_without_a_finding() {
    let catalog = Arc::new(Catalog::builtin().clone());
    for prompt in CLAIMED
        .into_iter()
        .chain(compose::examples().map(|(_, example)| example))
    {
        let document = composed(prompt).document;
        let spec = UiSpec::from_json(&document).unwrap_or_else(|issues| panic!("{prompt}: {issues:#?}"));
        assert_eq!(
            check::check(&spec, Catalog::builtin()),
            Vec::<Issue>::new(),
            "{prompt}"
        );
        let mended = mend::mend(document.clone(), Catalog::builtin(), Loss::Allowed);
        assert_eq!(
            (mended.doc, mended.issues),
            (document, Vec::new()),
            "{prompt}: nothing needs mending"
        );
        let trial = trial::run(&spec, &catalog, 1_767_355_200_000.0, 7);
        assert_eq!(trial.issues, Vec::<Issue>::new(), "{prompt}");
    }
}

#[test]
fn words_that_changed_nothing_are_told() {
    assert_eq!(composed("create a calculator").left_out, Vec::<String>::new());
    assert_eq!(
        composed("a calculator with dark mode and sounds").left_out,
        ["dark", "mode", "sounds"]
    );
    assert_eq!(
        composed("track books with title, author and reminders").left_out,
        ["reminders"]
    );
}

/// Requests of words that steer the composer, signs that could break a document, and noise.
fn any_request() -> impl Strategy<Value = String> {
    let words = prop::sample::select(vec![
        "track",
        "books",
        "with",
        "title",
        "rating",
        "from",
        "1",
        "to",
        "10",
        "price",
        "list",
        "of",
        "called",
        "\"",
        "'",
        "{{",
        "}}",
        "{%",
        "(",
        ")",
        "/",
        ":",
        ",",
        ".",
        "and",
        "for",
        "my",
        "calculator",
        "todo",
        "id",
        "__proto__",
        "constructor",
        "größe",
        "年",
        "🙂",
        "[[",
        "]]",
        "[[lead]]",
        "[[fields.initial]]",
        "null",
        "is",
        "status",
        "a/b",
        "named",
        "\u{202e}",
        "\u{0}",
        "\\",
        "notes",
        "due",
        "date",
        "email",
        "converter",
        "3d",
    ]);
    prop_oneof![
        prop::collection::vec(words, 0..20).prop_map(|words| words.join(" ")),
        ".{0,80}".prop_map(|noise| format!("track things with {noise}, name and {noise}")),
        ".{0,80}".prop_map(|noise| format!("a calculator called \"{noise}\" for {noise}")),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn whatever_is_asked_for_the_document_is_without_a_finding(request in any_request()) {
        if let Ok(app) = compose::compose(&request) {
            let spec = UiSpec::from_json(&app.document).unwrap();
            prop_assert_eq!(check::check(&spec, Catalog::builtin()), Vec::<Issue>::new());
        }
    }
}
