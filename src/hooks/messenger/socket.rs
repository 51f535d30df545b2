//! One WebSocket and its listeners. Dropping it closes it and makes it inert: nothing of a superseded
//! connection can reach the session any more.

use leptos::prelude::window;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{CloseEvent, MessageEvent, WebSocket};

use crate::chat::protocol::{ClientFrame, ServerFrame};
use crate::domain::UserId;
use crate::hooks::browser::Listener;

/// What a socket reports.
pub(super) enum SocketEvent {
    Opened,
    Received(ServerFrame),
    Closed { code: u16 },
}

pub(super) struct Socket {
    socket: WebSocket,
    listeners: Vec<Listener>,
}

impl Socket {
    /// Starts to connect as `me`.
    pub(super) fn connect(
        me: UserId,
        ticket: &str,
        report: impl Fn(SocketEvent) + Clone + 'static,
    ) -> Result<Self, JsValue> {
        let location = window().location();
        let scheme = if location.protocol()? == "https:" { "wss" } else { "ws" };
        let host = location.host()?;
        let socket = WebSocket::new(&format!("{scheme}://{host}/messages/ws/{me}?token={ticket}"))?;
        let (on_open, on_message, on_close) = (report.clone(), report.clone(), report);
        let listeners = vec![
            Listener::new(&socket, "open", move |_| on_open(SocketEvent::Opened)),
            Listener::new(&socket, "message", move |event| {
                let text = event.unchecked_into::<MessageEvent>().data().as_string();
                // A frame this version cannot read is skipped; the heads of the next pong tell what it held.
                if let Some(frame) = text.and_then(|text| serde_json::from_str(&text).ok()) {
                    on_message(SocketEvent::Received(frame));
                }
            }),
            Listener::new(&socket, "close", move |event| {
                on_close(SocketEvent::Closed { code: event.unchecked_into::<CloseEvent>().code() });
            }),
        ];
        Ok(Self { socket, listeners })
    }

    /// Sends a frame if the socket is open. What was not sent is sent again by the session.
    pub(super) fn transmit(&self, frame: &ClientFrame) {
        if self.socket.ready_state() == WebSocket::OPEN
            && let Ok(json) = serde_json::to_string(frame)
        {
            let _ = self.socket.send_with_str(&json);
        }
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        self.listeners.clear();
        let _ = self.socket.close();
    }
}
