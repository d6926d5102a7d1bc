//! What may be used in a day, and what was.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{Account, Refusal, Scope};
use crate::ids::Namespace;
use crate::ports::llm::Usage;
use crate::time::Millis;

/// A day; it turns at midnight UTC.
const DAY: Millis = 86_400_000;
const MILLION: u128 = 1_000_000;

/// What may be used in a day; none is no limit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Budget {
    /// In and out together.
    pub tokens: Option<u64>,
    /// In millionths of the unit that [`Price`] is in.
    pub cost_micros: Option<u64>,
}

/// The budgets of a day. They hold for what is reserved, and a call that took more than it was said to
/// take at most passes them by that much.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Budgets {
    /// Of each app. What a person asks for counts against `all` alone.
    pub each_app: Budget,
    pub all: Budget,
}

/// What the model costs, in millionths of a unit of money per million tokens.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Price {
    pub input_micros: u64,
    pub output_micros: u64,
}

/// What a budget counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    Tokens,
    /// In millionths of a unit of money.
    Cost,
}

/// Tokens, and what they cost in millionths of a unit of money.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Spending {
    pub tokens: u64,
    pub cost_micros: u64,
}

impl Price {
    /// A part of a millionth counts as one.
    pub(super) fn of(self, usage: Usage) -> Spending {
        let cost = |tokens: u64, micros: u64| u128::from(tokens) * u128::from(micros);
        let cost =
            cost(usage.input, self.input_micros).saturating_add(cost(usage.output, self.output_micros));
        Spending {
            tokens: usage.input.saturating_add(usage.output),
            cost_micros: u64::try_from(cost.div_ceil(MILLION)).unwrap_or(u64::MAX),
        }
    }
}

impl Spending {
    fn plus(self, other: Self) -> Self {
        Self {
            tokens: self.tokens.saturating_add(other.tokens),
            cost_micros: self.cost_micros.saturating_add(other.cost_micros),
        }
    }

    fn minus(self, other: Self) -> Self {
        Self {
            tokens: self.tokens.saturating_sub(other.tokens),
            cost_micros: self.cost_micros.saturating_sub(other.cost_micros),
        }
    }
}

/// Today's spending of each app and of all. What a call may take at most is set aside while it waits and
/// runs, so that together they never pass a budget.
#[derive(Debug)]
pub(super) struct Ledger {
    budgets: Budgets,
    price: Price,
    /// Counted from the Unix epoch.
    day: u64,
    all: Purse,
    apps: BTreeMap<Namespace, Purse>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Purse {
    spent: Spending,
    reserved: Spending,
}

impl Ledger {
    pub(super) fn new(budgets: Budgets, price: Price) -> Self {
        Self {
            budgets,
            price,
            day: 0,
            all: Purse::default(),
            apps: BTreeMap::new(),
        }
    }

    /// Begins a new day if it is one. What is reserved stays so, and counts on the day it is settled.
    pub(super) fn turn(&mut self, now: Millis) {
        if now / DAY == self.day {
            return;
        }
        self.day = now / DAY;
        self.all.spent = Spending::default();
        self.apps.retain(|_, purse| {
            purse.spent = Spending::default();
            *purse != Purse::default()
        });
    }

    /// Sets `most` aside, or nothing where it does not fit.
    pub(super) fn reserve(&mut self, account: Account, most: Usage) -> Result<(), Refusal> {
        let more = self.price.of(most);
        let resets_at = self.day.saturating_add(1).saturating_mul(DAY);
        if let Account::App(app) = account {
            let purse = self.apps.get(&app).copied().unwrap_or_default();
            purse.check(self.budgets.each_app, more, Scope::Account, resets_at)?;
        }
        self.all.check(self.budgets.all, more, Scope::All, resets_at)?;
        self.change(account, |purse| purse.reserved = purse.reserved.plus(more));
        Ok(())
    }

    /// What was set aside as `most` became `used`.
    pub(super) fn settle(&mut self, account: Account, most: Usage, used: Usage) {
        let (most, used) = (self.price.of(most), self.price.of(used));
        self.change(account, |purse| {
            purse.reserved = purse.reserved.minus(most);
            purse.spent = purse.spent.plus(used);
        });
    }

    pub(super) fn spent(&self) -> Spending {
        self.all.spent
    }

    pub(super) fn reserved(&self) -> Spending {
        self.all.reserved
    }

    fn change(&mut self, account: Account, change: impl Fn(&mut Purse)) {
        change(&mut self.all);
        let Account::App(app) = account else { return };
        let purse = self.apps.entry(app).or_default();
        change(purse);
        if *purse == Purse::default() {
            self.apps.remove(&app);
        }
    }
}

impl Purse {
    fn check(self, budget: Budget, more: Spending, scope: Scope, resets_at: Millis) -> Result<(), Refusal> {
        let used = self.spent.plus(self.reserved);
        let after = used.plus(more);
        for (measure, limit, used, after) in [
            (Measure::Tokens, budget.tokens, used.tokens, after.tokens),
            (
                Measure::Cost,
                budget.cost_micros,
                used.cost_micros,
                after.cost_micros,
            ),
        ] {
            if let Some(limit) = limit
                && after > limit
            {
                return Err(Refusal::BudgetSpent {
                    scope,
                    measure,
                    limit,
                    used,
                    resets_at,
                });
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Millis = 20_000 * DAY + 5;
    const PRICE: Price = Price {
        input_micros: 300_000,
        output_micros: 2_500_000,
    };

    fn app(number: u128) -> Account {
        Account::App(Namespace::new(0, number))
    }

    fn usage(input: u64, output: u64) -> Usage {
        Usage { input, output }
    }

    fn ledger(each_app: Budget, all: Budget) -> Ledger {
        let mut ledger = Ledger::new(Budgets { each_app, all }, PRICE);
        ledger.turn(NOW);
        ledger
    }

    fn tokens(limit: u64) -> Budget {
        Budget {
            tokens: Some(limit),
            cost_micros: None,
        }
    }

    #[track_caller]
    fn check_price(usage: Usage, price: Price, cost_micros: u64) {
        assert_eq!(price.of(usage).cost_micros, cost_micros);
    }

    #[test]
    fn tokens_cost_their_price() {
        check_price(usage(1_000_000, 0), PRICE, 300_000);
        check_price(usage(0, 1_000_000), PRICE, 2_500_000);
        check_price(usage(1_000, 2_000), PRICE, 300 + 5_000);
        check_price(usage(1, 0), PRICE, 1);
        check_price(usage(0, 0), PRICE, 0);
        check_price(usage(1_000_000, 1_000_000), Price::default(), 0);
        let most = Price {
            input_micros: u64::MAX,
            output_micros: u64::MAX,
        };
        check_price(usage(u64::MAX, u64::MAX), most, u64::MAX);
    }

    #[track_caller]
    fn check_refused(
        ledger: &mut Ledger,
        account: Account,
        most: Usage,
        expected: (Scope, Measure, u64, u64),
    ) {
        let (scope, measure, limit, used) = expected;
        let resets_at = 20_001 * DAY;
        let refusal = Refusal::BudgetSpent {
            scope,
            measure,
            limit,
            used,
            resets_at,
        };
        assert_eq!(ledger.reserve(account, most), Err(refusal));
    }

    #[test]
    fn each_budget_refuses_what_does_not_fit() {
        let one = usage(100, 100);
        let mut each = ledger(tokens(500), Budget::default());
        each.reserve(app(1), one).unwrap();
        each.reserve(app(1), one).unwrap();
        check_refused(
            &mut each,
            app(1),
            one,
            (Scope::Account, Measure::Tokens, 500, 400),
        );
        each.reserve(app(1), usage(100, 0)).unwrap();
        each.reserve(app(2), one).unwrap();
        for _ in 0..10 {
            each.reserve(Account::Person, one).unwrap();
        }

        let mut all = ledger(Budget::default(), tokens(500));
        all.reserve(app(1), one).unwrap();
        all.reserve(Account::Person, one).unwrap();
        check_refused(&mut all, app(2), one, (Scope::All, Measure::Tokens, 500, 400));
        check_refused(
            &mut all,
            Account::Person,
            one,
            (Scope::All, Measure::Tokens, 500, 400),
        );

        let cost = Budget {
            tokens: None,
            cost_micros: Some(600),
        };
        let mut costly = ledger(cost, Budget::default());
        costly.reserve(app(1), one).unwrap();
        costly.reserve(app(1), one).unwrap();
        check_refused(
            &mut costly,
            app(1),
            one,
            (Scope::Account, Measure::Cost, 600, 560),
        );
    }

    #[test]
    fn what_was_not_used_is_free_again() {
        let mut ledger = ledger(tokens(300), tokens(300));
        let most = usage(100, 100);
        ledger.reserve(app(1), most).unwrap();
        ledger.settle(app(1), most, Usage::default());
        assert!(ledger.apps.is_empty());
        ledger.reserve(app(1), most).unwrap();
        ledger.settle(app(1), most, usage(90, 10));
        assert_eq!(ledger.spent().tokens, 100);
        ledger.reserve(app(1), most).unwrap();
        ledger.settle(app(1), most, usage(100, 400));
        check_refused(
            &mut ledger,
            app(1),
            usage(0, 1),
            (Scope::Account, Measure::Tokens, 300, 600),
        );
    }

    #[test]
    fn the_day_turns_at_midnight_and_keeps_what_is_reserved() {
        let mut ledger = ledger(tokens(300), Budget::default());
        let most = usage(100, 100);
        for account in [app(1), app(2)] {
            ledger.reserve(account, most).unwrap();
            ledger.settle(account, most, most);
        }
        ledger.reserve(app(1), usage(50, 50)).unwrap();
        ledger.turn(20_001 * DAY - 1);
        assert_eq!((ledger.apps.len(), ledger.spent().tokens), (2, 400));
        ledger.turn(20_001 * DAY);
        assert_eq!((ledger.apps.len(), ledger.spent().tokens), (1, 0));
        assert_eq!(ledger.reserved().tokens, 100);
        ledger.settle(app(1), usage(50, 50), usage(20, 20));
        assert_eq!((ledger.spent().tokens, ledger.reserved().tokens), (40, 0));
    }
}
