//! What comes over the bus: nothing there is trusted.

use std::sync::Arc;

use bytes::Bytes;
use mosaic::chat::protocol::ServerFrame;
use mosaic::domain::SessionId;
use mosaic::server::auth::Viewer;
use mosaic::server::bus::SharedBus;
use mosaic::server::bus::in_process::InProcessBus;
use mosaic::server::clock::Clock;
use mosaic::server::fanout::{Fanout, encode};
use mosaic::server::hub::Hub;
use uuid::Uuid;

use super::device::{ADA, ME};

/// What a socket of the user gets of a payload is nothing, or the frame it is, written anew; and the
/// next payload arrives.
pub fn check(bytes: &[u8]) {
    let frames = passed_on(bytes);
    assert!(frames.len() <= 1, "{frames:?}");
    for text in frames {
        let read = serde_json::from_slice::<ServerFrame>(bytes).expect("what is passed on is a frame");
        assert_eq!(text, encode(&read).as_str());
        match read {
            ServerFrame::Message { message } => {
                assert!([message.sender_id, message.receiver_id].contains(&ME))
            }
            ServerFrame::Delivered { .. }
            | ServerFrame::Read { .. }
            | ServerFrame::Typing { .. }
            | ServerFrame::Contact { .. }
            | ServerFrame::Presence { .. }
            | ServerFrame::Gone { .. } => {}
            other => panic!("no instance publishes {other:?}"),
        }
    }
}

/// The frames that come out at a socket.
fn passed_on(bytes: &[u8]) -> Vec<String> {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    runtime.block_on(async {
        let hub = Arc::new(Hub::new(true));
        let bus: SharedBus = Arc::new(InProcessBus::new());
        let fanout = Fanout::new(Arc::clone(&hub), Arc::clone(&bus), Clock::system(), Uuid::from_u128(9));
        let viewer = Viewer { user_id: ME, session_id: SessionId(Uuid::from_u128(5)) };
        let joined = hub.join(viewer, |subscribed| fanout.forward(ME, subscribed));
        joined.subscribed.wait().await;

        let marker = encode(&ServerFrame::Typing { peer_id: ADA });
        bus.publish_message(ME, Bytes::copy_from_slice(bytes)).await.expect("published");
        bus.publish_message(ME, Bytes::from(marker.as_str().to_owned())).await.expect("published");
        let mut frames: Vec<String> = Vec::new();
        while frames.last().is_none_or(|last| last != marker.as_str()) {
            frames.extend(joined.socket.next().await.frames.iter().map(|frame| frame.to_string()));
        }
        frames.pop();
        hub.leave(&joined.socket);
        frames
    })
}
