//! The model port's types as messages and back, each pair side by side.
//!
//! Writing never fails. Reading does where a message leaves out what the port cannot do without, or says what this
//! version has no word for.

use std::time::Duration;

use agentos_core::ports::llm as port;
use agentos_core::spec::issue;
use serde_json::{Value, json};
use thiserror::Error;

use crate::ai::{self, llm_error, llm_event};

/// A message that does not say what it should.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("`{field}` {problem}")]
pub struct Unreadable {
    pub field: &'static str,
    pub problem: &'static str,
}

fn unset(field: &'static str) -> Unreadable {
    let problem = "is not set, or to something unknown";
    Unreadable { field, problem }
}

impl From<port::LlmRequest> for ai::LlmRequest {
    fn from(request: port::LlmRequest) -> Self {
        Self {
            task: ai::Task::from(request.task).into(),
            user_text: request.user_text,
            document: request.document.as_ref().map(Value::to_string),
            issues: request.issues.into_iter().map(Into::into).collect(),
            system: request.system,
            messages: request.messages.into_iter().map(Into::into).collect(),
            schema: request.schema.as_ref().map(Value::to_string),
            max_tokens: request.max_tokens,
            deadline: Some(written(request.deadline)),
        }
    }
}

impl TryFrom<ai::LlmRequest> for port::LlmRequest {
    type Error = Unreadable;

    fn try_from(request: ai::LlmRequest) -> Result<Self, Unreadable> {
        Ok(Self {
            task: request.task().try_into()?,
            document: json_in("document", request.document)?,
            issues: all(request.issues)?,
            messages: all(request.messages)?,
            schema: json_in("schema", request.schema)?,
            deadline: request.deadline.and_then(read).ok_or_else(|| unset("deadline"))?,
            user_text: request.user_text,
            system: request.system,
            max_tokens: request.max_tokens,
            // Programs outside speak for the person.
            account: port::Account::Person,
            urgency: port::Urgency::Foreground,
        })
    }
}

impl From<port::Task> for ai::Task {
    fn from(task: port::Task) -> Self {
        match task {
            port::Task::Generate => Self::Generate,
            port::Task::Edit => Self::Edit,
            port::Task::Repair => Self::Repair,
            port::Task::Chat => Self::Chat,
            port::Task::Ask => Self::Ask,
        }
    }
}

impl TryFrom<ai::Task> for port::Task {
    type Error = Unreadable;

    fn try_from(task: ai::Task) -> Result<Self, Unreadable> {
        match task {
            ai::Task::Unspecified => Err(unset("task")),
            ai::Task::Generate => Ok(Self::Generate),
            ai::Task::Edit => Ok(Self::Edit),
            ai::Task::Repair => Ok(Self::Repair),
            ai::Task::Chat => Ok(Self::Chat),
            ai::Task::Ask => Ok(Self::Ask),
        }
    }
}

impl From<issue::Issue> for ai::Issue {
    fn from(issue: issue::Issue) -> Self {
        Self {
            code: json!(issue.code).as_str().unwrap_or_default().to_owned(),
            severity: ai::Severity::from(issue.severity).into(),
            path: issue.path,
            id: issue.id,
            message: issue.message,
            hint: issue.hint,
        }
    }
}

impl TryFrom<ai::Issue> for issue::Issue {
    type Error = Unreadable;

    fn try_from(issue: ai::Issue) -> Result<Self, Unreadable> {
        Ok(Self {
            severity: issue.severity().try_into()?,
            code: serde_json::from_value(Value::String(issue.code)).map_err(|_| unset("code"))?,
            path: issue.path,
            id: issue.id,
            message: issue.message,
            hint: issue.hint,
        })
    }
}

impl From<issue::Severity> for ai::Severity {
    fn from(severity: issue::Severity) -> Self {
        match severity {
            issue::Severity::Note => Self::Note,
            issue::Severity::Warning => Self::Warning,
            issue::Severity::Error => Self::Error,
        }
    }
}

impl TryFrom<ai::Severity> for issue::Severity {
    type Error = Unreadable;

    fn try_from(severity: ai::Severity) -> Result<Self, Unreadable> {
        match severity {
            ai::Severity::Unspecified => Err(unset("severity")),
            ai::Severity::Note => Ok(Self::Note),
            ai::Severity::Warning => Ok(Self::Warning),
            ai::Severity::Error => Ok(Self::Error),
        }
    }
}

impl From<port::Message> for ai::Message {
    fn from(message: port::Message) -> Self {
        let role = match message.role {
            port::Role::User => ai::Role::User,
            port::Role::Model => ai::Role::Model,
        };
        Self {
            role: role.into(),
            text: message.text,
        }
    }
}

impl TryFrom<ai::Message> for port::Message {
    type Error = Unreadable;

    fn try_from(message: ai::Message) -> Result<Self, Unreadable> {
        let role = match message.role() {
            ai::Role::Unspecified => return Err(unset("role")),
            ai::Role::User => port::Role::User,
            ai::Role::Model => port::Role::Model,
        };
        Ok(Self {
            role,
            text: message.text,
        })
    }
}

/// What a model's stream yields.
type Yielded = Result<port::LlmEvent, port::LlmError>;

impl From<Yielded> for ai::LlmEvent {
    fn from(yielded: Yielded) -> Self {
        let event = match yielded {
            Ok(port::LlmEvent::Thought(text)) => llm_event::Event::Thought(text),
            Ok(port::LlmEvent::Text(text)) => llm_event::Event::Text(text),
            Ok(port::LlmEvent::Usage(port::Usage { input, output })) => {
                llm_event::Event::Usage(ai::Usage { input, output })
            }
            Ok(port::LlmEvent::End(reason)) => llm_event::Event::End(ai::EndReason::from(reason).into()),
            Err(error) => llm_event::Event::Error(error.into()),
        };
        Self { event: Some(event) }
    }
}

/// An event without a meaning is an answer that was not understood.
impl From<ai::LlmEvent> for Yielded {
    fn from(event: ai::LlmEvent) -> Self {
        match event.event.ok_or_else(|| malformed(unset("event")))? {
            llm_event::Event::Thought(text) => Ok(port::LlmEvent::Thought(text)),
            llm_event::Event::Text(text) => Ok(port::LlmEvent::Text(text)),
            llm_event::Event::Usage(ai::Usage { input, output }) => {
                Ok(port::LlmEvent::Usage(port::Usage { input, output }))
            }
            llm_event::Event::End(reason) => {
                let reason = ai::EndReason::try_from(reason).unwrap_or_default();
                reason.try_into().map(port::LlmEvent::End).map_err(malformed)
            }
            llm_event::Event::Error(error) => Err(error.into()),
        }
    }
}

impl From<port::EndReason> for ai::EndReason {
    fn from(reason: port::EndReason) -> Self {
        match reason {
            port::EndReason::Stop => Self::Stop,
            port::EndReason::Length => Self::Length,
        }
    }
}

impl TryFrom<ai::EndReason> for port::EndReason {
    type Error = Unreadable;

    fn try_from(reason: ai::EndReason) -> Result<Self, Unreadable> {
        match reason {
            ai::EndReason::Unspecified => Err(unset("end")),
            ai::EndReason::Stop => Ok(Self::Stop),
            ai::EndReason::Length => Ok(Self::Length),
        }
    }
}

impl From<port::LlmError> for ai::LlmError {
    fn from(error: port::LlmError) -> Self {
        use llm_error::Error;
        let error = match error {
            port::LlmError::Declined { message, can_build } => {
                Error::Declined(llm_error::Declined { message, can_build })
            }
            port::LlmError::Blocked { reason } => Error::Blocked(llm_error::Blocked { reason }),
            port::LlmError::RateLimited { retry_after } => Error::RateLimited(llm_error::RateLimited {
                retry_after: retry_after.map(written),
            }),
            port::LlmError::Overloaded { message, retry_after } => Error::Overloaded(llm_error::Overloaded {
                message,
                retry_after: retry_after.map(written),
            }),
            port::LlmError::Busy { message } => Error::Busy(llm_error::Busy { message }),
            port::LlmError::BudgetSpent { message, retry_after } => {
                Error::BudgetSpent(llm_error::BudgetSpent {
                    message,
                    retry_after: Some(written(retry_after)),
                })
            }
            port::LlmError::Rejected { message } => Error::Rejected(llm_error::Rejected { message }),
            port::LlmError::Unavailable(cause) => Error::Unavailable(llm_error::Unavailable {
                cause: cause.to_string(),
            }),
            port::LlmError::TimedOut => Error::TimedOut(llm_error::TimedOut {}),
            port::LlmError::OutOfTokens => Error::OutOfTokens(llm_error::OutOfTokens {}),
            port::LlmError::Malformed(cause) => Error::Malformed(llm_error::Malformed {
                cause: cause.to_string(),
            }),
        };
        Self { error: Some(error) }
    }
}

/// An error without a meaning is an answer that was not understood.
impl From<ai::LlmError> for port::LlmError {
    fn from(error: ai::LlmError) -> Self {
        use llm_error::Error;
        match error.error {
            Some(Error::Declined(declined)) => Self::Declined {
                message: declined.message,
                can_build: declined.can_build,
            },
            Some(Error::Blocked(blocked)) => Self::Blocked {
                reason: blocked.reason,
            },
            Some(Error::RateLimited(limited)) => Self::RateLimited {
                retry_after: limited.retry_after.and_then(read),
            },
            Some(Error::Overloaded(overloaded)) => Self::Overloaded {
                message: overloaded.message,
                retry_after: overloaded.retry_after.and_then(read),
            },
            Some(Error::Busy(busy)) => Self::Busy {
                message: busy.message,
            },
            Some(Error::BudgetSpent(spent)) => Self::BudgetSpent {
                message: spent.message,
                retry_after: spent.retry_after.and_then(read).unwrap_or_default(),
            },
            Some(Error::Rejected(rejected)) => Self::Rejected {
                message: rejected.message,
            },
            Some(Error::Unavailable(unavailable)) => Self::Unavailable(unavailable.cause.into()),
            Some(Error::TimedOut(llm_error::TimedOut {})) => Self::TimedOut,
            Some(Error::OutOfTokens(llm_error::OutOfTokens {})) => Self::OutOfTokens,
            Some(Error::Malformed(malformed)) => Self::Malformed(malformed.cause.into()),
            None => malformed(unset("error")),
        }
    }
}

fn malformed(unreadable: Unreadable) -> port::LlmError {
    port::LlmError::Malformed(unreadable.into())
}

fn all<Message, Meaning: TryFrom<Message>>(messages: Vec<Message>) -> Result<Vec<Meaning>, Meaning::Error> {
    messages.into_iter().map(Meaning::try_from).collect()
}

fn json_in(field: &'static str, text: Option<String>) -> Result<Option<Value>, Unreadable> {
    let problem = "is not JSON";
    text.map(|text| serde_json::from_str(&text).map_err(|_| Unreadable { field, problem }))
        .transpose()
}

/// A span beyond what a message can hold is as good as the longest it can.
fn written(span: Duration) -> prost_types::Duration {
    span.try_into().unwrap_or(prost_types::Duration {
        seconds: i64::MAX,
        nanos: 0,
    })
}

/// Nothing for a span that is negative.
fn read(span: prost_types::Duration) -> Option<Duration> {
    span.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request() -> port::LlmRequest {
        port::LlmRequest {
            task: port::Task::Repair,
            user_text: "a clock".to_owned(),
            document: Some(json!({"title": "Clock", "state": {"at": 0.1, "big": u64::MAX}})),
            issues: vec![
                issue::Issue::error(issue::Code::ExprSyntax, "/components/0", "wrong")
                    .about("hand")
                    .hint("{{ at }}"),
                issue::Issue::note(issue::Code::A11yLabel, "", "label"),
            ],
            system: "Write JSON.".to_owned(),
            messages: vec![
                port::Message {
                    role: port::Role::User,
                    text: "a clock".to_owned(),
                },
                port::Message {
                    role: port::Role::Model,
                    text: "{}".to_owned(),
                },
            ],
            schema: Some(json!({"type": "object"})),
            max_tokens: 1_000,
            deadline: Duration::from_millis(20_001),
            account: port::Account::Person,
            urgency: port::Urgency::Foreground,
        }
    }

    #[test]
    fn a_request_reads_back_whole() {
        for task in [
            port::Task::Generate,
            port::Task::Edit,
            port::Task::Repair,
            port::Task::Chat,
        ] {
            let request = port::LlmRequest { task, ..request() };
            assert_eq!(ai::LlmRequest::from(request.clone()).try_into(), Ok(request));
        }
    }

    #[test]
    fn a_request_that_says_too_little_names_the_field() {
        #[track_caller]
        fn check(spoil: impl FnOnce(&mut ai::LlmRequest), told: &str) {
            let mut message = request().into();
            spoil(&mut message);
            let read: Result<port::LlmRequest, Unreadable> = message.try_into();
            assert_eq!(read.unwrap_err().to_string(), told);
        }
        let nothing = |field| format!("`{field}` is not set, or to something unknown");
        check(|request| request.task = 0, &nothing("task"));
        check(|request| request.task = 99, &nothing("task"));
        check(|request| request.deadline = None, &nothing("deadline"));
        check(|request| request.messages[0].role = 0, &nothing("role"));
        check(|request| request.issues[0].severity = 0, &nothing("severity"));
        check(
            |request| request.issues[0].code = "new_code".to_owned(),
            &nothing("code"),
        );
        check(
            |request| request.document = Some("{".to_owned()),
            "`document` is not JSON",
        );
        let negative = prost_types::Duration {
            seconds: -1,
            nanos: 0,
        };
        check(|request| request.deadline = Some(negative), &nothing("deadline"));
    }

    #[test]
    fn an_event_without_a_meaning_was_not_understood() {
        let unknown_end = llm_event::Event::End(99);
        let no_error = llm_event::Event::Error(ai::LlmError { error: None });
        for event in [None, Some(unknown_end), Some(no_error)] {
            let read = Yielded::from(ai::LlmEvent { event });
            assert!(matches!(read, Err(port::LlmError::Malformed(_))), "{read:?}");
        }
    }
}
