//! Questions to the model: asked about once, then put as they are, and never more than text.

use super::*;

/// A kernel with a person at it, an app, and a question of the app that waits for the person.
fn waiting() -> (Bench, Pid, CallId) {
    let mut bench = Bench::new();
    bench.handle(Input::Attended(true));
    let pid = bench.app(1);
    let (call, effects) = bench.call(Principal::Process(pid), ask("summarise"));
    assert!(replies(&effects).is_empty() && performed(&effects).is_empty());
    (bench, pid, call)
}

fn decide(bench: &mut Bench, answer: ApprovalAnswer) -> Vec<Effect> {
    let Ok(Reply::Approvals(open)) = bench.system(Syscall::ListApprovals) else {
        panic!("no list");
    };
    let [Approval { id, need, .. }] = &open[..] else {
        panic!("{open:?}");
    };
    assert_eq!(*need, ApprovalNeed::Llm);
    bench
        .call(Principal::System, Syscall::AnswerApproval { id: *id, answer })
        .1
}

fn answered(bench: &mut Bench, op: OpId, text: &str) -> Vec<Effect> {
    let result = Ok(Reply::Model(ModelReply::Text(text.to_owned())));
    bench.handle(Input::OpDone { op, result })
}

fn prompts(effects: &[Effect]) -> Vec<(OpId, Prompt, Action)> {
    let prompts = effects.iter().filter_map(|effect| match effect {
        Effect::Perform(op) => match (op.op(), op.record()) {
            (Op::Generate(prompt), Some(record)) => {
                Some((op.id(), (**prompt).clone(), record.action.clone()))
            }
            _ => None,
        },
        _ => None,
    });
    prompts.collect()
}

#[test]
fn an_allowed_question_is_put_with_its_account_and_its_record() {
    let (mut bench, pid, call) = waiting();
    let effects = decide(&mut bench, ApprovalAnswer::Once);
    let [(op, prompt, action)] = &prompts(&effects)[..] else {
        panic!("{effects:?}");
    };
    let expected = Prompt {
        prompt: "summarise".to_owned(),
        text: String::new(),
        max_tokens: ANSWER_TOKENS,
        account: Some(namespace(1)),
    };
    assert_eq!((prompt, action), (&expected, &Action::LlmGenerate { bytes: 9 }));
    let effects = answered(&mut bench, *op, "short");
    let reply = Reply::Model(ModelReply::Text("short".to_owned()));
    assert_eq!(replies(&effects)[&call], Ok(reply));
    assert_eq!(bench.usage(pid).memory_bytes, 0);

    let (_, effects) = bench.call(Principal::Process(pid), ask("again"));
    assert!(prompts(&effects).is_empty(), "once is once");
}

#[test]
fn an_answer_that_stands_serves_every_app_of_the_namespace_until_it_is_taken_back() {
    let (mut bench, pid, _) = waiting();
    assert_eq!(prompts(&decide(&mut bench, ApprovalAnswer::Session)).len(), 1);
    let sibling = bench.app(1);
    let stranger = bench.app(2);
    let put = |bench: &mut Bench, pid| prompts(&bench.call(Principal::Process(pid), ask("more")).1).len();
    assert_eq!((put(&mut bench, pid), put(&mut bench, sibling)), (1, 1));
    assert_eq!(put(&mut bench, stranger), 0);
    let namespace = namespace(1);
    let (_, effects) = bench.call(Principal::System, Syscall::ForgetApprovals { namespace });
    assert_eq!(
        cancelled(&effects).len(),
        3,
        "what is under way ends: {effects:?}"
    );
    assert_eq!(put(&mut bench, pid), 0);
}

#[test]
fn never_denies_at_once_and_nobody_there_is_told_so() {
    let (mut bench, pid, call) = waiting();
    let effects = decide(&mut bench, ApprovalAnswer::Never);
    let need = Capability::Llm;
    let denied = Err(SysError::PermissionDenied { need });
    assert_eq!(replies(&effects)[&call], denied);
    assert_eq!(bench.answer(Principal::Process(pid), ask("again")), denied);

    let mut alone = Bench::new();
    let pid = alone.app(1);
    let refused = alone.answer(Principal::Process(pid), ask("hello"));
    assert!(
        matches!(refused, Err(SysError::ApprovalRequired { .. })),
        "{refused:?}"
    );
}

#[test]
fn a_question_may_take_long_but_not_for_ever_and_a_kill_ends_it() {
    let (mut bench, pid, call) = waiting();
    let effects = decide(&mut bench, ApprovalAnswer::Session);
    bench.now += MODEL_TIME - 1;
    assert!(replies(&bench.handle(Input::Tick)).is_empty());
    bench.now += 1;
    let effects_then = bench.handle(Input::Tick);
    assert_eq!(replies(&effects_then)[&call], Err(SysError::DeadlineExceeded));
    assert_eq!(cancelled(&effects_then), performed(&effects));

    let (call, begun) = bench.call(Principal::Process(pid), ask("again"));
    let (_, effects) = bench.call(Principal::System, Syscall::KillProcess { pid });
    assert_eq!(cancelled(&effects), performed(&begun));
    assert_eq!(replies(&effects)[&call], Err(SysError::Cancelled));
}

#[test]
fn what_is_too_long_or_empty_is_refused_before_anybody_is_asked() {
    let mut bench = Bench::new();
    let pid = bench.app(1);
    let request = |prompt: &str, text: usize, max_tokens| {
        Syscall::LlmGenerate(ModelRequest {
            prompt: prompt.to_owned(),
            text: "x".repeat(text),
            max_tokens,
        })
    };
    let mut check = |syscall, expected| {
        assert_eq!(bench.answer(Principal::Process(pid), syscall), Err(expected));
    };
    let limit = PROMPT_BYTES;
    check(
        request("do", limit as usize - 1, None),
        SysError::TooLarge { limit },
    );
    check(request(" ", 5, None), SysError::invalid("prompt"));
    for tokens in [0, ANSWER_TOKENS + 1] {
        check(request("do", 5, Some(tokens)), SysError::invalid("max_tokens"));
    }
    let minimal = NewProcess {
        profile: Profile::Minimal,
        ..NewProcess::app("small", namespace(1))
    };
    let minimal = bench.spawn(minimal).unwrap();
    let refused = bench.answer(Principal::Process(minimal), ask("do"));
    assert_eq!(refused, Err(SysError::TooLarge { limit: 0 }));
}
