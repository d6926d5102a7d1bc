//! What may be used of the model in a day, as a person writes it.

use agentos_core::llm_queue::{Budget, Budgets, Price};

/// What one app may use in a day unless a setting says otherwise: some fifty questions with long answers.
pub(crate) const TOKENS_PER_APP: u64 = 200_000;
const MICROS: f64 = 1_000_000.0;

/// The bounds of a day, and what tokens cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ModelBudgets {
    pub budgets: Budgets,
    pub price: Price,
}

impl Default for ModelBudgets {
    fn default() -> Self {
        let each_app = Budget {
            tokens: Some(TOKENS_PER_APP),
            cost_micros: None,
        };
        Self {
            budgets: Budgets {
                each_app,
                all: Budget::default(),
            },
            price: Price::default(),
        }
    }
}

/// A number of tokens; none for `unlimited`.
pub(crate) fn parse_tokens(text: &str) -> Result<Option<u64>, String> {
    match text {
        "unlimited" => Ok(None),
        text => text
            .parse()
            .map(Some)
            .map_err(|_| format!("`{text}` is not a number of tokens, such as 200000, or unlimited")),
    }
}

/// An amount in millionths of the money the price is in; none for `unlimited`.
pub(crate) fn parse_cost(text: &str) -> Result<Option<u64>, String> {
    match text {
        "unlimited" => Ok(None),
        text => amount(text)
            .map(Some)
            .ok_or_else(|| format!("`{text}` is not an amount, such as 2.50, or unlimited")),
    }
}

/// What a million tokens cost, read and written.
pub(crate) fn parse_price(text: &str) -> Result<Price, String> {
    let amounts = text.split_once('/');
    let price = amounts.and_then(|(input, output)| {
        Some(Price {
            input_micros: amount(input.trim())?,
            output_micros: amount(output.trim())?,
        })
    });
    price.ok_or_else(|| {
        format!(
            "`{text}` is not a price; write what a million tokens read and written cost, such as 0.30/2.50"
        )
    })
}

fn amount(text: &str) -> Option<u64> {
    let amount: f64 = text.parse().ok()?;
    (amount.is_finite() && (0.0..1e9).contains(&amount)).then(|| (amount * MICROS).round() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_amounts_and_prices_are_read() {
        assert_eq!(parse_tokens("5000"), Ok(Some(5_000)));
        assert_eq!(parse_tokens("unlimited"), Ok(None));
        assert_eq!(parse_cost("2.5"), Ok(Some(2_500_000)));
        let price = Price {
            input_micros: 300_000,
            output_micros: 2_500_000,
        };
        assert_eq!(parse_price("0.30/2.50"), Ok(price));
        for text in ["", "-1", "many", "1e400"] {
            assert!(
                parse_tokens(text).unwrap_err().contains("such as 200000"),
                "{text}"
            );
            assert!(parse_cost(text).unwrap_err().contains("such as 2.50"), "{text}");
            assert!(
                parse_price(text).unwrap_err().contains("such as 0.30/2.50"),
                "{text}"
            );
        }
    }
}
