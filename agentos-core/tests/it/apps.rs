//! The life of apps: who exists, who runs, who may write what.

pub(crate) mod desk;
mod engine;

use std::future::Future;
use std::sync::{Arc, Mutex};

use agentos_core::apps::{APPS, ATTACH_GRACE, AppError, AppEvent, AppState, Apps, BATCH_OPERATIONS, NewApp};
use agentos_core::ids::{AppId, EngineId};
use agentos_core::kernel::{LimitTable, Pid, Resource, SysError, Syscall};
use agentos_core::ports::ambient::MockAmbient;
use agentos_core::ports::kernel::{KernelPort, MockKernelPort};
use agentos_core::ports::storage::{MockStoragePort, StorageError, StoragePort, Window, WindowState};
use agentos_core::testing::kernel::FakeKernel;
use futures::FutureExt;
use futures::executor::block_on;
use serde_json::{Value, json};

use desk::{Desk, counter, new_app, todo};

const NOW: u64 = 1_790_000_000_000;

fn on_a_desk<F: Future<Output = ()>>(test: impl FnOnce(Desk) -> F) {
    block_on(test(Desk::new()));
}

fn nobody() -> AppId {
    AppId::new(0, 0)
}

#[test]
fn a_new_app_has_a_process_and_the_focus_and_the_one_before_goes_to_the_background() {
    on_a_desk(|desk| async move {
        let first = desk.spawn(todo()).await;
        assert_eq!(
            (first.state, first.record.title.as_str()),
            (AppState::Active, "Todo")
        );
        assert_eq!(first.services(), ["storage"]);
        let second = desk.spawn(counter()).await;
        assert_eq!(
            desk.processes().await,
            [first.pid.expect("a process"), second.pid.expect("a process")]
        );

        let (apps, stats) = desk.apps.list().await.expect("listed");
        let listed: Vec<_> = apps.iter().map(|app| (app.record.id, app.state)).collect();
        assert_eq!(
            listed,
            [
                (first.record.id, AppState::Background),
                (second.record.id, AppState::Active)
            ]
        );
        assert_eq!(
            (stats.total_apps, stats.active_apps, stats.background_apps),
            (2, 1, 1)
        );
        assert_eq!(stats.focused_app_id, Some(second.record.id));
        assert_eq!(stats.focused_app_hash, Some(second.hash()));
    });
}

#[test]
fn a_title_falls_back_and_is_cut() {
    #[track_caller]
    fn check(title: Value, expected: &str) {
        let mut document = counter();
        document["title"] = title;
        on_a_desk(|desk| async move {
            assert_eq!(desk.spawn(document).await.record.title, expected);
        });
    }
    check(json!("Notes"), "Notes");
    check(json!(" Notes "), "Notes");
    check(json!(""), "Untitled App");
    check(json!(7), "Untitled App");
    check(json!("Bank\u{202e}"), "Bank");
    check(json!("\u{2066}שעון"), "שעון");
    check(json!("\u{202e}\u{200f}"), "Untitled App");
    check(json!("Line\nprocess 1\u{1b}[2J"), "Line process 1 [2J");
    check(Value::Null, "Untitled App");
    check(json!("é".repeat(300)), &"é".repeat(200));
}

#[test]
fn a_hash_names_what_the_app_is_and_not_which_one() {
    on_a_desk(|desk| async move {
        let app = desk.spawn(counter()).await;
        assert_eq!(desk.spawn(counter()).await.hash(), app.hash());
        assert_ne!(desk.spawn(todo()).await.hash(), app.hash());
        assert_ne!(desk.spawn_child(&app).await.hash(), app.hash());
        let other_request = NewApp {
            request: "another".to_owned(),
            ..new_app(counter())
        };
        assert_ne!(
            desk.apps.spawn(other_request).await.expect("spawned").hash(),
            app.hash()
        );
    });
}

#[test]
fn focus_is_on_one_app_that_exists() {
    on_a_desk(|desk| async move {
        let first = desk.spawn(counter()).await.record.id;
        desk.spawn(counter()).await;
        desk.events();
        desk.apps.focus(first).await.expect("focused");
        desk.apps.focus(first).await.expect("focused");
        assert_eq!(desk.events(), [AppEvent::Focused { app: first }]);
        assert_eq!(desk.apps.app(first).await.expect("there").state, AppState::Active);

        let answer = desk.apps.focus(nobody()).await;
        assert!(matches!(answer, Err(AppError::NotFound(_))), "{answer:?}");
        assert_eq!(desk.apps.app(first).await.expect("there").state, AppState::Active);
    });
}

#[test]
fn closing_takes_the_descendants_first_and_their_processes() {
    on_a_desk(|desk| async move {
        let other = desk.spawn(counter()).await;
        let root = desk.spawn(counter()).await;
        let child = desk.spawn_child(&root).await;
        let grandchild = desk.spawn_child(&child).await;
        let second_child = desk.spawn_child(&root).await;
        desk.events();

        let closed = desk.apps.close(root.record.id).await.expect("closed");
        let expected = [&grandchild, &second_child, &child, &root].map(|app| app.record.id);
        assert_eq!(closed, expected);
        assert_eq!(desk.events(), [AppEvent::Closed { apps: closed }]);
        assert_eq!(desk.processes().await, [other.pid.expect("a process")]);
        let (apps, stats) = desk.apps.list().await.expect("listed");
        assert_eq!(apps.len(), 1);
        assert_eq!((stats.focused_app_id, stats.focused_app_hash), (None, None));

        let again = desk.apps.close(root.record.id).await;
        assert!(matches!(again, Err(AppError::NotFound(_))), "{again:?}");
    });
}

#[test]
fn an_app_that_cannot_be_made_leaves_nothing() {
    on_a_desk(|desk| async move {
        let orphan = NewApp {
            parent: Some(nobody()),
            ..new_app(counter())
        };
        let answer = desk.apps.spawn(orphan).await;
        assert!(matches!(answer, Err(AppError::ParentNotFound(_))), "{answer:?}");

        let huge = json!({"type": "app", "title": "x".repeat(600 * 1024), "components": []});
        let answer = desk.apps.spawn(new_app(huge)).await;
        assert!(matches!(answer, Err(AppError::Document(_))), "{answer:?}");

        // The fifth level of processes is one more than the kernel allows.
        let mut parent = desk.spawn(counter()).await;
        for _ in 0..3 {
            parent = desk.spawn_child(&parent).await;
        }
        let too_deep = NewApp {
            parent: Some(parent.record.id),
            ..new_app(counter())
        };
        let answer = desk.apps.spawn(too_deep).await;
        assert!(matches!(answer, Err(AppError::Process(_))), "{answer:?}");

        assert_eq!(desk.apps.list().await.expect("listed").0.len(), 4);
        assert_eq!(desk.processes().await.len(), 4);
    });
}

#[test]
fn there_are_only_so_many_apps() {
    on_a_desk(|desk| async move {
        for _ in 0..APPS {
            desk.spawn(counter()).await;
        }
        let answer = desk.apps.spawn(new_app(counter())).await;
        assert!(
            matches!(answer, Err(AppError::TooManyApps { limit: APPS })),
            "{answer:?}"
        );
        assert_eq!(desk.processes().await.len(), APPS);
    });
}

#[test]
fn a_window_is_kept_and_must_be_one() {
    on_a_desk(|desk| async move {
        let app = desk.spawn(counter()).await.record.id;
        let window = Window {
            x: -20.0,
            y: 8.5,
            width: 400.0,
            height: 300.0,
            state: WindowState::Minimised,
        };
        desk.apps.set_window(app, window).await.expect("set");
        for (wrong, named) in [
            (
                Window {
                    x: f64::NAN,
                    ..window
                },
                "position.x",
            ),
            (
                Window {
                    y: f64::INFINITY,
                    ..window
                },
                "position.y",
            ),
            (Window { width: 0.0, ..window }, "size.width"),
            (
                Window {
                    height: 1e9,
                    ..window
                },
                "size.height",
            ),
        ] {
            let answer = desk.apps.set_window(app, wrong).await;
            assert!(
                matches!(answer, Err(AppError::InvalidWindow { field }) if field == named),
                "{answer:?}"
            );
        }
        let desk = desk.restarted();
        assert_eq!(
            desk.apps.app(app).await.expect("there").record.window,
            Some(window)
        );
        let answer = desk.apps.set_window(nobody(), window).await;
        assert!(matches!(answer, Err(AppError::NotFound(_))), "{answer:?}");
    });
}

#[test]
fn an_engine_begins_with_the_documents_state_and_its_batches_count_up() {
    on_a_desk(|desk| async move {
        let app = desk.spawn(todo()).await;
        let lease = desk.lease(&app).await;
        assert_eq!((lease.rev, &lease.state), (0, &todo()["state"]));
        let ops = json!([{"op": "add", "path": "/todos/-", "value": {"id": 1}}]);
        assert_eq!(
            desk.apps
                .apply_batch(app.record.id, lease.engine, 0, ops)
                .await
                .expect("applied"),
            1
        );
        let ops = json!([{"op": "replace", "path": "/draft", "value": "x"}]);
        assert_eq!(
            desk.apps
                .apply_batch(app.record.id, lease.engine, 1, ops)
                .await
                .expect("applied"),
            2
        );
        let replica = desk.apps.state(app.record.id).await.expect("there");
        assert_eq!(replica.rev, 2);
        assert_eq!(
            replica.state,
            json!({"draft": "x", "todos": [{"id": 1}], "view": {"filter": "all"}})
        );
    });
}

#[test]
fn the_newest_taker_of_the_lease_wins() {
    on_a_desk(|desk| async move {
        let app = desk.spawn(counter()).await;
        let id = app.record.id;
        let older = desk.lease(&app).await.engine;
        desk.apps.attach(id, older).await.expect("attached");
        desk.events();
        let newer = desk.lease(&app).await.engine;
        assert_eq!(
            desk.events(),
            [AppEvent::EngineReplaced {
                app: id,
                engine: older
            }]
        );

        let replaced = |answer: Result<(), AppError>| {
            assert!(matches!(answer, Err(AppError::EngineReplaced)), "{answer:?}");
        };
        replaced(desk.apps.attach(id, older).await);
        replaced(desk.apps.apply_batch(id, older, 0, json!([])).await.map(|_| ()));
        replaced(
            desk.apps
                .put_state(id, json!({}), None, Some(older))
                .await
                .map(|_| ()),
        );
        replaced(desk.apps.caller(id, Some(older)).await.map(|_| ()));

        desk.apps.attach(id, newer).await.expect("attached");
        desk.apps
            .apply_batch(id, newer, 0, json!([]))
            .await
            .expect("applied");
        let caller = desk.apps.caller(id, Some(newer)).await.expect("a caller");
        assert_eq!(
            (Some(caller.pid), caller.namespace),
            (app.pid, app.record.namespace)
        );
    });
}

#[test]
fn a_batch_that_does_not_fit_changes_nothing() {
    #[track_caller]
    fn check(base_rev: u64, operations: Value, refused: fn(&AppError) -> bool) {
        on_a_desk(|desk| async move {
            let app = desk.spawn(todo()).await;
            let engine = desk.lease(&app).await.engine;
            let before = desk.apps.state(app.record.id).await.expect("there");
            let answer = desk
                .apps
                .apply_batch(app.record.id, engine, base_rev, operations)
                .await;
            assert!(answer.as_ref().is_err_and(refused), "{answer:?}");
            assert_eq!(desk.apps.state(app.record.id).await.expect("there"), before);
        });
    }
    let stale = |error: &AppError| matches!(error, AppError::StaleRev { rev: 0 });
    let patch = |error: &AppError| matches!(error, AppError::Patch(_));
    let out_of_bounds = |error: &AppError| matches!(error, AppError::State(_));
    let set = |path: &str, value: Value| json!([{"op": "add", "path": path, "value": value}]);

    check(1, json!([]), stale);
    check(0, json!([{"op": "remove", "path": "/missing"}]), stale);
    check(
        0,
        json!([{"op": "test", "path": "/draft", "value": "other"}]),
        stale,
    );
    check(
        0,
        json!([set("/draft", json!("half done"))[0], {"op": "remove", "path": "/missing"}]),
        stale,
    );
    check(0, json!({}), patch);
    check(0, json!([{"op": "leap", "path": "/draft"}]), patch);
    check(0, set("/__proto__", json!(1)), patch);
    check(0, set("/draft", json!("x".repeat(1024 * 1024))), out_of_bounds);
    check(0, set("", json!([])), |error| {
        matches!(error, AppError::StateNotAnObject)
    });
    let many = Value::Array(vec![set("/draft", json!(1))[0].clone(); BATCH_OPERATIONS + 1]);
    check(0, many, |error| matches!(error, AppError::BatchTooLong { .. }));
}

#[test]
fn a_whole_state_replaces_what_is_there_under_the_lease() {
    on_a_desk(|desk| async move {
        let app = desk.spawn(counter()).await.record.id;
        assert_eq!(
            desk.apps
                .put_state(app, json!({"n": 1}), None, None)
                .await
                .expect("put"),
            1
        );
        let engine = desk.apps.take_lease(app).await.expect("a lease").engine;
        assert_eq!(
            desk.apps
                .put_state(app, json!({"n": 2}), Some(1), Some(engine))
                .await
                .expect("put"),
            2
        );

        let stale = desk
            .apps
            .put_state(app, json!({"n": 9}), Some(1), Some(engine))
            .await;
        assert!(matches!(stale, Err(AppError::StaleRev { rev: 2 })), "{stale:?}");
        for wrong in [json!([]), json!("n"), Value::Null] {
            let answer = desk.apps.put_state(app, wrong, None, Some(engine)).await;
            assert!(matches!(answer, Err(AppError::StateNotAnObject)), "{answer:?}");
        }
        let too_large = desk
            .apps
            .put_state(app, json!({"n": "x".repeat(1 << 20)}), None, Some(engine))
            .await;
        assert!(matches!(too_large, Err(AppError::State(_))), "{too_large:?}");
        assert_eq!(desk.apps.state(app).await.expect("there").state, json!({"n": 2}));
    });
}

#[test]
fn without_a_lease_a_state_is_written_only_where_no_engine_lives() {
    on_a_desk(|desk| async move {
        let app = desk.spawn(counter()).await.record.id;
        let put = |desk: Desk| async move {
            let answer = desk.apps.put_state(app, json!({}), None, None).await;
            (desk, matches!(answer, Err(AppError::EngineLive)))
        };
        let engine = desk.apps.take_lease(app).await.expect("a lease").engine;
        let (desk, refused) = put(desk).await;
        assert!(refused, "a lease just taken is live");

        desk.clock.advance(ATTACH_GRACE);
        let (desk, refused) = put(desk).await;
        assert!(!refused, "a lease nobody attached to is not");

        desk.apps.attach(app, engine).await.expect("attached");
        desk.clock.advance(ATTACH_GRACE);
        let (desk, refused) = put(desk).await;
        assert!(refused, "an attached one is, however old");

        desk.apps.detach(app, engine).await;
        let (desk, refused) = put(desk).await;
        assert!(!refused, "a detached one is not");
        desk.apps
            .attach(app, engine)
            .await
            .expect("the engine still holds the lease");
    });
}

#[test]
fn after_a_restart_apps_are_suspended_until_an_engine_takes_the_lease() {
    on_a_desk(|desk| async move {
        let app = desk.spawn(counter()).await;
        let id = app.record.id;
        let engine = desk.lease(&app).await.engine;
        let ops = json!([{"op": "replace", "path": "/n", "value": 42}]);
        desk.apps.apply_batch(id, engine, 0, ops).await.expect("applied");

        let desk = desk.restarted();
        let suspended = desk.apps.app(id).await.expect("there");
        assert_eq!((suspended.state, suspended.pid), (AppState::Suspended, None));
        assert_eq!(suspended.record, app.record);
        desk.apps.focus(id).await.expect("focused");
        assert_eq!(desk.apps.app(id).await.expect("there").state, AppState::Suspended);
        let answer = desk.apps.apply_batch(id, engine, 1, json!([])).await;
        assert!(matches!(answer, Err(AppError::EngineReplaced)), "{answer:?}");
        let answer = desk.apps.caller(id, None).await;
        assert!(matches!(answer, Err(AppError::Suspended)), "{answer:?}");
        desk.events();

        let lease = desk.apps.take_lease(id).await.expect("a lease");
        assert_eq!((lease.rev, lease.state), (1, json!({"n": 42})));
        assert_eq!(desk.events(), [AppEvent::Resumed { app: id }]);
        let awake = desk.apps.app(id).await.expect("there");
        assert_eq!(awake.state, AppState::Active);
        assert_eq!(desk.processes().await, [awake.pid.expect("a process")]);
    });
}

#[test]
fn an_app_whose_process_ended_is_suspended_and_its_engine_replaced() {
    on_a_desk(|desk| async move {
        let app = desk.spawn(counter()).await;
        let id = app.record.id;
        let engine = desk.lease(&app).await.engine;
        desk.events();
        let pid = app.pid.expect("a process");
        let kernel: &dyn KernelPort = &*desk.kernel;
        kernel.kill(pid).await.expect("killed");
        desk.apps.process_ended(pid).await;
        assert_eq!(desk.events(), [AppEvent::Suspended { app: id }]);
        let answer = desk.apps.apply_batch(id, engine, 0, json!([])).await;
        assert!(matches!(answer, Err(AppError::EngineReplaced)), "{answer:?}");
        let lease = desk.lease(&app).await;
        desk.apps
            .apply_batch(id, lease.engine, lease.rev, json!([]))
            .await
            .expect("applied");
    });
}

#[test]
fn an_app_whose_end_was_missed_is_suspended_when_processes_are_checked() {
    on_a_desk(|desk| async move {
        let gone = desk.spawn(counter()).await;
        let alive = desk.spawn(counter()).await;
        let kernel: &dyn KernelPort = &*desk.kernel;
        kernel.kill(gone.pid.expect("a process")).await.expect("killed");
        desk.events();
        desk.apps.check_processes().await.expect("checked");
        assert_eq!(desk.events(), [AppEvent::Suspended { app: gone.record.id }]);
        let still = desk.apps.app(alive.record.id).await.expect("there");
        assert_eq!(still.pid, alive.pid);
    });
}

#[test]
fn an_app_killed_behind_our_back_can_still_be_closed() {
    on_a_desk(|desk| async move {
        let app = desk.spawn(counter()).await;
        let kernel: &dyn KernelPort = &*desk.kernel;
        kernel.kill(app.pid.expect("a process")).await.expect("killed");
        desk.apps.close(app.record.id).await.expect("closed");
    });
}

#[test]
fn an_app_whose_data_cannot_be_cleared_is_suspended_and_can_be_closed_later() {
    on_a_desk(|desk| async move {
        let app = desk.spawn(counter()).await.record;
        desk.store(app.namespace).await;
        desk.events();
        desk.host.set_broken(true);
        let answer = desk.apps.close(app.id).await;
        assert!(matches!(answer, Err(AppError::Process(_))), "{answer:?}");
        assert_eq!(desk.events(), [AppEvent::Suspended { app: app.id }]);
        desk.host.set_broken(false);
        assert!(desk.apps.has_data(app.id).await.expect("known"));
        desk.apps.close(app.id).await.expect("closed");
        assert!(!desk.stores(app.namespace).await);
    });
}

#[test]
fn an_unsaved_app_has_data_once_it_persisted_or_stored_something() {
    on_a_desk(|desk| async move {
        let app = desk.spawn(todo()).await;
        let (id, namespace) = (app.record.id, app.record.namespace);
        let engine = desk.lease(&app).await.engine;
        let ops = json!([{"op": "replace", "path": "/draft", "value": "x"}]);
        desk.apps.apply_batch(id, engine, 0, ops).await.expect("applied");
        assert!(
            !desk.apps.has_data(id).await.expect("known"),
            "a draft is not persisted"
        );
        let ops = json!([{"op": "add", "path": "/todos/0", "value": 1}]);
        desk.apps.apply_batch(id, engine, 1, ops).await.expect("applied");
        assert!(desk.apps.has_data(id).await.expect("known"));
        desk.apps.close(id).await.expect("closed");
        assert!(desk.storage.persisted(namespace).await.expect("read").is_empty());

        let parent = desk.spawn(counter()).await;
        let child = desk.spawn_child(&parent).await;
        assert!(!desk.apps.has_data(parent.record.id).await.expect("known"));
        desk.store(child.record.namespace).await;
        assert!(desk.apps.has_data(parent.record.id).await.expect("known"));
        desk.apps.close(parent.record.id).await.expect("closed");
        assert!(!desk.stores(child.record.namespace).await);
    });
}

#[test]
fn only_ids_of_this_lease_write() {
    on_a_desk(|desk| async move {
        let app = desk.spawn(counter()).await.record.id;
        let forged = EngineId::new(9, 9);
        let answer = desk.apps.apply_batch(app, forged, 0, json!([])).await;
        assert!(matches!(answer, Err(AppError::EngineReplaced)), "{answer:?}");
        let answer = desk.apps.apply_batch(nobody(), forged, 0, json!([])).await;
        assert!(matches!(answer, Err(AppError::NotFound(_))), "{answer:?}");
        let answer = desk.apps.take_lease(nobody()).await;
        assert!(matches!(answer, Err(AppError::NotFound(_))), "{answer:?}");
    });
}

#[test]
fn a_store_that_cannot_be_read_is_told_and_not_taken_for_an_empty_one() {
    let mut storage = MockStoragePort::new();
    storage
        .expect_apps()
        .returning(|| Err(StorageError::Unavailable("the disk is gone".into())));
    let mut ambient = MockAmbient::new();
    ambient.expect_now().return_const(NOW);
    let kernel: Arc<dyn KernelPort> = Arc::new(FakeKernel::default());
    let apps = Apps::new(Arc::new(storage), kernel, Arc::new(ambient), Box::new(|_| {}));
    let listed = block_on(apps.list());
    assert!(matches!(
        listed,
        Err(AppError::Storage(StorageError::Unavailable(_)))
    ));
}

/// What the kernel holds of the state of `app`; none without a process.
async fn held(desk: &Desk, app: AppId) -> Option<u64> {
    let pid = desk.apps.app(app).await.expect("there").pid?;
    let processes = (&*desk.kernel as &dyn KernelPort)
        .processes()
        .await
        .expect("listed");
    let own = processes.into_iter().find(|process| process.pid == pid);
    own.map(|process| process.usage.state_bytes)
}

#[test]
fn a_state_is_held_for_the_process_and_one_without_room_is_refused() {
    let mut limits = LimitTable::default();
    limits.standard.memory_bytes = 100;
    let desk = Desk::within(&limits);
    let state = |length: usize| json!({ "n": "x".repeat(length) });
    let bytes = |length: usize| Some(state(length).to_string().len() as u64);
    block_on(async {
        let app = desk.spawn(counter()).await.record.id;
        assert_eq!(held(&desk, app).await, Some(7));
        let rev = desk
            .apps
            .put_state(app, state(60), None, None)
            .await
            .expect("kept");
        assert_eq!((rev, held(&desk, app).await), (1, bytes(60)));

        let refused = desk.apps.put_state(app, state(100), None, None).await;
        let Err(AppError::Process(SysError::QuotaExceeded { resource, .. })) = refused else {
            panic!("{refused:?}");
        };
        assert_eq!(resource, Resource::Memory);
        let kept = desk.apps.state(app).await.expect("kept");
        assert_eq!(
            (kept.rev, kept.state, held(&desk, app).await),
            (1, state(60), bytes(60))
        );
        desk.apps
            .put_state(app, state(3), None, None)
            .await
            .expect("kept");
        assert_eq!(held(&desk, app).await, bytes(3));

        let pid = desk.apps.app(app).await.expect("there").pid.expect("a process");
        (&*desk.kernel as &dyn KernelPort)
            .kill(pid)
            .await
            .expect("killed");
        desk.apps.process_ended(pid).await;
        desk.apps
            .put_state(app, state(40), None, None)
            .await
            .expect("kept");
        assert_eq!(held(&desk, app).await, None);
        desk.apps.take_lease(app).await.expect("a lease");
        assert_eq!(held(&desk, app).await, bytes(40));

        let mut large = counter();
        large["state"] = state(100);
        let refused = desk.apps.spawn(new_app(large)).await;
        assert!(matches!(
            refused,
            Err(AppError::Process(SysError::QuotaExceeded { .. }))
        ));
        let (apps, _) = desk.apps.list().await.expect("listed");
        assert_eq!((apps.len(), desk.processes().await.len()), (1, 1));
    });
}

#[test]
fn the_kernel_knows_which_app_has_the_focus() {
    let mut kernel = MockKernelPort::new();
    let told: Arc<Mutex<Vec<Option<u64>>>> = Arc::default();
    let heard = Arc::clone(&told);
    let policy = FakeKernel::new(Arc::default());
    kernel.expect_call().returning(move |call| {
        let mut heard = heard.lock().expect("told");
        match &call.syscall {
            Syscall::SetFocus { pid } => heard.push(pid.map(Pid::number)),
            Syscall::SpawnProcess(new) => assert!(new.focused, "a new app is looked at"),
            _ => {}
        }
        policy.call(call).now_or_never().expect("an answer at once")
    });
    let desk = Desk::new();
    let apps = Apps::new(
        desk.storage.clone(),
        Arc::new(kernel),
        desk.clock.clone(),
        Box::new(|_| {}),
    );
    block_on(async {
        let first = apps.spawn(new_app(counter())).await.expect("spawned").record.id;
        let second = apps.spawn(new_app(counter())).await.expect("spawned").record.id;
        apps.focus(first).await.expect("focused");
        apps.focus(first).await.expect("focused");
        apps.raise(second).await.expect("raised");
        apps.lower(first).await.expect("lowered");
        apps.lower(second).await.expect("lowered");
        let third = apps.spawn(new_app(counter())).await.expect("spawned");
        apps.process_ended(third.pid.expect("a process")).await;
        apps.focus(second).await.expect("focused");
        apps.focus(third.record.id).await.expect("focused");
    });
    assert_eq!(
        *told.lock().expect("told"),
        [Some(2), Some(3), None, Some(3), None]
    );
}
