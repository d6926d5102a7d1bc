//! An app that is made while somebody watches.

use agentos_core::generate::{Generated, GenerationEvent};
use futures::StreamExt;

use super::paced::Paced;
use super::{Follower, Progress, while_followed};
use crate::desk::Desk;
use crate::fault::Fault;
use crate::make::{Made, Order, begin, open_generated};

/// Makes the app and opens it.
pub(crate) async fn make(desk: &Desk, follower: &impl Follower, order: Order) -> Result<Made, Fault> {
    let generated = while_followed(follower, generate(desk, follower, &order)).await?;
    // From here on it is not cancelled: there would be an app nobody was told of.
    open_generated(desk, order, generated).await
}

async fn generate(desk: &Desk, follower: &impl Follower, order: &Order) -> Result<Generated, Fault> {
    let mut making = begin(desk, order).await?;
    let mut paced = Paced::new(follower, desk.catalog.clone());
    loop {
        tokio::select! {
            event = making.events.next() => match event {
                Some(GenerationEvent::Started) => {
                    let start = Progress::GenerationStart { message: "writing the app", app_id: None };
                    follower.tell(start).await?;
                }
                Some(GenerationEvent::Thought(text)) => paced.thought(&text),
                Some(GenerationEvent::Token(text)) => paced.token(&text),
                Some(GenerationEvent::Patch(operations)) => paced.patch(operations),
                Some(GenerationEvent::Completed(generated)) => {
                    paced.pass_on().await?;
                    return Ok(making.timed(desk, *generated));
                }
                Some(GenerationEvent::Failed(failure)) => {
                    paced.pass_on().await?;
                    return Err((*failure).into());
                }
                None => return Err(Fault::unfinished()),
            },
            () = paced.due() => paced.pass_on().await?,
        }
    }
}
