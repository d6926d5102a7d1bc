//! What every [`ServicePort`] promises, as one function a promise.
//!
//! [`service_contract!`](crate::service_contract) makes a test of each for one implementation.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::ports::service::{Caller, ServiceError, ServicePort};
use crate::spec::catalog::Runs;

/// One `#[test]` a promise; `$run` drives a future to its end, `$service` is a future of a service
/// that has just been made, of an app's [`Caller`] it can serve, and of what must live as long.
#[macro_export]
macro_rules! service_contract {
    ($run:path, $service:expr) => {
        $crate::service_contract!(@tests $run, $service,
            describes_itself_the_same_each_time
            tools_are_its_own_and_told_apart
            every_tool_answers_its_example
            an_unknown_tool_is_refused
            a_missing_argument_is_refused_and_named
            tools_with_a_capability_need_an_app
            a_call_given_up_leaves_a_service_that_answers
        );
    };
    (@tests $run:path, $service:expr, $($promise:ident)*) => {
        $(#[test]
        fn $promise() {
            $run(async {
                let (service, caller, _keep) = $service.await;
                $crate::testing::service_contract::$promise(&service, caller).await;
            });
        })*
    };
}

#[expect(clippy::unused_async, reason = "every promise is called alike")]
pub async fn describes_itself_the_same_each_time(service: &dyn ServicePort, _: Caller) {
    assert_eq!(
        format!("{:?}", service.describe()),
        format!("{:?}", service.describe())
    );
}

#[expect(clippy::unused_async, reason = "every promise is called alike")]
pub async fn tools_are_its_own_and_told_apart(service: &dyn ServicePort, _: Caller) {
    let described = service.describe();
    assert!(
        !described.name.is_empty() && !described.description.is_empty() && !described.category.is_empty()
    );
    assert!(
        !described.tools.is_empty(),
        "a service without tools is of no use"
    );
    let ids: BTreeSet<&str> = described.tools.iter().map(|tool| tool.id.as_ref()).collect();
    assert_eq!(ids.len(), described.tools.len(), "two tools have one id");
    for tool in &described.tools {
        assert_eq!(tool.group(), described.id);
        assert_eq!(tool.runs, Runs::Service, "{}", tool.id);
        assert!(!tool.summary.is_empty(), "{} says nothing of itself", tool.id);
    }
}

pub async fn every_tool_answers_its_example(service: &dyn ServicePort, caller: Caller) {
    for tool in service.describe().tools {
        tool.validate_args(&tool.example_args)
            .expect("the example fits the tool");
        let answer = service
            .call(&tool.id, &example(&tool.example_args), Some(caller))
            .await;
        assert!(answer.is_ok(), "{}: {answer:?}", tool.id);
    }
}

pub async fn an_unknown_tool_is_refused(service: &dyn ServicePort, caller: Caller) {
    let tool = format!("{}.no_such_tool", service.describe().id);
    let answer = service.call(&tool, &Map::new(), Some(caller)).await;
    assert_eq!(answer, Err(ServiceError::UnknownTool { tool }));
}

pub async fn a_missing_argument_is_refused_and_named(service: &dyn ServicePort, caller: Caller) {
    for tool in service.describe().tools {
        for param in tool.params.iter().filter(|param| param.required) {
            let mut args = example(&tool.example_args);
            args.shift_remove(param.name.as_ref());
            match service.call(&tool.id, &args, Some(caller)).await {
                Err(ServiceError::InvalidArgument { argument, .. }) => assert_eq!(argument, param.name),
                other => panic!("{} without {}: {other:?}", tool.id, param.name),
            }
        }
    }
}

pub async fn tools_with_a_capability_need_an_app(service: &dyn ServicePort, _: Caller) {
    for tool in service.describe().tools {
        let answer = service.call(&tool.id, &example(&tool.example_args), None).await;
        if tool.capability.is_some() {
            assert_eq!(
                answer,
                Err(ServiceError::AppRequired {
                    tool: tool.id.to_string()
                })
            );
        } else {
            assert!(answer.is_ok(), "{}: {answer:?}", tool.id);
        }
    }
}

pub async fn a_call_given_up_leaves_a_service_that_answers(service: &dyn ServicePort, caller: Caller) {
    let tools = service.describe().tools;
    let first = tools.first().expect("a tool");
    let args = example(&first.example_args);
    let given_up = service.call(&first.id, &args, Some(caller));
    // Dropped at once, having been asked for a result or not.
    drop(given_up);
    let mut given_up = service.call(&first.id, &args, Some(caller));
    let _ = futures::poll!(&mut given_up);
    drop(given_up);
    let answer = service.call(&first.id, &args, Some(caller)).await;
    assert!(answer.is_ok(), "{}: {answer:?}", first.id);
}

fn example(args: &Value) -> Map<String, Value> {
    args.as_object().cloned().unwrap_or_default()
}
