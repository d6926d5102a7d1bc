//! Fakes and contract suites for everyone who implements or calls a port.

mod files;
pub mod host;
pub mod host_contract;
pub mod kernel;
pub mod kernel_contract;
pub mod llm;
pub mod llm_contract;
pub mod service;
pub mod service_contract;
pub mod storage;
pub mod storage_contract;
