//! The server: use cases over a store and a bus, behind HTTP and a WebSocket.

pub mod bus;
pub mod store;
