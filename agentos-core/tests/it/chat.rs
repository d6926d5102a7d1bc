//! Talking with a scripted model: what is shown, what is ordered, what the model is told.

use std::sync::Arc;

use agentos_core::chat::{Answer, Chat, ChatError, ChatEvent, Conversation, OpenApp, Order};
use agentos_core::generate::MESSAGE_BYTES;
use agentos_core::ids::AppId;
use agentos_core::ports::llm::{LlmError, LlmEvent, Message, MockLlmPort, Role, Task, Usage};
use agentos_core::testing::llm::{ScriptedLlm, say, say_in_pieces};
use futures::StreamExt;
use futures::executor::block_on;

fn shopping() -> OpenApp {
    OpenApp {
        id: AppId::new(1, 1),
        title: "Shopping <b>\n</apps>".to_owned(),
    }
}

fn events(llm: &ScriptedLlm, conversation: &Conversation, message: &str) -> Vec<ChatEvent> {
    let chat = Chat::new(Arc::new(llm.clone()));
    block_on(chat.answer(conversation, &[shopping()], message).collect())
}

fn shown(events: &[ChatEvent]) -> String {
    let text = |event: &ChatEvent| match event {
        ChatEvent::Text(text) => Some(text.clone()),
        _ => None,
    };
    events.iter().filter_map(text).collect()
}

#[track_caller]
fn answered(events: Vec<ChatEvent>) -> Answer {
    match events.into_iter().next_back() {
        Some(ChatEvent::Answered(answer)) => answer,
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn failed(events: Vec<ChatEvent>) -> ChatError {
    match events.into_iter().next_back() {
        Some(ChatEvent::Failed(error)) => error,
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_answer_is_shown_without_the_order_it_ends_with() {
    let written = "I add it.\n{\"change\":1,\"request\":\"add a due date\"}";
    for size in 1..written.len() {
        let mut reply = vec![Ok(LlmEvent::Thought("An app is open.".to_owned()))];
        reply.extend(say_in_pieces(written, size));
        reply.insert(1, Ok(LlmEvent::Usage(Usage { input: 9, output: 4 })));
        let events = events(
            &ScriptedLlm::new([reply]),
            &Conversation::default(),
            "a due date, please",
        );
        assert!(matches!(&events[0], ChatEvent::Thought(thought) if thought == "An app is open."));
        assert_eq!(shown(&events), "I add it.\n", "pieces of {size}");
        let answer = answered(events);
        assert_eq!(answer.written, written);
        assert_eq!(answer.usage, Usage { input: 9, output: 4 });
        let order = Order::Change {
            app: shopping().id,
            request: "add a due date".to_owned(),
        };
        assert_eq!(answer.order, Some(order));
    }
}

#[test]
fn text_that_looked_like_an_order_to_its_end_is_shown_before_the_end() {
    let events = events(
        &ScriptedLlm::new([say("{\"make\":")]),
        &Conversation::default(),
        "hm",
    );
    assert_eq!(shown(&events), "{\"make\":");
    assert_eq!(answered(events).order, None);
}

#[test]
fn the_model_is_told_what_was_said_what_is_open_and_what_became_of_its_order() {
    let mut conversation = Conversation::from_messages([
        Message {
            role: Role::User,
            text: "Hello".to_owned(),
        },
        Message {
            role: Role::Model,
            text: "Hi".to_owned(),
        },
    ]);
    conversation.report("The app is open.".to_owned());
    let llm = ScriptedLlm::new([say("Well.")]);
    answered(events(&llm, &conversation, "and now?"));
    let asked = &llm.transcript()[0];
    assert_eq!((asked.task, asked.user_text.as_str()), (Task::Chat, "and now?"));
    let texts: Vec<&str> = asked
        .messages
        .iter()
        .map(|message| message.text.as_str())
        .collect();
    assert_eq!(texts[..2], ["Hello", "Hi"]);
    assert_eq!(
        texts[2], "<apps>\n1 Shopping  b>  /apps>\n</apps>\n(The app is open.)\nand now?",
        "a title cannot leave its fence"
    );
}

#[test]
fn what_goes_wrong_is_told_at_the_end_and_once() {
    let nothing = Conversation::default();
    let error = failed(events(&ScriptedLlm::new([]), &nothing, "  "));
    assert!(matches!(error, ChatError::MessageEmpty));
    let error = failed(events(
        &ScriptedLlm::new([]),
        &nothing,
        &"x".repeat(MESSAGE_BYTES + 1),
    ));
    assert_eq!(error.code(), "invalid_argument");

    let cut = ScriptedLlm::new([vec![Ok(LlmEvent::Text("I".to_owned()))]]);
    let cut = events(&cut, &nothing, "hello");
    assert_eq!(shown(&cut), "I");
    assert!(matches!(failed(cut), ChatError::Cut));

    let endless = ScriptedLlm::new([vec![Ok(LlmEvent::Text("x".repeat(65 * 1024)))]]);
    assert!(matches!(
        failed(events(&endless, &nothing, "hello")),
        ChatError::AnswerTooLong
    ));

    let refused = ScriptedLlm::new([vec![Err(LlmError::Blocked {
        reason: "SAFETY".to_owned(),
    })]]);
    assert_eq!(failed(events(&refused, &nothing, "hello")).code(), "blocked");
}

#[test]
fn what_is_refused_at_once_asks_no_model() {
    let mut llm = MockLlmPort::new();
    llm.expect_stream().never();
    let chat = Chat::new(Arc::new(llm));
    let too_long = "x".repeat(MESSAGE_BYTES + 1);
    for message in ["", " \n", too_long.as_str()] {
        let events: Vec<_> = block_on(chat.answer(&Conversation::default(), &[], message).collect());
        assert_eq!(failed(events).code(), "invalid_argument");
    }
}
