//! The server as a library: what its tests and `main` share.
