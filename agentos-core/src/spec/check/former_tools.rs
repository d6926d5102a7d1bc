//! Tools of the earlier language that are gone, and what does their work now.

/// Ids, and the way to do it today.
const FORMER: [(&str, &str); 5] = [
    (
        "app.save_state",
        "\"persist\": [\"path\"] keeps a value; storage.set",
    ),
    (
        "app.load_state",
        "\"persist\": [\"path\"] brings it back; storage.get",
    ),
    ("game.move", "ui.set_state"),
    ("game.reset", "ui.reset"),
    ("game.score", "ui.increment"),
];

pub(super) fn instead(id: &str) -> Option<&'static str> {
    FORMER
        .iter()
        .find(|(former, _)| *former == id)
        .map(|(_, now)| *now)
}
