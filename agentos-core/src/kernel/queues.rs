//! Who is served next when more wants to run than may.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::CallId;
use super::process::{Pid, Priority};

/// One call of a process with weight 1 costs as much as ten of one with weight 10.
const COST: u64 = 2_520;

/// The calls that wait: in order within a process, weighted round robin between processes.
#[derive(Debug)]
pub(super) struct Queues {
    /// How many are served at once, and how many of one process.
    at_once: usize,
    of_one: usize,
    /// How many were handed out and are not done.
    served: usize,
    lines: BTreeMap<Pid, Line>,
    /// The lines in which a call waits, by what they paid: few, however many there are.
    ready: BTreeSet<(u64, Pid)>,
    /// How far the service has come; a process that was idle joins here, without credit for the wait.
    reached: u64,
}

#[derive(Debug, Default)]
struct Line {
    /// The process with the least is served first.
    paid: u64,
    weight: u64,
    waiting: VecDeque<CallId>,
    /// How many were handed out and are not done.
    served: usize,
}

impl Queues {
    pub(super) fn new(at_once: usize, of_one: usize) -> Self {
        Self {
            at_once,
            of_one,
            served: 0,
            lines: BTreeMap::new(),
            ready: BTreeSet::new(),
            reached: 0,
        }
    }

    pub(super) fn push(&mut self, pid: Pid, priority: Priority, call: CallId) {
        let line = self.lines.entry(pid).or_default();
        if line.waiting.is_empty() {
            line.paid = line.paid.max(self.reached);
            self.ready.insert((line.paid, pid));
        }
        line.weight = u64::from(priority.weight());
        line.waiting.push_back(call);
    }

    pub(super) fn set_priority(&mut self, pid: Pid, priority: Priority) {
        if let Some(line) = self.lines.get_mut(&pid) {
            line.weight = u64::from(priority.weight());
        }
    }

    /// The next call there is room for. Each ends with [`done`](Self::done).
    pub(super) fn pop(&mut self) -> Option<CallId> {
        if self.served >= self.at_once {
            return None;
        }
        let may_have_more = |pid| self.lines.get(pid).is_some_and(|line| line.served < self.of_one);
        let mut ready = self.ready.iter();
        let next = *ready.find(|(_, pid)| may_have_more(pid))?;
        self.ready.remove(&next);
        let (paid, pid) = next;
        let line = self.lines.get_mut(&pid)?;
        // Who had as many served as may be joins here too.
        self.reached = self.reached.max(paid);
        line.paid = self.reached + COST / line.weight;
        line.served += 1;
        self.served += 1;
        let call = line.waiting.pop_front();
        if !line.waiting.is_empty() {
            self.ready.insert((line.paid, pid));
        }
        call
    }

    /// A call of `pid` that was handed out is served no longer.
    pub(super) fn done(&mut self, pid: Pid) {
        self.served -= 1;
        if let Some(line) = self.lines.get_mut(&pid) {
            line.served -= 1;
        }
    }

    pub(super) fn remove(&mut self, pid: Pid, call: CallId) {
        if let Some(line) = self.lines.get_mut(&pid) {
            line.waiting.retain(|waiting| *waiting != call);
            if line.waiting.is_empty() {
                self.ready.remove(&(line.paid, pid));
            }
        }
    }

    /// How many calls wait.
    pub(super) fn len(&self) -> usize {
        self.lines.values().map(|line| line.waiting.len()).sum()
    }

    pub(super) fn forget(&mut self, pid: Pid) {
        if let Some(line) = self.lines.remove(&pid) {
            self.ready.remove(&(line.paid, pid));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn weight(weight: u8) -> Priority {
        Priority::new(weight).unwrap()
    }

    /// Serves `count` calls; a call's number is its process's, times 1,000, plus its place.
    fn serve(queues: &mut Queues, count: usize) -> Vec<u64> {
        (0..count)
            .filter_map(|_| queues.pop())
            .map(|call| call.0)
            .collect()
    }

    #[test]
    fn calls_of_one_process_keep_their_order() {
        let mut queues = Queues::new(usize::MAX, usize::MAX);
        (0..5).for_each(|place| queues.push(Pid(2), weight(5), CallId(place)));
        assert_eq!(serve(&mut queues, 9), [0, 1, 2, 3, 4]);
    }

    #[test]
    fn service_follows_weight_and_nobody_starves() {
        let mut queues = Queues::new(usize::MAX, usize::MAX);
        for place in 0..500 {
            queues.push(Pid(2), weight(10), CallId(2_000 + place));
            queues.push(Pid(3), weight(5), CallId(3_000 + place));
            queues.push(Pid(4), weight(1), CallId(4_000 + place));
        }
        let served = serve(&mut queues, 160);
        let of = |pid: u64| served.iter().filter(|call| **call / 1_000 == pid).count();
        assert_eq!((of(2), of(3), of(4)), (100, 50, 10));
    }

    #[test]
    fn waiting_idle_earns_no_credit() {
        let mut queues = Queues::new(usize::MAX, usize::MAX);
        (0..100).for_each(|place| queues.push(Pid(2), weight(5), CallId(2_000 + place)));
        serve(&mut queues, 50);
        (0..100).for_each(|place| queues.push(Pid(3), weight(5), CallId(3_000 + place)));
        let served = serve(&mut queues, 20);
        assert_eq!(served.iter().filter(|call| **call >= 3_000).count(), 10);
    }

    #[test]
    fn who_has_as_many_served_as_may_be_waits_and_holds_up_nobody() {
        let mut queues = Queues::new(usize::MAX, 2);
        (0..3).for_each(|place| queues.push(Pid(2), weight(10), CallId(2_000 + place)));
        queues.push(Pid(3), weight(1), CallId(3_000));
        let mut next = || queues.pop().map(|call| call.0);
        assert_eq!(
            [next(), next(), next(), next()],
            [Some(2_000), Some(3_000), Some(2_001), None]
        );
        queues.done(Pid(2));
        assert_eq!(queues.pop(), Some(CallId(2_002)));
    }

    #[test]
    fn no_more_are_served_than_may_be_until_one_is_done() {
        let mut queues = Queues::new(2, 2);
        (0..3).for_each(|place| queues.push(Pid(2), weight(5), CallId(place)));
        assert_eq!(serve(&mut queues, 9), [0, 1]);
        queues.forget(Pid(2));
        queues.push(Pid(3), weight(5), CallId(3));
        assert_eq!(queues.pop(), None, "what was handed out is not done");
        queues.done(Pid(2));
        assert_eq!(queues.pop(), Some(CallId(3)));
    }

    #[test]
    fn a_removed_call_is_not_served() {
        let mut queues = Queues::new(usize::MAX, usize::MAX);
        (0..3).for_each(|place| queues.push(Pid(2), weight(5), CallId(place)));
        queues.remove(Pid(2), CallId(1));
        assert_eq!(serve(&mut queues, 9), [0, 2]);
    }

    #[test]
    fn a_line_whose_calls_are_gone_keeps_nobody_waiting() {
        let mut queues = Queues::new(usize::MAX, usize::MAX);
        for pid in [2, 3, 4] {
            queues.push(Pid(pid), weight(5), CallId(pid));
        }
        queues.remove(Pid(2), CallId(2));
        queues.forget(Pid(3));
        assert_eq!(serve(&mut queues, 9), [4]);
        queues.push(Pid(2), weight(5), CallId(5));
        assert_eq!(serve(&mut queues, 9), [5]);
        assert!(queues.ready.is_empty());
    }
}
