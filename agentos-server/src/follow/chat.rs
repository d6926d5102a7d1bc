//! An answer in a chat, and the app it orders.

use agentos_core::chat::{Answer, ChatEvent, OpenApp, Order};
use futures::StreamExt;
use futures::stream::BoxStream;
use serde::Deserialize;

use super::paced::Paced;
use super::{Follower, Progress, generation, while_followed};
use crate::conversations::Said;
use crate::desk::Desk;
use crate::fault::Fault;
use crate::make::{self, change_by_the_model};
use crate::wire::edit_report;

/// What a chat message may say about where it comes from; other entries of the object mean nothing here.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct ChatContext {
    /// Messages with one id are one conversation; without any, those of one connection are.
    pub(crate) conversation_id: Option<String>,
    /// What was said before, for a conversation the server does not know any more.
    #[serde(default)]
    pub(crate) history: Vec<Said>,
}

pub(crate) struct Question {
    pub(crate) message: String,
    pub(crate) context: ChatContext,
    /// The conversation where none is named.
    pub(crate) default_conversation: String,
}

/// Answers; what it tells last is the app, where one was made or changed. A conversation takes one question after
/// another.
pub(crate) async fn answer(
    desk: &Desk,
    follower: &impl Follower,
    question: Question,
) -> Result<Option<Progress>, Fault> {
    let Question {
        message,
        context,
        default_conversation,
    } = question;
    let id = context.conversation_id.unwrap_or(default_conversation);
    let conversation = desk.conversations.open(id, context.history)?;
    let mut conversation = while_followed(follower, async { Ok(conversation.lock_owned().await) }).await?;
    let apps = open_apps(desk).await?;
    let events = desk.chat.answer(&conversation, &apps, &message);
    let answer = while_followed(follower, told(desk, follower, events)).await?;
    conversation.add(&message, &answer.written);
    let Some(order) = answer.order else {
        return Ok(None);
    };
    let outcome = carry_out(desk, follower, order).await;
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

async fn told(
    desk: &Desk,
    follower: &impl Follower,
    mut events: BoxStream<'static, ChatEvent>,
) -> Result<Answer, Fault> {
    let mut paced = Paced::new(follower, desk.catalog.clone());
    loop {
        tokio::select! {
            event = events.next() => match event {
                Some(ChatEvent::Thought(text)) => paced.thought(&text),
                Some(ChatEvent::Text(text)) => paced.token(&text),
                Some(ChatEvent::Answered(answer)) => {
                    paced.pass_on().await?;
                    return Ok(answer);
                }
                Some(ChatEvent::Failed(error)) => {
                    paced.pass_on().await?;
                    return Err(error.into());
                }
                None => return Err(Fault::unfinished()),
            },
            () = paced.due() => paced.pass_on().await?,
        }
    }
}

async fn carry_out(desk: &Desk, follower: &impl Follower, order: Order) -> Result<Progress, Fault> {
    match order {
        Order::Make { request } => {
            let order = make::Order {
                message: request,
                parent: None,
            };
            Ok(generation::make(desk, follower, order).await?.into())
        }
        Order::Change { app, request } => {
            let start = Progress::GenerationStart {
                message: "changing the app",
                app_id: Some(app),
            };
            follower.tell(start).await?;
            let change = while_followed(follower, change_by_the_model(desk, app, &request)).await?;
            let answer = change.apply(desk, app, request, None).await?;
            Ok(Progress::UiComplete {
                app_id: app,
                report: edit_report(&answer),
                ui_spec: answer.step.document,
            })
        }
    }
}
