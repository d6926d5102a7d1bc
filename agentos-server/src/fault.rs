//! What a client is told when something fails: the one table from errors to status and code.

use std::borrow::Cow;
use std::collections::HashMap;
use std::error::Error;
use std::time::Duration;

use agentos_adapters::kernel::AuditError;
use agentos_core::apps::AppError;
use agentos_core::chat::ChatError;
use agentos_core::generate::{GenerationError, GenerationFailure};
use agentos_core::kernel::SysError;
use agentos_core::ports::llm::LlmError;
use agentos_core::ports::service::ServiceError;
use agentos_core::ports::storage::StorageError;
use agentos_core::registry::RegistryError;
use agentos_core::spec::Issue;
use agentos_core::spec::history::HistoryError;
use agentos_proto::Unreadable;
use axum::Json;
use axum::extract::rejection::{BytesRejection, PathRejection, QueryRejection};
use axum::http::StatusCode;
use axum::http::header::{RETRY_AFTER, WWW_AUTHENTICATE};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::{Value, json};
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt};
use tracing::{error, warn};
use utoipa::ToSchema;

use crate::settings::SettingsError;

/// Bytes of details that gRPC sends along: they travel in a header, and clients refuse long ones.
const GRPC_DETAILS_BYTES: usize = 2 * 1024;
/// Who tells the reasons in gRPC's details.
const GRPC_DOMAIN: &str = "agentos";

/// A failure as clients see it: a status for REST, the same code and sentence on every wire.
#[derive(Debug)]
pub(crate) struct Fault {
    pub(crate) status: StatusCode,
    pub(crate) code: Cow<'static, str>,
    pub(crate) message: String,
    pub(crate) details: Option<Box<Value>>,
    pub(crate) retry_after: Option<Duration>,
}

/// The body of every failed request.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FaultBody {
    /// A sentence for a person.
    pub(crate) error: String,
    /// What a program decides by, in `snake_case`.
    #[schema(value_type = String)]
    pub(crate) code: Cow<'static, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub(crate) details: Option<Box<Value>>,
}

impl Fault {
    pub(crate) fn new(
        status: StatusCode,
        code: impl Into<Cow<'static, str>>,
        message: impl Into<String>,
    ) -> Self {
        Self {
            status,
            code: code.into(),
            message: message.into(),
            details: None,
            retry_after: None,
        }
    }

    #[must_use]
    pub(crate) fn with_details(mut self, details: Value) -> Self {
        self.details = Some(Box::new(details));
        self
    }

    pub(crate) fn foreign_host() -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "foreign_host",
            "this server answers only to requests that name this machine, such as http://127.0.0.1",
        )
    }

    pub(crate) fn foreign_origin() -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "foreign_origin",
            "this request comes from another site",
        )
    }

    pub(crate) fn unauthenticated() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "unauthenticated",
            "this server asks for its token: send it as `Authorization: Bearer`, or open the desktop by the link that \
             the server printed when it started",
        )
    }

    pub(crate) fn unauthenticated_stream() -> Self {
        Self {
            message: "this server asks for its token: send `{\"type\":\"auth\",\"token\":…}` first"
                .to_owned(),
            ..Self::unauthenticated()
        }
    }

    pub(crate) fn unknown_process_token() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "unknown_process_token",
            "no process that runs has this token",
        )
    }

    pub(crate) fn acts_for_another() -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "acts_for_another",
            "who brings a process token acts for that process alone",
        )
    }

    pub(crate) fn not_json() -> Self {
        Self::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "not_json",
            "a request with a body needs the header `Content-Type: application/json`",
        )
    }

    pub(crate) fn no_such_route() -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "not_found",
            "nothing is served at this path; see /openapi.json",
        )
    }

    pub(crate) fn wrong_method() -> Self {
        Self::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "method_not_allowed",
            "this path does not take this method; see /openapi.json",
        )
    }

    pub(crate) fn invalid_query(message: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_query", message)
    }

    pub(crate) fn no_audit() -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "not_found",
            "this server has no audit to show",
        )
    }

    /// The person asked for it, or everybody who wanted the result is gone.
    pub(crate) fn cancelled() -> Self {
        Self::new(StatusCode::CONFLICT, "cancelled", "cancelled")
    }

    pub(crate) fn unfinished() -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            "the generation ended without a result",
        )
    }

    pub(crate) fn too_talkative() -> Self {
        Self::new(
            StatusCode::BAD_GATEWAY,
            "too_large",
            "the model wrote more than an app can hold",
        )
    }

    pub(crate) fn too_large() -> Self {
        Self::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "too_large",
            "the body is larger than this route takes",
        )
    }
}

impl From<Fault> for FaultBody {
    fn from(fault: Fault) -> Self {
        Self {
            error: fault.message,
            code: fault.code,
            details: fault.details,
        }
    }
}

impl IntoResponse for Fault {
    fn into_response(self) -> Response {
        let retry_after = self
            .retry_after
            .map(|pause| pause.as_millis().div_ceil(1_000).to_string());
        let retry_after = retry_after.map(|seconds| [(RETRY_AFTER, seconds)]);
        let challenge = (self.status == StatusCode::UNAUTHORIZED).then_some([(WWW_AUTHENTICATE, "Bearer")]);
        (self.status, retry_after, challenge, Json(FaultBody::from(self))).into_response()
    }
}

/// The code is the reason of an `ErrorInfo`, with the details in its metadata where they are short.
impl From<Fault> for Status {
    fn from(fault: Fault) -> Self {
        let details = fault.details.map(|details| details.to_string());
        let metadata = details
            .filter(|details| details.len() <= GRPC_DETAILS_BYTES)
            .map(|details| ("details".to_owned(), details));
        let mut told = ErrorDetails::with_error_info(
            fault.code,
            GRPC_DOMAIN,
            metadata.into_iter().collect::<HashMap<_, _>>(),
        );
        if let Some(pause) = fault.retry_after {
            told.set_retry_info(Some(pause));
        }
        Self::with_error_details(grpc_code(fault.status), fault.message, told)
    }
}

fn grpc_code(status: StatusCode) -> Code {
    match status {
        StatusCode::UNAUTHORIZED => Code::Unauthenticated,
        StatusCode::FORBIDDEN => Code::PermissionDenied,
        StatusCode::NOT_FOUND => Code::NotFound,
        StatusCode::METHOD_NOT_ALLOWED => Code::Unimplemented,
        StatusCode::CONFLICT => Code::FailedPrecondition,
        StatusCode::TOO_MANY_REQUESTS => Code::ResourceExhausted,
        StatusCode::BAD_GATEWAY | StatusCode::SERVICE_UNAVAILABLE => Code::Unavailable,
        StatusCode::GATEWAY_TIMEOUT => Code::DeadlineExceeded,
        status if status.is_client_error() => Code::InvalidArgument,
        _ => Code::Internal,
    }
}

/// A body, path or query that never reached a handler.
impl From<BytesRejection> for Fault {
    fn from(rejection: BytesRejection) -> Self {
        if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
            Self::too_large()
        } else {
            Self::new(rejection.status(), "invalid_body", rejection.body_text())
        }
    }
}

impl From<PathRejection> for Fault {
    fn from(rejection: PathRejection) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", rejection.body_text())
    }
}

impl From<QueryRejection> for Fault {
    fn from(rejection: QueryRejection) -> Self {
        Self::invalid_query(rejection.body_text())
    }
}

/// A call whose message does not say what it should.
impl From<Unreadable> for Fault {
    fn from(unreadable: Unreadable) -> Self {
        Self::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "invalid_body",
            unreadable.to_string(),
        )
    }
}

impl From<AppError> for Fault {
    fn from(error: AppError) -> Self {
        let (status, code) = match error {
            AppError::Process(error) => return error.into(),
            AppError::Storage(error) => return error.into(),
            AppError::Document(issue) | AppError::State(issue) => return issue.into(),
            AppError::History(error) => return error.into(),
            AppError::StaleVersion { .. } => (StatusCode::CONFLICT, "stale_version"),
            AppError::NotFound(_) | AppError::ParentNotFound(_) => (StatusCode::NOT_FOUND, "not_found"),
            AppError::TooManyApps { .. } => (StatusCode::TOO_MANY_REQUESTS, "quota_exceeded"),
            AppError::InvalidWindow { .. } | AppError::StateNotAnObject => {
                (StatusCode::UNPROCESSABLE_ENTITY, "invalid_body")
            }
            AppError::BatchTooLong { .. } => (StatusCode::UNPROCESSABLE_ENTITY, "too_large"),
            AppError::Patch(_) => (StatusCode::UNPROCESSABLE_ENTITY, "patch_failed"),
            AppError::RunsElsewhere => (StatusCode::CONFLICT, "runs_elsewhere"),
            AppError::EngineReplaced => (StatusCode::CONFLICT, "engine_replaced"),
            AppError::EngineLive => (StatusCode::CONFLICT, "engine_live"),
            AppError::Suspended => (StatusCode::CONFLICT, "suspended"),
            AppError::StaleRev { .. } => (StatusCode::CONFLICT, "stale_rev"),
        };
        told(status, code, &error)
    }
}

impl From<HistoryError> for Fault {
    fn from(error: HistoryError) -> Self {
        let (status, code) = match error {
            HistoryError::Refused(issues) => return issues.into(),
            HistoryError::NothingToUndo => (StatusCode::CONFLICT, "nothing_to_undo"),
            HistoryError::NothingToRedo => (StatusCode::CONFLICT, "nothing_to_redo"),
            HistoryError::NoSuchVersion { .. } => (StatusCode::NOT_FOUND, "not_found"),
            HistoryError::Broken(_) => (StatusCode::INTERNAL_SERVER_ERROR, "internal"),
        };
        told(status, code, &error)
    }
}

impl From<RegistryError> for Fault {
    fn from(error: RegistryError) -> Self {
        let (status, code) = match error {
            RegistryError::App(error) => return error.into(),
            RegistryError::Storage(error) => return error.into(),
            RegistryError::NotFound(_) => (StatusCode::NOT_FOUND, "not_found"),
            RegistryError::TooManyPackages { .. } => (StatusCode::TOO_MANY_REQUESTS, "quota_exceeded"),
            RegistryError::Invalid(_) => (StatusCode::UNPROCESSABLE_ENTITY, "invalid_body"),
        };
        told(status, code, &error)
    }
}

/// A document or state that cannot be kept at all.
impl From<Issue> for Fault {
    fn from(issue: Issue) -> Self {
        vec![issue].into()
    }
}

/// A document that is refused; the first error says why.
impl From<Vec<Issue>> for Fault {
    fn from(issues: Vec<Issue>) -> Self {
        let first = issues.iter().find(|issue| issue.is_error()).or(issues.first());
        let (code, message) = first.map_or((Value::Null, "the document is refused"), |issue| {
            (json!(issue.code), issue.message.as_str())
        });
        let code = code.as_str().unwrap_or("schema").to_owned();
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, code, message).with_details(json!({ "issues": issues }))
    }
}

impl From<SysError> for Fault {
    fn from(error: SysError) -> Self {
        let status = match &error {
            SysError::PermissionDenied { .. } | SysError::ApprovalRequired { .. } => StatusCode::FORBIDDEN,
            SysError::NotFound => StatusCode::NOT_FOUND,
            SysError::AlreadyExists
            | SysError::NotADirectory
            | SysError::IsADirectory
            | SysError::NotEmpty
            | SysError::Conflict { .. }
            | SysError::Cancelled => StatusCode::CONFLICT,
            SysError::InvalidArgument { .. } => StatusCode::UNPROCESSABLE_ENTITY,
            SysError::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            SysError::QuotaExceeded { .. } => StatusCode::TOO_MANY_REQUESTS,
            SysError::DeadlineExceeded => StatusCode::GATEWAY_TIMEOUT,
            SysError::Unavailable { .. } => StatusCode::SERVICE_UNAVAILABLE,
            SysError::Io { .. } => StatusCode::BAD_GATEWAY,
        };
        let fault = told(status, error.code(), &error);
        match error {
            SysError::QuotaExceeded { retry_after, .. } | SysError::Unavailable { retry_after } => Self {
                retry_after: retry_after.map(Duration::from_millis),
                ..fault
            },
            _ => fault,
        }
    }
}

impl From<ServiceError> for Fault {
    fn from(error: ServiceError) -> Self {
        let status = match error {
            ServiceError::System(error) => return error.into(),
            ServiceError::UnknownTool { .. } => StatusCode::NOT_FOUND,
            ServiceError::InvalidArgument { .. }
            | ServiceError::AppRequired { .. }
            | ServiceError::Tool { .. } => StatusCode::UNPROCESSABLE_ENTITY,
        };
        let mut fault = told(status, error.code().to_owned(), &error);
        if let ServiceError::Tool { details, .. } = error {
            fault.details = details.map(Box::new);
        }
        fault
    }
}

impl From<StorageError> for Fault {
    fn from(error: StorageError) -> Self {
        let (status, code) = match &error {
            StorageError::NotFound => (StatusCode::NOT_FOUND, "not_found"),
            StorageError::Stale { .. } => (StatusCode::CONFLICT, "stale_rev"),
            StorageError::Conflict => (StatusCode::CONFLICT, "conflict"),
            StorageError::Unavailable(_) => (StatusCode::SERVICE_UNAVAILABLE, "storage_unavailable"),
            StorageError::Corrupt { .. } => (StatusCode::INTERNAL_SERVER_ERROR, "storage_corrupt"),
        };
        told(status, code, &error)
    }
}

impl From<AuditError> for Fault {
    fn from(error: AuditError) -> Self {
        let (status, code) = match &error {
            AuditError::Fault(_) => (StatusCode::INTERNAL_SERVER_ERROR, "audit_edited"),
            AuditError::Unavailable(_) => (StatusCode::SERVICE_UNAVAILABLE, "storage_unavailable"),
        };
        told(status, code, &error)
    }
}

impl From<LlmError> for Fault {
    fn from(error: LlmError) -> Self {
        let status = match &error {
            LlmError::Declined { .. } | LlmError::Blocked { .. } | LlmError::OutOfTokens => {
                StatusCode::UNPROCESSABLE_ENTITY
            }
            LlmError::RateLimited { .. } | LlmError::Busy { .. } | LlmError::BudgetSpent { .. } => {
                StatusCode::TOO_MANY_REQUESTS
            }
            LlmError::Overloaded { .. } => StatusCode::SERVICE_UNAVAILABLE,
            LlmError::Rejected { .. } | LlmError::Unavailable(_) | LlmError::Malformed(_) => {
                StatusCode::BAD_GATEWAY
            }
            LlmError::TimedOut => StatusCode::GATEWAY_TIMEOUT,
        };
        let fault = told(status, error.code(), &error);
        match error {
            LlmError::Declined { can_build, .. } => fault.with_details(json!({ "can_build": can_build })),
            LlmError::RateLimited { retry_after } | LlmError::Overloaded { retry_after, .. } => {
                Self { retry_after, ..fault }
            }
            LlmError::BudgetSpent { retry_after, .. } => Self {
                retry_after: Some(retry_after),
                ..fault
            },
            _ => fault,
        }
    }
}

impl From<SettingsError> for Fault {
    fn from(error: SettingsError) -> Self {
        let (status, code) = match error {
            SettingsError::Refused { field, problem } => {
                return Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_settings", problem)
                    .with_details(json!({ "field": field }));
            }
            SettingsError::Unanswered { base_url, error } => return unanswered(&base_url, error),
            SettingsError::Fixed(_) => (StatusCode::CONFLICT, "settings_fixed"),
            SettingsError::NotKept(_) | SettingsError::NoClient(_) => {
                (StatusCode::INTERNAL_SERVER_ERROR, "internal")
            }
        };
        told(status, code, &error)
    }
}

/// A provider that was only tried: who named it can mend what is behind the failure.
fn unanswered(base_url: &str, error: LlmError) -> Fault {
    let reason = match &error {
        LlmError::Unavailable(cause) | LlmError::Malformed(cause) => Some(cause.to_string()),
        _ => None,
    };
    let fault = Fault::from(error);
    match reason {
        Some(reason) => Fault {
            message: format!("{}: {reason}; is a server running at {base_url}?", fault.message),
            ..fault
        },
        None => fault,
    }
}

impl From<GenerationFailure> for Fault {
    fn from(failure: GenerationFailure) -> Self {
        let GenerationFailure { error, draft, issues } = failure;
        let code = error.code();
        match error {
            GenerationError::Model(error) => error.into(),
            error => Self::new(StatusCode::UNPROCESSABLE_ENTITY, code, error.to_string())
                .with_details(json!({ "draft": draft, "issues": issues })),
        }
    }
}

impl From<ChatError> for Fault {
    fn from(error: ChatError) -> Self {
        let code = error.code();
        match error {
            ChatError::Model(error) => error.into(),
            error => Self::new(StatusCode::UNPROCESSABLE_ENTITY, code, error.to_string()),
        }
    }
}

/// Keeps the sentence for the client; what is behind a failure of ours goes to the log, once, here.
fn told(status: StatusCode, code: impl Into<Cow<'static, str>>, error: &dyn Error) -> Fault {
    let code = code.into();
    let causes = || -> Vec<String> {
        let causes = std::iter::successors(error.source(), |cause| (*cause).source());
        causes.map(ToString::to_string).collect()
    };
    if status == StatusCode::INTERNAL_SERVER_ERROR {
        error!(code = &*code, %error, causes = ?causes(), "a request failed");
    } else if status.is_server_error() {
        warn!(code = &*code, %error, causes = ?causes(), "a request was not served");
    }
    Fault::new(status, code, error.to_string())
}

#[cfg(test)]
mod tests {
    use agentos_core::kernel::Resource;

    use super::*;

    #[track_caller]
    fn check(fault: impl Into<Fault>, status: u16, code: &str, retry_after: Option<&str>) {
        let fault = fault.into();
        assert_eq!((fault.status.as_u16(), &*fault.code), (status, code));
        let response = fault.into_response();
        let header = response
            .headers()
            .get(RETRY_AFTER)
            .map(|value| value.to_str().unwrap());
        assert_eq!(header, retry_after);
    }

    #[test]
    fn a_failure_has_a_status_a_code_and_the_pause_it_asks_for() {
        let quota = |retry_after| SysError::QuotaExceeded {
            resource: Resource::CallsPerSecond,
            limit: 200,
            used: 200,
            retry_after,
        };
        check(quota(Some(1_200)), 429, "quota_exceeded", Some("2"));
        check(quota(None), 429, "quota_exceeded", None);
        check(SysError::DeadlineExceeded, 504, "deadline_exceeded", None);
        check(
            LlmError::RateLimited {
                retry_after: Some(Duration::from_secs(7)),
            },
            429,
            "rate_limited",
            Some("7"),
        );
        check(
            LlmError::Unavailable("connection refused".into()),
            502,
            "unavailable",
            None,
        );
        check(StorageError::Stale { rev: 3 }, 409, "stale_rev", None);
        check(AppError::Process(SysError::NotFound), 404, "not_found", None);
        check(
            ServiceError::AppRequired {
                tool: "storage.get".into(),
            },
            422,
            "app_required",
            None,
        );
    }
    #[test]
    fn grpc_is_told_the_code_the_pause_and_details_that_are_short() {
        let fault = Fault {
            retry_after: Some(Duration::from_secs(7)),
            ..Fault::new(StatusCode::TOO_MANY_REQUESTS, "busy", "try again")
        };
        let status = Status::from(fault.with_details(json!({ "places": 32 })));
        assert_eq!(
            (status.code(), status.message()),
            (Code::ResourceExhausted, "try again")
        );
        let told = status.get_error_details();
        assert_eq!(
            told.retry_info().unwrap().retry_delay,
            Some(Duration::from_secs(7))
        );
        let info = told.error_info().unwrap();
        assert_eq!(
            (&*info.reason, &*info.metadata["details"]),
            ("busy", r#"{"places":32}"#)
        );

        let long = json!({ "draft": "x".repeat(GRPC_DETAILS_BYTES) });
        let status = Status::from(Fault::unfinished().with_details(long));
        let info = status.get_details_error_info().unwrap();
        assert_eq!((&*info.reason, info.metadata.len()), ("internal", 0));
    }
}
