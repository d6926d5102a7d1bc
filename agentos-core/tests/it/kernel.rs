//! The kernel of tests keeps the contract of the real one.

use agentos_core::kernel_contract;
use agentos_core::testing::kernel::FakeKernel;
use futures::executor::block_on;

kernel_contract!(block_on, async { (FakeKernel::default(), ()) });
