//! The pure heart of `AgentOS`.
