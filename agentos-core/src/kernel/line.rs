//! Words of an app or a program among those that a person reads.

/// `text` as one line that leaves the text around it as it is.
pub(crate) fn one_line(text: &str) -> String {
    let letters = text.chars().filter(|letter| !turns_text(*letter));
    let line: String = letters
        .map(|letter| if letter.is_control() { ' ' } else { letter })
        .collect();
    line.trim().to_owned()
}

/// Whether a letter that is not seen changes the direction in which those around it are read.
pub(super) fn turns_text(letter: char) -> bool {
    matches!(letter, '\u{61c}' | '\u{200e}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}
