//! The nearest valid name for one that is not: a hint to a person, and the ground of a mend.

/// Candidates that are looked at; names beyond are found by nobody's slip of the finger.
const CANDIDATES: usize = 256;

/// The candidate that `name` most likely meant, within two edits; for a message to a person.
pub fn suggestion<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    nearest_within(name, candidates, 2)
}

/// The one candidate that differs from `name` only in case, separators or a single edit; near
/// enough to correct without asking. Two equally near candidates are none.
pub fn unmistakable<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    nearest_within(name, candidates, 1)
}

/// Names are compared without case and separators, so `fontSize`, `font-size` and `FONT_SIZE` are
/// no edit apart. A name of three letters or fewer has too many neighbours for an edit to be safe.
fn nearest_within<'a>(
    name: &str,
    candidates: impl IntoIterator<Item = &'a str>,
    edits: usize,
) -> Option<&'a str> {
    let wanted = folded(name);
    let allowed = match wanted.len() {
        0 => return None,
        1..=3 => 0,
        4..=6 => edits.min(1),
        _ => edits,
    };
    let mut best: Option<(usize, &str, Vec<char>)> = None;
    let mut tied = false;
    for candidate in candidates.into_iter().take(CANDIDATES) {
        let spelled = folded(candidate);
        let Some(distance) = edit_distance(&wanted, &spelled, allowed) else {
            continue;
        };
        match &best {
            Some((least, ..)) if distance > *least => {}
            Some((least, _, same)) if distance == *least => tied |= *same != spelled,
            _ => {
                best = Some((distance, candidate, spelled));
                tied = false;
            }
        }
    }
    best.filter(|_| !tied).map(|(_, candidate, _)| candidate)
}

fn folded(name: &str) -> Vec<char> {
    name.chars()
        .filter(|c| !matches!(c, '_' | '-' | ' ' | '/'))
        .flat_map(char::to_lowercase)
        .take(64)
        .collect()
}

/// Insertions, deletions, substitutions and swaps of neighbours that turn one name into another;
/// `None` where it takes more than `allowed`.
fn edit_distance(a: &[char], b: &[char], allowed: usize) -> Option<usize> {
    if a.len().abs_diff(b.len()) > allowed {
        return None;
    }
    // What both begin and end with takes no edit, and most pairs of names are then told apart at once.
    let start = a.iter().zip(b).take_while(|(x, y)| x == y).count();
    let (a, b) = (&a[start..], &b[start..]);
    let end = a
        .iter()
        .rev()
        .zip(b.iter().rev())
        .take_while(|(x, y)| x == y)
        .count();
    let (a, b) = (&a[..a.len() - end], &b[..b.len() - end]);
    let mut before_last: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, y) in b.iter().enumerate() {
            let mut cost = (last[j] + usize::from(x != y))
                .min(last[j + 1] + 1)
                .min(row[j] + 1);
            if i > 0 && j > 0 && *x == b[j - 1] && a[i - 1] == *y {
                cost = cost.min(before_last[j - 1] + 1);
            }
            row.push(cost);
        }
        if row.iter().all(|cost| *cost > allowed + 1) {
            return None;
        }
        before_last = std::mem::replace(&mut last, row);
    }
    Some(last[b.len()]).filter(|distance| *distance <= allowed)
}

#[cfg(test)]
mod tests {
    use super::unmistakable;

    const NAMES: [&str; 8] = [
        "button",
        "text",
        "container",
        "calc.append_digit",
        "data_table",
        "datatable",
        "on",
        "of",
    ];

    #[track_caller]
    fn check(name: &str, expected: Option<&str>) {
        assert_eq!(unmistakable(name, NAMES), expected, "{name}");
    }

    #[test]
    fn near_miss_is_corrected_only_when_one_name_is_meant() {
        check("Button", Some("button"));
        check("buton", Some("button"));
        check("bu-tton", Some("button"));
        check("txet", Some("text"));
        check("calc.appendDigit", Some("calc.append_digit"));
        check("calc.append-digits", Some("calc.append_digit"));
        check("o", None);
        check("ox", None);
        check("banner", None);
        check("Data Table", Some("data_table"));
        check("", None);
    }
}
