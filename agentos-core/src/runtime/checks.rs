//! Demands on a control's value.

use super::program::{CompiledCheck, CompiledRule, Dynamic};
use crate::spec::document::Rule;
use crate::value::Value;

/// What the person is told when `value` does not meet the check. Only `required` minds an empty
/// value; the other rules say what a value must be once there is one.
pub(super) fn failure(
    check: &CompiledCheck,
    value: &Value,
    evaluate: impl FnOnce(&Dynamic) -> Value,
) -> Option<String> {
    let told = |default: String| Some(check.message.clone().unwrap_or(default));
    let text = value.display();
    let is_empty = text.trim().is_empty() || *value == Value::Bool(false);
    let rule = match &check.rule {
        CompiledRule::When(condition) => {
            return evaluate(condition)
                .is_true()
                .then(|| check.message.clone().unwrap_or("This is not right.".into()));
        }
        CompiledRule::Pattern(pattern) => {
            let holds = is_empty || pattern.is_match(&text);
            return if holds {
                None
            } else {
                told("This does not have the expected form.".into())
            };
        }
        CompiledRule::Plain(rule) => rule,
    };
    if is_empty {
        return if *rule == Rule::Required {
            told("This is required.".into())
        } else {
            None
        };
    }
    let number = value.as_f64().or_else(|| {
        text.trim()
            .parse::<f64>()
            .ok()
            .filter(|number| number.is_finite())
    });
    let (holds, message) = match rule {
        Rule::Required | Rule::Pattern(_) | Rule::When(_) => return None,
        Rule::Email => (is_email(&text), "This is not an email address.".into()),
        Rule::Url => (
            is_url(&text),
            "This is not a web address; it starts with http:// or https://.".into(),
        ),
        Rule::Number => (number.is_some(), "This is not a number.".into()),
        Rule::Integer => (
            number.is_some_and(|n| n == n.trunc()),
            "This is not a whole number.".into(),
        ),
        Rule::Min(min) => (
            number.is_some_and(|n| n >= *min),
            format!("This must be at least {min}."),
        ),
        Rule::Max(max) => (
            number.is_some_and(|n| n <= *max),
            format!("This must be at most {max}."),
        ),
        Rule::MinLength(min) => (
            text.chars().count() >= *min,
            format!("This needs at least {min} characters."),
        ),
        Rule::MaxLength(max) => (
            text.chars().count() <= *max,
            format!("This may have at most {max} characters."),
        ),
        Rule::OneOf(values) => (
            values.iter().any(|allowed| Value::from(allowed) == *value),
            "This is not one of the choices.".into(),
        ),
    };
    if holds { None } else { told(message) }
}

/// One `@` with something on both sides and a dot in the domain: what catches slips of the
/// keyboard without refusing addresses that exist (RFC 5321 allows far more than people type).
fn is_email(text: &str) -> bool {
    let text = text.trim();
    match text.split_once('@') {
        Some((local, domain)) => {
            !local.is_empty()
                && !domain.contains('@')
                && !text.contains(char::is_whitespace)
                && domain.split('.').count() > 1
                && domain.split('.').all(|label| !label.is_empty())
        }
        None => false,
    }
}

fn is_url(text: &str) -> bool {
    let text = text.trim();
    ["http://", "https://"].iter().any(|scheme| {
        text.strip_prefix(scheme)
            .is_some_and(|rest| !rest.is_empty() && !rest.contains(char::is_whitespace))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(rule: Rule, value: impl Into<Value>, holds: bool) {
        let check = CompiledCheck {
            rule: CompiledRule::Plain(rule),
            message: None,
        };
        let value = value.into();
        assert_eq!(
            failure(&check, &value, |_| Value::Null).is_none(),
            holds,
            "{check:?} {value:?}"
        );
    }

    #[test]
    fn rules_hold_as_people_expect() {
        check(Rule::Required, "", false);
        check(Rule::Required, "  ", false);
        check(Rule::Required, false, false);
        check(Rule::Required, 0.0, true);
        check(Rule::Email, "", true);
        check(Rule::Email, "a@b.c", true);
        check(Rule::Email, "a@b", false);
        check(Rule::Email, "a@@b.c", false);
        check(Rule::Url, "https://example.org", true);
        check(Rule::Url, "javascript:alert(1)", false);
        check(Rule::Number, "1.5", true);
        check(Rule::Number, "x", false);
        check(Rule::Integer, 1.5, false);
        check(Rule::Min(1.0), "0", false);
        check(Rule::Max(5.0), 5.0, true);
        check(Rule::MinLength(3), "äöü", true);
        check(Rule::MaxLength(2), "äöü", false);
        check(Rule::OneOf(vec!["a".into()]), "b", false);
    }
}
