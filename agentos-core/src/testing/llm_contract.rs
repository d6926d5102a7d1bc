//! What every [`LlmPort`] promises.

use futures::StreamExt;

use crate::ports::llm::{LlmEvent, LlmPort, LlmRequest};

/// A request the implementation under test can answer must be given by its suite: a scripted
/// model answers anything, the offline composer only what it can build.
pub async fn a_stream_ends_with_its_end(llm: &dyn LlmPort, request: LlmRequest) {
    let events: Vec<_> = llm.stream(request).collect().await;
    let ends = events
        .iter()
        .filter(|event| matches!(event, Ok(LlmEvent::End(_)) | Err(_)))
        .count();
    assert_eq!(ends, 1, "one end, or one error: {events:?}");
    assert!(
        matches!(events.last(), Some(Ok(LlmEvent::End(_)) | Err(_))),
        "nothing follows the end: {events:?}"
    );
}

/// The pieces of text, put together, are a whole answer: they are not empty.
pub async fn an_answer_has_text(llm: &dyn LlmPort, request: LlmRequest) {
    let events: Vec<_> = llm.stream(request).collect().await;
    let text: String = events
        .iter()
        .filter_map(|event| match event {
            Ok(LlmEvent::Text(text)) => Some(text.as_str()),
            _ => None,
        })
        .collect();
    assert!(!text.is_empty(), "{events:?}");
}

/// A stream that was dropped, polled or not, leaves the port able to answer.
pub async fn a_dropped_stream_does_not_spoil_the_next(llm: &dyn LlmPort, request: LlmRequest) {
    drop(llm.stream(request.clone()));
    let mut begun = llm.stream(request.clone());
    begun.next().await;
    drop(begun);
    an_answer_has_text(llm, request).await;
}

/// Makes one `#[tokio::test]` of every promise; `$llm` makes the port, `$request` a request it
/// can answer.
#[macro_export]
macro_rules! llm_contract {
    ($llm:expr, $request:expr) => {
        $crate::llm_contract!(@promises $llm, $request,
            a_stream_ends_with_its_end,
            an_answer_has_text,
            a_dropped_stream_does_not_spoil_the_next,
        );
    };
    (@promises $llm:expr, $request:expr, $($promise:ident,)+) => {
        $(
            #[tokio::test]
            async fn $promise() {
                $crate::testing::llm_contract::$promise(&$llm, $request).await;
            }
        )+
    };
}
