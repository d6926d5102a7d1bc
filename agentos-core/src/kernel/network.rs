//! The way of a request over the network: allowed or asked about, sent, and led on by redirects, each of
//! which is a request of its own to the monitor.

use super::address::is_public;
use super::approval::ApprovalNeed;
use super::errand::Errand;
use super::exchange::{Exchange, Outbound};
use super::{
    Action, Answer, Asked, CallId, Capability, HttpRequest, Kernel, Limits, Method, Op, Pid, Reply, SysError,
    Target,
};

/// What a call needs until its last answer.
#[derive(Debug)]
pub(super) struct NetworkCall {
    pub(super) exchange: Exchange,
    /// How many bytes the last answer's body may have.
    pub(super) response_bytes: u64,
    /// The caller would have taken more, but the hour is nearly used up.
    pub(super) cut_by_the_hour: bool,
    /// What is set aside of the hour for it.
    pub(super) reserved: u64,
    /// Body bytes handed to the network so far, and those that redirects brought.
    pub(super) passed: u64,
    /// Whether anything was handed to the network.
    pub(super) begun: bool,
    /// It ends once it is allowed: the window of the app loads what is there.
    pub(super) only_asks: bool,
}

impl NetworkCall {
    pub(super) fn need(&self) -> ApprovalNeed {
        ApprovalNeed::Net(self.exchange.target.site())
    }

    pub(super) fn capability(&self) -> Capability {
        Capability::from(self.exchange.target.need(self.exchange.method))
    }

    pub(super) fn begin(&mut self) {
        self.begun = true;
        self.passed += self.exchange.body.len() as u64;
    }

    /// What it may have cost of the hour.
    fn bytes_used(&self, result: &Result<Reply, SysError>) -> u64 {
        match result {
            Ok(Reply::Response(response)) => self.passed + response.body.len() as u64,
            // These say that no body was read of the last.
            Err(SysError::PermissionDenied { .. } | SysError::Unavailable { .. }) => self.passed,
            _ if !self.begun => 0,
            _ => self.reserved,
        }
    }
}

impl Kernel {
    pub(super) fn network_request(
        &mut self,
        asked: Asked,
        request: HttpRequest,
        limits: &Limits,
    ) -> Result<Answer, SysError> {
        self.admit_network(asked, request, false, limits)
    }

    pub(super) fn network_access(
        &mut self,
        asked: Asked,
        url: String,
        limits: &Limits,
    ) -> Result<Answer, SysError> {
        let request = HttpRequest {
            method: Method::Get,
            url,
            headers: Vec::new(),
            body: Vec::new(),
            timeout: None,
            response_bytes: Some(0),
        };
        self.admit_network(asked, request, true, limits)
    }

    fn admit_network(
        &mut self,
        asked: Asked,
        request: HttpRequest,
        only_asks: bool,
        limits: &Limits,
    ) -> Result<Answer, SysError> {
        let body = request.body.len() as u64;
        if body > limits.request_bytes {
            return Err(SysError::TooLarge {
                limit: limits.request_bytes,
            });
        }
        let wanted = request
            .response_bytes
            .map_or(limits.response_bytes, |bytes| bytes.min(limits.response_bytes));
        let deadline = request.timeout.map_or(asked.deadline, |timeout| {
            asked.deadline.min(self.now.saturating_add(timeout))
        });
        let asked = Asked { deadline, ..asked };
        let exchange = Exchange::new(request)?;
        let pid = asked.caller.pid();
        let process = self.processes.get_mut(pid).ok_or(SysError::Cancelled)?;
        let response_bytes = process.check_network(wanted, self.now)?;
        let held_bytes = body + response_bytes;
        let process = self.processes.take_operation(pid, limits, held_bytes)?;
        process.take_network(response_bytes);
        let network = NetworkCall {
            exchange,
            response_bytes,
            cut_by_the_hour: response_bytes < wanted,
            reserved: response_bytes,
            passed: 0,
            begun: false,
            only_asks,
        };
        self.set_out(asked, Errand::Network(Box::new(network)), held_bytes);
        Ok(Answer::WhenDone)
    }

    /// Sends what is allowed now.
    pub(super) fn send_request(&mut self, call: CallId) -> Result<(), SysError> {
        let Some((asked, network)) = self.network_of(call) else {
            return Ok(());
        };
        let target = network.exchange.target.clone();
        if network.only_asks {
            self.check_audit()?;
            let origin = target.origin();
            self.record(asked.caller, Action::NetworkAccess { origin });
            self.end_call(call, Ok(Reply::Done));
            return Ok(());
        }
        let outbound = Outbound {
            method: network.exchange.method,
            headers: network.exchange.headers.clone(),
            body: network.exchange.body.clone(),
            response_bytes: network.response_bytes,
            operator_granted: self.config.operator_sites.contains(&target.site()),
            target,
        };
        let body = outbound.body.len() as u64;
        let process = self
            .processes
            .get_mut(asked.caller.pid())
            .ok_or(SysError::Cancelled)?;
        process.reserve_network(body, self.now)?;
        if let Some(network) = self.network_of_mut(call) {
            network.reserved += body;
        }
        self.enqueue(call, Op::NetworkRequest(Box::new(outbound)))
    }

    /// An address that is not public is nobody's to allow but the operator's.
    pub(super) fn check_address(&self, target: &Target, need: Capability) -> Result<(), SysError> {
        let is_private = target.host().address().is_some_and(|address| !is_public(address));
        if is_private && !self.config.operator_sites.contains(&target.site()) {
            return Err(SysError::PermissionDenied { need });
        }
        Ok(())
    }

    /// What the answer of one server means for the call: its result, or the next request.
    pub(super) fn network_answered(&mut self, call: CallId, result: Result<Reply, SysError>) {
        let Some(network) = self.network_of_mut(call) else {
            return self.end_call(call, result);
        };
        let response = match result {
            Ok(Reply::Response(response)) => response,
            Err(SysError::TooLarge { .. }) if network.cut_by_the_hour => {
                let full = self.network_hour_is_full(call);
                return self.end_call(call, Err(full));
            }
            other => return self.end_call(call, other),
        };
        match network.exchange.after(&response) {
            Ok(None) => self.end_call(call, Ok(Reply::Response(response))),
            Ok(Some(next)) => {
                network.exchange = next;
                match self.count_redirect(call, response.body.len() as u64) {
                    Ok(()) => self.go_on(call),
                    Err(full) => self.end_call(call, Err(full)),
                }
            }
            Err(error) => self.end_call(call, Err(error)),
        }
    }

    /// What a redirect brought came beside what is set aside for the last answer.
    fn count_redirect(&mut self, call: CallId, bytes: u64) -> Result<(), SysError> {
        let Some((asked, _)) = self.network_of(call) else {
            return Ok(());
        };
        let process = self.processes.get_mut(asked.caller.pid());
        process
            .ok_or(SysError::Cancelled)?
            .reserve_network(bytes, self.now)?;
        if let Some(network) = self.network_of_mut(call) {
            network.reserved += bytes;
            network.passed += bytes;
        }
        Ok(())
    }

    fn network_hour_is_full(&self, call: CallId) -> SysError {
        let process = self
            .calls
            .get(&call)
            .and_then(|call| self.processes.get(call.asked.caller.pid()));
        process.map_or(SysError::Cancelled, |process| process.network_is_full(self.now))
    }

    /// Gives back what a call held of the network.
    pub(super) fn settle_network(
        &mut self,
        pid: Pid,
        network: &NetworkCall,
        result: &Result<Reply, SysError>,
    ) {
        if let Some(process) = self.processes.get_mut(pid) {
            process.give_back_network(network.reserved, network.bytes_used(result), self.now);
        }
    }

    fn network_of(&self, call: CallId) -> Option<(Asked, &NetworkCall)> {
        let waiting = self.calls.get(&call)?;
        match &waiting.errand {
            Some(Errand::Network(network)) => Some((waiting.asked, network)),
            _ => None,
        }
    }

    fn network_of_mut(&mut self, call: CallId) -> Option<&mut NetworkCall> {
        match &mut self.calls.get_mut(&call)?.errand {
            Some(Errand::Network(network)) => Some(network),
            _ => None,
        }
    }
}
