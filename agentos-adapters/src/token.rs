//! The secret by which a server knows who may connect.

use std::fmt;

use thiserror::Error;

/// Fewer characters could be guessed.
const LEAST_BYTES: usize = 32;
const MOST_BYTES: usize = 256;

/// A token of a server: 32 to 256 characters that stand in a header and a link as they are.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

/// A text that is no token. It is not repeated, since it may be meant as one.
#[derive(Debug, Error, PartialEq, Eq)]
#[error(
    "a token has {LEAST_BYTES} to {MOST_BYTES} letters, digits or signs of -._~+/=, and no space between them"
)]
pub struct InvalidToken;

impl Token {
    /// Space around it does not count.
    pub fn parse(text: &str) -> Result<Self, InvalidToken> {
        let token = text.trim();
        let stands = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte);
        let fits = (LEAST_BYTES..=MOST_BYTES).contains(&token.len()) && token.bytes().all(stands);
        if fits {
            Ok(Self(token.to_owned()))
        } else {
            Err(InvalidToken)
        }
    }

    /// The secret itself, for whoever is to be let in.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Token(•••)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_long_and_stands_in_a_link() {
        let long = "0123456789abcdef".repeat(16);
        for good in [
            &long[..32],
            &long,
            "-._~+/=-._~+/=-._~+/=-._~+/=abcd",
            &format!(" {}\n", &long[..32]),
        ] {
            assert_eq!(Token::parse(good).unwrap().reveal(), good.trim());
        }
        let spaced = format!("{} {}", &long[..16], &long[..16]);
        for bad in [
            "",
            &long[..31],
            &format!("{long}0"),
            &spaced,
            "ä23456789012345678901234567890123",
            "#2345678901234567890123456789012",
        ] {
            assert_eq!(Token::parse(bad), Err(InvalidToken), "{bad}");
        }
        let token = Token::parse(&long).unwrap();
        assert_eq!(format!("{token:?}"), "Token(•••)");
    }
}
