//! `/metrics`: the server in the text format of Prometheus.

use std::fmt::{Display, Write};
use std::sync::Arc;

use agentos_core::kernel::{KernelStats, OperationTimes};
use agentos_core::llm_queue::QueueFigures;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;

use crate::desk::Desk;
use crate::fault::Fault;
use crate::ws::CONNECTIONS;

const TEXT_FORMAT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Figures for a program that watches over time.
#[utoipa::path(get, path = "/metrics", responses((status = OK, body = String, content_type = "text/plain")))]
pub(crate) async fn metrics(State(desk): State<Arc<Desk>>) -> Result<impl IntoResponse, Fault> {
    let mut page = Page::default();
    page.kernel(&desk.kernel.stats().await?);
    page.counter("agentos_generations_total", "Generations, by how they ended.")
        .each("outcome", desk.outcomes.counts());
    if let Some(queue) = &desk.queue {
        page.model(&queue.figures());
    }
    page.gauge("agentos_websocket_connections", "Open connections to /stream.")
        .one(CONNECTIONS - desk.connections.available_permits());
    page.gauge("agentos_uptime_seconds", "Since the server started.")
        .one(seconds(desk.uptime_ms()));
    Ok(([(CONTENT_TYPE, TEXT_FORMAT)], page.text))
}

fn seconds(millis: u64) -> f64 {
    millis as f64 / 1_000.0
}

#[derive(Default)]
struct Page {
    text: String,
}

/// One metric, whose samples follow.
struct Metric<'a> {
    name: &'static str,
    text: &'a mut String,
}

impl Page {
    fn kernel(&mut self, stats: &KernelStats) {
        let running = stats.processes - stats.suspended;
        self.gauge("agentos_processes", "Processes, by state.")
            .each("state", [("running", running), ("suspended", stats.suspended)]);
        self.gauge("agentos_memory_bytes", "Held by the kernel for all processes.")
            .one(stats.memory_bytes);
        self.gauge(
            "agentos_memory_limit_bytes",
            "The limits of all processes together.",
        )
        .one(stats.memory_limit_bytes);
        self.gauge(
            "agentos_memory_budget_bytes",
            "What all processes together may have held.",
        )
        .one(stats.memory_budget_bytes);
        self.gauge(
            "agentos_memory_level",
            "How far the budget is used: 0 normal, 1 warning, 2 critical.",
        )
        .one(stats.memory_level as u8);
        self.gauge("agentos_grants", "Grants that hold.")
            .one(stats.grants);
        self.gauge("agentos_approvals_waiting", "Questions that wait for a person.")
            .one(stats.approvals);
        self.gauge("agentos_calls_in_flight", "Syscalls that wait for their answer.")
            .one(stats.calls_in_flight);
        self.counter("agentos_calls_total", "Syscalls that were answered, by outcome.")
            .each(
                "outcome",
                stats
                    .calls
                    .iter()
                    .map(|(outcome, count)| (outcome.as_str(), *count)),
            );
        self.counter(
            "agentos_denials_total",
            "Syscalls that were refused for want of a grant.",
        )
        .one(stats.denials);
        self.gauge("agentos_operations_in_flight", "Operations the host performs.")
            .one(stats.operations_in_flight);
        self.gauge(
            "agentos_operations_waiting",
            "Operations that wait for their turn.",
        )
        .one(stats.operations_waiting);
        self.durations(&stats.operation_times);
        self.gauge(
            "agentos_open_streams",
            "Files that are read or written as streams.",
        )
        .one(stats.open_streams);
        self.counter(
            "agentos_streamed_bytes_total",
            "What flowed in streams that ended well.",
        )
        .one(stats.streamed_bytes);
        self.counter("agentos_kernel_events_total", "Events of the kernel.")
            .one(stats.events);
    }

    fn durations(&mut self, times: &OperationTimes) {
        let bounds = OperationTimes::BOUNDS.map(|bound| seconds(bound).to_string());
        let within = bounds.iter().map(String::as_str).zip(times.within);
        let name = "agentos_operation_seconds";
        let mut metric = self.metric(name, "How long operations of the host took.", "histogram");
        metric.name = "agentos_operation_seconds_bucket";
        metric.each("le", within.chain([("+Inf", times.count)]));
        metric.name = "agentos_operation_seconds_sum";
        metric.one(seconds(times.total_ms));
        metric.name = "agentos_operation_seconds_count";
        metric.one(times.count);
    }

    fn model(&mut self, figures: &QueueFigures) {
        let ended = figures.ended;
        self.counter(
            "agentos_model_requests_total",
            "Requests to the remote model that ended.",
        )
        .one(ended.calls);
        self.counter("agentos_model_tokens_total", "Tokens of those, by direction.")
            .each(
                "direction",
                [("input", ended.input_tokens), ("output", ended.output_tokens)],
            );
        self.gauge(
            "agentos_model_requests",
            "Requests to the remote model, by state.",
        )
        .each(
            "state",
            [("running", figures.running), ("waiting", figures.waiting)],
        );
    }

    fn gauge(&mut self, name: &'static str, help: &str) -> Metric<'_> {
        self.metric(name, help, "gauge")
    }

    fn counter(&mut self, name: &'static str, help: &str) -> Metric<'_> {
        self.metric(name, help, "counter")
    }

    fn metric(&mut self, name: &'static str, help: &str, kind: &str) -> Metric<'_> {
        write_line(&mut self.text, format_args!("# HELP {name} {help}"));
        write_line(&mut self.text, format_args!("# TYPE {name} {kind}"));
        Metric {
            name,
            text: &mut self.text,
        }
    }
}

impl Metric<'_> {
    fn one(&mut self, value: impl Display) {
        write_line(self.text, format_args!("{} {value}", self.name));
    }

    /// A sample for each value of `label`; the values here are words that need no escaping.
    fn each<'l>(&mut self, label: &str, samples: impl IntoIterator<Item = (&'l str, impl Display)>) {
        for (word, value) in samples {
            write_line(
                self.text,
                format_args!("{}{{{label}=\"{word}\"}} {value}", self.name),
            );
        }
    }
}

fn write_line(text: &mut String, line: std::fmt::Arguments<'_>) {
    // A text takes what it is given.
    let _ = writeln!(text, "{line}");
}
