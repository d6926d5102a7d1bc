//! An answer in a chat, and the app it orders.

use agentos_core::chat::{Answer, ChatEvent, OpenApp, Order};
use futures::StreamExt;
use futures::stream::BoxStream;
use serde::Deserialize;

use super::generation;
use super::job::{Job, Telling};
use super::message::JobMessage;
use crate::conversations::Said;
use crate::desk::Desk;
use crate::fault::Fault;
use crate::make::{self, change_by_the_model};
use crate::wire::edit_report;

/// What a chat message may say about where it comes from; other entries of the object mean nothing here.
#[derive(Debug, Default, Deserialize)]
pub(super) struct ChatContext {
    /// Messages with one id are one conversation; without any, those of one connection are.
    conversation_id: Option<String>,
    /// What was said before, for a conversation the server does not know any more.
    #[serde(default)]
    history: Vec<Said>,
}

pub(super) struct Question {
    pub(super) message: String,
    pub(super) context: ChatContext,
    /// The conversation where none is named.
    pub(super) default_conversation: String,
}

/// Answers; what it tells last is the app, where one was made or changed. A conversation takes one question after
/// another.
pub(super) async fn answer(desk: &Desk, job: &Job, question: Question) -> Result<Option<JobMessage>, Fault> {
    let Question {
        message,
        context,
        default_conversation,
    } = question;
    let id = context.conversation_id.unwrap_or(default_conversation);
    let conversation = desk.conversations.open(id, context.history)?;
    let mut conversation = job
        .unless_cancelled(async { Ok(conversation.lock_owned().await) })
        .await?;
    let apps = open_apps(desk).await?;
    let events = desk.chat.answer(&conversation, &apps, &message);
    let answer = job.unless_cancelled(told(desk, job, events)).await?;
    conversation.add(&message, &answer.written);
    let Some(order) = answer.order else {
        return Ok(None);
    };
    let outcome = carry_out(desk, job, order).await;
    conversation.report(match &outcome {
        Ok(_) => "What you ordered is done; the app is open.".to_owned(),
        Err(fault) => format!("What you ordered failed: {}", fault.message),
    });
    outcome.map(Some)
}

async fn open_apps(desk: &Desk) -> Result<Vec<OpenApp>, Fault> {
    let (apps, _) = desk.apps.list().await?;
    let open = apps.into_iter().map(|app| OpenApp {
        id: app.record.id,
        title: app.record.title,
    });
    Ok(open.collect())
}

async fn told(desk: &Desk, job: &Job, mut events: BoxStream<'static, ChatEvent>) -> Result<Answer, Fault> {
    let mut telling = Telling::new(desk, job);
    loop {
        tokio::select! {
            event = events.next() => match event {
                Some(ChatEvent::Thought(text)) => telling.thought(&text),
                Some(ChatEvent::Text(text)) => telling.token(&text),
                Some(ChatEvent::Answered(answer)) => {
                    telling.pass_on()?;
                    return Ok(answer);
                }
                Some(ChatEvent::Failed(error)) => {
                    telling.pass_on()?;
                    return Err(error.into());
                }
                None => return Err(Fault::unfinished()),
            },
            () = telling.due() => telling.pass_on()?,
        }
    }
}

async fn carry_out(desk: &Desk, job: &Job, order: Order) -> Result<JobMessage, Fault> {
    match order {
        Order::Make { request } => {
            let order = make::Order {
                message: request,
                parent: None,
            };
            generation::make(desk, job, order).await
        }
        Order::Change { app, request } => {
            let start = JobMessage::GenerationStart {
                message: "changing the app",
                app_id: Some(app),
            };
            job.tell(desk, &start)?;
            let change = job
                .unless_cancelled(change_by_the_model(desk, app, &request))
                .await?;
            let answer = change.apply(desk, app, request, None).await?;
            Ok(JobMessage::UiComplete {
                app_id: app,
                report: edit_report(&answer),
                ui_spec: answer.step.document,
            })
        }
    }
}
