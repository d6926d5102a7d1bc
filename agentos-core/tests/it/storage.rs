//! The store of tests keeps the contract of the real ones.

use agentos_core::storage_contract;
use agentos_core::testing::storage::MemoryStorage;
use futures::executor::block_on;

storage_contract!(block_on, async { (MemoryStorage::default(), ()) });
