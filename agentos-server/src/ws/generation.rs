//! An app that is made while its client watches.

use agentos_core::generate::{Generated, GenerationEvent};
use futures::StreamExt;

use super::job::{Job, Telling};
use super::message::JobMessage;
use crate::desk::Desk;
use crate::fault::Fault;
use crate::make::{Made, Order, begin, open_generated};

/// Makes the app; what it tells last is the app.
pub(super) async fn make(desk: &Desk, job: &Job, order: Order) -> Result<JobMessage, Fault> {
    let generated = job.unless_cancelled(generate(desk, job, &order)).await?;
    // From here on it is not cancelled: there would be an app nobody was told of.
    Ok(open_generated(desk, order, generated).await?.into())
}

impl From<Made> for JobMessage {
    fn from(made: Made) -> Self {
        Self::UiComplete {
            ui_spec: made.ui_spec,
            app_id: made.app_id,
            report: made.report,
        }
    }
}

async fn generate(desk: &Desk, job: &Job, order: &Order) -> Result<Generated, Fault> {
    let mut making = begin(desk, order).await?;
    let mut telling = Telling::new(desk, job);
    loop {
        tokio::select! {
            event = making.events.next() => match event {
                Some(GenerationEvent::Started) => {
                    let start = JobMessage::GenerationStart { message: "writing the app", app_id: None };
                    job.tell(desk, &start)?;
                }
                Some(GenerationEvent::Thought(text)) => telling.thought(&text),
                Some(GenerationEvent::Token(text)) => telling.token(&text),
                Some(GenerationEvent::Patch(operations)) => telling.patch(operations),
                Some(GenerationEvent::Completed(generated)) => {
                    telling.pass_on()?;
                    return Ok(making.timed(desk, *generated));
                }
                Some(GenerationEvent::Failed(failure)) => {
                    telling.pass_on()?;
                    return Err((*failure).into());
                }
                None => return Err(Fault::unfinished()),
            },
            () = telling.due() => telling.pass_on()?,
        }
    }
}
