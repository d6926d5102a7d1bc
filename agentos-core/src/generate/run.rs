//! The loop: ask, read, prove, and send what is wrong back.

use std::time::Duration;

use futures::channel::mpsc;
use serde_json::{Value, json};

use super::answer::{self, Answer, ask, tell};
use super::cache::Key;
use super::proof::{Proof, Prover};
use super::{
    ChangeRequest, Generated, GenerationError, GenerationEvent, GenerationFailure, GenerationRequest,
    Generator,
};
use super::{MESSAGE_BYTES, REPAIR_ROUNDS, Report, prompt};
use crate::ports::llm::{Account, LlmRequest, Message, Role, Task, Urgency, Usage};
use crate::spec::mend::Loss;
use crate::spec::patch::{AddOperation, PatchOperation, PointerBuf};
use crate::spec::reader::{Read, Reader};
use crate::spec::{Code, Issue, edit};

pub(super) type Events = mpsc::Sender<GenerationEvent>;

/// Tokens one answer may have.
const ANSWER_TOKENS: u32 = 32_768;
/// How long one answer may take.
const ANSWER_TIME: Duration = Duration::from_mins(5);

pub(super) async fn run(generator: Generator, request: GenerationRequest, mut events: Events) {
    let last = match make(&generator, &request, &mut events).await {
        Ok(generated) => GenerationEvent::Completed(Box::new(generated)),
        Err(failure) => GenerationEvent::Failed(Box::new(failure)),
    };
    tell(&mut events, last).await;
}

async fn make(
    generator: &Generator,
    request: &GenerationRequest,
    events: &mut Events,
) -> Result<Generated, GenerationFailure> {
    within_bounds(&request.message).map_err(GenerationFailure::without_draft)?;
    tell(events, GenerationEvent::Started).await;
    // An answer that takes no model is made again in less time than it takes to look it up.
    if !generator.llm.can_repair() {
        return make_anew(generator, request, events).await;
    }
    let key = Key::new(&generator.llm.identity(), &generator.system, &request.message);
    let _flight = generator.cache.flight(key).await;
    if let Some(generated) = generator.cache.get(key, request.now) {
        tell(
            events,
            GenerationEvent::Patch(changed_members(&json!({}), &generated.document)),
        )
        .await;
        return Ok(generated);
    }
    let generated = make_anew(generator, request, events).await?;
    generator.cache.keep(key, &generated, request.now);
    Ok(generated)
}

async fn make_anew(
    generator: &Generator,
    request: &GenerationRequest,
    events: &mut Events,
) -> Result<Generated, GenerationFailure> {
    let mut spent = Spent::default();
    let (document, reading) = first_answer(generator, request, events, &mut spent).await?;
    let prover = Prover {
        catalog: &generator.catalog,
        now: request.now,
        seed: request.seed,
    };
    let first_loss = if generator.llm.can_repair() {
        Loss::Forbidden
    } else {
        Loss::Allowed
    };
    let mut proof = prover.prove(document.clone(), first_loss);
    if !proof.passed() && generator.llm.can_repair() {
        proof = repaired(generator, request, events, &mut spent, &prover, proof).await;
    }
    if !proof.passed() {
        return Err(proof.into_failure(reading));
    }
    if proof.document != document {
        tell(
            events,
            GenerationEvent::Patch(changed_members(&document, &proof.document)),
        )
        .await;
    }
    Ok(spent.generated(generator, proof, reading))
}

/// Asks for edit lines and applies them; what is then in error and was not before goes back to the model.
pub(super) async fn change(
    generator: &Generator,
    request: &ChangeRequest,
) -> Result<Generated, GenerationFailure> {
    let ChangeRequest {
        document, message, ..
    } = request;
    within_bounds(message).map_err(GenerationFailure::without_draft)?;
    // Nobody follows a change; what it makes is applied as a whole.
    let (mut events, _) = mpsc::channel(0);
    let prover = Prover {
        catalog: &generator.catalog,
        now: request.now,
        seed: request.seed,
    };
    let before = prover.prove(document.clone(), Loss::Forbidden);
    let mut spent = Spent::default();
    let mut edited = document.clone();
    let mut failed_lines = Vec::new();
    let mut question = LlmRequest {
        document: Some(document.clone()),
        ..question(
            generator,
            Task::Edit,
            Account::Person,
            message,
            prompt::change(message, document),
        )
    };
    let mut proof = None;
    for _ in 0..=REPAIR_ROUNDS {
        let answer = ask(&*generator.llm, question, &mut events, None).await;
        spent.add(&answer);
        if let Some(error) = answer.failure {
            return Err(GenerationFailure {
                error,
                draft: edited,
                issues: failed_lines,
            });
        }
        let applied = edit::apply(&edited, &answer.text);
        edited = applied.doc;
        failed_lines = applied.issues;
        let found = prover.prove(edited.clone(), Loss::Forbidden);
        let issues: Vec<Issue> = found
            .errors_besides(&before)
            .cloned()
            .chain(failed_lines.clone())
            .collect();
        let asked = prompt::repair(message, &found.document, &issues);
        question = LlmRequest {
            document: Some(found.document.clone()),
            issues,
            ..self::question(generator, Task::Repair, Account::Person, message, asked)
        };
        let is_done = question.issues.is_empty();
        proof = Some(found);
        if is_done || !generator.llm.can_repair() {
            break;
        }
    }
    match proof {
        Some(proof) if proof.errors_besides(&before).next().is_some() => {
            Err(proof.into_failure(failed_lines))
        }
        Some(proof) if proof.document != before.document => {
            Ok(spent.generated(generator, proof, failed_lines))
        }
        _ => Err(GenerationFailure {
            error: GenerationError::Unchanged,
            draft: edited,
            issues: failed_lines,
        }),
    }
}

fn within_bounds(message: &str) -> Result<(), GenerationError> {
    match message.len() {
        _ if message.trim().is_empty() => Err(GenerationError::MessageEmpty),
        bytes if bytes > MESSAGE_BYTES => Err(GenerationError::MessageTooLong { bytes }),
        _ => Ok(()),
    }
}

/// The document of the first answer, drawn while it is written, and what reading it found.
async fn first_answer(
    generator: &Generator,
    request: &GenerationRequest,
    events: &mut Events,
    spent: &mut Spent,
) -> Result<(Value, Vec<Issue>), GenerationFailure> {
    let mut reader = Reader::new();
    let question = question(
        generator,
        Task::Generate,
        request.account,
        &request.message,
        prompt::generation(&request.message),
    );
    let answer = ask(&*generator.llm, question, events, Some(&mut reader)).await;
    spent.add(&answer);
    let Read {
        spec,
        patches,
        issues,
    } = reader.finish();
    if let Some(error) = answer.failure {
        return Err(GenerationFailure {
            error,
            draft: draft(spec, answer.text),
            issues,
        });
    }
    let is_cut = issues.iter().any(|issue| issue.code == Code::JsonTruncated);
    if answer.end.is_none() && is_cut {
        return Err(GenerationFailure {
            error: GenerationError::Cut,
            draft: draft(spec, answer.text),
            issues,
        });
    }
    let Some(document) = spec else {
        return Err(GenerationFailure {
            error: GenerationError::NoDocument,
            draft: draft(None, answer.text),
            issues,
        });
    };
    if !patches.is_empty() {
        tell(events, GenerationEvent::Patch(answer::folded(patches))).await;
    }
    Ok((document, issues))
}

/// Sends the errors back until there are none or the rounds are used up; what is then left in
/// error is dropped where an app survives it.
async fn repaired(
    generator: &Generator,
    request: &GenerationRequest,
    events: &mut Events,
    spent: &mut Spent,
    prover: &Prover<'_>,
    mut proof: Proof,
) -> Proof {
    let mut failed_lines = Vec::new();
    for _ in 0..REPAIR_ROUNDS {
        let issues: Vec<Issue> = proof.errors().cloned().chain(failed_lines).collect();
        let asked = prompt::repair(&request.message, &proof.document, &issues);
        let question = LlmRequest {
            document: Some(proof.document.clone()),
            issues,
            ..question(generator, Task::Repair, request.account, &request.message, asked)
        };
        let answer = ask(&*generator.llm, question, events, None).await;
        spent.add(&answer);
        if answer.failure.is_some() {
            break;
        }
        let edited = edit::apply(&proof.document, &answer.text);
        failed_lines = edited.issues;
        proof = prover.prove(edited.doc, Loss::Forbidden).after(proof.mended);
        if proof.passed() {
            return proof;
        }
    }
    prover.prove(proof.document, Loss::Allowed).after(proof.mended)
}

/// `asked` is what a remote model reads in place of the `message`.
fn question(generator: &Generator, task: Task, account: Account, message: &str, asked: String) -> LlmRequest {
    LlmRequest {
        task,
        user_text: message.to_owned(),
        document: None,
        issues: Vec::new(),
        system: generator.system.to_string(),
        messages: vec![Message {
            role: Role::User,
            text: asked,
        }],
        schema: generator
            .schema
            .as_deref()
            .filter(|_| task == Task::Generate)
            .cloned(),
        max_tokens: ANSWER_TOKENS,
        deadline: ANSWER_TIME,
        urgency: match account {
            Account::Person => Urgency::Interactive,
            Account::App(_) => Urgency::Foreground,
        },
        account,
    }
}

fn draft(document: Option<Value>, text: String) -> Value {
    match document {
        Some(document) => document,
        None if text.is_empty() => Value::Null,
        None => Value::String(text),
    }
}

/// Sets each member of the document that is not as it was drawn. A member that is gone stays
/// drawn until the app opens: patches of a draft only add.
fn changed_members(before: &Value, after: &Value) -> Vec<PatchOperation> {
    let members = after.as_object().into_iter().flatten();
    members
        .filter(|(name, value)| before.get(name.as_str()) != Some(value))
        .map(|(name, value)| {
            PatchOperation::Add(AddOperation {
                path: PointerBuf::from_tokens([name]),
                value: value.clone(),
            })
        })
        .collect()
}

impl GenerationFailure {
    fn without_draft(error: GenerationError) -> Self {
        Self {
            error,
            draft: Value::Null,
            issues: Vec::new(),
        }
    }
}

/// What all rounds together took.
#[derive(Default)]
struct Spent {
    thoughts: String,
    usage: Usage,
    answers: usize,
}

impl Spent {
    fn add(&mut self, answer: &Answer) {
        let room = answer::ANSWER_BYTES.saturating_sub(self.thoughts.len());
        self.thoughts.push_str(answer::beginning(&answer.thoughts, room));
        self.usage.input += answer.usage.input;
        self.usage.output += answer.usage.output;
        self.answers += 1;
    }

    fn generated(self, generator: &Generator, proof: Proof, reading: Vec<Issue>) -> Generated {
        let mut issues = reading;
        issues.extend(proof.issues);
        Generated {
            document: proof.document,
            thoughts: self
                .thoughts
                .lines()
                .filter(|line| !line.trim().is_empty())
                .map(str::to_owned)
                .collect(),
            report: Report {
                issues,
                mended: proof.mended,
                trial: proof.trial,
                cached: false,
                repairs: self.answers.saturating_sub(1),
                usage: self.usage,
                model: Some(generator.llm.identity()),
                took_ms: 0,
            },
        }
    }
}
