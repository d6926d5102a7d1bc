//! Finds the services that suit a wish.

use std::collections::BTreeSet;

use crate::ports::service::Service;

/// The most services one wish finds.
const FOUND: usize = 5;
/// Shorter words of a description (`and`, `the`) say nothing about a service.
const TELLING_LETTERS: usize = 4;

/// Those with any score, best first; equals keep their order.
pub(super) fn best<'a>(services: &'a [Service], wish: &str) -> Vec<&'a Service> {
    let wish = wish.to_lowercase();
    let asked: Vec<&str> = words(&wish).collect();
    let mut scored: Vec<(u32, &Service)> = services
        .iter()
        .map(|service| (score(service, &asked), service))
        .filter(|(score, _)| *score > 0)
        .collect();
    scored.sort_by_key(|(score, _)| std::cmp::Reverse(*score));
    scored
        .into_iter()
        .take(FOUND)
        .map(|(_, service)| service)
        .collect()
}

/// Ten for its id or name, five for each telling word of its description, three for each capability
/// and two for its category.
fn score(service: &Service, asked: &[&str]) -> u32 {
    // Whole words: "again" says nothing of the service "ai".
    let mentions = |text: &str| {
        let text = text.to_lowercase();
        let said: Vec<&str> = words(&text).collect();
        asked.windows(said.len().max(1)).any(|part| part == said)
    };
    let description = service.description.to_lowercase();
    let told: BTreeSet<&str> = words(&description)
        .filter(|word| word.len() >= TELLING_LETTERS)
        .collect();
    let capabilities = service
        .capabilities
        .iter()
        .filter(|capability| mentions(&capability.replace('_', " ")));
    let named = if mentions(&service.id) || mentions(&service.name) {
        10
    } else {
        0
    };
    let category = if mentions(&service.category) { 2 } else { 0 };
    named
        + 5 * asked
            .iter()
            .collect::<BTreeSet<_>>()
            .into_iter()
            .filter(|word| told.contains(*word))
            .count() as u32
        + 3 * capabilities.count() as u32
        + category
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|letter: char| !letter.is_alphanumeric())
        .filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn service(id: &str, description: &str, category: &str, capabilities: &[&str]) -> Service {
        Service {
            id: id.to_owned(),
            name: format!("The {id}"),
            description: description.to_owned(),
            category: category.to_owned(),
            capabilities: capabilities
                .iter()
                .map(|capability| (*capability).to_owned())
                .collect(),
            tools: Vec::new(),
        }
    }

    #[track_caller]
    fn check(wish: &str, expected: &[&str]) {
        let services = [
            service("storage", "Keeps values for the app", "data", &["save_values"]),
            service("weather", "Tells the weather of a place", "world", &["forecast"]),
            service("mail", "Sends a letter to a place", "world", &["send_letter"]),
        ];
        let found: Vec<&str> = best(&services, wish)
            .into_iter()
            .map(|service| service.id.as_str())
            .collect();
        assert_eq!(found, expected, "{wish}");
    }

    #[test]
    fn the_best_suited_comes_first() {
        check("use STORAGE, please", &["storage"]);
        check("voicemail and emails", &[]);
        check("weather at this place", &["weather", "mail"]);
        check("send letter to a place", &["mail", "weather"]);
        check("save values", &["storage"]);
        check("something of this world", &["weather", "mail"]);
        check("the app to a for", &[]);
        check("", &[]);
    }

    #[test]
    fn at_most_five_are_found() {
        let services: Vec<Service> = (0..9)
            .map(|n| service(&format!("mail{n}"), "", "world", &[]))
            .collect();
        assert_eq!(best(&services, "world").len(), 5);
    }
}
