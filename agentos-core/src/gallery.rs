//! The example apps: whole documents in `gallery/`, one file an app.
//!
//! A person opens them from the launcher as they are, and the composer answers requests with them.
//! What a document says of itself stands under `x`: `gallery` is what the launcher shows,
//! `blueprint` the words by which the composer finds it.

use std::sync::LazyLock;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// An example app.
#[derive(Debug)]
pub struct GalleryApp {
    /// The name of its file.
    pub id: &'static str,
    pub title: String,
    /// What it does, as one line for a person.
    pub description: String,
    pub category: Category,
    /// Name of an icon.
    pub icon: String,
    /// The document, without `x`.
    pub document: Value,
    /// The words by which the composer finds it.
    pub(crate) blueprint: Value,
}

/// Where the launcher shows an app, in the order in which it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Category {
    Productivity,
    Finance,
    Health,
    Learning,
    Games,
    Dashboards,
    Utilities,
    Creative,
    Forms,
}

/// Every category, in the order in which the launcher shows them.
pub const CATEGORIES: [Category; 9] = [
    Category::Productivity,
    Category::Finance,
    Category::Health,
    Category::Learning,
    Category::Games,
    Category::Dashboards,
    Category::Utilities,
    Category::Creative,
    Category::Forms,
];

/// Every example app, in the order in which the composer decides ties.
pub fn all() -> &'static [GalleryApp] {
    static GALLERY: LazyLock<Vec<GalleryApp>> =
        LazyLock::new(|| SOURCES.iter().map(|(id, text)| read(id, text)).collect());
    &GALLERY
}

/// The example app of this id.
pub fn find(id: &str) -> Option<&'static GalleryApp> {
    all().iter().find(|app| app.id == id)
}

macro_rules! documents {
    ($($id:literal)*) => {
        &[$(($id, include_str!(concat!("../gallery/", $id, ".json")))),*]
    };
}

const SOURCES: &[(&str, &str)] = documents! {
    "calculator" "counter" "todo" "notes" "stopwatch" "pomodoro" "timer" "converter" "expenses" "shopping"
    "habits" "tip" "flashcards" "dice" "tictactoe" "memory" "quiz" "kanban" "loan" "water" "rps" "colour"
    "guess" "words" "multiply" "typing" "agenda" "budget" "textcount" "password" "sales" "register"
    "servers" "survey" "booking" "bmi" "sleep" "draw" "pixel" "story" "currency" "shared" "invoice"
    "workout" "meals"
};

/// What a document says of itself to the launcher.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Card {
    description: String,
    category: Category,
    icon: String,
}

fn read(id: &'static str, text: &str) -> GalleryApp {
    let mut document: Value =
        serde_json::from_str(text).expect("an example app is JSON; a test reads every one");
    let extra = document
        .as_object_mut()
        .and_then(|root| root.shift_remove("x"))
        .unwrap_or_default();
    let Card {
        description,
        category,
        icon,
    } = Card::deserialize(&extra["gallery"]).expect("an example app has a card; a test reads every one");
    GalleryApp {
        id,
        title: document["title"].as_str().unwrap_or_default().to_owned(),
        description,
        category,
        icon,
        document,
        blueprint: extra["blueprint"].clone(),
    }
}
