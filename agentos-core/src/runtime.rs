//! One running app: a pure function of (document, state, event).
//!
//! [`App`] is the door. A call goes through `events` to a `run` of steps, through the
//! engine's tools to the state, and back as the nodes that changed.

mod allowance;
mod app;
mod checks;
mod dates;
mod events;
pub mod expression;
mod program;
mod query;
mod removed_rows;
mod rows;
mod run;
pub mod scope;
mod store;
mod subscriptions;
mod succession;
mod tools;
pub mod trial;
mod turn;
mod view;

pub use app::{App, Opening};
pub use store::PatchOp;
pub use succession::carried;
pub use tools::stateless;
pub use turn::{DispatchError, Effect, Event, Failure, Runs, Turn, WindowState};
pub use view::{Node, NodeId};
