//! The host of tests keeps the contract of the real one.

use agentos_core::host_contract;
use agentos_core::testing::host::FakeHost;
use futures::executor::block_on;

host_contract!(block_on, async { (FakeHost::default(), ()) });
