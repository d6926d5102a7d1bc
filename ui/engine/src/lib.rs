//! The engine of `agentos-core` for browsers: one function, JSON in and JSON out.
