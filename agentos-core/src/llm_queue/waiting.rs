//! Who is asked for next when more calls wait than may run.

use std::collections::BTreeMap;

use super::{Account, CallId, Urgency};
use crate::time::Millis;

/// How long a call waits before its age counts.
pub const AGED_AFTER: Millis = 30_000;
/// Of this many starts one goes to the call that has waited longest, once it has waited [`AGED_AFTER`].
/// So a call with `n` older ones before it starts within `(n + 1) * AGED_EVERY` starts from then on,
/// whatever is asked meanwhile.
pub const AGED_EVERY: u32 = 4;
/// Accounts without a waiting call whose debts are remembered in one class; the smallest go first.
const DEBTS_KEPT: usize = 512;

/// When a call came. It keeps this over its attempts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub(super) since: Millis,
    pub(super) call: CallId,
}

/// A place in the line of one account, and the most tokens the call may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ticket {
    pub(super) place: Place,
    pub(super) account: Account,
    pub(super) urgency: Urgency,
    pub(super) tokens: u64,
}

/// The calls that wait: by urgency, within a class fair between accounts, within an account by age.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    classes: BTreeMap<Urgency, Class>,
    by_age: BTreeMap<Place, Ticket>,
    /// Starts since one went by age, while a call was aged.
    passed_over: u32,
}

impl Waiting {
    pub(super) fn push(&mut self, ticket: Ticket) {
        self.classes.entry(ticket.urgency).or_default().push(&ticket);
        self.by_age.insert(ticket.place, ticket);
    }

    /// Takes out who is next; its account pays for all the call may take until [`Waiting::settle`].
    pub(super) fn pop(&mut self, now: Millis) -> Option<CallId> {
        let ticket = self.next(now)?;
        self.by_age.remove(&ticket.place);
        if let Some(class) = self.classes.get_mut(&ticket.urgency) {
            class.serve(&ticket);
        }
        Some(ticket.place.call)
    }

    pub(super) fn remove(&mut self, ticket: &Ticket) {
        self.by_age.remove(&ticket.place);
        if let Some(class) = self.classes.get_mut(&ticket.urgency) {
            class.remove(ticket);
        }
    }

    /// The attempt that was started with `ticket` took `used` tokens.
    pub(super) fn settle(&mut self, ticket: &Ticket, used: u64) {
        if let Some(class) = self.classes.get_mut(&ticket.urgency) {
            class.settle(ticket, used);
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.by_age.is_empty()
    }

    fn next(&mut self, now: Millis) -> Option<Ticket> {
        let oldest = *self.by_age.first_key_value()?.1;
        let preferred = self.classes.values().find_map(Class::first)?;
        if now < oldest.place.since.saturating_add(AGED_AFTER) {
            self.passed_over = 0;
            return self.by_age.get(&preferred).copied();
        }
        self.passed_over += 1;
        if oldest.place == preferred || self.passed_over >= AGED_EVERY {
            self.passed_over = 0;
            return Some(oldest);
        }
        self.by_age.get(&preferred).copied()
    }
}

#[derive(Debug, Default)]
struct Class {
    lines: BTreeMap<Account, Line>,
    /// How far the service has come, in tokens paid. An account that was idle joins here: it owes what
    /// it had beyond this, and has no credit for the wait.
    served: u64,
}

#[derive(Debug, Default)]
struct Line {
    /// In tokens; the account with the least is served first.
    paid: u64,
    waiting: BTreeMap<Place, u64>,
}

impl Class {
    fn push(&mut self, ticket: &Ticket) {
        let line = self.lines.entry(ticket.account).or_default();
        if line.waiting.is_empty() {
            line.paid = line.paid.max(self.served);
        }
        line.waiting.insert(ticket.place, ticket.tokens);
    }

    fn first_line(&self) -> Option<&Line> {
        let waiting = self.lines.values().filter(|line| !line.waiting.is_empty());
        waiting.min_by_key(|line| (line.paid, line.waiting.first_key_value().map(|(place, _)| *place)))
    }

    fn first(&self) -> Option<Place> {
        let (place, _) = self.first_line()?.waiting.first_key_value()?;
        Some(*place)
    }

    fn serve(&mut self, ticket: &Ticket) {
        // The least that is paid, and not what `ticket`'s account paid: served by age, that may be more.
        let least = self.first_line().map_or(self.served, |line| line.paid);
        self.served = self.served.max(least);
        if let Some(line) = self.lines.get_mut(&ticket.account) {
            line.paid = line.paid.saturating_add(ticket.tokens);
            line.waiting.remove(&ticket.place);
        }
        self.forget_small_debts();
    }

    fn remove(&mut self, ticket: &Ticket) {
        if let Some(line) = self.lines.get_mut(&ticket.account) {
            line.waiting.remove(&ticket.place);
        }
        self.forget_small_debts();
    }

    fn settle(&mut self, ticket: &Ticket, used: u64) {
        // A line that was forgotten owed less than those who wait have paid since.
        if let Some(line) = self.lines.get_mut(&ticket.account) {
            line.paid = line.paid.saturating_sub(ticket.tokens).saturating_add(used);
        }
        self.forget_small_debts();
    }

    fn forget_small_debts(&mut self) {
        let served = self.served;
        self.lines
            .retain(|_, line| !line.waiting.is_empty() || line.paid > served);
        let idle = self.lines.iter().filter(|(_, line)| line.waiting.is_empty());
        let idle: Vec<_> = idle.map(|(account, line)| (line.paid, *account)).collect();
        if idle.len() > DEBTS_KEPT
            && let Some((_, account)) = idle.iter().min()
        {
            self.lines.remove(account);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::Namespace;

    fn app(number: u64) -> Account {
        Account::App(Namespace::new(0, number.into()))
    }

    fn ticket(call: u64, account: Account, urgency: Urgency, tokens: u64) -> Ticket {
        let (since, call) = (0, CallId(call));
        Ticket {
            place: Place { since, call },
            account,
            urgency,
            tokens,
        }
    }

    /// Who is served, in order, at a time when nobody is aged.
    fn serve(waiting: &mut Waiting, count: usize) -> Vec<u64> {
        (0..count)
            .filter_map(|_| waiting.pop(0))
            .map(|call| call.0)
            .collect()
    }

    #[track_caller]
    fn check_order(tickets: &[(u64, u64, Urgency, u64)], expected: &[u64]) {
        let mut waiting = Waiting::default();
        for (call, account, urgency, tokens) in tickets {
            waiting.push(ticket(*call, app(*account), *urgency, *tokens));
        }
        assert_eq!(serve(&mut waiting, 99), expected);
        assert!(waiting.is_empty());
    }

    #[test]
    fn the_more_urgent_go_first_then_who_took_less_then_who_came_first() {
        use Urgency::{Background, Foreground, Interactive};
        check_order(
            &[
                (1, 1, Background, 9),
                (2, 1, Foreground, 9),
                (3, 1, Interactive, 9),
            ],
            &[3, 2, 1],
        );
        check_order(
            &[
                (1, 1, Foreground, 9),
                (2, 1, Foreground, 9),
                (3, 2, Foreground, 9),
            ],
            &[1, 3, 2],
        );
        check_order(
            &[
                (1, 1, Foreground, 20),
                (2, 1, Foreground, 1),
                (3, 2, Foreground, 9),
                (4, 2, Foreground, 9),
                (5, 2, Foreground, 9),
            ],
            &[1, 3, 4, 5, 2],
        );
        check_order(
            &[(1, 2, Interactive, u64::MAX), (2, 2, Interactive, u64::MAX)],
            &[1, 2],
        );
    }

    #[test]
    fn an_account_pays_for_what_was_used_and_not_for_what_was_held() {
        let mut waiting = Waiting::default();
        let first = ticket(1, app(1), Urgency::Foreground, 1_000);
        waiting.push(first);
        for call in 2..4 {
            waiting.push(ticket(call, app(1), Urgency::Foreground, 1_000));
            waiting.push(ticket(10 + call, app(2), Urgency::Foreground, 100));
        }
        assert_eq!(serve(&mut waiting, 2), [1, 12]);
        waiting.settle(&first, 10);
        assert_eq!(serve(&mut waiting, 9), [2, 13, 3]);
    }

    #[test]
    fn waiting_idle_earns_no_credit_and_a_debt_is_remembered() {
        let mut waiting = Waiting::default();
        for call in 0..100 {
            waiting.push(ticket(call, app(1), Urgency::Foreground, 10));
        }
        serve(&mut waiting, 50);
        for call in 100..200 {
            waiting.push(ticket(call, app(2), Urgency::Foreground, 10));
        }
        let served = serve(&mut waiting, 20);
        assert_eq!(served.iter().filter(|call| **call >= 100).count(), 10);

        let mut waiting = Waiting::default();
        waiting.push(ticket(1, app(1), Urgency::Foreground, 500));
        waiting.push(ticket(2, app(2), Urgency::Foreground, 10));
        serve(&mut waiting, 2);
        waiting.push(ticket(3, app(1), Urgency::Foreground, 10));
        waiting.push(ticket(4, app(2), Urgency::Foreground, 10));
        assert_eq!(serve(&mut waiting, 2), [4, 3]);
    }

    #[test]
    fn the_debts_of_many_accounts_are_not_all_kept() {
        let mut waiting = Waiting::default();
        for call in 0..2_000 {
            waiting.push(ticket(call, app(call), Urgency::Foreground, 10 + call));
            serve(&mut waiting, 1);
        }
        let lines = &waiting.classes[&Urgency::Foreground].lines;
        assert_eq!(lines.len(), DEBTS_KEPT);
        assert!(lines.contains_key(&app(1_999)), "the largest debt is kept");
    }

    #[test]
    fn of_four_starts_one_goes_by_age() {
        let mut waiting = Waiting::default();
        waiting.push(ticket(0, app(1), Urgency::Background, 9));
        for call in 1..20 {
            let (since, call) = (1, CallId(call));
            waiting.push(Ticket {
                place: Place { since, call },
                ..ticket(0, app(2), Urgency::Interactive, 9)
            });
        }
        assert_eq!(waiting.pop(AGED_AFTER - 1), Some(CallId(1)));
        let served = (0..5).filter_map(|_| waiting.pop(AGED_AFTER));
        assert_eq!(served.map(|call| call.0).collect::<Vec<_>>(), [2, 3, 4, 0, 5]);
    }

    #[test]
    fn a_removed_call_is_not_served() {
        let mut waiting = Waiting::default();
        for call in 0..3 {
            waiting.push(ticket(call, app(1), Urgency::Foreground, 9));
        }
        waiting.remove(&ticket(1, app(1), Urgency::Foreground, 9));
        assert_eq!(serve(&mut waiting, 9), [0, 2]);
    }
}
